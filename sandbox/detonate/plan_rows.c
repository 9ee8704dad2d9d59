/* The rows of a plan: how each is started, where and with what, and in which order. Made in the
 * coordinator out of the manifest's words, which are the package's. */
#include <errno.h>
#include <string.h>

#include "sandbox/detonate/clients.h"
#include "sandbox/detonate/host.h"
#include "sandbox/detonate/hosted.h"
#include "sandbox/detonate/plan_internal.h"
#include "sandbox/detonate/setting.h"

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
struct vb_detonation *vb_plan_find(const struct vb_planner *planner,
                                   const struct vb_candidate *what, const char *interpreter)
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
void vb_plan_talk_with(struct vb_detonation *row, enum vb_driver driver)
{
    if (row->driver != VB_DRIVER_NONE || driver == VB_DRIVER_NONE)
        return;
    row->driver = driver;
    row->client = clients[0];
}

/* Who is talked with is started when its host is, though a person may call it too. */
static const char *when_of(const struct vb_candidate *what)
{
    const size_t phase = phase_of(what->when), load = phase_of("load");
    return phases[what->driver != VB_DRIVER_NONE && phase > load ? load : phase];
}

/* What runs in several phases counts as of the first. */
void vb_plan_move_forward(struct vb_detonation *row, const char *when)
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

