# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for mortisectl                                           -*- shell-script -*-

_mortisectl() {
  local commands='status list show history audit rename nickname note block-export allow-export delete restore purge lock unlock change-pin reset-pin recovery-code keyslots keyslot settings set create-vault destroy-vault doctor retry replug'
  local options='--json --deleted --account --display-name --bus-name --demo --version --help'
  local current=${COMP_WORDS[COMP_CWORD]} command='' words='' word numbers=()
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
      show | history | rename | nickname | note | block-export | allow-export | delete | audit) ;;
      restore | purge) deleted=(--deleted) ;;
      keyslot) words='login recovery on off' ;;
      set) words='idle-lock export-default always-uv builtin-uv fingerprint on off' ;;
      *) return ;;
    esac
    if [ -z "$words" ]; then
      mapfile -t numbers < <(mortisectl list "${deleted[@]}" 2>/dev/null | sed -En 's/^([0-9]+) .*/\1/p')
      words=${numbers[*]}
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}
complete -F _mortisectl mortisectl
