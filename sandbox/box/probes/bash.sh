# Inside bash: each command as it is executed, with everything expanded.
if { : >&198; } 2>/dev/null; then
    PS4=$'+\x1f${BASH_SOURCE-}\x1f${LINENO-}\x1f'
    BASH_XTRACEFD=198
    set -x
fi
{ unset BASH_ENV; } 198>/dev/null
