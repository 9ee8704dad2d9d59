# bash completion for vetbox(1)                                        -*- shell-script -*-
# shellcheck shell=bash

# The options of one command, as its own help prints them.
_vetbox_options()
{
    case $1 in
    vet) echo --policy --rules --sigma --trust --format --output --sign --report --evidence --timeout --rootfs \
        --emit-profile --net --persona --deps --fresh --plan-only --dates --probes --fail-on --advisory --quiet --color --help ;;
    scan) echo --policy --rules --sigma --trust --format --output --sign --report --evidence --timeout \
        --fail-on --advisory --quiet --color --help ;;
    verify) echo --trust --key --timeout --quiet --help ;;
    unpack) echo --directory --timeout --quiet --help ;;
    fetch) echo --output --timeout --quiet --help ;;
    run) echo --policy --rules --sigma --format --output --sign --report --evidence --timeout --copy --rootfs \
        --net --persona --deps --quiet --color --help ;;
    judge) echo --policy --rules --sigma --format --output --sign --report --emit-profile --fail-on --advisory --quiet --color --help ;;
    report) echo --rules --sigma --format --output --sign --emit-profile --quiet --color --help ;;
    rules) echo --rules --sigma --allow-slow --quiet --help ;;
    explain) echo --rules --sigma --quiet --help ;;
    doctor) echo --quiet --color --help ;;
    trust) echo --trust --format --name --principal --quiet --help ;;
    policy) echo --rules --sigma --format --finding --quiet --help ;;
    rootfs) echo --quiet --help ;;
    esac
}

_vetbox()
{
    local commands='vet scan verify unpack fetch run judge report rules explain doctor trust policy rootfs version help'
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local words=''
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="$commands --help --version"
    elif [ "${COMP_WORDS[1]}" = help ]; then
        words=$commands
    else
        case $previous in
        --format) words='text json' ;;
        --color) words='auto always never' ;;
        --fail-on) words=block ;;
        --dates) words='auto today 7,45,400' ;;
        --probes) words='auto all none' ;;
        --net) words='world none replay: live:' ;;
        --persona) words='developer ci empty server' ;;
        --timeout | --name | --principal | --finding) return ;;
        --policy)
            mapfile -t COMPREPLY < <(compgen -W 'default strict ci research' -- "$current"; compgen -f -- "$current")
            compopt -o filenames
            return
            ;;
        --report) words='text= json=' ;;
        --sigma)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            compopt -o filenames
            return
            ;;
        --emit-profile) words='srt seccomp apparmor openclaw' ;;
        --rules | --trust | --evidence | --directory | -d | --copy | -C | --rootfs | --deps)
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            compopt -o filenames
            return
            ;;
        *)
            case $current in
            -*) words=$(_vetbox_options "${COMP_WORDS[1]}") ;;
            *) if [ "${COMP_WORDS[1]}" = trust ] && [ "$COMP_CWORD" -eq 2 ]; then
                words='list check add remove'
            elif [ "${COMP_WORDS[1]}" = policy ] && [ "$COMP_CWORD" -eq 2 ]; then
                words='check explain list show'
            elif [ "${COMP_WORDS[1]}" = policy ] && [ "$COMP_CWORD" -eq 3 ]; then
                mapfile -t COMPREPLY < <(compgen -W 'default strict ci research' -- "$current"; compgen -f -- "$current")
                compopt -o filenames
                return
            elif [ "${COMP_WORDS[1]}" = rules ] && [ "$COMP_CWORD" -eq 2 ]; then
                words='list show check test'
            elif [ "${COMP_WORDS[1]}" = rootfs ] && [ "$COMP_CWORD" -eq 2 ]; then
                words=build
            fi ;;
            esac
            ;;
        esac
    fi
    if [ -n "$words" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        case ${COMPREPLY[0]-} in
        *=) compopt -o nospace ;;
        esac
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
    fi
}

complete -F _vetbox vetbox
