/* vetbox unpack: archive → folder, for people. What they expect is what unzip and tar give them,
 * without what would do harm: that is said, and worth exit status 2. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/crew.h"
#include "cli/listen.h"
#include "cli/places.h"
#include "cli/session.h"
#include "vetbox/sandbox.h"

enum { LINKS_MAX = 4096, SAID_MAX = 64 };

/* Who copies does not listen, and a reader has its time only as long as somebody does: files that
 * are large, and whatever comes when so much time was spent, are copied at the end. */
static const uint64_t ahead_bytes = (uint64_t)32 << 20;
static const uint64_t ahead_ns = UINT64_C(5) * 1000000000U;

/* A symbolic link of the archive that stays inside; made at the end. */
struct link {
    char *path, *target;
};

struct outcome {
    const char *reference; /* named where there are several; else NULL */
    size_t troubles;       /* that were printed */
    bool is_archive;
    struct link *links; /* LINKS_MAX of them, NULL before the first */
    size_t link_count;
    size_t links_made;
    struct vb_session *session;
    const char *dir;           /* what is extracted is copied to, */
    int target_fd;             /* it, -1: not made yet */
    int extracted_fd;          /* and from */
    struct vb_tree_sum sum;    /* what was copied */
    uint64_t spent_ns;         /* with copying while the archive was read */
    int ahead_status;          /* of that, */
    struct vb_error ahead_err; /* and why */
    bool out_of_memory;
    char *said[SAID_MAX]; /* of an entry, last: one may have two things of a code wrong with it */
    size_t said_at;
};

static void outcome_done(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->link_count; i++) {
        free(outcome->links[i].path);
        free(outcome->links[i].target);
    }
    free(outcome->links);
    vb_close_fd(&outcome->target_fd);
    vb_close_fd(&outcome->extracted_fd);
    for (size_t i = 0; i < SAID_MAX; i++)
        free(outcome->said[i]);
}

static void print_trouble(struct outcome *outcome, const char *text)
{
    outcome->troubles++;
    fputs("vetbox: ", stderr);
    if (outcome->reference != NULL) {
        vb_print_escaped(stderr, (struct vb_str){outcome->reference, strlen(outcome->reference)});
        fputs(": ", stderr);
    }
    fputs(text, stderr);
}

