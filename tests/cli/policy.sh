# Policies: those that are built in, their mistakes, what they do, and the chain to the verdict.
. "$2/tests/cli/lib.sh"
cd "$work" || exit 99
sim="$source_dir/tests/sim"

# --- by name, and a path is a path ---

for name in default strict ci research; do
    run policy check "$name"
    expect_status 0 "policy check $name"
    run policy explain "$name"
    expect_status 0 "policy explain $name"
    run policy show "$name"
    expect_status 0 "policy show $name"
    cp "$work/out" "$name.yaml"
    run judge --policy "$name" --format json "$sim/exfil-ssh.jsonl"
    expect_status 1 "judge --policy $name"
done
cmp -s default.yaml "$source_dir/rules/policy.yaml" || fail "policy show default is not rules/policy.yaml"
run policy list
expect_status 0 "policy list"
[ "$(wc -l <"$work/out")" -eq 4 ] || fail "policy list lists $(wc -l <"$work/out")"
cp research.yaml strict
run judge --policy ./strict "$sim/weather.jsonl"
expect_status 0 "a file of that name, as a path"
run judge --policy strict "$sim/static-only.jsonl"
expect_status 2 "the name"
expect_in "$work/out" "built-in policy strict:" "the name"
run judge --policy strikt "$sim/weather.jsonl"
expect_error "neither a name nor a file"
expect_in "$work/err" "default, strict, ci, research" "neither a name nor a file"

# What each is for.
run judge --policy strict "$sim/signed-by-others.jsonl"
expect_status 1 "strict: unsigned where its publisher signs"
run judge "$sim/signed-by-others.jsonl"
expect_status 2 "default: the same"
run judge --policy strict "$sim/coverage-gap.jsonl"
expect_status 2 "strict: under-covered"
run judge --policy research "$sim/coverage-gap.jsonl"
expect_status 0 "research: under-covered"
run judge --policy ci "$sim/static-only.jsonl"
expect_status 0 "ci: a scan that read everything"
run judge --policy default "$sim/static-only.jsonl"
expect_status 2 "default: a scan"

# --- mistakes ---

cat >bad.yaml <<'END'
version: 1
decide:
  - {severity: critical, confidence: high, decision: blok}
finding:
  VB-NET-UNDISCLOSED: allow
exceptions:
  - finding: VB-SECRET-READ
    owner: me
END
run policy check bad.yaml
expect_status 1 "a policy with mistakes"
for text in "bad.yaml:3: a decision is allow, review or block" 'bad.yaml:4: unknown key "finding"' \
    "bad.yaml:7: the key reason is missing" "bad.yaml:7: the key expires is missing"; do
    expect_in "$work/out" "$text" "a policy with mistakes"
done
run policy check -q bad.yaml
expect_status 1 "quietly"
[ -s "$work/out" ] && fail "something was said quietly"
run judge --policy bad.yaml "$sim/weather.jsonl"
expect_error "judge with it"
expect_in "$work/err" "and 3 more: vetbox policy check bad.yaml lists them" "judge with it"
run policy explain bad.yaml
expect_error "explain it"
run policy check none.yaml
expect_error "a policy that is not there"
printf 'version: [1\n' >bad.yaml
run policy check bad.yaml
expect_status 1 "no YAML"
cat >odd.yaml <<'END'
version: 1
decide:
  - {severity: critical, confidence: high, decision: block}
findings:
  VB-NET-UNDISCLOSD: allow
  VB-CRED-FILE-UPLOAD: block
exceptions:
  - {finding: VB-SECRET-READ, owner: me, reason: because, expires: 2001-02-03}
END
run policy check odd.yaml
expect_status 2 "a policy to look at"
expect_in "$work/out" "odd.yaml:5: no finding and no rule has the id VB-NET-UNDISCLOSD" "a policy to look at"
expect_in "$work/out" "odd.yaml:8: the exception of me expired on 2001-02-03" "a policy to look at"
expect_not_in "$work/out" "VB-CRED-FILE-UPLOAD" "the id of a YARA rule"
printf 'version: 1\ndecide: []\n\033[31mred: 1\n' >bad.yaml
run policy check bad.yaml
expect_status 1 "a control character"
grep -q "$(printf '\033')" "$work/out" && fail "a control character was printed"

# --- chains ---

