#!/bin/sh
# `cmake --install` puts everything where distributions expect it, and the installed program finds
# its rules there. usage: test_install.sh CMAKE BUILD BINDIR DATADIR MANDIR DOCDIR LIBEXECDIR
set -eu

cmake=$1 build=$2 bindir=$3 datadir=$4 mandir=$5 docdir=$6 libexecdir=$7
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT INT TERM
status=0

DESTDIR=$stage "$cmake" --install "$build" >"$stage/log" || {
    cat "$stage/log"
    exit 1
}

for file in "$bindir/vetbox" "$libexecdir/vetbox/vetbox-reader" "$datadir/vetbox/rules/policy.yaml" \
    "$datadir/vetbox/apparmor/vetbox" "$datadir/vetbox/container/seccomp.json" \
    "$datadir/vetbox/container/apparmor" "$mandir/man1/vetbox.1" "$mandir/man5/vetbox-events.5" \
    "$datadir/bash-completion/completions/vetbox" "$datadir/zsh/site-functions/_vetbox" \
    "$datadir/fish/vendor_completions.d/vetbox.fish" "$docdir/LICENSE" "$docdir/README.md" \
    "$docdir/layers.md" "$docdir/network.md" "$docdir/containers.md" \
    "$docdir/schema/event.schema.json"; do
    if [ ! -s "$stage$file" ]; then
        printf 'not installed: %s\n' "$file"
        status=1
    fi
done

[ -x "$stage$bindir/vetbox" ] || {
    printf 'the program is not executable\n'
    status=1
}
rules=$(find "$stage$datadir/vetbox/rules/yara" -name '*.yar' | wc -l)
[ "$rules" -gt 0 ] || {
    printf 'no YARA rules are installed\n'
    status=1
}
version=$("$stage$bindir/vetbox" --version)
case $version in
vetbox*[0-9].[0-9]*) ;;
*)
    printf 'the installed program does not say its version: %s\n' "$version"
    status=1
    ;;
esac
strings -a "$stage$bindir/vetbox" | grep -qxF "$libexecdir/vetbox/vetbox-reader" || {
    printf 'the installed program does not look for vetbox-reader where it is installed\n'
    status=1
}
exit "$status"