/* What became of an entry, in words; archive.hostile has the table in its documentation. */
static const char *fate_words(struct vb_str outcome)
{
    static const struct {
        const char *outcome, *words;
    } rows[] = {{"refused", "not extracted"},
                {"cut", "extracted in part"},
                {"extracted", "extracted all the same"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if (vb_str_equal(outcome, rows[i].outcome))
            return rows[i].words;
    return "found";
}

/* Takes LINE; false if it stood among the last ones already. */
static bool is_new(struct outcome *outcome, char *line)
{
    for (size_t i = 0; i < SAID_MAX; i++) {
        if (outcome->said[i] != NULL && strcmp(outcome->said[i], line) == 0) {
            free(line);
            return false;
        }
    }
    free(outcome->said[outcome->said_at]);
    outcome->said[outcome->said_at] = line;
    outcome->said_at = (outcome->said_at + 1) % SAID_MAX;
    return true;
}

/* "WORDS: TEXT: PATH", once. */
static void say_of(struct outcome *outcome, const char *words, struct vb_str text,
                   struct vb_str path)
{
    char *line = NULL;
    if (asprintf(&line, "%s: %.*s: %.*s", words, (int)text.len, text.text, (int)path.len,
                 path.text) < 0) {
        outcome->out_of_memory = true;
        return;
    }
    if (!is_new(outcome, line))
        return;
    print_trouble(outcome, "");
    vb_print_escaped(stderr, (struct vb_str){line, strlen(line)});
    fputc('\n', stderr);
}

static void print_refused(const struct vb_event *event, struct outcome *outcome)
{
    say_of(outcome, fate_words(vb_event_get_str(event, VB_F_OUTCOME)),
           vb_event_get_str(event, VB_F_CODE), vb_event_get_str(event, VB_F_PATH));
}

/* A link within the package itself; of an archive within it nothing is extracted anyway. */
static void keep_link(const struct vb_event *event, struct outcome *outcome)
{
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    if (memmem(path.text, path.len, "!/", 2) != NULL)
        return;
    if (outcome->links == NULL)
        outcome->links = calloc(LINKS_MAX, sizeof(*outcome->links));
    if (outcome->links == NULL || outcome->link_count == LINKS_MAX) {
        print_refused(event, outcome);
        return;
    }
    struct link *link = &outcome->links[outcome->link_count++];
    link->path = vb_str_dup(path);
    link->target = vb_str_dup(vb_event_get_str(event, VB_F_TARGET));
    outcome->out_of_memory |= link->path == NULL || link->target == NULL;
}

static void hear_hostile(const struct vb_event *event, void *ctx)
{
    if (vb_str_equal(vb_event_get_str(event, VB_F_CODE), "symlink"))
        keep_link(event, ctx);
    else
        print_refused(event, ctx);
}

/* One within the artifact counts too: a self-extractor is a file in which one is found. */
static void hear_format(const struct vb_event *event, void *ctx)
{
    struct outcome *outcome = ctx;
    (void)event;
    outcome->is_archive = true;
}

static void print_incomplete(const struct vb_event *event, void *ctx)
{
    say_of(ctx, "not all of it could be read", vb_event_get_str(event, VB_F_DETAIL),
           vb_event_get_str(event, VB_F_PATH));
}

static bool starts(struct vb_str text, const char *with)
{
    return text.len >= strlen(with) && memcmp(text.text, with, strlen(with)) == 0;
}

/* Most of coverage repeats what an event of its own told. What was too much to be listed may be
 * anything, and what nothing here decodes is no fault of the archive: only that tells of it. */
static void hear_coverage(const struct vb_event *event, void *ctx)
{
    const struct vb_str reason = vb_event_get_str(event, VB_F_REASON);
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    const bool unlisted = vb_str_equal(vb_event_get_str(event, VB_F_WHAT), "events") ||
                          vb_event_get_int(event, VB_F_COUNT, 0) != 0;
    const bool undecoded =
        starts(reason, "unsupported compression") && memmem(path.text, path.len, "!/", 2) == NULL;
    if (!unlisted && !undecoded)
        return;
    if (undecoded) {
        say_of(ctx, "not extracted", reason, path);
        return;
    }
    print_trouble(ctx, "not all of it is listed: ");
    vb_print_escaped(stderr, reason);
    fputc('\n', stderr);
}

static void print_death(const struct vb_event *event, void *ctx)
{
    print_trouble(ctx, "it killed a confined reader: ");
    vb_print_escaped(stderr, vb_event_get_str(event, VB_F_DETAIL));
    fputc('\n', stderr);
}

/* --- links --- */

/* Whether a link at PATH to TARGET leads to a place within the folder. "." and ".." may only stand
 * first: behind the name of a folder that is a link itself, ".." would lead out of where that one
 * leads to. The reader of the archive said so already, but it has read the archive. */
static bool stays_inside(const char *path, const char *target)
{
    size_t depth = 0;
    for (const char *p = path; *p != '\0'; p++)
        depth += *p == '/';
    if (target[0] == '\0' || target[0] == '/' || strchr(target, '\\') != NULL)
        return false;
    for (; strncmp(target, "./", 2) == 0 || strncmp(target, "../", 3) == 0;
         target = strchr(target, '/') + 1) {
        if (target[1] == '.' && depth-- == 0)
            return false;
    }
    if (strcmp(target, "..") == 0)
        return depth > 0;
    return target[0] == '\0' || strcmp(target, ".") == 0 || vb_path_safe(target);
}

/* Beneath DIRFD, never through another link; false if it cannot be. */
static bool make_link(int dirfd, const struct link *link)
{
    const char *path = link->path;
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    if (!vb_path_safe(path) || !stays_inside(path, link->target) ||
        vb_mkdir_parents(dirfd, path) < 0)
        return false;
    const char *base = vb_path_base(path);
    VB_CLEANUP_FREE char *parent =
        base == path ? strdup(".") : strndup(path, (size_t)(base - path));
    VB_CLEANUP_FD int fd =
        parent != NULL ? vb_open_beneath(dirfd, parent, O_PATH | O_DIRECTORY, 0) : -1;
    return fd >= 0 && symlinkat(link->target, fd, base) == 0;
}

static void make_links(struct outcome *outcome, int dirfd)
{
    for (size_t i = 0; i < outcome->link_count; i++) {
        const struct link *link = &outcome->links[i];
        if (make_link(dirfd, link)) {
            outcome->links_made++;
            continue;
        }
        print_trouble(outcome, "not extracted: the link ");
        vb_print_escaped(stderr, (struct vb_str){link->path, strlen(link->path)});
        fputs(" to ", stderr);
        vb_print_escaped(stderr, (struct vb_str){link->target, strlen(link->target)});
        fputc('\n', stderr);
    }
}

/* --- one archive, and several --- */

static int open_target(struct outcome *outcome, struct vb_error *err)
{
    if (outcome->target_fd < 0)
        outcome->target_fd = vb_place_new_folder(outcome->dir, err);
    return outcome->target_fd < 0 ? outcome->target_fd : VB_OK;
}

/* While the reader goes on with the archive. It may have lied, or write to the file still: then the
 * copy is something else that it wrote. */
static int copy_ahead(struct outcome *outcome, const struct vb_value *paths, struct vb_error *err)
{
    struct vb_tree_limits limits = vb_examine_limits;
    int status = open_target(outcome, err);
    limits.file_bytes = ahead_bytes;
    for (size_t i = 0; status == VB_OK && i < paths->list.count; i++) {
        VB_CLEANUP_FREE char *path = vb_str_dup(paths->list.items[i]);
        status = path == NULL ? vb_fail(err, VB_E_NOMEM, errno, "copying what was extracted")
                              : vb_tree_copy_ahead(outcome->extracted_fd, path, outcome->target_fd,
                                                   &limits, &outcome->sum, err);
    }
    return status;
}

static void hear_extracted(const struct vb_event *event, void *ctx)
{
    struct outcome *outcome = ctx;
    const struct vb_value *paths = vb_event_get(event, VB_F_PATHS);
    const uint64_t begin = vb_monotonic_ns();
    if (outcome->ahead_status < 0 || outcome->spent_ns > ahead_ns || paths == NULL)
        return;
    outcome->ahead_status = copy_ahead(outcome, paths, &outcome->ahead_err);
    outcome->spent_ns += vb_monotonic_ns() - begin;
}

/* Nobody asks for digests here, so what was extracted is not sealed first: each file is read once.
 * Whoever wrote it is dead. */
static int copy_out(struct outcome *outcome, struct vb_error *err)
{
    int status = open_target(outcome, err);
    if (status == VB_OK)
        status = vb_tree_copy(outcome->extracted_fd, outcome->target_fd, &vb_examine_limits,
                              &outcome->session->tee.sink, &outcome->sum, err);
    if (status == VB_OK)
        make_links(outcome, outcome->target_fd);
    return status;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* NAME is printed where there are several. */
static void print_extracted(const struct outcome *outcome)
{
    const struct vb_tree_sum *sum = &outcome->sum;
    printf("%zu file%s, %llu byte%s", sum->files, plural(sum->files),
           (unsigned long long)sum->bytes, plural((size_t)sum->bytes));
    if (outcome->links_made > 0)
        printf(", %zu link%s", outcome->links_made, plural(outcome->links_made));
    if (outcome->reference != NULL) {
        fputs(": ", stdout);
        vb_print_escaped(stdout, (struct vb_str){outcome->reference, strlen(outcome->reference)});
    }
    putchar('\n');
}

/* What came is no archive at all: to copy it would look as if it had been unpacked. */
static int check_is_archive(const struct vb_session *session, bool folder,
                            const struct outcome *outcome, struct vb_error *err)
{
    if (outcome->out_of_memory)
        return vb_fail(err, VB_E_NOMEM, errno, "noting the links of %s", session->reference);
    if (folder || outcome->is_archive || outcome->troubles > 0)
        return VB_OK;
    return vb_fail(err, VB_E_DATA, 0, "%s is not an archive of a format that vetbox unpacks",
                   session->reference);
}

static int read_archive(struct vb_session *session, struct outcome *outcome, struct vb_error *err)
{
    const bool folder = session->artifact.form == VB_ARTIFACT_FOLDER;
    const int status = vb_examine_extract(session, &outcome->extracted_fd, err);
    if (status == VB_OK && outcome->ahead_status < 0) {
        *err = outcome->ahead_err;
        return outcome->ahead_status;
    }
    return status == VB_OK ? check_is_archive(session, folder, outcome, err) : status;
}

struct all {
    const struct vb_options *options;
    struct vb_toolbox toolbox;
    int spare_fd;       /* a workspace */
    int worst, failure; /* exit statuses */
};

static void all_done(struct all *all)
{
    vb_close_fd(&all->spare_fd);
    vb_toolbox_close(&all->toolbox);
}

/* Several archives each get a folder in DIR that is called as they are. */
static int unpack_one(struct all *all, const char *reference, struct vb_error *err)
{
    static const struct vb_hearing rows[] = {
        {VB_EV_ARCHIVE_HOSTILE, hear_hostile},     {VB_EV_ARCHIVE_FORMAT, hear_format},
        {VB_EV_ARCHIVE_EXTRACTED, hear_extracted}, {VB_EV_ARCHIVE_DAMAGED, print_incomplete},
        {VB_EV_COVERAGE, hear_coverage},           {VB_EV_EXAMINER_DIED, print_death}};
    VB_CLEANUP(outcome_done)
    struct outcome outcome = {
        .reference = all->options->several ? reference : NULL, .target_fd = -1, .extracted_fd = -1};
    struct vb_listener listener = {{vb_hear}, rows, VB_ARRAY_LEN(rows), &outcome};
    VB_CLEANUP(vb_session_done)
    struct vb_session session = {.toolbox = &all->toolbox,
                                 .undigested = true,
                                 .spare_fd = &all->spare_fd,
                                 .follower = &listener.sink,
                                 VB_SESSION_CLOSED};
    VB_CLEANUP_FREE char *below = NULL;
    const struct vb_options *options = all->options;
    const char *dir = options->value[VB_OPT_DIRECTORY];
    int status = vb_session_begin(&session, options, "unpack", reference, err);
    if (status == VB_OK)
        status = vb_examine_fetch(&session, err);
    if (status == VB_OK && options->several &&
        asprintf(&below, "%s/%s", dir, session.artifact.name) < 0)
        status = vb_fail(err, VB_E_NOMEM, errno, "naming a folder");
    outcome.session = &session;
    outcome.dir = below != NULL ? below : dir;
    if (status == VB_OK)
        status = read_archive(&session, &outcome, err);
    if (status == VB_OK)
        status = copy_out(&outcome, err);
    vb_examine_spare(&session);
    if (status < 0)
        return status;
    if (!vb_option_given(options, VB_OPT_QUIET))
        print_extracted(&outcome);
    return outcome.troubles > 0 ? VB_EXIT_REVIEW : VB_EXIT_ALLOW;
}

/* Two of one name would be unpacked into each other. */
static int check_names(const struct vb_options *options, size_t at, struct vb_error *err)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(vb_path_base(options->operands[i]), vb_path_base(options->operands[at])) == 0)
            return vb_fail(err, VB_E_CANTCREAT, 0,
                           "has the name of %s, whose files are in the folder of that name: "
                           "unpack it on its own, to another one",
                           options->operands[i]);
    }
    return VB_OK;
}

