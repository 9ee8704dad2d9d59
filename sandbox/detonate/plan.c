/* plan: what of a package is run, and in which order. Everything that could execute
 * and is not in the plan is a coverage event: nothing is left out in silence. Runs in the
 * coordinator: of the package's files it reads first lines only. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/detonate/clients.h"
#include "sandbox/detonate/host.h"
#include "sandbox/detonate/hosted.h"
#include "sandbox/detonate/interpreter.h"
#include "sandbox/detonate/library.h"
#include "sandbox/detonate/servers.h"
#include "sandbox/detonate/setting.h"
#include "vetbox/sandbox.h"

enum {
    MAX_ROWS = 256,
    MAX_REPEATED = 16,
    MAX_LIBRARIES = 16,
    MAX_TEXT = 100 * 1024, /* the kernel takes 128 KiB in one argument (execve(2)) */
    HEAD_BYTES = 256,
    MAX_ALIKE = 16, /* coverage events of one reason before they are only counted */
    MAX_REASONS = 64,
    REASON_BYTES = 128
};

#define PLAIN_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+"

/* Something that runs, before it is known whether there is room for it. */
struct candidate {
    const char *reason;
    const char *path;
    int64_t line;
    const char *interpreter; /* as the package wants it; NULL: the file is a program itself */
    const char *text;        /* code; NULL: run the file */
    const char *when;        /* NULL: nobody says, so whoever uses the package runs it */
    char *const *arguments;  /* for the file; NULL: none */
    const struct vb_client_form *form; /* as which a document has the server started, or NULL */
    bool call;                         /* one more way to run what runs anyway */
    const char *caller;                /* code that calls the functions of the file; NULL: none */
    const char *input;                 /* as in struct vb_detonation */
    enum vb_driver driver;
    bool by_agent;                /* in its shell, which finds the package's bin/ first */
    const struct vb_hosted *host; /* loads the file; NULL: it runs by itself */
};

struct left_out {
    char reason[REASON_BYTES];
    uint64_t count;
};

struct planner {
    const struct vb_manifest *manifest;
    const struct vb_tree *tree;
    const char *rootfs;
    struct vb_sink *sink;
    struct vb_plan *plan;
    struct left_out left_out[MAX_REASONS];
    size_t reason_count;
};

/* --- what is left out --- */

static int emit_coverage(struct planner *planner, const struct candidate *what, const char *reason,
                         uint64_t count, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, what->reason);
    vb_event_str(&event, VB_F_REASON, reason);
    if (count > 0)
        vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    else
        vb_event_str(&event, VB_F_PATH, what->path);
    if (count == 0 && what->line > 0)
        vb_event_int(&event, VB_F_LINE, what->line);
    return vb_emit(planner->sink, &event, err);
}

static struct left_out *reason_row(struct planner *planner, const char *reason)
{
    for (size_t i = 0; i < planner->reason_count; i++) {
        if (strcmp(planner->left_out[i].reason, reason) == 0)
            return &planner->left_out[i];
    }
    if (planner->reason_count == MAX_REASONS)
        return NULL;
    struct left_out *row = &planner->left_out[planner->reason_count++];
    snprintf(row->reason, sizeof(row->reason), "%s", reason);
    return row;
}

static int leave_out(struct planner *planner, const struct candidate *what, const char *reason,
                     struct vb_error *err)
{
    struct left_out *row = reason_row(planner, reason);
    if (row != NULL && ++row->count > MAX_ALIKE)
        return VB_OK; /* told as a number at the end */
    return emit_coverage(planner, what, reason, 0, err);
}

static int tell_left_out(struct planner *planner, struct vb_error *err)
{
    static const struct candidate more = {.reason = "more of the same"};
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < planner->reason_count; i++) {
        const struct left_out *row = &planner->left_out[i];
        if (row->count > MAX_ALIKE)
            status = emit_coverage(planner, &more, row->reason, row->count - MAX_ALIKE, err);
    }
    return status;
}

/* --- rows --- */

static void free_list(char **list)
{
    for (char **item = list; item != NULL && *item != NULL; item++)
        free(*item);
    free(list);
}

