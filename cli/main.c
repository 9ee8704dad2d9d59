/* vetbox: the command table. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"

static const struct vb_command commands[] = {
    {"vet", 'v', "REF...", "fetch, unpack, verify, scan, run in the box, judge", vb_command_vet},
    {"scan", 's', "REF...", "the same without running anything", vb_command_scan},
    {"verify", 'y', "REF", "signatures only", vb_command_verify},
    {"unpack", 'u', "FILE... -d DIR", "safe extraction only", vb_command_unpack},
    {"fetch", 'f', "REF -o FILE", "download only", vb_command_fetch},
    {"run", 'r', "[--] CMD...",
     "any command in the box, recorded; the report goes to standard error", vb_command_run},
    {"judge", 'j', "EVIDENCE", "judge a recorded log again", vb_command_judge},
    {"report", 'p', "EVIDENCE", "render a recorded run in another format", vb_command_report},
    {"rules", 'l', "ACTION [RULE]",
     "YARA for bytes, Sigma for what runs do: list, show RULE, check, test", vb_command_rules},
    {"explain", 'x', "[ID|CODE]", "what a finding, or the code in it, means", vb_command_explain},
    {"doctor", 'd', "", "what this machine can do, and how to mend it", vb_command_doctor},
    {"trust", 't', "ACTION [NAME]",
     "whose signatures are believed: list, check, add FILE, remove NAME", vb_command_trust},
    {"policy", 'o', "ACTION [FILE]",
     "what the findings mean: check [FILE], explain [FILE] [EVIDENCE], list, show [NAME]",
     vb_command_policy},
    {"rootfs", 'b', "build DIR", "a clean root file system to run packages in", vb_command_rootfs},
};

void vb_print_error(const struct vb_error *err)
{
    struct vb_buf line;
    vb_buf_init(&line, 16 * VB_ERROR_MESSAGE_MAX);
    const char *text = err->message[0] != '\0' ? err->message : vb_status_text(err->status);
    if (vb_text_escape(&line, text, strlen(text), false, NULL) == VB_OK)
        fprintf(stderr, "vetbox: %s\n", (const char *)line.data);
    vb_buf_done(&line);
}

static void usage(FILE *out)
{
    fputs("usage: vetbox COMMAND [OPTIONS] ...\n\n"
          "Decides whether an AI-agent skill, plugin or MCP server may be installed.\n\n",
          out);
    for (size_t i = 0; i < VB_ARRAY_LEN(commands); i++)
        fprintf(out, "  %-8s %-14s %s\n", commands[i].name, commands[i].operands, commands[i].help);
    fputs("\nREF: a file, a folder, an https:// URL, npm:NAME[@VERSION], pypi:NAME[@VERSION],\n"
          "clawhub:[OWNER/]SLUG[@VERSION], github:OWNER/REPO[/PATH][@REF],\n"
          "skills:HOST[/PATH][@NAME], or a package URL (pkg:npm/NAME, pkg:pypi/NAME).\n"
          "Exit status: 0 allow, 1 block, 2 review, 64 and up for errors.\n"
          "vetbox help COMMAND lists a command's options.\n",
          out);
}

/* A closed descriptor 0, 1 or 2 would be the next file that vetbox opens, and the report or a
 * message would be written into the event log. Opened the wrong way round, so that using it still
 * fails. */
static bool occupy_stdio(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        const int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", flags) != fd)
            return false;
    }
    return true;
}

static void print_unknown(const char *name)
{
    struct vb_error err = {0};
    vb_fail(&err, VB_E_USAGE, 0, "unknown command %.60s", name);
    vb_print_error(&err);
}

static int command_help(const struct vb_command *command)
{
    printf("usage: vetbox %s [OPTIONS] %s\n\n%s\n\n", command->name, command->operands,
           command->help);
    vb_options_help(stdout, command->letter);
    return 0;
}

/* What was printed is written only now: 0, or the exit status of the failure. */
static int finish_output(void)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return 0;
    struct vb_error err = {0};
    (void)vb_fail(&err, VB_E_IO, errno, "cannot write to standard output");
    vb_print_error(&err);
    return vb_status_exit(VB_E_IO);
}

static int run_command(const struct vb_command *command, int argc, char **argv)
{
    struct vb_error err = {0};
    struct vb_options options;
    int status = vb_options_parse(argc, argv, command->letter, &options, &err);
    if (status == VB_OK && vb_option_given(&options, VB_OPT_HELP))
        status = command_help(command);
    else if (status == VB_OK)
        status = command->run(&options, &err);
    if (status >= 0) {
        const int written = finish_output();
        return written != 0 ? written : status;
    }
    vb_print_error(&err);
    return vb_status_exit(status);
}

static int say_version(void)
{
    puts("vetbox " VETBOX_VERSION);
    return finish_output();
}

static const struct vb_command *command_named(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (!occupy_stdio())
        return 71; /* nowhere to say it */
    umask(022);    /* the confined children of root read, as another user, what it copied */
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write, not the end of us */
    const char *name = argc > 1 ? argv[1] : "";
    const struct vb_command *command = command_named(name);
    if (command != NULL)
        return run_command(command, argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0)
        return say_version();
    bool asked = strcmp(name, "--help") == 0 || strcmp(name, "help") == 0;
    if (asked && argc > 2) {
        name = argv[2];
        command = command_named(name);
        if (command != NULL) {
            (void)command_help(command);
            return finish_output();
        }
        asked = false;
    }
    if (!asked && name[0] != '\0')
        print_unknown(name);
    usage(asked ? stdout : stderr);
    return asked ? finish_output() : 64;
}
