# YARA rules against their cases, and what they cost.
. "$2/tests/cli/lib.sh"
cd "$work" || exit 99

run rules test --rules "$source_dir/rules"
expect_status 0 "the shipped rules and their cases"
expect_in "$work/out" " 0 failures" "the shipped rules and their cases"
run rules check --rules "$source_dir/rules"
expect_status 0 "the shipped rules and their prices"
expect_in "$work/out" "MB/s on one core" "the shipped rules and their prices"

rule()
{
    printf 'rule %s { meta: id = "VB-TEST-ONE" title = "T" description = "D." severity = "low" confidence = "high" mapping = "CWE-506" strings: $a = %s condition: $a }\n' "$1" "$2"
}

mkdir -p own/tests
rule needle '"needle"' >own/a.yar
run rules test --rules own
expect_status 1 "a rule without cases"
expect_in "$work/out" "needle has no positive case" "a rule without cases"
printf '=== pos a.txt\na needle\n' >own/tests/needle.txt
run rules test --rules own
expect_status 1 "a rule without a negative case"
expect_in "$work/out" "needle has no negative case" "a rule without a negative case"
printf '=== neg a.txt\nhay\n' >>own/tests/needle.txt
run rules test --rules own
expect_status 0 "a rule with both"
printf '=== neg a.txt\nthe needle again\n' >>own/tests/needle.txt
run rules test --rules own
expect_status 1 "a rule that fires where it should not"
expect_in "$work/out" "needle fires on its negative case 2" "a rule that fires where it should not"
printf 'no mark\n' >own/tests/needle.txt
run rules test --rules own
expect_status 1 "cases that are none"

run rules check --rules own
expect_status 0 "a cheap rule"
rule careless '/[A-Za-z0-9+\/]{20,}[^\n]{0,120}(=|x)/' >own/b.yar
run rules check --rules own
expect_status 78 "a careless expression"
expect_in "$work/out" "careless is slow" "a careless expression"
run rules check --allow-slow --rules own
expect_status 0 "a careless expression that is wanted"
finish
