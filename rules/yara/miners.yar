/* Other people's computers put to work. */

rule miners_started
{
    meta:
        id = "VB-MINER"
        title = "A cryptocurrency miner is run"
        description = "Code holds the address of a mining pool together with a miner's options or name."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 ASI10 LLM10 ATTACK-T1496.001 ATTACK-T1105 CWE-506"
        kinds = "code config layer"
    strings:
        $pool1 = /stratum\+(tcp|ssl|tls):\/\/[a-z0-9$\{]/
        $pool2 = /pool(\.supportxmr|\.minexmr|\.hashvault|\.moneroocean)\.\w{2,6}:\d{2,5}/
        $pool3 = /\b(xmr|gulf|eu|us|pool)[a-z0-9-]{0,12}\.(nanopool\.org|moneroocean\.stream|2miners\.com|f2pool\.com):\d{3,5}/
        $option1 = "--donate-level"
        $option2 = "xmrig" nocase
        $option3 = "cpuminer" nocase
        $option4 = "randomx" nocase
        $option5 = "cryptonight" nocase
        $option6 = "--coin"
        $option7 = "minerd"
        $option8 = /["'\s]-u\s?["']?4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}/
    condition:
        (kind == "code" or kind == "config" or layer != "") and any of ($pool*) and any of ($option*)
}

rule miners_in_text
{
    meta:
        id = "VB-MINER-TEXT"
        title = "The text shows how a miner is run"
        description = "The instructions contain a mining pool's address and a miner's options."
        severity = "medium"
        confidence = "medium"
        mapping = "AST01 ASI10 LLM10 ATTACK-T1496.001"
        kinds = "prose"
    strings:
        $pool = /stratum\+(tcp|ssl|tls):\/\/[a-z0-9]/
        $option1 = "--donate-level"
        $option2 = "xmrig" nocase
        $option3 = "cryptonight" nocase
        $option4 = "minerd"
    condition:
        kind == "prose" and layer == "" and $pool and any of ($option*)
}

rule miners_config
{
    meta:
        id = "VB-MINER"
        title = "The settings of a miner"
        description = "A file sets up a program that mines for somebody else."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 LLM10 ATTACK-T1496 CWE-506"
        kinds = "code config layer"
    strings:
        $pool = /"(url|pool)"\s?:\s?"(stratum\+(tcp|ssl):\/\/)?[a-z0-9.-]{4,60}:\d{4,5}"/
        $a = "donate-level"
        $b = "randomx"
        $c = "rig-id"
        $d = "coin"
        $e = "cn-heavy"
        $user = /"(user|wallet)"\s?:\s?"[48][0-9A-Za-z]{90,110}/
    condition:
        (kind == "config" or (kind == "code" or layer != "")) and $pool and (2 of ($a, $b, $c, $d, $e) or $user)
}

rule miners_browser
{
    meta:
        id = "VB-MINER"
        title = "A miner for the browser"
        description = "A page or script mines in the browser of whoever opens it."
        severity = "high"
        confidence = "high"
        mapping = "AST01 ASI10 LLM10 ATTACK-T1496 CWE-506"
        kinds = "prose code layer"
    strings:
        $a = /new\s(CoinHive|Client|CoinImp|CryptoLoot|deepMiner|Miner)\.(Anonymous|User)\(/
        $b = "coinhive.min.js"
        $c = "cryptonight.wasm"
        $d = "webminepool"
        $e = "coin-hive.com/lib"
    condition:
        any of ($a, $b, $c, $d, $e) and (kind == "code" or extension == "html" or extension == "svg" or layer != "")
}