static void free_row(struct vb_detonation *row)
{
    free_list(row->argv);
    free_list(row->env);
    free(row->input);
    free(row->reason);
    free(row->path);
    free(row->interpreter);
    free(row->text);
    free(row->cwd);
}

void vb_plan_free(struct vb_plan *plan)
{
    if (plan == NULL)
        return;
    for (size_t i = 0; i < plan->count; i++)
        free_row(&plan->rows[i]);
    free(plan->rows);
    free(plan);
}

/* A copy; NULL stays NULL. Sets *FAILED when memory ran out. */
static char *copy(const char *text, bool *failed)
{
    char *made = text == NULL ? NULL : strdup(text);
    *failed = *failed || (text != NULL && made == NULL);
    return made;
}

/* The same of a list. */
static char **copy_list(const char *const *list, bool *failed)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL)
        count++;
    char **made = list == NULL ? NULL : calloc(count + 1, sizeof(*made));
    *failed = *failed || (list != NULL && made == NULL);
    for (size_t i = 0; made != NULL && i < count; i++)
        made[i] = copy(list[i], failed);
    return made;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The phases, the one with the least asking of the user first. */
static const char *const phases[] = {"install", "load", "use"};

static size_t phase_of(const char *when)
{
    size_t i = 0;
    while (i + 1 < VB_ARRAY_LEN(phases) && (when == NULL || strcmp(phases[i], when) != 0))
        i++;
    return i;
}

/* The same code in the same language runs once: each box is new, so twice shows nothing more. NULL:
 * it is not planned yet. */
static struct vb_detonation *planned(const struct planner *planner, const struct candidate *what,
                                     const char *interpreter)
{
    for (size_t i = 0; i < planner->plan->count; i++) {
        struct vb_detonation *row = &planner->plan->rows[i];
        if (!same_text(row->text, what->text) || !same_text(row->input, what->input))
            continue;
        if (what->text != NULL ? same_text(row->interpreter, interpreter)
                               : same_text(row->path, what->path))
            return row;
    }
    return NULL;
}

/* As who a driver presents itself: first, and the second time. */
static const char *const clients[] = {"claude-code", "cursor-vscode"};
enum { CLIENT_DAYS_AHEAD = 30 };

/* What is a server among other things is one. */
static void talk_with(struct vb_detonation *row, enum vb_driver driver)
{
    if (row->driver != VB_DRIVER_NONE || driver == VB_DRIVER_NONE)
        return;
    row->driver = driver;
    row->client = clients[0];
}

/* What runs in several phases counts as of the first. */
/* Who is talked with is started when its host is, though a person may call it too. */
static const char *when_of(const struct candidate *what)
{
    const size_t phase = phase_of(what->when), load = phase_of("load");
    return phases[what->driver != VB_DRIVER_NONE && phase > load ? load : phase];
}

static void move_forward(struct vb_detonation *row, const char *when)
{
    if (phase_of(when) < phase_of(row->when))
        row->when = phases[phase_of(when)];
}

/* node takes code for CommonJS unless told: a module's import would be a syntax error. */
static bool is_module(const char *text)
{
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "import ", 7) == 0 || strncmp(line, "import{", 7) == 0 ||
            strncmp(line, "export ", 7) == 0)
            return true;
    }
    return false;
}

