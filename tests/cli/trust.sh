# The trust folder: what is added, listed, removed; who may sign which packages, and what comes of it.
. "$2/tests/cli/lib.sh"
needs_boxes
for tool in minisign ssh-keygen openssl; do
    command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool"; exit 77; }
done
cd "$work" || exit 99
trust="$work/t"

# --- keys of every kind ---

minisign -G -W -p alice.pub -s alice.key >/dev/null 2>&1 || exit 99
minisign -G -W -p mallory.pub -s mallory.key >/dev/null 2>&1 || exit 99
ssh-keygen -q -t ed25519 -N '' -C carol -f carol || exit 99
openssl ecparam -name prime256v1 -genkey -noout -out pem.key 2>/dev/null
openssl ec -in pem.key -pubout -out cosign.pub 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -subj '/CN=Acme Root' -days 400 -out root.crt 2>/dev/null
openssl x509 -in root.crt -outform DER -out root2.cer
openssl req -x509 -newkey rsa:2048 -nodes -keyout soon.key -subj '/CN=Soon' -days 3 -out soon.crt 2>/dev/null

run trust list --trust "$trust"
expect_status 0 "list of a missing folder"
expect_in "$work/out" "0 entries" "list of a missing folder"
for file in alice.pub cosign.pub root.crt root2.cer; do
    run trust add "$file" --trust "$trust"
    expect_status 0 "add $file"
done
run trust add carol.pub --trust "$trust"
expect_error "an OpenSSH key without --principal"
expect_in "$work/err" "--principal" "an OpenSSH key without --principal"
run trust add carol.pub --principal carol@example.org --trust "$trust"
expect_status 0 "add an OpenSSH key"
run trust add carol.pub --principal carol@example.org --trust "$trust"
expect_error "the same OpenSSH key again"
run trust add carol.pub --principal 'carol,*' --trust "$trust"
expect_error "a principal that is a pattern"
run trust add carol.pub --name carl --principal carl@example.org --trust "$trust"
expect_error "an OpenSSH key with --name"
expect_in "$work/err" "is called by its principal" "an OpenSSH key with --name"
run trust add alice.pub --principal alice --trust "$trust"
expect_error "--principal for another key"
run trust add alice.pub --trust "$trust"
expect_error "nothing is replaced"
expect_in "$work/err" "is there already" "nothing is replaced"
run trust add alice.pub --name alice2 --trust "$trust"
expect_status 0 "another name"
for name in ../x .x -x 'a b' ''; do
    run trust add alice.pub "--name=$name" --trust "$trust"
    expect_error "the name \"$name\""
done

# Another key with the id of one that is there.
python3 -c 'import base64; raw = bytearray(base64.b64decode(open("alice.pub").read().split("\n")[1])); raw[20] ^= 1; print(base64.b64encode(raw).decode())' >twin.pub
run trust add twin.pub --trust "$trust"
expect_error "two keys with one id"
expect_in "$work/err" "another key, alice, has the id" "two keys with one id"

# What is no key.
for file in alice.key carol pem.key /dev/null "$vetbox" "$work"; do
    for how in --name=secret --principal=x; do
        run trust add "$file" "$how" --trust "$trust"
        expect_error "add $file $how"
    done
done
printf 'untrusted comment: x\nRWnonsense\n' >bad.pub
run trust add bad.pub --trust "$trust"
expect_error "a damaged key"
{ cat cosign.pub; echo more; } >bad.pub
run trust add bad.pub --trust "$trust"
expect_error "text behind a key"
head -c 200 root2.cer >cut.cer
run trust add cut.cer --trust "$trust"
expect_error "a certificate that is cut off"
[ "$(ls -A "$trust" | tr '\n' ' ')" = "alice.pub alice2.pub allowed_signers cosign.pub root.pem root2.der " ] ||
    fail "the folder holds $(ls -A "$trust")"

# --- the list ---

