/* libcurl, loaded where it is used. It brings some thirty libraries along: the process that fetches
 * needs them, the ones that read packages or start boxes are quicker and smaller targets without.
 */
#ifndef FETCH_LIBCURL_H
#define FETCH_LIBCURL_H

#define CURL_DISABLE_TYPECHECK /* its macros know only the functions' own names */
#include <curl/curl.h>

#include "vetbox/core.h"

struct libcurl {
    void *handle; /* NULL: not loaded */
#define VB_CURL(name) __typeof__(curl_##name) *name;
#include "fetch/libcurl.def"
#undef VB_CURL
};

/* Loads it unless it is loaded. VB_E_UNAVAILABLE if it is not installed or too old. */
VB_CHECKED int libcurl_load(struct libcurl *libcurl, struct vb_error *err);

#endif
