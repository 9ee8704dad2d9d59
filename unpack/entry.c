/* One entry of an archive → one file below the output folder. Nothing else is ever made: no links,
 * no devices, no modes but the owner's execute bit, and every open goes through vb_open_beneath. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unpack/beside.h"

enum { RETRIES_MAX = 1024, NODES_PER_ENTRY = 2 };

struct work {
    struct unpack *u;
    struct archive *archive;
    struct archive_entry *entry;
    const struct zip_directory *directory;
    size_t index;   /* of the entry in DIRECTORY */
    bool damaged;   /* the entry, as was reported */
    bool undecoded; /* it, because nothing here does */
    int refused_fd; /* "!refused/", -1: none yet */
    size_t refused;
    bool told_xattr; /* what is told once of an archive */
    bool told_acl;
    struct vb_str raw;
    char refused_prefix[UNPACK_PATH_MAX + 1];
    char raw_name[65536]; /* a zip's name has 16 bits of length */
    char path[UNPACK_PATH_MAX + 1];
    char clean[UNPACK_PATH_MAX + 1];
};

static int hostile(struct work *w, enum fate fate, const char *code, const char *target,
                   const char *detail)
{
    return report_entry(w->u, &(const struct hostile){code, w->raw, target, detail, fate});
}

/* Hostile, and what it holds stays unread. */
static int hostile_unread(struct work *w, const char *code, const char *target)
{
    const int status = hostile(w, FATE_REFUSED, code, target, NULL);

    return status != 0 ? status : report_coverage(w->u, "file", code, w->raw);
}

static int damaged(struct work *w)
{
    const char *const text = archive_error_string(w->archive);
    const bool known = w->directory != NULL && w->index < w->directory->count;
    const struct zip_entry *const entry = known ? &w->directory->entries[w->index] : NULL;
    const char *const code = w->directory != NULL ? zip_damage_code(entry, text) : NULL;
    char reason[SAID_MAX];
    int status;

    if (said_undecodable(text, reason)) {
        w->damaged = true;
        w->undecoded = true;
        return report_coverage(w->u, "file", reason, w->raw);
    }
    if (said_encrypted(text)) {
        w->damaged = true;
        return hostile_unread(w, "encrypted", NULL); /* this member has another password */
    }
    status = report_damaged(w->u, w->raw, text);

    w->damaged = true;
    if (status == 0 && code != NULL)
        status = hostile(w, FATE_OPEN, code, NULL, "its data is not what its headers say");
    return status != 0 ? status : report_coverage(w->u, "file", "damaged", w->raw);
}

static int write_blocks(struct work *w, struct output *out)
{
    const void *data = NULL;
    size_t len = 0;
    la_int64_t offset = 0;
    int status = 0;
    int r = ARCHIVE_OK;

    while (status == 0 && !out->cut && limits_in_time(w->u)) {
        r = archive_read_data_block(w->archive, &data, &len, &offset);
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
            break;
        if (offset > 0 && (uint64_t)offset > out->size)
            status = output_hole(out, (uint64_t)offset - out->size);
        if (status == 0 && !out->cut && offset >= 0 && (uint64_t)offset < out->size && len > 0)
            return damaged(w);
        if (status == 0 && !out->cut)
            status = output_write(out, data, len);
        if (r == ARCHIVE_WARN)
            break;
    }
    if (status != 0 || w->u->status != 0)
        return status != 0 ? status : w->u->status;
    if (w->u->stop != NULL || out->cut || r == ARCHIVE_OK)
        return 0;
    /* A sparse file may end in a hole. */
    if (r == ARCHIVE_EOF && offset > 0 && (uint64_t)offset > out->size)
        return output_hole(out, (uint64_t)offset - out->size);
    return r == ARCHIVE_EOF ? 0 : damaged(w);
}

/* --- the kinds of entries --- */

/* --- entries that must not have their name: their bytes are looked at all the same --- */

/* "N/NAME" below the folder for them, with the last part of the name where it is harmless. */
static bool same_bytes(int a, int b)
{
    unsigned char left[8192];
    unsigned char right[sizeof(left)];
    uint64_t at = 0;

    for (;;) {
        const ssize_t n = pread_all(a, left, sizeof(left), at);

        if (n < 0 || pread_all(b, right, sizeof(right), at) != n)
            return false;
        if (n == 0)
            return true;
        if (memcmp(left, right, (size_t)n) != 0)
            return false;
        at += (uint64_t)n;
    }
}

