/* See plain.h. Both texts are hostile; what is read is bounded by *LEFT. */
#include "scan/plain.h"

#include <string.h>

enum { PIECE_LEAST = 8, HOST_LEAST = 4 };

static bool is_of_host(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.';
}

/* verdict/detect_hidden.c parts a command at the same. */
static bool is_of_piece(char c)
{
    return c != '\0' && strchr("\"'`\\\r\n", c) == NULL;
}

static bool is_long(struct vb_str piece)
{
    return piece.len >= PIECE_LEAST;
}

static bool may_be_host(struct vb_str piece)
{
    return piece.len >= HOST_LEAST && memchr(piece.text, '.', piece.len) != NULL;
}

static const struct {
    bool (*is_of)(char c);
    bool (*counts)(struct vb_str piece);
} sorts[] = {{is_of_piece, is_long}, {is_of_host, may_be_host}};

static bool stands_in(struct vb_str file, struct vb_str piece, uint64_t *left)
{
    if (*left < file.len)
        return false;
    const char *at = memmem(file.text, file.len, piece.text, piece.len);
    *left -= at == NULL ? file.len : (size_t)(at - file.text) + 1;
    return at != NULL;
}

int vb_plain_pieces(struct vb_str file, struct vb_str text, uint64_t *left, struct vb_buf *ret,
                    struct vb_error *err)
{
    int status = VB_OK;
    for (size_t sort = 0; sort < VB_ARRAY_LEN(sorts); sort++) {
        for (size_t at = 0, end; status == VB_OK && at < text.len; at = end + 1) {
            for (end = at; end < text.len && sorts[sort].is_of(text.text[end]);)
                end++;
            const struct vb_str piece = {text.text + at, end - at};
            if (!sorts[sort].counts(piece) || !stands_in(file, piece, left))
                continue;
            status = vb_buf_append(ret, piece.text, piece.len, err);
            if (status == VB_OK)
                status = vb_buf_append_str(ret, "\n", err);
        }
    }
    return status;
}
