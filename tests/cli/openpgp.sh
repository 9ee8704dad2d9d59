# OpenPGP signatures: made with gpg here, checked by gpgv in a box; and what is wrong with each after a change.
. "$2/tests/cli/lib.sh"
needs_boxes
for tool in gpg gpgv python3; do
    command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool"; exit 77; }
done
cd "$work" || exit 99
# A socket of gpg-agent has a short path at most: /tmp/vetbox-cli-… is one.
export GNUPGHOME="$work/gnupg"
mkdir -m 700 "$GNUPGHOME" || exit 99
trap 'gpgconf --kill all >/dev/null 2>&1; chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
trust="$work/t"

pgp() { gpg --batch --quiet --yes --pinentry-mode loopback --passphrase '' --no-auto-key-locate "$@" 2>>"$work/gpg.log"; }
fingerprint() { gpg --batch --with-colons --list-keys "$1" 2>/dev/null | awk -F: '$1 == "fpr" {print $10}' | sed -n "${2:-1}p"; }
key() {
    pgp --quick-gen-key "$1 <$1@example.org>" "${2:-ed25519}" sign "${3:-1y}" || fail "no key for $1"
    pgp --armor --output "$1.asc" --export "$1" || fail "no export of $1"
}
key alice
key mallory
key rsa rsa2048
key small rsa1024
# A subkey that signs, and a key whose time is over: both made long ago.
pgp --quick-gen-key 'carol <carol@example.org>' ed25519 cert 1y
pgp --quick-add-key "$(fingerprint carol)" ed25519 sign 1y
pgp --output carol.gpg --export carol
pgp --faked-system-time 20240101T000000 --quick-gen-key 'old <old@example.org>' ed25519 sign 10d
pgp --armor --output old.asc --export old
# The names of keys are their owners' words, and gpgv prints them.
printf 'Key-Type: eddsa\nKey-Curve: ed25519\nKey-Usage: sign\nName-Real: [GNUPG:] VALIDSIG %s\nName-Email: forger@example.org\nExpire-Date: 0\n%%no-protection\n%%commit\n' \
    "$(fingerprint alice)" >forger.txt
pgp --gen-key forger.txt || fail "no key for forger"
pgp --armor --output forger.asc --export forger@example.org
alice=$(fingerprint alice)
carol=$(fingerprint carol)
carol_sub=$(fingerprint carol 2)
[ "${#alice}" -eq 40 ] && [ "${#carol_sub}" -eq 40 ] || fail "fingerprints: $alice $carol_sub"

# --- the trust folder ---

for file in alice.asc rsa.asc small.asc carol.gpg old.asc; do
    run trust add "$file" --trust "$trust"
    expect_status 0 "add $file"
done
run trust add alice.asc --name alice2 --trust "$trust"
expect_error "a key that is there already"
expect_in "$work/err" "is there already, of alice" "a key that is there already"
pgp --armor --export-secret-keys alice >secret.asc
run trust add secret.asc --trust "$trust"
expect_error "a secret key"
pgp --export-secret-keys alice >secret.gpg
run trust add secret.gpg --trust "$trust"
expect_error "a secret key without armor"
head -c 60 carol.gpg >cut.gpg
run trust add cut.gpg --trust "$trust"
expect_error "a key that is cut off"
run trust list --trust "$trust"
expect_status 0 "list"
expect_in "$work/out" "OpenPGP key       alice  $alice  $(date -u +%Y-%m-%d) to " "list"
expect_in "$work/out" "alice <alice@example.org>" "list"
expect_in "$work/out" "subkey $carol_sub" "list"
expect_in "$work/out" "2024-01-01 to 2024-01-11  old.asc" "list"
run trust check --trust "$trust"
expect_status 1 "check of a key that is over"
expect_in "$work/out" "over" "check of a key that is over"
run trust remove old --trust "$trust"
run trust check --trust "$trust"
expect_status 0 "check of good keys"
run trust add old.asc --trust "$trust"

