#include "vectors_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct vectors_suite suites[32];
static size_t suite_count;

void vectors_path(char ret[1024], const char *fmt, ...)
{
    char name[512];
    va_list args;

    assert_non_null(vectors_folder(ret, 512));
    va_start(args, fmt);
    (void)vsnprintf(name, sizeof(name), fmt, args);
    va_end(args);
    (void)snprintf(ret + strlen(ret), 1024 - strlen(ret), "/%s", name);
}

bool vectors_read_if_there(const char *path, struct vb_buf *ret)
{
    if (access(path, R_OK) != 0)
        return false;
    file_read(path, ret);
    return true;
}

void vectors_told(const struct vectors_suite *suite)
{
    assert_in_range(suite_count, 0, VB_ARRAY_LEN(suites) - 1);
    suites[suite_count++] = *suite;
    assert_int_equal(suite->total, suite->expected);
    assert_int_equal(suite->passed + suite->unchecked, suite->total);
}

void vectors_print(void)
{
    printf("%-40s passed/total  unverifiable  either  unchecked\n", "suite");
    for (size_t i = 0; i < suite_count; i++)
        printf("%-40s %6zu/%-5zu  %12zu  %6zu  %9zu\n", suites[i].name, suites[i].passed,
               suites[i].total, suites[i].unverifiable, suites[i].either, suites[i].unchecked);
}
