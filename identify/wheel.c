/* RECORD of a wheel (the "Recording installed projects" specification): path,sha256=…,size of each
 * file. Installers differ in what they do with files that it leaves out and with digests that are
 * wrong, so what one scanner checks is not surely what another installs. Trust boundary: hostile.
 */
#include "identify/internal.h"

#include <fcntl.h>

enum { HASHED_MAX = 64 * 1024 * 1024 }; /* bytes that are hashed of one wheel */

struct record {
    struct vb_id *id;
    const char *prefix; /* of the wheel's root */
    const char *path;   /* of RECORD */
    json_t *rows;       /* path → "sha256=…,size" */
    uint64_t hashed;
    /* The first of each kind of disagreement, and how many there are. */
    struct disagreement {
        char first[256];
        size_t count;
    } extra, missing, changed;
};

static void disagree(struct disagreement *on, const char *path)
{
    if (on->count++ == 0)
        snprintf(on->first, sizeof(on->first), "%s", path);
}

/* One line of CSV: a path, quoted where it needs to be, and the rest. Ends LINE behind the path. */
static const char *split_row(char *line, const char **ret_path)
{
    if (line[0] != '"') {
        char *comma = strchr(line, ',');
        *ret_path = line;
        if (comma == NULL)
            return "";
        *comma = '\0';
        return comma + 1;
    }
    char *to = line;
    const char *from = line + 1;
    for (; *from != '\0' && !(from[0] == '"' && from[1] != '"'); from++) {
        from += from[0] == '"';
        *to++ = *from;
    }
    *to = '\0';
    *ret_path = line;
    return from[0] == '"' && from[1] == ',' ? from + 2 : "";
}

static void read_rows(struct record *record, char *text)
{
    const char *path;
    for (char *left = text, *line; (line = vb_id_take_line(&left)) != NULL;) {
        line[strcspn(line, "\r")] = '\0';
        const char *rest = split_row(line, &path);
        if (path[0] == '\0' || !vb_utf8_valid(path, strlen(path)) ||
            !vb_utf8_valid(rest, strlen(rest)))
            continue;
        if (json_object_set_new_nocheck(record->rows, path, json_string_nocheck(rest)) != 0)
            vb_id_fail(record->id, VB_E_NOMEM, "reading RECORD");
    }
}

/* The digest that ROW gives, in hexadecimal; false if it gives no SHA-256. */
static bool row_digest(const char *row, char ret[VB_SHA256_HEX])
{
    static const char name[] = "sha256=";
    VB_CLEANUP(vb_buf_done) struct vb_buf bytes;
    vb_buf_init(&bytes, 64);
    if (strncmp(row, name, sizeof(name) - 1) != 0)
        return false;
    const char *text = row + sizeof(name) - 1;
    if (vb_base64_decode(&bytes, text, strcspn(text, ","), NULL) != VB_OK ||
        bytes.len != VB_SHA256_BYTES)
        return false;
    for (size_t i = 0; i < bytes.len; i++)
        snprintf(ret + 2 * i, 3, "%02x", bytes.data[i]);
    return true;
}

static bool same_digest(struct record *record, const struct vb_id_file *file, const char *row)
{
    char wanted[VB_SHA256_HEX];
    char found[VB_SHA256_HEX];
    if (!row_digest(row, wanted) || record->hashed + file->size > HASHED_MAX)
        return true;
    record->hashed += file->size;
    VB_CLEANUP_FD int fd =
        vb_open_beneath(record->id->dirfd, file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    return fd < 0 || vb_sha256_fd(fd, found, NULL) != VB_OK || strcmp(wanted, found) == 0;
}

static void check_file(struct record *record, const struct vb_id_file *file)
{
    const char *rel = file->path + strlen(record->prefix);
    const json_t *row = json_object_get(record->rows, rel);
    if (strncmp(file->path, record->path, strlen(record->path)) == 0)
        return; /* itself and its signatures, RECORD.jws and RECORD.p7s */
    if (row == NULL)
        disagree(&record->extra, rel);
    else if (!same_digest(record, file, json_string_value(row)))
        disagree(&record->changed, rel);
}

static void check(struct record *record)
{
    const struct vb_id *id = record->id;
    const char *path;
    json_t *row;
    char joined[VB_ID_PATH_MAX];
    for (size_t i = vb_id_lower(id, record->prefix);
         i < id->file_count && vb_id_below(&id->files[i], record->prefix); i++)
        check_file(record, &id->files[i]);
    json_object_foreach(record->rows, path, row)
    {
        const int len = snprintf(joined, sizeof(joined), "%s%s", record->prefix, path);
        const size_t path_len = strlen(path);
        if (len > 0 && (size_t)len < sizeof(joined) && path[path_len - 1] != '/' &&
            vb_id_find(id, joined) == NULL)
            disagree(&record->missing, path);
    }
}

static void tell(struct record *record, const struct disagreement *on, const char *what)
{
    if (on->count > 0)
        vb_id_problem(record->id, (struct vb_id_at){record->path, 0}, "record-mismatch",
                      "%zu file%s %s, the first is %.200s", on->count, on->count == 1 ? "" : "s",
                      what, on->first);
}

void vb_id_wheel_record(struct vb_id *id, const char *prefix, const char *path)
{
    struct record record = {.id = id, .prefix = prefix, .path = path, .rows = json_object()};
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    if (record.rows == NULL)
        vb_id_fail(id, VB_E_NOMEM, "reading RECORD");
    else if (vb_id_read_lines(id, path, &text) && text.len > 0) {
        read_rows(&record, (char *)text.data);
        check(&record);
        tell(&record, &record.extra, "in the wheel that RECORD does not list");
        tell(&record, &record.missing, "listed by RECORD and not in the wheel");
        tell(&record, &record.changed, "with another content than RECORD says");
    }
    json_decref(record.rows);
}
