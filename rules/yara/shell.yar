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
        kinds = "code layer"
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
        kinds = "code layer"
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
        kinds = "code layer"
    strings:
        $nc = /\bn(c|c[a]t)\s{1,3}([^\n|;]{0,60}\s)?-[a-z]{0,4}[ec]\s["']?(\/bin\/|\/usr\/bin\/|bash|zsh|dash|sh\b)/
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
        kinds = "code layer"
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
        kinds = "code layer"
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
        kinds = "prose"
    strings:
        $tcp = /(ba|z)?sh\s{1,3}-i\s{0,4}(>&|&>)\s{0,3}\/dev\/tcp\/[A-Za-z0-9.\-$\{_]{2,60}\}?\/[0-9$]{1,6}/
        $nc = /\bn(c|c[a]t)\s{1,3}([^\n|;]{0,60}\s)?-[a-z]{0,4}e\s(\/bin\/|bash|zsh|sh\b)/
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
        kinds = "code layer"
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

rule shell_reverse_python_fileno
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in Python, by the streams of a process"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
        kinds = "code layer"
    strings:
        $connect = /\.connect(_ex)?\(\s?\(/
        $stream = /std(in|out|err)\s?=\s?\w{1,20}\.fileno\(\)/
        $call1 = "subprocess."
        $call2 = "Popen("
    condition:
        (kind == "code" or layer != "") and $connect and #stream >= 2 and any of ($call*)
}

rule shell_reverse_go
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in Go"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
        kinds = "code layer"
    strings:
        $dial = /net\.Dial\(\s?"tcp[46]?"/
        $exec = /exec\.Command\(\s?"(\/bin\/|\/usr\/bin\/)?(ba|z)?sh"|exec\.Command\(\s?"(cmd|powershell)(\.exe)?"/
        $in = /\.Stdin\s?=\s?(c|conn|s|sock|socket)\b/
        $out = /\.Std(out|err)\s?=\s?(c|conn|s|sock|socket)\b/
    condition:
        (kind == "code" or layer != "") and all of them
}

rule shell_reverse_java
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in Java"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
        kinds = "code layer"
    strings:
        $sock = /new\s(java\.net\.)?Socket\(/
        $exec = /(ProcessBuilder|\.exec)\(\s?(new\sString\[\]\s?\{\s?)?"(\/bin\/(ba)?sh|cmd(\.exe)?)"/
        $pin = "getInputStream("
        $pout = "getOutputStream("
    condition:
        (kind == "code" or layer != "") and $sock and $exec and #pin >= 2 and #pout >= 2
}

rule shell_reverse_ruby
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in Ruby"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
        kinds = "code layer"
    strings:
        $sock = /TCPSocket\.(new|open)\(/
        $a = /exec\(?\s?["\'](\/bin\/)?(ba)?sh\s-i\s[<>]/
        $b = /IO\.popen\(\s?\w{1,12}\s?,\s?["\']r/
        $c = /\$stdin\.reopen\(/
        $d = /exec\s?\(?["\']\/bin\/(ba)?sh/
    condition:
        (kind == "code" or layer != "") and $sock and ($a or $b or ($c and $d))
}

rule shell_reverse_perl
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in Perl"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
        kinds = "code layer"
    strings:
        $sock1 = "IO::Socket::INET"
        $sock2 = "PF_INET"
        $dup = /open\(?\s?STD(IN|OUT|ERR)\s?,\s?["\'][<>]{1,2}&/
        $fd = /STDIN->fdopen\(/
        $exec = /(exec|system)\s?\(?\s?["\{\'$][^\n]{0,12}(\/bin\/)?(ba)?sh/
        $loop = /system\s?\$?_?\s?while\s?<>/
    condition:
        (kind == "code" or layer != "") and any of ($sock*) and (($dup and $exec) or ($fd and ($loop or $exec)))
}

rule shell_reverse_lua
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in Lua"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
        kinds = "code layer"
    strings:
        $sock = /require\s?\(?\s?["\']socket["\']/
        $conn = /:connect\(/
        $pop = /io\.popen\(\s?\w{1,16}\s?[,)]/
        $recv = /:receive\(/
        $send = /:send\(/
    condition:
        (kind == "code" or layer != "") and all of them
}

rule shell_reverse_awk
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in awk or by telnet"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
    strings:
        $awk = /\/inet\/(tcp|udp)\/0\/[^\n]{1,80}(\|&|getline)/
        $run = /\|&?\s?getline/
        $telnet = /telnet\s[^\n|]{3,80}\|\s?(\/bin\/)?(ba)?sh\s?\|\s?telnet\s/
    condition:
        (kind == "code" or layer != "") and ($telnet or ($awk and $run))
}

rule shell_reverse_rust
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in Rust"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
        kinds = "code layer"
    strings:
        $conn = "TcpStream::connect("
        $cmd = /Command::new\(\s?"(\/bin\/(ba)?sh|cmd(\.exe)?|powershell(\.exe)?)"/
        $fd = "from_raw_fd("
    condition:
        (kind == "code" or layer != "") and all of them
}

rule shell_reverse_dotnet
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A reverse shell in C# or PowerShell"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
        kinds = "code layer"
    strings:
        $tcp = /new(-object)?\s[^\n(]{0,30}TcpClient\s?\(/ nocase
        $cmd = /FileName\s?=\s?("cmd|"powershell)(\.exe)?"/ nocase
        $in = "RedirectStandardInput" nocase
        $out = "RedirectStandardOutput" nocase
        $stream = "GetStream(" nocase
    condition:
        (kind == "code" or layer != "") and all of them
}

rule shell_bind
{
    meta:
        id = "VB-SHELL-REVERSE"
        title = "A shell that listens"
        description = "Code connects a socket and puts a shell on it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1059 ATTACK-T1571 ATLAS-AML.T0072 CWE-506"
    strings:
        $bind = /\.bind\(\s?\(/
        $listen = ".listen("
        $dup = /os\.dup2\(\s?\w{1,20}\.fileno\(\)/
        $sh = /["\']\/bin\/(ba|z|da)?sh["\']/
        $nc = /\bn(c|c[a]t)\s[^\n|;]{0,40}-[a-z]{0,3}l[a-z]{0,3}\s[^\n|;]{0,40}-[ec]\s?(\/bin\/)?(ba)?sh/
    condition:
        (kind == "code" or layer != "") and ($nc or ($bind and $listen and #dup >= 2 and $sh))
}
