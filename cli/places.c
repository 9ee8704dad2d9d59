/* Places: XDG base directories, the installation's data, and folders that the user names. */
#include "cli/places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vetbox/sandbox.h"
#include "vetbox/scan.h"

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int keep(char *path, char **ret, struct vb_error *err)
{
    if (path == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "naming a path");
    *ret = path;
    return VB_OK;
}

static char *joined(const char *dir, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* The source tree's data while the program still lies in its build folder; otherwise share/vetbox
 * beside the program's own bin/, or where it was configured to be installed. */
static char *data_dir(void)
{
    char exe[4096] = {0};
    const ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    const size_t build = strlen(VB_BUILD_DIR);
    if (len > (ssize_t)build && strncmp(exe, VB_BUILD_DIR, build) == 0 && exe[build] == '/')
        return strdup(VB_SOURCE_DATA_DIR);
    char *slash = strrchr(exe, '/');
    if (slash == NULL)
        return strdup(VB_DATA_DIR);
    *slash = '\0';
    VB_CLEANUP_FREE char *beside = joined(exe, "../share/vetbox");
    if (beside != NULL && is_folder(beside))
        return vb_steal(beside);
    return strdup(VB_DATA_DIR);
}

int vb_place_reader(char **ret, struct vb_error *err)
{
    static const char *const beside[] = {"vetbox-reader", "../libexec/vetbox/vetbox-reader"};
    char exe[4096] = {0};
    const ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    char *slash = len > 0 ? strrchr(exe, '/') : NULL;
    for (size_t i = 0; slash != NULL && i < VB_ARRAY_LEN(beside); i++) {
        *slash = '\0';
        VB_CLEANUP_FREE char *path = joined(exe, beside[i]);
        if (path == NULL || access(path, X_OK) == 0)
            return keep(vb_steal(path), ret, err);
    }
    return keep(strdup(VB_LIBEXEC_DIR "/vetbox-reader"), ret, err);
}

static char *default_rules(void)
{
    VB_CLEANUP_FREE char *data = data_dir();
    return data == NULL ? NULL : joined(data, "rules");
}

static bool has_folder(const char *dir, const char *name)
{
    VB_CLEANUP_FREE char *path = joined(dir, name);
    return path != NULL && is_folder(path);
}

static bool holds_yara_rules(const char *dir)
{
    VB_CLEANUP_DIR DIR *open_dir = opendir(dir);
    const struct dirent *entry;
    bool found = open_dir == NULL; /* whoever reads it says what is wrong */
    while (!found && (entry = readdir(open_dir)) != NULL) {
        const char *extension = vb_path_extension(entry->d_name);
        found = strcmp(extension, "yar") == 0 || strcmp(extension, "yara") == 0;
    }
    return found;
}

/* The folder says something of the world, the baits or behaviour and nothing of YARA: the usual
 * rules are meant. */
static bool is_of_others_alone(const char *dir)
{
    return (has_folder(dir, "world") || has_folder(dir, "baits") || has_folder(dir, "behaviour") ||
            has_folder(dir, "iocs")) &&
           !has_folder(dir, "yara") && !holds_yara_rules(dir);
}

int vb_place_yara_rules(const char *given, char **ret, struct vb_error *err)
{
    if (given != NULL && is_of_others_alone(given))
        given = NULL;
    VB_CLEANUP_FREE char *base = given != NULL ? strdup(given) : default_rules();
    if (base == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "naming the rules folder");
    if (!is_folder(base))
        return vb_fail(err, VB_E_CONFIG, errno, "no rules folder %s%s", base,
                       given == NULL ? " (--rules names another)" : "");
    VB_CLEANUP_FREE char *yara = joined(base, "yara");
    return yara == NULL || is_folder(yara) ? keep(vb_steal(yara), ret, err)
                                           : keep(vb_steal(base), ret, err);
}

int vb_place_world_rules(const char *given, char **ret, struct vb_error *err)
{
    *ret = NULL;
    if (given == NULL)
        return VB_OK;
    if (!is_folder(given))
        return vb_fail(err, VB_E_CONFIG, errno, "no rules folder %s", given);
    VB_CLEANUP_FREE char *world = joined(given, "world");
    return world != NULL && !is_folder(world) ? VB_OK : keep(vb_steal(world), ret, err);
}

int vb_place_behaviour_folder(const char *given, char **ret, struct vb_error *err)
{
    VB_CLEANUP_FREE char *base =
        given != NULL && has_folder(given, "behaviour") ? strdup(given) : default_rules();
    VB_CLEANUP_FREE char *folder = base == NULL ? NULL : joined(base, "behaviour");
    *ret = NULL;
    if (folder == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "naming the rules folder");
    if (is_folder(folder))
        *ret = vb_steal(folder);
    return VB_OK;
}

/* GIVEN's iocs/, or NULL where it has none. */
static int place_iocs(const char *given, char **ret, struct vb_error *err)
{
    *ret = NULL;
    return given == NULL || !has_folder(given, "iocs") ? VB_OK
                                                       : keep(joined(given, "iocs"), ret, err);
}

int vb_place_iocs(const char *given, struct vb_rules *rules, struct vb_error *err)
{
    VB_CLEANUP_FREE char *folder = NULL;
    const int status = place_iocs(given, &folder, err);
    return status < 0 || folder == NULL ? status : vb_rules_take_iocs(rules, folder, err);
}

static void tell_problem(void *ctx, enum vb_behaviour_gravity gravity, const char *file,
                         size_t line, const char *text)
{
    (void)ctx;
    if (gravity == VB_BEHAVIOUR_WRONG)
        fprintf(stderr, "vetbox: %s:%zu: %s (left out)\n", file, line, text);
}

int vb_place_behaviour(const struct vb_options *options, bool tell, struct vb_behaviour **ret,
                       struct vb_error *err)
{
    const char *given = options->value[VB_OPT_RULES];
    const bool own = given != NULL && has_folder(given, "behaviour");
    VB_CLEANUP_FREE char *folder = own ? joined(given, "behaviour") : NULL;
    VB_CLEANUP_FREE char *iocs = NULL;
    if (own && folder == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "naming the rules folder");
    int status = place_iocs(given, &iocs, err);
    if (status < 0)
        return status;
    const struct vb_behaviour_options wanted = {folder, options->sigma, options->sigma_count, iocs};
    status = vb_behaviour_load(&wanted, ret, err);
    if (status == VB_OK && tell)
        (void)vb_behaviour_problems(*ret, tell_problem, NULL);
    return status;
}

int vb_place_baits(const char *given, struct vb_bait_rules **ret, struct vb_error *err)
{
    *ret = NULL;
    if (given == NULL || !has_folder(given, "baits"))
        return VB_OK;
    VB_CLEANUP_FREE char *baits = joined(given, "baits");
    return baits == NULL ? vb_fail(err, VB_E_NOMEM, errno, "naming the rules folder")
                         : vb_bait_rules_load(baits, ret, err);
}

/* NULL where the user has no place for it. */
static char *own_trust(void)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    if (config != NULL && config[0] == '/')
        return joined(config, "vetbox/trust");
    return home != NULL && home[0] == '/' ? joined(home, ".config/vetbox/trust") : NULL;
}

