# CMS signatures, signature blocks of MCP bundles and cosign's, all made with openssl here, and what is wrong
# with each after a change.
. "$2/tests/cli/lib.sh"
needs_boxes
for tool in openssl python3; do
    command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool"; exit 77; }
done
cd "$work" || exit 99
mkdir trust none

# --- authorities and signers ---

root() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.crt" -subj "/CN=$1" \
        -days 400 -addext keyUsage=critical,keyCertSign 2>/dev/null
}
# signer NAME ROOT EKU KEYTYPE [openssl x509 options]
signer() {
    who=$1 by=$2 eku=$3 type=$4
    shift 4
    case $type in
    rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$who.key" 2>/dev/null ;;
    small) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$who.key" 2>/dev/null ;;
    ec) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$who.key" 2>/dev/null ;;
    esac
    printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$eku" >ext
    openssl req -new -key "$who.key" -subj "/CN=$who" -out csr 2>/dev/null
    openssl x509 -req -in csr -CA "$by.crt" -CAkey "$by.key" -CAcreateserial -extfile ext -out "$who.crt" "$@" 2>/dev/null ||
        fail "no certificate for $who"
}
root acme
root mallory
signer anna acme codeSigning rsa -days 100
signer eva acme codeSigning ec -days 100
signer mail acme emailProtection rsa -days 100
signer small acme codeSigning small -days 100
signer evil mallory codeSigning rsa -days 100
# Over since yesterday, which openssl's oldest options cannot say: a day of -1.
signer old acme codeSigning rsa -days -1
cp acme.crt trust/acme.crt

printf 'the content\n' >f
# sign NAME [options]: f.p7s
sign() {
    who=$1
    shift
    openssl cms -sign -binary -in f -signer "$who.crt" -inkey "$who.key" -outform DER -out f.p7s "$@" 2>/dev/null ||
        fail "openssl cms for $who"
}
# expect WANTED WHAT TEXT: verify f
expect() {
    run verify f --trust trust
    expect_status "$1" "$2"
    [ -z "$3" ] || expect_in "$work/out" "$3" "$2"
}

sign anna
expect 0 "RSA" "valid-trusted  cms  f.p7s  anna  sha256:"
run verify f --trust none
expect_status 2 "no root"
expect_in "$work/out" "leads to none in the trust folder" "no root"
expect_not_in "$work/out" "anna" "nobody vouches for the name"
run verify f --key acme.crt --trust none
expect_status 0 "a root by --key"
cp f.p7s good.p7s
sign eva
expect 0 "ECDSA on P-384" "eva"
openssl cms -sign -binary -in f -signer anna.crt -inkey anna.key -outform PEM -out f.p7s 2>/dev/null
expect 0 "PEM" "valid-trusted"
sign anna -signer eva.crt -inkey eva.key
expect 0 "two signers" "valid-trusted"
sign anna -signer evil.crt -inkey evil.key
expect 2 "two signers, one of them a stranger" "valid-untrusted"
sign evil
expect 2 "a stranger's root" "leads to none in the trust folder"
sign evil -certfile mallory.crt
expect 2 "a stranger who brings his root along" "leads to none"
sign mail
expect 2 "a certificate for mail" "not for signing code"
sign old
expect 2 "over" "expired"
sign small
expect 2 "a key of 1024 bits" "valid-untrusted"
sign anna -md sha1
expect 1 "SHA-1" "its digest is not"
sign anna -noattr
expect 1 "no signed attributes" "signed attributes"
sign anna -nocerts
expect 2 "no certificate" "present-unverifiable"
sign anna -nodetach
expect 2 "the content inside" "holds what it signs"
sign anna -econtent_type pkcs7-encryptedData
expect 2 "of another type of content" "something else"
cat >trust/trust.yaml <<'END'
version: 1
publishers:
- packages: ['*']
  signers: [{root: acme}]
revoked: [{root: mallory, since: 2020-01-01, reason: x}]
END
cp good.p7s f.p7s
run verify f --trust trust
expect_status 78 "a revoked root that is not there"
cp mallory.crt trust/mallory.crt
expect 0 "a root that trust.yaml names" "valid-trusted"
sed -i 's/root: mallory/root: acme/' trust/trust.yaml
expect 2 "a root that is revoked" "revoked on 2020-01-01"
rm trust/trust.yaml trust/mallory.crt

# --- a bit of each part, and each length ---

