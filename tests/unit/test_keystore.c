/* Java's store of certificates: the bytes are those of an independent writer of the format, and the
 * empty store is the one that keytool makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/world/keystore.h"

#define HEAD "\xfe\xed\xfe\xed\0\0\0\x02\0\0\0"
#define OLD                                                              \
    "\0\0\0\x02\0\x03old\0\0\x01\x8b\xcf\xe5\x68\0\0\x05X.509\0\0\0\x03" \
    "abc"
#define NEW                                                                  \
    "\0\0\0\x02\0\x07new.pem\0\0\x01\x8b\xcf\xe5\x68\0\0\x05X.509\0\0\0\x04" \
    "defg"

static const char empty[] =
    HEAD "\0"
         "\xe2\x68\x6e\x45\xfb\x43\xdf\xa4\xd9\x92\xdd\x41\xce\xb6\xb2\x1c\x63\x30\xd7\x92";
static const char one[] = HEAD
    "\x01" OLD "\x35\xd5\x94\x1d\x2b\xec\xd2\x09\x20\x73\x0e\x5e\xe0\x25\x24\x51\xcb\xbb\x88\x9b";
static const char two[] =
    HEAD "\x02" OLD NEW
         "\x20\xaa\xe0\x2a\x67\xb3\x13\xa8\xe6\xd4\x4d\xe9\xb3\xf4\x60\x23\xd6\x2d\x52\x84";

/* The bytes of a literal, which nobody writes to. */
#define STORE(text) ((struct vb_buf){.data = (unsigned char *)(uintptr_t)(text), sizeof(text) - 1})

static const struct vb_buf certificate = {.data = (unsigned char *)(uintptr_t) "defg", .len = 4};

static void test_one_more(void **state)
{
    const struct vb_buf store = STORE(one);
    struct vb_error err;
    VB_CLEANUP(vb_buf_done) struct vb_buf made;
    (void)state;
    vb_buf_init(&made, 4096);
    assert_int_equal(vb_keystore_add(&store, "new.pem", &certificate, &made, &err), VB_OK);
    assert_int_equal(made.len, sizeof(two) - 1);
    assert_memory_equal(made.data, two, made.len);
}

static void test_first(void **state)
{
    static const char entry[] = "\0\0\0\x02\0\x07new.pem\0\0\0\0\0\0\0\0\0\x05X.509\0\0\0\x04"
                                "defg";
    const struct vb_buf store = STORE(empty);
    struct vb_error err;
    VB_CLEANUP(vb_buf_done) struct vb_buf made;
    (void)state;
    vb_buf_init(&made, 4096);
    assert_int_equal(vb_keystore_add(&store, "new.pem", &certificate, &made, &err), VB_OK);
    assert_int_equal(made.len, 12 + sizeof(entry) - 1 + 20);
    assert_memory_equal(made.data + 12, entry, sizeof(entry) - 1);
}

static void test_another_form(void **state)
{
    char broken[sizeof(one)];
    struct vb_buf store = STORE("\x30\x82\x0f\xa0\x02\x01\x03 PKCS #12, and long enough for one");
    struct vb_error err;
    VB_CLEANUP(vb_buf_done) struct vb_buf made;
    (void)state;
    vb_buf_init(&made, 4096);
    assert_int_equal(vb_keystore_add(&store, "n", &certificate, &made, &err), VB_E_DATA);
    assert_int_equal(made.len, 0);
    store = STORE(empty);
    assert_true(vb_is_keystore(&store));
    store.len--;
    assert_false(vb_is_keystore(&store));
    /* A name that reaches past the end has no date. */
    memcpy(broken, one, sizeof(broken));
    broken[16] = broken[17] = '\xff';
    store = STORE(broken);
    assert_int_equal(vb_keystore_add(&store, "n", &certificate, &made, &err), VB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_more),
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_another_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
