/* What an unpacker costs that checks nothing: libarchive reads every entry of every archive into
 * memory and hashes it, all in one process. Prints microseconds an archive.
 *
 * usage: bench_libarchive FILE… */
#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "vetbox/core.h"

static int read_all(const char *path, EVP_MD_CTX *digest)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    int ok = a != NULL && archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
             archive_read_support_format_tar(a) == ARCHIVE_OK &&
             archive_read_support_format_zip(a) == ARCHIVE_OK &&
             archive_read_open_filename(a, path, 65536) == ARCHIVE_OK;
    while (ok && archive_read_next_header(a, &entry) >= ARCHIVE_WARN) {
        const void *data;
        size_t len;
        la_int64_t offset;
        ok = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
        while (ok && archive_read_data_block(a, &data, &len, &offset) == ARCHIVE_OK)
            ok = EVP_DigestUpdate(digest, data, len) == 1;
        ok = ok && EVP_DigestFinal_ex(digest, sum, NULL) == 1;
    }
    (void)archive_read_free(a);
    return ok ? 0 : -1;
}

int main(int argc, char **argv)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    const uint64_t begin = vb_monotonic_ns();
    for (int i = 1; i < argc; i++) {
        if (read_all(argv[i], digest) < 0) {
            fprintf(stderr, "cannot read %s\n", argv[i]);
            return 1;
        }
    }
    EVP_MD_CTX_free(digest);
    printf("%.1f\n", (double)(vb_monotonic_ns() - begin) / 1e3 / (argc > 1 ? argc - 1 : 1));
    return 0;
}
