/* What the files of unpack/ share. Everything that is read here comes from a stranger. */
#ifndef VETBOX_UNPACK_INTERNAL_H
#define VETBOX_UNPACK_INTERNAL_H

#include <archive.h>
#include <archive_entry.h>

#include "unpack/zip.h"
#include "vetbox/unpack.h"

enum {
    UNPACK_BLOCK = 64 * 1024,
    UNPACK_HEAD = 1024,          /* bytes that decide what a stream is */
    UNPACK_PATH_MAX = 4095,      /* what the kernel takes */
    UNPACK_REPORTS_MAX = 1000,   /* events about one archive; the rest is counted, */
    UNPACK_REPORTS_OF_CODE = 10, /* but for the first so many of each code */
    UNPACK_CODES_MAX = 96        /* more than there are */
};

/* How many events a code has had. */
struct told {
    const char *code;
    unsigned count;
};

/* Files of the package that are done and not told of yet. */
enum { FRESH_MAX = 256, FRESH_TEXT = 16 * 1024 };
struct fresh {
    struct vb_str paths[FRESH_MAX];
    size_t count;
    char text[FRESH_TEXT]; /* that PATHS points to */
    size_t len;
    uint64_t bytes; /* of the files */
};

/* The folders that files can lie in: the package itself, and what is unpacked beside it. */
enum area { AREA_PACKAGE, AREA_BESIDE, AREA_COUNT };

/* One run of vb_unpack; for an archive within the artifact a copy of it, whose counters go on. */
struct unpack {
    const struct vb_unpack_limits *limits;
    struct vb_sink *sink;
    struct vb_error *err;
    int fd;               /* of the archive at hand: the artifact, or an archive within it */
    int out_fd;           /* where its files go */
    const char *name;     /* of the archive, for people */
    uint64_t size;        /* of the archive */
    uint64_t input_size;  /* of the artifact */
    uint64_t consumed;    /* bytes read from it, the same bytes counted once for each reading */
    uint64_t decoded;     /* bytes behind the compression filter */
    uint64_t written;     /* bytes of files */
    uint64_t deadline_ns; /* 0: none */
    size_t entries;
    size_t nodes; /* files and folders of the archives before this one */
    size_t files;
    size_t hostile;
    size_t deferred; /* archives left to the second reader */
    size_t reports;
    size_t unreported;
    struct told *told; /* UNPACK_CODES_MAX of them, which all copies share; NULL: not kept */
    const char *stop;  /* code of the limit that ended the extraction, or NULL */
    int status;        /* our own failure, sticky */
    struct names *names;
    bool second;           /* this is the second reader */
    const char *place;     /* of the archive, as events name it: "." or a path */
    const char *prefix;    /* before the names of its entries: "" or "inner.zip!/" */
    enum area area;        /* what OUT_FD lies in */
    unsigned depth;        /* archives around this one */
    bool stop_told;        /* the event for STOP was sent */
    bool tar_inside;       /* a file may hold entries that another reader goes on with */
    size_t entries_before; /* it */
    uint64_t written_before;
    struct locked *locked;  /* archives that wait for a password */
    size_t locked_here;     /* encrypted members of this one that wait */
    bool only_locked;       /* read nothing but encrypted members, */
    const bool *selected;   /* of them, by index; NULL: all */
    const char *passphrase; /* with this, or report them if it is NULL */
    size_t opened;          /* of them */
    struct beside *beside;  /* NULL: archives within archives are not opened */
    struct fresh *fresh;    /* NULL: nobody asks for files that are done */
};

/* Opens what U->fd is, whatever it is; writes its format ("tar+gzip", "" for none) and the entry at
 * which the work ended. */
enum { UNPACK_FORMAT_MAX = 32 };
VB_CHECKED int unpack_extract(struct unpack *u, char ret_where[UNPACK_PATH_MAX + 1],
                              char ret_format[UNPACK_FORMAT_MAX]);

/* --- report.c: events and limits --- */

/* What became of an entry, where that is settled when something is told of it. */
enum fate {
    FATE_OPEN,      /* it is not, or the archive as a whole is meant */
    FATE_EXTRACTED, /* the file is there */
    FATE_CUT,       /* its beginning is */
    FATE_REFUSED    /* no file of the package has come of it */
};

