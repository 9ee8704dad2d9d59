/* What outlives the package. */

rule persistence_shell_startup
{
    meta:
        id = "VB-PERSIST-SHELL"
        title = "Code is planted in the shell's start files"
        description = "A script appends a command that downloads, decodes, connects or shuts down to a file that every shell reads."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1546.004 ATLAS-AML.T0081 CWE-506"
    strings:
        $rc = /(url|get|ase64|hup|\/tcp|python3? -c|shutdown|nc)\b[^\n]{0,200}>>\s{0,2}["']?(~|\$HOME|\$\{HOME\}|\/root|\/home\/[^\/\s]{1,30})\/\.(bashrc|bash_profile|profile|zshrc|zprofile|zshenv|bash_logout)/
        $pay1 = "curl "
        $pay2 = "wget "
        $pay3 = "base64 "
        $pay4 = "nohup "
        $pay5 = "/dev/tcp"
        $pay6 = "python3 -c"
        $pay7 = "python -c"
        $pay8 = "shutdown "
        $pay9 = "nc -"
        $append1 = /\.(bashrc|bash_profile|zshrc|zprofile|zshenv)["'][^\n]{0,20}["']a["']/
        $append2 = /(appendFileSync|appendFile|append_text)\([^\n]{0,80}\.(bashrc|bash_profile|profile|zshrc|zprofile|zshenv)\b/
    condition:
        (kind == "code" or layer != "") and (
            $rc
            or for any of ($append*) : ( for any i in (1..#) : ( any of ($pay*) in (@[i] .. @[i] + 300) ) )
        )
}

rule persistence_cron
{
    meta:
        id = "VB-PERSIST-CRON"
        title = "A cron job is planted that downloads or decodes"
        description = "A script adds a job to the user's crontab that fetches, decodes or runs something out of a temporary or hidden place."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1053.003 CWE-506"
    strings:
        $when1 = "@reboot"
        $when2 = "@hourly"
        $when3 = "@daily"
        $when4 = "* * *"
        $pay1 = "curl "
        $pay2 = "wget "
        $pay3 = "base64 "
        $pay4 = "/tmp/"
        $pay5 = "/dev/shm/"
        $pay6 = "/var/tmp/"
        $pay7 = "/dev/tcp"
        $pay8 = "python3 -c"
        $tab1 = /\|\s{0,3}crontab\s{1,3}-/
        $tab2 = /crontab\s{1,3}\/tmp\//
        $tab3 = "/etc/cron.d/"
        $tab4 = "/var/spool/cron"
        $tab5 = /\[\s?["']crontab["']\s?,\s?["']-["']/
    condition:
        (kind == "code" or layer != "") and any of ($tab*)
        and for any of ($when*) : ( for any i in (1..#) : ( any of ($pay*) in (@[i] .. @[i] + 160) ) )
}

rule persistence_systemd
{
    meta:
        id = "VB-PERSIST-SYSTEMD"
        title = "A system service is planted that downloads or decodes"
        description = "A script writes a systemd unit whose command fetches, decodes or runs something out of a temporary or hidden place."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1543.002 CWE-506"
    strings:
        $exec = /ExecStart\s?=\s?[^\n]{0,160}(curl\s|wget\s|base64\s|\/tmp\/|\/dev\/shm\/|\/var\/tmp\/|\/dev\/tcp|python3?\s-c|\/\.[a-z0-9_-]{1,30}\/[^\n]{0,40}\.(py|sh|js))/
        $place1 = ".config/systemd/user"
        $place2 = "/etc/systemd/system"
        $enable1 = "systemctl --user enable"
        $enable2 = "systemctl enable"
        $enable3 = /systemctl["',\s]{1,6}(--user["',\s]{1,6})?enable/
        $restart = /Restart\s?=\s?always/
    condition:
        (kind == "code" or layer != "") and $exec and any of ($place*) and (any of ($enable*) or $restart)
}

rule persistence_launch_agent
{
    meta:
        id = "VB-PERSIST-LAUNCHAGENT"
        title = "A launch agent is planted that downloads or decodes"
        description = "A script writes a macOS launch agent that fetches, decodes or runs something hidden at every login."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1543.001 CWE-506"
    strings:
        $place = "Library/LaunchAgents"
        $run = "RunAtLoad"
        $args = "ProgramArguments"
        $bad1 = /<string>[^<\n]{0,120}(curl\s|base64\s|osascript|\/tmp\/|\/dev\/tcp|python3?\s-c)/
        $bad2 = /<string>[^<\n]{0,80}\/\.[A-Za-z0-9_-]{1,30}(\/|<)/
    condition:
        (kind == "code" or layer != "") and $place and $run and $args and any of ($bad*)
}

rule persistence_authorized_keys
{
    meta:
        id = "VB-PERSIST-SSH-KEY"
        title = "A foreign SSH key is let in"
        description = "Code adds a public key that it brings along to the keys that may log in."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1098.004 CWE-506"
    strings:
        $file = "authorized_keys"
        $key = /(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp256)\sAAAA[A-Za-z0-9+\/]{40,}/
        $sh = /(echo|printf|tee|cat)\s[^\n]{0,600}>>?\s{0,2}["']?[^\n"']{0,60}\.ssh\/authorized_keys/
        $code = /(open|appendFile|appendFileSync|writeFile|writeFileSync)\([^\n]{0,120}authorized_keys[^\n]{0,40}(["']a\+?["']|,)/
    condition:
        (kind == "code" or layer != "") and $file and $key and any of ($sh, $code)
}

rule persistence_git_hooks
{
    meta:
        id = "VB-PERSIST-GIT"
        title = "Hooks are planted for every repository"
        description = "Code points git at hooks of its own for all repositories of the user, or copies a hook that calls out."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1546 CWE-506"
    strings:
        $global = /git\s{1,3}config\s{1,3}--global\s{1,3}(--add\s)?(init\.templateDir|core\.hooksPath|core\.fsmonitor)/ nocase
        $global2 = /["']config["']\s?,\s?["']--global["']\s?,\s?["'](init\.templateDir|core\.hooksPath|core\.fsmonitor)["']/ nocase
        $hook1 = "pre-commit"
        $hook2 = "pre-push"
        $hook3 = "post-checkout"
        $hook4 = "post-merge"
        $call1 = "curl "
        $call2 = "wget "
        $call3 = "base64 -"
        $call4 = "python3 -c"
        $call5 = "node -e"
        $call6 = "/dev/tcp"
        $call7 = "https.request("
        $call8 = "nc -"
    condition:
        (kind == "code" or layer != "") and any of ($global*) and any of ($hook*) and any of ($call*)
}

rule persistence_preload
{
    meta:
        id = "VB-PERSIST-PRELOAD"
        title = "A library is loaded into every program"
        description = "Code writes the system-wide list of libraries that the loader puts into every program."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1574.006 CWE-506"
    strings:
        $sh = />>?\s{0,2}["']?\/etc\/ld\.so\.preload/
        $tee = /tee\s(-a\s)?\/etc\/ld\.so\.preload/
        $code = /(open|writeFile|writeFileSync|appendFileSync|fopen)\(\s?["']\/etc\/ld\.so\.preload["']\s?,\s?["'](w|a|\+)/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule persistence_python_startup
{
    meta:
        id = "VB-PERSIST-PYTHON"
        title = "Code is planted in Python's start"
        description = "Code writes a file that every start of Python runs, with something that is decoded, downloaded or executed."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1546.018 CWE-506"
    strings:
        $file = /(usercustomize|sitecustomize)\.py["']|["'\/][\w-]{1,40}\.pth["']/
        $place1 = "getsitepackages("
        $place2 = "getusersitepackages("
        $place3 = "site-packages"
        $write = /\.write(_text)?\(|writeFileSync\(/
        $bad1 = /["'][^"'\n]{0,60}import\s[^"'\n]{1,60};[^\n]{0,120}(exec|eval|urlopen|os\.system|subprocess|base64)/
        $bad2 = "exec(__import__"
        $bad3 = "exec(base64"
        $bad4 = "exec(urlopen"
        $bad5 = "exec(zlib"
    condition:
        (kind == "code" or layer != "") and $file and any of ($place*) and $write and any of ($bad*)
}

rule persistence_sudoers
{
    meta:
        id = "VB-PERSIST-SUDOERS"
        title = "Rights are taken without a password"
        description = "Code writes a rule that lets a user become root without a password, or makes a shell setuid."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 ASI10 LLM03 ATTACK-T1548.003 ATTACK-T1548.001 CWE-269"
    strings:
        $nopasswd = /NOPASSWD:\s?ALL[^\n]{0,40}(>>?|\|\s?(sudo\s)?tee\s)[^\n]{0,12}\/etc\/sudoers/
        $setuid = /chmod\s{1,3}(u\+s|[42][0-7]{3}|\+s)\s{1,3}["']?(\/bin\/|\/usr\/bin\/|\/tmp\/)(ba|z|da)?sh\b/
    condition:
        (kind == "code" or layer != "") and any of them
}
