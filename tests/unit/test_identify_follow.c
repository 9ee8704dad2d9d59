/* Documents that documents send their reader to: read in the order of reading, once each, and with
 * bounds. */
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

#define HEAD "---\nname: a-b\ndescription: d\n---\n"
#define CODE(word) "```sh\necho " word "\n```\n"

/* WORDS stand in TEXT in this order. */
static void assert_order(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *at = strstr(text, words[i]);
        if (at == NULL)
            print_error("no \"%s\" in its place in\n%s\n", words[i], text);
        assert_non_null(at);
        text = at + 1;
    }
}

static void in_reading_order(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"SKILL.md",
         HEAD "First see `references/z.md`, then [it](./docs/setup.md#top).\n" CODE(
             "one") "Also node_modules/x/hidden.md and notes/plain.txt; not requirements.txt.\n"},
        {"references/z.md", CODE("two") "Back to ../SKILL.md, on to deeper.md.\n"},
        {"references/deeper.md", CODE("three")},
        {"docs/setup.md", CODE("four")},
        {"docs/a.md", CODE("last")},
        {"node_modules/x/hidden.md", CODE("five")},
        {"node_modules/x/other.md", CODE("never")},
        {"notes/plain.txt", CODE("six")},
        {"notes/unnamed.txt", CODE("never")},
        {"requirements.txt", "requests\n" CODE("listed")}};
    static const char *const words[] = {"code fence @SKILL.md",
                                        "code fence @references/z.md",
                                        "code fence @references/deeper.md",
                                        "code fence @docs/setup.md",
                                        "code fence @node_modules/x/hidden.md",
                                        "code fence @notes/plain.txt",
                                        "code fence @docs/a.md"};
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    assert_order(listing_text(&listing), words, VB_ARRAY_LEN(words));
    assert_no_text(listing_text(&listing), "never");
    assert_no_text(listing_text(&listing), "code fence @requirements.txt");
    listing_done(&listing);
}

/* What documents are called, and what is in them. */
static void names(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"SKILL.md", HEAD "See a.mdx, [b](B.MD), c.rst and d.doc.\n"},
        {"a.mdx", "import X from './x'\n\n<X>\n    rm never\n</X>\n\n" CODE("one")},
        {"B.MD", CODE("two")},
        {"c.rst", CODE("three")},
        {"d.doc", CODE("never")},
        {"e.mdx", CODE("never")}};
    static const char *const words[] = {"code fence @a.mdx", "code fence @B.MD",
                                        "code fence @c.rst"};
    struct listing listing;
    list(files, VB_ARRAY_LEN(files), &listing);
    assert_order(listing_text(&listing), words, VB_ARRAY_LEN(words));
    assert_no_text(listing_text(&listing), "never");
    listing_done(&listing);
}

/* Circles end, and a document beyond the third is met only where it is a page by itself. */
static void bounds(VB_UNUSED void **state)
{
    enum { MANY = 80 };
    struct made_file files[MANY + 6] = {
        {"SKILL.md", NULL},
        {"a.txt", "SKILL.md a.txt b.txt\n" CODE("a")},
        {"b.txt", "a.txt c.txt\n" CODE("b")},
        {"c.txt", "d.txt ../../../etc/passwd.txt /a.txt\n" CODE("c")},
        {"d.txt", CODE("too deep")}};
    char names[MANY][16];
    char page[MANY * 16 + 64] = HEAD "a.txt\n";
    size_t len = strlen(page);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "n%02zu.txt", i);
        len += (size_t)snprintf(page + len, sizeof(page) - len, "%s\n", names[i]);
        files[5 + i] = (struct made_file){names[i], CODE("n")};
    }
    files[0].text = page;
    struct listing listing;
    list(files, MANY + 5, &listing);
    const char *text = listing_text(&listing);
    static const char *const words[] = {"code fence @a.txt", "code fence @b.txt",
                                        "code fence @c.txt", "code fence @n00.txt",
                                        "code fence @n60.txt"};
    assert_order(text, words, VB_ARRAY_LEN(words));
    assert_no_text(text, "code fence @d.txt");
    assert_line(text, "coverage linked documents too many or too deep @c.txt");
    assert_line(text, "coverage linked documents too many or too deep @SKILL.md");
    assert_no_text(text, "@n61.txt"); /* 64 in all, three of which are a, b and c */
    listing_done(&listing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_reading_order),
        cmocka_unit_test(names),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