static char **make_argv(const struct candidate *what, const struct vb_interpreter *interpreter)
{
    enum { MAX_ITEMS = 9 };
    bool failed = false;
    size_t count = 0;
    size_t more = 0;
    while (what->arguments != NULL && what->arguments[more] != NULL)
        more++;
    char **argv = calloc(MAX_ITEMS + more, sizeof(*argv));
    if (argv == NULL)
        return NULL;
    if (interpreter != NULL)
        argv[count++] = copy(what->host != NULL             ? "node"
                             : interpreter->program == NULL ? interpreter->name
                                                            : interpreter->program,
                             &failed);
    for (size_t i = 0;
         interpreter != NULL && what->host == NULL && i < VB_ARRAY_LEN(interpreter->words); i++) {
        if (interpreter->words[i] != NULL && !failed)
            argv[count++] = copy(interpreter->words[i], &failed);
    }
    if (what->host != NULL) {
        argv[count++] = copy(what->host->program, &failed);
        argv[count++] = copy(what->host->sort, &failed);
    }
    if (what->text != NULL) {
        if (strcmp(interpreter->name, "node") == 0 && is_module(what->text))
            argv[count++] = copy("--input-type=module", &failed);
        argv[count++] = copy(interpreter->text_option, &failed);
        argv[count++] = copy(what->text, &failed);
    } else if (what->caller != NULL) {
        argv[count++] = copy(interpreter->text_option, &failed);
        argv[count++] = copy(what->caller, &failed);
    }
    if (what->text == NULL && !failed && asprintf(&argv[count++], "{tree}/%s", what->path) < 0) {
        argv[--count] = NULL;
        failed = true;
    }
    if (what->host != NULL && what->host->events[0] != '\0' && !failed)
        argv[count++] = copy(what->host->events, &failed);
    for (size_t i = 0; i < more && !failed && what->caller == NULL; i++)
        argv[count++] = copy(what->arguments[i], &failed);
    if (!failed)
        return argv;
    free_list(argv);
    return NULL;
}

/* The innermost package that holds PATH, and of several there the first. NULL: none does. */
static const struct vb_manifest_package *package_of(const struct vb_manifest *manifest,
                                                    const char *path)
{
    const struct vb_manifest_package *best = NULL;
    size_t best_len = 0;
    for (size_t i = 0; i < manifest->package_count; i++) {
        const char *root = manifest->packages[i].root;
        const bool top = root != NULL && strcmp(root, ".") == 0;
        const size_t len = root == NULL || top ? 0 : strlen(root);
        const bool holds = top || (root != NULL && vb_path_safe(root) &&
                                   strncmp(path, root, len) == 0 && path[len] == '/');
        if (holds && (best == NULL || len > best_len)) {
            best = &manifest->packages[i];
            best_len = len;
        }
    }
    return best;
}

/* Agents start a skill's commands in its folder. NULL: the top of the tree. */
static const char *package_folder(const struct vb_manifest *manifest, const char *path)
{
    const struct vb_manifest_package *package = package_of(manifest, path);
    return package == NULL || strcmp(package->root, ".") == 0 ? NULL : package->root;
}

/* The agent's shell finds the programs of the plugin first; but the interpreter is the host's. */
static bool finds_bin(const struct planner *planner, const struct candidate *what,
                      const struct vb_manifest_package *package)
{
    static const char prefix[] = "bin:";
    bool found = false;
    for (size_t i = 0; what->by_agent && i < planner->manifest->entry_count; i++) {
        const struct vb_manifest_entry *entry = &planner->manifest->entries[i];
        if (strncmp(entry->reason, prefix, sizeof(prefix) - 1) != 0 ||
            package_of(planner->manifest, entry->path) != package)
            continue;
        found = true;
        if (vb_interpreter_named(entry->reason + sizeof(prefix) - 1) != NULL)
            return false;
    }
    return found;
}

/* A command that an agent types takes the variable NAME in. */
static bool takes_in(const struct candidate *what, const char *name)
{
    const size_t len = strlen(name);
    if (!what->by_agent || what->text == NULL)
        return false;
    for (const char *at = what->text; (at = strchr(at, '$')) != NULL;) {
        at += 1 + (at[1] == '{');
        if (strncmp(at, name, len) == 0 && strchr("}:/\"' \n", at[len]) != NULL)
            return true;
    }
    return false;
}

/* Who starts a server sets what its documents name, but for what they set themselves only keys; and
 * who types a command, the keys in it. */
static bool sets(const struct candidate *what, const char *name)
{
    const bool server = what->driver != VB_DRIVER_NONE;
    return (server && what->form == NULL) ||
           (vb_setting_is_key(name) && (server || takes_in(what, name)));
}

