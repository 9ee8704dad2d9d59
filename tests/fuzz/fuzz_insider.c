/* libs: vb_sandbox */
/* A message that the subject sends in the place of a probe: whatever comes out lies within it, and
 * the code that a command makes is no longer than the command. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/detonate/insider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct vb_str part, const char *message, size_t size)
{
    if (part.len > 0 &&
        (part.text < message || part.len > size || (size_t)(part.text - message) > size - part.len))
        abort();
}

static void check_lines(struct vb_str text)
{
    size_t before = text.len + 1;
    while (vb_insider_next_line(&text) > 0) {
        if (text.len >= before)
            abort();
        before = text.len;
        if (before == 0)
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *message = (const char *)data;
    struct vb_insider_word word;
    struct vb_error err;
    bool made = false;
    struct vb_buf code;
    if (!vb_insider_read(message, size, &word))
        return 0;
    check_within(word.path, message, size);
    check_within(word.text, message, size);
    if (word.form == NULL || word.line < 0)
        abort();
    check_lines(word.text);
    vb_buf_init(&code, size + 1);
    if (vb_insider_shell_code(word.text, &made, &code, &err) != VB_OK || code.len > word.text.len)
        abort();
    vb_buf_done(&code);
    return 0;
}
