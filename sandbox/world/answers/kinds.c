/* kinds: the answers that a rule names with `as:`. */
#include "sandbox/world/answers/internal.h"

#include <string.h>

static const struct vb_kind kinds[] = {
    {"guess", "", NULL, vb_make_guess}, /* says its form and type itself */
    {"mirror", "json", "application/json", vb_make_mirror},
    {"elf", "elf", "application/octet-stream", vb_make_elf},
    {"pe", "pe", "application/vnd.microsoft.portable-executable", vb_make_pe},
    {"tar.gz", "archive", "application/gzip", vb_make_tar_gz},
    {"tar", "archive", "application/x-tar", vb_make_tar},
    {"gz", "archive", "application/gzip", vb_make_gz},
    {"zip", "archive", "application/zip", vb_make_zip},
    {"deb", "deb", "application/vnd.debian.binary-package", vb_make_deb},
    {"wheel", "wheel", "application/octet-stream", vb_make_wheel},
    {"sdist", "sdist", "application/octet-stream", vb_make_tar_gz},
    {"npm-tarball", "npm", "application/octet-stream", vb_make_npm},
    {"npm-package", "index", "application/json", vb_make_packument},
    {"pypi-simple", "index", NULL, vb_make_simple},
    {"pypi-json", "index", "application/json", vb_make_pypi_json},
    {"git-refs", "git", NULL, vb_make_git_refs},
    {"git-pack", "git", "application/x-git-upload-pack-result", vb_make_git_pack},
    {"git-receive", "git", "application/x-git-receive-pack-result", vb_make_git_receive},
};

const struct vb_kind *vb_kind_named(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

const struct vb_kind *vb_kind_at(size_t index)
{
    return index < VB_ARRAY_LEN(kinds) ? &kinds[index] : NULL;
}
