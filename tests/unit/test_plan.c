/* The plan: order, command lines, time, and that nothing is left out in silence. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/detonate/interpreter.h"
#include "vetbox/sandbox.h"

struct catcher {
    struct vb_sink sink;
    struct vb_buf log;
    unsigned coverage;
    int64_t counted;
};

static int catch_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct catcher *catcher = (struct catcher *)(void *)sink;
    assert_int_equal(event->kind, VB_EV_COVERAGE);
    catcher->coverage++;
    catcher->counted += vb_event_get_int(event, VB_F_COUNT, 1);
    return vb_event_to_json(event, &catcher->log, err);
}

struct fixture {
    struct catcher caught;
    struct vb_tree *tree;
    struct vb_manifest manifest;
    struct vb_plan *plan;
};

static int ignore_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    (void)sink;
    (void)event;
    (void)err;
    return VB_OK;
}

static void load(struct fixture *fixture, bool with_files)
{
    const struct vb_tree_limits limits = {
        .bytes = 1 << 20, .file_bytes = 1 << 20, .entries = 100, .depth = 10};
    struct vb_sink ignored = {ignore_event};
    struct vb_error err = {0};
    *fixture = (struct fixture){.caught.sink.emit = catch_event};
    vb_buf_init(&fixture->caught.log, 16 << 20);
    vb_manifest_init(&fixture->manifest);
    if (!with_files) {
        fixture->tree = calloc(1, sizeof(*fixture->tree));
        fixture->tree->dirfd = -1;
        return;
    }
    const int dirfd =
        open(VB_SOURCE_DIR "/tests/fixtures/sandbox/plan", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dirfd >= 0);
    assert_int_equal(vb_tree_seal(dirfd, &limits, &ignored, &fixture->tree, &err), VB_OK);
}

static void unload(struct fixture *fixture)
{
    vb_plan_free(fixture->plan);
    vb_manifest_done(&fixture->manifest);
    vb_tree_free(fixture->tree);
    vb_buf_done(&fixture->caught.log);
}

static void add(struct fixture *fixture, struct vb_event *event)
{
    struct vb_error err = {0};
    assert_int_equal(vb_manifest_add(&fixture->manifest, event, &err), VB_OK);
}

static void add_code(struct fixture *fixture, const char *interpreter, const char *text, int line)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_CODE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, "SKILL.md");
    vb_event_int(&event, VB_F_LINE, line);
    vb_event_str(&event, VB_F_FORM, "fence");
    vb_event_str(&event, VB_F_LANGUAGE, "x");
    vb_event_str(&event, VB_F_TEXT, text);
    vb_event_str(&event, VB_F_INTERPRETER, interpreter);
    add(fixture, &event);
}

static void add_entry(struct fixture *fixture, const char *path, const char *command,
                      const char *interpreter)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_ENTRY, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_str(&event, VB_F_REASON, "hook");
    vb_event_str(&event, VB_F_WHEN, "load");
    vb_event_str(&event, VB_F_COMMAND, command);
    vb_event_str(&event, VB_F_INTERPRETER, interpreter);
    add(fixture, &event);
}

static void add_entry_when(struct fixture *fixture, const char *path, const char *command,
                           const char *when)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_ENTRY, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_str(&event, VB_F_REASON, "hook");
    vb_event_str(&event, VB_F_WHEN, when);
    vb_event_str(&event, VB_F_COMMAND, command);
    add(fixture, &event);
}

static void add_package(struct fixture *fixture, const char *root)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_PACKAGE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_KIND_OF, "agent-skill");
    vb_event_str(&event, VB_F_PATH, root);
    add(fixture, &event);
}

static void make(struct fixture *fixture)
{
    struct vb_error err = {0};
    const struct vb_plan_input input = {.manifest = &fixture->manifest, .tree = fixture->tree};
    assert_int_equal(vb_plan_make(&input, &fixture->caught.sink, &fixture->plan, &err), VB_OK);
}

static bool logged(const struct fixture *fixture, const char *text)
{
    return fixture->caught.log.data != NULL &&
           strstr((const char *)fixture->caught.log.data, text) != NULL;
}

static void assert_argv(const struct vb_detonation *row, const char *a, const char *b,
                        const char *c)
{
    assert_string_equal(row->argv[0], a);
    assert_string_equal(row->argv[1], b);
    if (c == NULL)
        assert_null(row->argv[2]);
    else
        assert_string_equal(row->argv[2], c);
}

static bool need(const char *name)
{
    if (vb_interpreter_installed(NULL, name) != NULL)
        return true;
    print_message("%s is not installed\n", name);
    return false;
}

/* --- */