/* One thing to tell of an entry. */
struct hostile {
    const char *code;
    struct vb_str path;
    const char *target; /* NULL: none */
    const char *detail; /* NULL: none */
    enum fate fate;
};

/* Each returns 0 or our own failure (the sink's). */
VB_CHECKED int report_entry(struct unpack *u, const struct hostile *what);
/* The same where the fate is open. TARGET may be NULL. */
VB_CHECKED int report_hostile(struct unpack *u, const char *code, struct vb_str path,
                              const char *target, const char *detail);
VB_CHECKED int report_damaged(struct unpack *u, struct vb_str path, const char *detail);
VB_CHECKED int report_coverage(struct unpack *u, const char *what, const char *reason,
                               struct vb_str path);
VB_CHECKED int report_format(struct unpack *u, const char *format);
/* An archive at PATH that only the second reader opens. */
VB_CHECKED int report_deferred(struct unpack *u, const char *format, struct vb_str path);
/* PATH, of SIZE bytes, is done: told of together with others, where that is asked for. */
VB_CHECKED int report_extracted(struct unpack *u, const char *path, uint64_t size);
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
/* NULL, or the code of what a name that is extracted misleads by: bidirectional controls, endings
 * or words that Windows drops or reserves, and what NTFS takes for a stream of another file. */
const char *name_misleads(const char *path);
/* RAW as extractors that clean names make it: no ill-formed or control bytes, no dangerous parts,
 * no endings that Windows drops. */
void name_clean(const char *raw, size_t len, char ret_path[UNPACK_PATH_MAX + 1]);
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

/* Who opens a format: the usual reader, the second one in a child of its own because its parser has
 * a history of holes, or nobody. */
enum magic_reader { MAGIC_USUAL, MAGIC_SECOND, MAGIC_NOBODY };

/* One format that bytes can be recognised as. */
struct magic {
    const char *name;
    int filter; /* the libarchive filter that reads it, -1: it is no compressed stream */
    enum magic_reader reader;
    uint32_t offset;
    uint8_t len;
    const char *bytes;
    int (*support)(struct archive *a); /* what makes libarchive read it, NULL: not by one call */
};

/* A brotli stream has no libarchive filter; this number stands for ours. */
enum { FILTER_BROTLI = 1000 };

/* The filter that HEAD asks for, ARCHIVE_FILTER_NONE if none that vetbox reads. NAME decides only
 * where the bytes cannot: brotli has no magic, so that ".br" is needed too. */
int magic_filter(const unsigned char *head, size_t len, const char *name);
/* Where the first frame of zstd or lz4 stands behind frames that decoders skip, which may be as
 * long as the file; 0: there is none. Sets u->status. */
uint64_t magic_behind_skipped(struct unpack *u, int fd);
const char *magic_filter_name(int filter);
/* Bytes of window or dictionary that the decoder would need; 0: not known. */
uint64_t magic_window(int filter, const unsigned char *head, size_t len);
bool magic_is_tar(const unsigned char *head, size_t len);
/* The row of HEAD's format, supported or not; NULL if it is no archive. NAME as above. An archive
 * without entries is not one here: zeros are all that tell a tar of that sort. */
const struct magic *magic_of(const unsigned char *head, size_t len, const char *name);
const struct magic *magic_tar(void);
/* The same for a whole file: an ISO image says what it is after 32 KiB. Sets u->status. */
const struct magic *magic_of_file(struct unpack *u, int fd, const char *name);
/* True if that finds nothing in a file that is DATA; false if it has to look. */
bool magic_finds_nothing(const unsigned char *data, size_t len, const char *name);

/* --- bytes.c: little-endian numbers --- */

uint16_t le16(const unsigned char *p);
uint32_t le32(const unsigned char *p);
uint64_t le64(const unsigned char *p);

/* --- said.c: what libarchive means by TEXT, which may be NULL --- */

enum { SAID_MAX = 160 };
/* A gap of ours and no fault of the archive: the method is none that is decoded. Why in REASON. */
bool said_undecodable(const char *text, char reason[SAID_MAX]);
bool said_encrypted(const char *text);
/* A name that does not fit into the locale's character set, which does not matter. */
bool said_charset(const char *text);

/* --- gzip_check.c: what a gzip file says beside its data --- */

VB_CHECKED int gzip_check(struct unpack *u, const unsigned char *head, size_t len);

/* --- streams.c: where compressed streams end --- */

