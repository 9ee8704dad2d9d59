/* closure: what a package depends on, as a folder on disk (docs/dependencies.md): what its parts
 * are called, and how large it may be. */
#ifndef VETBOX_CORE_CLOSURE_H
#define VETBOX_CORE_CLOSURE_H

#include <stdint.h>

/* What lies beyond is a coverage event. */
enum { VB_CLOSURE_PACKAGES_MAX = 2000, VB_CLOSURE_ENTRIES_MAX = 100000 };
#define VB_CLOSURE_BYTES_MAX ((uint64_t)1 << 30)

/* In the folder: what is in it; below npm/ and pypi/ the archives as their indexes have them. */
#define VB_CLOSURE_LIST "closure.json"
#define VB_CLOSURE_NPM "npm"
#define VB_CLOSURE_PYPI "pypi"
enum { VB_CLOSURE_LIST_BYTES = 16 * 1024 * 1024 };

/* In what is unpacked of it: npm's packages with the links of their commands, those of Python, the
 * commands of Python's, and source archives, which are read and never built. */
#define VB_CLOSURE_NODE "node_modules"
#define VB_CLOSURE_PYTHON "site-packages"
#define VB_CLOSURE_COMMANDS "bin"
#define VB_CLOSURE_SOURCES "sources"

#endif
