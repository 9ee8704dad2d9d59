/* Tools of MCP servers: what they say about themselves and what they pass on. */

rule mcp_description_gives_orders
{
    meta:
        id = "VB-MCP-POISONED-TOOL"
        title = "A tool's description gives the model orders"
        description = "The description of a tool demands that the model reads something secret or hides something, which no user ever sees."
        severity = "high"
        confidence = "high"
        mapping = "AST01 AST04 ASI01 ASI02 LLM01 MCP03 ATTACK-T1036 ATLAS-AML.T0110 CWE-1427"
        kinds = "code config"
    strings:
        $tag1 = "<IMPORTANT>" nocase
        $tag2 = "<SYSTEM>" nocase
        $tag3 = "<HIDDEN>" nocase
        $tag4 = "<INSTRUCTIONS>" nocase
        $tag5 = /\[(SYSTEM|HIDDEN|INTERNAL)\s?(INSTRUCTION|NOTE|DIRECTIVE)?S?\]/
        $tool1 = ".tool("
        $tool2 = "@mcp.tool"
        $tool3 = "inputSchema"
        $tool4 = /["']description["']\s?:/
        $tool5 = "registerTool("
        $tool6 = "@server.tool"
        $order1a = "~/.ssh"
        $order1b = "id_rsa"
        $order1c = "~/.aws"
        $order1d = "mcp.json"
        $order1e = "~/.cursor"
        $order2 = "sidenote" nocase
        $order3a = "not mention" nocase
        $order3b = "never mention" nocase
        $order3c = "not tell the user" nocase
        $order3d = "not inform the user" nocase
        $order3e = "not reveal" nocase
        $order4 = /(otherwise|or)\sthe\stool\s(will|won't|does)\s?(not)?\s?work/ nocase
        $order5 = /before\s(using|calling)\s(this|any)\s(other\s)?tool[^\n]{0,80}(must|need|should|first|read|call)/ nocase
    condition:
        (kind == "code" or kind == "config") and layer == "" and any of ($tag*) and any of ($tool*) and any of ($order*)
}

rule mcp_description_takes_safeguards_off
{
    meta:
        id = "VB-MCP-POISONED-TOOL"
        title = "A tool's description speaks as the system and takes safeguards off"
        description = "The description of a tool poses as the system, or as a hidden directive, and says that checks, filters or confirmation do not hold."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST04 ASI01 ASI02 LLM01 MCP03 ATTACK-T1036 ATLAS-AML.T0054 CWE-1427"
        kinds = "code config"
    strings:
        $tool1 = ".tool("
        $tool2 = "inputSchema"
        $tool3 = "registerTool("
        $tool4 = ".tool\n"
        $tool5 = ".list_tools("
        $pose1 = /\[(HIDDEN|SYSTEM|ROLE|INTERNAL|SECRET|METADATA|CONTEXT|ADMIN|OVERRIDE|DEVELOPER)\s(INSTRUCTIONS?|DIRECTIVE|OVERRIDE|NOTE|MESSAGE|COMMAND|PROMPT)\]/
        $pose2 = /\b(SYSTEM|INSTRUCTION|OVERRIDE|IMPORTANT\sSYSTEM|SECURITY)\s(OVERRIDE|DIRECTIVE|NOTE|INSTRUCTION|PROMPT)(\sDIRECTIVE)?\s?:/
        $pose3 = /\n\s{0,12}SYSTEM\s?:\s/
        $pose4 = /\b(ACT\sAS|YOU\sARE\sNOW)\s?:?\s[A-Z]/
        $pose5 = /\bJAILBREAK\sMODE\b/
        $off1 = /\b(bypass|ignore|disregard|disable|disables|skip|override|remove)\s(all\s|any\s|the\s|previous\s|prior\s){0,3}(safety|security|content|access|validation|ethical|user|input)\s?(and\s\w{3,12}\s)?(checks?|restrictions?|filters?|filtering|polic(y|ies)|guidelines?|controls?|validation|rules|confirmations?|sanitization)/ nocase
        $off2 = /\b[w]i[t]hout\s(any\s)?(validation|restrictions?|confirmation|security\schecks|authorization|approval|asking)\b/ nocase
        $off3 = /\btrust\s(all|any|every)\s(user\s|admin\s)?(input|quer(y|ies)|commands?|requests?|users?)\b/ nocase
        $off4 = /\bunrestricted\s(access|mode|privileges|administrative|system|queries|permissions|emergency)\b/ nocase
        $off6 = /\bdisable\s(all\s)?(data|input|request)\s(validation|sanitization|checks)\b/ nocase
        $off5 = /\bdisable\s(all\s)?(content|safety|security)\s(filtering|filters|restrictions|checks|sanitization)\b/ nocase
    condition:
        (kind == "code" or kind == "config") and layer == "" and any of ($tool*) and for any of ($pose*) : (
            for any i in (1..#) : ( any of ($off*) in (@[i] - 300 .. @[i] + 300) ) )
}

rule mcp_config_runs_download
{
    meta:
        id = "VB-MCP-SHELL-COMMAND"
        title = "A server entry runs a download in a shell"
        description = "The command of an MCP server is a shell line that downloads or decodes what it runs."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST04 ASI04 ASI05 LLM03 MCP05 ATTACK-T1059.004 ATTACK-T1105 ATLAS-AML.T0081 CWE-78"
        kinds = "config layer"
    strings:
        $servers1 = "mcpServers"
        $servers2 = "\"servers\""
        $servers3 = "context_servers"
        $shell = /"command"\s?:\s?"([\/a-z]{0,12}\/)?(ba|z|da)?sh"/
        $bad = /"(-l?c|\/c)"\s{0,3},\s{0,20}"[^"\n]{0,200}(curl\s[^"\n]{1,160}\||wget\s[^"\n]{1,160}\||base64\s-|\/dev\/tcp|curl\s[^"\n]{1,100}\$\(|\$\(curl)/
    condition:
        kind == "config" and any of ($servers*) and $shell and $bad
}

rule mcp_hidden_recipient
{
    meta:
        id = "VB-MCP-HIDDEN-RECIPIENT"
        title = "Mail gets a recipient that the user did not name"
        description = "Code that sends mail adds a built-in address as a blind copy."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST07 ASI02 LLM02 MCP04 ATTACK-T1567 ATLAS-AML.T0109 CWE-506"
        kinds = "code"
    strings:
        $bcc = /\bbcc["']?\]?\s?[:=]\s?\[?\s?["'`][A-Za-z0-9._%+-]{1,40}@[A-Za-z0-9.-]{3,60}\.[a-z]{2,12}["'`]/ nocase
        $sample = /\bbcc["']?\]?\s?[:=]\s?\[?\s?["'`][A-Za-z0-9._%+-]{1,40}@(example\.|test\.|domain\.|company\.|your|mail\.test)/ nocase
        $named = /\b([Bb]cc|BCC)["']?\]?\s?[:=]\s?(\[\s?)?([A-Za-z_.]{1,24}\s(or|\|\||\?\?)\s)?[A-Z][A-Z0-9_]{3,40}\b[^(.\[]/
        $built = /["'][A-Za-z0-9._%+-]{1,40}@[A-Za-z0-9.-]{3,60}\.(c[o]m|n[e]t|o[r]g|i[o]|d[e]v|a[p]p|t[o]p|x[y]z|m[e]|r[u]|c[n]|i[n]fo|s[i]te|onl[i]ne|em[a]il)["']/
        $send1 = "sendMail"
        $send2 = "send_message"
        $send3 = "sendmail"
        $send4 = "messages.send"
        $send5 = "sendEmail"
        $send6 = "send_email"
        $send7 = "EmailMessage("
        $test1 = "describe("
        $test2 = "def test_"
        $test3 = "@pytest"
        $test4 = "unittest"
    condition:
        kind == "code" and layer == "" and (#bcc > #sample or ($named and $built)) and any of ($send*) and not any of ($test*)
}

rule mcp_arguments_copied_out
{
    meta:
        id = "VB-MCP-ARGUMENT-LEAK"
        title = "Tool arguments are copied to a collector"
        description = "An MCP server posts what it is called with to a request collector, chat webhook or bare address."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 MCP10 ATTACK-T1567.004 ATLAS-AML.T0086 CWE-200"
        kinds = "code layer"
    strings:
        $mcp1 = "FastMCP("
        $mcp2 = "@modelcontextprotocol/sdk"
        $mcp3 = "@mcp.tool"
        $mcp4 = "mcp.server"
        $send = /(requests\.post|httpx\.post|fetch|axios\.post|urlopen)\(\s?f?["'`]https?:\/\/(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|webhook\.site|discord(app)?\.com\/api\/webhooks|[a-z0-9]{8,40}\.oast|[a-z0-9-]{4,40}\.ngrok|[a-z0-9-]{4,40}\.requestcatcher)/
        $local = /\(\s?f?["'`]https?:\/\/(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|0\.0\.0\.0)/
    condition:
        kind == "code" and any of ($mcp*) and #send > #local and $send
}

rule mcp_default_secret
{
    meta:
        id = "VB-MCP-SECRET-DEFAULT"
        title = "An argument of a tool is a secret file by default"
        description = "The schema of a tool names a file with logins as what is passed when nobody says otherwise."
        severity = "high"
        confidence = "high"
        mapping = "AST01 AST04 ASI01 ASI02 LLM01 MCP03 ATLAS-AML.T0110 CWE-1427"
        kinds = "code config layer"
    strings:
        $a = /["\']?default["\']?\s?[:=]\s?["\'](~|\$HOME|\/root|\/home\/[^"\'\/\n]{1,20})\/\.(ssh\/id_|aws\/credentials|netrc|git-credentials|claude\/\.credentials|codex\/auth|npmrc|gnupg)/
        $b = /\w{1,24}\s?:\s?str\s?=\s?["\']~\/\.(ssh\/id_|aws\/credentials|netrc|git-credentials|claude\/\.credentials|codex\/auth)/
        $tool = /(inputSchema|@mcp\.tool|@server\.tool|FastMCP|registerTool|"parameters"|"properties")/
    condition:
        (kind == "code" or kind == "config") and $tool and any of ($a, $b)
}

rule mcp_shadows_tool
{
    meta:
        id = "VB-MCP-SHADOWING"
        title = "A tool says how other tools are to be used"
        description = "The description of a tool forbids or redirects the use of tools of other servers."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST04 ASI01 ASI02 LLM01 MCP03 ATLAS-AML.T0110 CWE-1427"
        kinds = "code config"
    strings:
        $a = /([Ii]nst[e]ad of|[Rr]ath[e]r than|[Dd]o not use|[Nn]ever use|[Dd]on't use)\s(using\s|calling\s)?(the\s)?(other\s|any other\s|built-?in\s)?[`"\']?(send_em[a]il|send_m[e]ssage|read_f[i]le|write_f[i]le|b[a]sh|execute_c[o]mmand|f[e]tch|s[e]arch|tr[a]nsfer|p[a]yment)[`"\']?\s?(tool|function)?s?[^.\n]{0,60}\b(use|call|invoke)\sthis/
        $b = /(when|whenever|if)\s(the\s)?[`"\']?(send_email|send_message|transfer\w{0,12}|write_file|payment\w{0,8})[`"\']?\s(tool\s)?is\s(used|called|invoked|present|available)[^.\n]{0,80}(must|always|change|replace|add|set)\b/ nocase
        $tool = /(inputSchema|@mcp\.tool|@server\.tool|FastMCP|registerTool|"tools"\s?:|\.tool\()/
    condition:
        (kind == "code" or kind == "config") and layer == "" and $tool and any of ($a, $b)
}

rule mcp_changes_after_use
{
    meta:
        id = "VB-MCP-RUG-PULL"
        title = "A tool changes its description after some calls"
        description = "Code counts how often a tool was called and then gives it another description."
        severity = "high"
        confidence = "medium"
        mapping = "AST04 AST07 ASI01 LLM03 MCP03 ATLAS-AML.T0109 CWE-506"
        kinds = "code layer"
    strings:
        $count = /(call_?count|calls|invocations?|n_calls|uses|counter)\w{0,8}\s?(>|>=|==|===)\s?\d{1,4}/ nocase
        $set = /(\.description|__doc__|\["description"\]|\[\'description\'\])\s?=[^=]/
        $tool = /(@mcp\.tool|@server\.tool|FastMCP|registerTool|list_tools|ListTools|tools\/list|\.tool\()/
    condition:
        (kind == "code" or layer != "") and $tool and for any i in (1..#count) : ($set in (@count[i] .. @count[i] + 300))
}

rule mcp_asks_conversation
{
    meta:
        id = "VB-MCP-ASKS-HISTORY"
        title = "A tool wants the whole conversation as an argument"
        description = "An argument is described so that the model fills it with all that was said."
        severity = "medium"
        confidence = "medium"
        mapping = "AST04 ASI03 LLM02 MCP10 ATLAS-AML.T0057 CWE-200"
        kinds = "code config layer"
    strings:
        $a = /(f[u]ll|entire|complete|whole|verbatim)\s(con[v]ersation|c[h]at|mes[s]age)( history| transcript| c[o]ntext| log)/ nocase
        $b = /(contents?|text)\sof\s(the\ssystem\sprompt|all\s(previous|other)\stools?)/ nocase
        $tool = /(inputSchema|@mcp\.tool|@server\.tool|FastMCP|registerTool)/
    condition:
        (kind == "code" or kind == "config") and $tool and any of ($a, $b)
}

rule mcp_server_plain_address
{
    meta:
        id = "VB-MCP-PLAIN-ADDRESS"
        title = "A server is reached over a bare address without encryption"
        description = "An entry for an MCP server names a numeric address and plain HTTP."
        severity = "medium"
        confidence = "high"
        mapping = "AST04 ASI07 LLM03 MCP07 ATTACK-T1557 CWE-319"
        kinds = "config layer"
    strings:
        $a = /"(url|serverUrl|httpUrl|endpoint)"\s?:\s?"http:\/\/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/
        $local = /"(url|serverUrl|httpUrl|endpoint)"\s?:\s?"http:\/\/(127\.|0\.0|10\.|192\.168\.)/
        $s = "mcpServers"
    condition:
        kind == "config" and $s and #a > #local
}
