/* The documents that a document sends its reader to: links, and names of files in running text and
 * in code spans, in the order in which they stand. Trust boundary: hostile text. */
#include "identify/internal.h"

#include <ctype.h>

enum { NAME_BYTES = 512 };

static const char *const ends[] = {".md", ".mdx", ".mdc", ".markdown", ".txt", ".rst", ".adoc"};

/* Lists of other things in files of text, which instruct nobody. */
static const char *const lists[] = {"requirements", "constraints", "license", "licence",
                                    "copying",      "notice",      "robots"};

static bool name_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("_./-+", c) != NULL);
}

static bool is_document(const char *name)
{
    const char *base = vb_path_base(name);
    const size_t len = strlen(name);
    for (size_t i = 0; i < VB_ARRAY_LEN(lists); i++) {
        if (vb_ascii_starts(base, lists[i]))
            return false;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(ends); i++) {
        const size_t end = strlen(ends[i]);
        if (len > end && vb_ascii_equal(name + len - end, ends[i]))
            return true;
    }
    return false;
}

/* NAME as the page at PATH means it: beside itself, or from the top of the package. */
static const struct vb_id_file *resolve(struct vb_id *id, const char *path, const char *name)
{
    char folder[VB_ID_PATH_MAX];
    char whole[VB_ID_PATH_MAX];
    char clean[VB_ID_PATH_MAX];
    vb_id_parent(folder, path);
    const char *const roots[] = {folder, id->top};
    for (size_t i = 0; i < VB_ARRAY_LEN(roots); i++) {
        if (!vb_id_join(whole, roots[i], name) || !vb_id_clean_path(clean, whole))
            continue;
        const struct vb_id_file *file = vb_id_find(id, clean);
        if (file != NULL)
            return file;
    }
    return NULL;
}

const struct vb_id_file *vb_id_next_document(struct vb_id *id, const char *path,
                                             const struct vb_buf *text, size_t *at)
{
    const char *data = (const char *)text->data;
    while (*at < text->len) {
        char name[NAME_BYTES];
        size_t len = 0;
        while (*at < text->len && !name_char(data[*at]))
            (*at)++;
        while (*at + len < text->len && name_char(data[*at + len]))
            len++;
        const char *word = data + *at;
        *at += len;
        while (len > 0 && strchr(".-", word[len - 1]) != NULL)
            len--; /* the end of a sentence */
        if (len == 0 || len >= sizeof(name) || memchr(word, '.', len) == NULL)
            continue;
        memcpy(name, word, len);
        name[len] = '\0';
        const char *rel = name[0] == '/' ? name + strspn(name, "/") : name; /* {baseDir}/x.md */
        const struct vb_id_file *file = is_document(rel) ? resolve(id, path, rel) : NULL;
        if (file != NULL)
            return file;
    }
    return NULL;
}
