/* For clang-tidy only, which sees one file at a time: the two functions that record an error return
 * a negative status, always. core/error.c, which defines them, is checked without this. */
#ifndef VETBOX_TESTS_LINT_ANALYZER_H
#define VETBOX_TESTS_LINT_ANALYZER_H

#include "vetbox/core/error.h"

#define vb_fail(err, status, ...) ((void)vb_fail(err, status, __VA_ARGS__), (status))
#define vb_wrap(...) ((void)vb_wrap(__VA_ARGS__), VB_E_SOFTWARE)

#endif
