# vetbox unpack and fetch.
. "$2/tests/cli/lib.sh"

command -v tar >/dev/null || { echo "SKIPPED: no tar"; exit 77; }
tar -C "$source_dir/examples" -cf "$work/a.tar" weather-skill
run unpack "$work/a.tar" -d "$work/out.d"
expect_status 0 "unpack"
diff -r "$work/out.d/weather-skill" "$source_dir/examples/weather-skill" >/dev/null ||
    fail "the unpacked files differ"
run unpack "$work/a.tar" -d "$work/out.d"
expect_error "unpacking over something"

mkdir "$work/evil"
: >"$work/evil/file"
tar -C "$work/evil" -P -cf "$work/evil.tar" --transform 's,file,../../escaped,' file
run unpack "$work/evil.tar" -d "$work/evil.d"
[ "$status" -ne 0 ] || fail "a traversal is not worth a word"
expect_in "$work/err" "not extracted: path-traversal: ../../escaped" "a traversal"
[ -e "$work/escaped" ] || [ -e "$work/../escaped" ] && fail "a file outside the folder"

# What is there and what is not is said as it is.
chmod 4755 "$work/evil/file"
tar -C "$work/evil" -cf "$work/setuid.tar" file
run unpack "$work/setuid.tar" -d "$work/setuid.d"
expect_status 2 "a setuid file"
expect_in "$work/err" "extracted all the same: setuid: file" "a setuid file"
[ -f "$work/setuid.d/file" ] || fail "a setuid file is not extracted"
printf 'more' >>"$work/setuid.tar"
run unpack "$work/setuid.tar" -d "$work/trailing.d"
expect_in "$work/err" "found: trailing-data: ." "data behind a tar"

# Of a large one files are copied while the rest is read still; what comes out is the same.
python3 -B - "$work/large" <<'END' || fail "no large folder"
import os, random, sys
top = sys.argv[1]
chosen = random.Random(1)
for number in range(700):
    path = f"{top}/d{number % 9}/e/f{number}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(chosen.randbytes(chosen.choice((0, 300, 9000, 40000))))
    os.chmod(path, 0o755 if number % 5 == 0 else 0o644)
os.mkdir(f"{top}/empty")
END
tar -C "$work/large" -czf "$work/large.tgz" .
run unpack "$work/large.tgz" -d "$work/large.d"
expect_status 0 "a large archive"
expect_in "$work/out" "700 files" "a large archive"
diff -r "$work/large" "$work/large.d" >/dev/null || fail "a large archive: the files differ"
[ "$(cd "$work/large" && find . -type f -perm 755 | sort)" = \
    "$(cd "$work/large.d" && find . -type f -perm 755 | sort)" ] || fail "a large archive: modes"

# Links that stay inside are made, as unzip and tar do, and are worth no word. None is made through
# another one, and none whose ".." stands behind a name that may be a link.
python3 -B - "$work" <<'END' || fail "no archives with links"
import io, sys, tarfile, zipfile
work = sys.argv[1]
def tar(name, *links):
    with tarfile.open(f"{work}/{name}", "w") as archive:
        member = tarfile.TarInfo("./lib/a/real.txt")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"real"))
        for path, target in links:
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
tar("links.tar", ("./lib/a/alias", "real.txt"), ("bin/x", "../lib/a/real.txt"), ("cur", "lib/a"),
    ("lib/a/up", ".."), ("lib/self", "."))
tar("through.tar", ("cur", "lib"), ("cur/x", "y"), ("p/q/top", "../.."), ("p/q/out", "top/../x"))
with zipfile.ZipFile(f"{work}/links.zip", "w") as archive:
    archive.writestr("a/real.txt", "real")
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    archive.writestr(link, "a/real.txt")
END
run unpack "$work/links.tar" -d "$work/links.d"
expect_status 0 "links that stay inside"
expect_in "$work/out" "1 file, 4 bytes, 5 links" "links that stay inside"
[ -s "$work/err" ] && fail "links that stay inside: $(cat "$work/err")"
[ "$(cat "$work/links.d/lib/a/alias" "$work/links.d/bin/x" "$work/links.d/cur/real.txt")" = \
    realrealreal ] || fail "links lead elsewhere"
