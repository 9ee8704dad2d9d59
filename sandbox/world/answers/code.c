/* code: a program where data would be guessed at, for what executes whatever it is told. It is one
 * text that sh, Python and JavaScript each take for their own; it passes its token to `true`,
 * alone, which nothing but running it does. */
#include "sandbox/world/answers/internal.h"

/* sh runs the first line, and takes the rest for the input of `:`. Python has the first line for a
 * number and a string, and what JavaScript runs for another string; JavaScript has what the others
 * run for comments, and begins a statement of its own. */
static const char program[] =
    "x=1//1; ''':'; /usr/bin/env true --build=${token}; : <<'//\"\"\"' # '''\n"
    "1//1; import subprocess; subprocess.call(['true', '--build=${token}'])\n"
    "1//1; \"\"\"\n"
    ";(typeof require === 'function' ? require : process.getBuiltinModule)('child_process')"
    ".execFileSync('true', ['--build=${token}']);\n"
    "//\"\"\"\n";

/* As which a program that is controlled from outside reads its orders. */
static const char *const members[] = {
    "data", "result",  "code", "script", "message", "content", "payload",  "cookie",
    "cmd",  "command", "body", "text",   "value",   "model",   "response", "update",
};

static int put_object(const struct vb_buf *text, struct vb_buf *out, struct vb_error *err)
{
    struct vb_json_out json;
    vb_json_out_buf(&json, out, true, err);
    vb_json_begin_object(&json);
    for (size_t i = 0; i < VB_ARRAY_LEN(members); i++) {
        vb_json_key(&json, members[i]);
        vb_json_bytes(&json, text->data, text->len);
    }
    vb_json_end_object(&json);
    return vb_json_finish(&json);
}

static const struct form {
    const char *type;
    bool object, base64;
} forms[VB_GUESS_COUNT] = {
    [VB_GUESS_CODE] = {"text/plain; charset=utf-8", false, false},
    [VB_GUESS_CODE_JSON] = {"application/json; charset=utf-8", true, false},
    [VB_GUESS_CODE_BASE64] = {"text/plain; charset=utf-8", false, true},
    [VB_GUESS_CODE_JSON_BASE64] = {"application/json; charset=utf-8", true, true},
};

int vb_make_code(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    const struct form *form = &forms[answer->responder->guess];
    VB_CLEANUP(vb_buf_done) struct vb_buf text, encoded;
    vb_buf_init(&text, VB_HTTP_REPLY_MAX);
    vb_buf_init(&encoded, VB_HTTP_REPLY_MAX);
    answer->reply->form = "script";
    answer->reply->status = 200;
    int status = vb_answer_header(answer, "Content-Type", form->type, err);
    if (status == VB_OK)
        status = vb_answer_expand(answer, program, VB_ESCAPE_NONE, &text, err);
    if (status == VB_OK && form->base64)
        status = vb_base64_encode(&encoded, text.data, text.len, err);
    if (status < 0)
        return status;
    const struct vb_buf *body = form->base64 ? &encoded : &text;
    return form->object ? put_object(body, out, err)
                        : vb_buf_append(out, body->data, body->len, err);
}
