/* proxy: through whom an address is reached, by the variables that curl knows. Decided here and not
 * by libcurl, so that what is refused is refused wherever it is we who connect. */
#ifndef FETCH_PROXY_H
#define FETCH_PROXY_H

#include "vetbox/core.h"

/* The proxy for HOST (without brackets) by SCHEME, "http" or "https": a value of the environment,
 * or NULL. See curl(1), "ENVIRONMENT". */
const char *proxy_for(const char *scheme, const char *host);

#endif
