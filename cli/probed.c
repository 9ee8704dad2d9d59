/* Runs with probes: see probed.h. The package's bytes are searched for words only. */
#include "cli/probed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PYTHON = 1, NODE = 2, SHELL = 4, ANY = PYTHON | NODE | SHELL };

enum {
    MAX_RUNS = 16,        /* unless all are wanted */
    LEAST_MS = 500,       /* of a run */
    UNFINISHED_MS = 3000, /* more of what never came to its end */
    TIME_PART = 3,        /* of what is left, at most, all of them together */
    FILE_MAX = 256 * 1024,
    ALL_MAX = 4 * 1024 * 1024,
    HEAD = 2,
    ENCODED = 256 /* characters without a blank between them that could be anything */
};

static const struct {
    unsigned languages;
    const char *text;
} words[] = {
#define VB_MADE_CODE(languages, word) {languages, word},
#include "cli/probed.def"
#undef VB_MADE_CODE
};

static const struct {
    const char *name; /* an interpreter or an extension */
    unsigned language;
} languages[] = {
    {"python3", PYTHON}, {"python", PYTHON}, {"py", PYTHON},  {"node", NODE},
    {"nodejs", NODE},    {"js", NODE},       {"mjs", NODE},   {"cjs", NODE},
    {"bash", SHELL},     {"sh", SHELL},      {"dash", SHELL},
};

static unsigned language_of(const char *name)
{
    for (size_t i = 0; name != NULL && i < VB_ARRAY_LEN(languages); i++) {
        if (strcmp(languages[i].name, name) == 0)
            return languages[i].language;
    }
    return 0;
}

int vb_probes_choose(const struct vb_options *options, enum vb_probes *ret, struct vb_error *err)
{
    static const char *const names[VB_PROBES_COUNT] = {"auto", "all", "none"};
    const char *value = options->value[VB_OPT_PROBES];
    *ret = VB_PROBES_AUTO;
    if (value == NULL)
        return VB_OK;
    for (int i = 0; i < VB_PROBES_COUNT; i++) {
        *ret = (enum vb_probes)i;
        if (strcmp(names[i], value) == 0)
            return VB_OK;
    }
    return vb_fail(err, VB_E_USAGE, 0, "--probes %s: auto, all or none is needed", value);
}

/* --- signs --- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool has_word(const char *text, size_t len, const char *word)
{
    const size_t size = strlen(word);
    const char *end = text + len;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), word, size)) != NULL; at++) {
        const bool begins =
            !is_letter(word[0]) || at == text || (!is_letter(at[-1]) && at[-1] != '.');
        const bool ends = !is_letter(word[size - 1]) || at + size == end || !is_letter(at[size]);
        if (begins && ends)
            return true;
    }
    return false;
}

/* A run of base64, hexadecimal and their like. */
static bool is_encoded(const char *text, size_t len)
{
    size_t run = 0;
    for (size_t i = 0; i < len && run < ENCODED; i++)
        run = is_letter(text[i]) || strchr("+/=-\\", text[i]) != NULL ? run + 1 : 0;
    return run == ENCODED;
}

static bool makes_code(const char *text, size_t len, unsigned language)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        if ((words[i].languages & language) != 0 && has_word(text, len, words[i].text))
            return true;
    }
    return language != 0 && is_encoded(text, len);
}

static bool look_at(const struct vb_session *session, const struct vb_tree_file *file, char *text,
                    uint64_t *left)
{
    const char *extension = vb_path_extension(file->path);
    unsigned language = language_of(extension);
    if (language == 0 && extension[0] != '\0')
        return false;
    VB_CLEANUP_FD int fd =
        vb_open_beneath(session->tree->dirfd, file->path, O_RDONLY | O_NONBLOCK, 0);
    const size_t most = language == 0 ? HEAD : FILE_MAX;
    ssize_t got = fd < 0 ? -1 : pread(fd, text, most, 0);
    if (language == 0 && got == HEAD && memcmp(text, "#!", HEAD) == 0) {
        language = ANY;
        got = pread(fd, text, FILE_MAX, 0);
    }
    if (got < 0)
        return false; /* closed: nobody reads it in a box either */
    *left -= language != 0 ? (uint64_t)got : 0;
    return makes_code(text, (size_t)got, language);
}

static bool is_marked(const struct vb_probed *probed, struct vb_str path)
{
    for (size_t i = 0; i < probed->count; i++) {
        const size_t len = strlen(probed->files[i]);
        if (path.len > len && path.text[path.len - len - 1] == '/' &&
            memcmp(path.text + path.len - len, probed->files[i], len) == 0)
            return true;
    }
    return false;
}

static int emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct vb_probed *probed = (struct vb_probed *)(void *)base;
    /* What stands behind the import of a module is opened in the run with a stand-in for it. */
    if (event->kind == VB_EV_DETONATION_BEGIN)
        probed->row = vb_event_get_int(event, VB_F_REPEATS, event->detonation);
    if (probed->row < VB_PROBED_ROWS && !probed->seen[probed->row] &&
        (event->kind == VB_EV_FILE_OPEN || event->kind == VB_EV_PROCESS_EXEC))
        probed->seen[probed->row] = is_marked(probed, vb_event_get_str(event, VB_F_PATH));
    return vb_emit(probed->next, event, err);
}