# --- one file ---

printf 'the content\n' >f
# expect WANTED WHAT TEXT: verify f
expect() {
    run verify "${subject:-f}" --trust "$trust"
    expect_status "$1" "$2"
    [ -z "$3" ] || expect_in "$work/out" "$3" "$2"
    [ "$1" -eq 0 ] || expect_not_in "$work/out" "valid-trusted" "$2"
}
sign() {
    who=$1
    shift
    rm -f f.asc f.sig f.gpg
    pgp --local-user "$who" --detach-sign "$@" || fail "gpg for $who"
}

sign alice --armor f
cp f.asc good.asc
expect 0 "Ed25519, armored" "valid-trusted  openpgp  f.asc  alice  $alice"
cp t/alice.asc saved.asc
mv t/alice.asc t/renamed.pgp
expect 0 "the name is the file's" "f.asc  renamed  $alice"
mv t/renamed.pgp t/alice.asc
pgp --dearmor <saved.asc >t/alice.gpg && rm t/alice.asc
expect 0 "a keyring without armor" "f.asc  alice  $alice"
mv saved.asc t/alice.asc && rm t/alice.gpg
sign rsa --armor f
expect 0 "RSA" "rsa"
sign alice --output f.sig f
expect 0 "without armor" "valid-trusted  openpgp  f.sig"
cp f.sig good.sig
sign alice --digest-algo SHA512 --output f.gpg f
expect 0 "SHA-512, .gpg" "valid-trusted  openpgp  f.gpg"
sign "$carol_sub!" --armor f
expect 0 "by a subkey" "f.asc  carol  $carol  checked by gpgv, by the subkey $carol_sub"
pgp --local-user alice --local-user "$carol_sub!" --armor --detach-sign f
expect 0 "two signers" "carol"
[ "$(grep -c valid-trusted "$work/out")" -eq 2 ] || fail "two signers are told"
cat good.asc good.asc >f.asc
expect 0 "the same twice is one" "alice"
[ "$(grep -c valid-trusted "$work/out")" -eq 1 ] || fail "the same twice is one"
pgp --local-user alice --sig-notation 'x@example.org=[GNUPG:] GOODSIG 0' --armor --detach-sign f
expect 0 "a notation that looks like a status" "valid-trusted"

# --- what does not hold ---

cp good.asc f.asc
printf 'the cintent\n' >f
expect 1 "another file" "invalid  openpgp  f.asc"
printf 'the content\n' >f
cp f saved
{ cat saved; printf 'more\n'; } >f
expect 1 "a longer file" "invalid"
cp saved f
# Each byte of the packet: nothing of it can be changed. Some only keep gpgv from looking.
python3 - <<'PY' || exit 99
import base64
def crc24(data):
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = (crc << 1) ^ 0x1864CFB if crc & 0x800000 else crc << 1
    return (crc & 0xFFFFFF).to_bytes(3, "big")
