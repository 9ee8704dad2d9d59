/* Times the text model over a page of 4 KiB. Prints one line a kind of page: KIND MICROSECONDS;
 * tests/bench/textmodel reads them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scan/textmodel.h"

enum { PAGE = 4096, PAGES = 256, TIMES = 10 };

static void on_passage(void *ctx, const struct vb_passage *passage)
{
    *(size_t *)ctx += passage->length;
}

static double processor_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Pages of different words, since one page over and over would stay in the nearest cache. */
static void fill(char *text, const char *const *words, size_t count, unsigned *seed)
{
    size_t len = 0;
    while (len < PAGE) {
        *seed = *seed * 1103515245U + 12345U;
        const char *word = words[(*seed >> 16) % count];
        const size_t size = strlen(word) < PAGE - len ? strlen(word) : PAGE - len;
        memcpy(text + len, word, size);
        len += size;
    }
}

static void measure(const struct vb_text_model *model, const char *kind, const char *path,
                    const char *const *words, size_t count)
{
    static char text[PAGES][PAGE];
    unsigned seed = 1;
    size_t sum = 0;
    double best = 1e9;
    for (size_t i = 0; i < PAGES; i++)
        fill(text[i], words, count, &seed);
    for (size_t turn = 0; turn < TIMES; turn++) {
        const double begin = processor_seconds();
        for (size_t i = 0; i < PAGES; i++) {
            struct vb_item item = {
                .path = path, .layer = "", .data = (unsigned char *)text[i], .len = PAGE};
            vb_item_classify(&item);
            vb_passages_each(model, &item, on_passage, &sum);
        }
        const double seconds = processor_seconds() - begin;
        best = seconds < best ? seconds : best;
    }
    printf("%s %.2f\n", kind, best * 1e6 / PAGES);
}

int main(void)
{
    static const char *const prose[] = {
        "the ",         "agent ",    "reads ",  "a ",     "file. ", "Then it ",     "sends ",
        "report ",      "to ",       "user, ",  "\n\n- ", "every ", "command ",     "before ",
        "answering.\n", "settings ", "secret ", "never ", "of ",    "conversation "};
    static const char *const program[] = {"x = call(y)\n",
                                          "    return value\n",
                                          "# the reason for it\n",
                                          "\"a longer string with more than a few words in it\"\n",
                                          "if flag:\n",
                                          "\"\"\"What this is there for.\"\"\"\n"};
    static const char *const han[] = {"\xe7\x94\xa8\xe6\x88\xb7", "\xe8\xaf\xbb\xe5\x8f\x96",
                                      "\xe6\x96\x87\xe4\xbb\xb6\xe3\x80\x82",
                                      "\xe5\x8f\x91\xe9\x80\x81"};
    struct vb_error err = {0};
    struct vb_text_model model;
    if (vb_text_model_read(vb_text_model_bytes, vb_text_model_bytes_len, &model, &err) < 0)
        return EXIT_FAILURE;
    measure(&model, "prose", "a.md", prose, VB_ARRAY_LEN(prose));
    measure(&model, "program", "a.py", program, VB_ARRAY_LEN(program));
    measure(&model, "chinese", "a.md", han, VB_ARRAY_LEN(han));
    return EXIT_SUCCESS;
}
