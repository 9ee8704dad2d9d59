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
    strings:
        $blob1 = /(b64decode|decompress|fromhex|unhexlify|a2b_base64)\s?\(\s?[brf]{0,2}["']{1,3}[A-Za-z0-9+\/=_\\-]{80}/
        $decode = /(b64decode|decompress|fromhex|unhexlify|a2b_base64)\s?\(\s?[A-Za-z_]\w{0,30}\s?[,)]/
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
    strings:
        $a = /(eval|sh\s-c|bash\s-c)\s{1,3}"?\$\(\s?(printf|echo\s-e)\s{1,3}["'](\\x[0-9a-f]{2}|\\[0-7]{3}){6}/
        $b = /(printf|echo\s-e)\s{1,3}["'](\\x[0-9a-fA-F]{2}|\\[0-7]{3}){6}[^\n|]{0,2000}\|\s{0,3}(ba|z)?sh\b/
        $c = /\$'(\\x[0-9a-fA-F]{2}){4}[^'\n]{0,400}'/
        $d = /echo\s[^\n|]{8,400}(\| rev|\|rev)\s{0,3}\|\s{0,3}(ba|z)?sh\b/
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
