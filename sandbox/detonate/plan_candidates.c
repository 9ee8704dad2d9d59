/* What of a package could run: the code of its instructions, its entry points, its scripts, and the
 * ways to call them. Runs in the coordinator: of the package's files it reads first lines only. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/detonate/clients.h"
#include "sandbox/detonate/host.h"
#include "sandbox/detonate/hosted.h"
#include "sandbox/detonate/library.h"
#include "sandbox/detonate/plan_internal.h"
#include "sandbox/detonate/servers.h"

enum {
    MAX_LIBRARIES = 16,
    MAX_TEXT = 100 * 1024, /* the kernel takes 128 KiB in one argument (execve(2)) */
    HEAD_BYTES = 256
};

#define PLAIN_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+"

static int plan_one(struct vb_planner *planner, const struct vb_candidate *what,
                    struct vb_error *err)
{
    const struct vb_interpreter *interpreter = NULL;
    char reason[VB_PLAN_REASON_BYTES];
    if (what->interpreter != NULL) {
        interpreter = vb_interpreter_installed(planner->rootfs, what->interpreter);
        vb_plan_missing_interpreter(what->interpreter, reason);
        if (interpreter == NULL)
            return vb_plan_leave_out(planner, what, reason, err);
    }
    if (what->text != NULL && interpreter->text_option == NULL)
        return vb_plan_leave_out(planner, what, "its interpreter takes files only", err);
    if (what->text != NULL && strlen(what->text) > MAX_TEXT)
        return vb_plan_leave_out(planner, what, "code longer than 100 KiB is not run", err);
    struct vb_detonation *row =
        vb_plan_find(planner, what, interpreter == NULL ? NULL : interpreter->name);
    if (row != NULL) {
        vb_plan_move_forward(row, what->when);
        vb_plan_talk_with(row, what->driver);
        return VB_OK;
    }
    if (planner->plan->count >= VB_PLAN_MAX_ROWS)
        return vb_plan_leave_out(planner, what, "more than 256 things to run", err);
    const int status = vb_plan_add_row(planner, what, interpreter, err);
    return status == VB_OK && interpreter != NULL && vb_interpreter_translates(interpreter)
               ? vb_plan_tell_translated(planner, what, interpreter, err)
               : status;
}

/* --- the instructions' code --- */

static const char *form_reason(const char *form)
{
    static const char *const rows[][2] = {{"fence", "fenced block"},
                                          {"inline", "inline command"},
                                          {"substitution", "command substitution"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i][0], form) == 0)
            return rows[i][1];
    }
    return "code";
}

int vb_plan_codes(struct vb_planner *planner, const struct vb_manifest *manifest,
                  struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < manifest->code_count; i++) {
        const struct vb_manifest_code *code = &manifest->codes[i];
        const struct vb_candidate what = {
            .reason = form_reason(code->form),
            .path = code->path,
            .line = code->line,
            .interpreter = code->interpreter,
            .text = code->text,
            .by_agent = true,
        };
        if (code->interpreter == NULL)
            continue; /* identify says that it is no code to run */
        if (memchr(code->text, '\0', code->text_len) != NULL)
            status = vb_plan_leave_out(planner, &what, "code with a NUL byte cannot be run", err);
        else
            status = plan_one(planner, &what, err);
    }
    return status;
}

/* --- files --- */

/* How the file at PATH runs: RET gets the interpreter's name, or "" for a program of its own.
 * False: nothing says that it runs. */
static bool look_at_file(const struct vb_tree *tree, const struct vb_tree_file *file, char *ret,
                         size_t size)
{
    char head[HEAD_BYTES];
    VB_CLEANUP_FD int fd = vb_open_beneath(tree->dirfd, file->path, O_RDONLY | O_NONBLOCK, 0);
    const ssize_t got = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
    ret[0] = '\0';
    if (got > 0 && vb_interpreter_of_shebang(head, (size_t)got, ret, size)) {
        /* python3.11 is python3, node20 is node. */
        for (size_t len = strlen(ret); len > 0 && vb_interpreter_named(ret) == NULL; len--) {
            if (strchr("0123456789.-", ret[len - 1]) == NULL)
                break;
            ret[len - 1] = '\0';
        }
        return true;
    }
    if (got >= 4 && memcmp(head,
                           "\x7f"
                           "ELF",
                           4) == 0)
        return (file->mode & 0111) != 0;
    const char *name = vb_interpreter_of_path(file->path);
    if (name != NULL)
        snprintf(ret, size, "%s", name);
    return name != NULL;
}

