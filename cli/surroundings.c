/* Surroundings: see surroundings.h. What passes here is the subject's: it is searched and compared
 * only. */
#include "cli/surroundings.h"

#include <errno.h>
#include <string.h>

enum {
    CI = 1 << VB_AROUND_CI,
    PLATFORM = 1 << VB_AROUND_PLATFORM,
    USER = 1 << VB_AROUND_USER,
    TERMINAL = 1 << VB_AROUND_TERMINAL,
    WINDOWS = 1 << VB_AROUND_WINDOWS,
};

/* --- files of the package --- */

/* An archive within the package is looked for as what holds it: "inner.zip!/a" is inner.zip. */
static int add_file(struct vb_around_signs *signs, const struct vb_event *event, unsigned what,
                    struct vb_error *err)
{
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    const char *inner = path.len == 0 ? NULL : memmem(path.text, path.len, "!/", 2);
    const size_t len = inner == NULL ? path.len : (size_t)(inner - path.text);
    for (size_t i = 0; i < signs->count; i++) {
        if (strlen(signs->files[i].path) != len ||
            memcmp(signs->files[i].path, path.text, len) != 0)
            continue;
        signs->files[i].what |= what;
        return VB_OK;
    }
    signs->many |= signs->count == VB_AROUND_FILES;
    if (signs->many || len == 0)
        return VB_OK;
    signs->files[signs->count].what = what;
    signs->files[signs->count].path = strndup(path.text, len);
    if (signs->files[signs->count].path == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "noting a file");
    signs->count++;
    return VB_OK;
}

/* PATH below somebody's home, without what comes before; text NULL: it is not. */
static struct vb_str below_home(struct vb_str path)
{
    static const char home[] = "/home/";
    const size_t skip = sizeof(home) - 1;
    if (path.len < skip || memcmp(path.text, home, skip) != 0)
        return (struct vb_str){0};
    const char *slash = memchr(path.text + skip, '/', path.len - skip);
    if (slash == NULL)
        return (struct vb_str){0};
    return (struct vb_str){slash + 1, path.len - (size_t)(slash + 1 - path.text)};
}

static unsigned signs_of_file(const struct vb_around_signs *signs, struct vb_str path)
{
    unsigned found = 0;
    if (below_home(path).text == NULL)
        return 0;
    for (size_t i = 0; i < signs->count && found != VB_AROUND_ALL; i++) {
        const size_t len = strlen(signs->files[i].path);
        if (path.len > len && path.text[path.len - len - 1] == '/' &&
            memcmp(path.text + path.len - len, signs->files[i].path, len) == 0)
            found |= signs->files[i].what;
    }
    return signs->many ? VB_AROUND_ALL : found;
}

/* --- deeds --- */

static bool begins(struct vb_str text, const char *with)
{
    return text.len >= strlen(with) && memcmp(text.text, with, strlen(with)) == 0;
}

static unsigned signs_of_code(struct vb_str text)
{
    struct vb_around_word words[VB_AROUND_COUNT];
    return text.len == 0 ? 0 : vb_surroundings_signs(text.text, text.len, words);
}

static const struct {
    const char *name;
    unsigned what;
} programs[] = {
    {"uname", PLATFORM},
    {"sw_vers", PLATFORM},
    {"arch", PLATFORM},
    {"lsb_release", PLATFORM},
    {"hostnamectl", PLATFORM | USER},
    {"hostname", USER},
    {"whoami", USER},
    {"id", USER},
    {"logname", USER},
    {"locale", USER},
    {"getent", USER},
    {"env", CI},
    {"printenv", CI},
    {"tty", TERMINAL},
    {"stty", TERMINAL},
    {"powershell", WINDOWS},
    {"pwsh", WINDOWS},
    {"cmd", WINDOWS},
    {"certutil", WINDOWS},
    {"bitsadmin", WINDOWS},
};

static unsigned signs_of_program(struct vb_str path)
{
    const char *slash = path.len == 0 ? NULL : memrchr(path.text, '/', path.len);
    struct vb_str name = path;
    if (slash != NULL)
        name = (struct vb_str){slash + 1, path.len - (size_t)(slash + 1 - path.text)};
    for (size_t i = 0; i < VB_ARRAY_LEN(programs); i++) {
        if (vb_str_equal(name, programs[i].name))
            return programs[i].what;
    }
    return 0;
}

