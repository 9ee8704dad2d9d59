/* age: when the files of a box were last written. Everything is made in the same moment; on a
 * laptop some of it is older than the laptop. What already has a time of its own keeps it. Trusted
 * code, before the subject runs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box/box.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, LEAST_S = 2 * HOUR_S, MOST_DAYS = 420, DEPTH_MAX = 32 };

struct age {
    time_t now;
    uint64_t salt; /* another one in each run */
};

static uint64_t hash_of(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211U;
    return hash ^ hash >> 31;
}

/* Much was written lately, little long ago: the square of an even distribution. */
static time_t age_of(const struct age *age, const char *name)
{
    const uint64_t hash = hash_of(age->salt, name);
    const uint64_t share = hash % 10000;
    return (time_t)(LEAST_S + share * share / 10000 * MOST_DAYS * DAY_S / 10000 +
                    hash / 10000 % HOUR_S);
}

static int age_entry(const struct age *age, int folder, const char *name, struct vb_error *err)
{
    const struct timespec then = {.tv_sec = age->now - age_of(age, name),
                                  .tv_nsec = (long)(hash_of(1, name) % 1000000000)};
    const struct timespec times[2] = {then, then};
    return utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) < 0
               ? vb_fail(err, VB_E_OS, errno, "setting the time of %s of a box", name)
               : VB_OK;
}

static int age_folder(const struct age *age, int folder, unsigned depth, struct vb_error *err);

static int age_below(const struct age *age, int folder, const char *name, unsigned depth,
                     struct vb_error *err)
{
    VB_CLEANUP_FD int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return below < 0 || depth == DEPTH_MAX ? VB_OK : age_folder(age, below, depth + 1, err);
}

static int age_folder(const struct age *age, int folder, unsigned depth, struct vb_error *err)
{
    const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    int status = VB_OK;
    while (status == VB_OK && dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (entry->d_type == DT_DIR) /* a tmpfs tells */
            status = age_below(age, folder, name, depth, err);
        if (status == VB_OK)
            status = age_entry(age, folder, name, err);
    }
    return status;
}

int vb_age(const struct vb_box_setup *setup, int folder, struct vb_error *err)
{
    const struct age age = {.now = time(NULL),
                            .salt = hash_of(14695981039346656037U, setup->machine_id)};
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                      {.tv_sec = age.now - MOST_DAYS * DAY_S}};
    const int status = age_folder(&age, folder, 0, err);
    return status == VB_OK && futimens(folder, times) < 0
               ? vb_fail(err, VB_E_OS, errno, "setting the time of a folder of a box")
               : status;
}