static int unpack_nth(struct all *all, size_t i, struct vb_error *err)
{
    const int status = check_names(all->options, i, err);
    return status < 0 ? status : unpack_one(all, all->options->operands[i], err);
}

static int begin_in_member(void *ctx, struct vb_error *err)
{
    struct all *all = ctx;
    return vb_toolbox_add_reader(&all->toolbox, err);
}

static int work_in_member(void *ctx, size_t index)
{
    struct all *all = ctx;
    struct vb_error err = {0};
    const int outcome = unpack_nth(all, index, &err);
    if (outcome < 0) {
        vb_wrap(&err, "%s", all->options->operands[index]);
        vb_print_error(&err);
    }
    return outcome;
}

static void end_in_member(void *ctx)
{
    all_done(ctx);
}

static void add_outcome(void *ctx, size_t index, int outcome)
{
    struct all *all = ctx;
    (void)index;
    if (outcome < 0 && all->failure == 0)
        all->failure = vb_status_exit(outcome);
    all->worst = outcome > all->worst ? outcome : all->worst;
}

static int unpack_in_turn(struct all *all, struct vb_error *err)
{
    int status = vb_toolbox_add_reader(&all->toolbox, err);
    if (status == VB_OK && !all->options->several)
        return unpack_nth(all, 0, err);
    for (size_t i = 0; status == VB_OK && i < all->options->operand_count; i++)
        add_outcome(all, i, work_in_member(all, i));
    return status;
}

static int unpack_all(struct all *all, struct vb_error *err)
{
    const struct vb_crew_work work = {all->options->operand_count,
                                      all,
                                      begin_in_member,
                                      work_in_member,
                                      end_in_member,
                                      add_outcome};
    const size_t size = vb_crew_size(work.count);
    const int status = size > 1 ? vb_crew_run(&work, size, err) : unpack_in_turn(all, err);
    if (status != VB_OK)
        return status;
    return all->failure != 0 ? all->failure : all->worst;
}

int vb_command_unpack(const struct vb_options *options, struct vb_error *err)
{
    VB_CLEANUP(all_done) struct all all = {.options = options, .spare_fd = -1};
    const char *dir = options->value[VB_OPT_DIRECTORY];
    if (dir == NULL)
        return vb_fail(err, VB_E_USAGE, 0, "vetbox unpack needs -d DIR");
    if (options->operand_count == 0)
        return vb_fail(err, VB_E_USAGE, 0, "vetbox unpack needs a file");
    if (options->several && mkdir(dir, 0755) < 0 && errno != EEXIST)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot make the folder %s", dir);
    return unpack_all(&all, err);
}