/* OURS: how many words at its beginning are. */
static char **make_argv(const struct vb_candidate *what, const struct vb_interpreter *interpreter,
                        size_t *ours)
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
    *ours = interpreter != NULL && interpreter->program != NULL ? count : 0;
    if (what->host != NULL) {
        argv[count++] = copy(what->host->program, &failed);
        argv[count++] = copy(what->host->sort, &failed);
    }
    if (what->caller != NULL && interpreter != NULL) {
        argv[count++] = copy(interpreter->text_option, &failed);
        argv[count++] = copy(what->caller, &failed);
        if (what->text != NULL)
            argv[count++] = copy("code", &failed);
    } else if (what->text != NULL && interpreter != NULL) {
        if (strcmp(interpreter->name, "node") == 0 && is_module(what->text))
            argv[count++] = copy("--input-type=module", &failed);
        argv[count++] = copy(interpreter->text_option, &failed);
        argv[count++] = copy(what->text, &failed);
    }
    if (what->host != NULL || what->caller != NULL)
        *ours = count;
    if (what->text != NULL && what->caller != NULL)
        argv[count++] = copy(what->text, &failed);
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
const struct vb_manifest_package *vb_plan_package_of(const struct vb_manifest *manifest,
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
const char *vb_plan_package_folder(const struct vb_manifest *manifest, const char *path)
{
    const struct vb_manifest_package *package = vb_plan_package_of(manifest, path);
    return package == NULL || strcmp(package->root, ".") == 0 ? NULL : package->root;
}

/* The agent's shell finds the programs of the plugin first; but the interpreter is the host's. */
static bool finds_bin(const struct vb_planner *planner, const struct vb_candidate *what,
                      const struct vb_manifest_package *package)
{
    static const char prefix[] = "bin:";
    bool found = false;
    for (size_t i = 0; what->by_agent && i < planner->manifest->entry_count; i++) {
        const struct vb_manifest_entry *entry = &planner->manifest->entries[i];
        if (strncmp(entry->reason, prefix, sizeof(prefix) - 1) != 0 ||
            vb_plan_package_of(planner->manifest, entry->path) != package)
            continue;
        found = true;
        if (vb_interpreter_named(entry->reason + sizeof(prefix) - 1) != NULL)
            return false;
    }
    return found;
}

/* The folder whose settings of an agent PATH is: RET gets it, "." for the top. */
static bool is_project_settings(const char *path, char *ret, size_t size)
{
    static const char tail[] = ".claude/settings";
    const char *at = strstr(path, tail);
    const size_t len = at == NULL ? 0 : (size_t)(at - path);
    if (at == NULL || len >= size || (len > 0 && at[-1] != '/'))
        return false;
    memcpy(ret, path, len);
    ret[len] = '\0';
    snprintf(len == 0 ? ret : ret + len - 1, 2, "%s", len == 0 ? "." : "");
    return true;
}

/* The file is also run with arguments, or as a block of code shows it. */
static bool called_otherwise(const struct vb_manifest *manifest, const struct vb_candidate *what)
{
    for (size_t i = 0; i < manifest->usage_count; i++) {
        if (strcmp(manifest->usages[i].path, what->path) == 0 &&
            strcmp(manifest->usages[i].reason, VB_FUNCTIONS) != 0)
            return true;
    }
    for (size_t i = 0; i < manifest->code_count; i++) {
        if (strstr(manifest->codes[i].text, vb_path_base(what->path)) != NULL)
            return true;
    }
    return false;
}

/* Who uses a program has set its keys; only where a file is called in other ways too, it runs
 * without them when it is run bare. What runs by itself does without. */
static bool has_keys(const struct vb_manifest *manifest, const struct vb_candidate *what)
{
    const bool bare = what->text == NULL && what->arguments == NULL && !what->call;
    return what->driver != VB_DRIVER_NONE ||
           (strcmp(when_of(what), "use") == 0 && !(bare && called_otherwise(manifest, what)));
}

/* What the host of the package sets. NULL: nothing. */
static char **host_environment(const struct vb_planner *planner, const struct vb_candidate *what,
                               bool *failed)
{
    const struct vb_manifest *manifest = planner->manifest;
    const struct vb_manifest_package *package = vb_plan_package_of(manifest, what->path);
    char *set[VB_HOST_VARIABLES_MAX + 1] = {NULL};
    char folder[1024];
    const bool made =
        is_project_settings(what->path, folder, sizeof(folder))
            ? vb_host_environment(VB_HOST_CLAUDE_PROJECT, folder, false, set)
            : package == NULL || vb_host_environment(package->kind, package->root,
                                                     finds_bin(planner, what, package), set);
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
    /* Who starts a server sets what its documents name, but for what they set themselves only keys.
     * What the machine has already stays. */
    const bool all = what->driver != VB_DRIVER_NONE && what->form == NULL;
    const bool keys = manifest->variable_count > 0 && has_keys(manifest, what);
    for (size_t i = 0; list != NULL && i < manifest->variable_count; i++) {
        char setting[256] = "?";
        if ((all || (keys && vb_setting_is_key(manifest->variables[i]))) &&
            vb_setting_make(manifest->variables[i], setting + 1, sizeof(setting) - 1))
            list[count++] = copy(setting, failed);
    }
    *failed = *failed || !made || list == NULL;
    return list;
}

/* Nobody says that a target of a build file is run: what of them is not says nothing about the
 * package. */
bool vb_plan_is_build_call(const char *reason)
{
    static const char *const prefixes[] = {"make:", "just:", "docker:"};
    for (size_t i = 0; i < VB_ARRAY_LEN(prefixes); i++) {
        if (strncmp(reason, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

int vb_plan_add_row(struct vb_planner *planner, const struct vb_candidate *what,
                    const struct vb_interpreter *interpreter, struct vb_error *err)
{
    bool failed = false;
    size_t ours = 0;
    char **argv = make_argv(what, interpreter, &ours);
    struct vb_detonation row = {
        .reason = copy(what->reason, &failed),
        .path = copy(what->path, &failed),
        .line = what->line,
        .interpreter = copy(interpreter == NULL ? NULL : interpreter->name, &failed),
        .argv = argv,
        .ours = ours,
        .text = copy(what->text, &failed),
        .env = host_environment(planner, what, &failed),
        .input = copy(what->input, &failed),
        .cwd = copy(vb_plan_package_folder(planner->manifest, what->path), &failed),
        .when = when_of(what),
        .call = what->call || vb_plan_is_build_call(what->reason),
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
void vb_plan_order(struct vb_plan *plan)
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

/* Right behind its first run each server is started once more, as a month later by another client:
 * what it is then, or has become by being run once, is compared. */
int vb_plan_repeat_servers(struct vb_planner *planner, struct vb_error *err)
{
    struct vb_plan *plan = planner->plan;
    size_t repeated = 0;
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < plan->count; i++) {
        const struct vb_detonation *row = &plan->rows[i];
        const struct vb_candidate what = {
            .reason = row->reason, .path = row->path, .line = row->line};
        if (row->driver == VB_DRIVER_NONE)
            continue;
        status =
            repeated++ < VB_PLAN_MAX_REPEATED
                ? repeat_row(plan, i++, err)
                : vb_plan_leave_out(planner, &what, "more than 16 servers to start again", err);
    }
    return status;
}

void vb_plan_number_rows(struct vb_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        plan->rows[i].id = (uint32_t)i + 1;
}
