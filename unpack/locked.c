/* Zips with encrypted members. They are tried last, when every text around them is unpacked:
 * malware is sent with a password so that scanners stay outside, and the instructions tell it to
 * the victim. What a password opens is no file of the package as an installer makes it: it goes
 * beside, to "!decrypted/", and for each further password to one with a number. */
#include <errno.h>
#include <fcntl.h>

#include "unpack/beside.h"

enum {
    WAITING_MAX = 16,
    TRIES_MS = 4000, /* for one zip */
    TARGETS_MAX = 16 /* members of it that passwords are tried on */
};

/* One that waits. */
struct waiting {
    int fd;
    uint64_t size;
    char *place; /* as in struct unpack */
    char *prefix;
    unsigned depth;
};

struct locked {
    struct waiting items[WAITING_MAX];
    size_t count;
    size_t done; /* the first of them */
};

static void waiting_done(struct waiting *item)
{
    vb_close_fd(&item->fd);
    free(item->place);
    free(item->prefix);
}

void locked_free(struct locked **locked)
{
    if (*locked == NULL)
        return;
    for (size_t i = 0; i < (*locked)->count; i++)
        waiting_done(&(*locked)->items[i]);
    free(*locked);
    *locked = NULL;
}

bool locked_add(struct unpack *u)
{
    struct waiting item = {.size = u->size, .depth = u->depth};

    if (u->locked == NULL)
        u->locked = calloc(1, sizeof(*u->locked));
    if (u->locked == NULL || u->locked->count == WAITING_MAX)
        return false;
    item.fd = fcntl(u->fd, F_DUPFD_CLOEXEC, 0);
    item.place = strdup(u->place);
    item.prefix = strdup(u->prefix);
    if (item.fd < 0 || item.place == NULL || item.prefix == NULL) {
        waiting_done(&item);
        return false;
    }
    u->locked->items[u->locked->count++] = item;
    return true;
}

/* --- one zip, opened with one password --- */

struct attempt {
    struct stream s;
    struct archive *a;
};

static void attempt_done(struct attempt *attempt)
{
    if (attempt->a != NULL)
        (void)archive_read_free(attempt->a);
    stream_done(&attempt->s);
}

static int attempt_open(struct attempt *attempt, struct unpack *u,
                        const struct zip_directory *directory, const char *password)
{
    attempt->a = archive_read_new();
    if (attempt->a == NULL ||
        (password != NULL && archive_read_add_passphrase(attempt->a, password) != ARCHIVE_OK))
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", u->name);
    return seekable_open(&attempt->s, u, directory, attempt->a);
}

/* What passwords of one zip are looked for with. */
struct search {
    const struct passwords *passwords;
    uint64_t end_ns;
};

/* --- its members, in the order in which libarchive gives them --- */

enum state {
    STATE_OPEN,   /* it is not encrypted, or it was opened */
    STATE_LOCKED, /* its password is not known yet, */
    STATE_CLOSED  /* or was looked for in vain */
};

struct members {
    unsigned char *states;
    bool *selected; /* what the next extraction takes */
    uint64_t *sizes;
    size_t count;
};

static void members_done(struct members *members)
{
    free(members->states);
    free(members->selected);
    free(members->sizes);
}

static int members_list(struct unpack *u, const struct zip_directory *directory,
                        struct members *ret)
{
    VB_CLEANUP(attempt_done) struct attempt attempt = {0};
    const size_t room = directory->count + 1;
    struct archive_entry *entry;
    const int status = attempt_open(&attempt, u, directory, NULL);

