# Signed reports, held against openssl on both sides, and signatures that lie beside a file.
. "$2/tests/cli/lib.sh"
needs_boxes
for tool in openssl minisign ssh-keygen python3; do
    command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool"; exit 77; }
done
cd "$work" || exit 99
mkdir trust none skill
printf -- '---\nname: weather-now\ndescription: Says how the weather is.\n---\nSay it.\n' >skill/SKILL.md
openssl genpkey -algorithm ed25519 -out ed.key 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
openssl genpkey -algorithm ed25519 -aes256 -pass pass:x -out locked.key 2>/dev/null
for name in ed ec rsa; do openssl pkey -in $name.key -pubout -out $name.pub; done

cat >dsse.py <<'END'
"""dsse.py pae ENVELOPE: what was signed, and its signature into pae.sig. dsse.py make TYPE PAYLOAD SIG:
an envelope of these. dsse.py set ENVELOPE CODE: changes it."""
import base64, json, sys
def pae(kind, body):
    kind = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)
action, rest = sys.argv[1], sys.argv[2:]
if action == "pae":
    e = json.load(open(rest[0]))
    assert list(e) == ["payload", "payloadType", "signatures"] and len(e["signatures"]) == 1, e
    open("pae.sig", "wb").write(base64.b64decode(e["signatures"][0]["sig"], validate=True))
    open("payload", "wb").write(base64.b64decode(e["payload"], validate=True))
    sys.stdout.buffer.write(pae(e["payloadType"], base64.b64decode(e["payload"])))
elif action == "bytes":
    sys.stdout.buffer.write(pae(rest[0], open(rest[1], "rb").read()))
elif action == "make":
    print(json.dumps({"payloadType": rest[0], "payload": base64.b64encode(open(rest[1], "rb").read()).decode(),
                      "signatures": [{"sig": base64.b64encode(open(rest[2], "rb").read()).decode()}]}))
else:
    e = json.load(open(rest[0]))
    s = e["signatures"][0]
    def flip(text, at):
        raw = bytearray(base64.b64decode(text)); raw[at] ^= 1
        return base64.b64encode(bytes(raw)).decode()
    exec(rest[1])
    print(json.dumps(e))
END

# --- our signature, their check ---

run scan skill --format json -o plain.json --trust none
for name in ed ec; do
    run scan skill --format json -o $name.dsse --sign $name.key --trust none
    expect_status 0 "scan with --sign $name.key"
    python3 dsse.py pae $name.dsse >pae || fail "the envelope of $name"
    if [ $name = ed ]; then
        openssl pkeyutl -verify -pubin -inkey ed.pub -rawin -in pae -sigfile pae.sig >/dev/null || fail "openssl: ed25519"
    else
        openssl dgst -sha256 -verify ec.pub -signature pae.sig pae >/dev/null || fail "openssl: P-256"
    fi
    python3 -c 'import json, sys; a, b = (json.load(open(f)) for f in sys.argv[1:]); assert a["verdict"] == b["verdict"]' payload plain.json ||
        fail "the payload of $name is the report"
    run verify $name.dsse --key $name.pub --trust none
    expect_status 0 "verify --key $name.pub"
    expect_in "$work/out" "valid-trusted  dsse  $name.dsse  $name.pub  sha256:" "verify --key $name.pub"
    expect_in "$work/out" "application/vnd.vetbox.report+json" "verify --key $name.pub"
    run verify $name.dsse --trust none
    expect_status 2 "verify without the key"
    expect_in "$work/out" "present-unverifiable" "verify without the key"
done
run trust add ed.pub --trust trust
run verify ed.dsse --trust trust
expect_status 0 "verify with a key of the folder"
run verify ed.dsse --key ec.pub --trust none
expect_status 2 "verify with another key"
cp ed.dsse report.json
run verify report.json --trust trust
expect_status 0 "under any name"
run scan skill --report text=r.txt --sign ed.key --trust none
expect_status 0 "scan with a signed text report"
expect_in "$work/out" "weather-now" "what goes to the terminal stays a report"
expect_in r.txt '"payloadType":"text/plain; charset=utf-8"' "a signed text report"
run verify r.txt --trust trust
expect_status 0 "verify a signed text report"

for key in rsa.key ed.pub locked.key none /dev/null missing; do
    run scan skill -o x --sign "$key" --trust none
    expect_error "--sign $key"
    [ -e x ] && fail "--sign $key leaves a file"
done
run scan skill --sign ed.key --trust none
expect_error "--sign without a file"

# --- what was changed ---

while IFS='|' read -r wanted code; do
    python3 dsse.py set ed.dsse "$code" >changed.dsse || fail "$code"
    run verify changed.dsse --trust trust
    expect_status "$wanted" "$code"