[ "$(readlink "$work/links.d/lib/a/up")" = .. ] || fail "a link to the folder above"
run unpack "$work/links.zip" -d "$work/ziplinks.d"
expect_status 0 "a link in a zip"
[ "$(cat "$work/ziplinks.d/link")" = real ] || fail "a link in a zip"
run unpack "$work/through.tar" -d "$work/through.d"
expect_status 2 "links through links"
expect_in "$work/err" "not extracted: the link cur/x to y" "a link through a link"
expect_in "$work/err" "not extracted: the link p/q/out to top/../x" "a link behind a link"
[ -e "$work/through.d/lib/y" ] || [ -L "$work/through.d/lib/x" ] && fail "a link through a link"

# What is no archive is not copied as if it had been one.
printf 'plain text\n' >"$work/plain.txt"
run unpack "$work/plain.txt" -d "$work/plain.d"
expect_error "plain text"
expect_in "$work/err" "is not an archive" "plain text"
[ -e "$work/plain.d" ] && fail "plain text made a folder"
gzip -k "$work/plain.txt"
run unpack "$work/plain.txt.gz" -d "$work/plain.d"
expect_status 0 "a compressed file"
cmp -s "$work/plain.txt" "$work/plain.d/plain.txt" || fail "a compressed file"

# Where a limit ends it, a part is there. What nothing decodes is not.
python3 -B - "$work" <<'END' || fail "no bomb"
import struct, sys, zipfile, zlib
work = sys.argv[1]
with zipfile.ZipFile(f"{work}/bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("zeros", bytes(64 << 20))
with zipfile.ZipFile(f"{work}/method.zip", "w") as archive:
    archive.writestr("big.bin", "data")
data = bytearray(open(f"{work}/method.zip", "rb").read())
data[8] = data[data.index(b"PK\1\2") + 10] = 9
open(f"{work}/method.zip", "wb").write(data)
END
run unpack "$work/bomb.zip" -d "$work/bomb.d"
expect_status 2 "a bomb"
expect_in "$work/err" "extracted in part: bomb-ratio: zeros" "a bomb"
run unpack "$work/method.zip" -d "$work/method.d"
expect_status 2 "a method that nothing decodes"
expect_in "$work/err" "unsupported compression: deflate64, method 9 of zip: big.bin" "deflate64"
[ -e "$work/method.d/big.bin" ] && fail "a file that is not extracted is there"

# Names that the confined second reader has to convert: a cabinet, in itself and in a zip.
python3 -B - "$work" <<'END' || fail "no cabinet"
import struct, sys, zipfile
work, name, text = sys.argv[1], "gr\u00f6\u00dfe-\u65e5.txt".encode() + b"\0", b"text"
files, data = 36 + 8, 36 + 8 + 16 + len(name)
cabinet = b"".join((
    b"MSCF", struct.pack("<IIIIIBBHHHHH", 0, data + 8 + len(text), 0, files, 0, 3, 1, 1, 1, 0, 0, 0),
    struct.pack("<IHH", data, 1, 0), struct.pack("<IIHHHH", len(text), 0, 0, 0x5821, 0, 0xa0), name,
    struct.pack("<IHH", 0, len(text), len(text)), text))
open(f"{work}/names.cab", "wb").write(cabinet)
with zipfile.ZipFile(f"{work}/names.zip", "w") as archive:
    archive.writestr("names.cab", cabinet)
END
if LC_ALL=C.UTF-8 locale charmap 2>/dev/null | grep -q UTF-8; then
    run unpack "$work/names.cab" -d "$work/names.d"
    expect_status 0 "a cabinet"
    [ "$(cat "$work/names.d/größe-日.txt")" = text ] || fail "a name: $(ls "$work/names.d")"
    run scan "$work/names.zip" --evidence "$work/names.e"
    expect_not_in "$work/names.e/events.jsonl" "archive.hostile" "a cabinet in a zip"
fi

# Many archives within it leave no room for what is wrong with the last one, but not without a word.
python3 -B - "$work/evil.tar" "$work/crowd.tar" <<'END' || fail "no crowd of archives"
import io, sys, tarfile, zipfile
small = io.BytesIO()
with zipfile.ZipFile(small, "w") as archive:
    archive.writestr("a.txt", "a")
with tarfile.open(sys.argv[2], "w") as crowd:
    for number in range(1100):
        member = tarfile.TarInfo(f"a/{number}.zip")
        member.size = len(small.getvalue())
        crowd.addfile(member, io.BytesIO(small.getvalue()))
    crowd.add(sys.argv[1], "z.tar")
END
run unpack "$work/crowd.tar" -d "$work/crowd.d"
expect_status 2 "more archives within an archive than are listed"
expect_in "$work/err" "not all of it is listed" "more archives within an archive than are listed"

head -c 1400 "$work/a.tar" >"$work/cut.tar"
run unpack "$work/cut.tar" -d "$work/cut.d"
expect_status 2 "unpacking a tar that was cut off"
expect_in "$work/err" "not all of it could be read" "unpacking a tar that was cut off"

# Several archives: a folder for each, and one that cannot be read keeps no other back.
: >"$work/empty.tar"
cp "$work/a.tar" "$work/b.tar"
run unpack "$work/a.tar" "$work/empty.tar" "$work/b.tar" -d "$work/many"
[ "$status" -ge 64 ] || fail "an archive that cannot be read is worth an error: $status"
expect_in "$work/err" "empty.tar" "several archives, one of them empty"
for name in a b; do
    diff -r "$work/many/$name.tar/weather-skill" "$source_dir/examples/weather-skill" >/dev/null ||
        fail "several archives: $name.tar differs"
done
mkdir "$work/other"
cp "$work/a.tar" "$work/other/b.tar"
run unpack "$work/b.tar" "$work/other/b.tar" -d "$work/alike"
expect_status 73 "two archives of one name"
expect_in "$work/err" "other/b.tar: has the name of $work/b.tar" "two archives of one name"
[ -d "$work/alike/b.tar/weather-skill" ] || fail "two archives of one name: the first is missing"
run unpack "$work/b.tar" "$work/evil.tar" -d "$work/worse"
expect_status 2 "several archives, one of them hostile"
expect_in "$work/err" "evil.tar" "the hostile one of several"

# Many at once are told of in their order, whichever is read first: the first one is the longest.
mkdir "$work/long"
for number in $(seq 1 1500); do echo "$number" >"$work/long/$number"; done
tar -C "$work" -cf "$work/m00.tar" long
set -- "$work/m00.tar"
for number in $(seq -w 1 24); do
    cp "$work/a.tar" "$work/m$number.tar"
    set -- "$@" "$work/m$number.tar"
    cp "$work/evil.tar" "$work/m$number-evil.tar"
    set -- "$@" "$work/m$number-evil.tar"
done
run unpack "$@" -d "$work/order"
expect_status 2 "many archives at once"
printf '%s\n' "$@" >"$work/wanted"
sed -n 's/.*: //p' "$work/out" | cmp -s - "$work/wanted" ||
    fail "many archives are not told of in their order: $(cat "$work/out")"
grep -e -evil "$work/wanted" >"$work/wanted.evil"
sed -n 's/^vetbox: \(.*\): not extracted: .*/\1/p' "$work/err" | cmp -s - "$work/wanted.evil" ||
    fail "what is wrong with many archives is not told in their order: $(cat "$work/err")"
[ "$(find "$work/order/m00.tar" -type f | wc -l)" -eq 1500 ] || fail "the longest of many"
for number in $(seq -w 1 24); do
    diff -r "$work/order/m$number.tar/weather-skill" "$source_dir/examples/weather-skill" \
        >/dev/null || fail "many archives at once: m$number.tar differs"
done

# Nobody goes on without the one that was asked, and without one of those that read nothing is said
# to be well.
ours() { # the living processes of the one that was asked, which leads a session
    for process in /proc/[0-9]*; do
        # shellcheck disable=SC2046 # state, parent, group, session
        set -- $(sed 's/.*) //' "$process/stat" 2>/dev/null)
        [ "${4:-0}" = "$asked" ] && [ "$1" != Z ] && echo "$process $2"
    done
}
expect_none() { # expect_none WHEN: whoever is killed with his parent takes a moment
    for _ in $(seq 100); do
        [ -z "$(ours)" ] && return
        sleep 0.05
    done
    fail "left running when $1 was killed: $(ours)"
}
begin() { # begin ARGS...: vetbox unpack as $asked, until it writes the first folder
    rm -rf "$work/cut-short"
    setsid "$vetbox" unpack "$@" -d "$work/cut-short" >"$work/out" 2>"$work/err" </dev/null &
    asked=$!
    for _ in $(seq 500); do
        [ -e "$work/cut-short/m00.tar" ] && return
        sleep 0.01
    done
}
# Enough of them to be found at it on a busy machine.
set -- "$work/m00.tar"
for number in $(seq -w 1 40); do
    ln "$work/m00.tar" "$work/long$number.tar"
    set -- "$@" "$work/long$number.tar"
done
begin "$@"
kill -9 "$asked" 2>/dev/null || fail "it was too quick to be killed"
wait "$asked" 2>/dev/null
expect_none vetbox
begin "$@"
member=$(ours | awk -v asked="$asked" '$2 == asked { sub(".*/", "", $1); print $1; exit }')
kill -9 "${member:-none}" || fail "no process that reads was killed"
wait "$asked"
status=$?
[ "$status" -ge 64 ] && [ "$status" -le 78 ] || fail "a reader that was killed: status $status"
[ -s "$work/err" ] || fail "nothing is said of a reader that was killed"
expect_none "a reader"

# Nothing of it may be extracted: a fact about the package, so a verdict.
tar -C "$work/evil" -P -cf "$work/all-evil.tar" --transform 's,file,/etc/cron.d/evil,' file
run scan "$work/all-evil.tar"
expect_status 2 "an archive of which every entry is hostile"
expect_in "$work/out" "VB-ARCHIVE-TRAVERSAL" "an archive of which every entry is hostile"

# Two readers, two packages: the verdict tells both readings.
python3 -B "$source_dir/tests/fixtures/archives/make_zips.py" "$work/zips" || fail "no zips"
for zip in name-differs hidden-last gap-between overlap-fifield-quoted \
    end-CVE-2024-24789-go-comment end-CVE-2025-8291-cpython-locator CVE-2025-54368-uv-stored; do
    run scan "$work/zips/$zip.zip"
    expect_status 2 "$zip"
    expect_in "$work/out" "VB-ARCHIVE-AMBIGUOUS" "$zip"
done
# What is wrong with an entry in two ways, or by its headers and by its data, is said once.
for zip in size-uncompressed-differs crc-differs flags-encrypted-locally-badpack; do
    run unpack "$work/zips/$zip.zip" -d "$work/$zip.d"
    expect_status 2 "$zip"
    [ -z "$(sort "$work/err" | uniq -d)" ] || fail "$zip: twice: $(sort "$work/err" | uniq -d)"
done
run scan "$work/zips/size-uncompressed-differs.zip" --evidence "$work/size.e"
[ "$(grep -c '"code":"ambiguous-size"' "$work/size.e/events.jsonl")" -eq 1 ] ||
    fail "one size, two events"
run scan "$work/zips/order-reversed.zip"
expect_in "$work/out" "VB-ARCHIVE-AMBIGUOUS, medium" "order-reversed"
run scan "$work/zips/name-differs.zip"
expect_in "$work/out" 'evil.sh' "the name by the local header"
expect_in "$work/out" 'safe.md' "the name by the directory"
run scan "$work/zips/honest-infozip.zip"
grep -q "VB-ARCHIVE" "$work/out" && fail "an honest zip is called ambiguous"

# Without the program that reads archives, and with one of which nothing is known, there is no
# unpacking: vetbox never reads them itself instead.
mkdir "$work/bin"
cp "$vetbox" "$work/bin/vetbox"
installed=$vetbox vetbox=$work/bin/vetbox
printf '#!/bin/sh\nexit 0\n' >"$work/bin/vetbox-reader"
chmod 755 "$work/bin/vetbox-reader"
run unpack "$work/a.tar" -d "$work/other.d"
expect_error "another vetbox-reader"
printf 'no program' >"$work/bin/vetbox-reader"
run unpack "$work/a.tar" -d "$work/broken.d"
expect_error "a broken vetbox-reader"
expect_in "$work/err" "install vetbox again" "a broken vetbox-reader"
cp "${installed%/*}/vetbox-reader" "$work/bin/vetbox-reader"
run unpack "$work/a.tar" -d "$work/beside.d"
expect_status 0 "vetbox-reader beside the program"
vetbox=$installed

run fetch "$work/a.tar" -o "$work/copy.tar"
expect_status 0 "fetch of a file"
cmp -s "$work/a.tar" "$work/copy.tar" || fail "the fetched file differs"
expect_in "$work/out" "$(sha256sum "$work/a.tar" | cut -d' ' -f1)" "fetch prints the digest"
run fetch "$work/a.tar" -o "$work/copy.tar"
expect_error "fetching over something"
run verify "$work/a.tar"
expect_status 2 "verify of something unsigned"
expect_in "$work/out" "no signature" "verify of something unsigned"
finish
