/* Files of the user that are deleted, taken away or written over, and commands that would wipe all
 * of them. */
#include <string.h>

#include "verdict/internal.h"

enum { DELETED_MANY = 20, HOSTAGES = 5 };

/* The folder that WORD names, or a file in it, is PATH's. */
static bool is_above(struct judge *judge, const char *word, size_t len, const char *path)
{
    char *folder = vb_arena_copy(&judge->scratch, word, len);
    for (; len > 0 && (folder[len - 1] == '/' || folder[len - 1] == '"'); len--)
        folder[len - 1] = '\0';
    if (vb_starts(folder, "$HOME/"))
        folder = vb_arena_printf(&judge->scratch, "~%s", folder + 5);
    const char *home = vb_home_path(&judge->scratch, folder);
    len = strlen(home);
    return len > 3 && vb_starts(path, home) && (path[len] == '/' || path[len] == '\0');
}

/* Instructions that everybody sees delete the folder of PATH and, later in the same text, put
 * another one in its place. */
static bool is_replaced(struct judge *judge, const char *path)
{
    static const char movers[] = "mv cp rsync tar unzip git";
    const char *line = judge->run->visible ? judge->run->text : "";
    for (bool deleted = false; line[0] != '\0';) {
        const char *text = line + strspn(line, " \t");
        size_t len = strcspn(text, "\n");
        line = text + len + (text[len] == '\n' ? 1 : 0);
        while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\r'))
            len--;
        size_t last = len;
        while (last > 0 && text[last - 1] != ' ')
            last--;
        const char *word = vb_arena_copy(&judge->scratch, text, strcspn(text, " \n"));
        const bool above = is_above(judge, text + last, len - last, path);
        if (deleted && above && vb_word_in(movers, word) &&
            memmem(text, len, "/dev/null", strlen("/dev/null")) == NULL)
            return true;
        deleted |= above && strcmp(word, "rm") == 0;
    }
    return false;
}

static void note_deleted(struct judge *judge, const char *path, unsigned count)
{
    struct run *run = judge->run;
    const bool were_many = run->deleted >= DELETED_MANY;
    run->deleted += count;
    if (run->delete_seq == 0) {
        run->delete_seq = judge->event->seq;
        run->delete_first = vb_arena_cut(judge->keep, path, MAX_TEXT);
    }
    if (were_many || run->deleted < DELETED_MANY)
        return;
    const bool replaced = is_replaced(judge, path);
    const struct found found = {.id = FINDING_DESTRUCTION,
                                .graded = true,
                                .severity = replaced ? VB_SEVERITY_HIGH : VB_SEVERITY_CRITICAL,
                                .confidence = replaced ? VB_CONFIDENCE_MEDIUM : VB_CONFIDENCE_HIGH,
                                .evidence = {run->delete_seq}};
    vb_report_found(judge, &found, "%s deletes files of the user, %s and %llu more so far.",
                    vb_process_label(judge, judge->process), run->delete_first,
                    (unsigned long long)run->deleted - 1);
}

/* What lay there before the package came is the user's, whatever was written to it since. */
static bool is_of_run(const struct judge *judge, const char *path)
{
    return vb_baits_taken(judge) == 0 && (vb_names_find(&judge->run->changed, path) != NULL ||
                                          vb_names_find(&judge->brought, path) != NULL);
}

/* What of the file PATH is lost is lost to the user: it is not the package's, nor a packager's. */
static bool is_users(const struct judge *judge, const char *path)
{
    const struct run *run = judge->run;
    const struct process *process = judge->process;
    if (!vb_starts(path, "~/") && !vb_starts(path, "/etc/") && !vb_starts(path, "/var/") &&
        !vb_starts(path, "/usr/"))
        return false;
    if (vb_path_is_own(run, path) || is_of_run(judge, path) || vb_is_given(run, path) ||
        vb_is_below_any(&judge->brought_folders, path))
        return false;
    return process == NULL || !process->command.trusted ||
           (process->command.traits & TRAIT_PACKAGER) == 0;
}

/* Of the file PATH of the user only ENDED is left, its name with an ending of extortionists. */
static void see_hostage(struct judge *judge, const char *path, const char *ended)
{
    struct run *run = judge->run;
    if (run->hostages++ == 0)
        run->hostage_seq = judge->event->seq;
    if (run->hostages != HOSTAGES)
        return;
    const struct found found = {.id = FINDING_DESTRUCTION, .evidence = {run->hostage_seq}};
    vb_report_found(
        judge, &found,
        "%s leaves files of the user only under names as extortionists give them: %s for "
        "%s, and %d more so far.",
        vb_process_label(judge, judge->process), vb_path_base(ended), path, HOSTAGES - 1);
}

static const char *const hostage_endings[] = {".locked",  ".encrypted", ".enc",    ".crypt",
                                              ".crypted", ".lockbit",   ".ransom", ".pay"};

/* As the run wrote it beside PATH, which is deleted. */
static void see_beside(struct judge *judge, const char *path)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(hostage_endings); i++) {
        const char *ended = vb_arena_printf(&judge->scratch, "%s%s", path, hostage_endings[i]);
        if (vb_names_find(&judge->run->changed, ended) != NULL) {
            see_hostage(judge, path, ended);
            return;
        }
    }
}

static void see_renamed(struct judge *judge)
{
    const char *path = vb_box_path(judge, VB_F_PATH), *to = vb_box_path(judge, VB_F_TARGET);
    const size_t len = strlen(path);
    for (size_t i = 0; i < VB_ARRAY_LEN(hostage_endings) && strncmp(to, path, len) == 0; i++)
        if (strcmp(to + len, hostage_endings[i]) == 0 && is_users(judge, path))
            see_hostage(judge, path, to);
}

