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

/* Names as of files are called where somebody says that they are none; included files belong to who
 * includes them. */
static void makefile_parts(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"sub/Makefile", ".PHONY: db/seed v1.2 \\\n  docs/all # not/this\ndb/seed v1.2: x\n\techo\n"
                         "docs/all:\n\techo\nobj/a.o: a.c\nnot/this:\nhelp/me: ## Says how\n"
                         "../out: ## no\n/abs: ## no\n-include one.mk mk/*.mk gone.mk ../../up.mk\n"
                         "include $(wildcard *.d)\n"},
        {"sub/docs/all", "a file, and phony"},
        {"sub/mk/a-empty.mk", ""},
        {"sub/one.mk", "first:\n\techo\ninclude mk/deep/three.mk\ninclude one.mk Makefile\n"},
        {"sub/mk/two.mk", "second:\n\techo\n"},
        {"sub/mk/deep/three.mk", "third:\n\techo\n"},
        {"sub/mk/deep/four.mk", "fourth:\n\techo\n"},
        {"lone.mk", "fifth:\n\techo\n"}};
    static const char *const there[] = {
        "entry make:db/seed @sub/Makefile:3",
        "entry make:v1.2 @sub/Makefile:3",
        "entry make:docs/all @sub/Makefile:5",
        "entry make:help/me @sub/Makefile:9",
        "entry make:first @sub/one.mk:1",
        "entry make:second @sub/mk/two.mk:1",
        "entry make:third @sub/mk/deep/three.mk:1",
        "coverage a call with arguments a Makefile makes the names of files that it includes"};
    static const char *const none[] = {"make:obj",    "make:not",   "make:../",   "make:/abs",
                                       "make:fourth", "make:fifth", "-f 'one.mk'"};
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    const char *text = listing_text(&listing);
    for (size_t i = 0; i < VB_ARRAY_LEN(there); i++) {
        if (strstr(text, there[i]) == NULL)
            fail_msg("no %s", there[i]);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(none); i++)
        assert_no_text(text, none[i]);
    assert_non_null(strstr(text, "make -f 'Makefile' 'third'"));
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
    assert_non_null(strstr(text,
                           "export A=\"b\"\\nexport C=\"d e\"\\n(eval 'one &&  two')\\n'three' "
                           "'it'\\''s'\\n(eval 'four')\\n(eval '[broken')\\n"));
    assert_non_null(strstr(text, "entry docker:start @Dockerfile:11"));
    assert_non_null(strstr(text, "'five'\\n(eval 'six')\\n"));
    assert_non_null(strstr(text, "entry docker:run @prod.dockerfile:1"));
    assert_no_text(text, "eight");
    listing_done(&listing);
}

/* Bodies of heredocs are what is run, and no instructions; folders, variables and shells hold for
 * what stands behind them. */
static void dockerfile_scripts(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"Dockerfile", "FROM debian\nWORKDIR /app\nRUN <<EOF\necho one\nRUN two\nEOF\n"
                       "RUN <<-'EOT' bash -x\n\techo 'three'\n\tEOT\nRUN <<A cat >a && <<B cat >b\n"
                       "a\nA\nb\nB\nRUN <<EOF\n#!/usr/bin/env python3\nprint(4)\nEOF\n"
                       "RUN echo \"<<EOF\"\nRUN echo five\n"
                       "COPY <<six.sh conf/\nsix \nsix.sh\nCOPY --chmod=755 <<X /bin/seven\n"
                       "#!/bin/sh\nseven\nX\nCOPY <<X /etc/eight\neight\nX\n"
                       "ENV P=/a:$P Q='$x' R=\"a b\" S=a\\ b T=${U:-c} V=`id` W=$(id)\n"
                       "SHELL [\"python3\", \"-c\"]\nRUN print(9)\n"
                       "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN ten\n"
                       "FROM debian\nworkdir $HOME/x\nCMD <<EOF\nRUN <<EOF\neleven\nEOF\n"},
        {"w/Dockerfile", "# syntax=x\n# escape=`\nRUN twelve `\n  thirteen\n"}};
    static const char *const there[] = {
        "(eval 'echo one\\nRUN two\\n')\\n",
        "(eval '<<-'\\''EOT'\\'' bash -x\\n\techo '\\''three'\\''\\n\tEOT\\n')\\n",
        "(eval '<<A cat >a && <<B cat >b\\na\\nA\\nb\\nB\\n')\\n",
        "(_f=$(mktemp) && printf %s '#!/usr/bin/env python3\\nprint(4)\\n' >\"$_f\"",
        "(eval 'echo \"<<EOF\"')\\n(eval 'echo five')\\n",
        "(_f=\"conf/\"/'six.sh'; mkdir -p -- \"$(dirname -- \"$_f\")\" && printf %s 'six \\n'",
        "printf %s '#!/bin/sh\\nseven\\n' >",
        "coverage a call with arguments a file that a Dockerfile writes into its image is not "
        "there",
        "_workdir \"/app\"\\n(eval 'echo one",
        "export P=\"/a:$P\"\\nexport Q=\"\\$x\"\\nexport R=\"a b\"\\nexport S=\"a b\"\\n"
        "export T=\"${U:-c}\"\\nexport V=\"\\`id\\`\"\\nexport W=\"\\$(id)\"\\n",
        "'python3' '-c' 'print(9)'\\n(eval 'ten')\\n",
        "cd -- \"$_context\"; _top=\\n_workdir \"$HOME/x\"\\n",
        "(eval 'eleven\\n')\\n",
        "(eval 'twelve  thirteen')",
    };
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    const char *text = listing_text(&listing);
    for (size_t i = 0; i < VB_ARRAY_LEN(there); i++) {
        if (strstr(text, there[i]) == NULL)
            fail_msg("no %s", there[i]);
    }
    assert_no_text(text, "eight");
    assert_no_text(text, "(eval 'two')");
    listing_done(&listing);
}

