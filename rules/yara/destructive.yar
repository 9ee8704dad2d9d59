/* What cannot be undone. */

rule destructive_wipe_home_shell
{
    meta:
        id = "VB-WIPE"
        title = "A script deletes the home folder or the disk"
        description = "A shell script has a line that deletes all files of the user or overwrites a disk."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 LLM06 ATTACK-T1485 ATTACK-T1561 ATLAS-AML.T0101 CWE-506"
        kinds = "code layer"
    strings:
        $home = /[\n;&]\s{0,12}(sudo\s{1,3})?(rm -rf|rm -fr|rm -r -f|rm -Rf)\s{1,3}["']?(\$HOME|\$\{HOME\}|~)["']?\/?["']?(\*|\.\*)?["']?\s{0,3}(2>|[\n;&|]|$)/
        $root = /[\n;&]\s{0,12}(sudo\s{1,3})?(rm -rf|rm -fr)\s{1,3}(--no-preserve-root\s{1,3}\/|\/\*)\s{0,3}(2>|[\n;&|]|$)/
        $find = /[\n;&]\s{0,12}(find ~|find \$HOME|find "\$HOME"|find \/)\/?\s(-type f\s)?(-delete|-exec (rm|shred)\s)/
        $disk = /[\n;&]\s{0,12}(sudo\s{1,3})?dd\s{1,3}if=\/dev\/(zero|u?random)\s{1,3}of=\/dev\/(sd[a-z]|nvme|vd[a-z]|disk\d)/
    condition:
        (extension == "sh" or extension == "bash" or extension == "zsh" or layer != "")
        and any of them
}

rule destructive_wipe_home_code
{
    meta:
        id = "VB-WIPE"
        title = "Code deletes the home folder"
        description = "A program deletes the user's whole home folder or root."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 LLM06 ATTACK-T1485 ATLAS-AML.T0101 CWE-506"
        kinds = "code layer"
    strings:
        $py = /rmtree\(\s?(os\.path\.expanduser\(\s?["']~\/?["']\s?\)|Path\.home\(\)|pathlib\.Path\.home\(\)|os\.environ\[["']HOME["']\]|["']\/["'])\s?[,)]/
        $js = /(rmSync|rmdirSync|rimraf|removeSync|emptyDirSync)\(\s?(os\.homedir\(\)|process\.env\.HOME|["']\/["'])\s?[,)]/
        $run = /(os\.system|execSync|run|call|Popen|exec|system)\(\[?["'`](sudo )?rm -(rf|fr) (~|\$HOME|\/\*|--no-preserve-root)\/?\*?\s?["'`&;|2]/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule destructive_encrypts_files
{
    meta:
        id = "VB-RANSOM"
        title = "Files are encrypted and a ransom is asked"
        description = "Code walks through folders, encrypts what it finds, deletes the originals and holds a note about payment."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 LLM06 ATTACK-T1486 CWE-506"
        kinds = "code layer"
    strings:
        $walk1 = "os.walk("
        $walk2 = ".rglob("
        $walk3 = "readdirSync("
        $crypt1 = ".encrypt("
        $crypt2 = "createCipheriv("
        $crypt3 = "AES.new("
        $remove1 = "os.remove("
        $remove2 = "unlink"
        $remove3 = "os.rename("
        $note1 = "been encrypted" nocase
        $note4 = /[f][i][l][e]s are encrypted/ nocase
        $note5 = "data is encrypted" nocase
        $note2 = "bitcoin" nocase
        $note6 = "monero" nocase
        $note3 = "ransom" nocase
    condition:
        (kind == "code" or layer != "") and any of ($walk*) and any of ($crypt*) and any of ($remove*) and 2 of ($note*)
}

rule destructive_fork_bomb
{
    meta:
        id = "VB-FORK-BOMB"
        title = "A fork bomb"
        description = "A shell script starts copies of itself without end."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 LLM10 ATTACK-T1499 CWE-400"
    strings:
        $colon = /(^|[\n;&])\s{0,12}:\(\)\s?\{\s?:\s?\|\s?:\s?&\s?\}\s?;\s?:/
        $named = /(^|[\n;&])\s{0,12}bomb\(\)\s?\{\s?bomb\s?\|\s?bomb\s?&\s?\}/
    condition:
        (extension == "sh" or extension == "bash" or layer != "") and any of them
}

rule destructive_blinds_the_defence
{
    meta:
        id = "VB-DEFENCE-OFF"
        title = "Protection of the machine is switched off"
        description = "Code turns off the virus scanner, the system's checks of programs or the shell's history."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1562.001 ATTACK-T1562.003 ATTACK-T1070.003 CWE-506"
        kinds = "code layer"
    strings:
        $win1 = /Set-MpPreference\s[^\n]{0,60}-Disable(RealtimeMonitoring|IOAVProtection|BehaviorMonitoring)\s{1,3}(\$true|1)/ nocase
        $win2 = /Add-MpPreference\s[^\n]{0,40}-ExclusionPath\s/ nocase
        $mac1 = "spctl --master-disable"
        $mac2 = "csrutil disable"
        $linux1 = /systemctl\s(stop|disable|mask)\s(--now\s)?(auditd|apparmor|falcon-sensor|clamav|osqueryd|rsyslog)/
        $history1 = "history -c"
        $history2 = "HISTFILE=/dev/null"
        $history4 = "HISTSIZE=0"
        $history3 = "unset HISTFILE"
        $log1 = /(rm|shred|truncate|>)\s[^\n]{0,40}\/var\/log\/(auth\.log|secure|wtmp|audit)/
    condition:
        (kind == "code" or layer != "") and (any of ($win*, $mac*, $linux1, $log1) or 2 of ($history*))
}

rule destructive_shadow_copies
{
    meta:
        id = "VB-WIPE-BACKUPS"
        title = "The backups of the system are deleted"
        description = "A command removes what a machine could be restored from."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 ATTACK-T1490 CWE-506"
        kinds = "code layer"
    strings:
        $a = /vssadmin(\.exe)?["\',\s]{1,6}delete["\',\s]{1,6}shadows/ nocase
        $b = /wmic(\.exe)?["\',\s]{1,6}shadowcopy["\',\s]{1,6}delete/ nocase
        $c = /wbadmin(\.exe)?["\',\s]{1,6}delete["\',\s]{1,6}(catalog|systemstatebackup)/ nocase
        $d = /bcdedit[^\n]{0,60}recoveryenabled\s{1,3}no/ nocase
        $e = /tmutil\s{1,3}(disable|deletelocalsnapshots|delete\s)/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule destructive_disk
{
    meta:
        id = "VB-WIPE-DISK"
        title = "A whole disk is overwritten"
        description = "A command writes over a disk or makes a new file system on it."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 ASI10 ATTACK-T1485 CWE-506"
        kinds = "code layer"
    strings:
        $a = /dd\s{1,3}if=\/dev\/(zero|u?random)\s[^\n]{0,40}of=\/dev\/(sd|nvme|hd|vd|disk|mmcblk)/
        $b = /mkfs(\.\w{2,5})?\s{1,3}(-[A-Za-z]\s)?\/dev\/(sd|nvme|hd|vd|disk)[a-z0-9]{1,8}\s{0,2}(\n|$|;|&&|"|\')/
        $c = /(shred|wipefs)\s[^\n]{0,30}\/dev\/(sd|nvme|hd|vd|disk)/
        $d = /rd\s{1,3}\/s\s{1,3}\/q\s{1,3}(c:\\|%systemdrive%|%userprofile%)/ nocase
        $e = /format\s{1,3}c:\s{1,3}\/(y|q)/ nocase
        $guard_1 = "dangerous" nocase
        $guard_2 = "blocked" nocase
        $guard_3 = "deny" nocase
        $guard_4 = "forbidden" nocase
        $guard_5 = "denied" nocase
        $guard_6 = "blocklist" nocase
        $guard_7 = "prevent" nocase
        $flash_1 = "flash" nocase
        $flash_2 = "sd card" nocase
        $flash_3 = "raspberry" nocase
        $flash_4 = "usb stick" nocase
        $flash_5 = "iso image" nocase
        $flash_6 = "partition" nocase
        $flash_7 = "installer" nocase
    condition:
        (kind == "code" or layer != "") and any of ($a, $b, $c, $d, $e) and not any of ($flash_*) and not any of ($guard_*)
}

rule destructive_traces
{
    meta:
        id = "VB-ERASES-TRACES"
        title = "Traces are erased"
        description = "A command deletes the history of the shell or the logs of logins."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 ATTACK-T1070.003 ATTACK-T1070.002 CWE-506"
        kinds = "code layer"
    strings:
        $a = /(rm|shred|truncate)\s[^\n]{0,40}\.(bash|zsh)_history/
        $b = /history\s{1,3}-c\s{0,3}(;|&&|\n)[^\n]{0,40}(rm|unset|history|kill|exit)/
        $c = /(rm|shred|truncate|>)\s[^\n]{0,30}\/var\/log\/(auth\.log|secure|wtmp|lastlog|syslog|messages)/
        $d = /wevtutil(\.exe)?["\',\s]{1,6}cl["\',\s]/ nocase
        $e = /Clear-EventLog\s/ nocase
    condition:
        (kind == "code" or layer != "") and any of them
}

rule destructive_self_delete
{
    meta:
        id = "VB-SELF-DELETE"
        title = "A program deletes itself after it sent something"
        description = "Code removes its own file once it has done what it came for."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI10 ATTACK-T1070.004 CWE-506"
        kinds = "code layer"
    strings:
        $a = /os\.(remove|unlink)\(\s?(__file__|sys\.argv\[0\]|os\.path\.abspath\(__file__\))/
        $b = /unlink(Sync)?\(\s?__filename/
        $c = /rm\s{1,3}(-[rf]{1,2}\s{1,3})?(--\s)?["\']?(\$0|\$BASH_SOURCE|\$\{BASH_SOURCE)/
        $d = /rm\s{1,3}-r?f\s{1,3}["\']?\{(script_path|__file__|self_path)\}/
        $send1_1 = "requests.post("
        $send1_2 = "requests.put("
        $send2 = /urlopen\(\s{0,20}(\w{1,20}[,)]|f?["\']https?:)/
        $send3 = "axios.post("
        $send4 = /method["\']?\s?:\s?("POST"|'POST')/
        $send5 = "httpx.post("
        $send6 = /(-d|-F|-T|--data|--data-binary|--data-raw|--upload-file)[\s=]["']?(\w{1,20}=)?@/
        $send7 = ".sendall("
        $curl = "curl "
        $wget = "wget "
    condition:
        (kind == "code" or layer != "") and any of ($a, $b, $c, $d) and any of ($send*, $curl, $wget)
}

rule destructive_cloud
{
    meta:
        id = "VB-WIPE-CLOUD"
        title = "Everything in the cloud account is deleted"
        description = "A command lists what an account holds and deletes all of it."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 ATTACK-T1485 CWE-506"
        kinds = "code layer"
    strings:
        $a = /aws\s{1,3}s3\s{1,3}ls[^\n]{0,120}\|[^\n]{0,120}s3\s{1,3}(rb|rm)\s[^\n]{0,60}--(force|recursive)/
        $b = /aws\s{1,3}ec2\s{1,3}terminate-instances[^\n]{0,60}\$\(\s?aws\s{1,3}ec2\s{1,3}describe-instances/
        $d = /gcloud\s{1,3}projects\s{1,3}list[^\n]{0,80}\|[^\n]{0,80}gcloud\s{1,3}projects\s{1,3}delete/
    condition:
        (kind == "code" or layer != "") and any of ($a, $b, $d)
}