/* FD holds an entry whose place was taken. What an extractor that keeps the last of them makes is
 * scanned, but what is run is the first: that matters where they differ. AREA_FD has the package.
 */
static int compare_with_first(struct work *w, int fd, int area_fd)
{
    VB_CLEANUP_FD int first = vb_open_beneath(area_fd, w->path, O_RDONLY, 0);

    if (first >= 0 && same_bytes(first, fd))
        return 0;
    return report_coverage(w->u, "file", "another entry of its name was scanned, not run", w->raw);
}

/* PLACE_FD, unless -1: where the file lies that has its name. */
static int write_refused(struct work *w, int place_fd)
{
    struct output out = {.fd = -1};
    char name[256];
    char path[300];
    int status;

    name_clean(w->raw.text, w->raw.len, w->clean);
    name_for_bare(w->clean, false, name);
    (void)snprintf(path, sizeof(path), "%zu/%s", ++w->refused, name);
    w->u->nodes += NODES_PER_ENTRY;
    status = output_open(&out, w->u, path, false);
    if (status == 0)
        status = write_blocks(w, &out);
    if (status == 0)
        status = output_finish(&out, path);
    if (status == 0 && place_fd >= 0 && out.fd >= 0)
        status = compare_with_first(w, out.fd, place_fd);
    vb_close_fd(&out.fd);
    return status;
}

/* TAKEN: because there is a file of its name already. */
static int keep_refused(struct work *w, bool taken)
{
    struct unpack *const u = w->u;
    const struct unpack before = *u;
    int status = 0;

    if (w->refused_fd < 0)
        status = beside_place(u, own_place(u), "refused", w->refused_prefix, &w->refused_fd);
    if (status != 0)
        return status;
    u->out_fd = w->refused_fd;
    u->prefix = w->refused_prefix;
    u->area = AREA_BESIDE;
    status = write_refused(w, taken ? before.out_fd : -1);
    u->out_fd = before.out_fd;
    u->prefix = before.prefix;
    u->area = before.area;
    return status;
}

