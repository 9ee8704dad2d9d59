/* Ways out for stolen data. */

rule exfil_callback_service
{
    meta:
        id = "VB-EXFIL-CALLBACK"
        title = "Code calls back to an interaction collector"
        description = "Code names an address of a service made to catch requests from exploited machines."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1567 ATTACK-T1071.001 ATTACK-T1048 CWE-506"
        kinds = "code config layer"
    strings:
        $oast = /[a-z0-9]{16,40}\.oast(ify)?\.(fun|pro|live|site|online|me|com)\b/
        $burp = /[a-z0-9]{16,40}\.burpcollaborator\.net/
        $interact = /[a-z0-9]{20,40}\.interact\.sh/
        $repo = /[a-z0-9]{6,12}\.requestrepo\.com/
        $dnslog = /[a-z0-9]{4,12}\.(dnslog\.cn|ceye\.io|eyes\.sh)\b/
        $pipedream = /[a-z0-9]{8,40}\.m\.pipedream\.net/
    condition:
        (kind == "code" or kind == "config" or layer != "") and any of them
}

rule exfil_callback_host_report
{
    meta:
        id = "VB-EXFIL-CALLBACK-REPORT"
        title = "Code reports the machine to an interaction collector"
        description = "Code gathers what the machine or its user is called, and names an address of a service made to catch requests from exploited machines."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST02 ASI04 LLM02 ATTACK-T1195.001 ATTACK-T1082 ATTACK-T1033 ATTACK-T1567 CWE-506"
        kinds = "code layer"
    strings:
        $to1 = /[a-z0-9]{16,40}\.oast(ify)?\.(fun|pro|live|site|online|me|com)\b/
        $to2 = /[a-z0-9]{16,40}\.burpcollaborator\.net/
        $to3 = /[a-z0-9]{20,40}\.interact\.sh/
        $to4 = /[a-z0-9]{6,12}\.requestrepo\.com/
        $to5 = /[a-z0-9]{4,12}\.(dnslog\.cn|ceye\.io|eyes\.sh)\b/
        $to6 = /[a-z0-9]{8,40}\.m\.pipedream\.net/
        $what1 = /\bos\.(hostname|userInfo|uname|getlogin)\(/
        $what2 = /\b(gethostname|gethostbyname_ex|getuser|platform\.(node|uname))\(/
        $what3 = /\b(environ|env|getenv)(\.get)?[\[(.]\s?["']?(USER|USERNAME|LOGNAME|HOSTNAME|COMPUTERNAME)\b/
        $what4 = /(\$\(|`|["'])\s?(whoami|hostname|uname -a)\b/
        $how1 = /\b(requests\.get\(|requests\.post\(|requests\.put\(|requests\.request\(|axi[o]s\.get\(|axi[o]s\.post\(|axi[o]s\.put\(|axi[o]s\.request\(|sessi[o]n\.get\(|sessi[o]n\.post\(|sessi[o]n\.put\(|sessi[o]n\.request\(|clie[n]t\.get\(|clie[n]t\.post\(|clie[n]t\.put\(|clie[n]t\.request\(|http\.get\(|http\.post\(|http\.put\(|http\.request\(|https\.get\(|https\.post\(|https\.put\(|https\.request\()/
        $how2 = /\b(urlopen\(|fetch\(|gethostbyname\(|getaddrinfo\(|resolve\(|lookup\()/
        $how3 = /\b(curl|wget|nslookup|dig)\s/
    condition:
        kind == "code" and filesize < 64KB and any of ($to*) and any of ($what*) and any of ($how*)
}

rule exfil_webhook_site
{
    meta:
        id = "VB-EXFIL-WEBHOOK-SITE"
        title = "Data goes to an anonymous request collector"
        description = "Code or assets send to a personal page of a request collector that keeps everything for whoever opened it."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1567.004 CWE-506"
        kinds = "prose code config layer"
    strings:
        $uuid = /webhook\.site\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/
        $bin = /(requestbin\.(com|net)|beeceptor\.com|hookb\.in|requestcatcher\.com)\/[A-Za-z0-9]{6,}/
        $catcher = /https?:\/\/[a-z0-9-]{3,40}\.(requestcatcher\.com|free\.beeceptor\.com|x\.pipedream\.net)/
    condition:
        (kind == "code" or kind == "config" or layer != "" or extension == "svg" or extension == "html") and any of them
}

rule exfil_discord_webhook
{
    meta:
        id = "VB-EXFIL-DISCORD"
        title = "A Discord webhook is built in"
        description = "Code holds the full address of somebody's Discord webhook: what it posts goes to that person."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1567.004 ATTACK-T1102 CWE-506"
        kinds = "code layer"
    strings:
        $hook = /discord(app)?\.com\/api\/(v\d{1,2}\/)?webhooks\/\d{17,20}\/[A-Za-z0-9_-]{60,}/
        $client = /WebhookClient\(\s{0,4}(\{\s{0,4}id:\s{0,2})?['"]\d{17,20}['"],\s{0,8}(token:\s{0,2})?['"][A-Za-z0-9_-]{60,}/
    condition:
        any of them and (kind == "code" or layer != "")
}

rule exfil_telegram_bot
{
    meta:
        id = "VB-EXFIL-TELEGRAM"
        title = "A Telegram bot token is built in"
        description = "Code holds the token of somebody's Telegram bot: what it posts goes to that person."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1567 ATTACK-T1102 CWE-506 CWE-798"
        kinds = "code layer"
    strings:
        $url = /api\.telegram\.org\/bot\d{8,10}:[A-Za-z0-9_-]{35}/
        $token = /["']\d{8,10}:AA[A-Za-z0-9_-]{33}["']/
        $use1 = "sendMessage"
        $use2 = "sendDocument"
        $use3 = "api.telegram.org/bot"
    condition:
        (kind == "code" or layer != "") and ($url or ($token and any of ($use*)))
}

rule exfil_host_report
{
    meta:
        id = "VB-EXFIL-HOST-REPORT"
        title = "Installing or loading reports the host"
        description = "Name, user, home and folder of the machine are gathered and sent: the mark of dependency confusion."
        severity = "high"
        confidence = "high"
        mapping = "AST01 AST02 ASI04 LLM03 MCP04 ATTACK-T1195.001 ATTACK-T1082 ATTACK-T1033 ATTACK-T1041 CWE-506"
        kinds = "code"
    strings:
        $js1 = "os.hostname()"
        $js2 = "os.homedir()"
        $js3 = "os.userInfo()"
        $js4 = "dns.getServers()"
        $js5 = "__dirname"
        $js6 = "process.cwd()"
        $jsend1 = /https?\.request\(/
        $jsend2 = /dns\.(lookup|resolve)\(/
        $jsend3 = "fetch("
        $py1 = "socket.gethostname()"
        $py2 = "getpass.getuser()"
        $py3 = "os.getcwd()"
        $py4 = "platform.node()"
        $py5 = "os.getlogin()"
        $py6 = "socket.gethostbyname("
        $py7 = "os.path.expanduser("
        $py8 = "whoami"
        $psend1 = "requests.get("
        $psend2 = "requests.post("
        $psend3 = "urlopen("
        $psend4 = "http.client"
        $pjson = /requests\.(post|get)\([^)]{0,300}(socket\.gethostname\(\)|getpass\.getuser\(\)|platform\.node\(\))/
        $setup1 = "setup("
        $setup2 = /class\s\w{1,40}\((install|develop|egg_info)\)/
    condition:
        layer == "" and (
            (kind == "code" and $js1 and $js3 and 1 of ($js2, $js4) and 1 of ($js4, $js5, $js6) and any of ($jsend*) and filesize < 20KB)
            or (filename == "setup.py" and ($setup1 or $setup2) and 2 of ($py*) and any of ($psend*))
            or (filename == "setup.py" and $pjson)
        )
}

rule exfil_dns_labels
{
    meta:
        id = "VB-EXFIL-DNS"
        title = "Data leaves in host names"
        description = "A command puts the output of another command into a host name that it looks up."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1048 ATTACK-T1071.004 CWE-514"
        kinds = "code layer"
    strings:
        $sub = /(nslookup|dig|host|ping\s-c\s?\d)\s[^\n]{0,40}(\$\([^\n)]{2,100}\)|`[^\n`]{2,100}`)\.[a-z0-9][a-z0-9.-]{3,80}/
        $js = /\$\{\s?(os\.hostname\(\)|os\.userInfo\(\)\.username|hostname|username)\s?\}\.[a-z0-9-]{3,40}\.[a-z]{2,6}[`"'\/.:]/
        $host = "os.hostname()"
        $loop = /(xxd|base64|hexdump)[^\n]{0,120}\|[^\n]{0,80}(nslookup|dig)\s[^\n]{0,40}\$/
    condition:
        (kind == "code" or layer != "") and ($sub or $loop or ($js and $host))
}

rule exfil_active_picture
{
    meta:
        id = "VB-EXFIL-SVG-SCRIPT"
        title = "A picture holds a script that sends data"
        description = "An SVG file runs a script that reads cookies or storage or sends a request when it is shown."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM05 ATTACK-T1059.007 ATTACK-T1539 ATTACK-T1027 CWE-79"
        kinds = "prose layer"
    strings:
        $script = "<script" nocase
        $handler1 = "onload=" nocase
        $handler2 = "onerror=" nocase
        $handler3 = "onclick=" nocase
        $act1 = "document.cookie"
        $act2 = "localStorage"
        $act3 = "fetch("
        $act4 = "XMLHttpRequest"
        $act5 = "sendBeacon("
        $act6 = "new Image("
    condition:
        extension == "svg" and any of ($script, $handler*) and any of ($act*)
}

rule exfil_image_link_template
{
    meta:
        id = "VB-EXFIL-IMAGE-LINK"
        title = "An image link is to be filled with data"
        description = "The agent is told to show an image whose address carries the conversation or other private data."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM02 MCP06 ATTACK-T1567 ATLAS-AML.T0067 ATLAS-AML.T0057 CWE-200"
    strings:
        $img = /!\[[^\]\n]{0,60}\]\(https?:\/\/[^)\s]{3,120}[?&][a-z_]{1,20}=(\{|\$\{|\[|<|%7B)[^)\n]{0,60}(secret|token|key|password|conversation|history|context|data|content|message|summary|prompt)/ nocase
    condition:
        $img
}

rule exfil_repository_sent
{
    meta:
        id = "VB-EXFIL-REPOSITORY"
        title = "What is in the repository is sent"
        description = "A command hands the changes, addresses or history of the repository to an upload."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1213 ATTACK-T1567 CWE-200"
        kinds = "code layer"
    strings:
        $a = /git\s{1,3}(diff|log|show|remote|config|stash|archive|bundle)[^\n|]{0,80}\|\s{0,3}(base64[^\n|]{0,12}\|\s{0,3}|gzip[^\n|]{0,12}\|\s{0,3})?(curl|nc|wget)\s/
        $b = /curl\s[^\n]{0,160}(-d|--data|--data-urlencode|--data-binary)\s{1,3}["\']?[^\n"\']{0,30}\$\(git\s{1,3}(diff|log|show|remote|config)/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule exfil_ping_data
{
    meta:
        id = "VB-EXFIL-PING"
        title = "Data leaves in pings"
        description = "A command puts the bytes of a file into the padding of pings."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1048.003 CWE-514"
        kinds = "code layer"
    strings:
        $a = /ping\s[^\n]{0,40}-p\s{1,3}["\']?(\$\(|`|\$\{?\w)/
        $b = /xxd\s[^\n|]{0,60}\|[^\n]{0,60}ping\s[^\n]{0,40}-p\s/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule exfil_secret_gist
{
    meta:
        id = "VB-EXFIL-GIST"
        title = "Secrets are put into a gist or repository"
        description = "A command publishes a file with secrets in a gist."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1567.001 CWE-506"
        kinds = "code layer"
    strings:
        $a = /gh\s{1,3}gist\s{1,3}create\s[^\n]{0,100}(\.env|id_rsa|id_ed25519|credentials|\.ssh|\.aws|\.npmrc|\.netrc)/
        $b = /api\.github\.com\/gists[^\n]{0,300}(\.env|id_rsa|credentials|os\.environ|process\.env)/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule exfil_page_cookies
{
    meta:
        id = "VB-EXFIL-COOKIES"
        title = "Cookies and tokens of pages are sent"
        description = "A script hands the cookies or the storage of a page to a request."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1539 ATTACK-T1041 CWE-506"
    strings:
        $a = /(f[e]tch|s[e]ndB[e]acon|\.op[e]n|\.s[r]c\s?=|ax[i]os\.(get|post))\s?\(?\s?[^\n]{0,160}(document\.cookie|localStorage\b)/
        $b = /JSON\.stringify\(\s?(localStorage|sessionStorage|document\.cookie)\s?\)/
        $c = "fetch("
        $d = "sendBeacon("
    condition:
        (kind == "code" or layer != "") and ($a or ($b and any of ($c, $d)))
}

rule exfil_mail_of_secrets
{
    meta:
        id = "VB-EXFIL-MAIL"
        title = "Secrets leave by mail"
        description = "Code opens secret stores and sends a mail from an account of its own."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1048.003 CWE-506"
        kinds = "code layer"
    strings:
        $smtp = "smtplib.SMTP"
        $login = /\.login\(\s?["\'][^"\'\n]{3,60}["\']\s?,\s?["\'][^"\'\n]{3,60}["\']/
        $s1 = /\.ssh["\'\/]/
        $s3 = "Login Data"
        $s4 = "wallet" nocase
        $s5 = /\.aws["\'\/]/
    condition:
        (kind == "code" or layer != "") and $smtp and $login and any of ($s1, $s3, $s4, $s5)
}

rule exfil_in_a_header
{
    meta:
        id = "VB-EXFIL-HEADER"
        title = "Content travels in a header"
        description = "Code puts a text in base64 into a header of its own name, where nobody who looks at bodies sees it."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1048 ATTACK-T1132.001 CWE-200"
        kinds = "code layer"
    strings:
        $python = /["']X-[A-Za-z-]{0,24}(Preview|Content|Transcript|Prompt|Context|Conversation|History|Payload)[A-Za-z-]{0,12}["']\s?:\s?base64\.(b64|urlsafe_b64|b32)encode\(/
        $node = /["']X-[A-Za-z-]{0,24}(Preview|Content|Transcript|Prompt|Context|Conversation|History|Payload)[A-Za-z-]{0,12}["']\s?:\s?Buffer\.from\([^\n]{1,60}\)\.toString\(\s?["']base64/
        $digest1 = "hashlib.md5("
        $digest2 = "Content-MD5"
    condition:
        (kind == "code" or layer != "") and any of ($python, $node) and not any of ($digest*)
}
