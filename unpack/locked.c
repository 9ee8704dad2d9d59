/* Zips with encrypted members. They are tried last, when every text around them is unpacked:
 * malware is sent with a password so that scanners stay outside, and the instructions tell it to
 * the victim. What a password opens is no file of the package as an installer makes it: it goes
 * beside, to
 * "!decrypted/". */
#include <errno.h>
#include <fcntl.h>

#include "unpack/beside.h"

enum { WAITING_MAX = 16, TRIES_MS = 4000 };

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

/* The smallest encrypted member that is not empty: what a password is tried on. False: none. */
static bool find_target(struct archive *a, size_t *ret_index)
{
    struct archive_entry *entry;
    la_int64_t least = 0;

    for (size_t i = 0; archive_read_next_header(a, &entry) >= ARCHIVE_WARN; i++) {
        const la_int64_t size = archive_entry_size(entry);

        if (archive_entry_is_encrypted(entry) && archive_entry_filetype(entry) == AE_IFREG &&
            size > 0 && (least == 0 || size < least)) {
            least = size;
            *ret_index = i;
        }
    }
    return least > 0;
}

/* True if all of member INDEX can be read; its checksum has to fit then, too. */
static bool reads_whole(struct unpack *u, struct archive *a, size_t index)
{
    struct archive_entry *entry;
    const void *data;
    size_t len;
    la_int64_t offset;
    int r = ARCHIVE_OK;

    for (size_t i = 0; i <= index && r >= ARCHIVE_WARN; i++)
        r = archive_read_next_header(a, &entry);
    while (r >= ARCHIVE_WARN && r != ARCHIVE_EOF && limits_in_time(u)) {
        r = archive_read_data_block(a, &data, &len, &offset);
        if (r == ARCHIVE_WARN || (r == ARCHIVE_OK && !limits_allow_decoded(u, len)))
            return false;
    }
    return r == ARCHIVE_EOF;
}

static int try_one(struct unpack *u, const struct zip_directory *directory, size_t target,
                   const char *password, bool *ret_fits)
{
    VB_CLEANUP(attempt_done) struct attempt attempt = {0};
    const int status = attempt_open(&attempt, u, directory, password);

    *ret_fits = status == 0 && !attempt.s.failed && reads_whole(u, attempt.a, target);
    return status != 0 ? status : u->status;
}

static int find_password(struct unpack *u, const struct zip_directory *directory,
                         const struct passwords *passwords, const struct password **ret)
{
    const uint64_t end = vb_monotonic_ns() + (uint64_t)TRIES_MS * 1000000u;
    VB_CLEANUP(attempt_done) struct attempt first = {0};
    size_t target = 0;
    int status = attempt_open(&first, u, directory, NULL);

    *ret = NULL;
    if (status != 0 || first.s.failed || !find_target(first.a, &target))
        return status;
    for (size_t i = 0; status == 0 && i < passwords->count; i++) {
        bool fits = false;

        if (vb_monotonic_ns() > end || !limits_in_time(u))
            break;
        status = try_one(u, directory, target, passwords->items[i].text, &fits);
        if (fits) {
            *ret = &passwords->items[i];
            break;
        }
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

/* Reads the encrypted members of U with PASSWORD, or reports each if it is NULL. */
static int read_locked(struct unpack *u, const struct zip_directory *directory,
                       const struct password *password)
{
    VB_CLEANUP(attempt_done) struct attempt attempt = {0};
    VB_CLEANUP_FREE char *where = calloc(1, UNPACK_PATH_MAX + 1);
    int status;

    if (where == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", u->name);
    u->only_locked = true;
    u->opened = 0;
    u->passphrase = password != NULL ? password->text : NULL;
    status = attempt_open(&attempt, u, directory, u->passphrase);
    if (status == 0 && !attempt.s.failed)
        status = entries_extract(u, attempt.a, directory, where);
    if (status == 0)
        status = report_end(u, str_of(where));
    return status == 0 ? report_password(u, password) : status;
}

int locked_report(struct unpack *u, const struct zip_directory *directory)
{
    struct unpack v = *u;
    const int status = read_locked(&v, directory, NULL);

    u->hostile = v.hostile;
    u->reports = v.reports;
    u->unreported = v.unreported;
    u->status = v.status;
    return status;
}

static int unlock(struct unpack *u, const struct zip_directory *directory,
                  const struct password *password)
{
    VB_CLEANUP_FREE struct scope *scope = calloc(1, sizeof(*scope));
    int status;

    if (scope == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", u->name);
    status = scope_open(scope, u, own_place(u), "decrypted");
    if (status == 0)
        status = read_locked(&scope->u, directory, password);
    scope_close(scope, u);
    return status;
}

static int open_waiting(struct unpack *u, const struct waiting *item,
                        const struct passwords *passwords)
{
    VB_CLEANUP(zip_directory_done) struct zip_directory directory = {0};
    const struct password *password = NULL;
    int status;

    u->fd = item->fd;
    u->size = item->size;
    u->place = item->place;
    u->prefix = item->prefix;
    u->name = item->depth > 0 ? item->place : u->name;
    u->depth = item->depth;
    status = zip_directory_read(u, &directory);
    if (status == 0)
        status = find_password(u, &directory, passwords, &password);
    if (status != 0)
        return status;
    return password != NULL ? unlock(u, &directory, password) : locked_report(u, &directory);
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
