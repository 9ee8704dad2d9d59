/* Inside the list of known-bad things: iocs.c reads it, iocs_find.c holds texts against it. */
#ifndef CORE_IOCS_INTERNAL_H
#define CORE_IOCS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "vetbox/core/iocs.h"

enum { VB_IOC_KEY = 256 }; /* bytes of a key with its NUL: of a host name, or of a digest */

struct vb_ioc_row {
    struct vb_ioc ioc;
    char key[VB_IOC_KEY]; /* the host as vb_ioc_host_key makes it, or the digest */
    const char *rest;     /* a URL's path with its slash, or a mailbox's local part; or "" */
    uint32_t next;        /* row with the same key, plus one */
};

struct vb_iocs {
    struct vb_ioc_row *rows;
    size_t count, capacity;
    char **texts; /* the copies that the rows point into */
    size_t text_count;
    uint32_t *slots; /* first row of a key, plus one */
    size_t slot_count;
    uint32_t dots[32]; /* the pairs of letters that stand around a dot in a host of the list */
};

/* What stands for HOST however it is written: lower case, no dot at its end, letters beyond ASCII
 * as punycode, addresses in their usual notation. False: it is no host. */
bool vb_ioc_host_key(const char *host, size_t len, char key[VB_IOC_KEY]);
/* Splits what stands behind a URL's scheme into host and path. */
void vb_ioc_split(const char *text, size_t len, const char **ret_host, size_t *ret_host_len,
                  const char **ret_path, size_t *ret_path_len);
size_t vb_ioc_slot(const struct vb_iocs *list, const char *key);
void vb_ioc_note_dots(struct vb_iocs *list, const char *host);

/* rules/iocs/known.txt */
extern const unsigned char vb_iocs_known[];
extern const size_t vb_iocs_known_len;

#endif
