/* What the files of unpack/ share. Everything that is read here comes from a stranger. */
#ifndef VETBOX_UNPACK_INTERNAL_H
#define VETBOX_UNPACK_INTERNAL_H

#include <archive.h>
#include <archive_entry.h>

#include "unpack/zip.h"
#include "vetbox/unpack.h"

enum {
    UNPACK_BLOCK = 64 * 1024,
    UNPACK_HEAD = 1024,       /* bytes that decide what a stream is */
    UNPACK_PATH_MAX = 4095,   /* what the kernel takes */
    UNPACK_REPORTS_MAX = 1000 /* events about one archive; the rest is counted */
};

/* One run of vb_unpack. */
struct unpack {
    const struct vb_unpack_limits *limits;
    struct vb_sink *sink;
    struct vb_error *err;
    int fd;
    int out_fd;
    const char *name;     /* of the artifact, for people */
    uint64_t size;        /* of the artifact */
    uint64_t consumed;    /* bytes read from it, the same bytes counted once for each reading */
    uint64_t decoded;     /* bytes behind the compression filter */
    uint64_t written;     /* bytes of files */
    uint64_t deadline_ns; /* 0: none */
    size_t entries;
    size_t files;
    size_t hostile;
    size_t reports;
    size_t unreported;
    const char *stop; /* code of the limit that ended the extraction, or NULL */
    int status;       /* our own failure, sticky */
    struct names *names;
};

/* --- report.c: events and limits --- */

/* Each returns 0 or our own failure (the sink's). TARGET may be NULL. */
VB_CHECKED int report_hostile(struct unpack *u, const char *code, struct vb_str path,
                              const char *target, const char *detail);
VB_CHECKED int report_damaged(struct unpack *u, struct vb_str path, const char *detail);
VB_CHECKED int report_coverage(struct unpack *u, const char *what, const char *reason,
                               struct vb_str path);
VB_CHECKED int report_format(struct unpack *u, const char *format);
/* What the cap on events kept back, and the limit that ended the extraction. */
VB_CHECKED int report_end(struct unpack *u, struct vb_str where);
struct vb_str str_of(const char *text);

/* False, with u->stop set, once a limit is passed; COUNT bytes are about to be written. */
bool limits_allow(struct unpack *u, uint64_t count);
/* The same for bytes that only passed through the decoder. */
bool limits_allow_decoded(struct unpack *u, uint64_t count);
bool limits_in_time(struct unpack *u);

/* --- name.c: what an entry may be called --- */

/* Judges the raw bytes of an entry's name and writes its normal form (no "./", no "//", no
 * trailing "/") to RET_PATH. Returns NULL or the stable code of what is wrong with it. */
const char *name_judge(const char *raw, size_t len, unsigned max_depth,
                       char ret_path[UNPACK_PATH_MAX + 1]);
/* True if a link called PATH with TARGET leads out of the tree. */
bool name_link_escapes(const char *path, const char *target);
/* NAME of an artifact as a file name: one component without anything dangerous. */
void name_for_bare(const char *name, bool strip_compression, char ret_name[256]);

/* The names that are taken, exactly and as a file system without case or normal forms sees them. */
struct names;
VB_CHECKED int names_new(struct names **ret, struct vb_error *err);
void names_free(struct names **names);
/* Takes PATH and its parents, or sets *ret_code to duplicate-path, case-collision or
 * file-directory-collision and takes nothing. */
VB_CHECKED int names_claim(struct names *names, const char *path, bool directory,
                           const char **ret_code, struct vb_error *err);
/* How many files and folders the names taken so far make. */
size_t names_count(const struct names *names);
bool names_has_file(const struct names *names, const char *path);

/* --- magic.c: what bytes are --- */

/* The libarchive filter that HEAD asks for, ARCHIVE_FILTER_NONE if none that vetbox reads. */
int magic_filter(const unsigned char *head, size_t len);
const char *magic_filter_name(int filter);
bool magic_is_tar(const unsigned char *head, size_t len);
bool magic_is_zip(const unsigned char *head, size_t len);
/* Name of the archive format of HEAD, supported or not; NULL if it is no archive. */
const char *magic_archive(const unsigned char *head, size_t len);

/* --- stream.c: descriptor → (decompressed) bytes --- */

/* The artifact's bytes through at most one compression filter. The last piece served stays valid
 * until the next one is asked for. */
struct stream {
    struct unpack *u;
    struct archive *outer;
    uint64_t position; /* of the descriptor */
    uint64_t end;      /* of what may be read of it */
    unsigned char *block;
    unsigned char head[UNPACK_HEAD];
    size_t head_len;
    bool head_served;
    const unsigned char *pending; /* rest of the block that HEAD was filled from */
    size_t pending_len;
    const unsigned char *last; /* the piece served last */
    size_t last_len;
    uint64_t last_offset; /* in the decompressed stream */
    bool failed;          /* the compressed data is damaged */
    bool ended;
    char problem[256];
};
VB_CHECKED int stream_open(struct stream *s, struct unpack *u, int filter);
void stream_done(struct stream *s);
/* 1 and the next piece, 0 at the end, -1 when stopped, damaged or failed (u->stop, s->failed,
 * u->status say which). */
int stream_next(struct stream *s, const void **ret, size_t *ret_len);
/* Reports bytes that follow the end of the archive: in the stream behind offset END, and in the
 * artifact behind the compressed data. */
VB_CHECKED int stream_check_rest(struct stream *s, uint64_t end);
/* An archive reader for ARTIFACT bytes [0, end) with seeking; owns nothing of U. */
VB_CHECKED int seekable_open(struct stream *s, struct unpack *u, uint64_t end, struct archive *a);
/* A tar reader over S. */
VB_CHECKED int tar_open(struct stream *s, struct archive *a);
/* pread of exactly LEN bytes: 0, or -1 if there are not as many or reading failed (u->status). */
int read_at(struct unpack *u, void *data, size_t len, uint64_t offset);

/* --- entry.c: one entry → one file --- */

/* Reads all entries of A. DIRECTORY gives the raw names of a zip, NULL for a tar.
 * *ret_where names the entry at which the work ended. */
VB_CHECKED int entries_extract(struct unpack *u, struct archive *a,
                               const struct zip_directory *directory,
                               char ret_where[UNPACK_PATH_MAX + 1]);
/* Writes what is left of S as the file PATH. */
VB_CHECKED int stream_extract(struct unpack *u, struct stream *s, const char *path);

#endif