/* Quotes and backslashes are no part of the name that ends a heredoc. What ends nowhere swallows
 * nothing. */
static void dockerfile_heredocs(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"Dockerfile", "RUN cat <<\\EOF\nhi\nEOF\nRUN one\nRUN cat <<E\"\\O\"'F'\nRUN no\nE\\OF\n"
                       "RUN two\n"},
        {"w/Dockerfile", "RUN cat <<'EOF\nthree\nRUN four\nEOF\n"},
        {"x/Dockerfile", "RUN cat <<A <<B <<C <<D <<E <<F <<G <<H <<I\nA\nB\nC\nD\nE\nF\nG\nH\n"
                         "RUN five\nI\n"}};
    static const char *const there[] = {
        "hi\\nEOF\\n')\\n(eval 'one')\\n",
        "RUN no\\nE\\OF\\n')\\n(eval 'two')\\n",
        "(eval 'four')\\n",
        "(eval 'five')\\n",
        "coverage Dockerfile a heredoc has no end @w/Dockerfile",
        "coverage Dockerfile a heredoc has no end @x/Dockerfile",
    };
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    const char *text = listing_text(&listing);
    for (size_t i = 0; i < VB_ARRAY_LEN(there); i++) {
        if (strstr(text, there[i]) == NULL)
            fail_msg("no %s in %s", there[i], text);
    }
    assert_no_text(text, "(eval 'no')");
    listing_done(&listing);
}

/* What has no room is left out whole, and told. */
static void dockerfile_too_large(VB_UNUSED void **state)
{
    enum { BYTES = 40000 };
    char *text = calloc(1, 2 * BYTES + 64);
    assert_non_null(text);
    snprintf(text, 64, "RUN echo ");
    memset(text + 9, 'x', BYTES);
    snprintf(text + 9 + BYTES, 16, "\nRUN echo ");
    memset(text + 19 + BYTES, 'y', BYTES);
    snprintf(text + 19 + 2 * BYTES, 16, "\nRUN last\n");
    const struct made_file files[] = {{"Dockerfile", text}};
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    assert_non_null(strstr(listing_text(&listing), "xx')\\n(eval 'last')"));
    assert_no_text(listing_text(&listing), "yy");
    assert_non_null(strstr(listing_text(&listing), "some commands of a Dockerfile are too large"));
    listing_done(&listing);
    free(text);
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
        {"e/Dockerfile", "#\n# escape=\nENV A=\nENV A='\nENV A=$ B=${ C=${1} D=${x:-\nSHELL\n"
                         "SHELL [\nSHELL []\nWORKDIR\nCOPY <<\nCOPY <<-\nCOPY <<''\nRUN <<E'"},
        {"f/Dockerfile", "RUN <<E"},
        {"g/Dockerfile", "COPY <<E"},
        {"c/Makefile", ":\n::\n:=\n \\\n\t:\na:"},
        {"d/justfile", "x:"},
        {"h/Makefile", ".PHONY:\\\n.PHONY: \\\n\\\n#\ninclude \\\ninclude  *[ $\n-include \\"},
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
        cmocka_unit_test(makefile_parts),
        cmocka_unit_test(justfile),
        cmocka_unit_test(dockerfile),
        cmocka_unit_test(dockerfile_scripts),
        cmocka_unit_test(dockerfile_heredocs),
        cmocka_unit_test(dockerfile_too_large),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
