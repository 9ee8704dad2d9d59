/* One box, without the recorder: the package and the baits in it, and what a run leaves changed. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "box_harness.h"

static void test_baits(void **state)
{
    (void)state;
    const unsigned char seed[32] = {1, 2, 3};
    struct vb_error err = {0};
    struct vb_bait_set *baits = NULL;
    assert_int_equal(vb_bait_set_new(VB_PERSONA_HOME, seed, &baits, &err), VB_OK);
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    run.setup.baits = baits;
    run_shell(&run, "stat -c '%a %U' .ssh .ssh/id_ed25519; cat .ssh/id_ed25519; env", 10000);
    assert_int_equal(run.status, VB_OK);
    assert_non_null(strstr(output(&run), "700 alex\n600 alex\n"));
    assert_non_null(strstr(output(&run), "OPENSSH PRIVATE KEY"));
    assert_true(logged(&run, "bait.seen"));
    assert_true(logged(&run, "\"where\":\"output\""));
    assert_true(logged(&run, "\"bait\":\"ssh-ed25519\""));
    assert_false(logged(&run, "truth.file")); /* reading changes nothing */
    for (size_t i = 0; i < vb_bait_count(baits); i++) {
        const struct vb_bait *bait = vb_bait_at(baits, i);
        if (bait->place == VB_BAIT_ENV)
            assert_non_null(strstr(output(&run), bait->env));
    }
    vb_bait_set_free(baits);
}

