/* Known campaigns. Lists of indicators (blocklists, advisories) name many of them at once and are no
 * part of a campaign: that is what the upper bounds are for. */

rule campaigns_clawhavoc
{
    meta:
        id = "VB-CAMPAIGN-CLAWHAVOC"
        title = "Part of the ClawHavoc campaign"
        description = "The package names a download of the campaign that spread stealers through skills in early 2026."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST02 ASI04 LLM03 ATTACK-T1204.004 ATTACK-T1105 CWE-506"
    strings:
        $a = "91.92.242.30"
        $b = "95.92.242.30"
        $c = "96.92.242.30"
        $d = "54.91.154.110"
        $e = "202.161.50.59"
        $f = "glot.io/snippets/hfd3x9ueu5" nocase
        $g = "glot.io/snippets/hfdxv8uyaf" nocase
        $h = "download.setup-service.com" nocase
        $i = "Ddoy233/openclawcli" nocase
        $j = "Aslaep123/clawd-authtool" nocase
        $k = "Aslaep123/PolymarketAuthTool" nocase
        $l = "hedefbari/openclaw-agent" nocase
        $act1 = "curl" nocase
        $act2 = "extract" nocase
        $act3 = "terminal" nocase
        $act4 = "download" nocase
        $act5 = "wget" nocase
        $list1 = "indicator" nocase
        $list2 = "IOC" fullword
        $list3 = "blocklist" nocase
        $list4 = "malicious" nocase
    condition:
        any of ($a, $b, $c, $d, $e, $f, $g, $h, $i, $j, $k, $l) and any of ($act*)
        and not 4 of ($a, $b, $c, $d, $e, $f, $g, $h, $i, $j, $k, $l) and not 2 of ($list*)
}

rule campaigns_shai_hulud
{
    meta:
        id = "VB-CAMPAIGN-SHAI-HULUD"
        title = "Part of a Shai-Hulud worm"
        description = "The package holds files, names or addresses of the npm worms of 2025 and their successors."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST02 ASI04 ASI10 LLM03 MCP04 ATTACK-T1195.001 ATTACK-T1567.001 CWE-508"
    strings:
        $a = "shai-hulud-workflow.yml" nocase
        $b = "Sha1-Hulud: The Second Coming" nocase
        $c = "SHA1HULUD"
        $d = "truffleSecrets.json"
        $e = "actionsSecrets.json"
        $f = "bb8ca5f6-4175-45d2-b042-fc9ebb8170b7"
        $g = "bun_environment.js"
        $h = "gh-token-monitor.service"
        $i = "com.user.gh-token-monitor"
        $hook = /"(pre|post)install"\s?:\s?"node (setup_bun|bundle)\.js"/
        $list1 = "indicator" nocase
        $list2 = "detect" nocase
        $list3 = "scan" nocase fullword
    condition:
        (filename == "package.json" and $hook)
        or (filename == "setup_bun.js" and $g)
        or ((kind == "code" or kind == "config" or layer != "") and 2 of ($a, $b, $c, $d, $e, $f, $h, $i)
            and not 6 of ($a, $b, $c, $d, $e, $f, $g, $h, $i) and not 2 of ($list*))
}

rule campaigns_s1ngularity
{
    meta:
        id = "VB-CAMPAIGN-S1NGULARITY"
        title = "Part of the s1ngularity attack"
        description = "The package holds the inventory file and repository names of the attack on nx in August 2025."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST02 ASI04 LLM03 MCP04 ATTACK-T1195.001 ATTACK-T1567.001 CWE-506"
        kinds = "code layer"
    strings:
        $repo = "s1ngularity-repository"
        $inventory = "/tmp/inventory.txt"
        $results = "results.b64"
        $shutdown = "sudo shutdown -h 0"
    condition:
        (kind == "code" or layer != "") and $repo and any of ($inventory, $results, $shutdown)
}

rule campaigns_other_addresses
{
    meta:
        id = "VB-CAMPAIGN-ADDRESS"
        title = "An address of a known attack"
        description = "Code names a server or mailbox that is known only from an attack on packages."
        severity = "critical"
        confidence = "high"
        mapping = "AST01 AST02 ASI04 LLM03 MCP04 ATTACK-T1071.001 CWE-506"
        kinds = "code layer"
    strings:
        $a = "phan@giftshop.club" nocase
        $b = "models.litellm.cloud" nocase
        $c = "checkmarx.zone" nocase
        $d = "sentry.anyclaw.store" nocase
    condition:
        (kind == "code" or layer != "") and any of them and not 3 of them
}
