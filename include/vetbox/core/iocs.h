/* iocs: hosts, URLs, addresses, mailboxes and digests that are known from attacks (docs/iocs.md).
 */
#ifndef VETBOX_CORE_IOCS_H
#define VETBOX_CORE_IOCS_H

#include <stddef.h>

#include "vetbox/core/base.h"
#include "vetbox/core/error.h"

enum vb_ioc_kind {
    VB_IOC_HOST,    /* a name and all names below it */
    VB_IOC_URL,     /* a host, and what its path begins with */
    VB_IOC_ADDRESS, /* of IPv4 or IPv6, in whatever notation it is met */
    VB_IOC_MAIL,
    VB_IOC_SHA256,
    VB_IOC_KINDS
};
const char *vb_ioc_kind_name(enum vb_ioc_kind kind);

/* An entry. The texts are the list's. */
struct vb_ioc {
    enum vb_ioc_kind kind;
    const char *value; /* as it is listed */
    const char *date;  /* "-": unknown */
    const char *words; /* which attack */
    const char *file;
    size_t line;
};

struct vb_iocs;

/* The entries that are built in and those of the *.txt of FOLDER (NULL: none). VB_E_CONFIG with
 * file and line for whatever is not understood. From then on the list is constant. */
VB_CHECKED int vb_iocs_load(const char *folder, struct vb_iocs **ret, struct vb_error *err);
void vb_iocs_free(struct vb_iocs *list);
size_t vb_iocs_count(const struct vb_iocs *list);
const struct vb_ioc *vb_iocs_at(const struct vb_iocs *list, size_t index);

/* The entry for HOST, a name or an address; NULL: there is none. */
const struct vb_ioc *vb_iocs_host(const struct vb_iocs *list, const char *host);
/* The entry for URL or its host. */
const struct vb_ioc *vb_iocs_url(const struct vb_iocs *list, const char *url);
/* The entry for a SHA-256 in hexadecimal. */
const struct vb_ioc *vb_iocs_digest(const struct vb_iocs *list, const char *sha256);

/* Is told that an entry is named at DATA + OFFSET; stops the search where it returns an error. */
typedef int vb_ioc_seen(void *ctx, const struct vb_ioc *ioc, size_t offset, size_t len,
                        struct vb_error *err);
/* Calls SEEN for each host, URL, address and mailbox of the list that the text names. */
VB_CHECKED int vb_iocs_text(const struct vb_iocs *list, const unsigned char *data, size_t len,
                            vb_ioc_seen *seen, void *ctx, struct vb_error *err);

#endif
