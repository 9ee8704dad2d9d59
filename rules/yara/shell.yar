/* Shells for somebody else. */

rule shell_reverse_dev_tcp
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell over /dev/tcp"
        description = "A command connects a shell to a remote machine."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059.004 ATTACK-T1071.001 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
    strings:
        $a = /(ba|z)?sh\s{1,3}-i\s{0,4}(>&|&>|<&|>|<)\s{0,3}\/dev\/(tcp|udp)\/[A-Za-z0-9.\-$\{_]{2,60}\}?\/[0-9$\{A-Za-z_]{1,12}/
        $b = /exec\s{1,3}\d{1,3}<>\s{0,2}\/dev\/tcp\/[A-Za-z0-9.\-$\{_]{2,60}\}?\/[0-9$\{A-Za-z_]{1,12}/
        $b3 = "<&3"
        $b4 = "<&4"
        $b5 = "<&5"
        $b6 = "<&6"
        $b7 = "<&9"
        $b8 = "<&1"
    condition:
        (kind == "code" or layer != "") and ($a or ($b and any of ($b3, $b4, $b5, $b6, $b7, $b8)))
}

rule shell_reverse_python
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in Python"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059.006 ATTACK-T1059.004 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
    strings:
        $socket = /socket\.socket\(|socket\(AF_INET|socket\(\)/
        $connect = /\.connect(_ex)?\(\s?\(/
        $dup = /os\.dup2\(\s?\w{1,20}\.fileno\(\)\s?,\s?[012]\s?\)/
        $shell1 = "pty.spawn("
        $shell2 = /["']\/bin\/(ba|z|da)?sh["']/
        $shell3 = /["']cmd(\.exe)?["']/
        $shell4 = "powershell" nocase
    condition:
        (kind == "code" or layer != "") and $socket and $connect and #dup >= 2 and any of ($shell*)
}

rule shell_reverse_netcat
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell by netcat, socat or openssl"
        description = "A command connects a shell to a remote machine."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059.004 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
    strings:
        $nc = /\bnc(at)?\s{1,3}([^\n|;]{0,60}\s)?-[a-z]{0,4}[ec]\s{1,3}["']?(\/bin\/|\/usr\/bin\/)?(ba|z|da)?sh\b/
        $fifo = /mkfifo\s{1,3}\/tmp\/[^\n]{1,80}\|\s{0,3}(\/bin\/)?(ba)?sh[^\n]{0,40}\|\s{0,3}(nc|ncat|openssl|telnet)\s/
        $socat = /socat\s[^\n]{0,120}exec:["']?(\/bin\/)?(ba)?sh/ nocase
    condition:
        (kind == "code" or layer != "") and any of them
}

rule shell_reverse_node
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in JavaScript"
        description = "Code connects a socket and pipes it into a shell."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059.007 ATTACK-T1059.004 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
    strings:
        $net1 = "net.Socket("
        $net2 = "net.connect("
        $net3 = "net.createConnection("
        $net4 = /require\(["']net["']\)/
        $spawn = /spawn\(\s?["'](\/bin\/(ba|z|da)?sh|cmd(\.exe)?|bash|sh|powershell(\.exe)?)["']/
        $pipe1 = /\.pipe\(\s?\w{1,20}\.stdin\s?\)/
        $pipe2 = /\.stdout\.pipe\(\s?\w{1,20}\s?\)/
    condition:
        (kind == "code" or layer != "") and any of ($net*) and $spawn and $pipe1 and $pipe2
}

rule shell_reverse_one_liner
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell as a one-liner"
        description = "A Perl, PHP, Ruby or PowerShell one-liner connects a shell to a remote machine."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
    strings:
        $perl = /perl\s{1,3}(-\w{1,6}\s)?-e\s{0,3}["']use\sSocket;/
        $php = /php\s{1,3}-r\s{0,3}["']\$\w{1,10}\s?=\s?fsockopen\([^\n]{4,120}(exec|shell_exec|system|passthru|proc_open)\(/
        $ruby = /ruby\s{1,3}-rsocket\s[^\n]{0,120}(TCPSocket|exec\s)/
        $ps1 = "System.Net.Sockets.TCPClient(" nocase
        $ps2 = ".GetStream()" nocase
        $ps3 = "iex $" nocase
        $ps4 = "iex(" nocase
        $ps5 = "iex (" nocase
        $ps6 = "invoke-expression" nocase
    condition:
        (kind == "code" or layer != "") and ($perl or $php or $ruby or ($ps1 and $ps2 and any of ($ps3, $ps4, $ps5, $ps6)))
}

rule shell_reverse_in_text
{
    meta:
        id = "VB-SHELL-REVERSE-TEXT"
        title = "A reverse shell stands in the text"
        description = "The instructions show a command that connects a shell to a remote machine; teaching texts do so, too."
        severity = "medium"
        confidence = "low"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059.004 ATLAS-AML.T0072 CWE-506"
    strings:
        $tcp = /(ba|z)?sh\s{1,3}-i\s{0,4}(>&|&>)\s{0,3}\/dev\/tcp\/[A-Za-z0-9.\-$\{_]{2,60}\}?\/[0-9$]{1,6}/
        $nc = /\bnc(at)?\s{1,3}([^\n|;]{0,60}\s)?-[a-z]{0,4}e\s{1,3}(\/bin\/)?(ba|z)?sh\b/
        $fifo = /mkfifo\s{1,3}\/tmp\/[^\n]{1,80}\|\s{0,3}(\/bin\/)?sh[^\n]{0,40}\|\s{0,3}nc\s/
        $dup = /os\.dup2\(\s?\w{1,20}\.fileno\(\)\s?,\s?[012]\s?\)/
    condition:
        kind == "prose" and layer == "" and ($tcp or $nc or $fifo or #dup >= 2)
}

rule shell_command_loop
{
    meta:
        id = "VB-SHELL-COMMAND-LOOP"
        title = "Commands from a socket are run"
        description = "Code connects to a machine, runs what it is sent through a shell and sends the output back."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 ASI10 LLM03 MCP05 ATTACK-T1059.006 ATTACK-T1571 CWE-506"
    strings:
        $connect = /\.connect\(\s?\(\s?["'][^"'\n]{3,80}["']\s?,\s?\d{2,5}\s?\)\s?\)/
        $connect2 = /\.connect\(\s?\(\s?(HOST|host|ip|IP|SERVER|server|addr|C2|c2)\w{0,10}\s?,\s?\w{1,12}\s?\)\s?\)/
        $recv = /\.recv\(\s?\d{3,6}\s?\)/
        $run1 = "shell=True"
        $run2 = "os.popen("
        $run3 = "subprocess.getoutput("
        $send = /\.(send|sendall)\(/
        $loop = /while\s(True|1)\s?:/
    condition:
        (kind == "code" or layer != "") and any of ($connect*) and $recv and any of ($run*) and $send and $loop
}
