/* missing: see missing.h. Trust boundary: what a run prints is hostile text. Names are looked for
 * in it by the words of interpreters and of pip and npm, and taken only if every byte of them may
 * stand in a file's name and nothing else. */
#include "cli/missing.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64, WORDS_MAX = 8 };

/* What stands before a name, and up to where the name goes. */
static const struct {
    const char *sign, *kind, *ends;
} signs[] = {
    {"No module named '", VB_MODULE_PYTHON, "'"},
    {"No module named \"", VB_MODULE_PYTHON, "\""},
    {"Cannot find module '", VB_MODULE_NODE, "'"},
    {"Cannot find package '", VB_MODULE_NODE, "'"},
};

/* "pip install requests", which a script prints that caught the error itself. */
static const struct {
    const char *sign, *kind;
} advices[] = {
    {"pip install ", VB_MODULE_PYTHON},    {"pip3 install ", VB_MODULE_PYTHON},
    {"npm install ", VB_MODULE_NODE},      {"npm i ", VB_MODULE_NODE},
    {"yarn add ", VB_MODULE_NODE},         {"uv add ", VB_MODULE_PYTHON},
    {"uv pip install ", VB_MODULE_PYTHON},
};

/* Projects whose module has another name. */
static const char *const modules_of[][2] = {
    {"beautifulsoup4", "bs4"},
    {"pyyaml", "yaml"},
    {"python-dotenv", "dotenv"},
    {"pillow", "PIL"},
    {"opencv-python", "cv2"},
    {"scikit-learn", "sklearn"},
    {"python-dateutil", "dateutil"},
    {"pycryptodome", "Crypto"},
    {"google-generativeai", "google"},
    {"google-api-python-client", "googleapiclient"},
    {"python-docx", "docx"},
    {"python-pptx", "pptx"},
    {"pymupdf", "fitz"},
    {"pyserial", "serial"},
    {"discord.py", "discord"},
    {"python-telegram-bot", "telegram"},
    {"attrs", "attr"},
    {"pyjwt", "jwt"},
    {"websocket-client", "websocket"},
    {"gitpython", "git"},
};

/* Installers are none of the package's. */
static const char *const never[] = {"pip", "setuptools", "npm"};

static bool holds(const struct vb_missing *missing, const char *item)
{
    for (size_t i = 0; i < missing->count; i++) {
        if (strcmp(missing->modules[i], item) == 0)
            return true;
    }
    return false;
}

/* An identifier of Python. */
static bool is_identifier(const char *name)
{
    size_t len = 0;
    while (isalnum((unsigned char)name[len]) || name[len] == '_')
        len++;
    return len > 0 && name[len] == '\0' && !isdigit((unsigned char)name[0]);
}

/* NAME or @SCOPE/NAME. */
static bool is_package(const char *name)
{
    const char *at = name + (name[0] == '@');
    size_t slashes = 0;
    for (const char *byte = at; *byte != '\0'; byte++) {
        const bool first = byte == at || byte[-1] == '/';
        slashes += *byte == '/';
        if (!isalnum((unsigned char)*byte) && *byte != '-' && *byte != '_' &&
            (first || (*byte != '.' && *byte != '/')))
            return false;
    }
    return at[0] != '\0' && slashes == (name[0] == '@') && name[strlen(name) - 1] != '/';
}

static bool is_refused(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(never); i++) {
        if (strcmp(never[i], name) == 0)
            return true;
    }
    return false;
}

static int add(struct vb_missing *missing, const char *kind, const char *name, struct vb_error *err)
{
    VB_CLEANUP_FREE char *item = NULL;
    if (asprintf(&item, "%s%s", kind, name) < 0) {
        item = NULL;
        return vb_fail(err, VB_E_NOMEM, errno, "noting what a run misses");
    }
    if (missing->count < VB_MISSING_MAX && !holds(missing, item))
        missing->modules[missing->count++] = vb_steal(item);
    missing->any = true;
    return VB_OK;
}

