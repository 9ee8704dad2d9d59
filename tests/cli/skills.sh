# Skills that a site publishes by an index of its own, from a server with TLS on loopback.
. "$2/tests/cli/lib.sh"

command -v openssl >/dev/null || { echo "SKIPPED: no openssl, which makes the site's certificate"; exit 77; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$work/key" -out "$work/ca" 2>/dev/null
cat "$work/ca" "$work/key" >"$work/both"
chmod 711 "$work"; chmod 644 "$work/ca" # who fetches is another user
export REGISTRY_TLS="$work/both"
start_registry
export SSL_CERT_FILE="$work/ca"
site=skills:localhost:$port/site

while read -r reference wanted why; do
    run scan "$reference"
    expect_status "$wanted" "$reference"
    cat "$work/out" "$work/err" >"$work/said"
    expect_in "$work/said" "$why" "$reference"
done <<END
$site@sorter 0 Package   sorter
$site@joiner 0 Package   joiner
$site/one 0 Package   sorter
$site/one@sorter 0 Package   sorter
$site 64 name one of its skills, as in skills:HOST@NAME: sorter, joiner, bent, near
$site@other 66 the index has no skill other, but sorter, joiner
$site@bent 65 another digest
$site@near 69 its address is loopback
$site/none 66 there is none
$site/old 65 no address and SHA-256 digest
$site/nothing 66 the site publishes no index of skills
$site/../x 64 is no site
END
stop_registry
finish