done <<'END'
1|e["payload"] = flip(e["payload"], 5)
1|e["payload"] = flip(e["payload"], -1)
1|e["payload"] = ""
1|e["payload"] = e["payload"] + "!"
1|e["payloadType"] = "text/plain"
1|e["payloadType"] = e["payloadType"] + " "
1|del e["payloadType"]
1|s["sig"] = flip(s["sig"], 0)
1|s["sig"] = flip(s["sig"], 63)
1|s["sig"] = ""
1|s["sig"] = s["sig"] * 2
1|del s["sig"]
1|e["signatures"] = []
1|e["signatures"] = "x"
1|e["signatures"] = [s] * 9
2|s["keyid"] = "other"; s["sig"] = flip(s["sig"], 1)
0|s["keyid"] = "other"
0|del s["keyid"]
0|e["signatures"].insert(0, {"keyid": "stranger", "sig": flip(s["sig"], 3)})
END
head -c 300 ed.dsse >changed.dsse
run verify changed.dsse --trust trust
expect_status 1 "cut off"
{ cat ed.dsse; echo '{}'; } >changed.dsse
run verify changed.dsse --trust trust
expect_status 1 "something behind it"
sed 's/^{/{"payload":"eA==",/' ed.dsse >changed.dsse
run verify changed.dsse --trust trust
expect_status 1 "a key that stands twice"

# --- their signature, our check: an attestation of a file ---

echo content >artifact.bin
statement() {
    printf '{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"%s"}}],"predicateType":"%s","predicate":{}}' "$1" "${2:-https://slsa.dev/provenance/v1}" >statement
    python3 dsse.py bytes application/vnd.in-toto+json statement >pae
    openssl pkeyutl -sign -inkey ed.key -rawin -in pae -out pae.sig
    python3 dsse.py make application/vnd.in-toto+json statement pae.sig >artifact.bin.intoto.json
}
statement "$(sha256sum <artifact.bin | cut -d' ' -f1)"
run verify artifact.bin --trust trust
expect_status 0 "an attestation by openssl"
expect_in "$work/out" "valid-trusted  dsse  artifact.bin.intoto.json" "an attestation by openssl"
# A report about the file is no signature of it.
statement "$(sha256sum <artifact.bin | cut -d' ' -f1)" https://in-toto.io/attestation/vulns/v0.2
run verify artifact.bin --trust trust
expect_status 2 "a report about a file"
expect_in "$work/out" "does not sign the file it is about" "a report about a file"
expect_in "$work/out" "covered by none: 1 of 1 files" "a report about a file"
# Members beside the signed ones are signed by nobody.
mkdir more
sed 's/^{/{"hooks":{},/' artifact.bin.intoto.json >more/x.intoto.json
run verify more --trust trust
expect_status 2 "an envelope with more in it"
expect_in "$work/out" "covered by none: 1 of 1 files" "an envelope with more in it"
echo more >>artifact.bin
run verify artifact.bin --trust trust
expect_status 1 "an attestation of another file"
expect_in "$work/out" "not about artifact.bin" "an attestation of another file"
printf x >statement
python3 dsse.py bytes application/vnd.in-toto+json statement >pae
openssl pkeyutl -sign -inkey ed.key -rawin -in pae -out pae.sig
python3 dsse.py make application/vnd.in-toto+json statement pae.sig >artifact.bin.intoto.json
run verify artifact.bin --trust trust
expect_status 1 "a signed statement that is none"
rm artifact.bin.intoto.json

# An envelope of something else, named as if it signed a list of digests, signs no list.
mkdir list
printf 'echo evil\n' >list/x.sh
(cd list && sha256sum x.sh >SHA256SUMS)
cp ed.dsse list/SHA256SUMS.dsse
run verify list --trust trust
expect_in "$work/out" "valid-trusted  dsse  SHA256SUMS.dsse" "an envelope beside a list"
expect_in "$work/out" "  x.sh" "an envelope beside a list covers nothing that the list names"

# --- signatures beside an archive ---

minisign -G -W -p alice.pub -s alice.key >/dev/null 2>&1
ssh-keygen -q -t ed25519 -N '' -f carol
run trust add alice.pub --trust trust
run trust add carol.pub --principal carol@example.org --trust trust
(cd skill && python3 -m zipfile -c ../skill.zip SKILL.md)
run verify skill.zip --trust trust
expect_status 2 "nothing beside it"
minisign -S -s alice.key -m skill.zip >/dev/null 2>&1 </dev/null
run verify skill.zip --trust trust
expect_status 0 "minisign beside it"
expect_in "$work/out" "valid-trusted  minisign  skill.zip.minisig  alice" "minisign beside it"
expect_not_in "$work/out" "covered by none" "it covers all that is in it"
run verify skill.zip --key alice.pub --trust none
expect_status 0 "minisign beside it, --key"
ssh-keygen -q -Y sign -f carol -n file skill.zip 2>/dev/null
run verify skill.zip --trust trust
expect_status 0 "two beside it"
expect_in "$work/out" "carol@example.org" "two beside it"
run scan skill.zip --format json --trust trust
expect_in "$work/out" "alice (minisign, covers 1 of 1 file) in skill.zip.minisig" "scan sees them too"
printf 'version: 1\npublishers:\n- packages: [weather-now]\n  signers: [{key: %s}]\n  required: true\n' "$(run trust list --trust trust; awk '/minisign/ {print $4}' out)" >trust/trust.yaml
run verify skill.zip --trust trust
expect_status 0 "what is signed beside it is signed as trust.yaml wants"
run scan skill.zip --trust trust
expect_not_in "$work/out" "VB-SIGNATURE-MISSING" "what is signed beside it is signed as trust.yaml wants"
rm trust/trust.yaml
(cd skill && echo >>SKILL.md && python3 -m zipfile -c ../skill.zip SKILL.md)
run verify skill.zip --trust trust
expect_status 1 "the archive was changed"
run scan skill.zip --trust trust
expect_in "$work/out" "VB-SIGNATURE-INVALID" "the archive was changed"
finish