id=$(tail -1 alice.pub | base64 -d | od -An -tx1 -j2 -N8 | awk '{for (i = NF; i; i--) printf "%s", toupper($i)}')
run trust list --trust "$trust"
expect_status 0 "list"
expect_in "$work/out" "minisign key      alice  $id  alice.pub  0 days old" "list"
expect_in "$work/out" "OpenSSH key       carol@example.org  $(ssh-keygen -lf carol.pub | cut -d' ' -f2)  allowed_signers:1" "list"
expect_in "$work/out" "sha256:$(openssl pkey -pubin -in cosign.pub -outform DER | sha256sum | cut -d' ' -f1)  cosign.pub" "list"
expect_in "$work/out" "sha256:$(sha256sum <root2.cer | cut -d' ' -f1)" "list"
expect_in "$work/out" "/CN=Acme Root" "list"
run trust list --format json --trust "$trust"
expect_status 0 "list as JSON"
python3 -c 'import json, sys; rows = json.load(open(sys.argv[1])); shipped = [r for r in rows if r.get("shipped")]; assert [(r["name"], r["kind"], r["state"]) for r in shipped] == [("sigstore-public", "Sigstore root", "good")] and shipped[0]["age_days"] >= 0, rows; rows = [r for r in rows if not r.get("shipped")]; assert [r["name"] for r in rows] == ["alice", "alice2", "carol@example.org", "cosign", "root", "root2"], rows; assert all(r["state"] == "good" and r["age_days"] == 0 for r in rows), rows; assert "until" in rows[4]' "$work/out" ||
    fail "the JSON list"
run trust check --trust "$trust"
expect_status 0 "check of a good folder"
expect_in "$work/out" "6 entries" "check of a good folder"

# --- a folder that is named and not there ---

for command in "trust check" "verify alice.pub" "scan alice.pub"; do
    run $command --trust "$work/mistyped"
    expect_status 78 "$command with a folder that is not there"
    expect_in "$work/err" "cannot read the trust folder $work/mistyped: No such file" "$command with a folder that is not there"
done

# --- trusted roots: one that vetbox ships, and others beside it ---

mkdir "$work/none"
run trust list --trust "$work/none"
expect_status 0 "the shipped root without a folder"
expect_in "$work/out" "sigstore-public  shipped with vetbox, the newest on 20" "the shipped root"
expect_in "$work/out" " days old  2 authorities, 1 clocks, 4 logs" "the shipped root"
expect_in "$work/out" "0 entries" "the shipped root is none of the folder's"
roots="$work/roots"
own="$source_dir/rules/roots/sigstore-public.trusted_root.json"
run trust add "$own" --trust "$roots"
expect_error "a root that is called like the shipped one"
cp "$own" trusted_root.json
run trust add trusted_root.json --trust "$roots"
expect_status 0 "add a trusted_root.json"
run trust add "$own" --name acme --trust "$roots"
expect_status 0 "add a trusted root with a name"
[ "$(ls -A "$roots" | tr '\n' ' ')" = "acme.trusted_root.json trusted_root.json " ] || fail "trusted roots: $(ls -A "$roots")"
sed 's/SHA2_256/MD5/' "$own" >bad.json
run trust add bad.json --trust "$roots"
expect_error "a trusted root that is none"
run trust list --trust "$roots"
[ "$(grep -c '^Sigstore root ' "$work/out")" -eq 3 ] || fail "three roots: $(cat "$work/out")"
run trust remove sigstore-public --trust "$roots"
expect_error "remove the shipped root"
expect_in "$work/err" "shipped_roots: false" "remove the shipped root"
echo 'version: 1
shipped_roots: false' >"$roots/trust.yaml"
run trust list --trust "$roots"
expect_not_in "$work/out" "shipped" "without the shipped root"
[ "$(grep -c '^Sigstore root ' "$work/out")" -eq 2 ] || fail "two roots: $(cat "$work/out")"
# Ten years from now. The sanitizers' library must come first otherwise.
later() {
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" LD_PRELOAD="$3/tests/libclock.so" \
        VETBOX_TEST_SECONDS_LATER=315360000 "$vetbox" trust check --trust "$work/none" >"$work/out" 2>"$work/err"
    status=$?
}
later "$@"
expect_status 2 "a shipped root that is too old"
expect_in "$work/out" "old: a newer vetbox has a newer one" "a shipped root that is too old"

