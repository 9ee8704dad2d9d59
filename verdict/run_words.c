/* Words about runs, processes and paths, for findings. A part of the facts. */
#include <string.h>

#include "verdict/internal.h"

const char *vb_box_path(struct judge *judge, enum vb_field field)
{
    return vb_home_path(&judge->scratch, vb_text_of(judge, field));
}

/* LINE with the files of the package named as the package names them. */
static const char *without_own(struct judge *judge, const char *line)
{
    const char *own = judge->run != NULL ? judge->run->own_path : NULL;
    const char *at = own == NULL ? NULL : strstr(line, own);
    if (at == NULL)
        return line;
    return vb_arena_printf(&judge->scratch, "%.*s%s", (int)(at - line), line, at + strlen(own));
}

const char *vb_process_label(struct judge *judge, const struct process *process)
{
    if (process == NULL)
        return "a process";
    if (process->line != NULL && process->line[0] != '\0' && process->last_word != NULL &&
        strpbrk(process->last_word, " \t\n") == NULL)
        return vb_arena_printf(&judge->scratch, "`%s %s`",
                               vb_arena_cut(&judge->scratch, process->line, LABEL_BYTES / 4),
                               without_own(judge, process->last_word));
    if (process->line != NULL && process->line[0] != '\0')
        return vb_arena_printf(
            &judge->scratch, "`%s`",
            vb_arena_cut(&judge->scratch, without_own(judge, process->line), LABEL_BYTES));
    return process->command.program[0] != '\0' ? process->command.program : "a process";
}

const char *vb_program_label(const struct process *process)
{
    return process != NULL && process->command.program != NULL &&
                   process->command.program[0] != '\0'
               ? process->command.program
               : "a process";
}

bool vb_process_is_below(const struct run *run, int64_t young, int64_t old)
{
    for (unsigned steps = 0; steps < 64 && young != 0; steps++) {
        if (young == old)
            return true;
        const struct process *process = vb_process_of(run, young);
        young = process == NULL ? 0 : process->ppid;
    }
    return false;
}

bool vb_processes_related(const struct run *run, int64_t a, int64_t b)
{
    if (vb_process_is_below(run, b, a) || vb_process_is_below(run, a, b))
        return true;
    const struct process *first = vb_process_of(run, a), *second = vb_process_of(run, b);
    return first != NULL && second != NULL && first->ppid != 0 && first->ppid == second->ppid;
}

static const char *const loose_folders[] = {
    "/tmp/",   "/var/tmp/",       "/dev/shm/",          "/run/user/",           "~/.cache/",
    "~/.npm/", "~/.local/state/", "~/.local/share/uv/", "~/.local/share/pnpm/",
};

bool vb_path_is_own(const struct run *run, const char *path)
{
    if (run != NULL && run->own != NULL && vb_starts(path, run->own) &&
        (path[strlen(run->own)] == '/' || path[strlen(run->own)] == '\0'))
        return true;
    for (size_t i = 0; i < VB_ARRAY_LEN(loose_folders); i++)
        if (vb_starts(path, loose_folders[i]))
            return true;
    return false;
}