def armor(data):
    body = base64.b64encode(data).decode()
    lines = [body[i:i + 64] for i in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN PGP SIGNATURE-----", "", *lines, "=" + base64.b64encode(crc24(data)).decode(), "-----END PGP SIGNATURE-----", ""])
raw = open("good.sig", "rb").read()
assert raw[0] == 0x88 and raw[2] == 4, raw
hashed = int.from_bytes(raw[6:8], "big")
behind = 8 + hashed
unhashed = int.from_bytes(raw[behind:behind + 2], "big")
tail = behind + 2 + unhashed
parts = {"type": 3, "digest": 5, "issuer": 12, "date": behind - 1, "left": tail, "number": tail + 8, "end": len(raw) - 1, "algorithm": 4, "lengths": 7, "version": 2}
for name, at in parts.items():
    changed = bytearray(raw)
    changed[at] ^= 1
    open(f"changed.{name}", "w").write(armor(bytes(changed)))
open("cut.asc", "w").write(armor(raw[:-20]))
weak = bytearray(raw)
weak[5] = 2
open("weak.asc", "w").write(armor(bytes(weak)))
open("packet.asc", "w").write(armor(raw + b"\xcb\x0a" + b"b\x00\x00\x00\x00\x00free"))
good = open("good.asc").read()
open("crc.asc", "w").write(good.replace("\n=", "\n=A")[:0] + "\n".join("=AAAA" if l.startswith("=") else l for l in good.split("\n")))
open("header.asc", "w").write(good.replace("-----\n\n", "-----\nNote: obey\n\n", 1))
PY
changed=0
for file in changed.* cut.asc weak.asc packet.asc crc.asc header.asc; do
    cp "$file" f.asc
    run verify f --trust "$trust"
    case $status in 1 | 2) changed=$((changed + 1)) ;; *) fail "$file: status $status: $(cat "$work/out")" ;; esac
    expect_not_in "$work/out" "valid-trusted" "$file"
done
[ "$changed" -eq 15 ] || fail "$changed of 15 changes"
cp changed.number f.asc
expect 1 "a changed signature" "the signature is not of this file"
cp changed.date f.asc
expect 1 "a changed date" "invalid"
cp weak.asc f.asc
expect 1 "SHA-1" "its digest is not SHA-256"
{ cat good.asc; echo 'run this'; } >f.asc
expect 1 "text behind the armor" "something stands behind it"
{ echo 'run this'; cat good.asc; } >f.asc
expect 2 "text in front of the armor" "text stands in front of it"
{ cat good.sig; echo junk; } >f.sig
rm f.asc
expect 2 "bytes behind the packet" "no row of OpenPGP packets"
rm f.sig
head -c 90 good.asc >f.asc
expect 1 "cut off" "its armor"
sign mallory --armor f
expect 2 "another key" "a key that is not in the trust folder"
expect_in "$work/out" "$(fingerprint mallory)" "another key is named"
cat good.asc f.asc >both.asc
cp both.asc f.asc
run verify f --trust "$trust"
expect_in "$work/out" "valid-trusted" "one of two"
expect_in "$work/out" "not in the trust folder" "the other of two"
sed -n '/BEGIN/,/END/p' changed.number >other
cat good.asc other >f.asc
run verify f --trust "$trust"
expect_status 1 "one of two is broken"
sign small --armor f
expect 2 "1024 bits" "fewer than 2048 bits"
sign alice --armor --textmode f
expect 2 "over a text of whatever ends of lines" "not over these bytes"
pgp --digest-algo SHA1 --local-user alice --armor --detach-sign f
expect 1 "SHA-1 by gpg" "its digest is not SHA-256"
pgp --faked-system-time 20240102T000000 --local-user old --armor --detach-sign f
expect 2 "a key that is over" "the key's time is over"
pgp --default-sig-expire seconds=1 --local-user alice --armor --detach-sign f && sleep 2 &&
    expect 2 "a signature that is over" "time is over"
sign alice --armor f
cp f g && cp f.asc g.asc
subject=g expect 0 "the name of the file is not signed" "alice"
printf 'other\n' >g
subject=g expect 1 "for another file" "invalid"
pgp --local-user alice --armor --sign --output f.asc f
expect 2 "a message that holds what it signs" ""
# Nothing that gpg would read as something else: a key, or data of its own.
pgp --armor --output f.asc --export alice
expect 2 "a key" "no signature"
sign forger@example.org --armor f
expect 2 "a name like a status, unknown" "not in the trust folder"
run trust add forger.asc --trust "$trust"
expect_status 0 "a name like a status"
expect 0 "a name like a status" "f.asc  forger  $(fingerprint forger@example.org)"
run trust remove forger --trust "$trust"
cp good.asc f.asc
# A revoked key.
cp t/alice.asc saved.asc
sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$alice.rev" | sed -n '/^-----BEGIN/,$p' >revoke.asc
mkdir -m 700 other-home
gpg --homedir other-home --batch --quiet --import t/alice.asc revoke.asc 2>>gpg.log
gpg --homedir other-home --batch --quiet --armor --export >t/alice.asc 2>>gpg.log
GNUPGHOME=other-home gpgconf --kill all >/dev/null 2>&1
expect 2 "a revoked key" "revoked by its owner"
run trust check --trust "$trust"
expect_in "$work/out" "its owner revoked it" "check of a revoked key"
mv saved.asc t/alice.asc
expect 0 "and once more" "alice"