static int advise(struct vb_missing *missing, const char *kind, const char *name,
                  struct vb_error *err)
{
    VB_CLEANUP_FREE char *item = NULL;
    if (missing->advised_count == VB_MISSING_ADVISED)
        return VB_OK;
    if (asprintf(&item, "%s%s", kind, name) < 0) {
        item = NULL;
        return vb_fail(err, VB_E_NOMEM, errno, "noting what a run misses");
    }
    missing->advised[missing->advised_count++] = vb_steal(item);
    return VB_OK;
}

/* Only who fails for want of it means it: help says the same. */
static void follow_advice(struct vb_missing *missing, bool failed)
{
    for (size_t i = 0; i < missing->advised_count; i++) {
        char *item = missing->advised[i];
        missing->any = missing->any || failed;
        if (failed && missing->count < VB_MISSING_MAX && !holds(missing, item))
            missing->modules[missing->count++] = item;
        else
            free(item);
    }
    missing->advised_count = 0;
}

/* Up to the part that is a package: a path below it is there when the package is. */
static void cut_below(char *name)
{
    char *slash = strchr(name, '/');
    if (slash != NULL && name[0] == '@')
        slash = strchr(slash + 1, '/');
    if (slash != NULL)
        *slash = '\0';
}

static int take(struct vb_missing *missing, const char *kind, const char *text, size_t len,
                bool advised, struct vb_error *err)
{
    char name[NAME_MAX_BYTES];
    if (len == 0 || len >= sizeof(name) || memchr(text, '\0', len) != NULL)
        return VB_OK;
    memcpy(name, text, len);
    name[len] = '\0';
    const bool node = strcmp(kind, VB_MODULE_NODE) == 0;
    if (node)
        cut_below(name);
    if (!(node ? is_package(name) : is_identifier(name)) || is_refused(name))
        return VB_OK;
    return advised ? advise(missing, kind, name, err) : add(missing, kind, name, err);
}

static const char *find(const char *at, const char *end, const char *word)
{
    const char *hit = memmem(at, (size_t)(end - at), word, strlen(word));
    return hit == NULL ? NULL : hit + strlen(word);
}

static int take_named(struct vb_missing *missing, const char *text, const char *end,
                      struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; i < VB_ARRAY_LEN(signs); i++) {
        const char *at = text;
        while (status == VB_OK && (at = find(at, end, signs[i].sign)) != NULL) {
            const char *stop = memchr(at, signs[i].ends[0], (size_t)(end - at));
            if (stop != NULL)
                status = take(missing, signs[i].kind, at, (size_t)(stop - at), false, err);
        }
    }
    return status;
}

/* The project in WORD, which may say which version. */
static int take_project(struct vb_missing *missing, const char *kind, const char *word, size_t len,
                        struct vb_error *err)
{
    size_t name = 0;
    while (name < len && (isalnum((unsigned char)word[name]) || word[name] == '-' ||
                          word[name] == '_' || word[name] == '.'))
        name++;
    if (strcmp(kind, VB_MODULE_NODE) == 0)
        return take(missing, kind, word, len, true, err);
    for (size_t i = 0; i < VB_ARRAY_LEN(modules_of); i++) {
        const char *project = modules_of[i][0], *module = modules_of[i][1];
        if (strlen(project) == name && strncasecmp(project, word, name) == 0)
            return take(missing, kind, module, strlen(module), true, err);
    }
    char module[NAME_MAX_BYTES];
    snprintf(module, sizeof(module), "%.*s", (int)name, word);
    for (char *byte = module; *byte != '\0'; byte++)
        *byte = *byte == '-' ? '_' : *byte;
    return take(missing, kind, module, strlen(module), true, err);
}

/* The projects in the words at AT; what an option takes as its value is not known. */
static int take_projects(struct vb_missing *missing, const char *kind, const char *at,
                         const char *end, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t words = 0; status == VB_OK && words < WORDS_MAX && at < end; words++) {
        size_t len = 0;
        while (at < end && strchr("'\"`", *at) != NULL)
            at++;
        while (at + len < end && strchr(" \t\r\n'\"`)", at[len]) == NULL)
            len++;
        if (len > 0 && at[0] != '-')
            status = take_project(missing, kind, at, len, err);
        at += len;
        while (at < end && strchr("'\"`", *at) != NULL)
            at++;
        if (at >= end || *at++ != ' ')
            break;
    }
    return status;
}

