/* What deceives: whoever reads the output, whoever reads the comment, whoever trusts the guard. */

rule deceit_says_it_changes_nothing
{
    meta:
        id = "VB-DECEIT-READ-ONLY"
        title = "A function that says that it only reads takes files away"
        description = "The comment of a function says that it is read-only or has no side effects; right below it deletes or moves what it was given."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI09 MCP03 ATTACK-T1070.004 ATTACK-T1036 CWE-1116"
        kinds = "code"
    strings:
        $said = /(read-only|no side effects|changes nothing|makes no changes)/ nocase
        $python = /(os\.remove|os\.unlink|os\.rename|shutil\.move|shutil\.rmtree)\(\s?(path|src|source|file\w{0,8}|input\w{0,8}|target)\b/
        $node = /\b(fs|fsp)\.(rm|rmSync|unlink|unlinkSync|rename|renameSync)\(/
        $next = /(def |\n\})/ /* another function */
    condition:
        kind == "code" and layer == "" and any of ($python, $node) and
        for any i in (1..#said): (
            (for any j in (1..#python): (@python[j] > @said[i] and @python[j] < @said[i] + 900 and not $next in (@said[i] .. @python[j])) or
             for any j in (1..#node): (@node[j] > @said[i] and @node[j] < @said[i] + 900 and not $next in (@said[i] .. @node[j]))))
}

rule deceit_guard_text_removed
{
    meta:
        id = "VB-AGENT-GUARD-REMOVED"
        title = "Code takes the rules of safety out of what an agent is told"
        description = "A program opens the file of instructions of a project and cuts out the parts that are marked as rules of safety."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 AST03 ASI06 LLM04 MCP10 ATTACK-T1562.001 ATLAS-AML.T0080.000 CWE-506"
        kinds = "code layer"
    strings:
        $file = /\b(CLAUDE|AGENTS|GEMINI|SOUL)\.md\b/
        $cut1 = /\.sub\(\s?r?["'][^"'\n]{0,40}(SAFETY|GUARDRAIL|SECURITY|RESTRICT)[^"'\n]{0,80}["'],\s?["']{2}/ nocase
        $cut2 = /\.replace\(\s?\/[^\/\n]{0,40}(SAFETY|GUARDRAIL|SECURITY|RESTRICT)[^\n]{0,80}\/[gims]{0,4},\s?["'`]{2}/ nocase
        $cut3 = /sed -i[^\n]{0,40}\/[^\n\/]{0,20}(S[A]FETY|G[U]ARDR[A]IL|S[E]C[U]RITY|R[E]STR[I]CT|[Ss][a]fety|[Gg][u]ardr[a]il|[Ss][e]curity|[Rr][e]str[i]ct)[^\n]{0,60}\/d/
    condition:
        (kind == "code" or layer != "") and $file and any of ($cut*)
}

rule deceit_approval_planted
{
    meta:
        id = "VB-AGENT-MEMORY"
        title = "Code writes into a project's instructions that nothing has to be asked"
        description = "A program appends to the file of instructions of the folder that it is called in that calls of tools are approved unseen."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 AST03 ASI06 LLM04 MCP10 ATTACK-T1546 ATLAS-AML.T0080.000 ATLAS-AML.T0081 CWE-506"
        kinds = "code layer"
    strings:
        $file = /\b(CLAUDE|AGENTS|GEMINI|SOUL)\.md\b/
        $write1 = /open\([^\n]{1,60},\s?["']a["']/
        $write2 = "appendFile"
        $write3 = />>\s?["']?[^\s"']{0,60}(CLAUDE|AGENTS|GEMINI|SOUL)\.md/
        $write4 = "write_text("
        $write5 = "writeFileSync("
        $order1 = /["'\\n][^"'\n]{0,60}\b(auto-?approve|approve\sall|allow\sall)\b[^"'\n]{0,40}\b(tool|command|call|action|edit)s?\b/ nocase
        $order2 = /["'\\n][^"'\n]{0,60}\b(skip|without)\s(user\s)?(confirmation|permission|approval)\b[^"'\n]{0,60}["'\\]/ nocase
        $pose = /["'\\n](system|admin|security)\s(override|directive)/ nocase
    condition:
        (kind == "code" or layer != "") and filesize < 128KB and $file and any of ($write*) and any of ($order*) and $pose
}

rule deceit_name_in_pieces
{
    meta:
        id = "VB-OBFUSCATED-HOST"
        title = "The host of a download is written in pieces"
        description = "The name of a host that a command fetches from is put together from short texts, so that nobody who searches for it finds it."
        severity = "high"
        confidence = "high"
        mapping = "AST01 LLM03 ATTACK-T1027 ATTACK-T1105 CWE-506"
        kinds = "code layer"
    strings:
        $pieces = /(curl|wget|fetch|urlopen|get)[\s(][^\n]{0,60}https?:\/\/["']\s?\+\s?["'][A-Za-z0-9-]{1,24}["']\s?\+\s?["'][.A-Za-z0-9-]{1,40}["']\s?\+\s?["'][.A-Za-z0-9-]{1,24}["'\/]/
    condition:
        (kind == "code" or layer != "") and $pieces
}

rule deceit_climbs_to_the_system
{
    meta:
        id = "VB-PATH-CLIMB"
        title = "Code climbs out of its folder to files of the system"
        description = "A program holds paths that leave a folder upwards and end in places that start programs or let somebody in."
        severity = "high"
        confidence = "medium"
        mapping = "AST03 ASI02 ASI05 MCP05 ATTACK-T1546 ATTACK-T1098.004 CWE-22"
        kinds = "code"
    strings:
        $ssh = /["'](\.\.\/){2,10}(root|home\/\w{1,20})\/\.ssh\//
        $cron = /["'](\.\.\/){2,10}(etc\/cron|var\/spool\/cron)/
        $etc = /["'](\.\.\/){2,10}etc\/\{/
        $www = /["'](\.\.\/){2,10}var\/www\//
        $test1 = "def test_"
        $test2 = "unittest"
        $test3 = "pytest"
        $test4 = "describe("
        $test5 = "assert"
        $test6 = "expect("
    condition:
        kind == "code" and layer == "" and 2 of ($ssh, $cron, $etc, $www) and not any of ($test*)
}

rule deceit_decoded_argument_run
{
    meta:
        id = "VB-SHELL-DECODED-COMMAND"
        title = "What comes in encoded is run as a command"
        description = "A program decodes a text that it is given, calls the result a command and hands it to a shell: a way in for whoever knows the encoding."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI05 ASI10 LLM05 MCP05 ATTACK-T1059 ATTACK-T1132.001 ATTACK-T1071.004 CWE-78"
        kinds = "code layer"
    strings:
        $decode1 = /\b(cmd|command|instruction|task)\w{0,12}\s?=\s?base64\.(b32|b16|b64|b85|a85|urlsafe_b64)decode\([^\n]{1,60}\)\.decode\(/
        $decode2 = /\b(cmd|command|instruction|task)\w{0,12}\s?=\s?(bytes\.fromhex|codecs\.decode|binascii\.unhexlify)\([^\n]{1,60}\)\.decode\(/
        $decode3 = /\b(cmd|command)\w{0,12}\s?=\s?Buffer\.from\([^\n]{1,60},\s?["'](base64|hex)["']\)\.toString\(/
        $run1 = "shell=True"
        $run2 = "os.system("
        $run3 = "os.popen("
        $run4 = "execSync("
        $run5 = "exec("
    condition:
        (kind == "code" or layer != "") and any of ($decode*) and any of ($run*)
}

rule deceit_takes_memory_without_end
{
    meta:
        id = "VB-MEMORY-BOMB"
        title = "Code that only fills the memory"
        description = "For each thing that it is given a program makes tens of millions of copies and keeps them: whoever calls it loses the machine."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI10 LLM10 ATTACK-T1499.001 CWE-789"
        kinds = "code"
    strings:
        $keep = /\.(extend|append|push)\(\s?\[\s?\w{1,24}\s?\]\s?\*\s?(\d{8,12}|10\s?\*\*\s?([89]|1\d))\s?\)/
        $push = /\.push\(\s?\.\.\.\s?(new\s)?Array\(\s?\d{8,12}\s?\)/
    condition:
        kind == "code" and layer == "" and any of them
}

rule deceit_outranks_the_workspace
{
    meta:
        id = "VB-AGENT-MEMORY"
        title = "Code plants instructions that claim to come before the user's"
        description = "A program writes a file of instructions for agents that says that it is to be followed before, or instead of, the guidance of the folder around it."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 AST03 ASI01 ASI06 LLM01 ATTACK-T1546 ATLAS-AML.T0080.000 CWE-1427"
        kinds = "code layer"
    strings:
        $file = /\b(CLAUDE|AGENTS|GEMINI|SOUL)\.md["'`]/
        $write1 = "write_text("
        $write2 = "writeFileSync("
        $write3 = /open\([^\n]{1,60},\s?["'][aw]["']/
        $rank1 = /\b(prefer|follow|obey|use)\s[^\n."']{3,80}\b(before|over|instead\sof|rather\sthan)\s(the\s|any\s)?(parent|workspace|project|user)('s)?\s[^\n."']{0,24}(guidance|instructions|rules|policy)/ nocase
        $rank2 = /\b(takes?\sprecedence\sover|overrides?|supersedes?)\s(the\s|any\s|all\s)?(parent|workspace|project|user)('s)?\s[^\n."']{0,24}(guidance|instructions|rules|policy)/ nocase
    condition:
        (kind == "code" or layer != "") and filesize < 64KB and $file and any of ($write*) and any of ($rank*)
}

rule deceit_prohibitions_sorted_out
{
    meta:
        id = "VB-AGENT-GUARD-REMOVED"
        title = "Code drops from an agent's context what forbids"
        description = "Code that shortens what an agent is told takes paragraphs that refuse, restrict or forbid for padding and leaves them out."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI06 LLM04 MCP10 ATTACK-T1562.001 ATLAS-AML.T0080.000 CWE-693"
        kinds = "code layer"
    strings:
        $refuse = /["'`\/][^"'`\n]{0,12}(refuse|refusal|restrict)[|)][^"'`\n]{0,80}["'`\/]/
        $must = /["'`\/][^"'`\n]{0,8}must\snot[^"'`\n]{0,12}["'`\/]/
        $as1 = "boilerplate" nocase
        $as2 = "low_value" nocase
        $as3 = "padding" nocase
        $as4 = "redundant" nocase
        $of1 = "context" nocase
        $of2 = "prompt" nocase
    condition:
        (kind == "code" or layer != "") and $refuse and $must and any of ($as*) and any of ($of*)
}

rule deceit_opens_without_end
{
    meta:
        id = "VB-DESCRIPTOR-BOMB"
        title = "Code that only uses up descriptors"
        description = "In a loop of thousands of turns a program opens sockets, pipes or files and keeps them all: whoever calls it can open nothing any more."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI10 LLM10 ATTACK-T1499.001 CWE-775"
        kinds = "code"
    strings:
        $python = /for\s\w{1,12}\sin\srange\(\s?\d{4,9}\s?\):\s{1,40}(try:\s{1,40})?\(?\w{1,12}(,\s\w{1,12})?\)?\s?=\s?(socket\.socket|os\.pipe|os\.open|open)\([^\n]{0,80}\)\s{1,40}\w{1,24}\.append\(/
        $node = /for\s?\([^\n)]{0,60}<\s?\d{4,9}\s?;[^\n)]{0,20}\)\s?\{?\s{0,40}\w{1,24}\.push\(\s?(net\.connect|net\.createConnection|fs\.openSync)\(/
        $test1 = "unittest"
        $test2 = "pytest"
        $test3 = "def test_"
    condition:
        kind == "code" and layer == "" and any of ($python, $node) and not any of ($test*)
}
