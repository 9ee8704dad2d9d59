# --rootfs DIR: packages run with the programs of another root file system, and nothing of the
# machine's own is reached from there. rootfs build asks mmdebstrap for it.
. "$2/tests/cli/lib.sh"

# An outside program that stands for mmdebstrap: which arguments it gets.
mkdir "$work/bin"
printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s/arguments"\n' "$work" >"$work/bin/mmdebstrap"
chmod 755 "$work/bin/mmdebstrap"
sources=$(ls /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
    2>/dev/null)
if [ -n "$sources" ]; then
    PATH=$work/bin:$PATH run rootfs build -q "$work/new"
    expect_status 0 "rootfs build"
    expect_in "$work/arguments" "$work/new" "the folder"
    [ "$(id -u)" -eq 0 ] && mode=root || mode=unshare
    expect_in "$work/arguments" "--mode=$mode" "the mode"
    for source in $sources; do
        expect_in "$work/arguments" "$source" "apt's own sources"
    done
    expect_not_in "$work/arguments" "://" "no mirror is named"
    for program in $(sed -n '/^It holds/,/xz-utils/p' "$source_dir/docs/man/vetbox.1" |
        sed 's/^It holds//; s/ and / /; s/[,.]*$//; s/,//g'); do
        grep "^--include=" "$work/arguments" | tr ',=' '\n\n' | grep -qx "$program" ||
            fail "vetbox(1) promises $program in a root file system"
    done
    printf '#!/bin/sh\nexit 3\n' >"$work/bin/mmdebstrap"
    PATH=$work/bin:$PATH run rootfs build "$work/new"
    expect_error "a build that fails"
    PATH=$work run rootfs build "$work/new"
    expect_error "no mmdebstrap"
    expect_in "$work/err" "mmdebstrap is not installed" "no mmdebstrap"
fi
run rootfs build "$source_dir"
expect_error "a folder that is not empty"
run rootfs
expect_error "rootfs without a command"

needs_boxes
root=$work/root
mkdir -p "$root/dev" "$root/etc" "$root/proc" "$root/tmp" "$root/usr/bin" "$root/usr/lib64"
ln -s usr/bin "$root/bin"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
for program in sh cat ls chmod; do
    path=$(readlink -f "$(command -v "$program")")
    cp "$path" "$root/usr/bin/$program"
    for library in $(ldd "$path" | grep -o '/[^ ]*'); do
        place=$root/usr/${library#/usr}
        mkdir -p "$(dirname "$place")"
        cp -n "$library" "$place"
    done
done
echo "NAME=handmade" >"$root/etc/os-release"
# A link of the root file system leads nowhere outside of it.
echo "of the machine" >"$work/secret"
chmod 644 "$work/secret"
ln -s "$work/secret" "$root/etc/services"

box() {
    run run -q --rootfs "$root" --evidence "$work/evidence$1" -- /bin/sh -c "$2"
}
box 1 'ls /usr/bin; cat /etc/os-release; cat /etc/services; exit 5'
expect_status 5 "a command in another root file system"
[ "$(head -4 "$work/out" | tr '\n' ' ')" = "cat chmod ls sh " ] || fail "programs: $(cat "$work/out")"
expect_in "$work/out" "NAME=handmade" "its /etc"
expect_not_in "$work/out" "of the machine" "a link that leads out"
box 2 'chmod u+w /usr; echo x >/usr/made; ls /root /proc/1/root /home'
[ -e "$root/usr/made" ] && fail "the root file system was written to"
expect_not_in "$work/out" "secret" "nothing of the machine"
if "$vetbox" doctor | grep -q "^yes .* overlay "; then
    expect_in "$work/evidence2/events.jsonl" '"path":"/usr/made"' "what was written to its /usr"
fi
# Where an interpreter is looked for.
mkdir "$work/skill"
printf -- '---\nname: a\ndescription: b\n---\n```python\nprint(1)\n```\n' >"$work/skill/SKILL.md"
run vet --rootfs "$root" --format json "$work/skill"
expect_in "$work/out" "interpreter python3 is not installed" "vet in another root file system"
run run -q --rootfs "$work/nothing" -- true
expect_in "$work/err" "the root file system $work/nothing" "no such root file system"
run run -q --rootfs "$work/skill" -- true
expect_in "$work/err" "has no folder dev" "a folder that is none"
finish
