/* unpack: artifact → tree. The only user of libarchive. Runs in a confined child: it sees one
 * descriptor in and one folder out. */
#ifndef VETBOX_UNPACK_H
#define VETBOX_UNPACK_H

#include <locale.h>

#include "vetbox/core.h"
#include "vetbox/core/closure.h"

struct vb_unpack_limits {
    uint64_t bytes;      /* written in all */
    uint64_t file_bytes; /* of one file */
    size_t entries;      /* and twice as many files and folders, with those that only names imply */
    unsigned path_depth;
    unsigned nesting;      /* archives within archives, 0: none are opened */
    uint64_t window_bytes; /* of a decoder's window or dictionary */
    unsigned ratio;        /* written bytes for one read byte, once ratio_floor bytes are written */
    uint64_t ratio_floor;
    unsigned timeout_ms;
};

/* The limits that the commands use unless told otherwise. */
extern const struct vb_unpack_limits vb_unpack_default_limits;

/* An archive within the package that the first reader left to the second. */
struct vb_unpack_inner {
    int fd;
    const char *path; /* as archive.deferred names it */
};

/* What is unpacked, and where to. The descriptors stay the caller's. */
struct vb_unpack_job {
    int artifact_fd;  /* -1: the package is a folder and stands in out_fd already */
    const char *name; /* of the artifact */
    int out_fd;       /* gets the files of the package itself */
    int beside_fd;    /* gets what archives among them hold, below PATH!/; -1: they stay closed */
    const struct vb_unpack_inner *inners; /* for the second reader only */
    size_t inner_count;
    locale_t locale; /* for the second reader only: what vb_unpack_locale gave, or 0 */
    bool tells; /* of the package's files that are done, while it reads on: archive.extracted */
};

/* 7z, rar, cab and iso have names in UTF-16 and the like, which libarchive gives in the character
 * set of the locale: in that of C, what is not ASCII is lost. Loads what a child that can open no
 * file could not: to be called before it is made. 0 if this machine has no locale with UTF-8; freed
 * with freelocale, unless it is 0. */
locale_t vb_unpack_locale(void);

/* Decodes a few bytes of its own: what the linker finds at the first call of a function, all that
 * are forked afterwards have found. To be called before a child is made, for speed alone. */
void vb_unpack_prepare(void);

/* Extracts the artifact below the job's folders. By content, never by name; the name serves only to
 * name a file that is no archive (a bare SKILL.md or script), which is copied as it is, and tells
 * brotli, which has no magic.
 * Emits archive.* for everything hostile it meets; fails only for our own reasons, and with
 * VB_E_DATA for an input that yields nothing. Formats whose parsers have a history of holes (7z,
 * rar, cab, iso) are not touched: archive.deferred leaves them to vb_unpack_second.
 *
 * Codes of archive.hostile. Not extracted (the bytes of a refused file are unpacked beside):
 *   path-traversal path-absolute path-backslash path-invalid limit-depth
 *   symlink (stays inside; a fact, links are never made) symlink-escape
 *   hardlink-escape hardlink-missing (one to an extracted file is copied, without an event)
 *   device fifo socket whiteout type-unknown encrypted limit-window
 *   duplicate-path case-collision file-directory-collision (the first one stays)
 *   ambiguous-name ambiguous-unicode-name ambiguous-nul-name ambiguous-method header-missing
 *   overlap (zip: the local header against the directory)
 * Encrypted members that could be opened, and were unpacked beside:
 *   password-stated (a text of the package names it) password-customary
 * Extracted, but not with this:
 *   setuid file-capability xattr acl (these two told once of an archive)
 * Extracted under a name that misleads; the target is what it becomes when it is cleaned:
 *   name-bidi name-trailing name-reserved name-stream
 * Extracted in the way most readers do, others read it differently (zip); the detail tells both:
 *   ambiguous-size ambiguous-crc ambiguous-flags ambiguous-type ambiguous-encoding
 *   ambiguous-extra ambiguous-zip64 ambiguous-disk ambiguous-descriptor encrypted-strong
 * Of the archive as a whole (path "."), or an entry that only some readers find (its path):
 *   ambiguous-end ambiguous-comment ambiguous-count ambiguous-directory ambiguous-order
 *   ambiguous-zip64 ambiguous-disk hidden-entry gap-data prefix-data trailing-data
 *   gzip-members concatenated-streams gzip-extra gzip-name skippable-frame
 * Of headers of a tar, which are read as libarchive reads them (path: the header's own name):
 *   ambiguous-size ambiguous-name ambiguous-type ambiguous-checksum ambiguous-sparse
 *   ambiguous-pax ambiguous-global name-charset limit-name
 * No archive.hostile and no damage, but a coverage event: a member of a method that nothing here
 * decodes ("unsupported compression: deflate64, method 9 of zip").
 * Limits; what was read stays: limit-file-bytes ends one file, the others the extraction:
 *   limit-bytes limit-entries limit-time bomb-ratio */
VB_CHECKED int vb_unpack(const struct vb_unpack_job *job, const struct vb_unpack_limits *limits,
                         struct vb_sink *sink, struct vb_error *err);

/* The second reader, for a child of its own after vb_unpack has deferred something: the artifact if
 * artifact_fd names one, else the job's inner archives, whose contents go to beside_fd. */
VB_CHECKED int vb_unpack_second(const struct vb_unpack_job *job,
                                const struct vb_unpack_limits *limits, struct vb_sink *sink,
                                struct vb_error *err);

/* --- the dependencies of a package --- */

/* Unpacks the packages that closure.json below CLOSURE_FD lists as npm and pip lay them down,
 * running nothing of them, below OUT_FD, an empty folder: in tree/ stand the folders above, rest/
 * is of no use to anybody. Emits coverage events only, of stage "dependency": what was hostile in
 * one, what is missing and why. A list that is none is VB_E_DATA. */
VB_CHECKED int vb_unpack_closure(int closure_fd, int out_fd, const struct vb_unpack_limits *limits,
                                 struct vb_sink *sink, struct vb_error *err);

#endif
