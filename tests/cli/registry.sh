# What an index says of its packages: signatures, keys, attestations, digests, a wheel's RECORD.
. "$2/tests/cli/lib.sh"

for tool in python3 openssl; do
    command -v $tool >/dev/null || { echo "SKIPPED: no $tool, which is the index"; exit 77; }
done
mkdir "$work/keys" "$work/trust" "$work/nobody"
mkfifo "$work/input" "$work/port"
python3 "$source_dir/tests/live/registry.py" "$work/requests" "$work/keys" <"$work/input" >"$work/port" &
exec 3>"$work/input"
read -r port <"$work/port"
base="http://127.0.0.1:$port"
export npm_config_userconfig="$work/npmrc" PIP_CONFIG_FILE="$work/pip.conf"
unset npm_config_registry PIP_INDEX_URL
printf 'registry = %s/npm/\n' "$base" >"$npm_config_userconfig"
printf '[global]\nindex-url = %s/simple\n' "$base" >"$PIP_CONFIG_FILE"
cp "$work/keys/registry.pub" "$work/trust/acme-registry.pub"

# A registry that does not show its keys costs seconds and no verdict.
begun=$(date +%s)
printf 'registry = %s/slow/\n' "$base" >"$work/slow"
(
    npm_config_userconfig="$work/slow" "$vetbox" scan npm:sealed --trust "$work/trust" >"$work/slow.out" 2>&1
    echo $? $(($(date +%s) - begun)) >"$work/slow.status"
) &
slow=$!

# told REFERENCE TRUST EVENT: the events of that kind, as "key=value …" of what matters of them.
told() {
    rm -rf "$work/evidence"
    run scan "$1" --trust "$work/$2" --evidence "$work/evidence"
    [ "$status" -le 2 ] || fail "$1: status $status: $(cat "$work/err")"
    python3 - "$work/evidence/events.jsonl" "$3" >"$work/told" <<'END'
import json, sys
KEYS = ("format", "outcome", "where", "name", "what", "code", "count", "present", "paths", "reason")
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event.get("kind", event.get("event")) == sys.argv[2]:
        print(" ".join(f"{k}={event[k]}" for k in KEYS if k in event))
END
}

# Each row: reference, trust folder, what its one signature is.
while read -r reference trust wanted; do
    told "$reference" "$trust" signature.result
    [ "$(wc -l <"$work/told")" -eq 1 ] || fail "$reference: not one signature: $(cat "$work/told")"
    expect_in "$work/told" "$wanted" "$reference"
    expect_in "$work/told" "where=index" "$reference"
done <<'END'
npm:sealed nobody outcome=valid-untrusted where=index count=2 present=2 reason=the registry's own key, not in the trust folder
npm:sealed trust outcome=valid-trusted where=index name=acme-registry count=2
npm:forged nobody outcome=invalid
npm:forged trust outcome=invalid where=index reason=the signature is not of this name, version and digest
npm:unkeyed trust outcome=present-unverifiable
npm:stale nobody outcome=valid-untrusted where=index count=2 present=2 reason=published on 2025-06-01, and the registry's key ended on 2025-01-29
npm:aged nobody outcome=valid-untrusted where=index count=2 present=2 reason=the registry's own key
npm:replayed@1.0.0 nobody outcome=valid-untrusted
npm:replayed@2.0.0 nobody outcome=invalid
pypi:vouched nobody format=pypi-attestation outcome=invalid
END

# What is usual of an index is no finding, what does not hold is one.
run scan npm:sealed --trust "$work/nobody"
expect_not_in "$work/out" "VB-SIGNATURE" "the registry's own key"
run scan npm:unkeyed --trust "$work/nobody"
expect_not_in "$work/out" "VB-SIGNATURE" "a key that nobody has"
run scan npm:replayed@2.0.0 --trust "$work/nobody"
expect_in "$work/out" "VB-SIGNATURE-INVALID" "another version's signature"

# verify says so by its status: trusted, neither, or it does not hold.
while read -r reference trust wanted; do
    run verify "$reference" --trust "$work/$trust"
    expect_status "$wanted" "verify $reference"
done <<'END'
npm:sealed trust 0
npm:sealed nobody 2
pkg:npm/sealed@1.0.0 trust 0
npm:forged trust 1
npm:stale trust 2
END

# The registry's attestation of the publication, by its key; the address in the packument is not asked.
told npm:attested nobody signature.result
expect_in "$work/told" "format=npm-publish outcome=valid-untrusted" "an attestation"
told npm:attested trust signature.result
expect_in "$work/told" "format=npm-publish outcome=valid-trusted where=index name=acme-registry" "an attestation"
grep -q '^/npm/-/npm/v1/attestations/attested@1.0.0$' "$work/requests" || fail "the registry was not asked for attestations"

