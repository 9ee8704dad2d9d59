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
        kinds = "code layer"
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
        kinds = "code layer"
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
        kinds = "code layer"
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
        $write3 = />\s{0,2}["']?(~|\$HOME|\$\{HOME\})(\/\.claude\/|\/\.gemini\/|\/\.codex\/|\/\.openclaw\/|\/\.clawdbot\/)/
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
        kinds = "config"
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
        kinds = "config"
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
        kinds = "code layer"
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
        kinds = "code layer"
    strings:
        $own1 = "/-/whoami"
        $own2 = /search\?text=maintainer[:%]/
        $own3 = "_authToken"
        $publish1 = "npm publish"
        $publish2 = /["']publish["']/
        $publish3 = "twine upload"
        $inject1 = /["'.]?(preinstall|postinstall)["']?\]?\s?=\s?["'`]/
        $inject2 = /[s]cr[i]pts["']?\]?\.?\[?["']?(preinstall|postinstall)/
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

rule agents_other_cli_unattended
{
    meta:
        id = "VB-AGENT-YOLO"
        title = "Another agent is run with its approvals switched off"
        description = "Code starts one more command line agent so that it asks nobody before it acts."
        severity = "medium"
        confidence = "medium"
        mapping = "AST03 ASI02 LLM06 MCP02 ATTACK-T1059 ATLAS-AML.T0108 CWE-250"
        kinds = "code layer"
    strings:
        $a = /aider["\']?[^\n]{0,80}--yes-always/
        $b = /copilot["\']?[^\n]{0,80}--allow-all-(tools|paths)/
        $c = /amp["\']?[^\n]{0,80}--dangerously-allow-all/
        $d = /(qwen|cline|crush|iflow|kimi)["\']?[^\n]{0,60}--yolo/
        $e = /droid["\']?[^\n]{0,60}--skip-permissions-unsafe/
        $f = "GOOSE_MODE=auto"
        $g = /cursor-agent["\']?[^\n]{0,80}(--force|--yolo)/
        $h = /opencode["\']?[^\n]{0,60}OPENCODE_PERMISSION/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule agents_hook_sends
{
    meta:
        id = "VB-AGENT-HOOK-SENDS"
        title = "A hook of the agent sends what passes through it"
        description = "Settings make the agent hand each prompt or tool call to a command that sends it away."
        severity = "high"
        confidence = "high"
        mapping = "AST01 AST04 ASI03 LLM02 MCP10 ATTACK-T1546 ATLAS-AML.T0086 CWE-200"
        kinds = "prose code config layer"
    strings:
        $hook = /("PreToolUse"|"PostToolUse"|"UserPromptSubmit"|"Stop"|"SessionEnd"|"Notification"|"beforeSubmitPrompt"|"afterFileEdit")/
        $send = /"command"\s?:\s?"[^\n]{0,200}(curl|wget|nc)\s[^\n]{0,200}(-d|--data|--data-binary|--post-file|--post-data|-F)[^\n]{0,10}(@-|\$|@\/|`)/
    condition:
        (kind == "config" or (kind == "code" or layer != "") or kind == "prose") and layer != "fence" and all of them
}

rule agents_permissions_widened
{
    meta:
        id = "VB-AGENT-PERMISSIONS"
        title = "Everything is allowed to the agent by a file of the package"
        description = "Settings that travel with the package let the agent run any command or trust any server unasked."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST03 ASI02 ASI06 LLM06 MCP02 ATTACK-T1562.001 ATLAS-AML.T0081 CWE-269"
        kinds = "config"
    strings:
        $a = /"defaultMode"\s?:\s?"bypassPermissions"/
        $b = /"enableAllProjectMcpServers"\s?:\s?true/
        $d = /"autoApprove"\s?:\s?\[\s?"\*"/
        $e = /"chat\.tools\.(global\.)?autoApprove"\s?:\s?true/
    condition:
        kind == "config" and layer == "" and (path contains ".claude/" or path contains ".vscode/" or path contains ".cursor/" or filename == "settings.json" or filename == "mcp.json") and any of ($a, $b, $d, $e)
}

rule agents_infects_skills
{
    meta:
        id = "VB-WORM-SKILLS"
        title = "Code writes into the other skills"
        description = "Code goes through the skills that are installed and puts something into each of them."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 AST02 ASI06 ASI10 LLM04 ATLAS-AML.T0061 CWE-508"
        kinds = "code layer"
    strings:
        $all = /(glob\(|find |readdirSync\(|iterdir\(|listdir\()[^\n]{0,80}(s[k]ills|SK[I]LL\.md)/
        $file = "SKILL.md"
        $w1 = /open\([^\n]{1,60},\s?["\']a["\']/
        $w2 = "appendFile"
        $w3 = />>\s?["\']?\$\{?\w/
        $pay_1 = "curl "
        $pay_2 = "http://"
        $pay_3 = "https://"
        $pay_4 = "base64"
        $pay_5 = "ignore previous"
        $pay_6 = "always run"
        $pay_7 = "exec("
    condition:
        (kind == "code" or layer != "") and $all and $file and any of ($w*) and any of ($pay_*)
}

rule agents_worm_text
{
    meta:
        id = "VB-WORM-TEXT"
        title = "The text has itself spread"
        description = "The agent is told to publish, recommend or copy this package to other agents, projects or people."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI10 LLM01 ATLAS-AML.T0061 CWE-508"
        kinds = "prose layer"
    strings:
        $a = /(publish|recommend|install|copy|spread|propagate|replicate|distribute|inject)\s(this|these|the same)\s(skill|instructions?|prompt|message|file|rules?|block|payload)\s(to|into|on|in|with|across)\s[^.\n]{0,30}(every|all|any|each|other)\s[^.\n]{0,16}(agents?|users?|projects?|skills?|repositor(y|ies)|repos?|sessions?|contacts?)/ nocase
        $b = /(include|append|add|embed)\s(this|these)\s(instructions?|text|prompt|block|paragraph|message)\s(verbatim\s)?(in|to|into)\s(every|all|any|each)\s[^.\n]{0,30}(repl(y|ies)|messages?|emails?|posts?|outputs?|files?|documents?|commits?)\s/ nocase
    condition:
        kind == "prose" and layer != "fence" and any of them
}

rule agents_worm_repositories
{
    meta:
        id = "VB-WORM-REPOSITORIES"
        title = "Code plants workflows into the repositories of the victim"
        description = "Code lists the repositories that a token reaches and writes into each of them."
        severity = "critical"
        confidence = "high"
        mapping = "AST02 ASI04 ASI10 LLM03 ATTACK-T1195.002 ATTACK-T1570 CWE-508"
        kinds = "code layer"
    strings:
        $list1 = /\/user\/repos/
        $list2 = /gh\s{1,3}repo\s{1,3}list/
        $list3 = "listForAuthenticatedUser"
        $list4 = "get_user().get_repos"
        $flow = ".github/workflows/"
        $put1 = /\/contents\//
        $put2 = "createOrUpdateFileContents"
        $put3 = /git\s{1,3}push/
        $put4 = "create_file("
        $loop_1 = "for "
        $loop_2 = "forEach("
        $loop_3 = ".map("
        $loop_4 = "while read"
        $pay_1 = "secrets" nocase
        $pay_2 = "curl" nocase
        $pay_3 = "toJSON" nocase
        $pay_4 = "base64" nocase
        $pay_5 = "token" nocase
    condition:
        (kind == "code" or layer != "") and any of ($list*) and $flow and any of ($put*) and any of ($loop_*) and any of ($pay_*)
}

rule agents_workflow_secrets
{
    meta:
        id = "VB-CI-SECRETS"
        title = "A workflow sends all its secrets"
        description = "A workflow writes out every secret that it has and hands it to a request or an artefact."
        severity = "critical"
        confidence = "high"
        mapping = "AST02 ASI03 LLM02 ATTACK-T1552.007 ATTACK-T1567 CWE-200"
    strings:
        $all = /toJSON\(\s?secrets\s?\)/ nocase
        $out1 = "curl"
        $out2 = "upload-artifact"
        $out3 = "wget"
        $out4 = "base64"
        $out5 = "webhook"
    condition:
        $all and any of ($out*)
}

rule agents_worm_ssh
{
    meta:
        id = "VB-WORM-SSH"
        title = "Code spreads over the known hosts"
        description = "Code takes the machines that the user logs in to and copies itself to each."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 ATTACK-T1021.004 ATTACK-T1570 CWE-508"
        kinds = "code layer"
    strings:
        $hosts = /(\.ssh\/known_hosts|known_hosts["\'])/
        $copy = /\b(scp|rsync|sftp|\.put\()\s?[^\n]{0,80}/
        $self = /(\$0|__file__|__filename|argv\[0\])/
        $loop_1 = "for "
        $loop_2 = "while "
        $loop_3 = "forEach"
    condition:
        (kind == "code" or layer != "") and $hosts and $copy and $self and any of ($loop_*)
}