run policy explain --finding VB-SECRET-READ
expect_status 0 "what becomes of a finding"
expect_in "$work/out" "-> built-in policy:15: severity high, confidence medium or more" "what becomes of a finding"
expect_in "$work/out" "-> verdict: review" "what becomes of a finding"
run policy explain odd.yaml --finding VB-CRED-FILE-UPLOAD
expect_status 0 "the finding of a YARA rule"
expect_in "$work/out" "-> odd.yaml:6: findings: VB-CRED-FILE-UPLOAD" "the finding of a YARA rule"
run policy explain --finding VB-NO-SUCH
expect_error "a finding that is none"
run policy explain strict "$sim/exfil-ssh.jsonl"
expect_status 0 "the chains of a run"
expect_in "$work/out" "-> built-in policy strict:" "the chains of a run"
expect_in "$work/out" "verdict: block." "the chains of a run"
run policy explain default "$sim/coverage-gap.jsonl"
expect_in "$work/out" "coverage: unread: 0" "the chain of what was not examined"
run judge --format json "$sim/coverage-gap.jsonl"
expect_in "$work/out" '"coverage": "1 place' "the same in a report"
run policy explain strict "$source_dir/docs/schema/report.schema.json"
expect_error "a schema is no evidence"
for arguments in "" "frob" "check a b" "list a" "explain a b c" "check --finding VB-OPAQUE" \
    "explain default x --finding VB-OPAQUE" "show strikt"; do
    # shellcheck disable=SC2086 # the arguments are words
    run policy $arguments
    expect_error "policy $arguments"
done

# --- a run keeps what it was judged by ---

if "$vetbox" doctor -q >/dev/null 2>&1; then
    run scan --policy strict --evidence kept "$source_dir/examples/weather-skill"
    expect_status 2 "scan --policy strict"
    cp "$work/out" first
    cmp -s kept/policy.yaml strict.yaml || fail "the evidence does not hold the policy"
    run report kept
    expect_status 0 "report"
    cmp -s "$work/out" first || fail "report does not give the same again"
    run policy explain kept
    expect_status 0 "explain the evidence alone"
    expect_in "$work/out" "-> built-in policy strict:" "explain the evidence alone"
    run policy explain default kept
    expect_in "$work/out" "-> built-in policy:" "explain it by another policy"
    mkdir empty
    run policy explain empty
    expect_error "a folder that is no evidence"
    printf '# mine\n' | cat strict.yaml - >mine.yaml
    run scan --policy mine.yaml --evidence kept2 "$source_dir/examples/weather-skill"
    run report --format json kept2
    expect_in "$work/out" '"policy": "policy.yaml"' "a policy of one's own is kept"
else
    echo "not tested without boxes: what a scan keeps, and signatures that are wanted"
fi

# --- what is wanted of signatures and licences, by real ones ---

if "$vetbox" doctor -q >/dev/null 2>&1 && command -v minisign >/dev/null; then
    mkdir skill
    printf -- '---\nname: weather-now\ndescription: says the weather\nlicense: MIT\n---\nRead it.\n' >skill/SKILL.md
    echo hello >skill/a.txt
    (cd skill && sha256sum SKILL.md a.txt >SHA256SUMS)
    minisign -G -W -p alice.pub -s alice.key >/dev/null 2>&1 || exit 99
    minisign -S -s alice.key -m skill/SHA256SUMS >/dev/null 2>&1 </dev/null || exit 99
    run trust add alice.pub --trust t
    expect_status 0 "trust add"
    cat >wants.yaml <<'END'
version: 1
decide: [{severity: critical, confidence: high, decision: block}]
licenses: {allowed: [MIT]}
signatures:
  - {packages: "agent-skill:weather-*", signer: alice, unsigned: block}
END
    run scan --trust t --policy wants.yaml skill
    expect_status 0 "signed as it is wanted"
    sed 's/alice/bob/' wants.yaml >others.yaml
    run scan --trust t --policy others.yaml skill
    expect_status 1 "signed by another"
    expect_in "$work/out" VB-POLICY-SIGNER "signed by another"
    echo more >skill/b.txt
    run scan --trust t --policy wants.yaml skill
    expect_status 1 "a file more"
    expect_in "$work/out" "the first that they did not is b.txt" "a file more"
    rm skill/b.txt
    run scan --policy wants.yaml skill
    expect_status 1 "a signature of nobody who is trusted"
    expect_in "$work/out" VB-POLICY-UNSIGNED "a signature of nobody who is trusted"
    sed 's/MIT/ISC/' wants.yaml >others.yaml
    run scan --trust t --policy others.yaml skill
    expect_status 2 "another licence"
    expect_in "$work/out" VB-POLICY-LICENSE "another licence"