int vb_probed_init(struct vb_probed *probed, const struct vb_session *session, struct vb_sink *next,
                   struct vb_error *err)
{
    *probed = (struct vb_probed){.sink = {.emit = emit}, .next = next};
    VB_CLEANUP_FREE char *text = malloc(FILE_MAX);
    uint64_t left = ALL_MAX;
    if (text == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "looking for code");
    for (size_t i = 0; i < session->tree->count && !probed->more; i++) {
        const struct vb_tree_file *file = &session->tree->files[i];
        probed->more = left < FILE_MAX || probed->count == VB_PROBED_FILES;
        if (!probed->more && look_at(session, file, text, &left))
            probed->files[probed->count++] = file->path;
    }
    return VB_OK;
}

/* --- runs --- */

static bool is_wanted(const struct vb_probed *probed, const struct vb_runs *runs, size_t i,
                      enum vb_probes probes)
{
    const struct vb_detonation *row = &runs->plan->rows[i];
    const unsigned language = language_of(row->interpreter);
    if (!runs->rows[i].ran || runs->rows[i].again || language == 0)
        return false;
    return probes == VB_PROBES_ALL || probed->more ||
           (row->id < VB_PROBED_ROWS && probed->seen[row->id]) ||
           (row->text != NULL && makes_code(row->text, strlen(row->text), language));
}

/* Milliseconds for the run of row I, within BUDGET_MS; 0: that is not enough, or there is no room
 * in the log. */
static unsigned time_for(const struct vb_runs *runs, size_t i, unsigned budget_ms)
{
    const struct vb_row_run *row = &runs->rows[i];
    const unsigned most = row->finished ? 4 * row->duration_ms : row->duration_ms;
    const unsigned wanted =
        LEAST_MS + (row->finished || most < UNFINISHED_MS ? most : UNFINISHED_MS);
    if (wanted > budget_ms || !vb_runs_have_room(runs, row))
        return 0;
    return wanted;
}

/* A shell that has nothing to tell by; bash runs what is written for it. */
static bool is_plain_shell(const struct vb_detonation *row)
{
    return row->interpreter != NULL && row->argv[0] != NULL &&
           strcmp(row->argv[0], row->interpreter) == 0 &&
           (strcmp(row->interpreter, "sh") == 0 || strcmp(row->interpreter, "dash") == 0);
}

static int run_one(struct vb_runs *runs, size_t i, size_t way, unsigned timeout_ms,
                   struct vb_error *err)
{
    static char bash[] = "bash";
    const struct vb_detonation *row = &runs->plan->rows[i];
    size_t count = 0;
    while (row->argv[count] != NULL)
        count++;
    VB_CLEANUP_FREE char **argv = calloc(count + 1, sizeof(*argv));
    if (argv == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "running with probes");
    memcpy(argv, row->argv, count * sizeof(*argv));
    if (is_plain_shell(row))
        argv[0] = bash;
    struct vb_detonation again = vb_runs_again(runs, i, way);
    again.argv = argv;
    again.probed = true;
    again.timeout_ms = timeout_ms;
    return vb_runs_make(runs, runs->sandbox, &again, "with probes", err);
}

struct hunt {
    struct vb_runs *runs;
    size_t made, missed, most;
    unsigned end; /* milliseconds that are to be left at the end */
};

/* Row I, each way once. */
static int run_ways(struct hunt *hunt, size_t i, struct vb_error *err)
{
    struct vb_runs *runs = hunt->runs;
    int status = VB_OK;
    for (size_t way = 0; status == VB_OK && way < vb_runs_ways(runs, i); way++) {
        const unsigned left = vb_runs_left_ms(runs);
        const unsigned timeout_ms =
            hunt->made == hunt->most || left <= hunt->end || !vb_sandbox_probes(runs->sandbox)
                ? 0
                : time_for(runs, i, left - hunt->end);
        hunt->missed += timeout_ms == 0;
        hunt->made += timeout_ms > 0;
        if (timeout_ms > 0)
            status = run_one(runs, i, way, timeout_ms, err);
    }
    return status;
}

int vb_probed_run(const struct vb_probed *probed, struct vb_runs *runs, struct vb_error *err)
{
    enum vb_probes probes;
    int status = vb_probes_choose(runs->session->options, &probes, err);
    const unsigned all = vb_runs_left_ms(runs);
    struct hunt hunt = {.runs = runs,
                        .most = probes == VB_PROBES_ALL ? SIZE_MAX : MAX_RUNS,
                        .end = all - all / TIME_PART};
    if (status < 0 || probes == VB_PROBES_NONE)
        return status;
    /* Calls with arguments last: what they are calls of comes first. */
    for (int calls = 0; calls < 2; calls++) {
        for (size_t i = 0; status == VB_OK && i < runs->plan->count; i++) {
            if (runs->plan->rows[i].call == (calls == 1) && is_wanted(probed, runs, i, probes))
                status = run_ways(&hunt, i, err);
        }
    }
    return status == VB_OK ? vb_runs_tell_missed(
                                 runs, "probes", "a run with probes",
                                 vb_sandbox_probes(runs->sandbox)
                                     ? "16 were made, or no time is left for it within --timeout"
                                     : "boxes have no overlay here",
                                 hunt.missed, err)
                           : status;
}
