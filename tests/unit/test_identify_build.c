/* Build files: which of their commands become entry points, and that no text of them does harm. */
#include <stdio.h>

#include "identify_helper.h"

static void list(const struct made_file *files, size_t count, struct listing *listing)
{
    struct vb_error err = {0};
    char *folder = make_tree(files, count);
    listing_init(listing);
    assert_int_equal(identify_folder(folder, NULL, listing, &err), VB_OK);
    remove_tree(folder);
}

static void makefile(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"sub/Makefile", "A := b\nC ?= d\n.PHONY: all\nall two: x\n\techo $(A)\n%.o: %.c\n"
                         "README: x\nout/file:\n-x:\n$(A):\n\techo\nlast:: ; echo last\nE ::= f\n"},
        {"sub/README", "a file is no target"}};
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    const char *text = listing_text(&listing);
    assert_non_null(strstr(text, "entry make:all @sub/Makefile:4 | when=use | command="));
    assert_non_null(strstr(text, "make -f 'Makefile' 'all' | interpreter=make"));
    assert_non_null(strstr(text, "entry make:two @sub/Makefile:4"));
    assert_non_null(strstr(text, "entry make:last @sub/Makefile:12"));
    static const char *const none[] = {"make:A",  "make:README", "make:out",    "make:%",
                                       "make:-x", "make:$",      "make:.PHONY", "make:E"};
    for (size_t i = 0; i < VB_ARRAY_LEN(none); i++)
        assert_no_text(text, none[i]);
    listing_done(&listing);
}

static void justfile(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"justfile", "v := \"2\"\nalias b := build\nbuild mode=\"fast\" +rest: clean\n"
                     "    @echo {{v}} {{ mode }} {{rest\n    echo {{city}}\nclean:\n  -rm -rf out\n"
                     "py:\n    #!/usr/bin/env python3\n    if 1:\n        print(1)\n"}};
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    const char *text = listing_text(&listing);
    assert_non_null(strstr(text, "entry just:build @justfile:3"));
    assert_non_null(strstr(text, "echo 2 fast report\\necho Berlin\\n"));
    assert_non_null(strstr(text, "rm -rf out"));
    assert_no_text(text, "-rm -rf");
    assert_non_null(strstr(text, "python3 - <<'END_OF_RECIPE'"));
    assert_non_null(strstr(text, "if 1:\\n    print(1)"));
    assert_no_text(text, "just:alias");
    listing_done(&listing);
}

static void dockerfile(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"Dockerfile", "FROM debian\nENV A=b\nENV C d e\n# no\nRUN one && \\\n  # in it\n  two\n"
                       "RUN [\"three\", \"it's\"]\nRUN --mount=type=cache four\nRUN [broken\n"
                       "ENTRYPOINT [\"five\"]\nCMD six\n"},
        {"prod.dockerfile", "run seven\n"},
        {"node_modules/x/Dockerfile", "RUN eight\n"}};
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    const char *text = listing_text(&listing);
    assert_non_null(strstr(text, "entry docker:run @Dockerfile:5"));
    assert_non_null(strstr(text, "export A=b\\nexport C='d e'\\n(eval 'one &&  two')\\n'three' "
                                 "'it'\\''s'\\n(eval 'four')\\n(eval '[broken')\\n"));
    assert_non_null(strstr(text, "entry docker:start @Dockerfile:11"));
    assert_non_null(strstr(text, "'five'\\n(eval 'six')\\n"));
    assert_non_null(strstr(text, "entry docker:run @prod.dockerfile:1"));
    assert_no_text(text, "eight");
    listing_done(&listing);
}

/* Beyond the caps all is counted, and no line makes the reader leave its text. */
static void hostile(VB_UNUSED void **state)
{
    enum { TARGETS = 40 };
    char many[TARGETS * 16] = "";
    size_t len = 0;
    for (int i = 0; i < TARGETS; i++)
        len += (size_t)snprintf(many + len, sizeof(many) - len, "t%d: x\n", i);
    const struct made_file files[] = {
        {"Makefile", many},
        {"a/justfile", "{{\n:=\n=\n:\na b= c=' d:\n  {{\n  {{}}\n  }}{{x"},
        {"b/Dockerfile", "RUN\nRUN [\nRUN \\\nENV\nENV =\nENV A\nCMD [1]\nRUN --x\n\\"},
        {"c/Makefile", ":\n::\n:=\n \\\n\t:\na:"},
        {"d/justfile", "x:"},
    };
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    const char *text = listing_text(&listing);
    assert_non_null(strstr(text, "entry make:t15 @Makefile:16"));
    assert_no_text(text, "make:t16");
    assert_non_null(strstr(text, "coverage a call with arguments too many in one build file"));
    assert_non_null(strstr(text, "entry make:a @c/Makefile:6"));
    listing_done(&listing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makefile),
        cmocka_unit_test(justfile),
        cmocka_unit_test(dockerfile),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
