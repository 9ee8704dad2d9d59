/* vetbox rootfs build: a clean root file system from the distribution's packages, for --rootfs. The
 * work is mmdebstrap's, an outside program; its mirrors are those that this machine's apt is set
 * to. */
#include <errno.h>
#include <glob.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/places.h"

/* What packages that are vetted call. A test holds them against vetbox(1). */
static const char *const programs[] = {
    "bash",    "ca-certificates", "coreutils", "curl",           "esbuild",  "file",      "git",
    "jq",      "nodejs",          "npm",       "openssh-client", "openssl",  "perl-base", "procps",
    "python3", "python3-venv",    "unzip",     "wget",           "xz-utils",
};

static int join_programs(struct vb_buf *ret, struct vb_error *err)
{
    static const char option[] = "--include=";
    int status = vb_buf_append(ret, option, strlen(option), err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(programs); i++) {
        if (i > 0)
            status = vb_buf_append(ret, ",", 1, err);
        if (status == VB_OK)
            status = vb_buf_append(ret, programs[i], strlen(programs[i]), err);
    }
    return status == VB_OK ? vb_buf_append(ret, "", 1, err) : status;
}

static void free_glob(glob_t *sources)
{
    globfree(sources);
}

/* apt's own list of sources, in both of its forms. */
static int find_sources(glob_t *ret, struct vb_error *err)
{
    static const char *const patterns[] = {"/etc/apt/sources.list",
                                           "/etc/apt/sources.list.d/*.list",
                                           "/etc/apt/sources.list.d/*.sources"};
    for (size_t i = 0; i < VB_ARRAY_LEN(patterns); i++)
        (void)glob(patterns[i], i > 0 ? GLOB_APPEND : 0, NULL, ret);
    if (ret->gl_pathc == 0)
        return vb_fail(err, VB_E_UNAVAILABLE, 0,
                       "apt has no sources on this machine (/etc/apt/sources.list.d)");
    return VB_OK;
}

/* Runs ARGV to its end, with its own messages on our standard error. */
static int run_program(char *const *argv, struct vb_error *err)
{
    extern char **environ;
    pid_t pid = 0;
    const int failed = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
    if (failed == ENOENT)
        return vb_fail(err, VB_E_UNAVAILABLE, 0, "%s is not installed: apt install %s", argv[0],
                       argv[0]);
    if (failed != 0)
        return vb_fail(err, VB_E_OS, failed, "starting %s", argv[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return vb_fail(err, VB_E_OS, errno, "waiting for %s", argv[0]);
    }
    /* posix_spawnp's child ends with 127 where exec fails. */
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return vb_fail(err, VB_E_UNAVAILABLE, 0, "%s failed; what it made is not usable", argv[0]);
    return VB_OK;
}

static int build(const char *dir, bool quiet, struct vb_error *err)
{
    VB_CLEANUP(free_glob) glob_t sources = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf include;
    vb_buf_init(&include, 4096);
    int status = find_sources(&sources, err);
    if (status == VB_OK)
        status = join_programs(&include, err);
    if (status < 0)
        return status;
    const char *const head[] = {"mmdebstrap",
                                geteuid() == 0 ? "--mode=root" : "--mode=unshare",
                                "--variant=minbase",
                                "--format=directory",
                                quiet ? "--quiet" : "--verbose",
                                (const char *)include.data,
                                "",
                                dir};
    const size_t fixed = VB_ARRAY_LEN(head);
    VB_CLEANUP_FREE char **argv = calloc(fixed + sources.gl_pathc + 1, sizeof(*argv));
    if (argv == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "building a root file system");
    memcpy(argv, head, sizeof(head));
    memcpy(argv + fixed, sources.gl_pathv, sources.gl_pathc * sizeof(*argv));
    return run_program(argv, err);
}

int vb_command_rootfs(const struct vb_options *options, struct vb_error *err)
{
    if (options->operand_count != 2 || strcmp(options->operands[0], "build") != 0)
        return vb_fail(err, VB_E_USAGE, 0, "rootfs build DIR");
    VB_CLEANUP_FD int fd = vb_place_new_folder(options->operands[1], err);
    return fd < 0 ? fd : build(options->operands[1], vb_option_given(options, VB_OPT_QUIET), err);
}
