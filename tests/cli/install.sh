# cmake --install puts everything where distributions expect it.
. "$2/tests/cli/lib.sh"
build_dir=$3

DESTDIR="$work/root" cmake --install "$build_dir" >"$work/out" 2>"$work/err"
status=$?
expect_status 0 "cmake --install"
root=$(find "$work/root" -type d -name bin -printf '%h\n' | head -1)
for file in bin/vetbox share/vetbox/rules/policy.yaml share/man/man1/vetbox.1 \
    share/man/man5/vetbox-events.5 share/bash-completion/completions/vetbox \
    share/zsh/site-functions/_vetbox share/fish/vendor_completions.d/vetbox.fish; do
    [ -s "$root/$file" ] || fail "not installed: $file"
done
[ "$(find "$root/share/vetbox/rules/yara" -name '*.yar' | wc -l)" -gt 3 ] || fail "no YARA rules"
finish