static void test_order(void **state)
{
    (void)state;
    VB_CLEANUP(unload) struct fixture f;
    load(&f, true);
    if (!need("bash") || !need("python3"))
        skip();
    add_package(&f, ".");
    add_package(&f, "sub");
    add_code(&f, "bash", "echo one", 3);
    add_code(&f, NULL, "not to run", 5);
    add_code(&f, "python3", "print(2)", 9);
    add_entry(&f, "SKILL.md", "echo hook", NULL);
    add_entry(&f, "scripts/b.py", NULL, "python3");
    add_entry(&f, "sub/bin/run", NULL, NULL);
    make(&f);
    const struct vb_plan *plan = f.plan;
    assert_true(plan->count >= 7);
    /* what is loaded before what is used, and within both as the instructions have it */
    assert_argv(&plan->rows[0], "bash", "-c", "echo hook");
    assert_string_equal(plan->rows[0].reason, "hook");
    assert_argv(&plan->rows[1], "python3", "{tree}/scripts/b.py", NULL);
    assert_argv(&plan->rows[2], "bash", "{tree}/sub/bin/run", NULL);
    assert_string_equal(plan->rows[2].cwd, "sub");
    assert_argv(&plan->rows[3], "bash", "-c", "echo one");
    assert_string_equal(plan->rows[3].reason, "fenced block");
    assert_int_equal(plan->rows[3].line, 3);
    assert_string_equal(plan->rows[3].text, "echo one");
    assert_null(plan->rows[3].cwd);
    assert_argv(&plan->rows[4], "python3", "-c", "print(2)");
    assert_string_equal(plan->rows[0].when, "load");
    assert_string_equal(plan->rows[2].when, "load");
    assert_string_equal(plan->rows[3].when, "use");
    assert_string_equal(plan->rows[5].when, "use");
    assert_argv(&plan->rows[5], "sh", "{tree}/scripts/a.sh", NULL);
    for (size_t i = 0; i < plan->count; i++) {
        assert_int_equal(plan->rows[i].id, i + 1);
        for (size_t j = 0; j < i; j++) /* b.py and run are not there twice */
            assert_false(plan->rows[i].text == NULL && plan->rows[j].text == NULL &&
                         strcmp(plan->rows[i].path, plan->rows[j].path) == 0);
        assert_string_not_equal(plan->rows[i].path, "notes.txt");
        assert_string_not_equal(plan->rows[i].path, "data.json");
    }
    assert_string_equal(plan->rows[plan->count - 1].argv[1], "{tree}/scripts/tool");
    assert_true(logged(&f, "interpreter frobnicate is not one that vetbox can start"));
    assert_true(logged(&f, "scripts/frob"));
}

/* What the instructions show and the package's installation runs as well is of the installation. */
static void test_first_phase(void **state)
{
    (void)state;
    VB_CLEANUP(unload) struct fixture f;
    load(&f, false);
    if (!need("bash"))
        skip();
    add_code(&f, "bash", "make", 3);
    add_entry_when(&f, "package.json", "make", "install");
    add_entry_when(&f, "hooks.json", "make", "load");
    make(&f);
    assert_int_equal(f.plan->count, 1);
    assert_string_equal(f.plan->rows[0].path, "SKILL.md");
    assert_string_equal(f.plan->rows[0].when, "install");
}

static void test_missing_interpreter(void **state)
{
    (void)state;
    VB_CLEANUP(unload) struct fixture f;
    load(&f, false);
    add_code(&f, "fish", "echo fish", 1);
    add_code(&f, "ksh", "echo ksh", 2);
    make(&f);
    if (vb_interpreter_installed(NULL, "fish") == NULL) {
        assert_true(logged(&f, "interpreter fish is not installed"));
        assert_true(logged(&f, "\"path\":\"SKILL.md\""));
        assert_true(logged(&f, "\"line\":1"));
    }
    /* what bash can stand in for is run */
    if (need("bash"))
        assert_string_equal(f.plan->rows[f.plan->count - 1].text, "echo ksh");
}