/* A piece of the archive at hand. */
struct stretch {
    uint64_t at, len;
};

/* The whole streams that stand one behind the other from the beginning of the artifact on. */
enum { SKIPPED_KEPT = 16 };
struct extent {
    uint64_t end;     /* of the last */
    unsigned streams; /* 0: the first is not whole, or of a filter that says nothing of its end */
    struct stretch
        skipped[SKIPPED_KEPT]; /* what frames hold that every decoder skips: the first, */
    size_t skipped_count;      /* and how many there are */
    uint64_t skipped_bytes;
};
VB_CHECKED int streams_measure(struct unpack *u, int filter, struct extent *ret);

/* --- brotli.c and gzip.c: decoders in the place of libarchive's filters --- */

struct decoder;
struct decoder_ops {
    /* 1 and the next decoded piece, 0 at the end, -1 when damaged, stopped or failed. */
    int (*next)(struct decoder *decoder, const unsigned char **ret, size_t *ret_len);
    uint64_t (*consumed)(const struct decoder *decoder); /* bytes of the artifact */
    /* What is wrong with damaged data; NULL: nothing but that. */
    const char *(*problem)(const struct decoder *decoder);
    void (*free)(struct decoder *decoder);
};

struct decoder {
    const struct decoder_ops *ops;
    unsigned streams; /* begun so far */
};
VB_CHECKED int brotli_new(struct decoder **ret, struct unpack *u);
VB_CHECKED int gzip_new(struct decoder **ret, struct unpack *u);

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
    struct decoder *own; /* in the place of OUTER */
    int filter;
    struct extent extent;
    const struct zip_directory *directory; /* whose missing entries are hidden, NULL: none */
    struct tar_check *check;               /* sees what the tar reader sees; NULL: none */
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
/* Reports frames that decoders skip, and keeps what they hold. */
VB_CHECKED int stream_check_skipped(struct stream *s);
/* A reader with seeking for the zip that U is; owns nothing of U. DIRECTORY outlives S. */
VB_CHECKED int seekable_open(struct stream *s, struct unpack *u,
                             const struct zip_directory *directory, struct archive *a);
/* The same for any format: SUPPORT makes libarchive read it. */
VB_CHECKED int seekable_open_as(struct stream *s, struct unpack *u, struct archive *a,
                                int (*support)(struct archive *a));
/* A reader of one format over S. */
VB_CHECKED int format_open(struct stream *s, struct archive *a, int (*support)(struct archive *a));
/* Where the compressed data ends in the artifact, as far as it was read. */
uint64_t stream_consumed(const struct stream *s);
/* pread of LEN bytes or what there is of them; -1 and errno. */
ssize_t pread_all(int fd, void *data, size_t len, uint64_t offset);
/* Exactly LEN bytes of the archive: 0, or -1 if there are not as many or reading failed
 * (u->status). */
int read_at(struct unpack *u, void *data, size_t len, uint64_t offset);

/* --- entry.c: one entry → one file --- */

/* Reads all entries of A. DIRECTORY gives the raw names of a zip, NULL for a tar.
 * *ret_where names the entry at which the work ended. */
VB_CHECKED int entries_extract(struct unpack *u, struct archive *a,
                               const struct zip_directory *directory,
                               char ret_where[UNPACK_PATH_MAX + 1]);
/* --- output.c: one file below the output folder --- */

/* The file being written. */
struct output {
    struct unpack *u;
    struct vb_str path;
    int fd;
    uint64_t size; /* logical bytes so far */
    bool plain;    /* they came as one piece, in which nothing is to be found */
    bool cut;      /* a limit ended it early */
};
VB_CHECKED int output_open(struct output *out, struct unpack *u, const char *path, bool executable);
VB_CHECKED int output_write(struct output *out, const void *data, size_t len);
/* A hole of a sparse file: costs nothing here, but everybody reads it later. */
VB_CHECKED int output_hole(struct output *out, uint64_t len);
/* Bytes [at, at + len) of SOURCE, or what there is of them. */
VB_CHECKED int output_copy(struct output *out, int source, uint64_t at, uint64_t len);
/* Says what was not examined in the finished file PATH, and looks for an archive in it. */
VB_CHECKED int output_finish(struct output *out, const char *path);
/* Writes what is left of S as the file PATH. */
VB_CHECKED int stream_extract(struct unpack *u, struct stream *s, const char *path);

#endif
