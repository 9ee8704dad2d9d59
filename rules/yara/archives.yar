/* Archives that no scanner can open. */

rule archives_password_prerequisite
{
    meta:
        id = "VB-INSTALL-LOCKED-ARCHIVE"
        title = "A locked archive is to be downloaded and run"
        description = "The instructions make a reader download an archive with a password, unpack it and run what is inside: the password keeps scanners out."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST02 ASI04 ASI09 LLM03 ATTACK-T1204.002 ATTACK-T1027.013 ATTACK-T1105 ATLAS-AML.T0011.003 CWE-506"
        kinds = "prose layer"
    strings:
        $pass1 = "extract using pass" nocase
        $pass2 = "extract with pass" nocase
        $pass3 = "using password" nocase
        $pass4 = "with password" nocase
        $pass5 = "archive password" nocase
        $pass6 = "zip password" nocase
        $pass7 = /\bpass(word)?\s?(is|:|=)\s?[`'"*]{1,3}[A-Za-z0-9]{3,20}[`'"*]/ nocase
        $pass8 = /unzip\s{1,3}-P\s?[^\s]{3,30}\s/
        $get1 = ".zip" nocase
        $get3 = ".rar" nocase
        $get4 = ".7z" nocase
        $get2 = "/releases/download/" nocase
        $url = "://"
        $run1 = "run the executable" nocase
        $run1a = "run the file" nocase
        $run1b = "run the installer" nocase
        $run1c = "run the binary" nocase
        $run1d = "run the program" nocase
        $run1e = "run the agent" nocase
        $run1f = "run the app" nocase
        $run1g = "run the util" nocase
        $run2 = ".exe" nocase
        $run3 = "run it" nocase
        $run4 = "launch it" nocase
        $run5 = "execute it" nocase
        $run6 = "start it" nocase
        $run7 = "run before" nocase
        $run8 = "open it" nocase
        $unpack1 = "extract" nocase fullword
        $unpack2 = "unzip" nocase fullword
        $unpack3 = "unpack" nocase fullword
    condition:
        kind == "prose" and $url and any of ($get*) and any of ($run*) and any of ($unpack*)
        and for any of ($pass*) : ( for any i in (1..#) : (
            any of ($get*, $unpack*) in (@[i] - 300 .. @[i] + 300) ) )
}

rule archives_password_unpack_run
{
    meta:
        id = "VB-DROPPER-LOCKED-ARCHIVE"
        title = "Code unpacks a locked archive and runs it"
        description = "A program unpacks an archive with a built-in password and starts what was inside."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI05 LLM03 ATTACK-T1027.013 ATTACK-T1140 ATTACK-T1059 CWE-506"
        kinds = "code layer"
    strings:
        $zip1 = /unzip\s{1,3}[^\n]{0,40}-P\s?["']?[^\s"']{3,40}/
        $zip2 = /\b7za?\s{1,3}x\s[^\n]{0,60}-p[^\s"']{3,40}/
        $zip3 = /extractall\([^\n)]{0,80}pwd\s?=\s?b?["'][^"'\n]{3,40}["']/
        $zip4 = /setpassword\(b?["'][^"'\n]{3,40}["']\)/
        $run1 = "chmod +x"
        $run2 = "os.startfile("
        $run3 = "subprocess.Popen("
        $run4 = "os.system("
        $run5 = "subprocess.run("
        $run6 = "0o755"
        $get1 = "http://"
        $get2 = "https://"
    condition:
        (kind == "code" or layer != "") and any of ($zip*) and any of ($run*) and any of ($get*)
}
