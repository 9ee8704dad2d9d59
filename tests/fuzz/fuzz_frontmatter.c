/* libs: vb_identify */
/* The small readers. The first byte chooses: YAML, JSON5, TOML, the shell guesser with URLs, or the
 * frontmatter of a page in both of its readings, whose events must be sound. */
#include <string.h>

#include "fuzz/sink.h"
#include "identify/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_value(json_t *(*read)(const char *, size_t, struct vb_id_notes *),
                       const char *text, size_t len)
{
    struct vb_id_notes notes = {0};
    json_t *value = read(text, len, &notes);
    if (notes.nomem)
        abort();
    json_decref(value);
}

static void read_text(const char *text, size_t len)
{
    char host[256];
    VB_CLEANUP(vb_buf_done) struct vb_buf stripped;
    vb_buf_init(&stripped, len + 16);
    (void)vb_id_guess(text, len);
    (void)vb_id_strip_prompts(&stripped, text, len, (enum vb_id_prompts)(len % 3));
    (void)vb_id_feeds_interpreter(text, len);
    if (vb_id_url_host((struct vb_str){text, len}, host, sizeof(host)) && host[0] == '\0')
        abort();
}

static void read_front(const char *text, size_t len)
{
    struct vb_sink sink = {fuzz_check_event};
    struct vb_error err = {0};
    struct vb_id_front front;
    struct vb_id id = {
        .limits = &vb_identify_default_limits, .sink = &sink, .err = &err, .seen = json_object()};
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    vb_buf_init(&buf, len + 1);
    if (id.seen == NULL || vb_buf_append(&buf, text, len, NULL) != VB_OK)
        abort();
    vb_id_front_read(&id, "SKILL.md", &buf, true, &front);
    vb_id_front_declare(&id, "SKILL.md", &buf, &front);
    vb_id_fields(&id, (struct vb_id_source){&buf, "SKILL.md", front.fields}, "skill", "");
    if (front.body > len || front.from + front.len > len || !vb_id_ok(&id))
        abort();
    vb_id_front_done(&front);
    vb_id_emit_done(&id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static json_t *(*const readers[])(const char *, size_t,
                                      struct vb_id_notes *) = {vb_id_yaml, vb_id_json5, vb_id_toml};
    if (size == 0)
        return 0;
    const size_t which = data[0] % (VB_ARRAY_LEN(readers) + 2);
    const char *text = (const char *)data + 1;
    if (which < VB_ARRAY_LEN(readers))
        read_value(readers[which], text, size - 1);
    else if (which == VB_ARRAY_LEN(readers))
        read_text(text, size - 1);
    else
        read_front(text, size - 1);
    return 0;
}
