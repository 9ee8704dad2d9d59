/* sigstore_made FOLDER: bundles of the unit tests' own Sigstore instance, for somebody else to
 * judge: NAME and NAME.sigstore.json, those whose name ends in _fail being bad, and
 * trusted_root.json. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../unit/sigstore_helper.h"

static const struct {
    const char *name;
    struct scene scene;
    const char *file; /* NULL: what is signed */
} rows[] = {
    {"message", {0}, NULL},
    {"message-0.2", {.version = 2}, NULL},
    {"message-0.1", {.version = 1}, NULL},
    {"stamped", {.stamped = true}, NULL},
    {"second-log", {.second_log = true}, NULL},
    {"dsse", {.dsse = true}, NULL},
    {"dsse-intoto", {.dsse = true, .intoto = true}, NULL},
    {"changed_fail", {0}, "signed by nobody\n"},
    {"stranger_fail", {.stranger = true}, NULL},
    {"no-sct_fail", {.no_sct = true}, NULL},
    {"other-sct_fail", {.other_sct = true}, NULL},
    {"other-digest-logged_fail", {.lie = OTHER_DIGEST}, NULL},
    {"other-signature-logged_fail", {.lie = OTHER_SIGNATURE}, NULL},
    {"other-key-logged",
     {.lie = OTHER_KEY},
     NULL}, /* sigstore-js does not look at that; vetbox does */
    {"logged-late_fail", {.entered_at = SIGNED_AT + 2 * CERTIFICATE_LIFE}, NULL},
    {"other-stamp_fail", {.second_log = true, .other_stamp = true}, NULL},
    {"other-name_fail", {.san = "URI:https://forge.example/thief"}, NULL},
};

static const char *folder;

static void put_json(const char *name, json_t *json)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(json_dump_file(json, path, 0), 0);
    json_decref(json);
}

static void make(void **state)
{
    struct instance instance;
    const struct package out = {.fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    char path[1024];

    assert_true(out.fd >= 0);
    instance_init(&instance);
    snprintf(path, sizeof(path), "%s/file.txt", instance.package.path);
    file_read(path, &text);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char name[128];
        if (rows[i].file != NULL)
            put_text(&out, rows[i].name, rows[i].file);
        else
            package_put(&out, rows[i].name, text.data, text.len);
        snprintf(name, sizeof(name), "%s.sigstore.json", rows[i].name);
        put_json(name, instance_bundle(&instance, &rows[i].scene));
    }
    put_json("trusted_root.json", instance_root(&instance));
    instance_done(&instance);
    (void)state;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(make)};

    if (argc != 2 || vb_signatures_prepare() < 0)
        return 2;
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
