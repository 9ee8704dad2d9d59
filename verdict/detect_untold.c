/* What a script leaves besides what it was asked for: a call names files and folders of the user,
 * and beside or below them lies afterwards what nobody named and no listing shows. Said is what the
 * instructions name, what the arguments name and what the run prints; what tools of every trade
 * leave is nobody's secret. */
#include "verdict/internal.h"

enum { ARGUMENT = 1 };

/* What is hidden because it always is. */
static const char usual[] =
    ".git* .cache* .venv .env* .npmrc .nvmrc .yarn* .pnp* .vscode .idea .DS_Store .pytest_cache "
    ".mypy_cache .ruff_cache .next .nuxt .output .parcel* .turbo .svelte-kit .astro .vite* "
    ".editorconfig .prettier* .eslint* .stylelint* .babelrc .browserslistrc .docker* "
    ".python-version "
    ".tool-versions .node-version .nojekyll .htaccess .well-known .hypothesis .coverage* "
    ".nyc_output "
    ".ipynb_checkpoints .jupyter .terraform* .gradle .mvn .cargo .claude* .cursor* .openclaw "
    ".codex "
    ".gemini .mcp.json .husky .pre-commit* .vercel .netlify .wrangler .firebase* .tmp* .temp* "
    ".lock "
    ".obsidian .Trash* .devcontainer .config .local .ssh .aws .netrc";

static const char *const of_secrets[] = {"token",  "secret",  "credential", "passw", "cookie",
                                         "apikey", "api_key", "session_id", "login"};

static void see_begin(struct judge *judge)
{
    struct run *run = judge->run;
    size_t count = 0;
    char **argv = vb_list_of(judge, VB_F_ARGV, &count);
    for (size_t i = 0; run->called && i < count; i++) {
        const char *value = strchr(argv[i], '=');
        const char *path = vb_home_path(&judge->scratch, value == NULL ? argv[i] : value + 1);
        if (!vb_starts(path, "~/") || vb_path_is_own(run, path))
            continue;
        (void)vb_names_add(&run->named, &run->arena, path, ARGUMENT, NULL);
    }
}

/* A name that no listing shows; "." and ".." are none. */
static bool is_hidden(const char *name, size_t len)
{
    return len > 1 && name[0] == '.' && (len > 2 || name[1] != '.');
}

static void see_output(struct judge *judge)
{
    static const char part[] = " \t\r\n\"'`()[]{}<>,;:=/\\|";
    const char *text = vb_text_of(judge, VB_F_TEXT);
    for (const char *at = text; *at != '\0';) {
        const size_t len = strcspn(at, part);
        if (is_hidden(at, len))
            (void)vb_names_add(&judge->run->named, &judge->run->arena,
                               vb_arena_copy(&judge->scratch, at, len), 0, NULL);
        at += len;
        at += strspn(at, part);
    }
}

/* The part of PATH behind the folder that ARGUMENT is, or lies in; NULL: it is elsewhere. */
static const char *behind(const char *path, const char *argument)
{
    const size_t len = strlen(argument);
    if (strncmp(path, argument, len) == 0 && (path[len] == '/' || path[len] == '\0'))
        return path[len] == '\0' ? NULL : path + len + 1;
    const size_t folder = (size_t)(vb_path_base(argument) - argument);
    return folder > 2 && strncmp(path, argument, folder) == 0 ? path + folder : NULL;
}

/* The first name in REST that begins with a dot and that nobody said; NULL: there is none. */
static const char *unsaid_name(struct judge *judge, const char *rest)
{
    for (const char *at = rest; *at != '\0';) {
        const size_t len = strcspn(at, "/");
        if (is_hidden(at, len)) {
            const char *name = vb_arena_copy(&judge->scratch, at, len);
            const bool said = vb_names_find(&judge->documented_files, name) != NULL ||
                              vb_names_find(&judge->run->named, name) != NULL ||
                              vb_word_in(usual, name);
            return said ? NULL : name;
        }
        at += len + (at[len] == '/' ? 1 : 0);
    }
    return NULL;
}

static const char *unsaid_of(struct judge *judge, const char *path)
{
    const struct names *named = &judge->run->named;
    for (size_t i = 0; i < named->count; i++) {
        const char *rest =
            named->items[i].value == ARGUMENT ? behind(path, named->items[i].text) : NULL;
        if (rest != NULL)
            return unsaid_name(judge, rest);
    }
    return NULL;
}

static bool is_of_secrets(const char *text)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(of_secrets); i++) {
        if (vb_find_text(text, of_secrets[i]) != NULL)
            return true;
    }
    return false;
}

static void see_left(struct judge *judge)
{
    const struct run *run = judge->run;
    const char *path = vb_box_path(judge, VB_F_PATH);
    if (!run->called || strcmp(vb_text_of(judge, VB_F_CHANGE), "created") != 0 ||
        vb_path_is_own(run, path))
        return;
    const char *name = unsaid_of(judge, path);
    if (name == NULL)
        return;
    const bool secrets = is_of_secrets(strstr(path, name));
    const struct found found = {.id = FINDING_UNTOLD_FILE,
                                .graded = true,
                                .severity = secrets ? VB_SEVERITY_HIGH : VB_SEVERITY_MEDIUM,
                                .confidence = VB_CONFIDENCE_MEDIUM,
                                .path = run->path,
                                .group = name,
                                .evidence = {run->begin_seq}};
    vb_report_found(judge, &found,
                    "Called with files of the user, it leaves %s there, which neither the "
                    "instructions nor the arguments nor its output name%s.",
                    vb_arena_cut(&judge->scratch, path, 200),
                    secrets ? ", and which is called after a secret" : "");
}

void vb_see_untold(struct judge *judge)
{
    if (judge->run == NULL || judge->run->path == NULL)
        return;
    if (judge->event->kind == VB_EV_DETONATION_BEGIN)
        see_begin(judge);
    else if (judge->event->kind == VB_EV_DETONATION_OUTPUT)
        see_output(judge);
    else
        see_left(judge);
}
