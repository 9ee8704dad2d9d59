/* vetbox-reader: the program that reads archives are forked from where many are read. It has what
 * they need and nothing else, so that a child of it is made and ended in little time, and whoever
 * takes one over finds no other library, no rule, no key and no address of vetbox there. */
#include "cli/reader.h"
#include "vetbox/sandbox.h"

static int read_usual_or_second(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    struct vb_reader_work *work = ctx;
    /* Loaded before the walls were up. The first reader has the locale of C, as ever. */
    work->job.locale = uselocale(LC_GLOBAL_LOCALE);
    return vb_reader_run(work, sink, err);
}

int main(void)
{
    const struct vb_zygote_work work = {"unpack", read_usual_or_second,
                                        sizeof(struct vb_reader_work)};
    const locale_t locale = vb_unpack_locale();
    if (locale != (locale_t)0)
        (void)uselocale(locale);
    vb_unpack_prepare();
    vb_zygote_main(&work);
}