static int take_advised(struct vb_missing *missing, const char *text, const char *end,
                        struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; i < VB_ARRAY_LEN(advices); i++) {
        const char *at = text;
        while (status == VB_OK && (at = find(at, end, advices[i].sign)) != NULL)
            status = take_projects(missing, advices[i].kind, at, end, err);
    }
    return status;
}

/* "Named export 'X' not found. The requested module 'M' is a CommonJS module" */
static int take_export(struct vb_missing *missing, const char *text, const char *end,
                       struct vb_error *err)
{
    static const char sign[] = "Named export '", of[] = "' not found. The requested module '";
    int status = VB_OK;
    for (const char *at = text; status == VB_OK && (at = find(at, end, sign)) != NULL;) {
        char name[NAME_MAX_BYTES] = "", module[NAME_MAX_BYTES] = "", item[2 * NAME_MAX_BYTES + 16];
        const char *from = find(at, end, of);
        const char *stop = from == NULL ? NULL : memchr(from, '\'', (size_t)(end - from));
        if (stop == NULL || (size_t)(from - at) >= sizeof(name) + sizeof(of) - 1 ||
            (size_t)(stop - from) >= sizeof(module))
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)(from - at - (ptrdiff_t)sizeof(of) + 1), at);
        snprintf(module, sizeof(module), "%.*s", (int)(stop - from), from);
        cut_below(module);
        snprintf(item, sizeof(item), VB_MODULE_NODE "%s", module);
        if (!is_identifier(name) || !holds(missing, item))
            continue; /* one that is not ours */
        snprintf(item, sizeof(item), "%s %s", module, name);
        status = add(missing, VB_MODULE_EXPORT, item, err);
    }
    return status;
}

static int emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct vb_missing *missing = (struct vb_missing *)(void *)base;
    if (event->kind == VB_EV_DETONATION_OUTPUT) {
        const struct vb_str text = vb_event_get_str(event, VB_F_TEXT);
        const char *end = text.text + text.len;
        int status = take_named(missing, text.text, end, err);
        if (status == VB_OK)
            status = take_advised(missing, text.text, end, err);
        if (status == VB_OK)
            status = take_export(missing, text.text, end, err);
        if (status < 0)
            return status;
    }
    if (event->kind == VB_EV_DETONATION_END)
        follow_advice(missing, vb_event_get_int(event, VB_F_STATUS, 0) != 0);
    return vb_emit(missing->next, event, err);
}

void vb_missing_init(struct vb_missing *missing, struct vb_sink *next)
{
    *missing = (struct vb_missing){.sink = {.emit = emit}, .next = next};
}

void vb_missing_done(struct vb_missing *missing)
{
    follow_advice(missing, false);
    for (size_t i = 0; i < missing->count; i++)
        free(missing->modules[i]);
}

void vb_missing_begin(struct vb_missing *missing)
{
    missing->any = false;
}

bool vb_missing_any(const struct vb_missing *missing)
{
    return missing->any && missing->count > 0;
}

char *const *vb_missing_modules(const struct vb_missing *missing)
{
    return missing->count == 0 ? NULL : missing->modules;
}

int vb_missing_tell(struct vb_missing *missing, const struct vb_detonation *row,
                    struct vb_error *err)
{
    const bool any = missing->told < missing->count;
    int status = VB_OK;
    for (; status == VB_OK && missing->told < missing->count; missing->told++) {
        const char *item = missing->modules[missing->told];
        char what[NAME_MAX_BYTES + 16];
        struct vb_event event;
        if (strncmp(item, VB_MODULE_EXPORT, strlen(VB_MODULE_EXPORT)) == 0)
            continue;
        snprintf(what, sizeof(what), "module %s", strchr(item, ' ') + 1);
        vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
        event.detonation = row->id;
        vb_event_str(&event, VB_F_STAGE, "detonate");
        vb_event_str(&event, VB_F_WHAT, what);
        vb_event_str(&event, VB_F_REASON, "not available: a stand-in answered");
        vb_event_str(&event, VB_F_PATH, row->path);
        status = vb_emit(missing->next, &event, err);
    }
    return status < 0 ? status : any ? 1 : 0;
}