# --- what is not in order ---

run trust add soon.crt --trust "$trust"
run trust check --trust "$trust"
expect_status 2 "check of what ends soon"
expect_in "$work/out" "ends soon" "check of what ends soon"
expect_not_in "$work/out" "alice" "check tells only what is not in order"
run trust remove soon --trust "$trust"
expect_status 0 "remove a root"
printf 'gone@example.org valid-before="20200101Z" %s\n' "$(cat carol.pub)" >>"$trust/allowed_signers"
run trust check --trust "$trust"
expect_status 1 "check of what is over"
expect_in "$work/out" "allowed_signers:2" "check of what is over"
run trust remove gone@example.org --trust "$trust"
expect_status 0 "remove a signer"
[ "$(wc -l <"$trust/allowed_signers")" -eq 1 ] || fail "one line of allowed_signers is left"
printf 'version: 1\npublishers:\n- packages: [x]\n  signers: [{key: DEAD}]\n' >"$trust/trust.yaml"
run trust check --trust "$trust"
expect_status 1 "a rule with a key that is not there"
expect_in "$work/out" "trust.yaml:4" "a rule with a key that is not there"
printf 'version: 1\nrevoked: [{key: 0123456789ABCDEF, since: 2026-01-01, reason: x}]\n' >"$trust/trust.yaml"
run trust check --trust "$trust"
expect_status 1 "a revocation of a key that is not there"
expect_in "$work/out" "trust.yaml:2" "a revocation of a key that is not there"
printf 'version: 1\nrevoked: [{key: %s, since: 2026-01-01, reason: x}]\n' "$id" >"$trust/trust.yaml"
run trust check --trust "$trust"
expect_status 0 "a revocation of one that is"
printf 'version: 1\nrevoked: [{root: nobody, since: 2026-01-01, reason: x}]\n' >"$trust/trust.yaml"
run trust check --trust "$trust"
expect_status 1 "a revocation of a root that is not there"
expect_in "$work/out" "the folder has no root" "a revocation of a root that is not there"
# Rows that nobody can meet: roots that are not there, and an identity without anybody who could vouch for it.
printf 'version: 1\nshipped_roots: false\npublishers:\n- packages: [x]\n  signers:\n    - root: root\n    - root: gone\n    - {identity: a, issuer: b, root: root}\n    - {identity: a, issuer: b, root: lost}\n    - {identity: alone, issuer: b}\n' >"$trust/trust.yaml"
run trust check --trust "$trust"
expect_status 1 "rows that nobody can meet"
expect_in "$work/out" "trust.yaml:7" "a root that is not there"
expect_in "$work/out" "gone  broken: names a root certificate that is not in the folder" "a root that is not there"
expect_in "$work/out" "trust.yaml:9" "a root of an identity that is not there"
expect_in "$work/out" "broken: names a root that is not in the folder" "a root of an identity that is not there"
expect_in "$work/out" "alone  broken: names an identity, and the folder has no trusted root" "an identity without a root"
[ "$(wc -l <"$work/out")" -eq 3 ] || fail "three rows are not in order: $(cat "$work/out")"
printf 'version: 1\npublisher: []\n' >"$trust/trust.yaml"
run trust check --trust "$trust"
expect_status 1 "a malformed file"
expect_in "$work/out" "trust.yaml:2: unknown key" "a malformed file"
run scan "$source_dir/examples" --trust "$trust"
expect_status 78 "a malformed file stops everything else"
run trust remove trust.yaml --trust "$trust"
expect_status 0 "remove a file"
run trust remove nobody --trust "$trust"
expect_error "remove what is not there"
run trust remove allowed_signers/x --trust "$trust"
expect_error "remove a path"
for arguments in '' 'add' 'remove' 'list x' 'erase x' 'list --name x'; do
    # shellcheck disable=SC2086 # several arguments
    run trust $arguments --trust "$trust"
    expect_error "trust $arguments"
done

# Without --trust: the user's own folder, which is made.
run trust add alice.pub
expect_status 0 "add to the user's folder"
[ -s "$HOME/.config/vetbox/trust/alice.pub" ] || fail "the user's own folder"
run trust remove alice
expect_status 0 "remove from the user's folder"

