/* What came of the answers that the world gave: code of a download that was executed, which its
 * token shows wherever it turns up, and a shell that did what the other end told it. The world's
 * events and those of the processes come on two ways: they are compared when the run is over. */
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

static void remember_mark(struct judge *judge, const char *token, const char *how)
{
    struct run *run = judge->run;
    for (size_t i = 0; i < run->mark_count; i++)
        if (strcmp(run->marks[i].token, token) == 0)
            return;
    if (run->mark_count == MAX_MARKS || run->arena.bytes > MAX_RUN_BYTES) {
        run->full = true;
        return;
    }
    const struct process *process = judge->process;
    run->marks[run->mark_count++] = (struct mark){
        .token = vb_arena_str(&run->arena, token),
        .how = vb_arena_str(&run->arena, how),
        .seq = judge->event->seq,
        .by_packager = process != NULL && is_of_packager(run, process),
    };
}

/* Remembers each run of exactly 32 hexadecimal digits. */
static void find_marks(struct judge *judge, const char *text, const char *how)
{
    char token[TOKEN_CHARS + 1];
    while (*text != '\0') {
        size_t len = 0;
        while (is_hex(text[len]))
            len++;
        if (len == TOKEN_CHARS) {
            memcpy(token, text, TOKEN_CHARS);
            token[TOKEN_CHARS] = '\0';
            remember_mark(judge, token, how);
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
    if (strlen(token) != TOKEN_CHARS)
        return;
    for (size_t i = 0; i < run->download_count; i++)
        if (strcmp(run->downloads[i].token, token) == 0)
            return; /* parts of one repository */
    if (run->download_count == MAX_DOWNLOADS || run->arena.bytes > MAX_RUN_BYTES) {
        run->full = true;
        return;
    }
    const char *name = vb_text_of(judge, VB_F_NAME);
    run->downloads[run->download_count++] = (struct download){
        .token = vb_arena_str(&run->arena, token),
        .url = vb_arena_str(&run->arena, vb_text_of(judge, VB_F_URL)),
        .host = vb_arena_str(&run->arena, name[0] != '\0' ? name : vb_text_of(judge, VB_F_ADDRESS)),
        .form = vb_arena_str(&run->arena, vb_text_of(judge, VB_F_FORM)),
        .seq = judge->event->seq,
    };
}

static void compare(struct judge *judge)
{
    const struct run *run = judge->run;
    for (size_t i = 0; i < run->download_count; i++) {
        const struct download *download = &run->downloads[i];
        for (size_t j = 0; j < run->mark_count; j++) {
            const struct mark *mark = &run->marks[j];
            const bool indexed = mark->by_packager && vb_word_in("npm wheel sdist", download->form);
            if (indexed || strcmp(mark->token, download->token) != 0)
                continue;
            const uint64_t evidence[2] = {download->seq, mark->seq};
            vb_report_download_run(judge, download->host, evidence,
                                   vb_arena_printf(&judge->scratch,
                                                   "What %s answered was executed: %s",
                                                   download->url, mark->how));
        }
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