/* What the host of the package sets. NULL: nothing. */
static char **host_environment(const struct planner *planner, const struct candidate *what,
                               bool *failed)
{
    const struct vb_manifest *manifest = planner->manifest;
    const struct vb_manifest_package *package = package_of(manifest, what->path);
    char *set[VB_HOST_VARIABLES_MAX + 1] = {NULL};
    const bool made =
        package == NULL ||
        vb_host_environment(package->kind, package->root, finds_bin(planner, what, package), set);
    size_t documented = 0;
    while (what->form != NULL && what->form->environment[documented] != NULL)
        documented++;
    char **list =
        calloc(VB_HOST_VARIABLES_MAX + documented + VB_MANIFEST_VARIABLES_MAX + 1, sizeof(*list));
    size_t count = 0;
    for (; set[count] != NULL; count++) {
        if (list != NULL)
            list[count] = set[count];
        else
            free(set[count]);
    }
    for (size_t i = 0; list != NULL && i < documented; i++)
        list[count++] = copy(what->form->environment[i], failed);
    /* What the machine has already stays. */
    for (size_t i = 0; list != NULL && i < manifest->variable_count; i++) {
        char setting[256] = "?";
        if (sets(what, manifest->variables[i]) &&
            vb_setting_make(manifest->variables[i], setting + 1, sizeof(setting) - 1))
            list[count++] = copy(setting, failed);
    }
    *failed = *failed || !made || list == NULL;
    return list;
}

/* Nobody says that a target of a build file is run: what of them is not says nothing about the
 * package. */
static bool is_build_call(const char *reason)
{
    static const char *const prefixes[] = {"make:", "just:", "docker:"};
    for (size_t i = 0; i < VB_ARRAY_LEN(prefixes); i++) {
        if (strncmp(reason, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

static int add_row(struct planner *planner, const struct candidate *what,
                   const struct vb_interpreter *interpreter, struct vb_error *err)
{
    bool failed = false;
    struct vb_detonation row = {
        .reason = copy(what->reason, &failed),
        .path = copy(what->path, &failed),
        .line = what->line,
        .interpreter = copy(interpreter == NULL ? NULL : interpreter->name, &failed),
        .argv = make_argv(what, interpreter),
        .text = copy(what->text, &failed),
        .env = host_environment(planner, what, &failed),
        .input = copy(what->input, &failed),
        .cwd = copy(package_folder(planner->manifest, what->path), &failed),
        .when = when_of(what),
        .call = what->call || is_build_call(what->reason),
        .documented = what->form != NULL,
        .driver = what->driver,
        .client = what->driver == VB_DRIVER_NONE ? NULL : clients[0],
        .hosted = what->host != NULL,
    };
    if (failed || row.argv == NULL) {
        free_row(&row);
        return vb_fail(err, VB_E_NOMEM, errno, "planning a detonation");
    }
    planner->plan->rows[planner->plan->count++] = row;
    return VB_OK;
}

/* What is installed is there when it is loaded, and that when it is used; within a phase the order
 * stays. */
static void order_by_phase(struct vb_plan *plan)
{
    for (size_t i = 1; i < plan->count; i++) {
        const struct vb_detonation row = plan->rows[i];
        size_t at = i;
        for (; at > 0 && phase_of(plan->rows[at - 1].when) > phase_of(row.when); at--)
            plan->rows[at] = plan->rows[at - 1];
        plan->rows[at] = row;
    }
}

static int copy_row(const struct vb_detonation *row, struct vb_detonation *ret,
                    struct vb_error *err)
{
    bool failed = false;
    struct vb_detonation made = *row;
    made.reason = copy(row->reason, &failed);
    made.path = copy(row->path, &failed);
    made.interpreter = copy(row->interpreter, &failed);
    made.argv = copy_list((const char *const *)row->argv, &failed);
    made.text = copy(row->text, &failed);
    made.env = copy_list((const char *const *)row->env, &failed);
    made.input = copy(row->input, &failed);
    made.cwd = copy(row->cwd, &failed);
    if (failed) {
        free_row(&made);
        return vb_fail(err, VB_E_NOMEM, errno, "planning a detonation");
    }
    *ret = made;
    return VB_OK;
}

/* Puts the second run of the server in row I behind it. */
static int repeat_row(struct vb_plan *plan, size_t i, struct vb_error *err)
{
    struct vb_detonation made;
    const int status = copy_row(&plan->rows[i], &made, err);
    if (status < 0)
        return status;
    made.driver = VB_DRIVER_MCP_HANDSHAKE;
    made.client = clients[1];
    made.days_ahead = CLIENT_DAYS_AHEAD;
    made.repeats = (uint32_t)i + 1;
    memmove(&plan->rows[i + 2], &plan->rows[i + 1], (plan->count - i - 1) * sizeof(made));
    plan->rows[i + 1] = made;
    plan->count++;
    return VB_OK;
}

/* The server in ROW runs with the arguments of a document, too. */
static bool is_documented(const struct vb_plan *plan, const struct vb_detonation *row)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->rows[i].documented && !row->documented &&
            same_text(plan->rows[i].path, row->path) &&
            same_text(plan->rows[i].reason, row->reason))
            return true;
    }
    return false;
}

/* Right behind its first run each server is started once more, as a month later by another client:
 * what it is then, or has become by being run once, is compared. */
static int repeat_servers(struct planner *planner, struct vb_error *err)
{
    struct vb_plan *plan = planner->plan;
    size_t repeated = 0;
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < plan->count; i++) {
        const struct vb_detonation *row = &plan->rows[i];
        const struct candidate what = {.reason = row->reason, .path = row->path, .line = row->line};
        if (row->driver == VB_DRIVER_NONE || row->call || is_documented(plan, row))
            continue;
        status = repeated++ < MAX_REPEATED
                     ? repeat_row(plan, i++, err)
                     : leave_out(planner, &what, "more than 16 servers to start again", err);
    }
    return status;
}