static void test_left_out(void **state)
{
    (void)state;
    VB_CLEANUP(unload) struct fixture f;
    load(&f, true);
    if (!need("bash"))
        skip();
    char *longer = calloc(1, 100 * 1024 + 2);
    memset(longer, '#', 100 * 1024 + 1);
    add_code(&f, "bash", longer, 1);
    free(longer);
    add_entry(&f, "gone.sh", NULL, "bash");
    add_entry(&f, "notes.txt", NULL, NULL);
    add_entry(&f, "SKILL.md", NULL, "bash");
    make(&f);
    assert_true(logged(&f, "longer than 100 KiB"));
    assert_true(logged(&f, "the file is not in the package"));
    assert_true(logged(&f, "nothing says how it is run"));
    assert_argv(&f.plan->rows[0], "bash", "{tree}/SKILL.md", NULL);
}

static void test_nul_byte(void **state)
{
    (void)state;
    VB_CLEANUP(unload) struct fixture f;
    load(&f, false);
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_CODE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, "SKILL.md");
    vb_event_int(&event, VB_F_LINE, 1);
    vb_event_str(&event, VB_F_FORM, "fence");
    vb_event_str(&event, VB_F_LANGUAGE, "bash");
    vb_event_strn(&event, VB_F_TEXT, "true\0; evil", 11);
    vb_event_str(&event, VB_F_INTERPRETER, "bash");
    add(&f, &event);
    make(&f);
    assert_int_equal(f.plan->count, 0);
    assert_true(logged(&f, "NUL byte"));
}

static void test_same_code_once(void **state)
{
    (void)state;
    VB_CLEANUP(unload) struct fixture f;
    load(&f, false);
    if (!need("bash") || !need("python3"))
        skip();
    add_code(&f, "bash", "echo 1", 1);
    add_code(&f, "bash", "echo 1", 8);
    add_code(&f, "python3", "echo 1", 9);
    make(&f);
    assert_int_equal(f.plan->count, 2);
    assert_int_equal(f.caught.coverage, 0);
}

static void test_module(void **state)
{
    (void)state;
    VB_CLEANUP(unload) struct fixture f;
    load(&f, false);
    if (!need("node"))
        skip();
    add_code(&f, "node", "// x\nimport fs from 'node:fs';\n", 1);
    add_code(&f, "node", "const fs = require('fs');", 2);
    make(&f);
    assert_argv(&f.plan->rows[0], "node", "--input-type=module", "-e");
    assert_argv(&f.plan->rows[1], "node", "-e", "const fs = require('fs');");
}

static void test_time(void **state)
{
    (void)state;
    static const struct {
        size_t rows, row;
        unsigned left, share;
    } cases[] = {
        {1, 0, 60000, 60000},                          /* alone: all of it */
        {2, 0, 60000, 10000},                          /* never more than 10 s */
        {80, 0, 60000, 3000},                          /* four times its even share */
        {80, 79, 60000, 10000}, {256, 0, 10000, 1000}, /* never less than a second */
        {256, 0, 300, 300},                            /* but never more than there is */
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(cases); i++) {
        const struct vb_plan plan = {.count = cases[i].rows};
        assert_int_equal(vb_plan_share_ms(&plan, cases[i].row, cases[i].left), cases[i].share);
    }
}

static void test_too_many(void **state)
{
    (void)state;
    VB_CLEANUP(unload) struct fixture f;
    if (!need("bash"))
        skip();
    load(&f, false);
    for (unsigned row = 0; row < 300; row++) {
        char text[32];
        snprintf(text, sizeof(text), "echo %u", row);
        add_code(&f, "bash", text, (int)row + 1);
    }
    make(&f);
    assert_int_equal(f.plan->count, 256);
    /* every one that is not run is accounted for, without a flood of events */
    assert_int_equal(f.caught.counted, 300 - 256);
    assert_true(f.caught.coverage < 20);
    assert_true(logged(&f, "more than 256"));
}

static void test_shebang(void **state)
{
    (void)state;
    static const struct {
        const char *line, *name; /* NULL: none */
    } cases[] = {
        {"#!/bin/sh\n", "sh"},
        {"#! /usr/bin/env node\n", "node"},
        {"#!/usr/bin/env -S python3 -u\n", "python3"},
        {"#!/usr/bin/env A=1 ruby\n", "ruby"},
        {"#!/bin/bash\r\nx", "bash"},
        {"#!/bin/bash", "bash"},
        {"#!\n", NULL},
        {"#!/\n", NULL},
        {"#", NULL},
        {"", NULL},
        {"#!/usr/bin/env -S npx -y tsx\n", "tsx"},
        {"#!/usr/bin/env -S bunx --bun tsx\n", "tsx"},
        {"#!/usr/bin/env -S deno run -A\n", "deno"},
        {"# !/bin/sh\n", NULL},
        {"#!/usr/bin/env\n", NULL},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(cases); i++) {
        char name[16] = "";
        const bool found =
            vb_interpreter_of_shebang(cases[i].line, strlen(cases[i].line), name, sizeof(name));
        assert_int_equal(found, cases[i].name != NULL);
        if (found)
            assert_string_equal(name, cases[i].name);
    }
    char tiny[4];
    assert_false(vb_interpreter_of_shebang("#!/bin/bash\n", 12, tiny, sizeof(tiny)));
}

