/* Secrets that are none of a package's business. */

// Shared by the rules below: a string is looked for once, however many ask for it.
private rule sends_data
{
    meta:
        kinds = "code layer"
    strings:
        $post = "requests.post("
        $put = "requests.put("
        $open = /urlopen\(\s{0,20}(\w{1,20}[,)]|f?["\']https?:)/
        $axios = "axios.post("
        $method = /method["\']?\s?:\s?("POST"|'POST')/
        $httpx = "httpx.post("
        $curl = /(-d|-F|-T|--data|--data-binary|--data-raw|--upload-file)[\s=]["']?(\w{1,20}=)?@/
        $socket = ".sendall("
    condition:
        any of them
}

private rule sends_any_way
{
    meta:
        kinds = "code layer"
    strings:
        $open = "urlopen("
        $fetch = /fetch\([^\n]{1,120}method["']?\s?:\s?["']POST/
        $data = "--data"
        $upload = "--upload-file"
        $verb = "-X POST"
        $form = "curl -F"
        $body = "curl -d"
        $file = "curl -T"
        $request = /https?\.request\(/
    condition:
        sends_data or any of them
}

rule credentials_sweep_and_send
{
    meta:
        id = "VB-CRED-SWEEP"
        title = "Several unrelated secret stores are read and something is sent"
        description = "One program names the secret stores of at least three unrelated tools and sends data out: a sweep for whatever is there."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1555.003 ATTACK-T1041 ATLAS-AML.T0098 CWE-506"
        kinds = "code layer"
    strings:
        $ssh1 = /\.ssh["']?[\/,\s"']{1,4}(id_rsa|id_ed25519|id_ecdsa)/
        $ssh2 = /["'\/~]\.ssh\/?["'*]/
        $aws = /\.aws["']?[\/,\s"']{1,4}credentials/
        $gcloud = /(application_default_credentials\.json|gcloud\/credentials\.db|gcloud\/access_tokens)/
        $azure = /\.azure["']?[\/,\s"']{1,4}(accessTokens|msal_token|azureProfile)/
        $kube = /\.kube["']?[\/,\s"']{1,4}config/
        $docker = /\.docker["']?[\/,\s"']{1,4}config\.json/
        $npmrc = /["'\/~]\.npmrc["'\s,]/
        $pypirc = /["'\/~]\.pypirc["'\s,]/
        $netrc = /["'\/~]\.netrc["'\s,]/
        $git = /["'\/~]\.git-credentials/
        $gh = /gh["']?[\/,\s"']{1,4}hosts\.yml/
        $gpg = /["'\/~]\.gnupg/
        $chrome = /(Google\/Chrome|google-chrome|Google\\{1,2}Chrome|BraveSoftware|Microsoft\\{1,2}Edge)[^\n]{0,60}/
        $login = "Login Data"
        $firefox = "logins.json"
        $keychain = "login.keychain"
        $wallet1 = "nkbihfbeogaeaoehlefnkodbefgpgknn"
        $wallet2 = "exodus.wallet" nocase
        $wallet3 = "wallet.dat"
        $wallet4 = /\.config\/solana\/id\.json/
        $agent1 = /\.claude["']?[\/,\s"']{1,4}\.credentials\.json/
        $agent2 = /\.codex["']?[\/,\s"']{1,4}auth\.json/
        $agent3 = /\.(openclaw|clawdbot)["']?[\/,\s"']{1,4}(\.env|openclaw\.json|clawdbot\.json|credentials)/
        $agent4 = "auth-profiles.json"
        $guard1 = /redact(_\w|\(|or\b|ion\b|\w{0,3}\s\w)/ nocase
        $guard2 = "blocked" nocase
        $guard3 = "deny" nocase fullword
        $guard4 = "denied" nocase
        $guard5 = "sensitive_paths" nocase
        $guard6 = "forbidden" nocase
        $guard7 = "scanner" nocase
    condition:
        (kind == "code" or layer != "") and sends_any_way and #guard1 + #guard2 + #guard3 + #guard4 + #guard5 + #guard6 + #guard7 < 3
        and (
            3 of ($ssh1, $aws, $gcloud, $azure, $kube, $docker, $npmrc, $pypirc, $netrc, $git, $gh, $gpg, $login, $firefox, $keychain, $wallet*, $agent*)
            or ($ssh2 and 2 of ($aws, $gcloud, $azure, $kube, $docker, $npmrc, $pypirc, $netrc, $git, $gh, $gpg, $chrome, $wallet*, $agent*))
        )
}

rule credentials_pair_and_send
{
    meta:
        id = "VB-CRED-PAIR"
        title = "Secret stores are named beside code that sends"
        description = "One program names secret stores of two unrelated tools and sends data out."
        severity = "medium"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1041 CWE-522"
        kinds = "code layer"
    strings:
        $ssh = /\.ssh["']?[\/,\s"']{1,4}id_(rsa|ed25519|ecdsa)/
        $aws = /\.aws["']?[\/,\s"']{1,4}credentials/
        $kube = /\.kube["']?[\/,\s"']{1,4}config/
        $docker = /\.docker["']?[\/,\s"']{1,4}config\.json/
        $npmrc = /["'\/~]\.npmrc["'\s,]/
        $netrc = /["'\/~]\.netrc["'\s,]/
        $git = /["'\/~]\.git-credentials/
        $gpg = /["'\/~]\.gnupg/
        $login = "Login Data"
        $keychain = "login.keychain"
        $agent1 = /\.claude["']?[\/,\s"']{1,4}\.credentials\.json/
        $agent2 = /\.(openclaw|clawdbot)["']?[\/,\s"']{1,4}(\.env|openclaw\.json)/
    condition:
        (kind == "code" or layer != "") and sends_any_way and
        2 of ($ssh, $aws, $kube, $docker, $npmrc, $netrc, $git, $gpg, $login, $keychain, $agent*)
}

rule credentials_agent_store_to_sink
{
    meta:
        id = "VB-CRED-AGENT"
        title = "An agent's own credentials go to a collector"
        description = "Code reads the credentials, settings or memory of an agent and names a request collector or chat webhook."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1567.004 ATLAS-AML.T0083 ATLAS-AML.T0086 CWE-506"
        kinds = "code layer"
    strings:
        $store1 = /\.(openclaw|clawdbot|moltbot)["']?[\/,\s"']{1,4}(\.env|openclaw\.json|clawdbot\.json|workspace)/
        $store2 = /\.claude["']?[\/,\s"']{1,4}\.credentials\.json/
        $store3 = /\.codex["']?[\/,\s"']{1,4}auth\.json/
        $store4 = /\.gemini["']?[\/,\s"']{1,4}oauth_creds\.json/
        $store5 = "auth-profiles.json"
        $sink1 = "webhook.site" nocase
        $sink2 = /discord(app)?\.com\/api\/webhooks\// nocase
        $sink3 = /api\.telegram\.org\/bot\d{8,10}:/
        $sink4 = /\.oast\.(fun|pro|live|site|online|me)/
        $sink5 = ".m.pipedream.net"
        $sink6 = "requestrepo.com"
        $sink7 = ".burpcollaborator.net"
        $sink8 = "transfer.sh/"
        $sink9 = "0x0.st"
        $sinkA = ".ngrok"
        $sinkB = ".trycloudflare.com"
    condition:
        (kind == "code" or layer != "") and any of ($store*) and any of ($sink*)
}

rule credentials_browser_store
{
    meta:
        id = "VB-CRED-BROWSER"
        title = "Browser passwords or cookies are decrypted and sent"
        description = "Code opens a browser's password or cookie store, decrypts it and names a chat webhook or file drop."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1555.003 ATTACK-T1539 ATTACK-T1567 CWE-506"
        kinds = "code layer"
    strings:
        $store1 = "Login Data"
        $store2 = "Local State"
        $store3 = "logins.json"
        $store4 = /["'\/\\]Cookies["']/
        $crypt1 = "CryptUnprotectData"
        $crypt2 = "encrypted_key"
        $crypt3 = "os_crypt"
        $crypt4 = "PK11SDR_Decrypt"
        $crypt5 = "AES.MODE_GCM"
        $sink1 = /discord(app)?\.com\/api\/webhooks/ nocase
        $sink2 = "api.telegram.org/bot"
        $sink3 = "webhook" nocase fullword
        $sink4 = "gofile.io"
        $sink5 = "transfer.sh"
        $sink6 = "anonfiles"
        $sink7 = "file.io"
    condition:
        (kind == "code" or layer != "") and any of ($store*) and any of ($crypt*) and any of ($sink*)
}

rule credentials_discord_tokens
{
    meta:
        id = "VB-CRED-DISCORD"
        title = "Discord tokens are searched for"
        description = "Code looks through the local stores of Discord or browsers for login tokens."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1528 ATTACK-T1539 ATTACK-T1555.003 CWE-506"
        kinds = "code layer"
    strings:
        $leveldb = /Local Storage["']?[\\\/,\s"']{1,6}leveldb/
        $pattern1 = /\[\\w-\]\{24,?2?6?\}\\{1,2}\.\[\\w-\]\{6\}/
        $pattern2 = "mfa\\.[\\w-]{84}"
        $pattern3 = "dQw4w9WgXcQ:"
        $path1 = /(discordcanary|discordptb|lightcord)/ nocase
        $api = /discord(app)?\.com\/api\/v\d{1,2}\/users\/@me/
    condition:
        (kind == "code" or layer != "") and
        (($leveldb and any of ($pattern*)) or ($pattern3 and ($path1 or $api)) or (any of ($pattern*) and $path1))
}

rule credentials_wallet_sweep
{
    meta:
        id = "VB-CRED-WALLETS"
        title = "Cryptocurrency wallets are collected"
        description = "One program names the stores of several unrelated wallets, which only a thief wants together."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1657 ATTACK-T1005 ATTACK-T1552.001 CWE-506"
        kinds = "code layer"
    strings:
        $w1 = "nkbihfbeogaeaoehlefnkodbefgpgknn"
        $w2 = "bfnaelmomeimhlpmgjnjophhpkkoljpa"
        $w3 = "hnfanknocfeofbddgcijnmhnfnkdnaad"
        $w4 = "fhbohimaelbohpjbbldcngcnapndodjp"
        $w5 = "ibnejdfjmmkpcnlpebklmnkoeoihofec"
        $w6 = "exodus.wallet" nocase
        $w7 = /Electrum[\\\/]{1,2}wallets/ nocase
        $w8 = /atomic[\\\/]{1,2}Local Storage/ nocase
        $w9 = /\.bitcoin[\/"'\\, ]{1,4}wallet\.dat/
        $wA = /\.ethereum[\/"'\\, ]{1,4}keystore/
        $wB = ".config/solana/id.json"
        $wC = "Ledger Live"
        $wD = /Coinomi[\\\/]{1,2}/ 
        $send1 = ".post("
        $send2 = "POST"
        $send3 = "webhook" nocase
        $send4 = "upload" nocase
        $send5 = "zipfile"
        $send6 = "make_archive("
    condition:
        (kind == "code" or layer != "") and 3 of ($w*) and any of ($send*)
}

rule credentials_environment_sent
{
    meta:
        id = "VB-CRED-ENVIRONMENT"
        title = "The whole environment is sent away"
        description = "All environment variables, and with them every key in them, are put into a request."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552 ATTACK-T1041 CWE-200"
        kinds = "code layer"
    strings:
        $py1 = /requests\.(post|put|get)\([^\n]{0,160}(dict\(os\.environ\)|=\s?os\.environ[,)\s]|os\.environ\.copy\(\))/
        $py2 = /json\.dumps\(\s?(dict\(os\.environ\)|os\.environ\.copy\(\)|\{\s?\*\*os\.environ)/
        $py3 = /urlencode\(\s?(dict\()?os\.environ/
        $js1 = /JSON\.stringify\(\s?(process\.env|\{\s?\.\.\.process\.env)\s?[,)}]/
        $js2 = /body:\s?process\.env\b[^.]/
        $sh1 = /(env \||env\||env  \|)\s{0,3}(base64[^\n|]{0,12}\|\s{0,3})?(curl|nc|wget)\s/
        $sh2 = /(-d|--data|--data-binary|-F) {0,2}["']?[^\n"']{0,20}(\$\(env|\$\(printenv)\b/
        $send1 = "requests."
        $send2 = "urlopen("
        $send3 = "fetch("
        $send4 = /https?\.request\(/
        $send5 = "axios"
    condition:
        (kind == "code" or layer != "") and
        ($py1 or $js2 or any of ($sh*) or (any of ($py2, $py3, $js1) and any of ($send*)))
}

rule credentials_cloud_metadata
{
    meta:
        id = "VB-CRED-METADATA"
        title = "Cloud credentials are asked of the metadata service"
        description = "Code asks the metadata address of a cloud machine for the credentials of its role."
        severity = "medium"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.005 CWE-918"
        kinds = "code layer"
    strings:
        $aws = "169.254.169.254/latest/meta-data/iam/security-credentials"
        $aws2 = /169\.254\.169\.254\/latest\/(api\/token|dynamic\/instance-identity)/
        $gcp = "metadata.google.internal/computeMetadata/v1/instance/service-accounts"
        $ecs = "169.254.170.2/v2/credentials"
        $azure = "169.254.169.254/metadata/identity/oauth2/token"
    condition:
        (kind == "code" or layer != "") and any of them
}

rule credentials_process_scrape
{
    meta:
        id = "VB-CRED-PROCESS-MEMORY"
        title = "Secrets are read out of other processes"
        description = "Code reads the environment or memory of other processes, as worms do with build runners."
        severity = "critical"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1003 ATTACK-T1552 ATTACK-T1057 CWE-506"
        kinds = "code layer"
    strings:
        $runner = "Runner.Worker"
        $mem1 = /\/proc\/["'$\{+\s\w}]{1,20}\/mem\b/
        $mem2 = /\/proc\/["'$\{+\s\w}]{1,20}\/maps\b/
        $environ = /\/proc\/(\*|\[0-9\]\*|["'$\{+\s]{0,4}\w{1,10}["'\}+\s]{0,4})\/environ/
        $grep1 = "isSecret"
        $grep2 = "TOKEN"
        $grep3 = "SECRET"
        $grep4 = "PASSWORD"
        $grep5 = "API_KEY"
    condition:
        (kind == "code" or layer != "") and
        (($runner and ($mem1 or $mem2)) or ($mem1 and $mem2 and any of ($grep*)) or ($runner and $environ))
}

rule credentials_file_in_request
{
    meta:
        id = "VB-CRED-FILE-UPLOAD"
        title = "A command uploads a secret file"
        description = "A command line sends a private key, cloud credential or agent secret of the user to a server."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.004 ATTACK-T1048 ATTACK-T1041 CWE-200"
        kinds = "code layer"
    strings:
        $curl = /\wurl\s[^\n]{0,200}(@|\$\(\s?cat\s|<\s?)["']?(~|\$HOME|\$\{HOME\}|\/home\/[a-z$\{}A-Z]{1,20}|\/root|\/Users\/[a-z$\{}A-Z]{1,20})(\/\.ssh\/id_|\/\.aws\/cred|\/\.gnupg|\/\.netrc|\/\.npmrc|\/\.pypirc|\/\.kube\/conf|\/\.docker\/conf|\/\.config\/gcloud|\/\.config\/gh|\/\.claude\/|\/\.codex\/auth|\/\.openclaw\/|\/\.clawdbot\/|\/\.git-credentials|\/\.env\b)/
        $pipe1 = /(cat ~\/\.|cat \$HOME\/\.|cat "\$HOME\/\.|base64 ~\/\.|base64 \$HOME\/\.)(ssh|aws|gnupg|netrc|claude|openclaw|clawdbot|codex)[^\n|]{0,60}\|[^\n]{0,80}(curl|nc|ncat|wget)\s/
        $pipe2 = /tar\s[^\n|]{1,60}\s(~|\$HOME)\/\.(ssh|aws|gnupg|netrc|claude|openclaw|clawdbot|codex)[^\n|]{0,60}\|[^\n]{0,80}(curl|nc|ncat|wget)\s/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule credentials_file_in_request_prose
{
    meta:
        id = "VB-CRED-FILE-UPLOAD-TEXT"
        title = "Instructions show the upload of a secret file"
        description = "A command in the instructions sends a private key, cloud credential or agent secret of the user to a server."
        severity = "medium"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.004 ATTACK-T1041 CWE-200"
        kinds = "prose"
    strings:
        $curl = /\wurl\s[^\n]{0,200}(@|\$\(\s?cat\s|<\s?)["']?(~|\$HOME|\$\{HOME\})\/(\.ssh\/id_|\.aws\/cred|\.gnupg|\.netrc|\.npmrc|\.kube\/conf|\.docker\/conf|\.claude\/|\.codex\/auth|\.openclaw\/|\.clawdbot\/|\.git-credentials)/
        $pipe1 = /(cat ~\/\.|cat \$HOME\/\.|cat "\$HOME\/\.|base64 ~\/\.|base64 \$HOME\/\.)(ssh|aws|gnupg|netrc|claude|openclaw|clawdbot|codex)[^\n|]{0,60}\|[^\n]{0,80}(curl|nc|ncat|wget)\s/
        $pipe2 = /tar\s[^\n|]{1,60}\s(~|\$HOME)\/\.(ssh|aws|gnupg|netrc|claude|openclaw|clawdbot|codex)[^\n|]{0,60}\|[^\n]{0,80}(curl|nc|ncat|wget)\s/
    condition:
        kind == "prose" and layer == "" and any of them
}

rule credentials_keychain_dump
{
    meta:
        id = "VB-CRED-KEYCHAIN"
        title = "The keychain is emptied"
        description = "A command writes out what the macOS keychain holds, with its secrets."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1555.001 CWE-506"
        kinds = "code layer"
    strings:
        $dump = /security["\',\s]{1,6}dump-keychain["\',\s]{1,6}-d/
        $copy = /(cp|zip|tar|curl)\s[^\n]{0,80}login\.keychain(-db)?\b/
        $find = /security["\',\s]{1,6}find-(generic|internet)-password[^\n]{0,120}-w[^\n]{0,60}\|\s{0,3}(curl|nc|base64)/
    condition:
        (kind == "code" or layer != "") and any of them
}

rule credentials_windows_vault
{
    meta:
        id = "VB-CRED-WINDOWS"
        title = "Windows credentials are taken"
        description = "Code reads the vault, the account database or the memory of the process that keeps logins."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 ATTACK-T1003 ATTACK-T1555.004 CWE-506"
        kinds = "code layer"
    strings:
        $a = "VaultEnumerateItems"
        $b = "CredEnumerateW"
        $c = /reg(\.exe)?["\',\s]{1,6}save["\',\s]{1,6}hklm\\{1,2}(sam|system|security)/ nocase
        $d = /comsvcs\.dll[^\n]{0,20}MiniDump/ nocase
        $e = "sekurlsa::" nocase
        $f = /procdump[^\n]{0,40}lsass/ nocase
    condition:
        (kind == "code" or layer != "") and any of them
}

rule credentials_shadow_sent
{
    meta:
        id = "VB-CRED-SYSTEM"
        title = "Password hashes of the system are sent"
        description = "Code reads the file with the password hashes and sends data."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1003.008 ATTACK-T1041 CWE-506"
        kinds = "code layer"
    strings:
        $file = "/etc/shadow"
    condition:
        (kind == "code" or layer != "") and $file and sends_data
}

rule credentials_history_sent
{
    meta:
        id = "VB-CRED-HISTORY"
        title = "The history of the shell is sent"
        description = "Code reads what the user typed into his shells and sends data."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1552.003 ATTACK-T1041 CWE-506"
        kinds = "code layer"
    strings:
        $file = /\.(bash|zsh|fish|python|node_repl|psql|mysql)_history\b/
        $send1_1 = "requests.post("
        $send1_2 = "requests.put("
        $send2 = /urlopen\(\s{0,20}(\w{1,20}[,)]|f?["\']https?:)/
        $send3 = "axios.post("
        $send4 = /method["\']?\s?:\s?("POST"|'POST')/
        $send5 = "httpx.post("
        $send6 = /(-d|-F|-T|--data|--data-binary|--data-raw|--upload-file)[\s=]["']?(\w{1,20}=)?@/
        $send7 = ".sendall("
    condition:
        (kind == "code" or layer != "") and for any i in (1..#file) : ( any of ($send*) in (@file[i] .. @file[i] + 1500) )
}

rule credentials_store_sent
{
    meta:
        id = "VB-CRED-STORE-SENT"
        title = "A secret store is read and sent"
        description = "The file in which another tool keeps its logins is read, and right after it something is sent."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1005 ATTACK-T1041 CWE-506"
        kinds = "code layer"
    strings:
        $s1 = /\.ssh["\']?[\/,\s"\']{1,4}id_(rsa|ed25519|ecdsa)/
        $s2 = /\.aws["\']?[\/,\s"\']{1,4}credentials/
        $s3 = /\.docker["\']?[\/,\s"\']{1,4}config\.json/
        $s4 = /["\'\/~]\.git-credentials/
        $s5 = /["\'\/~]\.netrc["\'\s,]/
        $s6 = /\.kube["\']?[\/,\s"\']{1,4}config/
        $s7 = /gh["\']?[\/,\s"\']{1,4}hosts\.yml/
        $s8 = /["\'\/~]\.pypirc/
        $s9 = /application_default_credentials\.json/
        $read1 = /\bopen\(/
        $read2 = "read_text("
        $read3 = "readFile"
        $read4 = "cat "
        $send1_1 = "requests.post("
        $send1_2 = "requests.put("
        $send2 = /urlopen\(\s{0,20}(\w{1,20}[,)]|f?["\']https?:)/
        $send3 = "axios.post("
        $send4 = /method["\']?\s?:\s?("POST"|'POST')/
        $send5 = "httpx.post("
        $send6 = /(-d|-F|-T|--data|--data-binary|--data-raw|--upload-file)[\s=]["']?(\w{1,20}=)?@/
        $send7 = ".sendall("
        $guard1 = /redact(_\w|\(|or\b|ion\b|\w{0,3}\s\w)/ nocase
        $guard2 = "blocked" nocase
        $guard3 = "forbidden" nocase
    condition:
        (kind == "code" or layer != "") and not any of ($guard*) and any of ($read*) and for any of ($s1, $s2, $s3, $s4, $s5, $s6, $s7, $s8, $s9) : ( for any i in (1..#) : ( any of ($send*) in (@[i] .. @[i] + 1200) ) )
}

rule credentials_telegram_store
{
    meta:
        id = "VB-CRED-CHAT"
        title = "The login of a messenger is taken"
        description = "Code packs or sends the folder with which anybody is logged in to the messenger of its owner."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1539 ATTACK-T1005 CWE-506"
        kinds = "code layer"
    strings:
        $td = /Telegram\s?Desktop["\']?[\\\/,\s"\']{1,5}tdata/
        $sig = /(\.config|Application Support|AppData)[^\n]{0,40}Signal["\']?[\\\/,\s"\']{1,5}(config\.json|sql)/
        $pack1 = "zipfile"
        $pack2 = "make_archive"
        $pack3 = "tar "
        $pack4 = "zip -"
        $pack5 = "copytree"
    condition:
        (kind == "code" or layer != "") and any of ($td, $sig) and (any of ($pack*) or sends_data)
}

rule credentials_address_swap
{
    meta:
        id = "VB-CLIPBOARD-SWAP"
        title = "Wallet addresses in the clipboard are exchanged"
        description = "Code watches the clipboard for the address of a wallet and puts another in its place."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI02 ATTACK-T1115 ATTACK-T1565 CWE-506"
        kinds = "code layer"
    strings:
        $get1 = "pyperclip.paste("
        $get2 = "clipboard.readText("
        $get3 = "pbpaste"
        $get4 = "GetClipboardData"
        $get5 = "xclip -o"
        $set1 = "pyperclip.copy("
        $set2 = "clipboard.writeText("
        $set3 = "pbcopy"
        $set4 = "SetClipboardData"
        $set5 = "xclip -i"
        $re1 = /0x\[a-fA-F0-9\]\{40\}/
        $re2 = /\^?\(?bc1\|?/
        $re3 = /\[13\]{1,2}\[a-km-zA-HJ-NP-Z1-9\]/
        $re4 = /\[13\]\[a-km-z/
    condition:
        (kind == "code" or layer != "") and any of ($get*) and any of ($set*) and any of ($re*)
}

rule credentials_keylogger
{
    meta:
        id = "VB-KEYLOGGER"
        title = "Key strokes are recorded and sent"
        description = "Code listens to every key and sends data."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI03 LLM02 ATTACK-T1056.001 ATTACK-T1041 CWE-506"
        kinds = "code layer"
    strings:
        $k1 = "keyboard.Listener("
        $k2 = "GetAsyncKeyState"
        $k3 = "SetWindowsHookEx"
        $k4 = "keyboard.on_press("
        $k5 = "uiohook"
        $k6 = "keyboard.on_release("
        $mail = "smtplib"
        $hook = "webhook"
    condition:
        (kind == "code" or layer != "") and any of ($k*) and (sends_data or any of ($mail, $hook))
}

rule credentials_editor_store
{
    meta:
        id = "VB-CRED-EDITOR"
        title = "The logins of an editor are taken"
        description = "Code opens the database in which an editor keeps its tokens and sends data."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1005 ATTACK-T1041 CWE-506"
        kinds = "code layer"
    strings:
        $db = "state.vscdb"
        $sec = /(cursorAuth|accessToken|refreshToken|secret:\/\/)/
    condition:
        (kind == "code" or layer != "") and $db and $sec and sends_data
}

rule credentials_env_files_swept
{
    meta:
        id = "VB-CRED-ENV-SWEEP"
        title = "Files with keys are searched for everywhere and sent"
        description = "Code walks through folders for .env files and sends data."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1005 ATTACK-T1041 CWE-506"
        kinds = "code layer"
    strings:
        $walk1 = /(rglob\(|glob\()[^\n]{0,40}[.]env/
        $walk2 = /find\s(~|\/|\$HOME)[^\n]{0,60}-name\s["\']?\*?\.env/
        $walk3 = /os\.walk\([^\n]{0,40}(home|expanduser|"\/"|\'\/\')/
        $env = /["\']\*?([.]env"|[.]env'|[.]env\*["\'])/
    condition:
        (kind == "code" or layer != "") and (any of ($walk1, $walk2) or ($walk3 and $env)) and sends_data
}

rule credentials_seed_demanded
{
    meta:
        id = "VB-CRED-SEED-PHRASE"
        title = "The user is to give away his wallet"
        description = "The text demands the seed phrase or the private key of a wallet."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI09 LLM02 ATTACK-T1056 ATTACK-T1657 CWE-451"
        kinds = "prose code layer"
    strings:
        $ask = /(e[n]ter|p[a]ste|pr[o]vide|t[y]pe|sh[a]re|s[e]nd|s[u]bmit|i[n]put)\s(me\s|us\s)?(in\s)?(y[o]ur|th[e] us[e]r\'?s|th[e]ir)\s(wallet\'?s?\s)?(12|24|twelve|twenty-four)?[\s-]?(word\s)?(seed\sphrase|recovery\sphrase|s[e]cr[e]t\sphrase|mnemonic)/ nocase
        $never = /(n[e]ver|n[o]t|d[o]n\'t|w[i]th[o]ut)[^.\n]{0,40}(e[n]ter|p[a]ste|pr[o]vide|t[y]pe|sh[a]re|s[e]nd|s[u]bmit|i[n]put|a[s]king)\s[^.\n]{0,30}(seed\sphrase|recovery\sphrase|s[e]cr[e]t\sphrase|mnemonic)/ nocase
        $why_1 = "verif" nocase
        $why_2 = "validat" nocase
        $why_3 = "synchroni" nocase
        $why_4 = "unlock" nocase
        $why_5 = "connect" nocase
        $why_6 = "restore" nocase
        $why_7 = "activate" nocase
        $why_8 = "authenticat" nocase
        $why_9 = "continue" nocase
        $why_10 = "airdrop" nocase
        $why_11 = "claim" nocase
    condition:
        (kind == "prose" or (kind == "code" or layer != "")) and #ask > #never and any of ($why_*)
}

rule credentials_env_names_sent
{
    meta:
        id = "VB-CRED-ENV-LIST"
        title = "Keys of many services are read from the environment and sent"
        description = "Code names the variables of unrelated services, reads them and sends data."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI03 LLM02 MCP01 ATTACK-T1552.001 ATTACK-T1005 ATTACK-T1041 CWE-506"
        kinds = "code layer"
    strings:
        $cloud = /["\']AWS_SECRET_ACCESS_KEY["\']/
        $git1 = /["\'](GITHUB_TOKEN|GH_TOKEN|GITLAB_TOKEN)["\']/
        $model = /["\'](OPENAI_API_KEY|ANTHROPIC_API_KEY)["\']/
        $db = /["\'](DATABASE_URL|REDIS_URL|DB_PASSWORD)["\']/
        $pay = /["\'](STRIPE_SECRET_KEY|STRIPE_API_KEY)["\']/
        $chat = /["\'](SLACK_BOT_TOKEN|SLACK_TOKEN|DISCORD_TOKEN)["\']/
        $pack = /["\'](NPM_TOKEN|PYPI_TOKEN|TWINE_PASSWORD)["\']/
        $env1 = "os.environ"
        $env2 = "process.env"
        $env3 = "getenv"
        $guard1 = /redact(_\w|\(|or\b|ion\b|\w{0,3}\s\w)/ nocase
        $guard2 = "blocked" nocase
        $guard3 = "forbidden" nocase
        $guard4 = "sanitiz" nocase
    condition:
        (kind == "code" or layer != "") and 4 of ($cloud, $git1, $model, $db, $pay, $chat, $pack) and any of ($env*) and sends_data and not any of ($guard*)
}
