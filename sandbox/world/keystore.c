/* Trust boundary: the store is the machine's own, and still only what it says of its length is
 * believed when it fits. */
#include "sandbox/world/keystore.h"

#include <endian.h>
#include <openssl/evp.h>
#include <string.h>

enum {
    HEADER = 12, /* bytes: magic, version, number of entries */
    DIGEST = 20, /* SHA-1's */
    MAGIC = 0xfeedfeed,
    VERSION = 2,
    TRUSTED = 2, /* the kind of entry that is a certificate */
    SINCE = 8    /* bytes: milliseconds since 1970 */
};
/* Of every distribution's store, and of the one that comes with Java. */
static const char password[] = "changeit";
static const char salt[] = "Mighty Aphrodite";

static uint32_t number_at(const unsigned char *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof(number));
    return be32toh(number);
}

bool vb_is_keystore(const struct vb_buf *store)
{
    const unsigned char *at = store->data;
    return store->len >= HEADER + DIGEST && number_at(at) == MAGIC && number_at(at + 4) == VERSION;
}

/* The date of the first entry: its kind (4), the length of its name (2), the name, the date. Zero
 * if there is none. */
static void first_date(const unsigned char *bytes, size_t len, unsigned char ret[SINCE])
{
    enum { NAME = HEADER + 6 };
    const size_t name = len < NAME ? 0 : (size_t)bytes[NAME - 2] << 8 | bytes[NAME - 1];
    memset(ret, 0, SINCE);
    if (len >= NAME + name + SINCE + DIGEST)
        memcpy(ret, bytes + NAME + name, SINCE);
}

static int append_number(struct vb_buf *buf, uint32_t number, struct vb_error *err)
{
    const uint32_t bytes = htobe32(number);
    return vb_buf_append(buf, &bytes, sizeof(bytes), err);
}

/* As Java's DataOutput.writeUTF does with ASCII. */
static int append_text(struct vb_buf *buf, const char *text, struct vb_error *err)
{
    const uint16_t len = htobe16((uint16_t)strlen(text));
    const int status = vb_buf_append(buf, &len, sizeof(len), err);
    return status < 0 ? status : vb_buf_append_str(buf, text, err);
}

static int append_entry(struct vb_buf *buf, const char *name, const unsigned char since[SINCE],
                        const struct vb_buf *der, struct vb_error *err)
{
    int status = append_number(buf, TRUSTED, err);
    if (status == VB_OK)
        status = append_text(buf, name, err);
    if (status == VB_OK)
        status = vb_buf_append(buf, since, SINCE, err);
    if (status == VB_OK)
        status = append_text(buf, "X.509", err);
    if (status == VB_OK)
        status = append_number(buf, (uint32_t)der->len, err);
    return status < 0 ? status : vb_buf_append(buf, der->data, der->len, err);
}

static int append_digest(struct vb_buf *buf, size_t begin, struct vb_error *err)
{
    unsigned char digest[DIGEST], wide[2 * (sizeof(password) - 1)] = {0};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    for (size_t i = 0; i < sizeof(password) - 1; i++)
        wide[2 * i + 1] = (unsigned char)password[i];
    const bool made = context != NULL && EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 &&
                      EVP_DigestUpdate(context, wide, sizeof(wide)) == 1 &&
                      EVP_DigestUpdate(context, salt, sizeof(salt) - 1) == 1 &&
                      EVP_DigestUpdate(context, buf->data + begin, buf->len - begin) == 1 &&
                      EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    return made ? vb_buf_append(buf, digest, sizeof(digest), err)
                : vb_fail(err, VB_E_SOFTWARE, 0, "the digest of a store of certificates");
}

int vb_keystore_add(const struct vb_buf *store, const char *name, const struct vb_buf *der,
                    struct vb_buf *ret, struct vb_error *err)
{
    const size_t begin = ret->len;
    unsigned char since[SINCE];
    if (!vb_is_keystore(store))
        return vb_fail(err, VB_E_DATA, 0, "this is no store of certificates of Java's");
    first_date(store->data, store->len, since);
    const uint32_t entries = htobe32(number_at(store->data + HEADER - 4) + 1);
    int status = vb_buf_append(ret, store->data, store->len - DIGEST, err);
    if (status < 0)
        return status;
    memcpy(ret->data + begin + HEADER - 4, &entries, sizeof(entries));
    status = append_entry(ret, name, since, der, err);
    return status < 0 ? status : append_digest(ret, begin, err);
}