# A detached signature may have any name that says what it is over.
mv f './--status-fd=9'
cp good.asc './--status-fd=9.asc'
subject=./--status-fd=9 expect 0 "a file that is named like an option" "valid-trusted"
mv './--status-fd=9' f
rm -f ./--status-fd=9.asc

# --- a package ---

skill() {
    rm -rf skill && mkdir -p skill/scripts
    printf -- '---\nname: %s\ndescription: Says how the weather is.\n---\nSay it.\n' "${1:-weather-now}" >skill/SKILL.md
    printf 'echo sunny\n' >skill/scripts/say.sh
    (cd skill && sha256sum SKILL.md scripts/say.sh >SHA256SUMS)
}
# package WANTED WHAT TEXT
package() {
    run verify skill --trust "$trust"
    expect_status "$1" "$2"
    [ -z "$3" ] || expect_in "$work/out" "$3" "$2"
}
skill
pgp --local-user alice --armor --detach-sign skill/SHA256SUMS
package 0 "a signed list" "valid-trusted  openpgp  SHA256SUMS.asc  alice"
rm -rf evidence
run scan skill --trust "$trust" --rules "$source_dir/rules" --evidence evidence
python3 - "$alice" <<'PY' || fail "the events of a signature"
import json, sys
rows = [json.loads(line) for line in open("evidence/events.jsonl")]
asked = [r for r in rows if r["kind"] == "signature.deferred"]
told = [r for r in rows if r["kind"] == "signature.result"]
assert len(asked) == len(told) == 1, (asked, told)
assert asked[0]["target"] == "SHA256SUMS", asked
assert told[0]["clock_source"] == "signer" and told[0]["clock"] > 1600000000, told
assert told[0]["key_id"] == sys.argv[1] and told[0]["covers"] == ["SHA256SUMS", "SKILL.md", "scripts/say.sh"], told
assert not any(r["kind"].startswith("detonation") or r["kind"].startswith("bait") for r in rows)
PY
printf 'echo evil\n' >skill/scripts/say.sh
package 1 "a changed file of the list" "differs from its digest"
rm skill/scripts/say.sh
package 1 "a file of the list that is gone" "invalid"
printf 'echo sunny\n' >skill/scripts/say.sh
printf 'echo more\n' >skill/scripts/more.sh
package 2 "one file more" "covered by none: 1 of 4 files"
rm skill/scripts/more.sh
# What looks like a signature is none by that: it could say anything.
printf 'Obey.\n-----BEGIN PGP SIGNATURE-----\n' >skill/notes.asc
package 2 "a text that shows a signature" "  notes.asc"
rm skill/notes.asc
pgp --local-user alice --clear-sign --output skill/notes.asc f
package 0 "a text that is signed itself" "notes.asc  alice"
printf 'Obey.\n' >>skill/notes.asc
package 1 "text behind a signed text" "something stands behind it"
rm skill/notes.asc
sed -i '/^-----BEGIN PGP SIGNATURE/a Comment: obey me' skill/SHA256SUMS.asc
run verify skill --trust "$trust"
expect_status 2 "words in the armor of a signature"
expect_in "$work/out" "covered by none: 1 of 4 files" "words in the armor of a signature"
sed -i '/^Comment/d' skill/SHA256SUMS.asc
# Nor what a shell would do: in what of the packet nobody signed, behind it, in one of nobody, or as short lines of the armor.
pgp --dearmor <skill/SHA256SUMS.asc >list.sig
cat >words.py <<'PY'
import base64, sys
raw = open("list.sig", "rb").read()
assert raw[0] == 0x88 and raw[1] == len(raw) - 2
body, words = raw[2:], b"\n./run this.txt\n"
at = 6 + int.from_bytes(body[4:6], "big")
unsigned = int.from_bytes(body[at : at + 2], "big")
def more(text):
    sub = bytes([len(text) + 1, 100]) + text
    return body[:at] + (unsigned + len(sub)).to_bytes(2, "big") + body[at + 2 : at + 2 + unsigned] + sub + body[at + 2 + unsigned :]
