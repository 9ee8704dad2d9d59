/* The error object: one message that layers extend, no allocation. */
#include "vetbox/core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

struct status_row {
    int exit_status;
    const char *text;
};

static const struct status_row status_rows[VB_STATUS_COUNT] = {
#define VB_STATUS(id, exit_status, text) [VB_POSITIVE_##id] = {exit_status, text},
#include "vetbox/core/status.def"
#undef VB_STATUS
};

static const struct status_row *row_of(int status)
{
    if (status >= 0 || status <= -(int)VB_STATUS_COUNT)
        return NULL;
    return &status_rows[-status];
}

int vb_status_exit(int status)
{
    const struct status_row *row = row_of(status);
    return row != NULL ? row->exit_status : 70;
}

const char *vb_status_text(int status)
{
    const struct status_row *row = row_of(status);
    return row != NULL ? row->text : "unknown status";
}

void vb_error_clear(struct vb_error *err)
{
    if (err == NULL)
        return;
    err->status = 0;
    err->system_errno = 0;
    err->message[0] = '\0';
}

int vb_fail(struct vb_error *err, int status, int system_errno, const char *fmt, ...)
{
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, fmt);
    int used = vsnprintf(err->message, sizeof(err->message), fmt, args);
    va_end(args);
    if (used < 0)
        used = 0;
    if (system_errno != 0 && (size_t)used < sizeof(err->message))
        snprintf(err->message + used, sizeof(err->message) - (size_t)used, ": %s",
                 strerror(system_errno));
    err->status = status;
    err->system_errno = system_errno;
    return status;
}

int vb_wrap(struct vb_error *err, const char *fmt, ...)
{
    if (err == NULL)
        return VB_E_SOFTWARE;
    char clause[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(clause, sizeof(clause), fmt, args);
    va_end(args);
    const size_t clause_len = strlen(clause);
    const size_t room = sizeof(err->message) - clause_len - 3;
    size_t old = strlen(err->message);
    if (old > room)
        old = room;
    memmove(err->message + clause_len + 2, err->message, old);
    memcpy(err->message, clause, clause_len);
    memcpy(err->message + clause_len, ": ", 2);
    err->message[clause_len + 2 + old] = '\0';
    return err->status;
}
