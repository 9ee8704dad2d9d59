/* Archives within archives, and what else could be read out of an archive than its own files.
 *
 * The package is what stands in the artifact. What lies in an archive within it is unpacked beside
 * the package, into a folder of its own: it is scanned and reported, and never hashed, identified
 * or put into a box as if it were the package's. Its paths, in that folder as in events, are
 *   lib/inner.zip!/evil.js           a file of an archive that is a file of the package
 *   lib/inner.zip!/data.tar!/evil.js    of an archive in that one
 *   !prefix/prefix                   bytes of the artifact itself that are no file of it
 *   !refused/3/evil.js               an entry that must not have the name that it has
 *   lib/inner.zip!local/evil.js      what another reader takes for a file ("local") */
#ifndef VETBOX_UNPACK_BESIDE_H
#define VETBOX_UNPACK_BESIDE_H

#include "unpack/internal.h"

/* --- beside.c --- */

/* FDS, one for each area, stay the caller's. */
VB_CHECKED int beside_new(struct beside **ret, const int fds[AREA_COUNT], struct vb_error *err);
void beside_free(struct beside **beside);

/* Looks at the finished file PATH of U: an archive is opened later, left to the second reader, or
 * reported as closed. */
VB_CHECKED int beside_look(struct unpack *u, int fd, const char *path);
/* True if that finds nothing in a file that is DATA, unless it stands in a tar that other readers
 * read differently; false if it has to look. */
bool beside_finds_nothing(const unsigned char *data, size_t len, const char *path);
/* Opens the archive FD, which stands at PATH, in its turn. */
VB_CHECKED int beside_hand_in(struct unpack *u, int fd, const char *path);
/* Opens everything that was found, and what is found in it. */
VB_CHECKED int beside_run(struct unpack *u);

/* Keeps bytes of the archive at hand that belong to none of its entries as the file "!LABEL/LABEL",
 * to be scanned, and to be opened if they are an archive. */
VB_CHECKED int beside_keep(struct unpack *u, const char *label, const struct stretch *what);

/* The same for HEAD and all that STREAM has after it. */
VB_CHECKED int beside_keep_rest(struct unpack *u, const char *label, struct stream *stream,
                                struct vb_str head);

/* What some other reader takes for a file of the zip at hand. */
struct reading {
    const char *name; /* raw bytes as that reader has them; only their harmless part is used */
    size_t name_len;
    uint16_t method;     /* of the zip format: 0, 8, … */
    uint64_t data_at;    /* in the archive */
    uint64_t compressed; /* bytes there */
    const char *label;   /* which reader, one word of a-z and -: local-header, forward, … */
};
/* Extracts it beside as LABEL/NAME. Damage is silent: it is one of several readings. */
VB_CHECKED int beside_add(struct unpack *u, const struct reading *reading);

/* In the order of their paths, so that two runs open the same archives. */
void beside_sort(struct beside *beside);

/* A folder of its own beside the package, "PLACE!LABEL/", for a copy of an unpack to write to. */
struct scope {
    struct unpack u;
    int fd;
    struct names *names;
    char prefix[UNPACK_PATH_MAX + 1];
};
VB_CHECKED int scope_open(struct scope *scope, const struct unpack *u, const char *place,
                          const char *label);
/* Ends it; what it counted and met is U's too. To be called even if opening it failed. */
void scope_close(struct scope *scope, struct unpack *u);
/* Only the folder: opened, and its path with a '/' behind it. */
VB_CHECKED int beside_place(const struct unpack *u, const char *place, const char *label,
                            char ret_prefix[UNPACK_PATH_MAX + 1], int *ret_fd);
/* The archive at hand as a place: "" for the artifact. */
const char *own_place(const struct unpack *u);

/* The folders of the two areas. */
int beside_folder(const struct beside *beside, enum area area);

/* --- locked.c: archives with encrypted members --- */

struct locked;
/* Tries passwords on the zip at hand once all texts around it are there. False if there is no
 * waiting: too many wait already, or it is none that passwords open. */
bool locked_add(struct unpack *u);
/* Reports each encrypted member of the zip at hand as closed. */
VB_CHECKED int locked_report(struct unpack *u, const struct zip_directory *directory);
/* Opens what waits, as far as passwords are found, and reports what was and what was not. */
VB_CHECKED int locked_run(struct unpack *u);
bool locked_waits(const struct unpack *u);
void locked_free(struct locked **locked);

/* --- passwords.c: what may open them --- */

enum { PASSWORD_MAX = 64 };

struct password {
    char text[PASSWORD_MAX + 1];
    char *where; /* the file that it stands in, NULL: a customary one */
};
struct passwords {
    struct password *items;
    size_t count;
};
/* From the texts of both areas, then NAME without its extension, then the customary ones. */
VB_CHECKED int passwords_find(struct unpack *u, struct passwords *ret);
void passwords_done(struct passwords *passwords);

/* --- collect.c --- */

typedef int file_visitor(struct unpack *u, int fd, const char *path, uint64_t size, void *ctx);
/* Visits every regular file below DIRFD. */
VB_CHECKED int collect_files(struct unpack *u, int dirfd, file_visitor *visit, void *ctx);

/* Puts the archives among the files of a package that is a folder on the list, and counts the files
 * against the limits. */
VB_CHECKED int collect_archives(struct unpack *u);

/* --- reading.c --- */

/* Decodes READING's bytes of the archive U into OUT. */
VB_CHECKED int reading_decode(struct unpack *u, const struct reading *reading, struct output *out);

/* --- carve.c: archives that do not stand at the beginning of a file --- */

/* Where in FD, a file of SIZE bytes that is no archive by its beginning, an archive starts: 0 and
 * NULL if none does. A zip is found by its end and starts at 0. */
const char *carve_find(int fd, uint64_t size, uint64_t *ret_at);
/* True if that finds nothing in a file that is DATA; false if it has to look. */
bool carve_finds_nothing(const unsigned char *data, size_t len);
/* Where the first header of a tar stands in FD behind its first block, 0: nowhere. */
uint64_t carve_tar(int fd, uint64_t size);

#endif