fi
# --- what would be too wide ---

cat >wide.yaml <<'END'
version: 1
decide:
  - {severity: critical, confidence: high, decision: block}
hosts: {allowed: ["*.com", "*.co.uk", "*.internal", "*.acme.co.uk"]}
licenses: {allowed: [MIT, "*"]}
END
run policy check wide.yaml
expect_status 1 "a policy that is too wide"
expect_in "$work/out" "wide.yaml:4: *.com is everybody's" "*.com"
expect_in "$work/out" "wide.yaml:4: *.co.uk is everybody's" "*.co.uk"
expect_in "$work/out" "wide.yaml:5: * is every licence" "a licence that is *"
expect_not_in "$work/out" "internal" "a network of one's own"
expect_not_in "$work/out" "acme" "a domain of somebody's"

cat >doubtful.yaml <<'END'
version: 1
decide:
  - {severity: critical, confidence: high, decision: block}
licenses: {allowed: [MIT, "GPL-*", LicenseRef-Acme, MTI, "see LICENSE"]}
exceptions:
  - {finding: VB-SECRET-READ, package: "*", path: "**", owner: o, reason: r, expires: 2099-01-01}
  - {finding: VB-SECRET-READ, package: "npm:@acme/*", path: "**/*.sh", owner: o, reason: r, expires: 2099-01-01}
END
run policy check doubtful.yaml
expect_status 2 "a policy that is worth a look"
expect_in "$work/out" "doubtful.yaml:4: MTI is no SPDX id" "a licence with a slip of the pen"
expect_in "$work/out" "doubtful.yaml:4: see LICENSE is no SPDX id" "a licence in words"
expect_not_in "$work/out" "GPL" "the beginning of ids"
expect_not_in "$work/out" "Acme" "a licence of one's own"
expect_in "$work/out" "doubtful.yaml:6: a pattern of nothing but *" "an exception for everything"
expect_not_in "$work/out" "doubtful.yaml:7" "an exception for something"

# --- for machines ---

# json EXPRESSION WHAT: holds of the JSON in $work/out.
json() {
    python3 -c "import json, sys; d = json.load(open(sys.argv[1])); sys.exit(not ($1))" "$work/out" ||
        fail "$2: $1 does not hold: $(head -c 300 "$work/out")"
}
run policy check --format json wide.yaml
expect_status 1 "mistakes as JSON"
json "d['policy'] == 'wide.yaml' and not d['understood'] and len(d['told']) == 3" "mistakes as JSON"
json "all(row['mistake'] for row in d['told'])" "mistakes as JSON"
run policy check --format json doubtful.yaml
expect_status 2 "doubts as JSON"
json "d['understood'] and not any(row['mistake'] for row in d['told'])" "doubts as JSON"
run policy check --format json default
expect_status 0 "nothing as JSON"
json "d['told'] == []" "nothing as JSON"
run policy list --format json
json "[row['name'] for row in d['policies']] == ['default', 'strict', 'ci', 'research']" "the list as JSON"
run policy explain --format json strict
json "any(row.get('line') == 13 or 'severity critical' in row['text'] for row in d['explained'])" "a policy as JSON"
run policy show --format json default
expect_error "a policy is YAML"
run policy list --format xml
expect_error "no such format"

# --- of a report ---

run judge --format json "$sim/exfil-ssh.jsonl"
cp "$work/out" report.json
run policy explain "$sim/exfil-ssh.jsonl"
run policy explain default "$sim/exfil-ssh.jsonl"
cp "$work/out" of-evidence
run policy explain report.json
expect_status 0 "explain of a report"
cmp -s "$work/out" of-evidence || fail "a report is explained otherwise than its evidence: $(diff "$work/out" of-evidence | head -4)"
run policy explain research report.json
expect_status 0 "explain of a report under another policy"
expect_in "$work/out" "built-in policy research:" "explain of a report under another policy"
expect_in "$work/out" "judge the evidence" "explain of a report under another policy"
run judge --format json "$sim/coverage-gap.jsonl"
cp "$work/out" report.json
run policy explain report.json
expect_in "$work/out" "allow becomes review" "coverage in a report"
sed 's/"severity": "[a-z]*"/"severity": "awful"/' "$sim/exfil-ssh.json" >broken.json
run policy explain broken.json
expect_error "a report that is none"
finish
