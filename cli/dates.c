/* Dates: see dates.h. What passes here is the subject's: it is searched and compared only. */
#include "cli/dates.h"

#include <errno.h>
#include <string.h>

/* --- --dates --- */

enum { MAX_DAYS = 700 /* the world's certificates hold for two years */ };

static int bad_dates(const char *value, struct vb_error *err)
{
    return vb_fail(err, VB_E_USAGE, 0,
                   "--dates %s: today, auto or at most %d numbers of days from 1 to %d are needed, "
                   "as 7,45,400",
                   value, VB_DATES_MAX, MAX_DAYS);
}

/* Puts DAYS in its place, the furthest first; a number that is there already is taken once. */
static bool add_days(struct vb_dates *dates, unsigned long days)
{
    size_t at = dates->count;
    if (days < 1 || days > MAX_DAYS)
        return false;
    for (size_t i = 0; i < dates->count; i++) {
        if (dates->days[i] == days)
            return true;
    }
    if (dates->count == VB_DATES_MAX)
        return false;
    for (; at > 0 && dates->days[at - 1] < days; at--)
        dates->days[at] = dates->days[at - 1];
    dates->days[at] = (unsigned)days;
    dates->count++;
    return true;
}

int vb_dates_choose(const struct vb_options *options, struct vb_dates *ret, struct vb_error *err)
{
    const char *value = options->value[VB_OPT_DATES];
    if (value == NULL || strcmp(value, "auto") == 0) {
        *ret = (struct vb_dates){.days = {400, 45, 7}, .count = 3};
        return VB_OK;
    }
    *ret = (struct vb_dates){.all = true};
    if (strcmp(value, "today") == 0)
        return VB_OK;
    for (const char *at = value;; at++) {
        char *end;
        const unsigned long days = strtoul(at, &end, 10);
        if (*at < '0' || *at > '9' || (*end != ',' && *end != '\0') || !add_days(ret, days))
            return bad_dates(value, err);
        if (*end == '\0')
            return VB_OK;
        at = end;
    }
}

/* --- signs --- */

/* An archive within the package is dated as what it holds: "inner.zip!/a" is inner.zip. */
static int add_file(struct vb_date_signs *signs, const struct vb_event *event, struct vb_error *err)
{
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    const char *inner = path.len == 0 ? NULL : memmem(path.text, path.len, "!/", 2);
    const size_t len = inner == NULL ? path.len : (size_t)(inner - path.text);
    for (size_t i = 0; i < signs->count; i++) {
        if (strlen(signs->files[i]) == len && memcmp(signs->files[i], path.text, len) == 0)
            return VB_OK;
    }
    signs->many |=
        signs->count == VB_DATED_FILES || vb_str_equal(vb_event_get_str(event, VB_F_WHAT), "many");
    if (signs->many || len == 0)
        return VB_OK;
    signs->files[signs->count] = strndup(path.text, len);
    if (signs->files[signs->count] == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "noting a file");
    signs->count++;
    return VB_OK;
}

static bool is_dated_file(const struct vb_date_signs *signs, const struct vb_event *event)
{
    static const char home[] = "/home/";
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    if (path.len < sizeof(home) || memcmp(path.text, home, sizeof(home) - 1) != 0)
        return false;
    for (size_t i = 0; i < signs->count; i++) {
        const size_t len = strlen(signs->files[i]);
        if (path.len > len && path.text[path.len - len - 1] == '/' &&
            memcmp(path.text + path.len - len, signs->files[i], len) == 0)
            return true;
    }
    return signs->many;
}

static bool is_dated_code(struct vb_str text)
{
    const char *word;
    size_t at;
    return text.len > 0 && vb_date_sign(text.text, text.len, &word, &at) != VB_DATE_NONE;
}

static bool is_date_program(struct vb_str word)
{
    static const char name[] = "date";
    const size_t len = sizeof(name) - 1;
    return word.len >= len && memcmp(word.text + word.len - len, name, len) == 0 &&
           (word.len == len || word.text[word.len - len - 1] == '/');
}

/* `date`, or code on a command line. */
static bool is_dated_command(const struct vb_event *event)
{
    const struct vb_value *argv = vb_event_get(event, VB_F_ARGV);
    const size_t count = argv != NULL && argv->type == VB_T_LIST ? argv->list.count : 0;
    bool dated = is_date_program(vb_event_get_str(event, VB_F_PATH)) ||
                 (count > 0 && is_date_program(argv->list.items[0]));
    for (size_t i = 0; i < count && !dated; i++)
        dated = is_dated_code(argv->list.items[i]);
    return dated;
}

static bool is_sign(const struct vb_date_signs *signs, const struct vb_event *event)
{
    switch ((int)event->kind) {
    case VB_EV_DETONATION_BEGIN:
        return is_dated_command(event) || is_dated_code(vb_event_get_str(event, VB_F_TEXT));
    case VB_EV_PROCESS_EXEC:
        return is_dated_command(event) || is_dated_file(signs, event);
    case VB_EV_PROCESS_SCRIPT:
        return is_dated_code(vb_event_get_str(event, VB_F_TEXT));
    case VB_EV_FILE_OPEN:
        return is_dated_file(signs, event);
    default:
        return false;
    }
}

/* What is hidden from readers may look at the date behind their backs. */
static bool is_obfuscated(const struct vb_event *event)
{
    static const char rule[] = "VB-OBFUSCATED";
    const struct vb_str id = vb_event_get_str(event, VB_F_RULE);
    return event->kind == VB_EV_SCAN_MATCH && id.len >= sizeof(rule) - 1 &&
           memcmp(id.text, rule, sizeof(rule) - 1) == 0;
}

int vb_date_signs_see(struct vb_date_signs *signs, const struct vb_event *event,
                      struct vb_error *err)
{
    if (event->kind == VB_EV_SCAN_DATE || is_obfuscated(event))
        return add_file(signs, event, err);
    signs->fixed |= event->kind == VB_EV_SANDBOX_LAYER &&
                    vb_str_equal(vb_event_get_str(event, VB_F_NAME), "moved clock");
    signs->seen &= event->kind != VB_EV_DETONATION_BEGIN;
    signs->seen = signs->seen || is_sign(signs, event);
    return VB_OK;
}

void vb_date_signs_done(struct vb_date_signs *signs)
{
    for (size_t i = 0; i < signs->count; i++)
        free(signs->files[i]);
    *signs = (struct vb_date_signs){0};
}