static void see_delete(struct judge *judge)
{
    struct run *run = judge->run;
    const struct process *process = judge->process;
    const char *path = vb_box_path(judge, VB_F_PATH);
    const char *own =
        run->own != NULL && vb_starts(path, run->own) ? path + strlen(run->own) : NULL;
    if (own != NULL && own[0] == '/' && vb_names_find(&judge->tree, own + 1) != NULL) {
        const struct found found = {.id = FINDING_SELF_ERASE};
        vb_report_found(judge, &found, "%s deletes %s, a file of the package.",
                        vb_process_label(judge, process), own + 1);
    }
    if (!is_users(judge, path))
        return;
    see_beside(judge, path);
    note_deleted(judge, path, 1);
}

/* What is moved to where it is the package's, or everybody's, is lost to its user. */
static void see_taken(struct judge *judge)
{
    const char *path = vb_box_path(judge, VB_F_PATH);
    const unsigned taken = vb_baits_taken(judge);
    if (taken > 0 && !vb_is_given(judge->run, path) &&
        vb_path_is_own(judge->run, vb_box_path(judge, VB_F_TARGET)))
        note_deleted(judge, path, taken);
}

/* PATH, or a folder that it lies in, is an argument of the call. */
static bool is_named(const struct run *run, const char *path)
{
    if (vb_is_given(run, path))
        return true;
    for (size_t i = 0; i < run->named.count; i++) {
        const char *named = run->named.items[i].text;
        const size_t len = strlen(named);
        if (strncmp(path, named, len) == 0 && (path[len] == '\0' || path[len] == '/'))
            return true;
    }
    return false;
}

/* What is written over is as lost as what is deleted. */
static void see_overwritten(struct judge *judge)
{
    enum { OVERWRITTEN_MANY = 8 };
    static const char *const folders[] = {"~/Documents/", "~/Desktop/", "~/Pictures/",
                                          "~/Music/",     "~/Videos/",  "~/Downloads/"};
    struct run *run = judge->run;
    const char *path = vb_box_path(judge, VB_F_PATH);
    bool document = false;
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++)
        document = document || vb_starts(path, folders[i]);
    if (!document || strcmp(vb_text_of(judge, VB_F_CHANGE), "modified") != 0 ||
        is_named(run, path) || ++run->overwritten != OVERWRITTEN_MANY)
        return;
    const struct found found = {.id = FINDING_DESTRUCTION,
                                .graded = true,
                                .severity = VB_SEVERITY_HIGH,
                                .confidence = VB_CONFIDENCE_MEDIUM,
                                .group = "overwritten"};
    vb_report_found(
        judge, &found,
        "It overwrites documents of the user that nothing named, %s and %d more so far.",
        vb_arena_cut(&judge->scratch, path, 200), OVERWRITTEN_MANY - 1);
}

/* A whole home or system folder; the shell has expanded what it could. */
static bool is_everything(struct judge *judge, const char *path)
{
    static const char *const all[] = {"~",     "~/",   "~/*",  "~/.*", "/",     "/*",
                                      "/home", "/etc", "/usr", "/var", "/boot", "$HOME"};
    const char *home = vb_home_path(&judge->scratch, path);
    for (size_t i = 0; i < VB_ARRAY_LEN(all); i++)
        if (strcmp(home, all[i]) == 0)
            return true;
    return false;
}

static bool has_argument(const struct judge *judge, const char *list)
{
    for (size_t i = 1; i < judge->argc; i++)
        if (vb_word_in(list, judge->argv[i]))
            return true;
    return false;
}

static void see_wipe(struct judge *judge)
{
    const char *program = judge->command.program;
    const char *harm = NULL;
    if (strcmp(program, "rm") == 0 || strcmp(program, "shred") == 0) {
        bool recursive = strcmp(program, "shred") == 0;
        for (size_t i = 1; i < judge->argc; i++)
            recursive |= vb_word_in("-r* -R* -fr* -fR* --recursive", judge->argv[i]);
        for (size_t i = 1; i < judge->argc && recursive; i++)
            if (is_everything(judge, judge->argv[i]))
                harm = "deletes everything";
    }
    if (strcmp(program, "find") == 0 && judge->argc > 1 && is_everything(judge, judge->argv[1]) &&
        has_argument(judge, "-delete"))
        harm = "deletes everything";
    if (vb_starts(program, "mkfs") || strcmp(program, "wipefs") == 0)
        harm = "formats a disk";
    if (strcmp(program, "dd") == 0 &&
        has_argument(judge, "of=/dev/sd* of=/dev/nvme* of=/dev/vd* of=/dev/mmc*"))
        harm = "overwrites a disk";
    if (harm == NULL)
        return;
    const struct found found = {.id = FINDING_DESTRUCTION, .group = program};
    vb_report_found(judge, &found, "%s %s.", vb_process_label(judge, judge->process), harm);
}

void vb_see_destruction(struct judge *judge)
{
    if (judge->run == NULL)
        return;
    if (judge->event->kind == VB_EV_FILE_DELETE)
        see_delete(judge);
    else if (judge->event->kind == VB_EV_FILE_RENAME) {
        see_taken(judge);
        see_renamed(judge);
    } else if (judge->event->kind == VB_EV_TRUTH_FILE)
        see_overwritten(judge);
    else if (judge->event->kind == VB_EV_PROCESS_EXEC && judge->process != NULL)
        see_wipe(judge);
}
