/* What came of the answers that the world gave: code of a download that was executed, which its
 * token shows wherever it turns up, and a shell that did what the other end told it. The world's
 * events and those of the processes come on two ways: they are compared when the run is over. */
#include <stdlib.h>
#include <string.h>

#include "verdict/internal.h"

enum { TOKEN_CHARS = 32 };

/* --- tokens --- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* A process that a package manager started, or one itself: what it runs came through an index. */
static bool is_of_packager(const struct run *run, const struct process *process)
{
    for (unsigned steps = 0; steps < 64 && process != NULL; steps++) {
        if (process->command.trusted && (process->command.traits & TRAIT_PACKAGER))
            return true;
        process = vb_process_of(run, process->ppid);
    }
    return false;
}

/* Room for one more of SIZE bytes at *ROWS, of which there are COUNT; NULL: out of memory. */
static void *one_more(struct judge *judge, void **rows, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0) { /* a power of two: it is full */
        void *more = realloc(*rows, (count == 0 ? 1 : 2 * count) * size);
        if (more == NULL) {
            vb_judge_fail(judge, VB_E_NOMEM, "out of memory");
            return NULL;
        }
        *rows = more;
    }
    return (char *)*rows + count * size;
}

/* The place of TOKEN in NAMES, as a fresh one; -1: it was there before, or there is no room. */
static int64_t place_for(struct run *run, struct names *names, const char *token, size_t count)
{
    bool fresh = false;
    const bool room = run->arena.bytes <= MAX_RUN_BYTES;
    const struct name *name =
        room ? vb_names_add(names, &run->arena, token, (int64_t)count, &fresh) : NULL;
    if (name == NULL)
        run->full = true;
    return name != NULL && fresh ? name->value : -1;
}

static void remember_mark(struct judge *judge, const char *token, const char *how, bool alone)
{
    struct run *run = judge->run;
    const struct process *process = judge->process;
    const bool by_packager = process != NULL && is_of_packager(run, process);
    const struct name *before = vb_names_find(&run->mark_tokens, token);
    if (before != NULL) {
        run->marks[before->value].by_packager &= by_packager;
        run->marks[before->value].alone |= alone;
        return;
    }
    if (place_for(run, &run->mark_tokens, token, run->mark_count) < 0)
        return;
    struct mark *mark = one_more(judge, (void **)&run->marks, run->mark_count, sizeof(*mark));
    if (mark == NULL)
        return;
    run->mark_count++;
    *mark = (struct mark){
        .token = vb_arena_str(&run->arena, token),
        .how = vb_arena_str(&run->arena, how),
        .seq = judge->event->seq,
        .by_packager = by_packager,
        .alone = alone,
    };
}

/* Remembers each 32 hexadecimal digits: a run of exactly so many; of a longer one its beginning and
 * its end. */
static void find_marks(struct judge *judge, const char *text, const char *how)
{
    static const char said[] = "--build=";
    char token[TOKEN_CHARS + 1] = "";
    const bool whole = vb_starts(text, said) && strlen(text) == sizeof(said) - 1 + TOKEN_CHARS;
    while (*text != '\0') {
        size_t len = 0;
        while (is_hex(text[len]))
            len++;
        if (len >= TOKEN_CHARS) {
            memcpy(token, text, TOKEN_CHARS);
            remember_mark(judge, token, how, whole);
        }
        if (len > TOKEN_CHARS) {
            memcpy(token, text + len - TOKEN_CHARS, TOKEN_CHARS);
            remember_mark(judge, token, how, whole);
        }
        text += len == 0 ? 1 : len;
    }
}

static void see_execution(struct judge *judge)
{
    if (judge->process == NULL)
        return; /* more processes than can be followed */
    for (size_t i = 0; i < judge->argc; i++)
        find_marks(judge, judge->argv[i],
                   vb_arena_printf(&judge->scratch, "%s came of it",
                                   vb_process_label(judge, judge->process)));
}

static void remember_answer(struct judge *judge)
{
    struct run *run = judge->run;
    const char *token = vb_text_of(judge, VB_F_TOKEN);
    const char *host = run->world_host != NULL ? run->world_host : vb_text_of(judge, VB_F_ADDRESS);
    if (strcmp(vb_text_of(judge, VB_F_FORM), "index") == 0)
        (void)place_for(run, &run->indexes, host, 0);
    if (strlen(token) != TOKEN_CHARS ||
        place_for(run, &run->download_tokens, token, run->download_count) < 0)
        return; /* none, or one of the parts of a repository */
    struct download *download =
        one_more(judge, (void **)&run->downloads, run->download_count, sizeof(*download));
    if (download == NULL)
        return;
    run->download_count++;
    *download = (struct download){
        .token = vb_arena_str(&run->arena, token),
        .url = vb_arena_str(&run->arena, vb_text_of(judge, VB_F_URL)),
        .host = vb_arena_str(&run->arena, host),
        .form = vb_arena_str(&run->arena, vb_text_of(judge, VB_F_FORM)),
        .sha256 = vb_arena_str(&run->arena, vb_text_of(judge, VB_F_SHA256)),
        .seq = judge->event->seq,
        .by_packager = is_of_packager(run, vb_process_of(run, run->world_pid)),
        .guessed = strcmp(vb_text_of(judge, VB_F_RULE), "guess") == 0,
    };
}