int vb_place_new_trust(const char *given, char **ret, struct vb_error *err)
{
    if (given != NULL)
        return keep(strdup(given), ret, err);
    char *own = own_trust();
    return own == NULL ? vb_fail(err, VB_E_CONFIG, 0,
                                 "neither XDG_CONFIG_HOME nor HOME says where the trust folder is: "
                                 "name it with --trust")
                       : keep(own, ret, err);
}

int vb_place_trust(const char *given, char **ret, struct vb_error *err)
{
    *ret = NULL;
    /* Whoever names one has rules in it, which a slip of the pen must not switch off. */
    if (given != NULL && access(given, F_OK) < 0)
        return vb_fail(err, VB_E_CONFIG, errno, "cannot read the trust folder %s", given);
    if (given != NULL)
        return keep(strdup(given), ret, err);
    VB_CLEANUP_FREE char *user = own_trust();
    if (user != NULL && is_folder(user))
        return keep(vb_steal(user), ret, err);
    if (is_folder("/etc/vetbox/trust"))
        return keep(strdup("/etc/vetbox/trust"), ret, err);
    return VB_OK;
}

int vb_place_cache(char **ret, struct vb_error *err)
{
    *ret = NULL;
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    VB_CLEANUP_FREE char *base = NULL;
    if (cache != NULL && cache[0] == '/')
        base = strdup(cache);
    else if (home != NULL && home[0] == '/')
        base = joined(home, ".cache");
    if (base == NULL)
        return VB_OK;
    VB_CLEANUP_FREE char *own = joined(base, "vetbox");
    if (own == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "naming the cache");
    /* No cache is only slower. */
    if ((mkdir(base, 0700) < 0 && errno != EEXIST) || (mkdir(own, 0700) < 0 && errno != EEXIST))
        return VB_OK;
    *ret = vb_steal(own);
    return VB_OK;
}

static bool is_empty(int fd)
{
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL)
        return false;
    size_t entries = 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        entries += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return entries == 0;
}

int vb_place_new_folder(const char *dir, struct vb_error *err)
{
    if (mkdir(dir, 0755) < 0 && errno != EEXIST)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot make the folder %s", dir);
    VB_CLEANUP_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot open the folder %s", dir);
    /* As long as it is open: two that find one folder empty would write into each other's. A file
     * system without locks has none to refuse. */
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return vb_fail(err, VB_E_CANTCREAT, 0, "%s is being written to: name another folder", dir);
    if (!is_empty(fd))
        return vb_fail(err, VB_E_CANTCREAT, 0, "%s is not empty: name a new or empty folder", dir);
    return vb_steal_fd(&fd);
}