/* A file that the command of a server names runs as that server. */
static bool runs_as_server(const struct vb_planner *planner, const char *path)
{
    for (size_t i = 0; i < planner->plan->count; i++) {
        const struct vb_detonation *row = &planner->plan->rows[i];
        const char *at =
            row->driver == VB_DRIVER_NONE || row->text == NULL ? NULL : strstr(row->text, path);
        if (at != NULL && (at == row->text || at[-1] == '/' || at[-1] == ' ') &&
            strchr("\"' ", at[strlen(path)]) != NULL)
            return true;
    }
    return false;
}

static bool is_plain_run(const char *reason)
{
    return strcmp(reason, "script") == 0 || strcmp(reason, "mcp-server") == 0;
}

static enum vb_driver driver_of(const struct vb_planner *planner,
                                const struct vb_manifest_entry *entry)
{
    return vb_is_mcp_server(planner->manifest, entry) ? VB_DRIVER_MCP : VB_DRIVER_NONE;
}

/* The shell's TEXT with ARGUMENTS behind it, each as it is. NULL: they cannot be. */
static char *add_arguments(const char *text, char *const *arguments)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf made;
    vb_buf_init(&made, MAX_TEXT);
    int status = vb_buf_append_str(&made, text, NULL);
    for (; status == VB_OK && *arguments != NULL; arguments++)
        status = strchr(*arguments, '\'') == NULL ? vb_buf_printf(&made, NULL, " '%s'", *arguments)
                                                  : VB_E_LIMIT;
    return status < 0 ? NULL : strdup((const char *)made.data);
}

/* The server WHAT once more, as FORM. */
static int plan_form(struct vb_planner *planner, const struct vb_candidate *plain,
                     const struct vb_client_form *form, struct vb_error *err)
{
    struct vb_candidate what = *plain;
    VB_CLEANUP_FREE char *text =
        plain->text == NULL ? NULL : add_arguments(plain->text, form->arguments);
    const struct vb_interpreter *interpreter =
        plain->interpreter == NULL ? NULL
                                   : vb_interpreter_installed(planner->rootfs, plain->interpreter);
    if ((plain->text != NULL && text == NULL) ||
        (plain->interpreter != NULL && interpreter == NULL) ||
        planner->plan->count >= VB_PLAN_MAX_ROWS)
        return VB_OK; /* as it is without them, which is said where it is planned */
    what.text = text;
    what.arguments = text == NULL ? form->arguments : NULL;
    what.form = form;
    return vb_plan_add_row(planner, &what, interpreter, err);
}

/* A server as it is, and as its documents have it started. Of these the first counts like any
 * server, the others as further ways to run it. */
static int plan_forms(struct vb_planner *planner, const struct vb_manifest_entry *entry,
                      const struct vb_candidate *plain, struct vb_error *err)
{
    struct vb_client_form forms[VB_CLIENT_FORMS_MAX];
    int status = plan_one(planner, plain, err);
    const int count = status < 0 || plain->driver == VB_DRIVER_NONE
                          ? 0
                          : vb_client_forms(planner->manifest, entry, forms);
    if (count < 0)
        return vb_fail(err, VB_E_NOMEM, errno, "planning an MCP server");
    for (int i = 0; status == VB_OK && i < count; i++) {
        struct vb_candidate what = *plain;
        what.call = i > 0;
        status = plan_form(planner, &what, &forms[i], err);
    }
    for (int i = 0; i < count; i++)
        vb_client_form_done(&forms[i]);
    return status;
}

/* The file of an entry point that names no command. */
static int plan_file(struct vb_planner *planner, const struct vb_manifest_entry *entry,
                     const char *input, struct vb_error *err)
{
    struct vb_candidate what = {.reason = entry->reason,
                                .path = entry->path,
                                .input = input,
                                .interpreter = vb_interpreter_for(entry->interpreter, entry->path),
                                .when = entry->when,
                                .driver = driver_of(planner, entry)};
    char name[64];
    const struct vb_tree_file *file = vb_tree_find(planner->tree, entry->path);
    if (file == NULL)
        return vb_plan_leave_out(planner, &what, "the file is not in the package", err);
    if (runs_as_server(planner, entry->path) && is_plain_run(entry->reason))
        return VB_OK;
    if (entry->interpreter == NULL && !look_at_file(planner->tree, file, name, sizeof(name)))
        return vb_plan_leave_out(planner, &what, "nothing says how it is run", err);
    if (entry->interpreter == NULL)
        what.interpreter = name[0] == '\0' ? NULL : name;
    return plan_forms(planner, entry, &what, err);
}

static const char *command_shell(const char *interpreter)
{
    return interpreter != NULL && strcmp(interpreter, "sh") == 0 ? "sh" : "bash";
}