cat >mutate.py <<'END'
import sys
raw = bytearray(open(sys.argv[1], "rb").read())
exec(sys.argv[2])
open(sys.argv[3], "wb").write(bytes(raw))
END
size=$(stat -c %s good.p7s)
kept=0
for at in 0 4 20 30 45 60 $((size / 4)) $((size / 2)) $((size * 2 / 3)) $((size - 400)) $((size - 300)) \
    $((size - 270)) $((size - 100)) $((size - 1)); do
    python3 mutate.py good.p7s "raw[$at] ^= 1" f.p7s
    run verify f --trust trust
    # A flipped bit of a certificate's own signature, or of its names, takes its trust; never is it trusted.
    [ "$status" -eq 0 ] && fail "trusted with a flipped bit at $at"
    [ "$status" -gt 2 ] && fail "status $status with a flipped bit at $at"
    kept=$((kept + 1))
done
[ "$kept" -eq 14 ] || fail "only $kept flipped bits"
for code in 'del raw[-1:]' 'del raw[100:]' 'raw += b"\0"' 'raw[:] = raw * 2' 'raw[:] = b"\x30\x80"'; do
    python3 mutate.py good.p7s "$code" f.p7s
    run verify f --trust trust
    [ "$status" -eq 0 ] && fail "trusted after $code"
done
cp good.p7s f.p7s
for code in 'raw += b"x"' 'del raw[-1:]' 'raw[0] ^= 1'; do
    cp f f.kept
    python3 mutate.py f.kept "$code" f
    expect 1 "the file after $code" "not of this file"
    cp f.kept f
done
# A signature needs none, but what a shell would do in one of nobody's does.
mkdir folder
cp f f.p7s folder
run verify folder --trust trust
expect_status 0 "a folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout words.key -out words.crt -days 30 -subj '/CN=words/O=
.\/run this.txt
' 2>/dev/null || fail "a certificate with a command"
openssl cms -sign -binary -in f -signer words.crt -inkey words.key -outform DER -out folder/more.p7s 2>/dev/null
run verify folder --trust trust
expect_status 2 "a command in a certificate"
expect_in "$work/out" "covered by none: 1 of 2 files" "a command in a certificate"
rm -r folder
rm f.p7s

# --- cosign ---

for type in ec rsa; do
    openssl pkey -in "$([ $type = ec ] && echo eva || echo anna).key" -pubout -out cosign-$type.pub
    openssl dgst -sha256 -sign "$([ $type = ec ] && echo eva || echo anna).key" -out raw.sig f
    base64 -w0 raw.sig >f.sig
    run verify f --key cosign-$type.pub --trust none
    expect_status 0 "cosign, $type"
    expect_in "$work/out" "valid-trusted  cosign  f.sig" "cosign, $type"
    run verify f --trust none
    expect_status 2 "cosign without the key, $type"
    for at in 0 8 -1; do
        python3 mutate.py raw.sig "raw[$at] ^= 1" changed.sig
        base64 -w0 changed.sig >f.sig
        run verify f --key cosign-$type.pub --trust none
        expect_status 2 "cosign, $type, a flipped bit at $at"
    done
    base64 -w0 raw.sig >f.sig
    echo >>f
    run verify f --key cosign-$type.pub --trust none
    expect_status 2 "cosign, $type, another file"
    printf 'the content\n' >f
    { base64 -w0 raw.sig; echo; echo more; } >f.sig
    run verify f --key cosign-$type.pub --trust none
    expect_status 2 "cosign, $type, something behind it"
    openssl dgst -sha1 -sign "$([ $type = ec ] && echo eva || echo anna).key" -out weak.sig f
    base64 -w0 weak.sig >f.sig
    run verify f --key cosign-$type.pub --trust none
    expect_status 2 "cosign, $type, SHA-1"
done
openssl genpkey -algorithm ed25519 -out ed.key 2>/dev/null
openssl pkey -in ed.key -pubout -out ed.pub
openssl pkeyutl -sign -rawin -inkey ed.key -in f -out raw.sig
base64 -w0 raw.sig >f.sig
run verify f --key ed.pub --trust none
expect_status 0 "cosign, Ed25519"
rm f.sig

# --- MCP bundles ---