def packet(body):
    return b"\x89" + len(body).to_bytes(2, "big") + body
binary = {"within": packet(more(words)), "semicolon": packet(more(b";./run this.txt;")), "behind": packet(body + words), "nobody": packet(b"\x04" + words)}
if sys.argv[1] in binary:
    sys.stdout.buffer.write(binary[sys.argv[1]])
else:
    text = base64.b64encode(raw).decode()
    cut = 20 if sys.argv[1] == "short" else 64
    print("-----BEGIN PGP SIGNATURE-----\n\n" + "\n".join(text[i : i + cut] for i in range(0, len(text), cut)) + "\n-----END PGP SIGNATURE-----")
PY
mv skill/SHA256SUMS.asc saved.list
cp list.sig skill/SHA256SUMS.sig
package 0 "a binary signature" "valid-trusted  openpgp  SHA256SUMS.sig  alice"
for what in within semicolon behind; do
    python3 words.py "$what" >skill/SHA256SUMS.sig
    package 2 "commands in a binary signature: $what" "covered by none: 1 of 4 files"
done
cp list.sig skill/SHA256SUMS.sig
python3 words.py nobody >skill/more.sig
package 1 "commands in what is no signature" "  more.sig"
rm skill/more.sig skill/SHA256SUMS.sig
python3 words.py full >skill/SHA256SUMS.asc
package 0 "armor by others" "valid-trusted"
python3 words.py short >skill/SHA256SUMS.asc
package 2 "short lines of armor" "covered by none: 1 of 4 files"
mv saved.list skill/SHA256SUMS.asc
printf '{"attestations": [\n  {"kind": "x"},\n  "%s"\n]}' "$(head -c 32 /dev/zero | base64)" >skill/more.provenance
package 0 "a digest on a line" "present-unverifiable  attestation  more.provenance"
for text in '"/usr/bin/id"' '"/usr/bin/id" , 1' '{"kind":\n\t"/usr/bin/id" }'; do
    printf '{"attestations": [\n%b\n]}' "$text" >skill/more.provenance
    package 2 "a command on a line of JSON: $text" "  more.provenance"
done
rm skill/more.provenance
cp skill/SKILL.md skill/SHA256SUMS.asc . && cp SHA256SUMS.asc skill/SKILL.md.asc
package 1 "a signature for another file" "invalid  openpgp  SKILL.md.asc"

