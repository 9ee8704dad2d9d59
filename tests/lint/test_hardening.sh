#!/bin/sh
# The release build is hardened: position independent, RELRO with immediate binding, no executable
# stack, stack protector and FORTIFY_SOURCE at work, no trace of the sanitizers.
# usage: test_hardening.sh PROGRAM
set -eu

program=$1
status=0
headers=$(readelf -W -h -l "$program")
dynamic=$(readelf -W -d "$program")
symbols=$(readelf -W -s "$program")

expect()
{
    printf '%s\n' "$2" | grep -Eq "$3" || {
        printf '%s: missing\n' "$1"
        status=1
    }
}

refuse()
{
    if printf '%s\n' "$2" | grep -E "$3"; then
        printf '%s: must not be there\n' "$1"
        status=1
    fi
}

expect 'position independent' "$headers" '^ *Type: +DYN'
expect 'PIE flag' "$dynamic" 'FLAGS_1.*PIE'
expect 'RELRO' "$headers" 'GNU_RELRO'
expect 'immediate binding' "$dynamic" 'BIND_NOW|FLAGS_1.*NOW'
expect 'stack header' "$headers" 'GNU_STACK.* RW +0x'
refuse 'executable stack' "$headers" 'GNU_STACK.*RWE'
expect 'stack protector' "$symbols" '__stack_chk_fail'
expect 'FORTIFY_SOURCE' "$symbols" '__[a-z]+_chk(@|$)'
refuse 'sanitizer' "$symbols" '__(asan|ubsan|sanitizer)_'
refuse 'run path' "$dynamic" 'RPATH|RUNPATH'
exit "$status"
