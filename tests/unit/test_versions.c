/* versions: what a range means, as npm and pip say it. Rows were drawn at random and answered by
 * node-semver 7 and by pip's own library; those kept here are one of each kind. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fetch/pep440.h"
#include "fetch/semver.h"
#include "vetbox/core.h"

static const struct pep508_machine machine = {"3.11", "x86_64"};

struct row {
    const char *version, *range;
    bool satisfies;
};

static void test_npm_ranges(void **state)
{
    static const struct row rows[] = {
        {"1.2.3", "", true},
        {"1.2.3", "*", true},
        {"1.2.3-beta", "*", false},
        {"1.2.3", "^1.2.0", true},
        {"2.0.0", "^1.2.0", false},
        {"2.0.0-rc.1", "^1.2.0", false},
        {"0.3.0", "^0.2.3", false},
        {"0.2.9", "^0.2.3", true},
        {"0.0.4", "^0.0.3", false},
        {"0.0.9", "^0.0", true},
        {"0.9.9", "^0", true},
        {"1.3.0", "~1.2.3", false},
        {"1.9.0", "~1", true},
        {"1.2.9", "1.2.x", true},
        {"1.3.0", "1.2", false},
        {"1.3.0", ">1.2", true},
        {"1.2.9", ">1.2", false},
        {"1.2.9", "<=1.2", true},
        {"1.2.0-alpha", "<1.2", false},
        {"2.3.9", "1.0 - 2.3", true},
        {"2.4.0", "1.0 - 2.3", false},
        {"2.3.4", "1.0.0 - 2.3.4", true},
        {"3.0.0", "1.x || >=2.5.0 <4", true},
        {"2.4.0", "1.x || >=2.5.0 <4", false},
        {"1.2.3-alpha.7", ">1.2.3-alpha.3", true},
        {"3.4.5-alpha.9", ">1.2.3-alpha.3", false},
        {"1.2.3-alpha.10", ">1.2.3-alpha.9", true},
        {"1.2.3+build", "1.2.3", true},
        {"1.2.3", ">*", false},
        {"1.2.3", "= 1.2.3", true},
        {"1.2.3", "latest", false},
        {"1.2.3", "git://x/y", false},
        {"1.2", "*", false},
        {"99999999999999999999.0.0", "*", false},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (semver_satisfies(rows[i].version, rows[i].range) != rows[i].satisfies)
            fail_msg("%s in \"%s\" should be %d", rows[i].version, rows[i].range,
                     rows[i].satisfies);
    }
    assert_true(semver_is_range("^1 || 2.x") && !semver_is_range("next"));
    assert_true(semver_compare("1.10.0", "1.9.9") > 0 && semver_compare("1.0.0-a", "1.0.0") < 0);
    assert_true(semver_compare("1.0.0-a.1", "1.0.0-a.b") < 0);
}

static void test_pip_specifiers(void **state)
{
    static const struct row rows[] = {
        {"2.31.0", "", true},          {"2.31.0", ">=2,<3", true},   {"3.0", ">=2,<3", false},
        {"3.0rc1", "<3", false},       {"3.0rc1", "<3.0rc2", true},  {"2.2.1", "~=2.2", true},
        {"3.0", "~=2.2", false},       {"2.3", "~=2.2.0", false},    {"2.2.post3", "==2.2.*", true},
        {"2.2", "!=2.2.*", false},     {"1.0", "==1", true},         {"1.0+cu118", "==1.0", true},
        {"1.0", "==1.0+cu118", false}, {"1.0.post1", ">1.0", false}, {"1!1.0", ">5", true},
        {"1.0.dev1", "<1.0a1", true},  {"1.0", "=1.0", false},       {"1.0", "nonsense", false},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (pep440_satisfies(rows[i].version, rows[i].range) != rows[i].satisfies)
            fail_msg("%s in \"%s\" should be %d", rows[i].version, rows[i].range,
                     rows[i].satisfies);
    }
    assert_true(pep440_compare("1.0.dev3", "1.0a1") < 0);
    assert_true(pep440_compare("1.0-1", "1.0.post1") == 0);
    assert_true(pep440_prerelease("1.0rc1") && pep440_prerelease("1.0.dev0"));
    assert_true(pep440_names_prerelease(">=2.0b1") && !pep440_names_prerelease(">=2.0"));
}

static void test_requirements(void **state)
{
    static const struct {
        const char *text, *name, *specifiers;
        bool wanted;
    } rows[] = {
        {"Requests", "requests", "", true},
        {"a.B__c>=1 , <2", "a-b-c", ">=1 , <2", true},
        {"x (>=1.0)", "x", ">=1.0", true},
        {"x==1.0 ; python_version < \"3\"", "x", "==1.0", false},
        {"x; python_version>='3.8' and sys_platform == 'linux'", "x", "", true},
        {"x; extra == 'Fast_Lane'", "x", "", true},
        {"x; extra == 'other'", "x", "", false},
        {"x; (os_name=='nt' or platform_machine=='x86_64') and extra!='other'", "x", "", true},
        {"x ; 'linux' not in sys_platform", "x", "", false},
        {"x==1.0 --hash=sha256:00", "x", "==1.0", true},
        {"x # a remark", "x", "", true},
        {"x; this is no marker", "x", "", true},
    };
    struct pep508 read;
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        assert_true(pep508_read(rows[i].text, &machine, ",fast-lane,", &read));
        if (strcmp(read.name, rows[i].name) != 0 ||
            strcmp(read.specifiers, rows[i].specifiers) != 0 || read.wanted != rows[i].wanted)
            fail_msg("%s: %s, %s, %d", rows[i].text, read.name, read.specifiers, read.wanted);
    }
    assert_true(pep508_read("x[ A , b_c ]>=1", &machine, ",", &read));
    assert_string_equal(read.extras, ",a,b-c,");
    assert_true(pep508_read("x @ https://example.org/x.whl", &machine, ",", &read) && read.url);
    assert_false(pep508_read("-r other.txt", &machine, ",", &read));
    assert_false(pep508_read("", &machine, ",", &read));
    assert_false(pep508_read("x y", &machine, ",", &read));
}

static void test_wheels(void **state)
{
    static const struct {
        const char *file, *version;
        bool fits;
    } rows[] = {
        {"requests-2.31.0-py3-none-any.whl", "2.31.0", true},
        {"six-1.16.0-py2.py3-none-any.whl", "1.16.0", true},
        {"x-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "1.0", true},
        {"x-1.0-1-cp38-abi3-manylinux2014_x86_64.whl", "1.0", true},
        {"x-1.0-cp312-cp312-manylinux2014_x86_64.whl", "", false},
        {"x-1.0-cp312-abi3-manylinux2014_x86_64.whl", "", false},
        {"x-1.0-cp311-cp311-win_amd64.whl", "", false},
        {"x-1.0-cp311-cp311-musllinux_1_1_x86_64.whl", "", false},
        {"x-1.0-cp311-cp311-manylinux2014_aarch64.whl", "", false},
        {"x-1.0-py2-none-any.whl", "", false},
        {"x-1.0.tar.gz", "", false},
        {"x.whl", "", false},
        {"-----.whl", "", false},
    };
    char version[32];
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const unsigned fits = wheel_fits(rows[i].file, &machine, version, sizeof(version));
        if ((fits > 0) != rows[i].fits || (fits > 0 && strcmp(version, rows[i].version) != 0))
            fail_msg("%s: %u %s", rows[i].file, fits, version);
    }
    assert_true(wheel_fits("x-1-cp311-cp311-linux_x86_64.whl", &machine, version, 32) >
                wheel_fits("x-1-py3-none-any.whl", &machine, version, 32));
}

static void test_wheels_of_projects(void **state)
{
    static const struct {
        const char *file, *project;
        bool is_of;
    } rows[] = {
        {"requests-2.31.0-py3-none-any.whl", "requests", true},
        {"Ruamel.Yaml_clib-1-py3-none-any.whl", "ruamel-yaml-clib", true},
        {"a__b-1-py3-none-any.whl", "a-b", true},
        {"evil-9.9-py3-none-any.whl", "requests", false},
        {"requests_evil-9.9-py3-none-any.whl", "requests", false},
        {"request-9.9-py3-none-any.whl", "requests", false},
        {"-9.9-py3-none-any.whl", "requests", false},
        {"", "requests", false},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (wheel_is_of(rows[i].file, rows[i].project) != rows[i].is_of)
            fail_msg("%s of %s", rows[i].file, rows[i].project);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npm_ranges),         cmocka_unit_test(test_pip_specifiers),
        cmocka_unit_test(test_requirements),       cmocka_unit_test(test_wheels),
        cmocka_unit_test(test_wheels_of_projects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