# --- who may sign what ---

mkdir skill
printf -- '---\nname: weather-now\ndescription: Says how the weather is.\n---\nSay it.\n' >skill/SKILL.md
printf 'free\n' >skill/LICENSE
run verify skill --trust "$trust"
expect_status 2 "unsigned"
minisign -S -s alice.key -m skill/SKILL.md >/dev/null 2>&1 </dev/null
run verify skill --trust "$trust"
expect_status 2 "signed in part"
expect_in "$work/out" "valid-trusted" "signed in part"
expect_in "$work/out" "covered by none: 1 of 2 files" "signed in part"
expect_in "$work/out" "  LICENSE" "signed in part"
run scan skill --format json --trust "$trust"
expect_in "$work/out" "alice (minisign, covers 1 of 2 files) in SKILL.md.minisig" "the report says how much"

rules() {
    printf 'version: 1\npublishers:\n- packages: ["weather-*"]\n  signers: [{key: %s}]\n%s' "$1" "$2" >"$trust/trust.yaml"
}
rules "$id" ''
run verify skill --trust "$trust"
expect_status 2 "by whom trust.yaml names, but not all of it"
expect_in "$work/out" "the signer may sign weather-now" "by whom trust.yaml names"
rules "$id" '  required: true
'
run verify skill --trust "$trust"
expect_status 2 "not all that must be signed is"
expect_in "$work/out" "wanted by trust.yaml: weather-now: signed in part, 1 of 2 files" "required"
run scan skill --trust "$trust"
expect_status 2 "scan of what is not signed as it must be"
expect_in "$work/out" "VB-SIGNATURE-MISSING" "scan of what is not signed as it must be"
(cd skill && sha256sum SKILL.md LICENSE >SHA256SUMS && minisign -S -s ../alice.key -m SHA256SUMS >/dev/null 2>&1 </dev/null && rm SKILL.md.minisig)
run verify skill --trust "$trust"
expect_status 0 "all of it is signed"
expect_not_in "$work/out" "covered by none" "all of it is signed"
run scan skill --trust "$trust"
expect_not_in "$work/out" "VB-SIGNATURE" "all of it is signed"