# The list as a text with its signature around it.
skill
pgp --local-user alice --clear-sign --output skill/SHA256SUMS.asc skill/SHA256SUMS
rm skill/SHA256SUMS
package 0 "a list that is signed itself" "valid-trusted  openpgp  SHA256SUMS.asc  alice"
cp skill/SHA256SUMS.asc clear.asc
printf 'echo evil\n' >skill/scripts/say.sh
package 1 "a changed file of such a list" "differs from its digest"
printf 'echo sunny\n' >skill/scripts/say.sh
sed 's/^\([0-9a-f]\)\(.*say.sh\)$/0\2/' clear.asc >skill/SHA256SUMS.asc
package 1 "a changed text" "invalid"
{ echo 'free text'; cat clear.asc; } >skill/SHA256SUMS.asc
package 2 "text in front of the frame" "text stands in front of it"
{ cat clear.asc; echo 'free text'; } >skill/SHA256SUMS.asc
package 1 "text behind the frame" "something stands behind it"
sed '2s/^/Comment: obey\n/' clear.asc >skill/SHA256SUMS.asc
package 1 "a header that is not signed" "lines that do not belong there"
sed '/^Hash/d' clear.asc >skill/SHA256SUMS.asc
package 0 "without its hash header, which says nothing" "valid-trusted"
sed 's/^Hash: .*/Hash: OBEY-ME/' clear.asc >skill/SHA256SUMS.asc
package 1 "a hash header with words" "lines that do not belong there"
sed '/^-----BEGIN PGP SIGNATURE/a Comment: obey me' clear.asc >skill/SHA256SUMS.asc
package 2 "a comment in the armor, which nobody signed" "  SHA256SUMS.asc"
expect_in "$work/out" "covered by none: 1 of 3 files" "a comment in the armor, which nobody signed"
sed '/^-----BEGIN PGP SIGNATURE/,$ s,^\(i.\{14\}\),\1\n,' clear.asc >skill/SHA256SUMS.asc
package 2 "a short line in the armor" "covered by none: 1 of 3 files"
sed '/^-----BEGIN PGP SIGNATURE/a Version: GnuPG v2.0.22 (GNU/Linux)' clear.asc >skill/SHA256SUMS.asc
package 0 "the version of an older gpg" "valid-trusted"
sed 's/^$/ /' clear.asc >skill/SHA256SUMS.asc
package 1 "a blank that is no empty line" "invalid"
sed '/^-----BEGIN PGP SIGNATURE/i -free' clear.asc >skill/SHA256SUMS.asc
package 1 "a dash that is not escaped" "not escaped"
sed 's/say\.sh$/say.sh  \t/' clear.asc >skill/SHA256SUMS.asc
package 0 "blanks at the ends of lines, which are not signed" "valid-trusted"
python3 -c 'import sys; t = open("clear.asc").read(); open("skill/SHA256SUMS.asc", "w").write(t.replace("\n", "\r\n"))'
package 0 "ends of lines as in mail" "valid-trusted"
cp clear.asc skill/SHA256SUMS.asc
printf '%s  SKILL.md\n' "$(printf x | sha256sum | cut -d' ' -f1)" >skill/SHA256SUMS
package 2 "another list beside" "covered by none: 1 of"
rm skill/SHA256SUMS

# A text that somebody signed lies beside an archive, in which a file has its name.
mkdir -p inner
printf 'echo evil\n' >inner/inner.tar.asc
tar -C inner -cf inner.tar inner.tar.asc
pgp --local-user alice --clear-sign --output inner.tar.asc skill/SKILL.md
run verify inner.tar --trust "$trust"
expect_status 2 "a text beside that is called like a file in it"
expect_in "$work/out" "covered by none: 1 of 1 files" "a text beside that is called like a file in it"
rm -r inner inner.tar inner.tar.asc

# --- trust.yaml ---

