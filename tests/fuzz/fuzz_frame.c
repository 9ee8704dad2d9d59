/* libs: vb_core */
/* Frames from a child in an attacker's hands: refused, or a sound event. */
#include <fcntl.h>
#include <unistd.h>

#include "vetbox/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    bool again;
    struct vb_event event;
    struct vb_frame_reader *reader = NULL;
    if (size > 60000 || pipe2(ends, O_CLOEXEC) < 0) /* a pipe holds 64 KiB */
        return 0;
    if (vb_write_all(ends[1], data, size, NULL) < 0 || vb_frame_reader_new(&reader, NULL) < 0)
        abort();
    close(ends[1]);
    while (vb_frame_reader_fill(reader, ends[0], &again, NULL) == 1) {
        int status = 1;
        while (status == 1) {
            status = vb_frame_reader_next(reader, &event, NULL);
            if (status == 1 && vb_event_check(&event, NULL) < 0)
                abort();
        }
        if (status < 0)
            break;
    }
    vb_frame_reader_free(reader);
    close(ends[0]);
    return 0;
}
