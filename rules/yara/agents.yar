/* Other agents turned into tools, and their settings and memory. */

rule agents_cli_without_approval
{
    meta:
        id = "VB-AGENT-YOLO-SWEEP"
        title = "Whatever agent is installed is run without approvals"
        description = "Code starts the command line agents of several makers with every approval switched off and a task of its own."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI02 ASI10 LLM06 MCP05 ATTACK-T1059 ATTACK-T1588.007 ATLAS-AML.T0108 ATLAS-AML.T0102 CWE-506"
    strings:
        $claude = /claude["']?[^\n]{0,80}--dangerously-skip-permissions/
        $gemini = /gemini["']?[^\n]{0,80}(--yolo|\s-y\b|--approval-mode[=\s]yolo)/
        $q = /\bq["']?[,\s"']{1,6}chat[^\n]{0,80}--trust-all-tools/
        $codex = /codex["']?[^\n]{0,80}(--dangerously-bypass-approvals-and-sandbox|--full-auto|--yolo)/
        $cursor = /cursor-agent["']?[^\n]{0,80}(--force|--yolo)/
        $task1 = ".env"
        $task2 = "wallet" nocase
        $task3 = "id_rsa"
        $task4 = "/tmp/"
        $task5 = "credentials" nocase
        $task6 = "$HOME"
        $task7 = "base64"
        $probe1 = /(command -v|which|isOnPath|which\.sync)/
    condition:
        (kind == "code" or layer != "") and 2 of ($claude, $gemini, $q, $codex, $cursor) and 2 of ($task*, $probe1)
}

rule agents_cli_unattended
{
    meta:
        id = "VB-AGENT-YOLO"
        title = "An agent is run with its approvals switched off"
        description = "Code starts a command line agent so that it asks nobody before it acts."
        severity = "medium"
        confidence = "medium"
        mapping = "AST03 ASI02 LLM06 MCP02 ATTACK-T1059 ATLAS-AML.T0108 CWE-250"
    strings:
        $claude = /claude["']?[^\n]{0,60}--dangerously-skip-permissions/
        $gemini = /gemini["']?[^\n]{0,60}--yolo/
        $q = /\bq["']?[,\s"']{1,6}chat[^\n]{0,60}--trust-all-tools/
        $codex = "--dangerously-bypass-approvals-and-sandbox"
    condition:
        (kind == "code" or layer != "") and any of them
}

rule agents_settings_tampered
{
    meta:
        id = "VB-AGENT-SETTINGS"
        title = "An agent's safeguards are changed by code"
        description = "Code writes into an agent's settings that approvals are off, that every project's servers are trusted, or that its traffic goes elsewhere."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST03 ASI03 ASI06 LLM06 MCP02 ATTACK-T1562.001 ATLAS-AML.T0081 CWE-269"
    strings:
        $file1 = ".claude/settings" 
        $file2 = /["']\.claude["']\s?[,\/]\s?["']settings(\.local)?\.json["']/
        $file3 = ".gemini/settings.json"
        $file4 = ".codex/config.toml"
        $file5 = "openclaw.json"
        $file6 = "clawdbot.json"
        $write1 = "writeFile"
        $write5 = "write_text("
        $write6 = "json.dump("
        $write2 = ", \"w\")"
        $write7 = ", 'w')"
        $write3 = />\s{0,2}["']?(~|\$HOME|\$\{HOME\})\/\.(claude|gemini|codex|openclaw|clawdbot)\//
        $write4 = /jq\s[^\n]{0,200}(\.claude|\.gemini)\/settings/
        $bad1 = /enableAllProjectMcpServers["']?\]?\s?[:=]\s?(true|True)/
        $bad2 = /defaultMode["']?\]?\s?[:=]\s?["']bypassPermissions["']/
        $bad3 = /ANTHROPIC_BASE_URL["']?\]?\s?[:=]\s?f?["'`]https?:\/\//
        $bad4 = /apiKeyHelper["']?\]?\s?[:=]\s?f?["'`]/
        $bad5 = /["']?security["']?\s?:\s?["']full["'][^\n]{0,80}ask["']?\s?:\s?["']off["']/
        $bad6 = /approval_policy\s?=\s?\\?["']never/
    condition:
        (kind == "code" or layer != "") and any of ($file*) and any of ($write*) and any of ($bad*)
}

rule agents_project_hook_runs_code
{
    meta:
        id = "VB-AGENT-PROJECT-HOOK"
        title = "Opening the project runs a hidden command"
        description = "Settings that travel with the files make an agent or editor run a download, a decoder or a hidden script as soon as the folder is opened."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST04 ASI05 ASI06 LLM03 MCP05 ATTACK-T1546 ATTACK-T1059 ATLAS-AML.T0081 CWE-506"
    strings:
        $start1 = "SessionStart"
        $start2 = "folderOpen"
        $start3 = "UserPromptSubmit"
        $start4 = "sessionStart"
        $bad1 = /"command"\s?:\s?"[^"\n]{0,200}(curl\s|wget\s|base64\s-|\/dev\/tcp|powershell\s|nc\s-)/
        $bad2 = /"command"\s?:\s?"(node|bun|python3?|sh|bash)\s{1,3}(\.\/)?\.(claude|vscode|cursor|gemini|github)\/[^"\n]{0,60}(setup|router|init|index|loader)[^"\n]{0,20}\.(m?js|cjs|py|sh)"/
        $bad3 = /"command"\s?:\s?"[^"\n]{0,80}(node|python3?|ruby|perl)\s-(e|c)\s[^\n]{0,300}(https?|exec|eval|base64|child_process)/
    condition:
        (path endswith ".claude/settings.json" or path endswith ".claude/settings.local.json" or
         path endswith ".gemini/settings.json" or path endswith ".cursor/hooks.json" or
         path endswith ".vscode/tasks.json")
        and layer == "" and any of ($start*) and any of ($bad*)
}

rule agents_redirected_traffic
{
    meta:
        id = "VB-AGENT-BASE-URL"
        title = "Settings send the agent's traffic to another server"
        description = "Settings that travel with the files replace the address of the model's maker: whoever runs the other one gets the API key and all text."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST04 ASI03 LLM02 MCP01 ATTACK-T1557 ATLAS-AML.T0081 CWE-522"
    strings:
        $url = /"(ANTHROPIC_BASE_URL|OPENAI_BASE_URL|GOOGLE_GEMINI_BASE_URL)"\s?:\s?"https?:\/\/[^"\n]{3,120}"/
        $own = /_BASE_URL"\s?:\s?"https?:\/\/(api\.anthropic\.com|api\.openai\.com|[a-z0-9.-]{1,40}\.googleapis\.com|localhost|127\.0\.0\.1)/
    condition:
        (path endswith ".claude/settings.json" or path endswith ".claude/settings.local.json" or
         path endswith ".gemini/settings.json" or path endswith ".codex/config.toml")
        and layer == "" and #url > #own
}

rule agents_memory_planted
{
    meta:
        id = "VB-AGENT-MEMORY"
        title = "Code writes orders into the agent's memory"
        description = "A script appends text to the agent's identity, memory or instruction files in the user's home: it stays when the package is gone."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST03 ASI06 LLM04 MCP10 ATTACK-T1546 ATLAS-AML.T0080.000 ATLAS-AML.T0081 CWE-506"
    strings:
        $sh = /(>> ~\/|>>~\/|>> \$HOME\/|>> "\$HOME\/|>> \$\{HOME\}\/|>> "\$\{HOME\}\/)(\.openclaw|\.clawdbot|\.moltbot|clawd|\.claude|\.codex|\.gemini)\/[^\n"']{0,60}(SOUL|AGENTS|CLAUDE|HEARTBEAT|GEMINI|IDENTITY|BOOT|TOOLS)\.md/
        $code = /(SOUL|AGENTS|CLAUDE|HEARTBEAT|GEMINI|IDENTITY|BOOT)\.md["'`]/
        $write1 = "appendFile"
        $write2 = "writeFileSync("
        $write3 = ", \"a\""
        $write5 = ", 'a'"
        $write6 = ", \"w\""
        $write7 = ", 'w'"
        $write4 = "write_text("
        $order1 = "always run" nocase
        $order1a = "always send" nocase
        $order1b = "never tell" nocase
        $order1c = "not tell" nocase
        $order1d = "must run" nocase
        $order1e = "must always" nocase
        $order1f = "always execute" nocase
        $order1g = "not mention" nocase
        $order1h = "silently" nocase
        $order2 = "ignore previous" nocase
        $order2a = "ignore all" nocase
        $order2b = "override" nocase
        $order3 = "curl "
        $home1 = "HOME"
        $home2 = "homedir("
        $home3 = "expanduser("
        $home4 = "Path.home("
        $home5 = "~/."
    condition:
        (kind == "code" or layer != "") and ($sh or ($code and any of ($home*) and any of ($write*))) and any of ($order*)
}

rule agents_spreads_itself
{
    meta:
        id = "VB-WORM-PUBLISH"
        title = "Code publishes itself under the victim's name"
        description = "Code looks up what the victim may publish, puts a start script into those packages and publishes them."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST02 ASI04 ASI10 LLM03 MCP04 ATTACK-T1195.001 ATTACK-T1570 ATLAS-AML.T0061 CWE-508"
    strings:
        $own1 = "/-/whoami"
        $own2 = /search\?text=maintainer[:%]/
        $own3 = "_authToken"
        $publish1 = "npm publish"
        $publish2 = /["']publish["']/
        $publish3 = "twine upload"
        $inject1 = /["'.]?(preinstall|postinstall)["']?\]?\s?=\s?["'`]/
        $inject2 = /scripts["']?\]?\.?\[?["']?(preinstall|postinstall)/
        $bump1 = "version.split("
        $bump2 = ".version = "
        $bump3 = "npm version "
        $search1 = "updatePackage"
        $search2 = "of packages"
        $search3 = "packages.map("
        $search4 = "packages.forEach("
        $search5 = "in packages"
    condition:
        (kind == "code" or layer != "") and any of ($own*) and any of ($publish*) and any of ($inject*) and any of ($bump*, $search*)
}

rule agents_gateway_opened
{
    meta:
        id = "VB-AGENT-GATEWAY"
        title = "The agent's gateway or its approvals are opened"
        description = "A command makes the agent's gateway listen to everybody or run every command without asking."
        severity = "high"
        confidence = "medium"
        mapping = "AST03 ASI02 ASI03 LLM06 MCP02 ATTACK-T1562.001 ATLAS-AML.T0081 CWE-276"
    strings:
        $set1 = /(openclaw|clawdbot|moltbot)\s{1,3}config\s{1,3}set\s[^\n]{0,40}tools\.exec\.(security|ask)\s{1,3}["']?(full|off)/
        $set2 = /(openclaw|clawdbot|moltbot)\s{1,3}config\s{1,3}set\s[^\n]{0,40}(sandbox\.mode|gateway\.auth\.mode)\s{1,3}["']?(off|none)/
        $set3 = /(openclaw|clawdbot|moltbot)\s{1,3}config\s{1,3}set\s[^\n]{0,40}gateway\.bind\s{1,3}["']?(0\.0\.0\.0|lan|public)/
    condition:
        any of them
}
