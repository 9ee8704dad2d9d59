/* One error object, owned by the caller, that each layer may add one clause to.
 * It never allocates, so that error paths cannot fail. */
#ifndef VETBOX_CORE_ERROR_H
#define VETBOX_CORE_ERROR_H

#include "vetbox/core/base.h"

enum vb_status {
    VB_OK = 0,
#define VB_STATUS(id, exit_status, text) VB_POSITIVE_##id,
#include "vetbox/core/status.def"
#undef VB_STATUS
    VB_STATUS_COUNT,
#define VB_STATUS(id, exit_status, text) VB_E_##id = -(int)VB_POSITIVE_##id,
#include "vetbox/core/status.def"
#undef VB_STATUS
};

enum { VB_ERROR_MESSAGE_MAX = 1024 };

struct vb_error {
    int status;       /* a negative vb_status, 0 while there is no error */
    int system_errno; /* errno at the failure, 0 if none applies */
    char message[VB_ERROR_MESSAGE_MAX];
};

/* Forgets any error in ERR. */
void vb_error_clear(struct vb_error *err);

/* Records a failure and returns STATUS. With a non-zero SYSTEM_ERRNO its text is appended.
 * ERR may be NULL. The message says what failed, on what, why, and what to do about it. */
int vb_fail(struct vb_error *err, int status, int system_errno, const char *fmt, ...)
    VB_PRINTF(4, 5);

/* Puts one clause ("reading X") in front of the message and returns ERR's status. */
int vb_wrap(struct vb_error *err, const char *fmt, ...) VB_PRINTF(2, 3);

/* The exit status of sysexits.h for a negative vb_status (70 for anything unknown). */
int vb_status_exit(int status);

/* The short text for a negative vb_status. */
const char *vb_status_text(int status);

#endif
