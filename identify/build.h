/* What the readers of build files share. Each makes a script of what its file would run. */
#ifndef IDENTIFY_BUILD_H
#define IDENTIFY_BUILD_H

#include "identify/internal.h"

enum { VB_BUILD_NAME_MAX = 64, VB_BUILD_SCRIPT_MAX = 64 * 1024 };

struct vb_build_call {
    const char *prefix; /* of the reason */
    const char *interpreter;
};

/* TEXT without the blanks around it. */
struct vb_str vb_build_trimmed(const char *text, size_t len);

/* All false where there is no room in TO. */
bool vb_build_put(struct vb_id *id, struct vb_buf *to, const char *text, size_t len);
bool vb_build_put_str(struct vb_id *id, struct vb_buf *to, const char *text);
/* TEXT as one word of a shell, and as a part of what stands between single quotes. */
bool vb_build_put_word(struct vb_id *id, struct vb_buf *to, const char *text, size_t len);
bool vb_build_put_inside(struct vb_id *id, struct vb_buf *to, const char *text, size_t len);
/* Into the folder of the file at PATH. */
bool vb_build_put_folder(struct vb_id *id, struct vb_buf *to, const char *path);

/* SCRIPT, which is changed, is a way to call the file. */
void vb_build_list_call(struct vb_id *id, const struct vb_build_call *call, struct vb_id_at at,
                        struct vb_str name, struct vb_buf *script);
/* Tells of calls of the file at PATH that are not listed, or not as they stand there. */
void vb_build_left_out(struct vb_id *id, const char *path, const char *reason);

void vb_build_dockerfile(struct vb_id *id, const char *path, const struct vb_buf *text);

#endif
