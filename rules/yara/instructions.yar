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
        kinds = "prose layer"
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
        kinds = "prose layer"
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
        kinds = "prose layer"
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
        kinds = "prose layer"
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
        kinds = "prose code layer"
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

rule instructions_run_dialog
{
    meta:
        id = "VB-INSTALL-RUN-DIALOG"
        title = "The user is to paste a command into the run dialog"
        description = "The text leads the user by key strokes to run a command that he does not read: the trick called ClickFix."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI09 LLM03 ATTACK-T1204.004 CWE-506"
        kinds = "prose code"
    strings:
        $key = /win(dows)?(\s?key)?\s?\+\s?(R|X)\b/ nocase
        $paste = /(ctrl\+|ctrl \+|control\+|con[t]rol \+|cmd\+|cmd \+)\s?v\b/ nocase
        $enter = /(press|hit)\s[^\n]{0,12}enter/ nocase
        $why_1 = "verif" nocase
        $why_2 = "captcha" nocase
        $why_3 = "human" nocase
        $why_4 = "robot" nocase
        $why_5 = "fix" nocase
        $why_6 = "activate" nocase
        $why_7 = "prerequisite" nocase
        $why_8 = "required" nocase
        $why_9 = "setup" nocase
        $why_10 = "install" nocase
    condition:
        (kind == "prose" or kind == "code") and layer == "" and $key and $paste and $enter and any of ($why_*) and for any i in (1..#key) : ($paste in (@key[i] .. @key[i] + 400))
}

rule instructions_history_in_address
{
    meta:
        id = "VB-PROMPT-HISTORY-LEAK"
        title = "The conversation is to go into an address or argument"
        description = "The agent is told to put what was said into a web address, an image or the argument of a call."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM02 MCP10 ATLAS-AML.T0057 CWE-200"
    strings:
        $a = /\b(append|include|encode|embed|add|put|place|insert)\s[^.\n]{0,60}(conversation|chat)\s(history|transcript|log|context|so far)[^.\n]{0,80}\b(url|query|query string|image|markdown image|link|https?:)/ nocase
        $b = /(url|query|image|link)\s[^.\n]{0,60}(contain|carry|include)s?[^.\n]{0,30}(conversation|chat)\s(history|transcript|context)/ nocase
    condition:
        layer != "fence" and any of them
}

rule instructions_keeps_itself
{
    meta:
        id = "VB-PROMPT-PERSIST"
        title = "The agent is to write the package into its memory and keep it there"
        description = "The agent is told to add orders to its own files, and not to say so or not to let them be removed."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI06 LLM04 ATLAS-AML.T0080.000 CWE-506"
        kinds = "prose layer"
    strings:
        $write = /(add|append|write|copy|insert|save|inject)\s[^.\n]{0,100}\b(AGENTS\.md|CLAUDE\.md|SOUL\.md|MEMORY\.md|GEMINI\.md|HEARTBEAT\.md|IDENTITY\.md)/ nocase
        $s1 = /(silently|secretly|(without telling|without asking|without informing|without notifying|without mentioning)|do\snot\s(tell|mention|inform|ask|notify|remove|delete)|never\s(remove|delete|mention)|cannot\sbe\sremoved|e[v]en\s(if|when)\s[^.\n]{0,30}(uninstall|removed|deleted))/ nocase
    condition:
        kind == "prose" and layer != "fence" and for any i in (1..#write) : ($s1 in (@write[i] - 250 .. @write[i] + 350))
}

rule instructions_obey_address
{
    meta:
        id = "VB-PROMPT-REMOTE"
        title = "Instructions are fetched from a server before each task"
        description = "The agent is told to load a text from an address and to treat it as its orders: whoever runs the server commands the agent."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST07 ASI01 LLM01 MCP06 ATTACK-T1102 ATLAS-AML.T0108 CWE-829"
    strings:
        $a = /(follow|obey|execute|apply|carry out)\s(exactly\s|all\s)?(the|its|any|every|all|those|these|whatever)\s?(the\s|its\s|of the\s)?(remote\s|fetched\s|returned\s|current\s|latest\s)?(instructions|commands|orders|directives|it says|steps)/ nocase
        $get1 = "fetch" nocase
        $get2 = "download" nocase
        $get3 = "retrieve" nocase
        $get4 = "curl " nocase
        $get5 = "load " nocase
        $url1 = "https://"
        $url2 = "http://"
        $b = /treat\s[^\n]{0,60}(response|content|result|output|body)\s[^\n]{0,30}as\s[^\n]{0,30}(system\s(prompt|instructions|message)|your\s(new\s)?instructions|trusted\sinstructions)/ nocase
        $often_1 = "before" nocase
        $often_2 = "each" nocase
        $often_3 = "every" nocase
        $often_4 = "always" nocase
        $often_5 = "first" nocase
        $often_6 = "regularly" nocase
        $often_7 = "on start" nocase
    condition:
        layer != "fence" and ($b or (any of ($often_*) and for any i in (1..#a) : (any of ($url*) in (@a[i] - 120 .. @a[i]) and any of ($get*) in (@a[i] - 180 .. @a[i]))))
}

rule instructions_reviewer_told
{
    meta:
        id = "VB-REVIEWER-TOLD"
        title = "The text tells whoever reviews it what to find"
        description = "The package speaks to scanners or reviewers: it claims a verdict or asks not to be looked at."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI09 LLM01 ATLAS-AML.T0051.001 CWE-506"
        kinds = "prose code"
    strings:
        $a = /(do not|don\'t|no need to|never|please skip|skip)\s(sc[a]n|sc[a]nning|an[a]ly[sz]e|an[a]ly[sz]ing|fl[a]g|fl[a]gging|a[u]dit|a[u]diting|r[e]v[i]ew|r[e]v[i]ewing|insp[e]ct|r[e]port)\s(of\s)?(th[i]s|th[e])\s(sk[i]ll|f[i]le|p[a]ckage|pl[u]gin|c[o]de|rep[o]sitory|s[e]rver|t[o]ol|s[e]ction|f[o]lder)\b/ nocase
        $b = /(verified|approved|audited|certified|cleared|whitelisted)\s(by|as)\s[^.\n]{0,40}(security|anthropic|openai|google|microsoft|scanner|trust|safe)/ nocase
        $it1 = "this skill" nocase
        $it2 = "this package" nocase
        $it3 = "this plugin" nocase
        $it4 = "this server" nocase
        $c = /["\']?(scan|security|safety|analysis)_?(result|verdict|status)["\']?\s?[:=]\s?["\']?(safe|benign|clean|pass(ed)?|no_?(threat|issue)s?)/ nocase
        $who_1 = "scanner" nocase
        $who_2 = "reviewer" nocase
        $who_3 = "auditor" nocase
        $who_4 = "security tool" nocase
        $who_5 = "security team" nocase
        $who_6 = "security review" nocase
        $who_7 = "security scan" nocase
        $who_8 = "security check" nocase
        $who_9 = "static analysis" nocase
        $who_10 = "verdict" nocase
        $who_11 = "moderator" nocase
        $who_12 = "analyser" nocase
        $who_13 = "analyzer" nocase
    condition:
        (kind == "prose" or kind == "code") and layer == "" and (($b and any of ($it*)) or ($c and any of ($who_*) and kind == "prose") or ($a and any of ($who_*)))
}

rule instructions_comment_download
{
    meta:
        id = "VB-INSTALL-HIDDEN-STEP"
        title = "A step of the installation stands in a comment"
        description = "A comment that no reader sees has a command downloaded and run."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI01 ASI05 LLM01 ATTACK-T1027 ATTACK-T1105 CWE-506"
        kinds = "prose"
    strings:
        $a = /<!--[^>]{0,600}(curl|wget)\s[^>\n]{4,200}\|\s{0,3}(sudo\s)?(ba|z)?sh\b/
        $b = /\[\/\/\]:\s#\s[("][^\n]{0,300}(curl|wget)\s[^\n]{4,200}\|\s{0,3}(sudo\s)?(ba|z)?sh\b/
    condition:
        kind == "prose" and layer == "" and any of them
}

rule instructions_lowers_rights
{
    meta:
        id = "VB-INSTALL-LOWERS-RIGHTS"
        title = "All may write everything"
        description = "A command opens the whole system or home to everybody, or takes the password from administration."
        severity = "high"
        confidence = "medium"
        mapping = "AST03 ASI03 ATTACK-T1222.002 CWE-732"
        kinds = "code layer"
    strings:
        $a = /chmod\s{1,3}(-[Rr]\s{1,3})?0?777\s{1,3}(-R\s)?(\/|~|\$HOME|\/etc|\/usr|\/home|~\/\.ssh)\s{0,2}[\n"\'`;]/
        $b = /chmod\s{1,3}[^\n]{0,12}[ug]\+s\s{1,3}\/(bin|usr\/bin|tmp|dev\/shm)/
        $c = /chmod\s{1,3}(4755|4777|6755)\s/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule instructions_reads_secret_stores
{
    meta:
        id = "VB-PROMPT-READS-SECRETS"
        title = "The agent is to read the logins of many tools"
        description = "Instructions list the files in which unrelated tools keep their logins, as what the agent is to read."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI01 ASI03 LLM02 ATTACK-T1552.001 ATLAS-AML.T0098 CWE-200"
        kinds = "prose code"
    strings:
        $ssh = /(Read|Open|Load|Collect|Glob|cat|view|include)\(?:?\s?["\'`]{0,2}(~|\$HOME|\/root)\/\.ssh\/(id_rsa|id_ed25519|id_ecdsa|\*)/ nocase
        $aws = /(Read|Open|Load|Collect|Glob|cat|view|include)\(?:?\s?["\'`]{0,2}(~|\$HOME|\/root)\/\.aws\/credentials/ nocase
        $git = /(Read|Open|Load|Collect|Glob|cat|view|include)\(?:?\s?["\'`]{0,2}(~|\$HOME|\/root)\/\.git-credentials/ nocase
        $net = /(Read|Open|Load|Collect|Glob|cat|view|include)\(?:?\s?["\'`]{0,2}(~|\$HOME|\/root)\/\.(netrc|npmrc|pypirc)/ nocase
        $kube = /(Read|Open|Load|Collect|Glob|cat|view|include)\(?:?\s?["\'`]{0,2}(~|\$HOME|\/root)\/\.(kube\/config|docker\/config\.json)/ nocase
    condition:
        (kind == "prose" or kind == "code") and layer == "" and 3 of them
}

rule instructions_unrestricted_role
{
    meta:
        id = "VB-PROMPT-ROLE"
        title = "The agent is put into a role without rules"
        description = "Text tells a model that it has become another one, to which no rules apply."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 ATLAS-AML.T0054 CWE-1427"
    strings:
        $a = /you\sare\s(now\s)?[^.\n]{0,60}(without|with\sno|free\s(of|from)|freed\sfrom)\s(any\s|all\s)?(restrictions|limitations|safety\straining|safety\sguidelines|con[t]ent\s(policy|restrictions|filters)|guardrails|ethical)/ nocase
        $b = /your\s(previous|prior|original|old)\s(identity|persona|instructions|training|rules)[^.\n]{0,60}(replaced|overwritten|suspended|no\slonger\sappl(y|ies)|void|erased)/ nocase
        $c = /(cannot|never|do\snot)\srefuse\s(any|a)\s(request|question|task|command)/ nocase
        $d = /no\slonger\s(bound|follow|obey)\s[^.\n]{0,40}(guidelines|policies|rules|restrictions)/ nocase
    condition:
        layer != "fence" and 2 of them
}

rule instructions_page_tokens
{
    meta:
        id = "VB-PROMPT-PAGE-TOKENS"
        title = "Tokens are to be read out of the pages of the user"
        description = "Instructions drive the browser of the user to read cookies or tokens out of pages."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI02 ASI03 LLM02 ATTACK-T1539 ATTACK-T1185 CWE-200"
        kinds = "prose"
    strings:
        $a = /(evaluate|execute_script|run_javascript|evaluate_script)\w{0,12}\([^\n]{0,80}(document\.cookie|localStorage|sessionStorage|\[data-token\]|type=["\']?password)/
        $b = /(extract|capture|collect|harvest|copy)\s[^.\n]{0,40}(session\scookies|api\stokens?|auth\stokens?|session\stokens?)\s[^.\n]{0,40}(page|browser|portal|settings|storage)/ nocase
    condition:
        (kind == "prose" and layer == "") and all of them
}
