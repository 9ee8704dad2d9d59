/* libs: vb_sandbox */
/* A message of a courier that has been taken over, as the world gets it, and the reply that it
 * makes of it: nothing in it can end a header's line, and all of it stays within its bounds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/world/live.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vb_http_reply *reply)
{
    if (reply->header_count > VB_HTTP_HEADERS_MAX || reply->status < 200 || reply->status > 599)
        abort();
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strpbrk(reply->headers[i].name, "\r\n: ") != NULL ||
            strpbrk(reply->headers[i].value, "\r\n") != NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vb_courier_mail mail = {.body = -1};
    struct vb_http_reply reply;
    struct vb_error err;
    const char *reason;
    int ends[2];
    if (size == 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return 0;
    if (send(ends[0], data, size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0 &&
        vb_courier_receive(ends[1], &mail, &err) > 0 &&
        vb_live_reply(&mail, &reply, &reason, &err) == VB_OK) {
        check(&reply);
        vb_http_reply_done(&reply);
    }
    vb_close_fd(&mail.body);
    close(ends[0]);
    close(ends[1]);
    return 0;
}
