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
        kinds = "code layer"
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
        $append2 = /([a]p[p]endFileSync|[a]p[p]endFile|[a]p[p]end_text)\([^\n]{0,80}\.(bashrc|bash_profile|profile|zshrc|zprofile|zshenv)\b/
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
        kinds = "code layer"
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
        kinds = "code layer"
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
        kinds = "code layer"
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
        kinds = "code layer"
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
        kinds = "code layer"
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
        kinds = "code layer"
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
        kinds = "code layer"
    strings:
        $file = /(usercustomize|sitecustomize)\.py["']|["'\/][\w-]{1,40}\.pth["']/
        $place1 = "getsitepackages("
        $place2 = "getusersitepackages("
        $place3 = "site-packages"
        $write_1 = ".write("
        $write_2 = ".write_text("
        $write_3 = "writeFileSync("
        $bad1 = /import [\w, .]{1,60};[^\n]{0,120}(exec|eval|urlopen|os\.system|subprocess|base64)/
        $bad2 = "exec(__import__"
        $bad3 = "exec(base64"
        $bad4 = "exec(urlopen"
        $bad5 = "exec(zlib"
    condition:
        (kind == "code" or layer != "") and $file and any of ($place*) and any of ($write_*) and any of ($bad*)
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
        kinds = "code layer"
    strings:
        $nopasswd = /NOPASSWD:\s?ALL[^\n]{0,40}(>>?|\|\s?(sudo\s)?tee\s)[^\n]{0,12}\/etc\/sudoers/
        $setuid = /chmod\s{1,3}(u\+s|[42][0-7]{3}|\+s)\s{1,3}["']?(\/bin\/|\/usr\/bin\/|\/tmp\/)(ba|z|da)?sh\b/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule persistence_windows_run_key
{
    meta:
        id = "VB-PERSIST-RUN-KEY"
        title = "An entry of the registry starts code at every login"
        description = "Code writes to the keys with which Windows starts programs."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1547.001 CWE-506"
        kinds = "code layer"
    strings:
        $key = /Software\\{1,2}Microsoft\\{1,2}Windows\\{1,2}CurrentVersion\\{1,2}Run(Once)?/ nocase
        $set1 = /reg(\.exe)?["\',\s]{1,6}add/ nocase
        $set2 = "SetValueEx("
        $set3 = "New-ItemProperty" nocase
        $set4 = "Set-ItemProperty" nocase
        $set5 = "RegSetValueEx"
    condition:
        (kind == "code" or layer != "") and $key and any of ($set*)
}

rule persistence_windows_startup
{
    meta:
        id = "VB-PERSIST-STARTUP-FOLDER"
        title = "A file is put into the startup folder"
        description = "Code writes into the folder whose programs Windows starts at login."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1547.001 CWE-506"
        kinds = "code layer"
    strings:
        $dir = /Start Menu\\{1,2}Programs\\{1,2}Start-?up|shell:startup|Start Menu["\',\s]{1,6}Programs["\',\s]{1,6}Startup/ nocase
        $w1 = /\b(copy|copy-item|move|xcopy)\b/ nocase
        $w2 = "shutil."
        $w3 = /open\([^\n]{1,80}["\']w/
        $w4 = "writeFile"
        $w5 = "CreateShortcut" nocase
    condition:
        (kind == "code" or layer != "") and $dir and any of ($w*)
}

rule persistence_schtasks
{
    meta:
        id = "VB-PERSIST-TASK"
        title = "A hidden task is scheduled on Windows"
        description = "A command makes Windows run something hidden, downloaded or in a temporary place again and again."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 LLM03 ATTACK-T1053.005 CWE-506"
        kinds = "code layer"
    strings:
        $a = /(schtasks(\.exe)?["\',\s]{1,6}\/create|Register-ScheduledTask|New-ScheduledTaskAction)[^\n]{0,240}(-enc|hidden|mshta|wscript|%temp%|\\temp\\|appdata|iex|https?:|\.vbs)/ nocase
    condition:
        (kind == "code" or layer != "") and $a
}

rule persistence_wmi
{
    meta:
        id = "VB-PERSIST-WMI"
        title = "An event of the system starts code"
        description = "Code subscribes a command to an event of Windows."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 ATTACK-T1546.003 CWE-506"
        kinds = "code layer"
    strings:
        $f = "__EventFilter"
        $c1 = "CommandLineEventConsumer"
        $c2 = "ActiveScriptEventConsumer"
    condition:
        (kind == "code" or layer != "") and $f and any of ($c*)
}

rule persistence_login_hook
{
    meta:
        id = "VB-PERSIST-LOGIN-HOOK"
        title = "A login hook is set on macOS"
        description = "A command makes the system run a script at every login."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 ATTACK-T1037.002 CWE-506"
        kinds = "code layer"
    strings:
        $a = /defaults["\',\s]{1,6}write[^\n]{0,60}com\.apple\.loginwindow["\',\s]{1,6}Log(in|out)Hook/
        $b = /osascript[^\n]{0,120}make\s(new\s)?login\sitem/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule persistence_autostart
{
    meta:
        id = "VB-PERSIST-AUTOSTART"
        title = "A hidden program starts with the desktop"
        description = "Code writes an entry that starts something hidden, temporary or downloaded with every session."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 ATTACK-T1547.013 CWE-506"
        kinds = "code layer"
    strings:
        $dir = ".config/autostart"
        $e = /Exec\s?=\s?[^\n]{0,120}(\/tmp\/|\/dev\/shm|\/\.[a-z0-9_-]{1,30}\/[^\n]{0,40}|curl\s|wget\s|base64|bash\s-c|python3?\s-c)/
    condition:
        (kind == "code" or layer != "") and all of them
}

rule persistence_git_credentials
{
    meta:
        id = "VB-PERSIST-GIT-CREDENTIAL"
        title = "A helper of git sends the logins"
        description = "Git is told to hand every login to a command that connects to somewhere."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI03 ATTACK-T1546 ATTACK-T1056 CWE-506"
        kinds = "code layer"
    strings:
        $a = /helper["\']?\s?[=\s]\s?["\']{0,2}\\?["\']?!\s?[^\n]{0,80}(curl|wget|nc)\s/
        $b = /credential\.helper["\',\s]{1,6}!?[^\n]{0,60}(curl|wget|\bnc)\s/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule persistence_prompt_command
{
    meta:
        id = "VB-PERSIST-PROMPT"
        title = "Every prompt of the shell runs code"
        description = "A variable that the shell runs before each prompt, or a trap, downloads, connects or decodes."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 ATTACK-T1546.004 CWE-506"
        kinds = "code layer"
    strings:
        $a = /PROMPT_COMMAND\s?=\s?["\'][^\n]{0,160}(curl|wget|nc|base64|\/dev\/tcp|python3?\s-c)\b/
        $b = /trap\s{1,3}["\'][^\n"\']{0,160}(curl|wget|nc|\/dev\/tcp)\s[^\n]{0,100}["\']\s{1,3}DEBUG/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule persistence_alias_trap
{
    meta:
        id = "VB-PERSIST-ALIAS"
        title = "A usual command is replaced by another"
        description = "An alias or function takes the place of a command that deals with secrets and passes them on."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 ATTACK-T1546.004 ATTACK-T1056 CWE-506"
        kinds = "code layer"
    strings:
        $a = /alias\s{1,3}(sudo|ssh|git|su|docker|npm|aws|gpg|scp|kubectl)=["\'][^\n]{0,200}(curl|nc\s|base64|>>|read\s-s|tee\s)/
        $c = /alias\s{1,3}(curl|wget|ls|cd|cat|python3?|pip3?|node|npx|make)=("[^"]|'[^'])[^\n]{0,120}[;&|]\s{0,4}(\"\s{0,40}f?\")?(curl|wget|nc)\s/
        $d = /alias\s{1,3}(curl|wget|ls|cd|cat|python3?|pip3?|node|npx|make)='[^'\n]{0,80};\s?["']\s{1,40}f?["'](curl|wget|nc)\s/
        $b = /(^|\n)\s{0,8}(function\s)?(sudo\(\)|sudo \(\)|su\(\)|su \(\)|ssh\(\)|ssh \(\))\s?\{[^}]{0,300}(read\s-r?s|curl|nc\s)/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule persistence_package_index
{
    meta:
        id = "VB-PERSIST-INDEX"
        title = "Packages are to come from another place from now on"
        description = "A setting makes the package manager take everything from an address without encryption or without a name."
        severity = "high"
        confidence = "high"
        mapping = "AST02 ASI04 LLM03 ATTACK-T1195.001 CWE-494"
        kinds = "code layer"
    strings:
        $a = /(pip3?\s{1,3}config\s{1,3}set\s{1,3}(global|user)\.(extra-)?index-url|(npm|yarn|pnpm)\s{1,3}config\s{1,3}set\s{1,3}registry|gem\s{1,3}sources\s{1,3}--add)\s{1,3}["\']?http:\/\//
        $local = /(index-url|registry|--add)\s{1,3}["\']?http:\/\/(localhost|127\.|10\.|192\.168\.)/
    condition:
        (kind == "code" or layer != "") and #a > #local
}

rule persistence_install_from_address
{
    meta:
        id = "VB-INSTALL-PLAIN-PACKAGE"
        title = "A package is installed from an unprotected address"
        description = "A command installs code from a numeric or unencrypted address, where anybody on the way can change it."
        severity = "high"
        confidence = "medium"
        mapping = "AST02 ASI04 LLM03 MCP04 ATTACK-T1195.001 CWE-494"
        kinds = "code layer"
    strings:
        $a = /(pip3?|uv\spip|npm|pnpm|yarn|gem|go)\s{1,3}(install|i|add|get)\s[^\n]{0,120}http:\/\/[^\s]{4,}/
        $b = /(pip3?|uv\spip|npm|pnpm|yarn)\s{1,3}(install|i|add)\s[^\n]{0,120}https?:\/\/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/
        $local = /(install|i|add|get)\s[^\n]{0,120}http:\/\/(localhost|127\.|10\.|192\.168\.)/
    condition:
        (kind == "code" or layer != "") and #a + #b > #local
}

rule persistence_cloud_account
{
    meta:
        id = "VB-PERSIST-CLOUD"
        title = "Another cloud account is let in"
        description = "Code makes a role all-powerful and lets an account that is built in call what runs there."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 ATTACK-T1098.003 ATTACK-T1098.001 CWE-269"
        kinds = "code layer"
    strings:
        $all = /attach_role_policy\([^\n]{0,120}AdministratorAccess/
        $all2 = /attach-role-policy[^\n]{0,160}AdministratorAccess/
        $other = /add_permission\([^\n]{0,120}Principal["']?\s?[=:]\s?["'\\]{0,2}\d{12}\b/
        $other2 = /add-permission[^\n]{0,160}--principal\s["']?\d{12}\b/
    condition:
        (kind == "code" or layer != "") and any of ($all*) and any of ($other*)
}