/* A server that is started by a command. */
static int plan_server(struct vb_planner *planner, const struct vb_manifest_entry *entry,
                       struct vb_candidate what, struct vb_error *err)
{
    bool failed;
    VB_CLEANUP_FREE char *command = vb_mcp_command(
        planner->manifest, entry, vb_plan_package_folder(planner->manifest, entry->path), &failed);
    if (failed)
        return vb_fail(err, VB_E_NOMEM, errno, "planning an MCP server");
    what.text = command;
    what.driver = VB_DRIVER_MCP;
    return vb_is_program(entry->reason) ? plan_forms(planner, entry, &what, err)
                                        : plan_one(planner, &what, err);
}

static bool is_started(const struct vb_planner *planner, const struct vb_manifest_entry *entry)
{
    return entry->command != NULL && driver_of(planner, entry) != VB_DRIVER_NONE;
}

/* Code that an application loads: who stands in for it is talked with like a server. */
static int plan_hosted(struct vb_planner *planner, const struct vb_manifest_entry *entry,
                       const struct vb_hosted *host, struct vb_error *err)
{
    const struct vb_candidate what = {.reason = entry->reason,
                                      .path = entry->path,
                                      .line = entry->line,
                                      .interpreter = entry->interpreter,
                                      .when = entry->when,
                                      .driver = VB_DRIVER_MCP,
                                      .host = host};
    return vb_tree_find(planner->tree, entry->path) == NULL
               ? vb_plan_leave_out(planner, &what, "the file is not in the package", err)
               : plan_one(planner, &what, err);
}

/* A program in the bin/ of a plugin is called by its name, as what it may stand in front of. */
static int plan_command(struct vb_planner *planner, const struct vb_manifest_entry *entry,
                        struct vb_error *err)
{
    static const char prefix[] = "bin:";
    const struct vb_manifest_package *package = vb_plan_package_of(planner->manifest, entry->path);
    if (strncmp(entry->reason, prefix, sizeof(prefix) - 1) != 0 || package == NULL ||
        !vb_host_shows_bin(package->kind))
        return VB_OK;
    const char *name = entry->reason + sizeof(prefix) - 1;
    char text[128];
    struct vb_candidate what = {.reason = entry->reason,
                                .path = entry->path,
                                .interpreter = "bash",
                                .text = text,
                                .when = entry->when,
                                .by_agent = true};
    if (name[0] == '\0' || name[0] == '-' || !vb_path_safe(name) ||
        strspn(name, PLAIN_CHARACTERS) != strlen(name) ||
        snprintf(text, sizeof(text), "%s --version", name) >= (int)sizeof(text))
        return VB_OK; /* the file itself is run */
    return plan_one(planner, &what, err);
}

/* A target of a build file needs room, and the program that reads the file. */
static int plan_build_call(struct vb_planner *planner, const struct vb_manifest_entry *entry,
                           const struct vb_candidate *what, struct vb_error *err)
{
    const struct vb_candidate calls = {
        .reason = VB_CALLS_NOT_RUN, .path = entry->path, .line = entry->line};
    const char *program = entry->interpreter;
    if (program != NULL && vb_interpreter_installed(planner->rootfs, program) == NULL)
        return vb_plan_leave_out(planner, &calls, "interpreter make is not installed", err);
    return planner->plan->count < VB_PLAN_MAX_ROWS
               ? plan_one(planner, what, err)
               : vb_plan_leave_out(planner, &calls, "more than 256 things to run", err);
}

/* A hook is tried with the events that it is for. */
static int plan_entry(struct vb_planner *planner, const struct vb_manifest_entry *entry,
                      struct vb_candidate *what, struct vb_error *err)
{
    char *inputs[VB_HOST_EVENTS_MAX] = {NULL};
    struct vb_hosted host;
    if (vb_hosted(entry, &host))
        return plan_hosted(planner, entry, &host, err);
    if (is_started(planner, entry))
        return plan_server(planner, entry, *what, err);
    if (entry->command != NULL && vb_plan_is_build_call(entry->reason))
        return plan_build_call(planner, entry, what, err);
    const int count = vb_host_events(entry->reason, inputs);
    int status = count < 0 ? vb_fail(err, VB_E_NOMEM, errno, "planning a hook") : VB_OK;
    for (int i = 0; status == VB_OK && i < (count > 0 ? count : 1); i++) {
        what->input = inputs[i];
        status = entry->command != NULL ? plan_one(planner, what, err)
                                        : plan_file(planner, entry, what->input, err);
    }
    for (int i = 0; i < count; i++)
        free(inputs[i]);
    return status;
}

