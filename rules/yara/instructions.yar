/* What a package tells people and agents to do, in prose. External variables: kind is prose, code,
 * config or other; layer is empty in the file itself. */

rule instructions_paste_site_prerequisite
{
    meta:
        id = "VB-INSTALL-PASTE"
        title = "Instructions to run text from a paste site"
        description = "The instructions make a reader run commands that stand on a paste site, outside the package and changeable at any time."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST02 ASI04 ASI09 LLM03 MCP04 ATTACK-T1204.004 ATTACK-T1105 ATLAS-AML.T0011.003 CWE-494"
    strings:
        $site1 = "glot.io/snippets/" nocase
        $site2 = "rentry.co/" nocase
        $site3 = "pastebin.com/" nocase
        $site4 = "paste.ee/" nocase
        $site5 = "hastebin.com/" nocase
        $site6 = "controlc.com/" nocase
        $site7 = "dpaste.com/" nocase
        $site8 = "ghostbin.com/" nocase
        $site9 = "justpaste.it/" nocase
        $do1 = "terminal" nocase
        $do2 = "copy the" nocase
        $do3 = "powershell" nocase
        $do4 = "command prompt" nocase
        $run1 = "execute" nocase
        $run2 = "installation script" nocase
        $run3 = "run the" nocase
        $run4 = "paste" nocase fullword
        $need1 = "will not work" nocase
        $need2 = "required" nocase
        $need3 = "prerequisite" nocase
        $need4 = "before using" nocase
        $need5 = "must be installed" nocase
    condition:
        kind == "prose" and any of ($site*) and any of ($do*) and any of ($run*) and any of ($need*)
        and for any of ($site*) : ( for any i in (1..#) : (
            any of ($do*, $run*) in (@[i] - 400 .. @[i] + 400) ) )
}

rule instructions_prerequisite_binary
{
    meta:
        id = "VB-INSTALL-PREREQUISITE"
        title = "A prerequisite program from elsewhere is demanded"
        description = "The instructions say that nothing works until a program from a release page is downloaded and run by hand."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST02 ASI04 ASI09 LLM03 ATTACK-T1204.002 ATTACK-T1105 ATLAS-AML.T0011.003 CWE-494"
    strings:
        $release = "/releases/download/" nocase
        $without1 = "will not work" nocase
        $without2 = "will not function" nocase
        $without3 = "won't work without" nocase
        $without4 = "cannot function without" nocase
        $run1 = "run the executable" nocase
        $run2 = "run the file" nocase
        $run3 = "launch the" nocase
        $run4 = "run the installer" nocase
        $run5 = "double-click" nocase
        $run6 = "run it before" nocase
        $run7 = "extract" nocase fullword
        $win = "windows" nocase
    condition:
        kind == "prose" and $release and any of ($without*) and any of ($run*) and $win
}

rule instructions_base64_one_liner
{
    meta:
        id = "VB-INSTALL-ENCODED-COMMAND"
        title = "An encoded command for the terminal"
        description = "The instructions make a reader decode a text and run it in a shell, so that nobody sees what runs."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 ASI09 LLM03 MCP05 ATTACK-T1204.004 ATTACK-T1027.010 ATTACK-T1140 CWE-506"
    strings:
        $line = /(echo|printf)\s{1,4}["']?[A-Za-z0-9+\/]{40,2000}={0,2}["']?\s{0,4}\|\s{0,4}base64\s{1,4}(-d|-D|--decode)\s{0,4}\|\s{0,4}(sudo\s)?(ba|z|da)?sh\b/
    condition:
        kind == "prose" and $line
}

rule instructions_remote_orders
{
    meta:
        id = "VB-PROMPT-REMOTE"
        title = "Instructions are fetched from a server again and again"
        description = "The agent is told to fetch a document regularly and to follow what it says: whoever runs the server commands the agent."
        severity = "medium"
        confidence = "medium"
        mapping = "AST01 AST07 ASI01 LLM01 MCP06 ATTACK-T1102 ATLAS-AML.T0051.001 ATLAS-AML.T0108 CWE-829"
    strings:
        $order = /(and|then)\s(follow|obey|execute|apply)\s(it|its|the|those|these|any|all)\b/ nocase
        $get1 = "fetch" nocase
        $get2 = "curl " nocase
        $get3 = "retrieve" nocase
        $get4 = "download" nocase
        $url = "https://" nocase
        $often1 = "heartbeat" nocase
        $often2 = "every session" nocase
        $often3 = "every hour" nocase
        $often4 = "each session" nocase
        $often5 = "every few hours" nocase
        $often6 = "periodically" nocase
    condition:
        kind == "prose" and any of ($often*) and for any i in (1..#order) : (
            any of ($get*) in (@order[i] - 200 .. @order[i]) and $url in (@order[i] - 160 .. @order[i]) )
}

rule instructions_chat_template_tokens
{
    meta:
        id = "VB-PROMPT-TEMPLATE-TOKEN"
        title = "Chat template tokens in instructions"
        description = "Text carries the control tokens with which a model's own turns are marked, as if somebody else were speaking."
        severity = "medium"
        confidence = "low"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        $im = /<\|im_start\|>\s{0,2}system\b/
        $inst = /\[INST\]\s{0,2}(<<SYS>>)?[^\n\[]{20,200}(ignore|must|never|send|run)\b/ nocase
        $header = "<|start_header_id|>system<|end_header_id|>"
    condition:
        (kind == "prose" or layer != "") and any of them
}

rule instructions_macos_quarantine
{
    meta:
        id = "VB-INSTALL-QUARANTINE"
        title = "The download quarantine is taken off"
        description = "The attribute that makes the system check a downloaded program is removed before the program is run."
        severity = "medium"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1562.001 ATTACK-T1204.002 CWE-494"
    strings:
        $clear = /xattr\s{1,4}-(c|d|rd|cr|r|dr|rc)\s[^\n]{1,120}/
        $get1 = "curl " nocase
        $get2 = "wget " nocase
        $get3 = "download" nocase
        $run1 = "chmod +x"
        $run2 = /\/tmp\/[A-Za-z0-9._-]{1,40}/
    condition:
        $clear and any of ($get*) and all of ($run*)
}
