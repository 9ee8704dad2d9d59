/* Code that hides what it is. */

rule obfuscation_python_exec_decoded
{
    meta:
        id = "VB-OBFUSCATED-PYTHON"
        title = "Python runs code that it decodes"
        description = "A literal is decoded, unpacked or decrypted and handed to exec or eval."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1027 ATTACK-T1140 ATTACK-T1059.006 CWE-506 CWE-95"
        kinds = "code layer"
    strings:
        $a = /\b(exec|eval)\s?\(\s?(compile\s?\(\s?)?(base64\.)?(b64decode|b32decode|b85decode|a85decode|urlsafe_b64decode|standard_b64decode)\s?\(/
        $b = /\b(exec|eval)\s?\(\s?(compile\s?\(\s?)?(zlib|gzip|bz2|lzma)\.decompress\s?\(/
        $c = /\b(exec|eval)\s?\(\s?(compile\s?\(\s?)?marshal\.loads\s?\(/
        $d = /\b(exec|eval)\s?\(\s?(compile\s?\(\s?)?bytes\.fromhex\s?\(/
        $e = /\b(exec|eval)\s?\(\s?(compile\s?\(\s?)?codecs\.decode\s?\(/
        $f = /\b(exec|eval)\s?\(\s?(compile\s?\(\s?)?Fernet\s?\(/
        $g = /\b(exec|eval)\s?\(\s?(compile\s?\(\s?)?__import__\(\s?["'](base64|zlib|marshal|codecs|gzip|bz2|lzma|binascii)["']\s?\)/
        $h = "__import__('zlib').decompress(__import__('base64').b64decode("
        $i = /\b(exec|eval)\(["']{2}\.join\(\s?\[?\s?(map\(\s?chr|chr\()/
        $j = /\b(exec|eval)\(\(?_{1,3}\)?\(\s?b?["']/
        $k = /__import__\(\s?["']builtins["']\s?\)\.(exec|eval|compile)\b/
        $l = /\b(exec|eval)\((compile\()?["'][^"'\n]{0,8}["']\.join\(\s?\[?\s?chr\(/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule obfuscation_python_decoded_variable
{
    meta:
        id = "VB-OBFUSCATED-PYTHON-STEP"
        title = "Python decodes a text and then runs it"
        description = "A long literal is decoded into a variable that is later executed."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1027 ATTACK-T1140 ATTACK-T1059.006 CWE-506 CWE-95"
        kinds = "code layer"
    strings:
        $blob1 = /(b64decode|decompress|fr[o]mhex|unhexlify|a2b_base64)\s?\(\s?[brf]{0,2}["']{1,3}[A-Za-z0-9+\/=_\\-]{80}/
        $decode = /(b64decode|decompress|fr[o]mhex|unhexlify|a2b_base64)\s?\(\s?[A-Za-z_]\w{0,30}\s?[,)]/
        $exec = /\b(exec|eval)\((compile\s?\(\s?)?[A-Za-z_]\w{0,40}(\.decode\(["'\w-]{0,10}\))?\s?[,)]/
    condition:
        (kind == "code" or layer != "") and $exec and ($blob1 or ($decode and for any i in (1..#decode) : ( $exec in (@decode[i] .. @decode[i] + 300) )))
}

rule obfuscation_js_eval_decoded
{
    meta:
        id = "VB-OBFUSCATED-JAVASCRIPT"
        title = "JavaScript runs code that it decodes"
        description = "A literal is decoded and handed to eval or Function."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 MCP05 ATTACK-T1027 ATTACK-T1140 ATTACK-T1059.007 CWE-506 CWE-95"
        kinds = "prose code layer"
    strings:
        $a = /\b(eval|Function)\((window\.|globalThis\.)?atob\(/
        $b = /\b(eval|Function)\s?\(\s?Buffer\.from\s?\([^\n]{1,4000}["'](base64|hex)["']/
        $c = /\b(eval|Function)\s?\(\s?String\.fromCharCode\s?\(/
        $d = /\b(eval|Function)\s?\(\s?(unescape|decodeURIComponent)\s?\(\s?["'`](%[0-9a-fA-F]{2}){4}/
        $e = /\b(eval|Function)\s?\(\s?(zlib\.|require\(["']zlib["']\)\.)(inflate|gunzip|brotliDecompress)/
    condition:
        (kind == "code" or layer != "" or extension == "html" or extension == "svg") and any of them
}

rule obfuscation_js_renamed
{
    meta:
        id = "VB-OBFUSCATED-RENAMED"
        title = "JavaScript went through an obfuscator"
        description = "The code bears the marks of a tool that makes programs unreadable: numbered names, a string table and a rotation loop."
        severity = "medium"
        confidence = "high"
        mapping = "AST01 ASI04 LLM03 ATTACK-T1027 ATTACK-T1059.007 CWE-506"
        kinds = "code layer"
    strings:
        $name = /_0x[0-9a-f]{4,6}\b/
        $loop1 = "while(!![])"
        $loop2 = /parseInt\(_0x[0-9a-f]{4,6}\(/
        $table = /\['push'\]\(_0x[0-9a-f]{4,6}\['shift'\]\(\)\)/
    condition:
        (kind == "code" or layer != "") and #name > 40 and any of ($loop*, $table)
}

rule obfuscation_python_import_tricks
{
    meta:
        id = "VB-OBFUSCATED-NAMES"
        title = "The names of dangerous functions are put together"
        description = "Code assembles the name of exec, eval, system or a module from pieces or escapes, so that nobody finds it by reading."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059.006 CWE-506"
        kinds = "code layer"
    strings:
        $a = /getattr\(\s?(__builtins__|builtins|__import__\(["']builtins["']\)|os|subprocess)\s?,\s?["'](e|ex|exe|ev|eva|s|sy|sys|syst|p|po|pop)["']\s?\+/
        $b = /__builtins__(\.__dict__)?\[\s?["'](e|ex|exe|ev|eva)["']\s?\+/
        $c = /__import__\(\s?["'](o|su|sub|so|soc|b|ba|bas|base)["']\s?\+\s?["']/
        $d = /["']\\x65\\x78\\x65\\x63["']/
        $e = /["']\\x65\\x76\\x61\\x6c["']/
        $f = /\[\s?["']\\x(65\\x76\\x61\\x6c|65\\x78\\x65\\x63)/
        $g = /getattr\(\s?(__builtins__|__import__\([^\n)]{1,30}\))\s?,\s?["'].{2,12}["']\[::-1\]\s?\)/
        $h = /__import__\(\s?["'].{2,12}["']\[::-1\]\s?\)/
        $i = /__import__\(\s?["']{2}\.join\(\s?\[?\s?(map\(\s?chr|chr\()/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule obfuscation_shell_escapes
{
    meta:
        id = "VB-OBFUSCATED-SHELL"
        title = "A shell command is spelt in escapes"
        description = "A shell script builds its command out of hexadecimal or octal escapes, or out of reversed text, and runs it."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027.010 ATTACK-T1059.004 CWE-506"
        kinds = "code layer"
    strings:
        $a = /(eval|sh\s-c|bash\s-c)\s{1,3}"?(\$\(printf|\$\( pri[n]tf|\$\(echo\s-e|\$\( ech[o]\s-e)\s{1,3}["'](\\x[0-9a-f]{2}|\\[0-7]{3}){6}/
        $b = /(pri[n]tf '|pri[n]tf "|ech[o] -e '|ech[o] -e ")(\\x[0-9a-fA-F]{2}|\\[0-7]{3}){6}[^\n|]{0,2000}\|\s{0,3}(ba|z)?sh\b/
        $c = /\$'(\\x[0-9a-fA-F]{2}){4}[^'\n]{0,400}'/
        $d = /(\| rev|\|rev)\s{0,3}\|\s{0,3}(ba|z)?sh\b/
        $e = /(curl|wget)\$\{IFS\}/
        $f = /xxd\s-r\s-p[^\n|]{0,60}\|\s{0,3}(ba|z)?sh\b/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule obfuscation_selector_decoder
{
    meta:
        id = "VB-OBFUSCATED-INVISIBLE"
        title = "Code is decoded out of invisible characters"
        description = "A program turns variation selectors back into bytes and runs them: its real code cannot be seen in any editor."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1140 CWE-506 CWE-1007"
        kinds = "code layer"
    strings:
        $range1 = /0x[eE]0100/
        $range2 = /0x[fF][eE]00/
        $range3 = "917760"
        $range4 = "65024"
        $point1 = "codePointAt("
        $point2 = "ord("
        $run1 = "eval("
        $run3 = "exec("
        $run2 = "new Function"
    condition:
        (kind == "code" or layer != "") and any of ($range1, $range3) and any of ($range2, $range4) and any of ($point*) and any of ($run*)
}

rule obfuscation_layer_runs_commands
{
    meta:
        id = "VB-OBFUSCATED-LAYER-CODE"
        title = "Encoded text is a program that runs commands"
        description = "Decoding a text of the package gives code that starts programs or opens connections."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1140 ATTACK-T1059 CWE-506"
        kinds = "layer"
    strings:
        $py1 = /import\s[^\n;]{0,40}\b(os|subprocess|socket|requests|urllib|ctypes)\b/
        $py2 = /__import__\(["'](os|subprocess|socket|requests|urllib|ctypes)/
        $pyrun1 = "os.system("
        $pyrun2 = "os.popen("
        $pyrun3 = /subprocess\.\w{3,12}\(/
        $pyrun4 = "urlopen("
        $pyrun5 = "exec("
        $pyrun6 = "eval("
        $pyrun7 = ".connect("
        $pyrun8 = ").system("
        $pyrun9 = ").popen("
        $pyrunA = "requests.post("
        $pyrunB = "requests.get("
        $js1 = /require\(\s?["'](node:)?child_process["']\)/
        $js2 = /(execSync|spawnSync|spawn|exec)\(/
    condition:
        (layer contains "base64" or layer contains "hex@" or layer contains "zlib" or layer contains "charcode")
        and ((any of ($py1, $py2) and any of ($pyrun*)) or all of ($js*))
}

rule obfuscation_python_reversed_exec
{
    meta:
        id = "VB-OBFUSCATED-EXEC"
        title = "Code is turned round and run"
        description = "A text that is written backwards is handed to exec, eval or a shell."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $a = /\b(exec|eval|os\.system|os\.popen|subprocess\.\w{1,14})\([^\n]{0,200}["\']\s?\[::-1\]/
    condition:
        (kind == "code" or layer != "") and $a
}

rule obfuscation_python_import_getattr
{
    meta:
        id = "VB-OBFUSCATED-NAMES"
        title = "A dangerous function is fetched by name"
        description = "Code imports a module and takes a function that runs commands, both by name, so that neither is to be found by reading."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $a = /getattr\(\s?__import__\(\s?["\'](os|subprocess|builtins|posix|pty)["\']\s?\)\s?,\s?["\'](system|popen|Popen|exec|eval|run|call|spawn|check_output)["\']/
        $b = /(globals|vars|locals)\(\)\[\s?["\']__(builtins|import)__["\']\s?\]/
        $c = /__builtins__\.__dict__\[\s?["\'](exec|eval|compile|__import__)["\']/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule obfuscation_python_aliased_import
{
    meta:
        id = "VB-OBFUSCATED-NAMES"
        title = "The import of modules is renamed"
        description = "Code gives the function that imports modules another name and calls it so."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $a = /=\s?__import__\s{0,4}[\n;#]/
    condition:
        (kind == "code" or layer != "") and $a
}

rule obfuscation_rot13_exec
{
    meta:
        id = "VB-OBFUSCATED-EXEC"
        title = "Rotated text is run"
        description = "Code turns rotated letters back and runs them or imports what they name."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $rot1 = /codecs\.decode\([^\n]{1,400}["\']rot_?13["\']/
        $rot2 = /tr\s["\']?A-Za-z["\']?\s["\']?N-ZA-Mn-za-m["\']?\s{0,3}\|\s{0,3}(ba|z)?sh\b/
        $rot3 = "def rot13"
        $rot4 = "def caesar"
        $run1 = /\b(exec|eval)\(/
        $run2_1 = "os.system("
        $run2_2 = "os.popen("
        $run3 = "subprocess."
        $run4 = /__import__\(\s?(codecs|rot13|caesar|decode)/
    condition:
        (kind == "code" or layer != "") and ($rot2 or (any of ($rot1, $rot3, $rot4) and any of ($run*)))
}

rule obfuscation_python_pickle_literal
{
    meta:
        id = "VB-OBFUSCATED-PICKLE"
        title = "A pickle that runs commands"
        description = "Loading the object runs a command: its reduction is a call of the system."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $red = /def\s__reduce(_ex)?__\([^\n]{0,40}\n[^\n]{0,12}\s{0,12}(import\s\w{1,12}\n\s{0,16})?return\s?\(?\s?(os\.(system|popen)|subprocess\.\w{1,14}|eval|exec|__import__)/
        $load = /(pickle|cPickle|dill)\.loads\(\s?(base64\.b64decode|bytes\.fromhex|zlib\.decompress|codecs\.decode)\(\s?b?["\'][A-Za-z0-9+\/=\\]{24,}/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule obfuscation_dns_text_run
{
    meta:
        id = "VB-C2-DNS"
        title = "Commands come out of DNS records"
        description = "Code looks up a TXT record and runs what it says."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1071.004 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $txt1 = /(resolve|query|resolver)[(][^\n]{1,100}("TXT"|\'TXT\')/
        $txt2 = /dns\.resolveTxt\(/
        $txt3 = /\b(dig|nslookup|host)\s[^\n|]{0,60}\btxt\b[^\n]{0,80}\|\s{0,3}(base64\s-[dD]\s{0,3}\|\s{0,3})?(ba|z)?sh\b/ nocase
        $run1 = /\b(exec|eval)\(/
        $run2_1 = "os.system("
        $run2_2 = "os.popen("
        $run3 = /subprocess\.(run|Popen|call|check_output)\(/
        $run4 = "child_process"
    condition:
        (kind == "code" or layer != "") and ($txt3 or (any of ($txt1, $txt2) and any of ($run*)))
}

rule obfuscation_picture_run
{
    meta:
        id = "VB-OBFUSCATED-PICTURE"
        title = "Code is read out of a picture and run"
        description = "Code takes the lowest bits or the text fields of a picture and runs them."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $pix1 = /[.]getpixel\(/
        $pix2 = /[.]getdata\(/
        $pix3 = "getImageData("
        $pix4 = /\.info\[["\'](comment|Comment|parameters|payload)/
        $pix5 = "getexif("
        $pix6 = "_getexif("
        $bit = /(& 1|&1|& 0x01|&0x01)\b/
        $tag_1 = "UserComment" nocase
        $tag_2 = "ImageDescription" nocase
        $tag_3 = "0x9286" nocase
        $tag_4 = "37510" nocase
        $tag_5 = "comment" nocase
        $run1 = /\b(exec|eval)\(\s?\w/
        $run2 = /(os\.system\(|os\.popen\()\s?\w/
    condition:
        (kind == "code" or layer != "") and ((any of ($pix1, $pix2, $pix3) and $bit) or (any of ($pix4, $pix5, $pix6) and any of ($tag_*))) and any of ($run*)
}

rule obfuscation_js_punctuation
{
    meta:
        id = "VB-OBFUSCATED-JS"
        title = "JavaScript of nothing but brackets"
        description = "A program is written with six characters, so that nobody can read it."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $a = "(![]+[])[+"
        $b = "[][(![]+[])"
        $c = "(!![]+[])[+"
    condition:
        (kind == "code" or layer != "") and 2 of them
}

rule obfuscation_js_constructor
{
    meta:
        id = "VB-OBFUSCATED-JS"
        title = "A function is made through constructors"
        description = "Code reaches the maker of functions by names in texts, and hands it a program."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $a = /\[\s?["\'][c][o][n][s][t][r]uctor["\']\s?\]\s?\[\s?["\'][c][o][n][s][t][r]uctor["\']\s?\]\s?\(/
        $b = /\.constructor\.constructor\(\s?["\'`][^\n]{0,20}(return|process|eval|require)/
        $c = /(global\[|globalThis\[|window\[|self\[|this\[)\s?["\'](ev["\']\s?\+\s?["\']al|\\x65\\x76|Fun["\']\s?\+)/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule obfuscation_shell_split
{
    meta:
        id = "VB-OBFUSCATED-SHELL-WORDS"
        title = "Names of commands are broken by quotes"
        description = "A shell command is written with empty quotes or backslashes within its name."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $curl = /\b(c\'\'u|c""u|c\\u)(\'\'|""|\\)?r(\'\'|""|\\)?l\s/
        $curl2 = /\b(cu\'\'r|cu""r|cu\\r)(\'\'|""|\\)?l\s/
        $wget = /\b(w\'\'g|w""g|w\\g)(\'\'|""|\\)?e(\'\'|""|\\)?t\s/
        $bash = /\b(b\'\'a|b""a|b\\a)(\'\'|""|\\)?s(\'\'|""|\\)?h\b/
        $ifs = /(curl|wget|bash|sh|cat|nc)\$\{?IFS\}?/
        $rev = /\|\s{0,3}rev\s{0,3}\|\s{0,3}(ba|z)?sh\b/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule obfuscation_fragments_exec
{
    meta:
        id = "VB-OBFUSCATED-EXEC"
        title = "A program in fragments is joined and run"
        description = "Several short texts are joined and run, so that no line shows what runs."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $a = /\b(exec|eval|os\.system|os\.popen)\(\s?["\']{2}\.join\(\s?\w{1,20}\s?\)/
    condition:
        (kind == "code" or layer != "") and $a
}

rule obfuscation_code_object
{
    meta:
        id = "VB-OBFUSCATED-EXEC"
        title = "A function is made out of bytes"
        description = "Code makes a function out of serialised byte code."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $mk = /(types\.|^|\s)(CodeType|FunctionType)\(/
        $ld1 = "marshal.loads("
        $ld2 = "b64decode("
        $ld3 = "fromhex("
        $ld4 = "zlib.decompress("
    condition:
        (kind == "code" or layer != "") and $mk and $ld1 and 1 of ($ld2, $ld3, $ld4)
}

rule obfuscation_evades_analysis
{
    meta:
        id = "VB-EVADES-ANALYSIS"
        title = "Code hides from analysis"
        description = "Code looks for virtual machines, debuggers or analysts and behaves otherwise there."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1497 ATTACK-T1622 CWE-506"
        kinds = "code layer"
    strings:
        $v1 = "vmware" nocase
        $v2 = "virtualbox" nocase
        $v3 = "vboxguest" nocase
        $v4 = "qemu" nocase
        $v5 = "xen" nocase fullword
        $v6 = "sandbox" nocase
        $v7 = "/.dockerenv"
        $v8 = "TracerPid"
        $v9 = "IsDebuggerPresent"
        $va = "sys.gettrace("
        $vb = "wireshark" nocase
        $vc = "cuckoo" nocase
        $vd = "ollydbg" nocase
        $ve = "hypervisor" nocase
        $bail_1 = "sys.exit("
        $bail_2 = "os._exit("
        $bail_3 = "process.exit("
        $bail_4 = "return\n"
        $bail_5 = "return False\n"
        $bail_6 = "return None\n"
        $bail_7 = "exit 0"
        $run1 = /(exec|eval)\(\s?\w/
        $run2 = /(requests\.post|urlopen|fetch)\(/
        $run3 = "subprocess."
    condition:
        (kind == "code" or layer != "") and 5 of ($v*) and any of ($bail_*) and any of ($run*)
}