static void put(int dirfd, const char *path, uint32_t mode, const char *text)
{
    assert_int_equal(vb_mkdir_parents(dirfd, path), 0);
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, path, O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void make_package(struct run *run)
{
    struct vb_error err = {0};
    int dirfd = -1;
    assert_int_equal(vb_workspace_new(1 << 20, 100, &dirfd, &err), VB_OK);
    put(dirfd, "SKILL.md", 0644, "# weather\n");
    put(dirfd, "scripts/run.sh", 0755, "#!/bin/sh\necho from the package: $0\n");
    run->setup.options.tree_fd = dirfd;
    run->setup.tree_bytes = 65536;
    run->setup.tree_entries = 10;
}

static void test_package(void **state)
{
    (void)state;
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    make_package(&run);
    char program[] = "{tree}/scripts/run.sh";
    char *argv[] = {program, NULL};
    run_argv(&run, argv, 5000);
    assert_int_equal(run.status, VB_OK);
    assert_string_equal(output(&run),
                        "from the package: "
                        "/home/alex/.openclaw/workspace/skills/weather/scripts/run.sh\n");
    assert_false(logged(&run, "truth.file"));
}

/* A link in a folder's place does not hide that the folder's files are gone. */
static void test_truth_behind_a_link(void **state)
{
    (void)state;
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    make_package(&run);
    run_shell(&run, "rm scripts/run.sh; rmdir scripts; ln -s /usr scripts", 10000);
    assert_int_equal(run.status, VB_OK);
    const char *at = strstr(
        (const char *)run.caught.log.data,
        "\"path\":\"/home/alex/.openclaw/workspace/skills/weather/scripts/run.sh\",\"change\":");
    assert_non_null(at);
    assert_non_null(strstr(at, "\"change\":\"removed\""));
}

static void test_truth(void **state)
{
    (void)state;
    struct vb_error err = {0};
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    make_package(&run);
    assert_int_equal(vb_workspace_new(1 << 20, 100, &run.setup.staging_fd, &err), VB_OK);
    run_shell(
        &run,
        "echo malware > /tmp/new; ln -s /etc/passwd link; echo '# more' >> SKILL.md; "
        "rm ~/.bash_logout; chmod 600 scripts/run.sh; echo \"alias ls=rm\" >> ~/.bashrc; "
        "touch -r ~/.profile ~/.ref; printf X | dd of=$HOME/.profile conv=notrunc status=none; "
        "touch -r ~/.ref ~/.profile; rm ~/.ref; mkdir -p /var/tmp/a/b; "
        "echo deep > /var/tmp/a/b/c; chmod 000 /var/tmp/a/b/c /var/tmp/a/b /var/tmp/a",
        10000);
    assert_int_equal(run.status, VB_OK);
    static const char *const rows[][2] = {
        {"/tmp/new\"", "created"},
        {"skills/weather/link\"", "created"},
        {"skills/weather/SKILL.md\"", "modified"},
        {"skills/weather/scripts/run.sh\"", "metadata"},
        {"/home/alex/.bash_logout\"", "removed"},
        {"/home/alex/.bashrc\"", "modified"},
        {"/home/alex/.profile\"", "modified"}, /* its old times were put back */
        {"/var/tmp/a/b/c\"", "created"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const char *at = strstr((const char *)run.caught.log.data, rows[i][0]);
        if (at == NULL)
            fail_msg("no event for %s", rows[i][0]);
        const char *end = strchr(at, '\n');
        const char *change = strstr(at, rows[i][1]);
        if (change == NULL || change > end)
            fail_msg("%s was not %s", rows[i][0], rows[i][1]);
    }
    assert_false(logged(&run, "truth.file\",\"path\":\"/home/alex/.ref"));
    char digest[VB_SHA256_HEX];
    assert_int_equal(vb_sha256_hex("malware\n", 8, digest, &err), VB_OK);
    assert_true(logged(&run, digest));
    char kept[16] = "";
    VB_CLEANUP_FD int fd = vb_open_beneath(run.setup.staging_fd, digest, O_RDONLY, 0);
    assert_int_equal(read(fd, kept, sizeof(kept)), 8);
    assert_string_equal(kept, "malware\n");
}

/* A folder that was removed and made again hides what was below, also in its own folders. */
static void test_truth_of_a_new_folder(void **state)
{
    (void)state;
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    make_package(&run);
    run_shell(&run, "cd ..; rm -r weather; mkdir -p weather/scripts; echo new > weather/SKILL.md",
              10000);
    assert_int_equal(run.status, VB_OK);
#define SKILL VB_PERSONA_SKILLS "/weather/"
    assert_true(changed(&run, SKILL "SKILL.md", "modified"));
    assert_true(changed(&run, SKILL "scripts/run.sh", "removed"));
    assert_false(changed(&run, SKILL "scripts", "removed"));
    SHELL(file, "rm -r ~/.config; echo a file > ~/.config");
    assert_true(changed(&file, "/home/alex/.config", "removed"));
    assert_true(changed(&file, "/home/alex/.config", "created"));
}

/* What was touched and what was written as it was before is no change. */
static void test_truth_of_nothing(void **state)
{
    (void)state;
    SHELL(run, "touch ~/.profile; cp ~/.bashrc /tmp/x; cat /tmp/x > ~/.bashrc; rm /tmp/x; "
               "mkdir -p ~/.config; chmod 700 ~/.profile; chmod 644 ~/.profile");
    assert_false(logged(&run, "truth.file"));
}

/* Nobody but root writes to /usr; whoever tries all the same is seen. */
static void test_truth_of_usr(void **state)
{
    (void)state;
    SHELL(run, "chmod u+w /usr && mkdir /usr/evil && echo x > /usr/evil/x; rm -f /usr/bin/env; "
               "echo y > /usr/bin/env");
    assert_int_equal(changed(&run, "/usr/evil/x", "created"), run.setup.base.overlay);
    assert_false(logged(&run, "\"path\":\"/usr/bin"));
}

/* Files that there is no room to keep are told, and are no failure of ours. */
static void test_no_room_to_keep(void **state)
{
    (void)state;
    struct vb_error err = {0};
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    assert_int_equal(vb_workspace_new(1 << 16, 20, &run.setup.staging_fd, &err), VB_OK);
    run_shell(&run, "head -c 200000 /dev/urandom > /tmp/big; echo small > /tmp/small", 10000);
    assert_int_equal(run.status, VB_OK);
    assert_true(changed(&run, "/tmp/big", "created"));
    assert_true(logged(&run, "too large or too many to keep"));
}

int main(void)
{
    if (!boxes_available())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_room_to_keep),
    };
    const struct CMUnitTest files[] = {
        cmocka_unit_test(test_baits),
        cmocka_unit_test(test_package),
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_truth_behind_a_link),
        cmocka_unit_test(test_truth_of_a_new_folder),
        cmocka_unit_test(test_truth_of_usr),
        cmocka_unit_test(test_truth_of_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += cmocka_run_group_tests(files, NULL, NULL);
    without_overlay = true;
    return failed + cmocka_run_group_tests(files, NULL, NULL);
}
