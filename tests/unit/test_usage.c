/* How scripts want to be called, as their own parsers have it. */
#include "identify_helper.h"

/* The calls that follow are NULL-terminated by the macro. */
#define CHECK(name, ...) check((name), (const char *const[]){__VA_ARGS__, NULL})

/* The script is LINES[0]: every call behind it is there, and no other. */
static void check(const char *name, const char *const *lines)
{
    const struct made_file files[] = {{"SKILL.md", "---\nname: a-b\ndescription: d\n---\n"},
                                      {name, *lines++}};
    char *folder = make_tree(files, 2);
    struct vb_error err = {0};
    struct listing listing;
    size_t count = 0;
    listing_init(&listing);
    assert_int_equal(identify_folder(folder, &vb_identify_default_limits, &listing, &err), VB_OK);
    for (const char *at = listing_text(&listing); (at = strstr(at, "\nusage ")) != NULL; at++)
        count++;
    for (size_t i = 0; lines[i] != NULL; i++) {
        char line[512];
        const char *argv = strstr(lines[i], ": ");
        snprintf(line, sizeof(line), "usage %.*s @%s | argv=%s", (int)(argv - lines[i]), lines[i],
                 name, argv + 2);
        assert_line(listing_text(&listing), line);
        count--;
    }
    if (count != 0)
        fail_msg("more calls than expected:\n%s", listing_text(&listing));
    listing_done(&listing);
    remove_tree(folder);
}

static void argparse(VB_UNUSED void **state)
{
    CHECK("scripts/a.py",
          "import argparse\np = argparse.ArgumentParser()\n"
          "p.add_argument('--format', choices=['csv', 'json'])\n"
          "p.add_argument(\"-v\", \"--verbose\", action=\"store_true\")\n"
          "sub = p.add_subparsers(dest='command')\nadd = sub.add_parser('add', help='x')\n"
          "add.add_argument('file')\nadd.add_argument('--city', required=True)\n"
          "add.add_argument('-n', '--number', type=int)\nsub.add_parser(\"sync\")\n",
          "help: --help", "subcommand add: add --city Berlin %{home}/Documents/standup.md",
          "subcommand add: --format csv --verbose add --city Berlin --number 3 "
          "%{home}/Documents/standup.md",
          "subcommand sync: sync");
    CHECK("scripts/b.py", "import argparse\np.add_argument('url')\n", "help: --help",
          "arguments: https://example.com/page");
}

static void click(VB_UNUSED void **state)
{
    CHECK("scripts/a.py",
          "import click\n@cli.command()\n@click.option('--count', type=int)\ndef show_all(count):\n"
          "    pass\n@cli.command('send')\ndef s(): pass\n",
          "help: --help", "subcommand show-all: show-all",
          "subcommand show-all: --count 3 show-all", "subcommand send: send");
}

static void shell(VB_UNUSED void **state)
{
    CHECK("scripts/a.sh",
          "case \"$1\" in\n  start|stop) echo;;\n  \"deploy\")\n   echo ;;\n"
          "  --name) n=\"$2\";;\n  *) echo usage;;\n  [a-z]x) ;;\nesac\nif (x) y; fi\n",
          "help: --help", "subcommand start: start", "subcommand start: --name alex start",
          "subcommand stop: stop", "subcommand deploy: deploy");
    CHECK("scripts/b.sh", "echo \"$1\"\n", "help: --help", "arguments: report");
}

static void node(VB_UNUSED void **state)
{
    CHECK("scripts/a.js",
          "const command = process.argv[2];\nif (command === 'fetch') a();\n"
          "else if (process.argv[2] == \"clean\") b();\nif (x.command === other) c();\n"
          "program.command('add <file>')\n",
          "help: --help", "subcommand add: add", "subcommand clean: clean",
          "subcommand fetch: fetch");
}

static void none(VB_UNUSED void **state)
{
    CHECK("scripts/a.py", "print('add_parser')\n");
    CHECK("scripts/a.sh", "echo hello\n");
    CHECK("scripts/a.py", "p.add_parser(\n");
    CHECK("scripts/a.py", "p.add_parser('rm -rf')\n");
}

/* What is hostile is not read again and again: this would take hours. */
static void nested(VB_UNUSED void **state)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct vb_error err = {0};
    vb_buf_init(&text, 1024 * 1024);
    for (int i = 0; i < 16000; i++)
        assert_int_equal(vb_buf_append_str(&text, "case \"$1\" in\n", &err), 0);
    assert_int_equal(vb_buf_append_str(&text, "deploy) ;;\nesac\n", &err), 0);
    CHECK("scripts/a.sh", (const char *)text.data, "help: --help", "subcommand deploy: deploy");
    vb_buf_clear(&text);
    for (int i = 0; i < 16000; i++)
        assert_int_equal(vb_buf_append_str(&text, "x.command()\n", &err), 0);
    CHECK("scripts/a.py", (const char *)text.data);
}

/* A flood of them is cut, and that is said. */
static void flood(VB_UNUSED void **state)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct vb_error err = {0};
    vb_buf_init(&text, 1024 * 1024);
    assert_int_equal(vb_buf_append_str(&text, "import argparse\n", &err), 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(vb_buf_printf(&text, &err, "s.add_parser('c%d')\n", i), 0);
    struct made_file files[40];
    char names[40][32];
    for (size_t i = 0; i < VB_ARRAY_LEN(files); i++) {
        snprintf(names[i], sizeof(names[i]), "scripts/s%zu.py", i);
        files[i] = (struct made_file){names[i], (const char *)text.data};
    }
    char *folder = make_tree(files, VB_ARRAY_LEN(files));
    struct listing listing;
    listing_init(&listing);
    assert_int_equal(identify_folder(folder, &vb_identify_default_limits, &listing, &err), VB_OK);
    size_t count = 0;
    for (const char *at = listing_text(&listing); (at = strstr(at, "\nusage ")) != NULL; at++)
        count++;
    assert_int_equal(count, 256);
    assert_non_null(strstr(listing_text(&listing), "call of a script"));
    listing_done(&listing);
    remove_tree(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(argparse), cmocka_unit_test(click),
                                       cmocka_unit_test(shell),    cmocka_unit_test(node),
                                       cmocka_unit_test(none),     cmocka_unit_test(nested),
                                       cmocka_unit_test(flood)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