# More packages than are identified: one of them could be wanted, and all are signed by somebody.
mkdir -p many
(cd many && for i in $(seq 1000 1519); do
    mkdir "s$i" && printf -- '---\nname: s%s\ndescription: Says nothing.\n---\n' "$i" >"s$i/SKILL.md"
done && sha256sum ./*/SKILL.md | sed 's,\./,,' >SHA256SUMS && minisign -S -s ../alice.key -m SHA256SUMS >/dev/null 2>&1 </dev/null)
rules "$id" '  required: true
'
run verify many --trust "$trust"
expect_status 2 "more packages than are identified"
expect_in "$work/out" "trust.yaml was not asked about all packages: too many" "more packages than are identified"
expect_not_in "$work/out" "covered by none" "more packages than are identified"
mv "$trust/trust.yaml" rules.yaml
run verify many --trust "$trust"
expect_status 0 "many packages of whose names nobody asks"
mv rules.yaml "$trust/trust.yaml"
python3 -c '
import json, os
for i in range(300):
    os.makedirs(f"long/p{i}")
    json.dump({"name": "n" * 4000 + str(i), "version": "1.0.0", "main": "i.js", "bin": "i.js"}, open(f"long/p{i}/package.json", "w"))
    open(f"long/p{i}/i.js", "w").write("1")
'
run verify long --trust "$trust"
expect_status 2 "names that are long together"
expect_in "$work/out" "not looked at: their names are longer" "names that are long together"

# Archives that readers read differently: an entry twice, and one that the directory does not have.
python3 - <<'END'
import warnings, zipfile
warnings.simplefilter("ignore")
names = ["SKILL.md", "LICENSE", "SHA256SUMS", "SHA256SUMS.minisig"]
def write(path, first=(), last=()):
    with zipfile.ZipFile(path, "w") as z:
        for name, text in first:
            z.writestr(name, text)
        for name in names:
            z.write("skill/" + name, name)
        for name, text in last:
            z.writestr(name, text)
write("plain.zip")
write("twice.zip", last=[("SKILL.md", "evil")])
write("hidden.zip", [("evil.sh", "evil")])
data = bytearray(open("hidden.zip", "rb").read())
end = data.rindex(b"PK\5\6")
start = int.from_bytes(data[end + 16:end + 20], "little")
size = 46 + len("evil.sh")
del data[start:start + size]
end -= size
for at in (end + 8, end + 10):
    data[at:at + 2] = len(names).to_bytes(2, "little")
data[end + 12:end + 16] = (end - start).to_bytes(4, "little")
open("hidden.zip", "wb").write(bytes(data))
END
run verify plain.zip --trust "$trust"
expect_status 0 "an archive that is signed within"
for name in twice hidden; do
    run verify $name.zip --trust "$trust"
    expect_in "$work/out" "valid-trusted" "$name.zip"
    expect_in "$work/out" "in the archive: " "$name.zip"
    expect_status 2 "$name.zip"
done
# What cannot be read is not covered.
cp -r skill pipes && mkfifo pipes/run.sh
run verify pipes --trust "$trust"
expect_status 2 "a special file"
expect_in "$work/out" "not looked at: " "a special file"

# Another trusted key is not this publisher's.
run trust add mallory.pub --trust "$trust"
(cd skill && minisign -S -s ../mallory.key -m SHA256SUMS >/dev/null 2>&1 </dev/null)
run verify skill --trust "$trust"
expect_status 2 "by somebody else"
expect_in "$work/out" "valid-untrusted" "by somebody else"
expect_in "$work/out" "not among those who may sign weather-now" "by somebody else"
expect_in "$work/out" "unsigned, 0 of 3 files" "by somebody else"

# Of two who signed, one trusted and one not, only the trusted one's files are good.
rules "$id" ''
(cd skill && minisign -S -s ../alice.key -m SKILL.md >/dev/null 2>&1 </dev/null)
run verify skill --trust "$trust"
expect_status 2 "the rest by somebody else"
expect_in "$work/out" "covered by no trusted signature: 2 of 3 files" "the rest by somebody else"
expect_in "$work/out" "  LICENSE" "the rest by somebody else"
expect_not_in "$work/out" "covered by none" "the rest by somebody else"
rm skill/SKILL.md.minisig

# The same key is not good for another name.
rules "$id" ''
(cd skill && minisign -S -s ../alice.key -m SHA256SUMS >/dev/null 2>&1 </dev/null)
sed -i 's/weather-now/clock-now/' skill/SKILL.md
(cd skill && sha256sum SKILL.md LICENSE >SHA256SUMS && minisign -S -s ../alice.key -m SHA256SUMS >/dev/null 2>&1 </dev/null)
run verify skill --trust "$trust"
expect_status 2 "for another package"
expect_in "$work/out" "trusted for other packages only" "for another package"

# Revoked.
printf 'version: 1\nrevoked: [{key: %s, since: 2026-01-01, reason: laptop stolen}]\n' "$id" >"$trust/trust.yaml"
run verify skill --trust "$trust"
expect_status 2 "revoked"
expect_in "$work/out" "revoked on 2026-01-01: laptop stolen" "revoked"
(cd skill && mv SHA256SUMS.minisig kept && minisign -S -s ../mallory.key -m SHA256SUMS >/dev/null 2>&1 </dev/null &&
    cp SHA256SUMS.minisig SHA256SUMS.sig && mv kept SHA256SUMS.minisig)
run verify skill --trust "$trust"
expect_in "$work/out" "valid-trusted" "revoked beside somebody who is trusted"
expect_not_in "$work/out" "covered by" "revoked beside somebody who is trusted"
expect_status 2 "revoked beside somebody who is trusted"
rm skill/SHA256SUMS.sig
run scan skill --trust "$trust"
expect_in "$work/out" "VB-SIGNATURE-REVOKED" "revoked"

# --- names that look like others ---

printf 'version: 1\npublishers:\n- packages: [weather-station, "@stations/*"]\n  signers: [{key: %s}]\n' "$id" >"$trust/trust.yaml"
mkdir other
# named NAME WANTED: a skill of that name is a look-alike of WANTED, or of nothing.
named() {
    printf -- '---\nname: %s\ndescription: Says how the weather is.\n---\nSay it.\n' "$1" >other/SKILL.md
    run scan other --trust "$trust"
    expect_status 0 "a skill called $1"
    if [ -n "$2" ]; then
        expect_in "$work/out" "VB-NAME-LOOKALIKE" "a skill called $1"
        expect_in "$work/out" "looks like $2" "a skill called $1"
    else
        expect_not_in "$work/out" "VB-NAME-LOOKALIKE" "a skill called $1"
    fi
}
named waether-station weather-station
named weatherstation weather-station
named weather-station ''
named weather-stations-de ''
named skillcreator skill-creator
named weather-now ''
rm other/SKILL.md
printf '{"name":"@stationz/x","version":"1.0.0","main":"i.js"}' >other/package.json
echo >other/i.js
run scan other --trust "$trust"
expect_in "$work/out" "looks like @stations/*, which is trusted" "a scope"
printf '{"name":"lodahs","version":"1.0.0","main":"i.js"}' >other/package.json
run scan other --trust "$trust"
expect_in "$work/out" "looks like lodash, which is popular" "a popular name"
printf '{"name":"lodash-es","version":"1.0.0","main":"i.js"}' >other/package.json
run scan other --trust "$trust"
expect_not_in "$work/out" "VB-NAME-LOOKALIKE" "an honest neighbour"
# Who may sign it under its own name is taken for nobody else.
printf '{"name":"lodahs","version":"1.0.0","main":"i.js"}' >other/package.json
printf 'version: 1\npublishers:\n- packages: [lodahs]\n  signers: [{key: %s}]\n' "$id" >"$trust/trust.yaml"
run scan other --trust "$trust"
expect_not_in "$work/out" "VB-NAME-LOOKALIKE" "a name that is trusted"
# Who is called nearly like a publisher of trust.yaml, or one whom everybody knows.
printf 'version: 1\npublishers:\n- packages: [weather-station]\n  publisher: Acme Weather Labs\n  signers: [{key: %s}]\n' "$id" >"$trust/trust.yaml"
# by AUTHOR WANTED: a package whose author AUTHOR, in JSON, looks like WANTED, or like nobody.
by() {
    printf '{"name":"tides","version":"1.0.0","main":"i.js","author":%s}' "$1" >other/package.json
    run scan other --trust "$trust"
    if [ -n "$2" ]; then
        tr -s ' \n' ' ' <"$work/out" >flat # lines are broken
        expect_in flat "VB-NAME-LOOKALIKE" "an author $1"
        expect_in flat "is called nearly like $2" "an author $1"
    else
        expect_not_in "$work/out" "VB-NAME-LOOKALIKE" "an author $1"
    fi
}
by '"Acme Waether Labs <a@example.org> (https://example.org)"' "Acme Weather Labs, who is trusted (swapped)"
by '{"name":"Acme Weahter Labs"}' "Acme Weather Labs, who is trusted (swapped)"
by '"Anthropik"' "Anthropic, who is popular (letters)"
by '"Acme Weather Labs"' ''
by '"acme-weather-labs"' ''
by '"Acme Weather Lab <a@anthropik.example>"' ''
by '"OpenAI"' ''
by '"Marcel"' ''
by '"anthropik@example.org"' ''
# Who signed all of it, and may, is nobody else.
by '"Anthropik"' "Anthropic"
(cd other && sha256sum package.json i.js >SHA256SUMS && minisign -S -s ../alice.key -m SHA256SUMS >/dev/null 2>&1 </dev/null)
printf 'version: 1\npublishers:\n- packages: [tides]\n  signers: [{key: %s}]\n' "$id" >"$trust/trust.yaml"
run scan other --trust "$trust"
expect_not_in "$work/out" "VB-NAME-LOOKALIKE" "an author whose package is signed"
finish
