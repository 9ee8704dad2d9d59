/* What the author of a package should not have put into it. */

rule leaks_private_key
{
    meta:
        id = "VB-LEAKED-SECRET"
        title = "A private key lies in the package"
        description = "Whoever gets the package gets this secret of its author."
        severity = "medium"
        confidence = "medium"
        mapping = "AST08 ASI03 LLM02 ATTACK-T1552.001 CWE-798"
    strings:
        $a = /BEGIN (RSA |EC |OPENSSH |DSA |PGP )?PRIVATE KEY( BLOCK)?[-]{5}\s{1,2}[A-Za-z0-9+\/=]{60,70}\s{1,2}[A-Za-z0-9+\/=]{60,70}/
    condition:
        $a and not (path contains "test" or path contains "example" or path contains "fixture")
}

rule leaks_cloud_key
{
    meta:
        id = "VB-LEAKED-SECRET"
        title = "A key of a cloud lies in the package"
        description = "Whoever gets the package gets this secret of its author."
        severity = "medium"
        confidence = "medium"
        mapping = "AST08 ASI03 LLM02 ATTACK-T1552.001 CWE-798"
    strings:
        $id = /\b(AKIA|ASIA)[A-Z2-7]{16}\b/
        $sample = "EXAMPLE"
        $secret = /(secret|SECRET)[A-Za-z_]{0,24}["\']?\s?[:=]\s?["\']?[A-Za-z0-9\/+]{40}\b/
    condition:
        $id and $secret and not $sample and not (path contains "test" or path contains "example" or path contains "fixture")
}

rule leaks_service_token
{
    meta:
        id = "VB-LEAKED-SECRET"
        title = "A token of a service lies in the package"
        description = "Whoever gets the package gets this secret of its author."
        severity = "medium"
        confidence = "medium"
        mapping = "AST08 ASI03 LLM02 ATTACK-T1552.001 CWE-798"
    strings:
        $gh = /\b(ghp|gho|ghs|ghu)_[A-Za-z0-9]{36}\b/
        $pat = /\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/
        $npm = /\bnpm_[A-Za-z0-9]{36}\b/
        $slack = /\bxox[bp]-\d{10,13}-\d{10,13}-[A-Za-z0-9]{20,40}/
        $hook = /hooks\.slack\.com\/services\/T[A-Z0-9]{8,11}\/B[A-Z0-9]{8,11}\/[A-Za-z0-9]{24}/
        $stripe = /\bsk_live_[A-Za-z0-9]{24,99}\b/
        $x1 = "xxxxxxxx"
        $x2 = "XXXXXXXX"
        $x3 = "0000000000"
        $x4 = "1234567890"
    condition:
        any of ($gh, $pat, $npm, $slack, $hook, $stripe) and not any of ($x*) and not (path contains "test" or path contains "example" or path contains "fixture")
}

rule leaks_model_key
{
    meta:
        id = "VB-LEAKED-SECRET"
        title = "A key for a model lies in the package"
        description = "Whoever gets the package gets this secret of its author."
        severity = "medium"
        confidence = "medium"
        mapping = "AST08 ASI03 LLM02 ATTACK-T1552.001 CWE-798"
    strings:
        $ant = /\bsk-ant-(api|oat|admin)\d{2}-[A-Za-z0-9_-]{80,120}/
        $oai = /\bsk-(proj|svcacct)-[A-Za-z0-9_-]{60,180}/
        $hf = /\bhf_[A-Za-z]{34}\b/
        $goog = /\bAIza[A-Za-z0-9_-]{35}\b/
        $groq = /\bgsk_[A-Za-z0-9]{52}\b/
        $x1 = "xxxxxxxx"
        $x2 = "XXXXXXXX"
        $x3 = "0000000000"
        $x4 = "1234567890"
    condition:
        any of ($ant, $oai, $hf, $goog, $groq) and not any of ($x*) and not (path contains "test" or path contains "example" or path contains "fixture")
}

rule leaks_registry_login
{
    meta:
        id = "VB-LEAKED-SECRET"
        title = "The login of a registry lies in the package"
        description = "Whoever gets the package gets this secret of its author."
        severity = "medium"
        confidence = "medium"
        mapping = "AST08 ASI03 LLM02 ATTACK-T1552.001 CWE-798"
    strings:
        $a = /:_authToken\s?=\s?[A-Za-z0-9_-]{20,}/
        $b = /:_password\s?=\s?["\']?[A-Za-z0-9+\/=]{12,}/
        $c = /^\s?password\s?[:=]\s?pypi-[A-Za-z0-9_-]{40,}/
        $var = "_authToken=${"
    condition:
        (filename == ".npmrc" or filename == ".pypirc" or filename == ".yarnrc.yml") and any of ($a, $b, $c) and not $var
}

rule leaks_database_address
{
    meta:
        id = "VB-LEAKED-SECRET"
        title = "An address with a password lies in the package"
        description = "Whoever gets the package gets this secret of its author."
        severity = "medium"
        confidence = "medium"
        mapping = "AST08 ASI03 LLM02 ATTACK-T1552.001 CWE-798"
    strings:
        $a = /\b(postgres(ql)?|mysql|mongodb(\+srv)?|redis|amqp):\/\/[A-Za-z0-9_-]{2,30}:[^@\s"\'$\{<]{8,60}@[a-z0-9.-]{6,80}\.(com|net|io|cloud|dev|app|tech)\b/
        $sample = /(:password|:pass|:secret|:yourpassword|:your_password|:mypassword|:changeme|:postgres)\w{0,4}@/ nocase
        $ex = "example.com"
    condition:
        $a and not $sample and not $ex and not (path contains "test" or path contains "example" or path contains "fixture")
}
