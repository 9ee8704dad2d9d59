# What the record calls a program. The recorder remembers what it was told of programs that the subject
# cannot touch; the same subject may give its own programs other names, and in a root file system of its
# own user it may do that to every program.
. "$2/tests/cli/lib.sh"
needs_boxes

# record NAME COMMAND...: runs it and keeps its events.
record() {
    name=$1
    shift
    run run -q --evidence "$work/$name" "$@"
    expect_status 0 "$name"
    events=$work/$name/events.jsonl
    expect_not_in "$events" '"kind":"truth.exec"' "$name: what ran is what was announced"
}
# ran PATH: a program that is called so opened a file.
ran() {
    grep '"kind":"file.open"' "$events" | grep -q "\"executable\":\"$1\"" || fail "$name: $1 did not run"
}

record system -- bash -c '/bin/true; /usr/bin/true; (exec bash -c /bin/true); id; (exec env id) && ls'
for program in true bash id env ls; do
    ran "/usr/bin/$program"
done
[ "$(grep '"kind":"process.exec"' "$events" | grep -c '"target":"/usr/bin/true"')" -eq 2 ] ||
    fail "/bin/true leads to /usr/bin/true"

# One file under four names, and another one under the first of them.
# shellcheck disable=SC2016 # expanded in the box
record own -- bash -c 'mkdir /tmp/a && cp /bin/true /tmp/a/one && /tmp/a/one && mv /tmp/a/one /tmp/a/two &&
    /tmp/a/two && mv /tmp/a /tmp/b && /tmp/b/two && ln /tmp/b/two /tmp/b/three && /tmp/b/three && mkdir /tmp/a &&
    cp /bin/ls /tmp/a/one && /tmp/a/one /tmp'
ran /tmp/a/one
ran /tmp/a/two
ran /tmp/b/two
ran /tmp/b/three

# The links in the root are the subject's.
record links -- bash -c '/bin/true && chmod u+w / && mkdir /tmp/bin && cp /bin/ls /tmp/bin/true && rm /bin &&
    ln -s tmp/bin /bin && /bin/true /tmp'
ran /tmp/bin/true
expect_in "$events" '"target":"/tmp/bin/true"' "another /bin"

root=$work/root
mkdir -p "$root/dev" "$root/etc" "$root/proc" "$root/tmp" "$root/usr/bin" "$root/usr/lib64" "$root/usr/share"
ln -s usr/bin "$root/bin"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
for program in bash true ls cp mv mkdir chmod; do
    path=$(readlink -f "/usr/bin/$program")
    cp "$path" "$root/usr/bin/$program"
    for library in $(ldd "$path" | grep -o '/[^ ]*'); do
        place=$root/usr/${library#/usr}
        mkdir -p "$(dirname "$place")"
        cp -n "$library" "$place"
    done
done
if [ "$(id -u)" -eq 0 ]; then
    chown -R 64074:64074 "$root" # whom the box runs as, see sandbox/box/confine.h
fi
if ! "$vetbox" doctor | grep -q "^yes .* overlay "; then
    echo "SKIPPED: without an overlay nobody writes to a box's /usr"
    exit 77
fi
record theirs --rootfs "$root" -- /bin/bash -c '/bin/true && cp /bin/ls /tmp/new && mv /tmp/new /usr/bin/true &&
    /bin/true /tmp && chmod u+w /usr && mv /usr/bin /usr/old && /usr/old/mkdir /usr/bin && /usr/old/cp /usr/old/ls /usr/bin/mine &&
    /usr/bin/mine /tmp && /usr/old/true /tmp'
ran /usr/bin/true
ran /usr/bin/mine
ran /usr/old/true
[ "$(grep '"kind":"file.snapshot"' "$events" | grep -c '"reason":"execute"')" -ge 2 ] ||
    fail "what was written to /usr/bin is kept before it runs"
finish