int vb_plan_entries(struct vb_planner *planner, const struct vb_manifest *manifest,
                    struct vb_error *err)
{
    int status = VB_OK;
    for (int started = 1; started >= 0; started--) {
        for (size_t i = 0; status == VB_OK && i < manifest->entry_count; i++) {
            const struct vb_manifest_entry *entry = &manifest->entries[i];
            struct vb_hosted host;
            struct vb_candidate what = {
                .reason = entry->reason,
                .path = entry->path,
                .line = entry->line,
                .interpreter = command_shell(entry->interpreter),
                .text = entry->command,
                .when = entry->when,
            };
            if ((is_started(planner, entry) || vb_hosted(entry, &host)) == (started == 1))
                status = plan_entry(planner, entry, &what, err);
            if (status == VB_OK && started == 0)
                status = plan_command(planner, entry, err);
        }
    }
    return status;
}

/* An entry point of the manifest, which was planned or left out by its name already. */
static bool is_entry(const struct vb_manifest *manifest, const char *path)
{
    for (size_t i = 0; i < manifest->entry_count; i++) {
        const struct vb_manifest_entry *entry = &manifest->entries[i];
        if (entry->command == NULL && strcmp(entry->path, path) == 0)
            return true;
    }
    return false;
}

int vb_plan_scripts(struct vb_planner *planner, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < planner->tree->count; i++) {
        const struct vb_tree_file *file = &planner->tree->files[i];
        char name[64];
        if (is_entry(planner->manifest, file->path) ||
            !look_at_file(planner->tree, file, name, sizeof(name)) ||
            runs_as_server(planner, file->path))
            continue;
        const struct vb_candidate what = {
            .reason = name[0] == '\0' ? "program" : "script",
            .path = file->path,
            .interpreter = name[0] == '\0' ? NULL : name,
        };
        status = plan_one(planner, &what, err);
    }
    return status;
}

/* Calls what ROW only defines. LIBRARIES counts how often that was planned. */
static int plan_functions(struct vb_planner *planner, const struct vb_detonation *row,
                          size_t *libraries, struct vb_error *err)
{
    struct vb_candidate what = {.reason = VB_FUNCTIONS,
                                .path = row->path,
                                .line = row->line,
                                .text = row->text,
                                .call = true,
                                .caller = vb_library_caller(row->interpreter),
                                .when = row->when};
    if (what.caller == NULL)
        return VB_OK;
    if ((*libraries)++ < MAX_LIBRARIES)
        return vb_plan_add_row(planner, &what, vb_interpreter_named(row->interpreter), err);
    what.reason = VB_CALLS_NOT_RUN;
    return vb_plan_leave_out(planner, &what, "more than 16 files or blocks of functions", err);
}

/* One more way to run ROW, which USAGE says. */
static int plan_usage(struct vb_planner *planner, const struct vb_manifest_usage *usage,
                      const struct vb_detonation *row, size_t *libraries, struct vb_error *err)
{
    const struct vb_candidate what = {.reason = usage->reason,
                                      .path = usage->path,
                                      .arguments = usage->argv,
                                      .call = true,
                                      .when = row->when};
    const bool functions = strcmp(usage->reason, VB_FUNCTIONS) == 0;
    if (functions)
        return row->text != NULL ? VB_OK : plan_functions(planner, row, libraries, err);
    return vb_plan_add_row(planner, &what, vb_interpreter_named(row->interpreter), err);
}

/* The ways to call a script, which runs without arguments first. */
int vb_plan_usages(struct vb_planner *planner, const struct vb_manifest *manifest,
                   struct vb_error *err)
{
    static const struct vb_candidate calls = {.reason = VB_CALLS_NOT_RUN};
    int status = VB_OK;
    uint64_t missed = 0;
    size_t libraries = 0;
    for (size_t i = 0; status == VB_OK && i < manifest->usage_count; i++) {
        const struct vb_manifest_usage *usage = &manifest->usages[i];
        const struct vb_candidate what = {.path = usage->path, .arguments = usage->argv};
        const struct vb_detonation *row = vb_plan_find(planner, &what, NULL);
        if (row == NULL || row->hosted)
            continue; /* it was left out, which is said, or nobody calls it by itself */
        if (planner->plan->count >= VB_PLAN_MAX_ROWS)
            missed++;
        else
            status = plan_usage(planner, usage, row, &libraries, err);
    }
    /* The code of documents, which whoever takes it over calls. */
    const size_t planned = planner->plan->count;
    for (size_t i = 0; status == VB_OK && i < planned; i++) {
        const struct vb_detonation *row = &planner->plan->rows[i];
        if (row->text == NULL || row->hosted || row->driver != VB_DRIVER_NONE ||
            !vb_library_defines(row->interpreter, row->text))
            continue;
        if (planner->plan->count >= VB_PLAN_MAX_ROWS)
            missed++;
        else
            status = plan_functions(planner, row, &libraries, err);
    }
    return status < 0 || missed == 0
               ? status
               : vb_plan_emit_coverage(planner, &calls, "more than 256 things to run", missed, err);
}