static unsigned signs_of_command(const struct vb_event *event)
{
    const struct vb_value *argv = vb_event_get(event, VB_F_ARGV);
    const size_t count = argv != NULL && argv->type == VB_T_LIST ? argv->list.count : 0;
    unsigned found = signs_of_program(vb_event_get_str(event, VB_F_PATH));
    for (size_t i = 0; i < count; i++)
        found |= signs_of_code(argv->list.items[i]);
    return found;
}

/* What tells a home that is lived in from an empty one. */
static unsigned signs_of_home(struct vb_str path)
{
    static const char *const lived_in[] = {".ssh",     ".aws",       ".kube",     ".docker",
                                           ".gnupg",   ".bash_hist", ".zsh_hist", ".claude",
                                           ".mozilla", "Desktop",    "Documents", "Downloads",
                                           "projects", "Library",    ".config/g"};
    const struct vb_str below = below_home(path);
    for (size_t i = 0; below.text != NULL && i < VB_ARRAY_LEN(lived_in); i++) {
        if (begins(below, lived_in[i]))
            return USER;
    }
    return 0;
}

static unsigned signs_of_opened(const struct vb_around_signs *signs, struct vb_str path)
{
    if (vb_str_equal(path, "/etc/os-release") || vb_str_equal(path, "/proc/version"))
        return PLATFORM;
    return vb_str_equal(path, "/etc/hostname") ? USER : signs_of_file(signs, path);
}

static unsigned signs_of_event(const struct vb_around_signs *signs, const struct vb_event *event)
{
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    switch ((int)event->kind) {
    case VB_EV_DETONATION_BEGIN:
        return signs_of_command(event) | signs_of_code(vb_event_get_str(event, VB_F_TEXT));
    case VB_EV_PROCESS_EXEC:
        return signs_of_command(event) | signs_of_file(signs, path);
    case VB_EV_PROCESS_SCRIPT:
        return signs_of_code(vb_event_get_str(event, VB_F_TEXT));
    case VB_EV_FILE_OPEN:
        return signs_of_opened(signs, path);
    case VB_EV_FILE_PROBE:
        return signs_of_home(path);
    case VB_EV_BAIT_READ:
    case VB_EV_BAIT_LIST:
        return USER;
    default:
        return 0;
    }
}

/* What is hidden from readers may look at anything behind their backs. */
static bool is_unreadable(const struct vb_event *event)
{
    if (event->kind == VB_EV_SCAN_DATE)
        return !vb_str_equal(vb_event_get_str(event, VB_F_WHAT), "read");
    return event->kind == VB_EV_SCAN_MATCH &&
           begins(vb_event_get_str(event, VB_F_RULE), "VB-OBFUSCATED");
}

static int see_scan(struct vb_around_signs *signs, const struct vb_event *event,
                    struct vb_error *err)
{
    const struct vb_str what = vb_event_get_str(event, VB_F_WHAT);
    unsigned bits = 0;
    signs->many |= vb_str_equal(what, "many");
    for (unsigned i = 0; i < VB_AROUND_COUNT; i++) {
        if (vb_str_equal(what, vb_around_name((enum vb_around)i)))
            bits |= 1U << i;
    }
    return bits == 0 ? VB_OK : add_file(signs, event, bits, err);
}

int vb_around_signs_see(struct vb_around_signs *signs, const struct vb_event *event,
                        struct vb_error *err)
{
    if (event->kind == VB_EV_SCAN_SURROUNDINGS)
        return see_scan(signs, event, err);
    if (is_unreadable(event))
        return add_file(signs, event, VB_AROUND_ALL, err);
    if (event->kind == VB_EV_DETONATION_BEGIN)
        signs->seen = 0;
    if (signs->seen != VB_AROUND_ALL)
        signs->seen |= signs_of_event(signs, event);
    return VB_OK;
}

void vb_around_signs_done(struct vb_around_signs *signs)
{
    for (size_t i = 0; i < signs->count; i++)
        free(signs->files[i].path);
    *signs = (struct vb_around_signs){0};
}
