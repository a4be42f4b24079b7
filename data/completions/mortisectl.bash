# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for mortisectl                                           -*- shell-script -*-

_mortisectl() {
  local commands='status list show rename note delete restore purge lock unlock doctor audit'
  local options='--json --deleted --account --display-name --bus-name --demo --version --help'
  local current=${COMP_WORDS[COMP_CWORD]} command='' word numbers=()
  local i deleted=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      -*) ;;
      *)
        [ -n "$command" ] || command=$word
        ;;
    esac
  done
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [ -z "$command" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
  else
    case $command in
      show | rename | note | delete | audit) ;;
      restore | purge) deleted=(--deleted) ;;
      *) return ;;
    esac
    mapfile -t numbers < <(mortisectl list "${deleted[@]}" 2>/dev/null | sed -En 's/^([0-9]+) .*/\1/p')
    mapfile -t COMPREPLY < <(compgen -W "${numbers[*]}" -- "$current")
  fi
}
complete -F _mortisectl mortisectl
