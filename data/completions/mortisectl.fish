# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for mortisectl

function __mortisectl_numbers
    mortisectl list $argv 2>/dev/null | string match --regex '^[0-9]+ .*' | string replace --regex '^([0-9]+) +' '$1\t'
end

set --local commands status list show history audit rename nickname note block-export allow-export delete restore purge lock unlock change-pin reset-pin recovery-code keyslots keyslot settings set create-vault destroy-vault doctor retry replug
set --local no_command "not __fish_seen_subcommand_from $commands"

complete --command mortisectl --no-files
complete --command mortisectl --condition $no_command --arguments status --description 'How the agent and the vault are doing'
complete --command mortisectl --condition $no_command --arguments list --description 'The passkeys, or those in Recently deleted'
complete --command mortisectl --condition $no_command --arguments show --description 'One passkey'
complete --command mortisectl --condition $no_command --arguments history --description 'What was changed about a passkey'
complete --command mortisectl --condition $no_command --arguments audit --description 'Where keys are, what sites were told, what is doubtful'
complete --command mortisectl --condition $no_command --arguments rename --description 'Give a passkey a label, or its account another name'
complete --command mortisectl --condition $no_command --arguments nickname --description 'Note the name that the site shows'
complete --command mortisectl --condition $no_command --arguments note --description 'Note anything about a passkey'
complete --command mortisectl --condition $no_command --arguments block-export --description 'Keep a passkey from being exported'
complete --command mortisectl --condition $no_command --arguments allow-export --description 'Let a passkey be exported again'
complete --command mortisectl --condition $no_command --arguments delete --description 'Move passkeys to Recently deleted'
complete --command mortisectl --condition $no_command --arguments restore --description 'Bring passkeys back from there'
complete --command mortisectl --condition $no_command --arguments purge --description 'Destroy passkeys in Recently deleted'
complete --command mortisectl --condition $no_command --arguments lock --description 'Lock the vault'
complete --command mortisectl --condition $no_command --arguments unlock --description 'Unlock the vault'
complete --command mortisectl --condition $no_command --arguments change-pin --description 'Choose another PIN'
complete --command mortisectl --condition $no_command --arguments reset-pin --description 'Choose a new PIN with the recovery code'
complete --command mortisectl --condition $no_command --arguments recovery-code --description 'Make a recovery code'
complete --command mortisectl --condition $no_command --arguments keyslots --description 'The ways to open the vault'
complete --command mortisectl --condition $no_command --arguments keyslot --description 'Switch a way to open the vault on or off'
complete --command mortisectl --condition $no_command --arguments settings --description 'The settings of the vault'
complete --command mortisectl --condition $no_command --arguments set --description 'Change a setting'
complete --command mortisectl --condition $no_command --arguments create-vault --description 'Make a vault'
complete --command mortisectl --condition $no_command --arguments destroy-vault --description 'Destroy the vault with every passkey in it'
complete --command mortisectl --condition $no_command --arguments doctor --description 'What is wrong, and the step that mends it'
complete --command mortisectl --condition $no_command --arguments retry --description 'Try again what failed at start'
complete --command mortisectl --condition $no_command --arguments replug --description 'Take the virtual key away and plug it in again'

complete --command mortisectl --condition '__fish_seen_subcommand_from show history rename nickname note block-export allow-export delete audit' --arguments '(__mortisectl_numbers)'
complete --command mortisectl --condition '__fish_seen_subcommand_from restore purge' --arguments '(__mortisectl_numbers --deleted)'
complete --command mortisectl --condition '__fish_seen_subcommand_from keyslot' --arguments 'login recovery on off'
complete --command mortisectl --condition '__fish_seen_subcommand_from set' --arguments 'idle-lock export-default always-uv builtin-uv fingerprint on off'

complete --command mortisectl --short-option j --long-option json --description 'Print for programs'
complete --command mortisectl --long-option deleted --condition '__fish_seen_subcommand_from list' --description 'What is in Recently deleted'
complete --command mortisectl --long-option account --condition '__fish_seen_subcommand_from rename' --description 'Rename the account'
complete --command mortisectl --long-option display-name --condition '__fish_seen_subcommand_from rename' --description 'Rename the display name'
complete --command mortisectl --long-option bus-name --exclusive --description 'Bus name of the agent'
complete --command mortisectl --long-option demo --description 'Talk to the demo’s agent'
complete --command mortisectl --long-option version --description 'Print the version'
complete --command mortisectl --short-option h --long-option help --description 'Print help'