    ret->states = calloc(room, sizeof(*ret->states));
    ret->selected = calloc(room, sizeof(*ret->selected));
    ret->sizes = calloc(room, sizeof(*ret->sizes));
    if (ret->states == NULL || ret->selected == NULL || ret->sizes == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", u->name);
    while (status == 0 && !attempt.s.failed && ret->count < directory->count &&
           archive_read_next_header(attempt.a, &entry) >= ARCHIVE_WARN) {
        const size_t i = ret->count++;

        ret->sizes[i] = (uint64_t)archive_entry_size(entry);
        if (archive_entry_is_encrypted(entry))
            ret->states[i] = STATE_LOCKED;
    }
    return status != 0 ? status : u->status;
}

/* The smallest locked one that is not empty, where there is one: what passwords are tried on.
 * False: none is locked. */
static bool find_target(const struct members *members, size_t *ret)
{
    bool found = false;

    for (size_t i = 0; i < members->count; i++) {
        if (members->states[i] == STATE_LOCKED &&
            (!found || members->sizes[i] - 1 < members->sizes[*ret] - 1)) {
            *ret = i; /* 0 - 1 is the largest number of all */
            found = true;
        }
    }
    return found;
}

/* True if all of the member at hand can be read; its checksum has to fit then, too. */
static bool reads_whole(struct unpack *u, struct archive *a)
{
    const void *data;
    size_t len;
    la_int64_t offset;
    int r = ARCHIVE_OK;

    while (r == ARCHIVE_OK && limits_in_time(u)) {
        r = archive_read_data_block(a, &data, &len, &offset);
        if (r == ARCHIVE_OK && !limits_allow_decoded(u, len))
            return false;
    }
    return r == ARCHIVE_EOF;
}

/* Selects those of the locked members from FIRST to LAST that PASSWORD opens. What is decoded here
 * counts when it is extracted. */
static int select_opened(struct unpack *u, const struct zip_directory *directory,
                         const char *password, struct members *members, const size_t range[2])
{
    VB_CLEANUP(attempt_done) struct attempt attempt = {0};
    const uint64_t decoded = u->decoded;
    struct archive_entry *entry;
    const int status = attempt_open(&attempt, u, directory, password);
    int r = status == 0 && !attempt.s.failed ? ARCHIVE_OK : ARCHIVE_FATAL;

    memset(members->selected, 0, members->count * sizeof(*members->selected));
    for (size_t i = 0; r >= ARCHIVE_WARN && i <= range[1] && limits_in_time(u); i++) {
        r = archive_read_next_header(attempt.a, &entry);
        if (r >= ARCHIVE_WARN && i >= range[0] && members->states[i] == STATE_LOCKED)
            members->selected[i] = reads_whole(u, attempt.a);
    }
    u->decoded = decoded;
    return status != 0 ? status : u->status;
}

/* The password that opens TARGET, which is then selected; *RET is NULL if none does by END. */
static int find_password(struct unpack *u, const struct zip_directory *directory,
                         const struct search *search, struct members *members, size_t target,
                         const struct password **ret)
{
    const struct passwords *const passwords = search->passwords;
    int status = 0;

    *ret = NULL;
    for (size_t i = 0; status == 0 && *ret == NULL && i < passwords->count; i++) {
        if (vb_monotonic_ns() > search->end_ns || !limits_in_time(u))
            break;
        status = select_opened(u, directory, passwords->items[i].text, members,
                               (const size_t[2]){target, target});
        if (status == 0 && members->selected[target])
            *ret = &passwords->items[i];
    }
    return status;
}

/* --- what came of it --- */

static int report_password(struct unpack *u, const struct password *password)
{
    VB_CLEANUP_FREE char *detail = NULL;

    if (password == NULL)
        return 0;
    if (asprintf(&detail,
                 password->where != NULL
                     ? "its password \"%s\" stands in %s; %zu of its files were opened with it"
                     : "the customary password \"%s\"%s opened %zu of its files",
                 password->text, password->where != NULL ? password->where : "", u->opened) < 0)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to report a password");
    return report_hostile(u, password->where != NULL ? "password-stated" : "password-customary",
                          str_of("."), NULL, detail);
}

/* Reads the selected members of U with PASSWORD, or reports each if it is NULL. */
static int read_locked(struct unpack *u, const struct zip_directory *directory,
                       const struct password *password, const bool *selected)
{
    VB_CLEANUP(attempt_done) struct attempt attempt = {0};
    VB_CLEANUP_FREE char *where = calloc(1, UNPACK_PATH_MAX + 1);
    int status;

    if (where == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", u->name);
    u->only_locked = true;
    u->selected = selected;
    u->opened = 0;
    u->passphrase = password != NULL ? password->text : NULL;
    status = attempt_open(&attempt, u, directory, u->passphrase);
    if (status == 0 && !attempt.s.failed)
        status = entries_extract(u, attempt.a, directory, where);
    if (status == 0)
        status = report_end(u, str_of(where));
    return status == 0 ? report_password(u, password) : status;
}

/* Reports each encrypted member of those in SELECTED, NULL: all. */
static int report_closed(struct unpack *u, const struct zip_directory *directory,
                         const bool *selected)
{
    struct unpack v = *u;
    const int status = read_locked(&v, directory, NULL, selected);

    u->hostile = v.hostile;
    u->reports = v.reports;
    u->unreported = v.unreported;
    u->status = v.status;
    return status;
}

int locked_report(struct unpack *u, const struct zip_directory *directory)
{
    return report_closed(u, directory, NULL);
}

static int unlock(struct unpack *u, const struct zip_directory *directory,
                  const struct password *password, const bool *selected)
{
    VB_CLEANUP_FREE struct scope *scope = calloc(1, sizeof(*scope));
    int status;

    if (scope == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", u->name);
    status = scope_open(scope, u, own_place(u), "decrypted");
    if (status == 0)
        status = read_locked(&scope->u, directory, password, selected);
    scope_close(scope, u);
    return status;
}

/* What PASSWORD opens of the locked members is extracted, and locked no more. */
static int open_with(struct unpack *u, const struct zip_directory *directory,
                     const struct password *password, struct members *members)
{
    int status = select_opened(u, directory, password->text, members,
                               (const size_t[2]){0, members->count - 1});

    for (size_t i = 0; i < members->count; i++) {
        if (members->selected[i])
            members->states[i] = STATE_OPEN;
    }
    if (status == 0)
        status = unlock(u, directory, password, members->selected);
    return status;
}

/* Each member may have a password of its own. Those that stay closed are reported. */
static int open_members(struct unpack *u, const struct zip_directory *directory,
                        const struct passwords *passwords, struct members *members)
{
    const struct search search = {passwords, vb_monotonic_ns() + TRIES_MS * (uint64_t)1000000};
    const struct password *password;
    size_t target = 0;
    size_t closed = 0;
    int status = 0;

    for (int n = 0; status == 0 && n < TARGETS_MAX && find_target(members, &target); n++) {
        status = find_password(u, directory, &search, members, target, &password);
        if (status == 0 && password != NULL)
            status = open_with(u, directory, password, members);
        if (members->states[target] == STATE_LOCKED)
            members->states[target] = STATE_CLOSED;
    }
    for (size_t i = 0; i < members->count; i++) {
        members->selected[i] = members->states[i] != STATE_OPEN;
        closed += members->selected[i];
    }
    return status == 0 && closed > 0 ? report_closed(u, directory, members->selected) : status;
}

static int open_waiting(struct unpack *u, const struct waiting *item,
                        const struct passwords *passwords)
{
    VB_CLEANUP(zip_directory_done) struct zip_directory directory = {0};
    VB_CLEANUP(members_done) struct members members = {0};
    int status;

    u->fd = item->fd;
    u->size = item->size;
    u->place = item->place;
    u->prefix = item->prefix;
    u->name = item->depth > 0 ? item->place : u->name;
    u->depth = item->depth;
    status = zip_directory_read(u, &directory);
    if (status == 0)
        status = members_list(u, &directory, &members);
    return status == 0 ? open_members(u, &directory, passwords, &members) : status;
}

int locked_run(struct unpack *u)
{
    VB_CLEANUP(passwords_done) struct passwords passwords = {0};
    struct locked *const locked = u->locked;
    const struct unpack before = *u;
    int status = 0;

    if (locked == NULL || locked->done == locked->count)
        return 0;
    status = passwords_find(u, &passwords);
    while (status == 0 && locked->done < locked->count) {
        struct unpack v = *u;

        status = open_waiting(&v, &locked->items[locked->done++], &passwords);
        *u = v;
        u->fd = before.fd;
        u->size = before.size;
        u->name = before.name;
        u->place = before.place;
        u->prefix = before.prefix;
        u->depth = before.depth;
    }
    return status;
}

bool locked_waits(const struct unpack *u)
{
    return u->locked != NULL && u->locked->done < u->locked->count;
}