printf '{"manifest_version":"0.2","name":"weather-now","version":"1.0.0","description":"d","author":{"name":"a"},"server":{"type":"node","entry_point":"server/index.js","mcp_config":{"command":"node","args":["${__dirname}/server/index.js"]}}}' >manifest.json
mkdir server
echo 'process.exit(0)' >server/index.js
python3 -m zipfile -c plain.zip manifest.json server
# block [openssl cms options]: b.mcpb, signed
block() {
    openssl cms -sign -binary -in plain.zip -outform DER -out block.der "$@" 2>/dev/null || fail "openssl cms $*"
    python3 - <<'END'
cms = open("block.der", "rb").read()
open("b.mcpb", "wb").write(open("plain.zip", "rb").read() + b"MCPB_SIG_V1" + len(cms).to_bytes(4, "little") + cms + b"MCPB_SIG_END")
END
}
block -signer anna.crt -inkey anna.key
cp b.mcpb good.mcpb
run verify b.mcpb --trust trust
expect_status 0 "a bundle"
expect_in "$work/out" "valid-trusted  mcpb  b.mcpb  anna" "a bundle"
expect_not_in "$work/out" "covered by none" "a bundle"
printf 'version: 1\npublishers:\n- packages: [weather-now]\n  signers: [{root: acme}]\n  required: true\n' >trust/trust.yaml
run verify b.mcpb --trust trust
expect_status 0 "a bundle that must be signed"
run scan b.mcpb --trust trust --format json
expect_in "$work/out" "anna (mcpb, covers 2 of 2 files)" "a bundle that must be signed"
expect_not_in "$work/out" "VB-SIGNATURE" "a bundle that must be signed"
rm trust/trust.yaml
mkdir -p folder && cp b.mcpb folder/
run verify folder --trust trust
expect_status 0 "a bundle in a folder"
expect_not_in "$work/out" "covered by none" "a bundle in a folder"

# Longer than what is read of its end.
cp plain.zip kept.zip
head -c 200000 /dev/urandom >server/data.bin
python3 -m zipfile -c plain.zip manifest.json server
block -signer anna.crt -inkey anna.key
run verify b.mcpb --trust trust
expect_status 0 "a large bundle"
expect_in "$work/out" "valid-trusted  mcpb  b.mcpb  anna" "a large bundle"
python3 mutate.py b.mcpb 'raw[100000] ^= 1' c.mcpb
run verify c.mcpb --trust trust
expect_status 1 "a large bundle that was changed"
rm server/data.bin c.mcpb
mv kept.zip plain.zip

# Certificates of the CMS are not signed. A whole archive in one of them, whose comment reaches the end of the
# file, is what unpackers find; a mark alone is as bad, and other bytes in its place are not.
mkdir evil
echo 'process.exit(1)' >evil/pwn.js
python3 -m zipfile -c evil.zip evil
printf '1.2.3.4=DER:%s\n' "$(od -An -v -tx1 evil.zip | tr -d ' \n')" >ext
openssl req -new -key eva.key -subj /CN=x -out csr 2>/dev/null
openssl x509 -req -in csr -signkey eva.key -extfile ext -out carrier.crt 2>/dev/null || fail "no certificate with an archive"
block -signer anna.crt -inkey anna.key -certfile carrier.crt
cp b.mcpb carrier.mcpb
python3 mutate.py carrier.mcpb 'at = raw.rindex(b"PK\5\6"); raw[at + 20:at + 22] = (len(raw) - at - 22).to_bytes(2, "little")' b.mcpb
python3 -m zipfile -l b.mcpb >listed
expect_in listed "pwn.js" "Python finds the forged archive"
run verify b.mcpb --trust trust
expect_status 1 "an archive in the signature block"
expect_in "$work/out" "an archive stands in the signature block" "an archive in the signature block"
for code in '5\6' '6\6' '6\7' '1\2' '3\4' ab; do
    [ "$code" = ab ] && mark="PKab" || mark="PK\\$code"
    python3 mutate.py carrier.mcpb "import re; size = len(raw); at = raw.rindex(b'MCPB_SIG_V1'); raw[at:] = re.sub(rb'PK[\\1-\\6]', b'xxx', bytes(raw[at:])); at = raw.index(b'xxx', at); raw[at:at + 4] = b'$mark'" b.mcpb
    run verify b.mcpb --trust trust
    [ "$code" = ab ] && expect_status 0 "no mark in a certificate" || expect_status 1 "$mark in a certificate"
