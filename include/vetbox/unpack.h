/* unpack: artifact → tree. The only user of libarchive. Runs in a confined child: it sees one
 * descriptor in and one folder out. */
#ifndef VETBOX_UNPACK_H
#define VETBOX_UNPACK_H

#include "vetbox/core.h"

struct vb_unpack_limits {
    uint64_t bytes;      /* written in all */
    uint64_t file_bytes; /* of one file */
    size_t entries;      /* and twice as many files and folders, with those that only names imply */
    unsigned path_depth;
    unsigned ratio; /* written bytes for one read byte, once ratio_floor bytes are written */
    uint64_t ratio_floor;
    unsigned timeout_ms;
};

/* The limits that the commands use unless told otherwise. */
extern const struct vb_unpack_limits vb_unpack_default_limits;

/* Extracts the archive in ARTIFACT_FD below OUT_FD. By content, never by name; NAME serves only to
 * name a file that is no archive (a bare SKILL.md or script), which is copied as it is.
 * Emits archive.* for everything hostile it meets; fails only for our own reasons, and with
 * VB_E_DATA for an input that yields nothing.
 *
 * Codes of archive.hostile. Not extracted:
 *   path-traversal path-absolute path-backslash path-invalid limit-depth
 *   symlink (stays inside; a fact, links are never made) symlink-escape
 *   hardlink-escape hardlink-missing (one to an extracted file is copied, without an event)
 *   device fifo socket type-unknown encrypted
 *   duplicate-path case-collision file-directory-collision (the first one stays)
 *   ambiguous-name ambiguous-unicode-name ambiguous-nul-name ambiguous-method header-missing
 *   overlap (zip: the local header against the directory)
 * Extracted, but not with this:
 *   setuid file-capability
 * Extracted in the way most readers do, others read it differently (zip); the detail tells both:
 *   ambiguous-size ambiguous-crc ambiguous-flags ambiguous-type ambiguous-encoding
 *   ambiguous-extra ambiguous-zip64 ambiguous-disk ambiguous-descriptor encrypted-strong
 * Of the archive as a whole (path "."), or an entry that only some readers find (its path):
 *   ambiguous-end ambiguous-comment ambiguous-count ambiguous-directory ambiguous-order
 *   ambiguous-zip64 ambiguous-disk hidden-entry gap-data prefix-data trailing-data
 * Limits; what was read stays: limit-file-bytes ends one file, the others the extraction:
 *   limit-bytes limit-entries limit-time bomb-ratio */
VB_CHECKED int vb_unpack(int artifact_fd, const char *name, int out_fd,
                         const struct vb_unpack_limits *limits, struct vb_sink *sink,
                         struct vb_error *err);

#endif