static bool is_ar(const struct work *w)
{
    return (archive_format(w->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_AR;
}

/* `ar D`, which reproducible builds use, writes modes without a type. */
static unsigned type_of(const struct work *w)
{
    const unsigned type = (unsigned)archive_entry_filetype(w->entry);

    return type == 0 && is_ar(w) ? AE_IFREG : type;
}

/* A library may hold several objects of one name: the linker goes by symbols. */
static bool repeats_in_library(const struct work *w, const char *code)
{
    return is_ar(w) && strcmp(code, "duplicate-path") == 0;
}

/* What ranlib and the linker keep in a library under names that no file has. */
static bool is_linker_table(const struct work *w)
{
    static const char *const names[] = {"/", "//", "/SYM64/", "__.SYMDEF", "__.SYMDEF SORTED"};

    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (w->raw.len == strlen(names[i]) && memcmp(w->raw.text, names[i], w->raw.len) == 0)
            return is_ar(w);
    }
    return false;
}

/* Hostile by its name or its place, whatever it holds. */
static int refuse(struct work *w, const char *code, const char *target)
{
    const bool readable = type_of(w) == AE_IFREG && archive_entry_hardlink(w->entry) == NULL &&
                          !archive_entry_is_encrypted(w->entry);
    const int status =
        repeats_in_library(w, code) ? 0 : hostile(w, FATE_REFUSED, code, target, NULL);

    if (status != 0)
        return status;
    if (!readable || w->u->beside == NULL)
        return report_coverage(w->u, "file", code, w->raw);
    return keep_refused(w, strcmp(code, "duplicate-path") == 0 && !repeats_in_library(w, code));
}

/* Takes the name; false if somebody has it, which is reported. */
static int claim(struct work *w, bool directory, bool *ret_ours)
{
    const char *code = NULL;
    const int status = names_claim(w->u->names, w->path, directory, &code, w->u->err);

    *ret_ours = status == 0 && code == NULL;
    if (status != 0)
        return status;
    if (code != NULL)
        return refuse(w, code, NULL);
    /* A name of 64 components asks for 63 folders: what entries cost is counted too. */
    if (w->u->nodes + names_count(w->u->names) > NODES_PER_ENTRY * w->u->limits->entries) {
        w->u->stop = "limit-entries";
        *ret_ours = false;
    }
    return 0;
}

/* Facts about a file that is extracted all the same, without them. */
static int report_privileges(struct work *w)
{
    const unsigned mode = (unsigned)archive_entry_perm(w->entry);
    const char *name;
    const void *value;
    size_t size;
    char detail[64];
    int status = 0;

    if ((mode & (S_ISUID | S_ISGID)) != 0) {
        (void)snprintf(detail, sizeof(detail), "mode %05o; extracted without it", mode & 07777u);
        status = hostile(w, FATE_EXTRACTED, "setuid", NULL, detail);
    }
    (void)archive_entry_xattr_reset(w->entry);
    while (status == 0 && archive_entry_xattr_next(w->entry, &name, &value, &size) == ARCHIVE_OK) {
        /* Pax may give it twice, in the forms of two tars. */
        if (name != NULL && strcmp(name, "security.capability") == 0)
            return hostile(w, FATE_EXTRACTED, "file-capability", NULL, "extracted without it");
        if (!w->told_xattr)
            status = hostile(w, FATE_EXTRACTED, "xattr", name,
                             "the first one with an attribute; none is kept");
        w->told_xattr = true;
    }
    if (status == 0 && !w->told_acl &&
        archive_entry_acl_count(w->entry,
                                ARCHIVE_ENTRY_ACL_TYPE_POSIX1E | ARCHIVE_ENTRY_ACL_TYPE_NFS4) > 3) {
        w->told_acl = true;
        status = hostile(w, FATE_EXTRACTED, "acl", NULL,
                         "the first one with an access list; none is kept");
    }
    return status;
}

/* Layers of containers mark a deletion by a file of that name (OCI image specification). */
static bool is_whiteout(const char *path)
{
    return strncmp(vb_path_base(path), ".wh.", 4) == 0;
}

/* An encrypted member without a password: it waits for one, or it is reported. */
static int stay_closed(struct work *w)
{
    if (!w->u->only_locked && w->directory != NULL && w->u->beside != NULL) {
        w->u->locked_here++;
        return 0;
    }
    return hostile_unread(w, "encrypted", NULL);
}

static int finish_file(struct work *w, struct output *out)
{
    const int status = output_finish(out, w->path);

    return status != 0 ? status : report_extracted(w->u, w->path, out->size);
}

static int extract_file(struct work *w)
{
    struct output out;
    bool ours;
    int status;

    if (archive_entry_is_encrypted(w->entry) && w->u->passphrase == NULL)
        return stay_closed(w);
    if (is_whiteout(w->path))
        return refuse(w, "whiteout", NULL);
    status = claim(w, false, &ours);
    if (status != 0 || !ours)
        return status;
    status = report_privileges(w);
    if (status == 0)
        status = output_open(&out, w->u, w->path, (archive_entry_perm(w->entry) & S_IXUSR) != 0);
    if (status != 0)
        return status;
    status = write_blocks(w, &out);
    w->u->opened += w->u->only_locked && !w->damaged;
    if (status == 0 && w->undecoded && out.size == 0) {
        if (unlinkat(w->u->out_fd, w->path, 0) != 0)
            status = vb_fail(w->u->err, VB_E_IO, errno, "removing %s", w->path);
    } else if (status == 0) {
        status = finish_file(w, &out);
    }
    vb_close_fd(&out.fd);
    return status;
}

static int extract_directory(struct work *w)
{
    char below[UNPACK_PATH_MAX + 3];
    bool ours;
    int status;

    if (w->path[0] == '\0')
        return 0; /* the top itself */
    status = claim(w, true, &ours);
    if (status != 0 || !ours)
        return status;
    /* The folder itself is made as the parent of a file that is not. */
    if ((size_t)snprintf(below, sizeof(below), "%s/x", w->path) >= sizeof(below) ||
        vb_mkdir_parents(w->u->out_fd, below) != 0)
        return vb_fail(w->u->err, VB_E_CANTCREAT, errno, "cannot make the folder %s", w->path);
    return 0;
}

/* Links are never made, so that no later entry can be written through one. One that stays inside
 * is a fact about the package, one that leads out is an attack. */
static int note_symlink(struct work *w)
{
    const char *target = archive_entry_symlink(w->entry);

    target = target != NULL ? target : "";
    if (target[0] == '\0' || name_link_escapes(w->path, target))
        return hostile(w, FATE_REFUSED, "symlink-escape", target, NULL);
    return hostile(w, FATE_REFUSED, "symlink", target,
                   "stays inside the package; the link is not made");
}

/* A hard link to a file of this archive that was extracted before: a copy of it. */
static int copy_hardlink(struct work *w, const char *target)
{
    char from[UNPACK_PATH_MAX + 1];
    VB_CLEANUP_FD int source = -1;
    struct output out;
    bool ours;
    int status;

    if (name_judge(target, strlen(target), w->u->limits->path_depth, from) != NULL)
        return hostile_unread(w, "hardlink-escape", target);
    if (!names_has_file(w->u->names, from))
        return hostile_unread(w, "hardlink-missing", target);
    status = claim(w, false, &ours);
    if (status != 0 || !ours)
        return status;
    source = vb_open_beneath(w->u->out_fd, from, O_RDONLY, 0);
    if (source < 0)
        return vb_fail(w->u->err, VB_E_IO, errno, "cannot read the extracted %s", from);
    status = output_open(&out, w->u, w->path, (archive_entry_perm(w->entry) & S_IXUSR) != 0);
    if (status != 0)
        return status;
    status = output_copy(&out, source, 0, UINT64_MAX);
    if (status == 0)
        status = output_finish(&out, w->path);
    vb_close_fd(&out.fd);
    return status;
}

struct special {
    unsigned type;
    const char *code;
};

static const struct special specials[] = {
    {AE_IFCHR, "device"},
    {AE_IFBLK, "device"},
    {AE_IFIFO, "fifo"},
    {AE_IFSOCK, "socket"},
};

static int extract_by_type(struct work *w)
{
    const unsigned type = type_of(w);
    const char *const hardlink = archive_entry_hardlink(w->entry);

    if (hardlink != NULL)
        return copy_hardlink(w, hardlink);
    if (type == AE_IFDIR)
        return extract_directory(w);
    if (w->path[0] == '\0')
        return hostile_unread(w, "path-invalid", NULL);
    if (type == AE_IFREG)
        return extract_file(w);
    if (type == AE_IFLNK)
        return note_symlink(w);
    for (size_t i = 0; i < VB_ARRAY_LEN(specials); i++) {
        if (specials[i].type == type)
            return hostile(w, FATE_REFUSED, specials[i].code, NULL, NULL);
    }
    return hostile_unread(w, "type-unknown", NULL);
}

/* --- the loop --- */

/* The entry's name as it stands in the archive. Libarchive would convert it to the character set
 * of the locale and lose what that cannot say; for a zip we read the bytes ourselves. */
static int fetch_name(struct work *w)
{
    const char *const name = archive_entry_pathname(w->entry);

    w->raw = str_of(name != NULL ? name : "");
    if (w->directory != NULL && w->index < w->directory->count &&
        w->directory->entries[w->index].data_at != 0) {
        const struct zip_entry *const z = &w->directory->entries[w->index];

        if (read_at(w->u, w->raw_name, z->name_len, z->name_at) != 0)
            return w->u->status;
        w->raw = (struct vb_str){w->raw_name, z->name_len};
    }
    return 0;
}

/* An entry of a zip that the check refused, with an event, or did not see. Sets *ret_refused. */
static int refuse_by_directory(struct work *w, bool *ret_refused)
{
    const char *code;

    *ret_refused = false;
    if (w->directory == NULL)
        return 0;
    *ret_refused = true;
    if (w->index >= w->directory->count)
        return hostile_unread(w, "ambiguous-directory", NULL);
    code = w->directory->entries[w->index].code;
    *ret_refused = code != NULL;
    return code != NULL ? report_coverage(w->u, "file", code, w->raw) : 0;
}

/* The name as a cleaning extractor makes it; in w->clean. NULL where cleaning changes nothing. */
static const char *cleaned(struct work *w)
{
    name_clean(w->raw.text, w->raw.len, w->clean);
    return strlen(w->clean) == w->raw.len && memcmp(w->clean, w->raw.text, w->raw.len) == 0
               ? NULL
               : w->clean;
}

/* A name that is extracted, and is another one to some system or to a reader's eye. */
static int report_name(struct work *w)
{
    const char *const code = name_misleads(w->path);

    return code != NULL
               ? hostile(w, FATE_OPEN, code, cleaned(w), "extracted under the name that it has")
               : 0;
}

/* Of encrypted members, while only those are read. */
static bool is_selected(const struct work *w)
{
    const bool known = w->directory != NULL && w->index < w->directory->count;

    return archive_entry_is_encrypted(w->entry) &&
           (w->u->selected == NULL || !known || w->u->selected[w->index]);
}

static int extract_entry(struct work *w, int r)
{
    const char *code;
    bool refused = false;
    int status = fetch_name(w);

    w->damaged = false;
    w->undecoded = false;
    if (status != 0 || is_linker_table(w))
        return status;
    if (r == ARCHIVE_WARN && !said_charset(archive_error_string(w->archive)))
        status = report_damaged(w->u, w->raw, archive_error_string(w->archive));
    if (status != 0)
        return status;
    code = name_judge(w->raw.text, w->raw.len, w->u->limits->path_depth, w->path);
    if (code != NULL)
        return refuse(w, code, cleaned(w));
    status = refuse_by_directory(w, &refused);
    if (status == 0 && !refused)
        status = report_name(w);
    return status != 0 || refused ? status : extract_by_type(w);
}

/* What the zip check has reported already, and put at the end. */
static bool only_missing_left(const struct work *w)
{
    return w->directory != NULL && w->directory->missing_count > 0 &&
           w->index >= w->directory->count;
}

/* The list of the files is encrypted: nothing is known of what it names. */
static int closed_from_here(struct work *w)
{
    const int status = report_hostile(w->u, "encrypted", str_of("."), NULL,
                                      "not even the names of its files can be read");

    return status != 0 ? status : report_coverage(w->u, "archive", "encrypted", str_of("."));
}

/* The archive itself is broken here. Sets *ret_go_on if there may be more behind it. */
static int broken(struct work *w, int r, size_t *retries, bool *ret_go_on)
{
    struct unpack *const u = w->u;
    const char *const text = archive_error_string(w->archive);

    *ret_go_on = (r == ARCHIVE_RETRY || r == ARCHIVE_FAILED) && ++*retries < RETRIES_MAX;
    if (u->status != 0 || u->stop != NULL || only_missing_left(w)) {
        *ret_go_on = false;
        return u->status;
    }
    if (said_encrypted(text)) {
        *ret_go_on = false;
        return closed_from_here(w);
    }
    /* A stretch of garbage is one fact, and so is a stream that ends within a file. */
    if ((*retries > 1 && *ret_go_on) || (w->damaged && !*ret_go_on))
        return 0;
    return report_damaged(u, str_of(w->path), text);
}

/* True for an entry that is to be extracted, which counts; false, with u->stop set, at the limit.
 */
static bool is_counted(struct work *w)
{
    struct unpack *const u = w->u;

    if (u->only_locked && !is_selected(w))
        return false;
    if (u->entries >= u->limits->entries) {
        u->stop = "limit-entries";
        return false;
    }
    u->entries++;
    return true;
}

static int next_entry(struct work *w, size_t *retries, bool *ret_more)
{
    const int r = archive_read_next_header(w->archive, &w->entry);
    int status;

    *ret_more = false;
    if (r == ARCHIVE_EOF)
        return w->u->status;
    if (r != ARCHIVE_OK && r != ARCHIVE_WARN) {
        status = broken(w, r, retries, ret_more);
        w->index += r == ARCHIVE_FAILED ? 1 : 0;
        return status;
    }
    *retries = 0;
    status = is_counted(w) ? extract_entry(w, r) : 0;
    w->index++;
    *ret_more = status == 0 && w->u->stop == NULL;
    return status;
}

int entries_extract(struct unpack *u, struct archive *a, const struct zip_directory *directory,
                    char ret_where[UNPACK_PATH_MAX + 1])
{
    VB_CLEANUP_FREE struct work *w = malloc(sizeof(*w));
    size_t retries = 0;
    bool more = true;
    int status = 0;

    if (w == NULL)
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    memset(w, 0, offsetof(struct work, raw_name)); /* what follows is large, and set before use */
    w->path[0] = '\0';
    w->u = u;
    w->archive = a;
    w->directory = directory;
    w->refused_fd = -1;
    while (status == 0 && more && limits_in_time(u))
        status = next_entry(w, &retries, &more);
    memcpy(ret_where, w->path, strlen(w->path) + 1);
    vb_close_fd(&w->refused_fd);
    return status;
}
