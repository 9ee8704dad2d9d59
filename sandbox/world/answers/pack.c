/* pack: ustar and zip, just as much of them as a made-up project needs. */
#include "sandbox/world/answers/internal.h"

#include <string.h>
#include <time.h>

enum { BLOCK = 512 };

static void octal(unsigned char *field, size_t size, uint64_t value)
{
    for (size_t i = size - 1; i > 0; i--, value >>= 3)
        field[i - 1] = (unsigned char)('0' + (value & 7));
}

static void put_tar_head(struct vb_out *out, const struct vb_file *file, int64_t seconds)
{
    unsigned char head[BLOCK] = {0};
    snprintf((char *)head, 100, "%.99s", file->path);
    octal(head + 100, 8, file->mode);
    octal(head + 108, 8, 0);
    octal(head + 116, 8, 0);
    octal(head + 124, 12, file->data.len);
    octal(head + 136, 12, (uint64_t)seconds);
    head[156] = '0';
    memcpy(head + 257, "ustar\00000", 8);
    snprintf((char *)head + 265, 32, "root");
    snprintf((char *)head + 297, 32, "root");
    unsigned sum = 8 * ' ';
    for (size_t i = 0; i < sizeof(head); i++)
        sum += head[i];
    octal(head + 148, 7, sum);
    head[155] = ' ';
    vb_put(out, head, sizeof(head));
}

void vb_put_tar(struct vb_out *out, const struct vb_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct vb_file *file = &files->list[i];
        put_tar_head(out, file, files->seconds);
        vb_put(out, file->data.data, file->data.len);
        vb_put_zero(out, (BLOCK - file->data.len % BLOCK) % BLOCK);
    }
    vb_put_zero(out, (size_t)2 * BLOCK);
}

/* MS-DOS time and date, in two halves (APPNOTE 4.4.6). */
static uint32_t dos_time(int64_t seconds)
{
    const time_t when = (time_t)seconds;
    struct tm tm = {.tm_year = 80, .tm_mday = 1};
    if (gmtime_r(&when, &tm) == NULL || tm.tm_year < 80 || tm.tm_year > 207)
        return 1U << 21 | 1U << 16;
    const unsigned date =
        (unsigned)(tm.tm_year - 80) << 9 | (unsigned)(tm.tm_mon + 1) << 5 | (unsigned)tm.tm_mday;
    const unsigned clock =
        (unsigned)tm.tm_hour << 11 | (unsigned)tm.tm_min << 5 | (unsigned)tm.tm_sec / 2;
    return date << 16 | clock;
}

/* What the local and the central header have alike. */
static void put_zip_member(struct vb_out *out, const struct vb_file *file, int64_t seconds)
{
    vb_put_little(out, 20, 2);       /* version needed */
    vb_put_little(out, 1U << 11, 2); /* UTF-8 */
    vb_put_little(out, 0, 2);        /* stored */
    vb_put_little(out, dos_time(seconds), 4);
    vb_put_little(out, vb_crc32(file->data.data, file->data.len), 4);
    vb_put_little(out, file->data.len, 4);
    vb_put_little(out, file->data.len, 4);
    vb_put_little(out, strlen(file->path), 2);
    vb_put_little(out, 0, 2);
}

static void put_zip_central(struct vb_out *out, const struct vb_file *file, int64_t seconds,
                            size_t at)
{
    vb_put_str(out, "PK\001\002");
    vb_put_little(out, 3U << 8 | 20, 2); /* made on Unix */
    put_zip_member(out, file, seconds);
    vb_put_little(out, 0, 6);
    vb_put_little(out, (uint64_t)(0100000U | file->mode) << 16, 4);
    vb_put_little(out, at, 4);
    vb_put_str(out, file->path);
}

void vb_put_zip(struct vb_out *out, const struct vb_files *files)
{
    size_t at[VB_FILES_MAX];
    const size_t begin = out->buf->len;
    for (size_t i = 0; i < files->count; i++) {
        const struct vb_file *file = &files->list[i];
        at[i] = out->buf->len - begin;
        vb_put_str(out, "PK\003\004");
        put_zip_member(out, file, files->seconds);
        vb_put_str(out, file->path);
        vb_put(out, file->data.data, file->data.len);
    }
    const size_t central = out->buf->len - begin;
    for (size_t i = 0; i < files->count; i++)
        put_zip_central(out, &files->list[i], files->seconds, at[i]);
    const size_t size = out->buf->len - begin - central;
    vb_put_str(out, "PK\005\006");
    vb_put_little(out, 0, 4);
    vb_put_little(out, files->count, 2);
    vb_put_little(out, files->count, 2);
    vb_put_little(out, size, 4);
    vb_put_little(out, central, 4);
    vb_put_little(out, 0, 2);
}
