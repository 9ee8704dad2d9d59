# vet --plan-only: what would be run, in its order, and nothing is.
. "$2/tests/cli/lib.sh"

mkdir -p "$work/package/tools"
cat >"$work/package/package.json" <<'END'
{"name": "package", "version": "1.0.0", "main": "index.js",
 "scripts": {"postinstall": "touch /tmp/planned", "preinstall": "echo first"}}
END
echo 'console.log("loaded")' >"$work/package/index.js"
printf 'echo tool \033[31m\n' >"$work/package/tools/tool.sh"
printf -- '---\nname: package\ndescription: x\n---\n```bash\necho \033[31mred\n```\n' >"$work/package/SKILL.md"

run vet --plan-only "$work/package"
expect_status 0 "a plan is no verdict"
expect_in "$work/out" "install" "phases are named"
expect_in "$work/out" 'echo \x1b[31mred' "a terminal is not the package's"
grep -q "$(printf '\033')" "$work/out" && fail "an escape reached the terminal"
[ -e /tmp/planned ] && fail "something was run"

run vet --plan-only --format json -o "$work/plan.json" "$work/package"
expect_status 0 "the plan as JSON"
[ -s "$work/out" ] && fail "-o: something on standard output"
python3 - "$work/plan.json" "$source_dir/docs/schema/plan.schema.json" <<'CHECK' || fail "the plan: $(cat "$work/plan.json")"
import json, sys
plan = json.load(open(sys.argv[1]))
rows = plan["plan"]
phases = [row["when"] for row in rows]
assert phases == sorted(phases), phases  # install, load, use: alphabetical
commands = [row["command"][-1].strip() for row in rows]
assert commands[:3] == ["echo first", "touch /tmp/planned", "{tree}/index.js"], commands
assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))
scripts = [row for row in rows if row.get("path") == "tools/tool.sh"]
assert len(scripts) == 1 and scripts[0]["command"] == ["bash", "{tree}/tools/tool.sh"], scripts
blocks = [row for row in rows if row.get("path") == "SKILL.md"]
assert blocks[0]["command"][:2] == ["bash", "-c"] and "\x1b[31mred" in blocks[0]["command"][2]
assert all(0 < row["budget_ms"] <= 60000 for row in rows)
try:
    import jsonschema
except ImportError:
    sys.exit(0)
jsonschema.validate(plan, json.load(open(sys.argv[2])))
CHECK

finish