rules() { printf 'version: 1\n%s\n' "$1" >"$trust/trust.yaml"; }
rules "publishers: [{packages: [\"weather-*\"], signers: [{key: $alice}], required: true}]"
package 0 "listed by fingerprint" "valid-trusted"
rules "publishers: [{packages: [\"weather-*\"], signers: [{key: $(echo "$alice" | tr A-F a-f)}]}]"
package 0 "in lower case" "valid-trusted"
rules "publishers: [{packages: [\"weather-*\"], signers: [{key: ${alice#????????????????????????}}]}]"
package 2 "an id is no fingerprint" "the signer is not among those"
rules "publishers: [{packages: [\"weather-*\"], signers: [{key: $carol}]}]"
package 2 "somebody else's package" "the signer is not among those"
rules "revoked: [{key: ${alice#????????????????????????}, since: 2020-01-01, reason: lost}]"
package 2 "and yet enough to revoke him" "the signer was revoked on 2020-01-01: lost"
rules "publishers: [{packages: [other], signers: [{key: $alice}]}]"
package 2 "replayed for another package" "trusted for other packages only"
rules "revoked: [{key: $alice, since: 2026-01-01, reason: laptop stolen}]"
package 2 "revoked in trust.yaml" "laptop stolen"
rm "$trust/trust.yaml"
pgp --local-user "$carol_sub!" --clear-sign --output skill/SHA256SUMS.asc skill/SKILL.md
skill
pgp --local-user "$carol_sub!" --armor --detach-sign skill/SHA256SUMS
rules "publishers: [{packages: [\"weather-*\"], signers: [{key: $carol}]}]"
package 0 "the primary key of a subkey" "carol"
rules "revoked: [{key: $carol_sub, since: 2020-01-01, reason: lost}]"
package 2 "the subkey alone is revoked" "lost"
run trust check --trust "$trust"
expect_not_in "$work/out" "not in the folder" "a subkey is known"
rules "publishers: [{packages: [\"weather-*\"], signers: [{key: $alice}], required: true}]"
package 2 "required, and signed by somebody else" "wanted by trust.yaml: weather-now: unsigned"
rm "$trust/trust.yaml"
# Many signatures: what is not asked about is not checked.
skill
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33; do
    printf '%s\n' "$i" >"skill/$i"
done
printf '%s\n' skill/[0-9]* | while read -r file; do pgp --local-user alice --armor --detach-sign "$file"; done
package 2 "more signatures than are checked" "gpgv was not asked, there are too many"
[ "$(grep -c valid-trusted "$work/out")" -eq 32 ] || fail "32 of 33 are checked"

# --- signatures in a repository, which are told of and not verified ---

if command -v git >/dev/null; then
    skill
    git -C skill init -q
    git -C skill -c user.name=alice -c user.email=alice@example.org -c "user.signingkey=$alice" -c gpg.program=gpg \
        commit -q --allow-empty -S -m 'signed' 2>>gpg.log || fail "git commit"
    git -C skill -c user.name=alice -c user.email=alice@example.org -c "user.signingkey=$alice" \
        tag -s -m 'signed too' v1 2>>gpg.log || fail "git tag"
    git -C skill -c user.name=alice -c user.email=alice@example.org commit -q --allow-empty --no-gpg-sign -m 'not signed'
    package 2 "signed commits" "present-unverifiable  git  .git/objects/"
    expect_in "$work/out" "2 signed commits or tags of git" "signed commits"
else
    echo "left out: signed commits (no git)"
fi

# --- without a keyring, without gpgv ---

skill
mkdir "$work/none"
pgp --local-user alice --armor --detach-sign skill/SHA256SUMS
run verify skill --trust "$work/none"
expect_status 2 "no keyring"
expect_in "$work/out" "$alice  it was made with a key that is not in the trust folder" "no keyring"
run verify skill --trust "$work/none" --key alice.asc
expect_status 0 "a key by --key"
# A program that is not there, for this one alone, which takes a mount namespace of ours.
if [ "$(id -u)" -eq 0 ] && unshare --mount sh -c 'mount --bind /dev/null /usr/bin/gpgv' 2>/dev/null; then
    unshare --mount sh -c 'mount --bind /dev/null /usr/bin/gpgv && exec "$@"' sh "$vetbox" verify skill --trust "$trust" >"$work/out" 2>"$work/err"
    status=$?
    expect_status 2 "no gpgv"
    expect_in "$work/out" "could not check: there is no /usr/bin/gpgv" "no gpgv"
else
    echo "left out: a machine without gpgv, which only root can make"
fi
finish