static void number_rows(struct vb_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        plan->rows[i].id = (uint32_t)i + 1;
}

static void missing_interpreter(const char *name, char ret[REASON_BYTES])
{
    const char *package = vb_interpreter_package(name);
    const bool known = vb_interpreter_named(name) != NULL;
    if (package != NULL && strcmp(package, name) != 0)
        snprintf(ret, REASON_BYTES, "interpreter %.48s is not installed: install %s", name,
                 package);
    else
        snprintf(ret, REASON_BYTES, "interpreter %.64s is not %s", name,
                 known ? "installed" : "one that vetbox can start");
}

/* Of code for another system what has no like here is left out. */
static int tell_translated(struct planner *planner, const struct candidate *what,
                           const struct vb_interpreter *interpreter, struct vb_error *err)
{
    static const char *const systems[][2] = {{"powershell", "PowerShell for Windows"},
                                             {"cmd", "a batch file for Windows"},
                                             {"osascript", "AppleScript for macOS"}};
    const struct candidate code = {.reason = VB_TRANSLATED, .path = what->path, .line = what->line};
    char reason[REASON_BYTES] = "";
    for (size_t i = 0; i < VB_ARRAY_LEN(systems); i++) {
        if (strcmp(systems[i][0], interpreter->name) == 0)
            snprintf(reason, sizeof(reason),
                     "%s was run as a shell script, as far as there is something like it here",
                     systems[i][1]);
    }
    return leave_out(planner, &code, reason, err);
}