/* What an application loads is loaded by what stands in for it, and not run by itself. */
static void test_hosted(void **state)
{
    static const struct {
        const char *reason, *sort, *events;
    } wanted[] = {{"extension", "plugin", NULL},
                  {"activation", "extension", NULL},
                  {"hook:command:new,gateway:startup", "hook", "command:new,gateway:startup"}};
    (void)state;
    for (size_t i = 0; need("node") && i < VB_ARRAY_LEN(wanted); i++) {
        VB_CLEANUP(unload) struct fixture f;
        load(&f, true);
        add_package(&f, ".");
        add_entry(&f, "scripts/c.mjs", NULL, "node");
        add_entry(&f, "scripts/c.mjs", NULL, "node");
        free(f.manifest.entries[0].reason);
        f.manifest.entries[0].reason = strdup("main");
        free(f.manifest.entries[1].reason);
        f.manifest.entries[1].reason = strdup(wanted[i].reason);
        make(&f);
        size_t runs = 0;
        for (size_t row = 0; row < f.plan->count; row++) {
            const struct vb_detonation *one = &f.plan->rows[row];
            if (strcmp(one->path, "scripts/c.mjs") != 0)
                continue;
            runs++;
            assert_true(one->hosted);
            assert_int_equal(one->driver, runs == 1 ? VB_DRIVER_MCP : VB_DRIVER_MCP_HANDSHAKE);
            assert_string_equal(one->argv[0], "node");
            assert_string_equal(one->argv[2], wanted[i].sort);
            assert_string_equal(one->argv[3], "{tree}/scripts/c.mjs");
            assert_true(wanted[i].events == NULL ? one->argv[4] == NULL
                                                 : strcmp(one->argv[4], wanted[i].events) == 0);
            assert_null(one->input);
        }
        assert_int_equal(runs, 2);
    }
}

/* A root with an executable file for each of NAMES. */
static void make_root(char root[32], const char *const *names)
{
    char path[64];
    snprintf(root, 32, "/tmp/vetbox-plan-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/usr", root);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/usr/bin", root);
    assert_int_equal(mkdir(path, 0755), 0);
    for (; *names != NULL; names++) {
        snprintf(path, sizeof(path), "%s/usr/bin/%s", root, *names);
        VB_CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        assert_true(fd >= 0);
    }
}

static void remove_root(const char *root, const char *const *names)
{
    char path[64];
    for (; *names != NULL; names++) {
        snprintf(path, sizeof(path), "%s/usr/bin/%s", root, *names);
        assert_int_equal(unlink(path), 0);
    }
    snprintf(path, sizeof(path), "%s/usr/bin", root);
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof(path), "%s/usr", root);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(root), 0);
}

static void test_typescript(void **state)
{
    (void)state;
    static const char *const languages[] = {"tsx", "ts-node", "bun", "deno", "esbuild"};
    static const char *const all[] = {"node", "esbuild", NULL};
    static const char *const some[] = {"esbuild", NULL}; /* and nothing that runs what it makes */
    char root[32];
    make_root(root, all);
    for (size_t i = 0; i < VB_ARRAY_LEN(languages); i++) {
        const struct vb_interpreter *found = vb_interpreter_installed(root, languages[i]);
        assert_non_null(found);
        assert_string_equal(found->program, "node");
    }
    remove_root(root, all);
    make_root(root, some);
    for (size_t i = 0; i < VB_ARRAY_LEN(languages); i++)
        assert_null(vb_interpreter_installed(root, languages[i]));

    VB_CLEANUP(unload) struct fixture f;
    struct vb_error err = {0};
    load(&f, true);
    const struct vb_plan_input input = {.manifest = &f.manifest, .tree = f.tree, .rootfs = root};
    add_code(&f, "tsx", "let a: number = 1", 3);
    assert_int_equal(vb_plan_make(&input, &f.caught.sink, &f.plan, &err), VB_OK);
    assert_true(logged(&f, "interpreter tsx is not installed: install esbuild"));
    remove_root(root, some);

    assert_string_equal(vb_interpreter_of_path("a/b.ts"), "esbuild");
    assert_string_equal(vb_interpreter_of_path("a/b.tsx"), "esbuild");
    assert_null(vb_interpreter_of_path("a/b.d.ts"));
    assert_null(vb_interpreter_of_path("b.d.mts"));
    assert_string_equal(vb_interpreter_for("node", "b.mts"), "esbuild");
    assert_string_equal(vb_interpreter_for("node", "b.js"), "node");
    assert_null(vb_interpreter_for(NULL, "b.ts"));
}

