# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for mortisectl

function __mortisectl_numbers
    mortisectl list $argv 2>/dev/null | string match --regex '^[0-9]+ .*' | string replace --regex '^([0-9]+) +' '$1\t'
end

set --local commands status list show rename note delete restore purge lock unlock doctor audit
set --local no_command "not __fish_seen_subcommand_from $commands"

complete --command mortisectl --no-files
complete --command mortisectl --condition $no_command --arguments status --description 'How the agent and the vault are doing'
complete --command mortisectl --condition $no_command --arguments list --description 'The passkeys'
complete --command mortisectl --condition $no_command --arguments show --description 'One passkey'
complete --command mortisectl --condition $no_command --arguments rename --description 'Give a label, or another name'
complete --command mortisectl --condition $no_command --arguments note --description 'Note the name that the site shows'
complete --command mortisectl --condition $no_command --arguments delete --description 'Move to Recently deleted'
complete --command mortisectl --condition $no_command --arguments restore --description 'Bring back from there'
complete --command mortisectl --condition $no_command --arguments purge --description 'Destroy for good'
complete --command mortisectl --condition $no_command --arguments lock --description 'Lock the vault'
complete --command mortisectl --condition $no_command --arguments unlock --description 'Unlock the vault'
complete --command mortisectl --condition $no_command --arguments doctor --description 'What is wrong, and what mends it'
complete --command mortisectl --condition $no_command --arguments audit --description 'Where keys are, what sites were told'

complete --command mortisectl --condition '__fish_seen_subcommand_from show rename note delete audit' --arguments '(__mortisectl_numbers)'
complete --command mortisectl --condition '__fish_seen_subcommand_from restore purge' --arguments '(__mortisectl_numbers --deleted)'

complete --command mortisectl --short-option j --long-option json --description 'Print for programs'
complete --command mortisectl --long-option deleted --condition '__fish_seen_subcommand_from list' --description 'What is in Recently deleted'
complete --command mortisectl --long-option account --condition '__fish_seen_subcommand_from rename' --description 'Rename the account'
complete --command mortisectl --long-option display-name --condition '__fish_seen_subcommand_from rename' --description 'Rename the display name'
complete --command mortisectl --long-option bus-name --exclusive --description 'Bus name of the agent'
complete --command mortisectl --long-option demo --description 'Talk to the demo’s agent'
complete --command mortisectl --long-option version --description 'Print the version'
complete --command mortisectl --short-option h --long-option help --description 'Print help'
