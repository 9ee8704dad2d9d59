#!/bin/sh
# No two rooms define a function or object of the same name: the linker would take either one.
# usage: symbols.sh BUILD
set -eu
twice=$(for library in "$1"/*/libvb_*.a; do
    nm --defined-only "$library" 2>/dev/null | awk '$2 ~ /^[TDBR]$/ { print $3 }' | sort -u
done | grep -v '^__\|^_' | sort | uniq -d)
[ -z "$twice" ] || {
    echo "defined in two rooms: $twice" >&2
    exit 1
}
