/* purl: package URLs ("pkg:npm/%40scope/name@1.0"), as the purl specification (ECMA-427) has them.
 */
#ifndef FETCH_PURL_H
#define FETCH_PURL_H

#include "vetbox/core.h"

/* What PURL, "pkg:…", names: a type in lower case, and [NAMESPACE/]NAME[@VERSION] without its
 * escapes. VB_E_USAGE for what is none, and for one that names more than a package of an index. */
enum { PURL_TYPE_BYTES = 32, PURL_NAME_BYTES = 512 };
struct purl {
    char type[PURL_TYPE_BYTES];
    char name[PURL_NAME_BYTES];
};
VB_CHECKED int purl_read(const char *purl, struct purl *ret, struct vb_error *err);

#endif