# The long packument is asked for only where a key ends; keys only where something is signed.
[ "$(grep -c '^/npm/sealed$' "$work/requests")" -eq 6 ] || fail "sealed was asked for otherwise than once a run"
[ "$(grep -c '^/npm/stale$' "$work/requests")" -eq 4 ] || fail "when stale was published was not asked"

# Digests, those of the child's own reading.
told npm:sealed nobody fetch.digest
[ "$(cat "$work/told")" = "$(printf 'outcome=holds name=sealed-1.0.0.tgz what=sha512\noutcome=holds name=sealed-1.0.0.tgz what=sha1')" ] ||
    fail "digests of npm: $(cat "$work/told")"
told pypi:alpha nobody fetch.digest
expect_in "$work/told" "outcome=holds name=alpha-1.0-py3-none-any.whl what=sha256" "the digest of PyPI"

# RECORD.
told pypi:alpha nobody signature.list
[ "$(cat "$work/told")" = "format=wheel-record code=fits count=3 present=3" ] || fail "RECORD: $(cat "$work/told")"
told pypi:vouched nobody signature.list
expect_in "$work/told" "code=differing count=3 present=3" "a RECORD of something else"
told pypi:alpha nobody signature.result
[ -s "$work/told" ] && fail "a RECORD was taken for a signature"

# What does not come is no error.
told pypi:unheard nobody signature.result
[ -s "$work/told" ] && fail "a provenance that is not there: $(cat "$work/told")"

# What the index said is kept as it was verified, with nobody's password; of a file there is nothing to keep.
kept() {
    python3 - "$work/evidence/record.json" "$base" "$@" <<'END' || fail "what is kept of $*"
import json, sys
path, base, index, name = sys.argv[1:]
record = json.load(open(path))
assert record["index"] == index and record["name"] == name and record["version"].startswith("1.0"), record
assert record["registry"] == base + ("/npm/" if index == "npm" else "/simple/"), record["registry"]
if index == "npm":
    assert record["signatures"][0]["sig"] and record["keys"]["keys"] and record["integrity"], record
else:
    assert record["provenance"]["attestation_bundles"] and record["sha256"], record
assert "secret" not in open(path).read()
END
}
told npm:sealed trust signature.result
kept npm sealed
cp "$PIP_CONFIG_FILE" "$work/plain"
printf '[global]\nindex-url = http://me:secret@%s/simple\n' "${base#http://}" >"$PIP_CONFIG_FILE"
told pypi:vouched nobody signature.result
kept pypi vouched
cp "$work/plain" "$PIP_CONFIG_FILE"
rm -rf "$work/evidence"
printf -- '---\nname: x\ndescription: y\n---\n' >"$work/SKILL.md"
run scan "$work/SKILL.md" --evidence "$work/evidence"
[ ! -e "$work/evidence/record.json" ] || fail "a record without an index"

# Rows of trust.yaml for one registry.
cp -r "$work/trust" "$work/rows"
key=sha256:$(openssl pkey -pubin -in "$work/keys/registry.pub" -outform DER | sha256sum | cut -d' ' -f1)
rows() {
    printf 'version: 1\npublishers:\n- packages: [sealed]\n  registry: %s\n  signers: [{key: "%s"}]\n' "$1" "$key" >"$work/rows/trust.yaml"
}
rows "$base/npm"
told npm:sealed rows signature.result
expect_in "$work/told" "outcome=valid-trusted" "from the registry of its row"
rows https://npm.acme.example/
told npm:sealed rows signature.result
expect_in "$work/told" "outcome=valid-untrusted" "from another registry"
expect_in "$work/told" "code=other-registry" "from another registry"

printf 'registry = %s/bare/\n' "$base" >"$npm_config_userconfig"
told npm:sealed nobody signature.result
expect_in "$work/told" "outcome=present-unverifiable" "no keys"
expect_in "$work/told" "the registry gave none" "no keys"
told npm:sealed trust signature.result
expect_in "$work/told" "outcome=valid-trusted" "no keys, but in the trust folder"

wait $slow
read -r code seconds <"$work/slow.status"
[ "$code" -le 2 ] || fail "a slow registry: status $code: $(cat "$work/slow.out")"
[ "$seconds" -le 30 ] || fail "a slow registry took $seconds seconds"
expect_in "$work/slow.out" "valid-trusted: acme-registry" "a slow registry"

exec 3>&-
wait
finish
