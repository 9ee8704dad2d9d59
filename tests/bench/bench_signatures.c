/* Times one signature: bench_signatures TREE PATH TRUST examines the signature file PATH of TREE
 * with the trust folder TRUST, again and again for a second of processor time, and prints: OUTCOME,
 * times a second, milliseconds each, and of these how many it takes to hash what it covers once. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "signatures/internal.h"

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int fail(const char *what, const struct vb_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err->message);
    return 1;
}

static int examine(struct vb_sig_job job, struct vb_sig_result *ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    const char *why = "";
    char subject[4096];

    VB_CLEANUP_FD int fd = vb_sig_open_regular(job.dirfd, job.path, &job.size, &why);
    vb_buf_init(&data, VB_SIG_FILE_MAX + 1);
    if (fd < 0)
        return vb_fail(err, VB_E_USAGE, 0, "%s: %s", job.path, why);
    const int status = vb_sig_read_head(fd, VB_SIG_FILE_MAX + 1, &data, err);
    if (status < 0)
        return status;
    job.fd = fd;
    job.data = (struct vb_sig_bytes){.data = data.data, .len = data.len};
    if (!vb_sig_recognise(&job, subject, sizeof(subject)))
        return vb_fail(err, VB_E_USAGE, 0, "%s is no signature", job.path);
    return vb_sig_examine(&job, ret, err);
}

static int hash_covered(int dirfd, const struct vb_sig_result *result, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < result->covers.count; i++) {
        unsigned char digest[VB_SIG_DIGEST_MAX];
        const char *why;
        uint64_t size;
        size_t len;
        VB_CLEANUP_FD int fd = vb_sig_open_regular(dirfd, result->covers.items[i], &size, &why);
        if (fd >= 0)
            status = vb_sig_hash_fd("SHA256", fd, digest, &len, err);
    }
    return status;
}

int main(int argc, char **argv)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result last = {0};
    struct vb_sig_job job = {.now = (int64_t)time(NULL)};
    struct vb_trust *trust = NULL;
    struct vb_error err = {0};
    size_t runs = 0;
    int status = 0;

    if (argc != 4 || vb_signatures_prepare() < 0 ||
        (job.dirfd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        fprintf(stderr, "usage: bench_signatures TREE PATH TRUST\n");
        return 2;
    }
    job.path = argv[2];
    if (vb_trust_load(argv[3], &trust, &err) < 0)
        return fail("trust", &err);
    job.trust = trust;
    const double start = cpu_seconds();
    for (; status == 0 && cpu_seconds() - start < 1; runs++) {
        vb_sig_result_done(&last);
        last = (struct vb_sig_result){0};
        status = examine(job, &last, &err);
    }
    const double each = (cpu_seconds() - start) / (double)runs;
    const double middle = cpu_seconds();
    for (size_t i = 0; status == 0 && i < 50; i++)
        status = hash_covered(job.dirfd, &last, &err);
    const double hashing = (cpu_seconds() - middle) / 50;
    if (status < 0)
        return fail(job.path, &err);
    printf("%s %.0f %.3f %.3f\n", vb_signature_outcome_name(last.outcome), 1 / each, each * 1e3,
           hashing * 1e3);
    vb_trust_free(trust);
    return 0;
}
