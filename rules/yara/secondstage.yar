/* Code that comes from elsewhere and runs at once. */

rule secondstage_decoded_download
{
    meta:
        id = "VB-STAGE2-ENCODED-DOWNLOAD"
        title = "An encoded command downloads and runs a program"
        description = "Decoding a text of the package gives a shell command that downloads something and runs it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1027.010 ATTACK-T1140 ATTACK-T1105 ATTACK-T1059.004 CWE-506"
        kinds = "code layer"
    strings:
        $sub = /(ba|z|da)?sh\s{1,4}-c\s{1,4}["']?(\$\(curl|\$\(wget|\$\( curl)\s/
        $pipe = /\w(url|get)\s[^\n|;]{4,300}(\| sh|\| bash|\| zsh|\| dash|\| sudo sh|\| sudo bash|\| sudo -E bash|\|bash|\|  sh|\|  bash)\b/
        $pipe3 = /\w(url|get)\s[^\n|;]{4,300}\|sh\b/
        $pipe2 = /\w(url|get)\s[^\n|;]{4,300}(\| python|\|python|\| node|\| perl|\| sudo python)/
        $iex = /(iex|invoke-expression)[^\n]{0,40}(downloadstring|invoke-webrequest|invoke-restmethod|net\.webclient)/ nocase
        $iex2 = "| iex" nocase
        $iex3 = "|iex" nocase
        $iex4 = "| invoke-expression" nocase
    condition:
        layer contains "base64" and any of them
        or layer contains "hex@" and any of them
        or layer contains "charcode" and any of them
        or layer contains "escape" and any of them
        or layer contains "zlib" and any of them
}

rule secondstage_decode_pipe_shell
{
    meta:
        id = "VB-STAGE2-DECODE-SHELL"
        title = "Decoded text is piped into a shell"
        description = "A script decodes a literal text and hands it to a shell."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1027.010 ATTACK-T1140 ATTACK-T1059.004 CWE-506"
        kinds = "code layer"
    strings:
        $a = /[A-Za-z0-9+\/]{24,2000}={0,2}["']?\s{0,4}\|\s{0,4}base64\s{1,4}(-d|-D|--decode|-di)\s{0,4}\|\s{0,4}(sudo\s)?(ba|z|da)?sh\b/
        $b = /(eval|sh\s-c|bash\s-c)\s{1,4}"?\$\(\s{0,3}(echo|printf)\s{1,3}["']?[A-Za-z0-9+\/]{24,2000}={0,2}["']?\s{0,3}\|\s{0,3}base64\s{1,3}(-d|-D|--decode)/
        $c = /<<<\s{0,3}["']?[A-Za-z0-9+\/]{24,2000}={0,2}["']?\s{0,3}\|\s{0,3}(ba|z)?sh\b/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule secondstage_raw_address_shell
{
    meta:
        id = "VB-STAGE2-RAW-ADDRESS"
        title = "Code from a bare network address is run"
        description = "Something is downloaded from a numeric address and piped into a shell or interpreter; no honest project publishes so."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1105 ATTACK-T1059.004 ATLAS-AML.T0011.002 CWE-494"
    strings:
        $pipe = /\w(url|get)\s[^\n|;]{4,300}(\| sh|\| bash|\| zsh|\| sudo sh|\| sudo bash|\|bash|\| python|\|python|\| node|\| perl)\b/
        $pipe2 = /\w(url|get)\s[^\n|;]{4,300}\|sh\b/
        $address = /:\/\/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/
        $sub = /(sh|eval|exec)\s{0,3}(-c\s{0,3})?\\?["']?(\$\(curl|\$\(wget)\s[^\n)]{4,200}/
        $local1 = "://127."
        $local2 = "://10."
        $local3 = "://192.168."
        $local4 = /:\/\/172\.(1[6-9]|2\d|3[01])\./
        $local5 = "://0.0.0.0"
    condition:
        for any of ($pipe, $pipe2, $sub) : ( for any i in (1..#) : (
            $address in (@[i] .. @[i] + ![i]) and not any of ($local*) in (@[i] .. @[i] + ![i]) ) )
}

rule secondstage_python_download_exec
{
    meta:
        id = "VB-STAGE2-PYTHON-EXEC"
        title = "Python runs code that it downloads"
        description = "The body of a web page is handed to exec or eval."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1105 ATTACK-T1059.006 CWE-94 CWE-494"
        kinds = "code layer"
    strings:
        $a = /\b(exec|eval)\s?\(\s?(compile\()?(requests|httpx|urllib3)\.g[e]t\(/
        $b = /\b(exec|eval)\s?\(\s?(compile\()?(urllib\.request\.|urllib2\.|request\.)?urlopen\(/
        $c = /\b(exec|eval)\s?\(\s?__import__\(["'](urllib|requests|http)/
        $d = /(python3?|py)\s-c\s["'][^\n]{0,120}(exec|eval)\([^\n]{0,80}(urlopen|requests\.get)\(/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule secondstage_node_download_eval
{
    meta:
        id = "VB-STAGE2-NODE-EVAL"
        title = "JavaScript runs code that it downloads"
        description = "The body of a web page is handed to eval, Function or vm."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1105 ATTACK-T1059.007 CWE-94 CWE-494"
        kinds = "code layer"
    strings:
        $a = /\b(eval\(await|eval\(\(await|Function\(await|Function\(\(await|Context\(await)\s\(?\s?(await\s)?(fetch|axios|got|needle)\b/
        $b = /\.then\(\s?\(?\w{1,12}\)?\s?=>\s?\w{1,12}\.text\(\)\s?\)\s?\.then\(\s?(eval|\(?\w{1,12}\)?\s?=>\s?(eval|new\sFunction)\()/
        $c = /axios(\.get)?\([^\n]{4,200}\)\.then\([^\n]{1,80}(eval|new\sFunction)\(\s?\w{1,12}\.data/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule secondstage_code_pipes_shell
{
    meta:
        id = "VB-STAGE2-CODE-PIPE"
        title = "A program pipes a download into a shell"
        description = "Code other than a shell script runs a command line that downloads a script and runs it unseen."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1105 ATTACK-T1059.004 CWE-494 CWE-78"
        kinds = "code layer"
    strings:
        $pipe1 = /["'`][^\n"'`]{0,60}\w(url|get)\s[^\n|"'`]{4,200}(\| sh|\| bash|\| zsh|\| dash|\| sudo sh|\| sudo bash|\| sudo -E bash|\|bash|\|  sh|\|  bash)\b/
        $pipe2 = /["'`][^\n"'`]{0,60}\w(url|get)\s[^\n|"'`]{4,200}\|sh\b/
        $call1 = "os.system("
        $call2 = "os.popen("
        $call3 = /subprocess\.(run|call|Popen|check_output|check_call|getoutput)\(/
        $call4 = "execSync("
        $call5 = "exec("
        $call6 = "spawnSync("
        $call7 = "spawn("
    condition:
        (kind == "code" or layer != "") and for any of ($pipe*) : ( for any i in (1..#) : (
            any of ($call*) in (@[i] - 40 .. @[i] + 1) ) )
}

rule secondstage_pipe_plain_http
{
    meta:
        id = "VB-INSTALL-PIPE-PLAIN"
        title = "An install script comes over plain HTTP"
        description = "A script is downloaded without encryption and piped into a shell: anybody on the way can replace it."
        severity = "medium"
        confidence = "medium"
        mapping = "AST02 ASI04 LLM03 MCP04 ATTACK-T1105 CWE-319 CWE-494"
    strings:
        $pipe = /\w(url|get)\s[^\n|;]{4,240}(\| sh|\| bash|\| zsh|\| dash|\| sudo sh|\| sudo bash|\| sudo -E bash|\|bash|\|  sh|\|  bash)\b/
        $plain = "http://"
        $local1 = "://127."
        $local2 = "://10."
        $local3 = "://192.168."
        $local4 = /:\/\/172\.(1[6-9]|2\d|3[01])\./
        $local5 = "://0.0.0.0"
        $local6 = "://localhost"
        $local7 = "://host.docker"
    condition:
        for any i in (1..#pipe) : (
            $plain in (@pipe[i] .. @pipe[i] + !pipe[i]) and not any of ($local*) in (@pipe[i] .. @pipe[i] + !pipe[i]) )
}

rule secondstage_pipe_shell
{
    meta:
        id = "VB-INSTALL-PIPE"
        title = "An install script is piped into a shell"
        description = "A script from the web is run without a look at it: usual, but it binds the package to what the server sends that day."
        severity = "low"
        confidence = "medium"
        mapping = "AST02 ASI04 LLM03 MCP04 ATTACK-T1105 CWE-494"
    strings:
        $pipe = /\w(url|get)\s[^\n|;]{4,240}(\| sh|\| bash|\| zsh|\| dash|\| sudo sh|\| sudo bash|\| sudo -E bash|\|bash|\|  sh|\|  bash)\b/
        $pipe2 = /\w(url|get)\s[^\n|;]{4,240}\|sh\b/
        $sub = /sh\s{1,3}-c\s{1,3}"?(\$\(curl|\$\(wget)\s/
        $iex1 = "| iex" nocase
        $iex2 = "|iex" nocase
        $url = "https://" nocase
    condition:
        $pipe or $pipe2 or $sub or for any of ($iex*) : ( for any i in (1..#) : ( $url in (@[i] - 200 .. @[i]) ) )
}

rule secondstage_temp_program
{
    meta:
        id = "VB-STAGE2-TEMP-PROGRAM"
        title = "A program is downloaded to a temporary folder and run"
        description = "A script downloads a program to a temporary place, makes it executable and starts it."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1105 ATTACK-T1222.002 ATTACK-T1059.004 CWE-494"
        kinds = "code layer"
    strings:
        $hidden = /(curl|wget)\s[^\n]{1,200}(-o|-O|--output|>)\s{0,2}["']?(\/tmp|\/dev\/shm|\/var\/tmp)\/\.[A-Za-z0-9_-]{1,40}/
        $shm = /(curl|wget)\s[^\n]{1,200}(-o|-O|--output|>)\s{0,2}["']?\/dev\/shm\/[A-Za-z0-9_.-]{1,40}/
        $system = /(os\.system|subprocess\.\w{3,12}|execSync|exec)\(\[?f?["'`]curl [^\n]{1,200}-o ?\/tmp\//
        $chmod = /chmod\s{1,3}(\+x|7[0-9]{2}|a\+x|u\+x)\s{1,3}["']?(\/tmp|\/dev\/shm|\/var\/tmp)\//
    condition:
        (kind == "code" or layer != "") and $chmod and any of ($hidden, $shm, $system)
}

rule secondstage_download_and_start
{
    meta:
        id = "VB-STAGE2-DOWNLOAD-START"
        title = "A downloaded program is written and started"
        description = "Code writes the body of a web page into an executable file and starts it."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1105 ATTACK-T1204.002 CWE-494"
        kinds = "code layer"
    strings:
        $write = /open\([^\n]{1,160}["']wb["']\)\.write\([^\n]{0,20}(requests\.get|urlopen|urllib\.request\.urlopen)\(/
        $retrieve = /urlretrieve\([^\n]{0,200}\.(exe|scr|bat|ps1|elf|bin|dll|jar)["']/
        $name = /(\.exe"|\.exe'|\.scr"|\.scr'|\.bat"|\.bat'|\.ps1"|\.ps1'|\.vbs"|\.vbs')/
        $start1 = "os.startfile("
        $start2 = /(os\.system|subprocess\.\w{3,12}|Popen)\(\s?\[?f?["'](start\s|C:|[^"'\n]{0,80}\.(exe|bat|ps1|scr))/
        $start3 = /(os\.system|subprocess\.\w{3,12}|Popen)\(\s?\[?\w{1,20}\s?[\],)]/
    condition:
        (kind == "code" or layer != "") and (($write and $name) or $retrieve) and any of ($start*)
}

rule secondstage_windows_loader
{
    meta:
        id = "VB-STAGE2-WINDOWS"
        title = "A Windows command loads and runs hidden code"
        description = "A command of the kinds that malware uses to load its next stage: hidden PowerShell, DownloadString, certutil, bitsadmin or mshta with an address."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1105 ATTACK-T1059 ATTACK-T1027.010 CWE-506"
        kinds = "code layer"
    strings:
        $enc = /powershell(\.exe)?\s[^\n]{0,80}-(e|en|enc|enco|encodedcommand)\s{1,3}["']?[A-Za-z0-9+\/]{40,}/ nocase
        $hidden = /powershell(\.exe)?\s[^\n]{0,60}-(w|win|windowstyle)\s{1,3}hidden[^\n]{0,200}(http|iwr|irm|download|frombase64|-enc|iex)/ nocase
        $web = /(iex|invoke-expression)\s{0,3}\(?\s{0,3}\(?\s{0,3}new-object\s{1,3}(system\.)?net\.webclient\)?\.downloadstring\(/ nocase
        $certutil = /certutil(\.exe)?\s[^\n]{0,40}-urlcache[^\n]{0,60}https?:\/\// nocase
        $bits = /bitsadmin(\.exe)?\s[^\n]{0,20}\/transfer[^\n]{0,120}https?:\/\// nocase
        $mshta = /mshta(\.exe)?\s{1,3}["']?https?:\/\// nocase
    condition:
        (kind == "code" or layer != "") and any of them
}

rule secondstage_python_install_hook_exec
{
    meta:
        id = "VB-INSTALL-HOOK-PYTHON-BLOB"
        title = "setup.py runs decoded or downloaded code"
        description = "Installing the Python package runs code that is decoded, decrypted or downloaded at that moment."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP04 ATTACK-T1195.001 ATTACK-T1059.006 ATTACK-T1140 CWE-506"
        kinds = "code"
    strings:
        $exec = /\b(exec\(|eval\(|compile\()/
        $blob1 = "b64decode("
        $blob2 = "zlib.decompress("
        $blob3 = "marshal.loads("
        $blob4 = "Fernet("
        $blob5 = "bytes.fromhex("
        $blob6 = "codecs.decode("
        $net1 = "urlopen("
        $net2 = "requests.get("
        $popen = /(Popen|subprocess\.run|subprocess\.call|os\.system|os\.popen)\([^\n]{0,120}(powershell|pythonw|curl\s|wget\s|base64|\$\(|https?:\/\/)/ nocase
        $start = "os.startfile("
        $version = /exec\(\s?(open\(|compile\(open|f\.read|fp\.read|version_file|\w{1,20}\.read)/
    condition:
        filename == "setup.py" and layer == "" and (
            (#exec > #version and any of ($blob*))
            or (any of ($net*) and $start)
            or ($popen and (any of ($net*) or any of ($blob*) or $exec))
            or (any of ($net*) and $exec and #exec > #version)
        )
}

rule secondstage_python_install_hook_network
{
    meta:
        id = "VB-INSTALL-HOOK-PYTHON-NETWORK"
        title = "setup.py talks to the network"
        description = "Installing the Python package replaces an install step by code that sends or fetches something."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI04 LLM03 MCP04 ATTACK-T1195.001 ATTACK-T1059.006 CWE-506"
        kinds = "code"
    strings:
        $hook1 = "cmdclass"
        $hook2 = /class\s\w{1,40}\((install|develop|egg_info|build_py|sdist)\)/
        $net1 = "requests.post("
        $net2 = "requests.get("
        $net3 = "urlopen("
        $net4 = "socket.socket("
        $net5 = "http.client"
        $net6 = /(os\.syst[e]m|s[u]bpr[o]c[e]ss\.\w{3,12}|P[o]pen)\([^\n]{0,60}(curl|wget|nslookup|["']ping|powershell)\b/
    condition:
        filename == "setup.py" and layer == "" and all of ($hook*) and any of ($net*)
}

rule secondstage_npm_install_hook
{
    meta:
        id = "VB-INSTALL-HOOK-NPM"
        title = "An npm install script downloads or decodes"
        description = "A lifecycle script of package.json runs a download, an encoded text or an inline program when the package is installed."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI04 LLM03 MCP04 ATTACK-T1195.001 ATTACK-T1059.007 CWE-506"
        kinds = "config layer"
    strings:
        $net = /"(pre|post)?install"\s{0,3}:\s{0,3}"[^"\n]{0,200}(curl\s|wget\s|powershell|base64|https?:\/\/|nslookup|\/dev\/tcp)/ nocase
        $inline = /"(pre|post)?install"\s{0,3}:\s{0,3}"[^"\n]{0,60}node\s-e\s[^\n]{0,300}(https?|child_process|exec|Buffer\.from|atob)/
        $quiet = /"(pre|post)?install"\s{0,3}:\s{0,3}"node\s[^"\n&|]{1,60}(>\s?\/dev\/null\s2>&1\s?&|&\s?disown|\s&\s?exit)/
    condition:
        filename == "package.json" and any of them
}

rule secondstage_binding_gyp_command
{
    meta:
        id = "VB-INSTALL-HOOK-GYP"
        title = "binding.gyp runs a program of its own"
        description = "The build description of a native module runs a script or a download while npm reads it, without any install script."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI04 LLM03 MCP04 ATTACK-T1195.001 ATTACK-T1059.007 CWE-506"
        kinds = "code layer"
    strings:
        $cmd = /<!@?\(\s{0,3}(node\s{1,3}[.\/A-Za-z0-9_-]{1,40}\.[cm]?js|curl|wget|bash|sh|python3?\s-c)\b[^\n)]{0,200}(\/dev\/null|echo|\|\s?sh|http)/
    condition:
        filename == "binding.gyp" and $cmd
}

rule secondstage_pth_autorun
{
    meta:
        id = "VB-INSTALL-PTH-AUTORUN"
        title = "A .pth file runs code at every start of Python"
        description = "A path file of site-packages holds code that runs programs, decodes or fetches something whenever Python starts."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP04 ATTACK-T1546.018 ATTACK-T1195.001 CWE-506"
        kinds = "code layer"
    strings:
        $import = "import "
        $a = "exec("
        $b = "base64"
        $c = "subprocess"
        $d = "urllib"
        $e = "os.system"
        $f = "requests"
        $g = "socket"
    condition:
        extension == "pth" and $import and any of ($a, $b, $c, $d, $e, $f, $g)
}

rule secondstage_password_dialog
{
    meta:
        id = "VB-PHISH-PASSWORD-DIALOG"
        title = "A fake system dialog asks for the password"
        description = "AppleScript shows a dialog with a hidden answer: stealers ask for the login password so."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI09 LLM03 ATTACK-T1056.002 ATTACK-T1059.002 CWE-506"
        kinds = "code layer"
    strings:
        $dialog = "display dialog" nocase
        $hidden = "hidden answer" nocase
        $password = "password" nocase
        $check1 = "dscl" fullword
        $check2 = "security unlock-keychain"
        $check3 = "sudo -S"
        $check4 = "System Preferences" nocase
        $check5 = "curl "
    condition:
        (kind == "code" or layer != "") and $dialog and $hidden and $password and any of ($check*)
}

rule secondstage_powershell_list
{
    meta:
        id = "VB-STAGE2-WINDOWS"
        title = "An encoded PowerShell command in a list of arguments"
        description = "A list of arguments starts PowerShell with a command that nobody can read."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059.001 ATTACK-T1027.010 CWE-506"
    strings:
        $a = /(powershell|pwsh)(\.exe)?["\'][^\n]{0,160}["\']-(e|en|enc|enco|encodedcommand)["\']\s?,\s?["\'][A-Za-z0-9+\/=]{24,}/ nocase
        $b = /(powershell|pwsh)(\.exe)?["\'][^\n]{0,160}["\']-(e|en|enc|enco|encodedcommand)["\']\s?,\s?\w/ nocase
    condition:
        any of them
}

rule secondstage_powershell_in_text
{
    meta:
        id = "VB-STAGE2-WINDOWS-TEXT"
        title = "The text has an encoded PowerShell command run"
        description = "Instructions hold a PowerShell command that nobody can read."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI09 LLM03 ATTACK-T1059.001 ATTACK-T1204.004 CWE-506"
        kinds = "prose code layer"
    strings:
        $a = /(powershell|pwsh)(\.exe)?\s[^\n]{0,80}-(e|en|enc|enco|encodedcommand)\s{1,3}["\']?[A-Za-z0-9+\/]{40,}/ nocase
        $b = /mshta(\.exe)?\s{1,3}["\']?https?:\/\// nocase
        $c = /regsvr32(\.exe)?\s[^\n]{0,40}\/i:https?:/ nocase
        $d = /rundll32(\.exe)?\s{1,3}javascript:/ nocase
    condition:
        (kind == "prose" and layer == "" and any of them) or ((kind == "code" or layer != "") and any of ($c, $d))
}

rule secondstage_eval_of_answer
{
    meta:
        id = "VB-STAGE2-EVAL-ANSWER"
        title = "What a server answers is run"
        description = "The answer of a request is kept and then handed to exec, eval or a shell."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1105 ATTACK-T1059.006 CWE-94"
        kinds = "code layer"
    strings:
        $get = /(\w{1,24})\s?=\s?[^\n]{0,60}(urlopen|requests\.get|requests\.post|httpx\.get)\([^\n]{1,160}\n/
        $run = /\b(exec|eval)\(\s?(compile\(\s?)?(code|payload|script|source|src|resp|response|r|res|data|body|content|remote_code|new_code|update)(\.(text|content|read\(\)|decode\(\)))?\s?[,)]/
        $run2 = /os\.system\(\s?(r|resp|response|res|data|body)\.(text|read\(\)|content)|os\.system\(\s?(cmd|command|payload)\[?/
        $run3 = /subprocess\.\w{1,14}\(\s?(task|job|resp|response|r|data|config)(\.json\(\))?(\[|\.get\()["\'](cmd|command|exec|shell|run)["\']/
    condition:
        (kind == "code" or layer != "") and $get and any of ($run, $run2, $run3) and for any i in (1..#get) : (any of ($run, $run2, $run3) in (@get[i] .. @get[i] + 900))
}

rule secondstage_update_program
{
    meta:
        id = "VB-STAGE2-UPDATE"
        title = "A program is downloaded from a settable address and run"
        description = "JavaScript or a shell writes what it downloads into a temporary place, marks it as a program and runs it."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1105 ATTACK-T1059 CWE-494"
        kinds = "code layer"
    strings:
        $get = /(curl|wget)\s[^\n`"\']{0,60}-(o|O|-output)\s{0,2}(\$\{|\$|["\']?\/tmp\/)/
        $arm = /(chmod\s{1,3}(\+x|7\d\d)|chmodSync\([^\n]{1,60}0?o?7\d\d)/
        $tmp1 = "os.tmpdir()"
        $tmp2 = "/tmp/"
        $run = /(execSync|exec|spawn|spawnSync)\(\s?[`"\']?\$?\{?\s?(binaryPath|binPath|bin|tmp\w{0,10}|target|dest\w{0,6}|payload\w{0,6}|file\w{0,6}|installer\w{0,6})\b/ nocase
    condition:
        layer != "" and $get and $arm and any of ($tmp*) and $run
}
