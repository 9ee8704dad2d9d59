/* pe: the beginning of a program for Windows, which nothing here can run. Its build stands in it as
 * an option of a command, as what runs programs for Windows in the boxes finds it
 * (sandbox/box/windows.c): so it shows that somebody ran it. */
#include "sandbox/world/answers/internal.h"

#include <string.h>

enum { HEAD_AT = 0x80, OPTIONAL_BYTES = 0xf0 };

/* What DOS says of it, and the head of a program for x86-64 without a section. */
static const unsigned char beginning[HEAD_AT] =
    "MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\0\0\0"
    "\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21\xb8\1\x4c\xcd\x21This program cannot be run in DOS "
    "mode.\r\r\n$";
static const unsigned char head[] = {'P', 'E', 0, 0, 0x64, 0x86, 0, 0, 0, 0, 0,   0,
                                     0,   0,   0, 0, 0,    0,    0, 0, 0, 0, 0x22};

int vb_make_pe(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    static const unsigned char none[OPTIONAL_BYTES];
    struct vb_out put = {out, err, VB_OK};
    vb_put(&put, beginning, sizeof(beginning));
    vb_put(&put, head, sizeof(head));
    vb_put(&put, none, 1);
    vb_put(&put, none, sizeof(none));
    if (put.status < 0)
        return put.status;
    return vb_buf_printf(out, err, "%s --build=%s", answer->view->name, vb_answer_token(answer));
}