static int plan_one(struct planner *planner, const struct candidate *what, struct vb_error *err)
{
    const struct vb_interpreter *interpreter = NULL;
    char reason[REASON_BYTES];
    if (what->interpreter != NULL) {
        interpreter = vb_interpreter_installed(planner->rootfs, what->interpreter);
        missing_interpreter(what->interpreter, reason);
        if (interpreter == NULL)
            return leave_out(planner, what, reason, err);
    }
    if (what->text != NULL && interpreter->text_option == NULL)
        return leave_out(planner, what, "its interpreter takes files only", err);
    if (what->text != NULL && strlen(what->text) > MAX_TEXT)
        return leave_out(planner, what, "code longer than 100 KiB is not run", err);
    struct vb_detonation *row =
        planned(planner, what, interpreter == NULL ? NULL : interpreter->name);
    if (row != NULL) {
        move_forward(row, what->when);
        talk_with(row, what->driver);
        return VB_OK;
    }
    if (planner->plan->count >= MAX_ROWS)
        return leave_out(planner, what, "more than 256 things to run", err);
    const int status = add_row(planner, what, interpreter, err);
    return status == VB_OK && interpreter != NULL && vb_interpreter_translates(interpreter)
               ? tell_translated(planner, what, interpreter, err)
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

static int plan_codes(struct planner *planner, const struct vb_manifest *manifest,
                      struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < manifest->code_count; i++) {
        const struct vb_manifest_code *code = &manifest->codes[i];
        const struct candidate what = {
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
            status = leave_out(planner, &what, "code with a NUL byte cannot be run", err);
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
static bool runs_as_server(const struct planner *planner, const char *path)
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

static enum vb_driver driver_of(const struct planner *planner,
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
static int plan_form(struct planner *planner, const struct candidate *plain,
                     const struct vb_client_form *form, struct vb_error *err)
{
    struct candidate what = *plain;
    VB_CLEANUP_FREE char *text =
        plain->text == NULL ? NULL : add_arguments(plain->text, form->arguments);
    const struct vb_interpreter *interpreter =
        plain->interpreter == NULL ? NULL
                                   : vb_interpreter_installed(planner->rootfs, plain->interpreter);
    if ((plain->text != NULL && text == NULL) ||
        (plain->interpreter != NULL && interpreter == NULL) || planner->plan->count >= MAX_ROWS)
        return VB_OK; /* as it is without them, which is said where it is planned */
    what.text = text;
    what.arguments = text == NULL ? form->arguments : NULL;
    what.form = form;
    return add_row(planner, &what, interpreter, err);
}

/* A server as it is, and as its documents have it started. Of these the first counts like any
 * server, the others as further ways to run it. */
static int plan_forms(struct planner *planner, const struct vb_manifest_entry *entry,
                      const struct candidate *plain, struct vb_error *err)
{
    struct vb_client_form forms[VB_CLIENT_FORMS_MAX];
    int status = plan_one(planner, plain, err);
    const int count = status < 0 || plain->driver == VB_DRIVER_NONE
                          ? 0
                          : vb_client_forms(planner->manifest, entry, forms);
    if (count < 0)
        return vb_fail(err, VB_E_NOMEM, errno, "planning an MCP server");
    for (int i = 0; status == VB_OK && i < count; i++) {
        struct candidate what = *plain;
        what.call = i > 0;
        status = plan_form(planner, &what, &forms[i], err);
    }
    for (int i = 0; i < count; i++)
        vb_client_form_done(&forms[i]);
    return status;
}

/* The file of an entry point that names no command. */
static int plan_file(struct planner *planner, const struct vb_manifest_entry *entry,
                     const char *input, struct vb_error *err)
{
    struct candidate what = {.reason = entry->reason,
                             .path = entry->path,
                             .input = input,
                             .interpreter = vb_interpreter_for(entry->interpreter, entry->path),
                             .when = entry->when,
                             .driver = driver_of(planner, entry)};
    char name[64];
    const struct vb_tree_file *file = vb_tree_find(planner->tree, entry->path);
    if (file == NULL)
        return leave_out(planner, &what, "the file is not in the package", err);
    if (runs_as_server(planner, entry->path) && is_plain_run(entry->reason))
        return VB_OK;
    if (entry->interpreter == NULL && !look_at_file(planner->tree, file, name, sizeof(name)))
        return leave_out(planner, &what, "nothing says how it is run", err);
    if (entry->interpreter == NULL)
        what.interpreter = name[0] == '\0' ? NULL : name;
    return plan_forms(planner, entry, &what, err);
}

static const char *command_shell(const char *interpreter)
{
    return interpreter != NULL && strcmp(interpreter, "sh") == 0 ? "sh" : "bash";
}

/* A server that is started by a command. */
static int plan_server(struct planner *planner, const struct vb_manifest_entry *entry,
                       struct candidate what, struct vb_error *err)
{
    bool failed;
    VB_CLEANUP_FREE char *command = vb_mcp_command(
        planner->manifest, entry, package_folder(planner->manifest, entry->path), &failed);
    if (failed)
        return vb_fail(err, VB_E_NOMEM, errno, "planning an MCP server");
    what.text = command;
    what.driver = VB_DRIVER_MCP;
    return vb_is_program(entry->reason) ? plan_forms(planner, entry, &what, err)
                                        : plan_one(planner, &what, err);
}

static bool is_started(const struct planner *planner, const struct vb_manifest_entry *entry)
{
    return entry->command != NULL && driver_of(planner, entry) != VB_DRIVER_NONE;
}

/* Code that an application loads: who stands in for it is talked with like a server. */
static int plan_hosted(struct planner *planner, const struct vb_manifest_entry *entry,
                       const struct vb_hosted *host, struct vb_error *err)
{
    const struct candidate what = {.reason = entry->reason,
                                   .path = entry->path,
                                   .line = entry->line,
                                   .interpreter = entry->interpreter,
                                   .when = entry->when,
                                   .driver = VB_DRIVER_MCP,
                                   .host = host};
    return vb_tree_find(planner->tree, entry->path) == NULL
               ? leave_out(planner, &what, "the file is not in the package", err)
               : plan_one(planner, &what, err);
}

/* A program in the bin/ of a plugin is called by its name, as what it may stand in front of. */
static int plan_command(struct planner *planner, const struct vb_manifest_entry *entry,
                        struct vb_error *err)
{
    static const char prefix[] = "bin:";
    const struct vb_manifest_package *package = package_of(planner->manifest, entry->path);
    if (strncmp(entry->reason, prefix, sizeof(prefix) - 1) != 0 || package == NULL ||
        !vb_host_shows_bin(package->kind))
        return VB_OK;
    const char *name = entry->reason + sizeof(prefix) - 1;
    char text[128];
    struct candidate what = {.reason = entry->reason,
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
static int plan_build_call(struct planner *planner, const struct vb_manifest_entry *entry,
                           const struct candidate *what, struct vb_error *err)
{
    const struct candidate calls = {
        .reason = VB_CALLS_NOT_RUN, .path = entry->path, .line = entry->line};
    const char *program = entry->interpreter;
    if (program != NULL && vb_interpreter_installed(planner->rootfs, program) == NULL)
        return leave_out(planner, &calls, "interpreter make is not installed", err);
    return planner->plan->count < MAX_ROWS
               ? plan_one(planner, what, err)
               : leave_out(planner, &calls, "more than 256 things to run", err);
}

/* A hook is tried with the events that it is for. */
static int plan_entry(struct planner *planner, const struct vb_manifest_entry *entry,
                      struct candidate *what, struct vb_error *err)
{
    char *inputs[VB_HOST_EVENTS_MAX] = {NULL};
    struct vb_hosted host;
    if (vb_hosted(entry, &host))
        return plan_hosted(planner, entry, &host, err);
    if (is_started(planner, entry))
        return plan_server(planner, entry, *what, err);
    if (entry->command != NULL && is_build_call(entry->reason))
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

static int plan_entries(struct planner *planner, const struct vb_manifest *manifest,
                        struct vb_error *err)
{
    int status = VB_OK;
    for (int started = 1; started >= 0; started--) {
        for (size_t i = 0; status == VB_OK && i < manifest->entry_count; i++) {
            const struct vb_manifest_entry *entry = &manifest->entries[i];
            struct vb_hosted host;
            struct candidate what = {
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

static int plan_scripts(struct planner *planner, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < planner->tree->count; i++) {
        const struct vb_tree_file *file = &planner->tree->files[i];
        char name[64];
        if (is_entry(planner->manifest, file->path) ||
            !look_at_file(planner->tree, file, name, sizeof(name)) ||
            runs_as_server(planner, file->path))
            continue;
        const struct candidate what = {
            .reason = name[0] == '\0' ? "program" : "script",
            .path = file->path,
            .interpreter = name[0] == '\0' ? NULL : name,
        };
        status = plan_one(planner, &what, err);
    }
    return status;
}

/* One more way to run ROW, which USAGE says. LIBRARIES counts the files whose functions are called.
 */
static int plan_usage(struct planner *planner, const struct vb_manifest_usage *usage,
                      const struct vb_detonation *row, size_t *libraries, struct vb_error *err)
{
    struct candidate what = {.reason = usage->reason,
                             .path = usage->path,
                             .arguments = usage->argv,
                             .call = true,
                             .when = row->when};
    const bool functions = strcmp(usage->reason, VB_FUNCTIONS) == 0;
    if (functions)
        what.caller = vb_library_caller(row->interpreter);
    if (functions && (what.caller == NULL || row->text != NULL))
        return VB_OK;
    if (functions && (*libraries)++ >= MAX_LIBRARIES) {
        what.reason = VB_CALLS_NOT_RUN;
        return leave_out(planner, &what, "more than 16 files of functions", err);
    }
    return add_row(planner, &what, vb_interpreter_named(row->interpreter), err);
}

/* The ways to call a script, which runs without arguments first. */
static int plan_usages(struct planner *planner, const struct vb_manifest *manifest,
                       struct vb_error *err)
{
    static const struct candidate calls = {.reason = VB_CALLS_NOT_RUN};
    int status = VB_OK;
    uint64_t missed = 0;
    size_t libraries = 0;
    for (size_t i = 0; status == VB_OK && i < manifest->usage_count; i++) {
        const struct vb_manifest_usage *usage = &manifest->usages[i];
        const struct candidate what = {.path = usage->path, .arguments = usage->argv};
        const struct vb_detonation *row = planned(planner, &what, NULL);
        if (row == NULL || row->hosted)
            continue; /* it was left out, which is said, or nobody calls it by itself */
        if (planner->plan->count >= MAX_ROWS)
            missed++;
        else
            status = plan_usage(planner, usage, row, &libraries, err);
    }
    return status < 0 || missed == 0
               ? status
               : emit_coverage(planner, &calls, "more than 256 things to run", missed, err);
}

/* --- time --- */

/* Most rows end at once, so each may take several times its even share of what is left; and who
 * is asked for everything that it can do takes its time. */
unsigned vb_plan_share_ms(const struct vb_plan *plan, size_t row, unsigned left_ms)
{
    enum {
        MIN_ROW_MS = 1000,
        MAX_ROW_MS = 10000,
        MIN_SERVER_MS = 12000,
        MAX_SERVER_MS = 20000,
        GENEROSITY = 4
    };
    const bool served = plan->rows != NULL && plan->rows[row].driver != VB_DRIVER_NONE;
    const size_t least = served ? MIN_SERVER_MS : MIN_ROW_MS;
    const size_t most = served ? MAX_SERVER_MS : MAX_ROW_MS;
    if (plan->count == 1)
        return left_ms;
    const size_t behind = plan->count - row - 1;
    size_t share = left_ms / (1 + behind / GENEROSITY);
    share = share < least ? least : share > most ? most : share;
    return share < left_ms ? (unsigned)share : left_ms;
}

static void free_plan(struct vb_plan **plan)
{
    vb_plan_free(*plan);
}

int vb_plan_make(const struct vb_plan_input *input, struct vb_sink *sink, struct vb_plan **ret,
                 struct vb_error *err)
{
    VB_CLEANUP(free_plan) struct vb_plan *plan = calloc(1, sizeof(*plan));
    VB_CLEANUP_FREE struct planner *planner = calloc(1, sizeof(*planner));
    if (plan != NULL)
        plan->rows = calloc(MAX_ROWS + MAX_REPEATED, sizeof(*plan->rows));
    if (plan == NULL || plan->rows == NULL || planner == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "planning the detonations");
    planner->manifest = input->manifest;
    planner->tree = input->tree;
    planner->rootfs = input->rootfs;
    planner->sink = sink;
    planner->plan = plan;
    int status = plan_codes(planner, input->manifest, err);
    if (status == VB_OK)
        status = plan_entries(planner, input->manifest, err);
    if (status == VB_OK)
        status = plan_scripts(planner, err);
    if (status == VB_OK)
        status = plan_usages(planner, input->manifest, err);
    order_by_phase(plan);
    if (status == VB_OK)
        status = repeat_servers(planner, err);
    if (status == VB_OK)
        status = tell_left_out(planner, err);
    if (status < 0)
        return status;
    number_rows(plan);
    *ret = vb_steal(plan);
    return VB_OK;
}
