import "math"

// What only thieves put into one program, whichever way it takes.

rule thieves_chat_and_browsers
{
    meta:
        id = "VB-CRED-CHAT-BROWSERS"
        title = "The profiles of chat programs and browsers are gone through"
        description = "One program lists the folders of several editions of Discord and of several browsers, where logins are kept."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1528 ATTACK-T1555.003 ATTACK-T1539 CWE-506"
        kinds = "code layer"
    strings:
        $canary = "discordcanary" nocase
        $ptb = "discordptb" nocase
        $chrome = /Google[\\\/]{1,4}Chrome[\\\/]{1,4}User Data/
        $opera = /Opera Software[\\\/]{1,4}Opera (Stable|GX Stable)/
        $yandex = /Yandex[\\\/]{1,4}YandexBrowser/
        $brave = /BraveSoftware[\\\/]{1,4}Brave-Browser/
        $edge = /Microsoft[\\\/]{1,4}Edge[\\\/]{1,4}User Data/
        $firefox = /Mozilla[\\\/]{1,4}Firefox/
    condition:
        (kind == "code" or layer != "") and any of ($canary, $ptb) and
        2 of ($chrome, $opera, $yandex, $brave, $edge, $firefox)
}

rule thieves_page_address_swap
{
    meta:
        id = "VB-CLIPBOARD-SWAP"
        title = "Wallet addresses in the clipboard are exchanged"
        description = "A script of a page replaces the addresses of several currencies with fixed ones."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI02 ATTACK-T1115 ATTACK-T1565 CWE-506"
        kinds = "code layer"
    strings:
        $eth = /\^\(?0x\)?\[a-fA-F0-9\]\{40\}\)?\$\/[gi]{0,2},\s?['"]0x[0-9a-fA-F]{40}['"]/
        $btc = /\[a-km-zA-HJ-NP-Z1-9\]\{\d{2},\d{2}\}[^\n]{0,40}\$\/[gi]{0,2},\s?['"](bc1|[13])[a-zA-Z0-9]{25,60}['"]/
        $trx = /T\[A-Za-z1-9\]\{33\}\)?\$\/[gi]{0,2},\s?['"]T[A-Za-z0-9]{33}['"]/
    condition:
        (kind == "code" or layer != "") and 2 of them
}

rule thieves_browser_shortcut
{
    meta:
        id = "VB-PERSIST-BROWSER-SHORTCUT"
        title = "Shortcuts to browsers are made to load an extension"
        description = "Code changes the shortcuts by which a browser is started, so that it loads an extension of the package's."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1547.009 ATTACK-T1176.001 CWE-506"
        kinds = "code layer"
    strings:
        $load = "--load-extension=" ascii
        $link = ".lnk" nocase
        $make = "CreateShortcut" nocase
        $change1 = ".Arguments" nocase
        $change2 = "TargetPath" nocase
    condition:
        (kind == "code" or layer != "") and $load and $link and $make and any of ($change*)
}

rule thieves_written_downloader
{
    meta:
        id = "VB-STAGE2-WRITTEN"
        title = "A program that downloads and runs another is written into a file"
        description = "One string holds a whole program that fetches a file and starts it, and the code writes it to the disk."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1105 ATTACK-T1059.006 CWE-506"
        kinds = "code layer"
    strings:
        $retrieve = /\.write\(['"]{1,3}[^\n]{0,200}import [^\n]{0,400}urlretrieve\([^\n]{0,300}(system|Popen|call|run)\(/
        $open = /\.write\(['"]{1,3}[^\n]{0,200}import [^\n]{0,400}(urlopen|requests\.get)\([^\n]{0,200}\b(exec|system|Popen)\(/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule thieves_retrieved_and_started
{
    meta:
        id = "VB-STAGE2-DOWNLOADED-FILE"
        title = "A file is downloaded to a hidden or temporary place and handed to a shell"
        description = "What urlretrieve put there, system or its like starts at once."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1105 ATTACK-T1059.004 CWE-494"
        kinds = "code layer"
    strings:
        $retrieve = "urlretrieve(" ascii
        $start = /(system|Popen|call|run)\(["'](ba|z)?sh (\/tmp\/|\/var\/tmp\/|\/dev\/shm\/)\.?[\w.-]{1,60}\b/
    condition:
        (kind == "code" or layer != "") and all of them
}

rule thieves_own_decoder_exec
{
    meta:
        id = "VB-OBFUSCATED-OWN-DECODER"
        title = "What the program's own decoder gives is executed"
        description = "exec or eval gets what a decoder of the program's own makes of a text that it holds."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 ATTACK-T1027.013 ATTACK-T1140 CWE-506"
        kinds = "code layer"
    strings:
        $exec = /\b(exec|eval)\(\s?(\w{1,30}\.){0,3}_{0,2}(decode|decrypt|decipher|deobfuscate|unscramble|unmask|unxor|xor_decode|unhide)\w{0,20}\(/
    condition:
        (kind == "code" or layer != "") and $exec
}

// A text of 256 letters holds three whole blocks of 64; they are looked at only behind $exec.
rule thieves_long_text_executed
{
    meta:
        id = "VB-OBFUSCATED-LONG-TEXT"
        title = "A long text that nobody can read is decoded by the program itself and executed"
        description = "exec or eval gets what a decoder of the program's own makes, and the program holds a long text without a word in it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 ATTACK-T1027.013 ATTACK-T1140 CWE-506"
        kinds = "code layer"
    strings:
        $exec = /\b(exec|eval)\(\s?(\w{1,30}\.){0,3}_{0,2}(decode|decrypt|decipher|deobfuscate|unscramble|unmask|unxor|xor_decode|unhide)\w{0,20}\(/
    condition:
        (kind == "code" or layer != "") and $exec and
        for any block in (0..math.min(filesize \ 64, 65536)) : (
            uint8(block * 64) > 0x2a and uint8(block * 64 + 77) > 0x2a and uint8(block * 64 + 150) > 0x2a and
            uint32(block * 64) != uint32(block * 64 + 4) and
            math.count(0x20, block * 64, 192) == 0 and math.count(0x0a, block * 64, 192) == 0 and
            for all k in (block * 64..block * 64 + 191) : (
                (uint8(k) >= 0x61 and uint8(k) <= 0x7a) or (uint8(k) >= 0x41 and uint8(k) <= 0x5a) or
                (uint8(k) >= 0x2f and uint8(k) <= 0x39) or uint8(k) == 0x2b))
}

rule thieves_hidden_marks
{
    meta:
        id = "VB-HIDES-CHARACTERS"
        title = "It puts invisible characters into what it writes"
        description = "Code draws one of several invisible characters by chance and adds it to a text: a mark or a message that no reader sees."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI09 LLM01 ATTACK-T1027.016 CWE-1007"
        kinds = "code layer"
    strings:
        $list = /\[\s?["']\\u200[bB]["'],\s?["']\\u200[cCdD]["'],\s?["']\\u(200[cCdD]|2060|[fF][eE][fF]{2})["']/
        $chance1 = "Math.random("
        $chance2 = "random.choice("
        $chance3 = "crypto.randomInt("
        $clean = /replace\(\s?\/[^\n]{0,20}\\u200/
    condition:
        (kind == "code" or layer != "") and $list and any of ($chance*) and not $clean
}

rule thieves_billing_key
{
    meta:
        id = "VB-LEAKED-BILLING-KEY"
        title = "The secret key of a payment service lies in the package, which charges with it"
        description = "Whoever gets the package can charge and refund in its author's name; and its users are charged by it."
        severity = "high"
        confidence = "medium"
        mapping = "AST08 ASI03 LLM02 ATTACK-T1552.001 CWE-798"
        kinds = "code layer"
    strings:
        $key = /["']sk_(live_)?[A-Za-z0-9]{24,99}["']/
        $charge = /\/(billing|payments?|v\d)\/(charges?|debit|payment_intents)\b/
        $x = /sk_(live_)?(x{4}|X{4}|0{8}|12345|your)/
    condition:
        (kind == "code" or layer != "") and $key and $charge and not $x and
        not (path contains "test" or path contains "example" or path contains "fixture")
}

rule thieves_decoded_script_started
{
    meta:
        id = "VB-STAGE2-DECODED-FILE"
        title = "A script that is kept encoded is written into a file and started"
        description = "Python decodes a long text into a script for Windows and starts that."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027.013 ATTACK-T1140 ATTACK-T1059.005 CWE-506"
        kinds = "code layer"
    strings:
        $write = /\.write\(\w{0,20}(b64|base64|decode|unhex)\w{0,20}\(['"][A-Za-z0-9+\/=]{80}/
        $file = /['"][\w.\- ]{1,60}\.(vbs|vbe|pyw|bat|cmd|ps1|hta|wsf|jse)['"]/
        $start = /\b(Popen|call|run|system|startfile)\(/
    condition:
        (kind == "code" or layer != "") and all of them
}

rule thieves_escaped_eval
{
    meta:
        id = "VB-OBFUSCATED-ESCAPED-EVAL"
        title = "eval gets a text of which every letter is escaped"
        description = "Python evaluates a literal that is written in escapes alone, so that no word of it can be read or searched for."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 ATTACK-T1027.010 ATTACK-T1140 CWE-506"
        kinds = "code layer"
    strings:
        $hex = /\b(eval|exec)\(\s?["'](\\x[0-9a-fA-F]{2}|\\[0-7]{2,3}){4,200}["']/
        $more = /(\\x[0-9a-fA-F]{2}\\[0-7]{2,3}|\\[0-7]{2,3}\\x[0-9a-fA-F]{2})/
    condition:
        (kind == "code" or layer != "") and $hex and #more > 8
}

rule thieves_keys_gathered_by_name
{
    meta:
        id = "VB-CRED-ENV-GATHERED"
        title = "Keys of unrelated services are gathered into a record"
        description = "Code goes through a list of variables that hold keys of unrelated services and copies the values of those that are set."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1005 ATTACK-T1119 CWE-522"
        kinds = "code layer"
    strings:
        $cloud = /["']AWS_SECRET_ACCESS_KEY["']/
        $git = /["'](GITHUB_TOKEN|GH_TOKEN|GITLAB_TOKEN)["']/
        $model = /["'](OPENAI_API_KEY|ANTHROPIC_API_KEY)["']/
        $db = /["'](DATABASE_URL|REDIS_URL|DB_PASSWORD)["']/
        $pay = /["'](STRIPE_SECRET_KEY|STRIPE_API_KEY)["']/
        $pack = /["'](NPM_TOKEN|PYPI_TOKEN|TWINE_PASSWORD)["']/
        $copy1 = /\bif\s(\w{1,16})\sin\sos\.environ\s?:\s{1,40}(#[^\n]{0,100}\s{1,40})?\w{1,24}\[\w{1,16}\]\s?=\s?os\.environ(\[|\.get\()/
        $copy2 = /\bif\s?\(\s?process\.env\[\w{1,16}\]\s?\)\s?\{?\s{0,40}(\/\/[^\n]{0,100}\s{1,40})?\w{1,24}\[\w{1,16}\]\s?=\s?process\.env\[/
        $guard1 = /redact(_\w|\(|or\b|ion\b|\w{0,3}\s\w)/ nocase
        $guard2 = "sanitiz" nocase
        $guard3 = "env=env"
    condition:
        (kind == "code" or layer != "") and 3 of ($cloud, $git, $model, $db, $pay, $pack) and any of ($copy*) and
        not any of ($guard*)
}

rule thieves_environment_picked
{
    meta:
        id = "VB-CRED-ENV-PICKED"
        title = "Secrets are picked out of the environment"
        description = "Code goes through all environment variables and keeps the values of those whose names speak of keys, tokens and passwords."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1082 ATTACK-T1119 CWE-522"
        kinds = "code layer"
    strings:
        $word1 = /["']SECRET["']/
        $word2 = /["']TOKEN["']/
        $word3 = /["'](PASSWORD|PASSWD)["']/
        $word4 = /["'](CREDENTIAL|PRIVATE|AUTH)\w{0,2}["']/
        $all = /for\s(\w{1,12}),\s?(\w{1,12})\sin\sos\.environ\.items\(\)/
        $pick = /if\sany\(\s{0,40}\w{1,12}\sin\s\w{1,12}(\.upper\(\))?\s{0,40}for\s\w{1,12}\sin\s[^\n)]{1,60}\s{0,40}\)\s?:\s{1,40}\w{1,24}\[\w{1,12}\]\s?=\s?\w{1,12}\n/
        $guard1 = "redact" nocase
        $guard2 = "sanitiz" nocase
        $guard3 = "mask" nocase
        $guard4 = ".pop("
    condition:
        (kind == "code" or layer != "") and 3 of ($word*) and $all and $pick and not any of ($guard*)
}

rule thieves_login_and_keys
{
    meta:
        id = "VB-CRED-STORES-READ"
        title = "Logins of git and private keys are read one behind the other"
        description = "Code reads the file in which git keeps passwords and every private key in the folder of SSH. No tool that needs the one needs the other."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1552.004 ATTACK-T1119 CWE-522"
        kinds = "code layer"
    strings:
        $git = /["'\/]\.git-credentials["'\n]/
        $ssh = /["'\/]\.ssh["'\/\n]/
        $key1 = /startsWith\(\s?["']id_/
        $key2 = /startswith\(\s?["']id_/
        $key3 = /["'\/]id_(rsa|ed25519|\*)["'\n\s]/
        $read1 = "readFileSync("
        $read2 = ".read_text("
        $read3 = ".read()"
        $read4 = /\bcat\s[^\n]{0,40}\.git-credentials/
        $guard1 = "blocked" nocase
        $guard2 = "deny" nocase
        $guard3 = "denied" nocase
        $guard4 = "forbidden" nocase
        $guard5 = "protected" nocase
        $guard6 = "sensitive_paths" nocase
        $guard7 = /\bsafe\w{0,8}\(/ nocase
    condition:
        (kind == "code" or layer != "") and filesize < 128KB and $git and $ssh and any of ($key*) and any of ($read*) and
        not any of ($guard*)
}

rule thieves_home_packed_and_sent
{
    meta:
        id = "VB-EXFIL-HOME-ARCHIVE"
        title = "Documents of the user are packed out of sight and uploaded"
        description = "A command packs a folder of the user's home into a hidden file under /tmp, and the next one uploads it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1560.001 ATTACK-T1074.001 ATTACK-T1567 CWE-506"
        kinds = "code layer"
    strings:
        $pack = /(tar|zip)\s[^\n"']{0,24}\/(tmp|var\/tmp|dev\/shm)\/\.[\w.-]{1,40}\s(~|\$HOME|\$\{HOME\})\/(Desktop|Documents|Downloads|Pictures|\.\w)/
        $send = /(-F\s?["']?\w{1,16}=@|--data-binary\s@|-T\s?|-d\s?@)\/(tmp|var\/tmp|dev\/shm)\/\.[\w.-]{1,40}/
    condition:
        (kind == "code" or layer != "") and $pack and $send
}
