/* ours: a package's code may be run by something of ours: what runs TypeScript or calls the
 * functions of a library, and what gives a program a terminal. What the box executes for that is no
 * command of the package's. detonation.begin says how many words at the beginning of its argv are
 * ours. They are told by their order: ours come before the first that the package executes, each
 * once; and what is left out of the list of commands stays in the log, and every detector sees it.
 */
#include <string.h>

#include "verdict/internal.h"

enum { MAX_WORDS = 64 };

static char **copy_words(struct run *run, char *const *argv, size_t count)
{
    char **copy = vb_arena_alloc(&run->arena, count * sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = vb_arena_str(&run->arena, argv[i]);
        if (copy[i] == NULL)
            return NULL;
    }
    return copy;
}

void vb_ours_begin(struct judge *judge, struct run *run, char *const *argv, size_t count)
{
    const int64_t words = vb_event_get_int(judge->event, VB_F_OURS, 0);
    if (words <= 0 || count > MAX_WORDS || (uint64_t)words > count)
        return;
    run->ours = (struct ours){
        .argv = copy_words(run, argv, count),
        .count = count,
        .words = (size_t)words,
        .translates = strcmp(vb_text_of(judge, VB_F_INTERPRETER), "esbuild") == 0,
    };
    if (run->ours.argv == NULL)
        run->ours.words = 0;
}

/* One of ours and all behind it, as the one before starts it. */
static bool is_next(const struct judge *judge, const struct ours *ours, size_t *ret)
{
    for (size_t i = ours->next; i < ours->words; i++) {
        bool same = judge->argc == ours->count - i;
        for (size_t k = 0; same && k < judge->argc; k++)
            same = strcmp(judge->argv[k], ours->argv[i + k]) == 0;
        *ret = i;
        if (same)
            return true;
    }
    return false;
}

static bool is_among(const char *word, char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return false;
}

/* What runs TypeScript has esbuild make JavaScript of it: at first for one form of modules, then
 * for another, or with fewer of the same words. */
static bool is_translation(const struct judge *judge, struct run *run,
                           const struct process *process)
{
    struct ours *ours = &run->ours;
    if (!ours->translates || ours->next == 0 || process->ppid != ours->pid || judge->argc == 0 ||
        judge->argc > MAX_WORDS || strcmp(judge->argv[0], "esbuild") != 0)
        return false;
    if (ours->made == NULL) {
        ours->made = copy_words(run, judge->argv, judge->argc);
        ours->made_count = judge->argc;
        return ours->made != NULL;
    }
    for (size_t i = 0; i < judge->argc; i++) {
        if (!vb_starts(judge->argv[i], "--format=") &&
            !is_among(judge->argv[i], ours->made, ours->made_count))
            return false;
    }
    return true;
}

bool vb_is_ours(struct judge *judge, struct run *run, const struct process *process)
{
    struct ours *ours = &run->ours;
    size_t at = 0;
    if (ours->words == 0)
        return false;
    if (is_next(judge, ours, &at)) {
        const bool missing = vb_event_get(judge->event, VB_F_MISSING) != NULL;
        ours->next = missing ? at : at + 1; /* one that is not there is looked for elsewhere */
        ours->pid = process->pid;
        return true;
    }
    if (is_translation(judge, run, process))
        return true;
    ours->words = 0; /* from here on the package runs */
    return false;
}
