/* Known campaigns, by the files that they leave behind; their hosts, URLs and digests stand in
 * rules/iocs. Lists of indicators (blocklists, advisories) name many of them at once and are no part
 * of a campaign: that is what the upper bounds are for. */

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
        or ((kind == "code" or kind == "config" or layer != "") and 2 of ($a, $b, $c, $d, $e, $h, $i)
            and not 6 of ($a, $b, $c, $d, $e, $g, $h, $i) and not 2 of ($list*))
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
