/* What a gzip file (RFC 1952) says about itself beside its data: a name that `gunzip -N` would
 * write to, an extra field that libraries fell over (CVE-2022-37434), and more members than one, of
 * which some readers take the first. Libarchive does not open one with unknown flags. */
#include "unpack/internal.h"

enum { FLAG_EXTRA = 4, FLAG_NAME = 8, FIXED = 10 };

/* Subfields: two bytes of id, two of length, the data. */
static bool is_well_formed(const unsigned char *p, size_t len)
{
    while (len >= 4) {
        const size_t size = 4 + (size_t)(p[2] | p[3] << 8);

        if (size > len)
            return false;
        p += size;
        len -= size;
    }
    return len == 0;
}

static int check_name(struct unpack *u, const unsigned char *name, size_t len)
{
    char path[UNPACK_PATH_MAX + 1];
    char text[256];
    const size_t size = strnlen((const char *)name, len);
    const char *const code = name_judge((const char *)name, size, 1, path);

    if (code == NULL)
        return 0;
    name_clean((const char *)name, size < 255 ? size : 255, path);
    (void)snprintf(text, sizeof(text), "the name within the gzip file is %s", code);
    return report_hostile(u, "gzip-name", str_of("."), path, text);
}

int gzip_check(struct unpack *u, const unsigned char *head, size_t len)
{
    size_t at = FIXED;
    int status = 0;

    if (len < FIXED)
        return 0;
    if ((head[3] & FLAG_EXTRA) != 0 && len >= FIXED + 2) {
        const size_t size = (size_t)(head[10] | head[11] << 8);

        at += 2 + size;
        if (at <= len && !is_well_formed(head + FIXED + 2, size))
            status = report_hostile(u, "gzip-extra", str_of("."), NULL,
                                    "an extra field that is not made of subfields");
    }
    if (status == 0 && (head[3] & FLAG_NAME) != 0 && at < len)
        status = check_name(u, head + at, len - at);
    return status;
}

static void note(struct gzip_members *members, const unsigned char *block, size_t len, uint64_t at)
{
    static const unsigned char magic[] = {0x1f, 0x8b, 8};
    const unsigned char *p = block;
    const unsigned char *const end = block + len;

    while (members->count < GZIP_CANDIDATES) {
        p = memmem(p, (size_t)(end - p), magic, sizeof(magic));
        if (p == NULL)
            return;
        if (at + (uint64_t)(p - block) > 0)
            members->at[members->count++] = at + (uint64_t)(p - block);
        p++;
    }
}

void gzip_note(struct gzip_members *members, const unsigned char *block, size_t len, uint64_t at)
{
    unsigned char *const seam = members->seam;

    /* One may begin in the last two bytes of the block before. */
    if (at >= 2 && len >= 2) {
        memcpy(seam + 2, block, 2);
        note(members, seam, 4, at - 2);
    }
    note(members, block, len, at);
    if (len >= 2)
        memcpy(seam, block + len - 2, 2);
}

/* True if a whole member and nothing but members stand from AT on: its checksum has to fit. */
static bool begins_member(struct unpack *u, uint64_t at)
{
    VB_CLEANUP(stream_done) struct stream s = {0};
    const uint64_t decoded = u->decoded;
    const void *data;
    size_t len;
    int r = 1;

    if (stream_open_at(&s, u, ARCHIVE_FILTER_GZIP, at) != 0)
        return false;
    while (r == 1)
        r = stream_next(&s, &data, &len);
    u->decoded = decoded; /* it was counted when it was read as part of the whole */
    return r == 0 && !s.failed;
}

/* Libarchive takes a cut off trailer for an end. The last four bytes say how many were packed. */
static int check_count(struct unpack *u, uint64_t end, uint64_t count)
{
    unsigned char last[4];
    uint32_t said;

    if (end < sizeof(last) || read_at(u, last, sizeof(last), end - sizeof(last)) != 0)
        return u->status;
    said = le32(last);
    return said == (uint32_t)count
               ? 0
               : report_damaged(u, str_of("."), "the gzip data is not as long as its end says");
}

int gzip_check_end(struct unpack *u, const struct gzip_members *members, uint64_t end,
                   uint64_t count)
{
    for (size_t i = 0; i < members->count && limits_in_time(u); i++) {
        if (begins_member(u, members->at[i]))
            return report_hostile(u, "gzip-members", str_of("."), NULL,
                                  "several gzip members: some readers take the first alone");
        if (u->status != 0)
            return u->status;
    }
    return check_count(u, end, count);
}
