# What runs send lies in network.pcapng, which tshark opens by itself: names, TLS and what is in it.
. "$2/tests/cli/lib.sh"
needs_boxes

record() {
    rm -rf "$work/evidence"
    "$vetbox" run --timeout 30 --evidence "$work/evidence" -- bash -c "$1" \
        >"$work/out" 2>"$work/err" </dev/null
    status=$?
}
capture="$work/evidence/network.pcapng"

# Who sends nothing leaves no capture, and no run without evidence anywhere else.
record 'echo quiet'
expect_status 0 "a run without a network"
[ ! -e "$capture" ] || fail "a capture of nothing"

# Without a network: refused, told, recorded; no name of another network is known.
run run --net none --evidence "$work/none" -- \
    sh -c 'curl -sS https://api.shop.example/; curl -sS http://203.0.113.9/; true'
expect_status 0 "--net none"
expect_in "$work/err" "Could not resolve host: api.shop.example" "--net none"
expect_in "$work/err" "Failed to connect to 203.0.113.9" "--net none"
grep -q '"net.connect".*"203.0.113.9"' "$work/none/events.jsonl" || fail "--net none: an attempt is not recorded"
grep -q '"world.answer".*"api.shop.example".*"failed"' "$work/none/events.jsonl" ||
    fail "--net none: a name is not recorded"
# Captured answers come first, whichever version of HTTP asks, and the world answers the rest.
mkdir -p "$work/captured/files.shop.example"
echo 'echo from the capture' >"$work/captured/files.shop.example/install.sh"
cat >"$work/captured/one.har" <<'END'
{"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": [
  {"request": {"method": "POST", "url": "https://api.shop.example/login"},
   "response": {"status": 401, "headers": [{"name": "X-Captured", "value": "yes"}],
                "content": {"mimeType": "text/plain", "text": "bm90IHlvdQ==", "encoding": "base64"}}}]}}
END
run run --net "replay:$work/captured" --evidence "$work/replayed" -- bash -c '
    curl -s https://files.shop.example/install.sh | bash
    curl -sS -i -d user=1 https://api.shop.example/login
    curl -sS -i --http1.1 -d user=1 https://api.shop.example/login
    curl -s -o /dev/null -w "other %{http_code}\n" https://elsewhere.example/x'
expect_status 0 "--net replay"
expect_in "$work/out" "from the capture" "a captured script"
expect_in "$work/out" "not you" "a captured body in base64"
expect_in "$work/out" "HTTP/2 401" "a captured status"
expect_in "$work/out" "HTTP/1.1 401" "a captured status"
expect_in "$work/out" "other 200" "what was not captured"
grep -qi "^x-captured: yes" "$work/out" || fail "no captured header"
grep -q '"world.response".*"rule":"replay"' "$work/replayed/events.jsonl" || fail "no event of a captured answer"
grep -q '"sandbox.layer".*2 captured answers' "$work/replayed/events.jsonl" || fail "no event of the captured answers"
run vet --net "replay:$work/nothing" "$source_dir/examples/weather-skill"
expect_error "captured answers that are not there"
run vet --net replay: "$source_dir/examples/weather-skill"
expect_error "--net replay without a folder"
run vet --net wolrd "$source_dir/examples/weather-skill"
expect_error "an unknown --net"
run vet --net "" "$source_dir/examples/weather-skill"
expect_error "an empty --net"

# Rules of the user's for what the world answers come first; one that is wrong is told with its line.
mkdir -p "$work/own/world"
cat >"$work/own/world/ticket.yaml" <<'END'
rules:
  - id: ticket
    match: {hosts: ["tickets.example"]}
    reply: {status: 418, json: '{"state":"of my own"}'}
END
run run --rules "$work/own" --evidence "$work/ruled" -- \
    curl -sS -w '%{http_code}\n' https://tickets.example/api/7