done
# A bundle named as if it signed a list of digests signs no list.
mkdir list
printf 'echo evil\n' >list/x.sh
(cd list && sha256sum x.sh >SHA256SUMS)
cp good.mcpb list/SHA256SUMS.mcpb
run verify list --trust trust
expect_in "$work/out" "valid-trusted  mcpb  SHA256SUMS.mcpb" "a bundle beside a list"
expect_in "$work/out" "  x.sh" "a bundle beside a list covers nothing that the list names"
printf '0000000000000000000000000000000000000000000000000000000000000000  x.sh\n' >list/SHA256SUMS
run verify list --trust trust
expect_in "$work/out" "valid-trusted  mcpb  SHA256SUMS.mcpb" "nor is it broken by the list"

# changed WANTED CODE: the bundle after a change; 3 is "not trusted"
changed() {
    python3 mutate.py good.mcpb "size = len(raw); start = raw.rindex(b'MCPB_SIG_V1'); $2" b.mcpb
    run verify b.mcpb --trust trust
    if [ "$1" -eq 3 ]; then
        [ "$status" -eq 0 ] && fail "trusted after $2"
    else
        expect_status "$1" "bundle: $2"
    fi
}
changed 1 'raw[40] ^= 1'
changed 1 'raw[start - 1] ^= 1'
changed 1 'raw[start - 30] ^= 1'
changed 1 'raw += b"PK"'
changed 1 'raw += b"MCPB_SIG_END"'
changed 1 'raw[start + 11] ^= 1'
changed 1 'raw[start + 14] = 255'
changed 1 'raw[start] ^= 1'
changed 1 'del raw[start + 100]'
changed 1 'raw[start:start] = b"\0" * 5'
changed 1 'del raw[:start - 10]'
changed 1 'raw[start + 15:] = b"MCPB_SIG_END"; raw[start + 11:start + 15] = b"\0\0\0\0"'
changed 2 'del raw[start:]'
changed 1 'raw[-1] ^= 1'
changed 1 'raw += b"xMCPB_SIG_ENDx"'
changed 1 'raw += b"x" * 100000'
changed 1 'raw += b"MCPB_SIG_V1\0\0\0\0MCPB_SIG_END" + b"x" * 100000'
changed 1 'raw += open("evil.zip", "rb").read() + b"MCPB_SIG_END" * 2 + b"."'
# The archive has a comment.
changed 1 'raw[start - 2:start] = b"\1\0"; raw[start:start] = b"c"; raw += b"MCPB_SIG_ENDx"'
changed 3 'raw[-13] ^= 1'
changed 3 'raw[-1] ^= 1'
changed 3 'raw[start + 200] ^= 1'
changed 3 'raw[start + 600] ^= 1'
# What an ordinary archive holds by chance signs nothing and breaks nothing: a bundle in it, the marks, a text that
# speaks of them.
cat >ordinary.py <<'END'
import zipfile
bundle = open("good.mcpb", "rb").read()
with zipfile.ZipFile("b.mcpb", "w") as z:
    z.write("manifest.json")
    z.writestr("inner.bin", bundle)
    z.writestr("marks.txt", "MCPB_SIG_V1\0\0\0\0MCPB_SIG_END PK\5\6 MCPB_SIG_V1" * 3000)
    z.writestr("more.bin", bundle + b"x" * 70000)
    z.writestr("last.txt", "MCPB_SIG_V1 ... MCPB_SIG_END")
END
python3 ordinary.py
run verify b.mcpb --trust trust
expect_status 2 "an ordinary archive with marks"
expect_in "$work/out" "no signature" "an ordinary archive with marks"
# The block of one bundle under another.
cp plain.zip kept.zip
python3 -m zipfile -c plain.zip manifest.json server mutate.py
changed 1 'raw[:start] = open("plain.zip", "rb").read()'
cp kept.zip plain.zip
python3 -m zipfile -c plain.zip manifest.json
changed 1 'raw[:start] = open("plain.zip", "rb").read()'
cp kept.zip plain.zip
for options in '-signer evil.crt -inkey evil.key' '-signer mail.crt -inkey mail.key' '-signer old.crt -inkey old.key' \
    '-signer anna.crt -inkey anna.key -nocerts'; do
    # shellcheck disable=SC2086 # several options
    block $options
    run verify b.mcpb --trust trust
    expect_status 2 "bundle with $options"
done
for options in '-md sha1' '-noattr' '-nodetach'; do
    # shellcheck disable=SC2086
    block -signer anna.crt -inkey anna.key $options
    run verify b.mcpb --trust trust
    expect_status 1 "bundle with $options"
done
finish
