# fish completion for vetbox(1)

function __vetbox_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end

function __vetbox_no_command
    test (count (commandline -opc)) -eq 1
end

complete -c vetbox -n __vetbox_no_command -f
complete -c vetbox -n __vetbox_no_command -a vet -d 'Fetch, unpack, verify, scan, run in the box, judge'
complete -c vetbox -n __vetbox_no_command -a scan -d 'The same without running anything'
complete -c vetbox -n __vetbox_no_command -a verify -d 'Signatures only'
complete -c vetbox -n __vetbox_no_command -a unpack -d 'Safe extraction only'
complete -c vetbox -n __vetbox_no_command -a fetch -d 'Download only'
complete -c vetbox -n __vetbox_no_command -a run -d 'Any command in the box, recorded'
complete -c vetbox -n __vetbox_no_command -a judge -d 'Judge a recorded log again'
complete -c vetbox -n __vetbox_no_command -a report -d 'Render a recorded run in another format'
complete -c vetbox -n __vetbox_no_command -a rules -d 'The rules'
complete -c vetbox -n __vetbox_no_command -a explain -d 'What a finding means and what to do'
complete -c vetbox -n __vetbox_no_command -a doctor -d 'What this machine can do, and how to mend it'
complete -c vetbox -n __vetbox_no_command -a trust -d 'Whose signatures are believed'
complete -c vetbox -n __vetbox_no_command -a policy -d 'What the findings mean'
complete -c vetbox -n __vetbox_no_command -a rootfs -d 'A clean root file system to run packages in'
complete -c vetbox -n __vetbox_no_command -a version -d 'Print the version'
complete -c vetbox -n __vetbox_no_command -a help -d 'List the commands, or the options of one'
complete -c vetbox -n __vetbox_no_command -l version -d 'Print the version'
complete -c vetbox -s h -l help -d 'Say how the command is used'

set -l judging vet scan run judge
complete -c vetbox -n "__vetbox_command $judging" -l policy -r -a 'default strict ci research' -d 'Judge by this policy'
complete -c vetbox -n '__vetbox_command vet scan run judge report rules explain policy' -l rules -x -a '(__fish_complete_directories)' -d 'Rules folder'
complete -c vetbox -n '__vetbox_command vet scan run judge report rules explain policy' -l sigma -r -d 'Sigma rules beside the others'
complete -c vetbox -n '__vetbox_command vet scan verify trust' -l trust -x -a '(__fish_complete_directories)' -d 'Trusted keys'
complete -c vetbox -n "__vetbox_command $judging report trust policy" -l format -x -a 'text json' -d 'Format of the report'
complete -c vetbox -n "__vetbox_command $judging report fetch" -s o -l output -r -d 'Write there'
complete -c vetbox -n "__vetbox_command $judging" -l report -x -a 'text= json=' -d 'Write a further report'
complete -c vetbox -n '__vetbox_command vet judge report' -l emit-profile -x -a 'srt seccomp apparmor openclaw' -d 'Write the least privilege that it needs'
complete -c vetbox -n '__vetbox_command vet scan run' -l evidence -x -a '(__fish_complete_directories)' -d 'Keep the log and dropped files there'
complete -c vetbox -n '__vetbox_command vet scan verify unpack fetch run' -l timeout -x -d 'Seconds for one package'
complete -c vetbox -n '__vetbox_command unpack' -s d -l directory -x -a '(__fish_complete_directories)' -d 'Where to extract'
complete -c vetbox -n '__vetbox_command run' -s C -l copy -x -a '(__fish_complete_directories)' -d 'Folder to copy into the box'
complete -c vetbox -n '__vetbox_command vet run' -l deps -x -a 'fetch none (__fish_complete_directories)' -d 'What the package depends on'
complete -c vetbox -n '__vetbox_command vet run' -l rootfs -x -a '(__fish_complete_directories)' -d 'Run with the programs of this root file system'
complete -c vetbox -n '__vetbox_command vet' -l probes -x -a 'auto all none' -d 'What runs again with probes in its interpreter'
complete -c vetbox -n '__vetbox_command vet' -l dates -x -a 'auto today 7,45,400' -d 'On which other days what runs is run again'
complete -c vetbox -n '__vetbox_command vet' -l fresh -d 'Start each run from a clean machine'
complete -c vetbox -n '__vetbox_command vet' -l plan-only -d 'Print what would be run'
complete -c vetbox -n '__vetbox_command vet run' -l persona -x -a 'developer ci empty server' -d 'Whose machine runs are on'
complete -c vetbox -n '__vetbox_command vet run' -l net -x -a 'world none replay: live:' -d 'Which network runs have'
complete -c vetbox -n '__vetbox_command vet scan judge' -l fail-on -x -a block -d 'Exit 0 for review too'
complete -c vetbox -n '__vetbox_command vet scan judge' -l advisory -d 'Exit 0 whatever the verdict'
complete -c vetbox -n '__vetbox_command vet scan verify unpack fetch run judge report rules explain doctor rootfs trust policy' -s q -l quiet -d 'No report, no progress'
complete -c vetbox -n "__vetbox_command $judging report doctor" -l color -x -a 'auto always never' -d 'Colour'
complete -c vetbox -n '__vetbox_command rootfs' -a build
complete -c vetbox -n "__vetbox_command $judging report" -l sign -r -d 'Sign reports in files with this private key'
complete -c vetbox -n '__vetbox_command verify' -l key -r -d 'Trust this public key too'
complete -c vetbox -n '__vetbox_command trust' -l name -x -d 'What the signer is called'
complete -c vetbox -n '__vetbox_command trust' -l principal -x -d 'Whose OpenSSH key it is'
complete -c vetbox -n '__vetbox_command trust' -a 'list check add remove'
complete -c vetbox -n '__vetbox_command policy' -l finding -x -d 'Only what becomes of this finding'
complete -c vetbox -n '__vetbox_command policy' -a 'check explain list show default strict ci research'
complete -c vetbox -n '__vetbox_command rules' -l allow-slow -d 'Accept rules that make scanning slow'
complete -c vetbox -n '__vetbox_command rules' -f -a 'list show check test'