expect_status 0 "run --rules"
expect_in "$work/out" '{"state":"of my own"}418' "run --rules"
grep -q '"world.response".*"rule":"ticket"' "$work/ruled/events.jsonl" || fail "no event of the user's rule"
mkdir -p "$work/asks"
printf -- '---\nname: asks\ndescription: Asks.\n---\n```bash\ncurl -s https://tickets.example/api/7\n```\n' \
    >"$work/asks/SKILL.md"
run vet --rules "$work/own" --evidence "$work/ruled2" "$work/asks"
grep -q '"world.response".*"rule":"ticket"' "$work/ruled2/events.jsonl" || fail "no user's rule with vet"
printf 'rules:\n  - id: ticket\n    reply: {status: 42, text: x}\n' >"$work/own/world/ticket.yaml"
for command in run vet; do
    case $command in
    run) run run --rules "$work/own" -- true && expect_status 125 "run with a rule that is wrong" ;;
    vet) run vet --rules "$work/own" "$work/asks" && expect_error "vet with a rule that is wrong" ;;
    esac
    expect_in "$work/err" "world/ticket.yaml" "a rule that is wrong"
    grep -qE 'ticket.yaml[^0-9]*3' "$work/err" || fail "no line of the wrong rule: $(cat "$work/err")"
done
run run --rules "$work/nowhere" -- true
expect_status 125 "run with no rules folder"
expect_in "$work/err" "no rules folder" "run with no rules folder"

command -v tshark >/dev/null || {
    echo "SKIPPED: no tshark"
    [ "$failures" -eq 0 ] || exit 1
    exit 77
}

# shown FILTER FIELD: the field of the packets that fit.
shown() {
    tshark -r "$capture" -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -o ip.check_checksum:TRUE -Y "$1" -T fields -e "$2" 2>"$work/tshark"
}

record 'curl -sS --http1.1 -d card=4111 https://api.shop.example/pay?id=7
        curl -sS https://h2.shop.example/two
        curl -sS --tls-max 1.2 --http1.1 https://old.shop.example/three
        curl -sS -6 http://six.shop.example/four
        echo hello | timeout 2 nc -u -w1 203.0.113.9 4444; true'
expect_status 0 "a run with a network"
[ -s "$capture" ] || fail "no capture"
expect_shown() {
    shown "$1" "$2" | grep -qF -- "$3" || {
        fail "no $3 in $2 of $1: $(shown "$1" "$2" | head -5) $(tail -2 "$work/tshark")"
        tshark -r "$capture" 2>/dev/null | head -60
    }
}
expect_shown 'dns.flags.response == 0' dns.qry.name api.shop.example
expect_shown 'dns.flags.response == 1' dns.a .
expect_shown 'tls.handshake.type == 1' tls.handshake.extensions_server_name api.shop.example
expect_shown 'tls && http.request.method == POST' http.request.full_uri https://api.shop.example/pay?id=7
expect_shown 'tls && http.request.method == POST' urlencoded-form.value 4111
expect_shown 'tls && http2' http2.headers.path /two
expect_shown 'tls && http.request' http.request.full_uri https://old.shop.example/three
expect_shown 'ipv6 && http.request' http.request.full_uri http://six.shop.example/four
expect_shown 'udp.dstport == 4444' udp.payload "$(printf 'hello\n' | od -An -tx1 | tr -d ' \n')"
[ -z "$(shown 'ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0' \
    frame.number)" ] || fail "wrong checksums"
[ -z "$(shown '_ws.malformed || tcp.analysis.flags' frame.number)" ] ||
    fail "not a conversation: $(shown '_ws.malformed || tcp.analysis.flags' frame.number)"

# Each run of a package adds a section of its own.
mkdir -p "$work/skill"
cat >"$work/skill/SKILL.md" <<'END'
---
name: two-runs
description: Asks two hosts.
---
```bash
curl -s https://first.example/a
```

```bash
curl -s https://second.example/b
```
END
run vet --evidence "$work/evidence2" -q "$work/skill"
capture="$work/evidence2/network.pcapng"
expect_shown 'tls && http2' http2.headers.path /a
expect_shown 'tls && http2' http2.headers.path /b
finish
