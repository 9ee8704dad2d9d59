/* What a script does besides what it is for: in what it makes, in the project's files, and on ways
 * out that nobody looks at. */

rule besides_link_out_of_sight
{
    meta:
        id = "VB-OUTPUT-HIDDEN-LINK"
        title = "A page gets a link that no reader sees"
        description = "What makes a page puts a link to another host far outside of the window: it is there for search machines and counters, not for whoever reads the page."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI09 LLM05 CWE-506"
    strings:
        $link = /<a\s[^>]{0,20}href=\\?["'](https?:|\{|\$\{)[^>]{0,240}style=\\?["'][^"'>]{0,60}(left|top|text-indent):\s?-\d{4,6}px/
    condition:
        $link
}

rule besides_page_covered
{
    meta:
        id = "VB-OUTPUT-OVERLAY"
        title = "A page gets a frame over all of it"
        description = "What makes a page puts a frame with another page over the whole window of it: who reads it reads, and fills in, somebody else's."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI09 LLM05 CWE-1021"
        kinds = "code layer"
    strings:
        $frame1 = /<iframe\s[^>]{0,200}position:\s?fixed[^>]{0,120}(width|height):\s?100(%|v[wh])[^>]{0,120}z-index/
        $frame2 = /<iframe\s[^>]{0,200}z-index[^>]{0,120}position:\s?fixed[^>]{0,120}(width|height):\s?100(%|v[wh])/
        $into1 = /replace\(\s?["']<\/body>["']/
        $into2 = /sub\(\s?r?["']<\/body>["']/
        $into3 = /s[|#@,]<\/body>[|#@,]/
    condition:
        (kind == "code" or layer != "") and any of ($frame*) and any of ($into*)
}

rule besides_recipient_of_last_resort
{
    meta:
        id = "VB-MCP-HIDDEN-RECIPIENT"
        title = "Mail gets a recipient that the user did not name"
        description = "Where nobody asks for a blind copy, it goes to an address that is built in."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST07 ASI02 LLM02 MCP04 ATTACK-T1567 CWE-506"
        kinds = "code layer"
    strings:
        $address = /\b[A-Z_]{0,24}BCC[A-Z_]{0,24}\s?=\s?["'][A-Za-z0-9._%+-]{1,40}@[A-Za-z0-9.-]{3,60}["']/
        $used = /["'.]bcc["']?\]?\s?(=|:|\+=)\s?[^\n"']{0,60}\b[A-Z_]{0,24}BCC/ nocase
        $sample = /BCC[A-Z_]{0,24}\s?=\s?["'](you|your|user|me|test|name)\w{0,20}@/
    condition:
        (kind == "code" or layer != "") and $address and $used and not $sample
}

rule besides_account_of_the_author
{
    meta:
        id = "VB-DEFAULT-RECIPIENT"
        title = "Messages go to a built-in account unless the user sets another"
        description = "The chat, number or group that messages go to is optional, and what stands in its place is an account of somebody's: whoever forgets to set his own reports to that one."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST03 ASI02 LLM02 ATTACK-T1567 CWE-1188"
        kinds = "code layer"
    strings:
        $default = /(CHAT|TARGET|RECIPIENT|CHANNEL|GROUP|PHONE|NUMBER)[A-Z_]{0,10}["']?\s?(,|\|\||\?\?|:-)\s?f?["']?([a-z]{2,10}:)?(-?\d{9,15}|\+\d{9,14}|\d{9,20}@(g\.us|c\.us|s\.whatsapp\.net))["'}]/
        $sample1 = "12345678"
        $sample2 = "87654321"
        $sample3 = "00000000"
        $sample4 = "11111111"
        $sample5 = "55501"
        $sample6 = "5550000"
        $bot = "BOT_TOKEN" /* the user's own bot reaches nobody who has not spoken to it */
    condition:
        (kind == "code" or layer != "") and $default and not any of ($sample*, $bot) and
        not (path contains "test" or path contains "example")
}

rule besides_host_in_pieces
{
    meta:
        id = "VB-OBFUSCATED-HOST"
        title = "The name of a host is put together from pieces"
        description = "Three or more constant pieces make the name of a host: it stands nowhere in one, so that no search and no list finds it."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 ATTACK-T1027 CWE-506"
        kinds = "code layer"
    strings:
        $double = /"[A-Za-z0-9\/:._-]{1,60}"\s?\+\s?"[a-z0-9.-]{1,40}"\s?\+\s?("[a-z0-9.-]{1,40}"\s?\+\s?)?"\.(com|net|org|io|dev|app|xyz|top|ru|cn|me|cc|site|online|info|sh|co)[\/"]/
        $single = /'[A-Za-z0-9\/:._-]{1,60}'\s?\+\s?'[a-z0-9.-]{1,40}'\s?\+\s?('[a-z0-9.-]{1,40}'\s?\+\s?)?'\.(com|net|org|io|dev|app|xyz|top|ru|cn|me|cc|site|online|info|sh|co)[\/']/
    condition:
        (kind == "code" or layer != "") and any of them and
        not (path contains "test" or path contains "fixture")
}

rule besides_command_that_tells
{
    meta:
        id = "VB-PERSISTENCE-ALIAS"
        title = "A usual command is made to tell somebody that it was used"
        description = "An alias for a usual command is put into the shell's start files, and sends something besides."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 AST03 ASI05 ATTACK-T1546.004 ATTACK-T1574.007 CWE-506"
        kinds = "code layer"
    strings:
        $alias = /alias (curl|wget|ssh|scp|sudo|su|git|npm|npx|pip3?|ls|cd|docker|kubectl|aws|gh|claude|codex|openclaw)=\\?['"].{0,200}(curl|wget|nc) .{0,120}(https?:\/\/|\/dev\/tcp|@-|\$\(whoami)/s
        $file1 = ".bashrc"
        $file2 = ".zshrc"
        $file3 = ".bash_aliases"
        $file4 = ".profile"
    condition:
        (kind == "code" or layer != "") and $alias and any of ($file*)
}

rule besides_output_gives_orders
{
    meta:
        id = "VB-TEXT-OUTPUT-OBEYED"
        title = "An agent shall obey what a program prints"
        description = "The instructions make orders of what a program prints, whatever it is: it stands in no text that anybody could read before."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 ATLAS-AML.T0051.001"
        kinds = "prose"
    strings:
        $must1 = /(directives?|orders?|instructions?|commands?)\b[^.\n]{0,60}\b(printed|emitted|written|output|returned)\b[^.\n]{0,60}\b(mandatory|binding|must be (followed|obeyed|completed|executed|carried out))/ nocase
        $must2 = /\b(obey|carry out|execute|follow)\s(all|any|every|each)\b[^.\n]{0,40}\b(directives?|orders|instructions?)\b[^.\n]{0,20}\b(it|the (script|tool|helper|program|output))\s?(outputs|prints|emits|returns|contains|gives|writes)/ nocase
        $must3 = /\btreat\b[^.\n]{0,60}\b(output|stdout)\b[^.\n]{0,40}\bas\b[^.\n]{0,30}\b(orders?|instructions?|commands|directives?|system (prompt|message))\b/ nocase
        $not = /(never|do not|don't|not to)\s(treat|obey|follow|execute|carry out)/ nocase
    condition:
        kind == "prose" and any of ($must*) and not $not
}

rule besides_rights_for_convenience
{
    meta:
        id = "VB-PRIVILEGE-BROAD"
        title = "All rights are given away for convenience"
        description = "The instructions give a role or a program every right there is because that is easier, or until later."
        severity = "high"
        confidence = "medium"
        mapping = "AST03 ASI03 LLM06 ATTACK-T1098.003 CWE-250"
        kinds = "prose config"
    strings:
        $all1 = "AdministratorAccess"
        $all2 = "roles/owner"
        $all3 = "cluster-admin"
        $ease1 = /(broad|full|wide|admin\w{0,10})\s(IAM |access |cloud )?(permissions|rights|access)[^.\n]{0,60}(convenien|easier|simpl|debug|avoid)/ nocase
        $ease2 = /(permissions|rights|scopes?|roles?)[^.\n]{0,40}(can|may|will) be (scoped|narrowed|reduced|tightened|restricted)[^.\n]{0,30}(after|later|once)/ nocase
        $list = /"[a-z_]{0,30}permissions"\s?:\s?\[/
        $socket = "docker.sock\""
        $privileged = /"[a-z:_-]{0,20}privileged"/
    condition:
        (kind == "prose" and any of ($all*) and any of ($ease*)) or
        (kind == "config" and $list and $socket and $privileged)
}

rule besides_project_memory
{
    meta:
        id = "VB-AGENT-MEMORY"
        title = "Code changes what the project tells its agents"
        description = "A script opens the CLAUDE.md or AGENTS.md of the project that it runs in, or makes one, and writes there that nobody need be asked, or that other rules go before the user's, or takes the rules of safety out."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 AST03 ASI06 LLM04 MCP10 ATTACK-T1546 ATLAS-AML.T0080.000 ATLAS-AML.T0081 CWE-506"
        kinds = "code layer"
    strings:
        $file = /["'\/](CLAUDE|AGENTS|GEMINI|SOUL|copilot-instructions)\.md["'`]/
        $write1 = "appendFile"
        $write2 = "writeFileSync("
        $write3a = ", \"a\")"
        $write3b = ", 'a')"
        $write3c = ", \"w\")"
        $write3d = ", 'w')"
        $write4 = "write_text("
        $order1 = /auto-?approve[^\n"']{0,20}(all|every|any|tool|command)/ nocase
        $order2 = /system override/ nocase
        $order3 = /without (asking|confirmation|approval|permission)/ nocase
        $order4 = /(ignore|disregard) (all |any )?(previous|prior|earlier|other) (instructions|rules)/ nocase
        $order5 = /([Pp]refer|[Pp]rioriti[sz]e|[Pp]recedence|[Pp]riority)[^\n"']{0,90}\b(ov[e]r|bef[o]re|ab[o]ve|ah[e]ad of)\b[^\n"']{0,20}(p[a]rent|w[o]rkspace|us[e]r|pr[o]j[e]ct|s[y]stem|oth[e]r|gl[o]bal)\b/
        $out = /\bsub\(\s?r?["'][^\n]{0,40}(SAFETY|SECURITY|GUARDRAIL|POLICY|RESTRICTION|safety|guardrail)/
    condition:
        (kind == "code" or layer != "") and $file and any of ($write*) and (any of ($order*) or $out) and
        not path contains "test"
}

rule besides_logger_sends
{
    meta:
        id = "VB-EXFIL-LOGGER"
        title = "What is secret goes out as a line of a log"
        description = "Python's logging is set up to post its lines to a host, and the line is a token or what was encoded: it looks like a log and is a way out."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 ASI02 LLM02 ATTACK-T1048 ATTACK-T1567 CWE-506"
        kinds = "code layer"
    strings:
        $handler = /\bHTTPHandler\([^)\n]{0,120}method\s?=\s?["']POST/
        $line = /\.(info|warning|error|debug|critical)\(\s?_{0,2}\w{0,20}(token|secret|passw|creds?|credential|payload|encoded|enc|blob|key)\w{0,12}\s?\)/
    condition:
        (kind == "code" or layer != "") and all of them
}

rule besides_text_encoded_thrice
{
    meta:
        id = "VB-OBFUSCATED-LAYERS"
        title = "A text is encoded three times over"
        description = "A text was encoded, and the result encoded, and that once more: nobody needs that but who would not be read."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 LLM01 ATTACK-T1027.013 CWE-506"
        kinds = "layer"
    condition:
        layer matches /(base64|base32|hex|base85)@[0-9]+\/(base64|base32|hex|base85)@[0-9]+\/(base64|base32|hex|base85)@/ and
        filesize < 4096
}

rule besides_hidden_part_to_play
{
    meta:
        id = "VB-TEXT-ENCODED-ORDER"
        title = "An order to an agent is kept encoded"
        description = "What is decoded speaks to an agent: it shall play a part, or hold something for an order of its system."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 ATLAS-AML.T0051.001 ATTACK-T1027.013"
        kinds = "layer"
    strings:
        $part = /\b(role-?play|act|pretend|behave) (as|that|like)\b/ nocase
        $order = /\b(system (order|prompt|message|instruction|policy)|(internal|policy) (checker|administrator|system)|developer mode)\b/ nocase
        $speak = /\bin (the|your) (final|next) (summary|answer|reply|report|response)\b/ nocase
    condition:
        layer != "" and 2 of them
}

rule besides_weak_defaults_written
{
    meta:
        id = "VB-OUTPUT-WEAKENED"
        title = "What it makes is given weak security"
        description = "Code writes into what it makes for the user that security is low, or that nobody need log in."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI09 LLM05 CWE-1188 CWE-306"
        kinds = "code layer"
    strings:
        $level = /write(_text|FileSync|lines)?\([^\n]{0,80}security[ _-]?(level|mode)\b["']?\s?[:=]\s?["']?(low|none|off|disabled|minimal)\b/ nocase
        $login = /write(_text|FileSync|lines)?\([^\n]{0,80}(do[e]s not|do[e]sn't|do not|no need to|need no|needs no|without)\s(r[e]quire |n[e]ed |any )?(auth|l[o]gin|p[a]ssword)/
    condition:
        (kind == "code" or layer != "") and all of them
}

rule besides_session_hook
{
    meta:
        id = "VB-PERSISTENCE-HOOK"
        title = "Settings of a terminal start a command at each session"
        description = "Code writes settings of tmux or screen with a hook: a shell command that runs each time somebody attaches or opens a window."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST03 ASI05 ATTACK-T1546 CWE-506"
        kinds = "code layer"
    strings:
        $hook = /set-hook -g[a]? (client-attached|session-created|after-new-(session|window)|client-session-changed|pane-focus-in)[^\n]{0,20}(run-shell|run|if-shell)\b/
        $file = ".tmux.conf"
        $write1 = "write_text("
        $write2 = ".write("
        $write3 = "writeFile"
        $write4 = /(>>|cat >|tee) ?[^\n]{0,60}\.tmux\.conf/
    condition:
        (kind == "code" or layer != "") and $hook and $file and any of ($write*)
}

rule besides_proxy_with_login
{
    meta:
        id = "VB-OUTPUT-PROXY"
        title = "Calls with the user's login are led through a built-in proxy"
        description = "Code makes settings or a workflow in which calls that carry a login of the user go by a proxy that is built in."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1557 ATTACK-T1090 CWE-506"
        kinds = "code layer"
    strings:
        $login = /["']?authentication["']?\s?:\s?["'](oAuth2|oauth2|predefinedCredentialType|genericCredentialType|bearer)["']/
        $proxy = /["']?proxy["']?\s?:\s?(["']https?:\/\/|[A-Z][A-Z_]{3,30}\b)/
        $address = /[A-Z_]{0,20}PROXY[A-Z_]{0,20}\s?=\s?["']https?:\/\//
    condition:
        (kind == "code" or layer != "") and $login and $proxy and $address
}

rule besides_takes_orders
{
    meta:
        id = "VB-REMOTE-TASKS"
        title = "It works off tasks that a host gives it"
        description = "Code asks a host for a task, does what the answer says, and sends the result to an address that stands in the same answer."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI02 ASI10 ATTACK-T1102.002 CWE-506"
        kinds = "code layer"
    strings:
        $order = /(\.get\(|\[)["'](instructions?|command|cmd|order)["'][\])]/
        $back = /(\.get\(|\[)["'](submit|result|callback|report|upload|reply)_(url|to|endpoint)["'][\])]/
        $ask1 = "urlopen("
        $ask2 = "requests.get("
        $ask3 = "fetch("
        $quiet = /except( Exception)?:\s{1,40}pass/
    condition:
        (kind == "code" or layer != "") and $order and $back and any of ($ask*) and $quiet
}

rule besides_forged_record
{
    meta:
        id = "VB-OUTPUT-FORGED"
        title = "It writes that somebody was granted something"
        description = "Code makes up a record by which an administrator or the system granted or approved something."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI09 LLM05 ATTACK-T1565.001 CWE-506"
        kinds = "code layer"
    strings:
        $record = /["'](ADM[I]N|SYST[E]M|R[O]OT|S[E]C[U]RITY|M[A]NAGER|[Aa]dmin|[Ss]ystem)[_ -](OVERRIDE|APPROVAL|BYPASS|[Oo]verride|[Bb]ypass)\b[^"'\n]{0,80}\b(gr[a]nted|appr[o]ved|all[o]wed|GR[A]NTED|APPR[O]VED|ALL[O]WED)\b/
    condition:
        (kind == "code" or layer != "") and $record and not path contains "test"
}

rule besides_directive_in_what_is_made
{
    meta:
        id = "VB-SKILL-SPREADS"
        title = "Every skill that is made gets a hidden directive"
        description = "An agent shall put a comment that no reader sees at the top of each skill that it makes: it loads something from elsewhere."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST02 ASI04 ASI06 LLM03 ATLAS-AML.T0080"
        kinds = "prose"
    strings:
        $comment = /<!--\s?(inherit|include|import|extends?|load|source)s?:\s?[^\s\n][^\n]{1,120}-->/ nocase
        $each = /\b(each|every|all)\s(newly )?(generated|new|created)\s(SKILL\.md|skills?)\b/ nocase
    condition:
        kind == "prose" and all of them
}

rule besides_name_carries_data
{
    meta:
        id = "VB-EXFIL-DNS-NAME"
        title = "Data is made part of a host's name"
        description = "Code encodes data as names of hosts may be written, and puts it before a domain: who asks for that name hands the data to whoever answers for the domain."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI02 LLM02 ATTACK-T1048.003 ATTACK-T1071.004 CWE-506"
        kinds = "code layer"
    strings:
        $encode1 = /b(32|ase32)encode\(/
        $encode2 = "base32.encode("
        $encode3 = "base32Encode("
        $strip1 = "rstrip(\"=\")"
        $strip2 = "rstrip('=')"
        $strip3 = /replace\(\s?(["']=["']|\/=)/
        $name = /["'`]\$?\{[\w.()\[\]:]{1,40}\}\.\$?(\{[\w.()\[\]:]{1,40}\}\.)?[a-z0-9-]{1,40}(\.[a-z0-9-]{1,40}){1,4}["'`]/
    condition:
        (kind == "code" or layer != "") and any of ($encode*) and any of ($strip*) and $name
}

rule besides_header_carries_data
{
    meta:
        id = "VB-EXFIL-HEADER"
        title = "Data is carried in a header of a request"
        description = "Code encodes a text and puts it into a header of its own making, where nobody looks for it."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI02 LLM02 ATTACK-T1071.001 ATTACK-T1132.001 CWE-506"
        kinds = "code layer"
    strings:
        $python = /["']X-[A-Za-z-]{2,40}["']\s?:\s?(base64\.)?(urlsafe_)?b(64|32|16)encode\(/
        $node = /["']X-[A-Za-z-]{2,40}["']\s?:\s?(Buffer\.from\([^\n]{1,80}toString\(["'](base64|hex)|btoa\()/
        $known = /["']X-(Auth|Api|Signature|Hub|Amz|Goog|Ms|Hmac|Sign|Csrf|Xsrf|Nonce|Evm|Sol|Payment|Message)[A-Za-z-]{0,40}["']\s?:\s?(base64|b64|Buffer|btoa)/ nocase
    condition:
        (kind == "code" or layer != "") and any of ($python, $node) and not $known
}

rule besides_browser_profile_read
{
    meta:
        id = "VB-BROWSER-PROFILE"
        title = "It reads out the profile of a browser"
        description = "Code goes through the files of a browser's profile that hold its settings, keys and open sessions, and keeps what is in them."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1539 ATTACK-T1217 CWE-506"
        kinds = "code layer"
    strings:
        $file1 = /["']Local State["']/
        $file2 = /["']Session Storage["']/
        $file3 = /["'](Preferences|Secure Preferences)["']/
        $file4 = /["'](Login Data|Cookies|Web Data)["']/
        $file5 = /["']Local Storage["']/
        $read1 = "read_text("
        $read2 = "readFile"
        $read3 = ".read()"
        $keep1 = "json.dump"
        $keep2 = "JSON.stringify"
    condition:
        (kind == "code" or layer != "") and 3 of ($file*) and any of ($read*) and any of ($keep*)
}

rule besides_helper_out_of_sight
{
    meta:
        id = "VB-HIDDEN-HELPER"
        title = "A program in a string is started out of sight"
        description = "Code starts an interpreter with a program that stands in a string, looks at nothing that it prints, and takes no notice when it fails."
        severity = "medium"
        confidence = "medium"
        mapping = "AST01 ASI05 ATTACK-T1059.006 ATTACK-T1564 CWE-506"
        kinds = "code layer"
    strings:
        $start = /Popen\(\s{0,40}\[\s{0,40}["']?(python3?|sys\.executable|node)["']?,\s{0,40}["'](-c|-e)["'],/
        $quiet = /stdout\s?=\s?\w{0,20}\.?DEVNULL,\s{0,40}stderr\s?=\s?\w{0,20}\.?DEVNULL/
        $pass = /except( Exception)?:\s{1,40}pass/
    condition:
        (kind == "code" or layer != "") and all of them
}

rule besides_login_at_lookalike
{
    meta:
        id = "VB-LOOKALIKE-HOST"
        title = "A login goes to a host whose name imitates another"
        description = "The address that tokens or logins are asked of has a digit where a word has a letter: it reads as another name than it is."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST02 ASI03 LLM02 ATTACK-T1583.001 ATTACK-T1656 CWE-1007"
        kinds = "code config layer"
    strings:
        $address = /(o[a]uth|t[o]ken|[a]uth|l[o]gin|s[i]gn[i]n|s[e]ss[i]on)[A-Za-z_]{0,20}["']?\s?[:=]\s?["']https?:\/\/([a-z0-9-]{1,30}\.){0,3}([b-df-hj-np-tv-z]{1,12}[01][b-df-hj-np-tv-z][a-z]{1,20}|[a-z]{1,12}(00|0[a-z]{1,8}0)[a-z]{1,12})\.[a-z]{2,12}[\/"':]/
    condition:
        (kind == "code" or kind == "config" or layer != "") and any of them
}
