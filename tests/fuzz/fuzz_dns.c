/* libs: vb_sandbox */
/* A question for a name and its answer: whatever comes, the answer stays within its room and says
 * what was asked. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/world/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vb_host_names *names;
    struct vb_dns_question question;
    struct vb_dns_reply reply;
    if (names == NULL && vb_host_names_new(&names, NULL) < 0)
        return 0;
    if (!vb_dns_question(data, size, &question))
        return 0;
    vb_dns_answer(&question, data + question.begin, names, &reply);
    if (question.begin + question.end > size || reply.len > sizeof(reply.bytes) ||
        reply.len < question.end ||
        memcmp(reply.bytes + 12, data + question.begin + 12, question.end - 12) != 0)
        abort();
    return 0;
}