/* What is only translated runs, and that is said. */
static void test_translated(void **state)
{
    (void)state;
    VB_CLEANUP(unload) struct fixture f;
    static const char *const all[] = {"perl", "bash", NULL};
    char root[32];
    struct vb_error err = {0};
    load(&f, false);
    make_root(root, all);
    const struct vb_plan_input input = {.manifest = &f.manifest, .tree = f.tree, .rootfs = root};
    add_code(&f, "pwsh", "Write-Host 1", 3);
    add_code(&f, "cmd", "echo 2", 4);
    add_code(&f, "osascript", "beep", 5);
    add_code(&f, "bash", "echo 4", 6);
    assert_int_equal(vb_plan_make(&input, &f.caught.sink, &f.plan, &err), VB_OK);
    remove_root(root, all);
    assert_int_equal(f.plan->count, 4);
    assert_int_equal(f.caught.coverage, 3);
    assert_string_equal(f.plan->rows[0].argv[0], "perl");
    assert_string_equal(f.plan->rows[0].argv[3], "ps");
    assert_string_equal(f.plan->rows[0].argv[4], "-c");
    assert_string_equal(f.plan->rows[0].argv[5], "Write-Host 1");
    assert_true(logged(&f, "PowerShell for Windows"));
    assert_true(logged(&f, "a batch file for Windows"));
    assert_true(logged(&f, "AppleScript for macOS"));
}

static void test_servers(void **state)
{
    VB_CLEANUP(unload) struct fixture f;
    (void)state;
    load(&f, true);
    if (!need("python3"))
        skip();
    add_package(&f, ".");
    add_entry(&f, "SKILL.md", "python3 scripts/b.py --stdio", NULL);
    add_entry(&f, "scripts/b.py", NULL, "python3");
    free(f.manifest.entries[0].reason);
    f.manifest.entries[0].reason = strdup("mcp-server:b");
    free(f.manifest.entries[1].reason);
    f.manifest.entries[1].reason = strdup("script");
    assert_true(f.manifest.entries[0].reason != NULL && f.manifest.entries[1].reason != NULL);
    make(&f);
    const struct vb_detonation *rows = f.plan->rows;
    assert_int_equal(rows[0].driver, VB_DRIVER_MCP);
    assert_int_equal(rows[1].driver, VB_DRIVER_MCP_HANDSHAKE);
    assert_string_equal(rows[0].text, rows[1].text);
    assert_string_not_equal(rows[0].client, rows[1].client);
    assert_int_equal(rows[1].repeats, rows[0].id);
    assert_int_equal(rows[0].days_ahead, 0);
    assert_true(rows[1].days_ahead > 0);
    /* Beside many scripts it has more time than they. */
    assert_true(vb_plan_share_ms(f.plan, 0, 60000) >= 8000);
    for (size_t i = 0; i < f.plan->count; i++) {
        assert_int_equal(rows[i].id, i + 1);
        assert_true(i < 2 || rows[i].driver == VB_DRIVER_NONE);
        assert_string_not_equal(rows[i].path, "scripts/b.py"); /* the server runs it */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),          cmocka_unit_test(test_missing_interpreter),
        cmocka_unit_test(test_left_out),       cmocka_unit_test(test_nul_byte),
        cmocka_unit_test(test_same_code_once), cmocka_unit_test(test_module),
        cmocka_unit_test(test_time),           cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_shebang),        cmocka_unit_test(test_first_phase),
        cmocka_unit_test(test_hosted),         cmocka_unit_test(test_servers),
        cmocka_unit_test(test_translated),     cmocka_unit_test(test_typescript),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