/* A package that its index handed to a package manager. What is installed so is there to be used:
 * what the instructions and scripts install is told by other means. */
static bool is_installed(const struct run *run, const struct download *download,
                         const struct mark *mark)
{
    return (mark->by_packager || download->by_packager) &&
           vb_word_in("npm wheel sdist", download->form) &&
           vb_names_find(&run->indexes, download->host) != NULL;
}

/* --- a download that stays --- */

static void remember_file(struct judge *judge)
{
    struct run *run = judge->run;
    const char *digest = vb_text_of(judge, VB_F_SHA256);
    const char *path = vb_home_path(&judge->scratch, vb_text_of(judge, VB_F_PATH));
    if (digest[0] != '\0' && !vb_path_is_own(run, path) &&
        vb_names_add(&run->placed, &run->arena,
                     vb_arena_printf(&judge->scratch, "%s %s", digest, path),
                     (int64_t)judge->event->seq, NULL) == NULL)
        run->full = true;
}

/* What waits there for its user, or for a program that comes later, to start it. */
static void compare_file(struct judge *judge, const struct download *download)
{
    const struct run *run = judge->run;
    const size_t len = strlen(download->sha256);
    if (len == 0 || download->by_packager || !vb_word_in("script elf pe", download->form) ||
        vb_names_host(judge, download->host))
        return;
    for (size_t i = 0; i < run->placed.count; i++) {
        const struct name *placed = &run->placed.items[i];
        if (strncmp(placed->text, download->sha256, len) != 0 || placed->text[len] != ' ')
            continue;
        const bool hidden = vb_hides_host(judge, download->host);
        const struct found found = {.id = FINDING_DOWNLOAD_LEFT,
                                    .graded = hidden,
                                    .severity = VB_SEVERITY_CRITICAL,
                                    .confidence = VB_CONFIDENCE_HIGH,
                                    .host = download->host,
                                    .evidence = {download->seq, (uint64_t)placed->value}};
        vb_report_found(judge, &found, "What %s answered, a program, lies in %s%s.", download->url,
                        placed->text + len + 1, hidden ? "; the host's name is kept encoded" : "");
        return;
    }
}

/* --- both --- */

static void compare(struct judge *judge)
{
    const struct run *run = judge->run;
    for (size_t i = 0; i < run->download_count; i++) {
        const struct download *download = &run->downloads[i];
        compare_file(judge, download);
        const struct name *name = vb_names_find(&run->mark_tokens, download->token);
        const struct mark *mark = name == NULL ? NULL : &run->marks[name->value];
        if (mark == NULL || is_installed(run, download, mark) ||
            (download->guessed && !mark->alone))
            continue;
        const uint64_t evidence[2] = {download->seq, mark->seq};
        vb_report_download_run(judge, download->host, evidence,
                               vb_arena_printf(&judge->scratch, "What %s answered was executed: %s",
                                               download->url, mark->how));
    }
}

void vb_see_answer_run(struct judge *judge)
{
    if (judge->run == NULL || (judge->run->ended && judge->event->kind != VB_EV_DETONATION_END))
        return;
    switch ((int)judge->event->kind) {
    case VB_EV_WORLD_RESPONSE:
        remember_answer(judge);
        break;
    case VB_EV_PROCESS_EXEC:
        see_execution(judge);
        break;
    case VB_EV_PROCESS_SCRIPT:
        find_marks(judge, vb_text_of(judge, VB_F_TEXT), "an interpreter read it as its program");
        break;
    case VB_EV_WORLD_REQUEST:
        find_marks(
            judge, vb_text_of(judge, VB_F_URL),
            vb_arena_printf(&judge->scratch, "it asked for %s", vb_text_of(judge, VB_F_URL)));
        break;
    case VB_EV_TRUTH_FILE:
        remember_file(judge);
        break;
    case VB_EV_DETONATION_END:
        compare(judge);
        break;
    default:
        break;
    }
}

/* --- a shell that obeyed --- */

void vb_see_session(struct judge *judge)
{
    const struct run *run = judge->run;
    if (run == NULL || strcmp(vb_text_of(judge, VB_F_PROTOCOL), "shell") != 0)
        return;
    const struct process *process = vb_process_of(run, run->world_pid);
    const struct found found = {.id = FINDING_REVERSE_SHELL, .host = run->world_host};
    vb_report_found(judge, &found, "%s executed the commands that %s sent it.",
                    vb_process_label(judge, process),
                    run->world_host != NULL ? run->world_host : "the other end");
}
