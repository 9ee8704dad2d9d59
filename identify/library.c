/* Files that only define: a Python or Node script that calls nothing of its own when it is run.
 * Whoever uses the package imports it, so its functions are called. Trust boundary: hostile text,
 * of which only beginnings of lines and words are looked at; what is guessed wrong only fails in
 * the box. */
#include "identify/internal.h"

enum { SCRIPT_BYTES = 256 * 1024 };

/* What starts a line that defines something for others. */
static const char *const python_signs[] = {"def ", "async def ", "class "};
static const char *const node_signs[] = {
    "export function ", "export async function ", "export default ", "export const ",
    "export {",         "module.exports",         "exports."};
/* Who has one of these is meant to be run. */
static const char *const mains[] = {"__main__",     "sys.argv",     "argparse",
                                    "click.",       "typer",        "fire.Fire",
                                    "require.main", "process.argv", "import.meta.url === ",
                                    "commander",    "yargs",        "minimist"};

static bool begins(const struct vb_id_line *line, const char *sign)
{
    return line->len > strlen(sign) && memcmp(line->text, sign, strlen(sign)) == 0;
}

static bool is_public(const struct vb_id_line *line, const char *sign)
{
    return begins(line, sign) && line->text[strlen(sign)] != '_';
}

static bool is_library(struct vb_id *id, const struct vb_id_file *file, const char *interpreter)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    const bool python = strcmp(interpreter, "python3") == 0;
    const char *const *signs = python ? python_signs : node_signs;
    const size_t count = python ? VB_ARRAY_LEN(python_signs) : VB_ARRAY_LEN(node_signs);
    if ((!python && strcmp(interpreter, "node") != 0) ||
        !vb_id_peek(id, file->path, SCRIPT_BYTES, &text) || text.len == 0)
        return false;
    const char *data = (const char *)text.data;
    for (size_t i = 0; i < VB_ARRAY_LEN(mains); i++) {
        if (memmem(data, text.len, mains[i], strlen(mains[i])) != NULL)
            return false;
    }
    for (size_t at = 0; at < text.len;) {
        const struct vb_id_line line = vb_id_line_at(data, text.len, at);
        for (size_t i = 0; i < count; i++) {
            if (is_public(&line, signs[i]))
                return true;
        }
        at = line.next;
    }
    return false;
}

void vb_id_library(struct vb_id *id, const struct vb_id_file *file, const char *interpreter)
{
    static const struct vb_str items[] = {{"functions", 9}};
    struct vb_event event;
    if (!is_library(id, file, interpreter) || !vb_id_take(id, VB_ID_USAGE))
        return;
    vb_event_init(&event, VB_EV_MANIFEST_USAGE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, file->path);
    vb_event_str(&event, VB_F_REASON, VB_FUNCTIONS);
    vb_event_list(&event, VB_F_ARGV, items, 1);
    vb_id_emit(id, &event);
}
