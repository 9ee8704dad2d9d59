"""MCP servers of npm's registry, real ones: each is vetted with what it depends on, and must start,
list its tools and have every one of them called.

usage: servers.py VETBOX

Two are tried, with VETBOX_SERVERS=all every one of the list, of which four in five must go the whole
way. Exit status 77, a skip, where the registry cannot be reached.
"""
import json
import os
import subprocess
import sys
import tempfile

FIRST = ["@modelcontextprotocol/server-everything", "@modelcontextprotocol/server-filesystem"]
OTHERS = """
@modelcontextprotocol/server-memory @modelcontextprotocol/server-sequential-thinking
@modelcontextprotocol/server-github @modelcontextprotocol/server-gitlab @modelcontextprotocol/server-slack
@modelcontextprotocol/server-brave-search @modelcontextprotocol/server-google-maps
@modelcontextprotocol/server-everart @modelcontextprotocol/server-aws-kb-retrieval
@modelcontextprotocol/server-postgres @modelcontextprotocol/server-redis @modelcontextprotocol/server-gdrive
@upstash/context7-mcp firecrawl-mcp tavily-mcp exa-mcp-server @notionhq/notion-mcp-server
@wonderwhy-er/desktop-commander mcp-server-kubernetes @antv/mcp-server-chart airtable-mcp-server
mcp-fetch-server mcp-server-code-runner @brave/brave-search-mcp-server mongodb-mcp-server
chrome-devtools-mcp @playwright/mcp figma-developer-mcp @hubspot/mcp-server @cyanheads/git-mcp-server
duckduckgo-mcp-server @kazuph/mcp-fetch
""".split()


def vet(program, name, folder, seconds):
    """The events of one vetting, and what went wrong with fetching it."""
    evidence = os.path.join(folder, name.replace("/", "_"))
    done = subprocess.run(
        [program, "vet", "-q", "--advisory", "--dates", "today", "--deps", "fetch", "--timeout", str(seconds),
         "--evidence", evidence, "npm:" + name],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode >= 64:
        return [], done.stderr.strip()
    with open(os.path.join(evidence, "events.jsonl"), encoding="utf-8") as log:
        return [json.loads(line) for line in log], ""


def summary(events):
    """Of the first client's run: did it start, how many tools, how many called; baits in results."""
    started = {e["detonation"] for e in events if e["kind"] == "mcp.server"}
    tools, called = set(), set()
    for event in events:
        if event["kind"] == "mcp.tool" and event["number"] == 1:
            tools.add(event["name"])
        if event["kind"] == "mcp.call" and event["method"] == "tools/call":
            called.add(event["name"])
    listed = any(e["kind"] == "mcp.list" and e["what"] == "tools" and e["outcome"] == "whole" for e in events)
    return bool(started), listed, len(tools), len(tools & called)


def main():
    program = sys.argv[1]
    whole = os.environ.get("VETBOX_SERVERS") == "all"
    seconds = 90 if whole else 45
    names = FIRST + (OTHERS if whole else [])
    good = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            events, trouble = vet(program, name, folder, seconds)
            if trouble and name == names[0]:
                print(f"SKIPPED: {name} cannot be had: {trouble}")
                return 77
            started, listed, tools, called = summary(events)
            dependencies = sum(e["kind"] == "fetch.dependency" for e in events)
            missing = sum(e["kind"] == "coverage" and e["stage"] == "dependency" for e in events)
            fine = started and listed and tools > 0 and called == tools
            good += fine
            print(f"{'ok  ' if fine else 'not '} {name}: {'started' if started else 'did not start'}, "
                  f"{tools} tools, {called} called, {dependencies} dependencies, {missing} missing"
                  + (f"; {trouble}" if trouble else ""), flush=True)
    print(f"{good} of {len(names)} servers started, listed their tools and had every one called")
    return 0 if good * 5 >= len(names) * 4 else 1


sys.exit(main())
