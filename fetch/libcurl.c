/* libcurl as a table of functions. See libcurl.h. */
#include "fetch/libcurl.h"

#include <dlfcn.h>
#include <string.h>

/* The name has been the same since 2006: a new one means that programs must be changed. */
static const char soname[] = "libcurl.so.4";

static const struct {
    const char *name;
    size_t offset;
} functions[] = {
#define VB_CURL(name) {"curl_" #name, offsetof(struct libcurl, name)},
#include "fetch/libcurl.def"
#undef VB_CURL
};

int libcurl_load(struct libcurl *libcurl, struct vb_error *err)
{
    struct libcurl loaded = {0};

    if (libcurl->handle != NULL)
        return VB_OK;
    loaded.handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    if (loaded.handle == NULL)
        return vb_fail(err, VB_E_UNAVAILABLE, 0, "cannot load %s, install it: %s", soname,
                       dlerror());
    for (size_t i = 0; i < VB_ARRAY_LEN(functions); i++) {
        void *const function = dlsym(loaded.handle, functions[i].name);

        if (function == NULL) {
            dlclose(loaded.handle);
            return vb_fail(err, VB_E_UNAVAILABLE, 0, "%s is too old: it has no %s", soname,
                           functions[i].name);
        }
        memcpy((char *)&loaded + functions[i].offset, &function, sizeof(function));
    }
    *libcurl = loaded;
    return VB_OK;
}
