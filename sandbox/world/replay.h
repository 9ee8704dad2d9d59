/* replay: answers to requests over HTTP that were captured before, from files of the user's. They
 * are read in the coordinator, before anything runs; requests, which are hostile, are only compared
 * with them. */
#ifndef SANDBOX_WORLD_REPLAY_H
#define SANDBOX_WORLD_REPLAY_H

#include "sandbox/world/respond.h"

enum {
    VB_REPLAY_ANSWERS_MAX = 20000,
    VB_REPLAY_BYTES_MAX = 64 * 1024 * 1024, /* of all bodies, and of one HAR file */
    VB_REPLAY_DEPTH_MAX = 32                /* of folders */
};

struct vb_replay;
/* Reads FOLDER: each *.har in it (HTTP Archive 1.2), and each other folder HOST in it, whose files
 * are what GET and HEAD of http(s)://HOST/PATH are answered. What cannot be an answer (a request
 * that failed, a body above VB_HTTP_REPLY_MAX) is counted. A folder without an answer is
 * VB_E_NOINPUT, a damaged HAR file VB_E_DATA. */
VB_CHECKED int vb_replay_new(const char *folder, struct vb_replay **ret, struct vb_error *err);
void vb_replay_free(struct vb_replay *replay);
size_t vb_replay_count(const struct vb_replay *replay);
size_t vb_replay_skipped(const struct vb_replay *replay);

/* The answer to METHOD of URL, as it came: the first time the first one, then the next, the last
 * one for ever. False: there is none. REPLAY may be NULL. *RET is the caller's (vb_http_reply_done)
 * but for headers, which are REPLAY's. */
VB_CHECKED int vb_replay_answer(struct vb_replay *replay, const char *method, const char *url,
                                struct vb_http_reply *ret, bool *ret_found, struct vb_error *err);

#endif
