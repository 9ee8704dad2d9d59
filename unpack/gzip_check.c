/* What a gzip file (RFC 1952) says about itself beside its data: a name that `gunzip -N` would
 * write to, and an extra field that libraries fell over (CVE-2022-37434). */
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
