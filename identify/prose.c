/* Names that a text shows to its reader: hosts, environment variables, files of the home folder.
 * What is shown there is disclosed; the verdict compares it with what was observed. */
#include "identify/internal.h"

#include <ctype.h>

/* Ends of bare host names. A name of two parts needs one of the STRONG ones: "app.io" and
 * "socket.dev" are as often code as hosts. File extensions (md, sh, py, rs) are left out. */
static const struct {
    const char *name;
    bool strong;
} suffixes[] = {
    {"com", true},      {"net", true},  {"org", true},   {"gov", true},    {"edu", true},
    {"io", false},      {"dev", false}, {"ai", false},   {"app", false},   {"co", false},
    {"cloud", false},   {"xyz", true},  {"eu", false},   {"uk", false},    {"de", false},
    {"info", false},    {"me", false},  {"tech", false}, {"site", false},  {"online", false},
    {"ru", false},      {"cn", false},  {"link", false}, {"page", false},  {"finance", false},
    {"network", false}, {"run", false}, {"fr", false},   {"jp", false},    {"in", false},
    {"ch", false},      {"br", false},  {"top", false},  {"store", false}, {"so", false},
};

static const char *const env_suffixes[] = {
    "KEY",  "TOKEN",    "SECRET", "PASSWORD", "PASSWD",     "PASS",    "PASSPHRASE", "CREDENTIALS",
    "PAT",  "COOKIE",   "AUTH",   "APIKEY",   "URL",        "URI",     "HOST",       "ENDPOINT",
    "DSN",  "WEBHOOK",  "USER",   "USERNAME", "EMAIL",      "ACCOUNT", "ID",         "REGION",
    "SEED", "MNEMONIC", "JWT",    "BEARER",   "CREDENTIAL",
};

static bool host_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

bool vb_id_url_host(struct vb_str url, char *ret, size_t size)
{
    const char *mark = memmem(url.text, url.len, "://", 3);
    if (mark == NULL)
        return false;
    const char *from = mark + 3;
    const char *end = url.text + url.len;
    for (const char *at = from; at < end && strchr("/?#\\ \t\r\n\"'<>", *at) == NULL; at++) {
        if (*at == '@')
            from = at + 1;
    }
    const char *to = from;
    if (from < end && *from == '[') {
        const char *close = memchr(from, ']', (size_t)(end - from));
        to = close == NULL ? from : close;
        from++;
    } else {
        while (to < end && host_char(*to))
            to++;
        if (to < end && strchr("${<%*", *to) != NULL && *to != '\0')
            return false;
    }
    while (to > from && to[-1] == '.')
        to--;
    const size_t len = to > from ? (size_t)(to - from) : 0;
    if (len == 0 || len >= size || len > 253)
        return false;
    for (size_t i = 0; i < len; i++)
        ret[i] = vb_ascii_lower(from[i]);
    ret[len] = '\0';
    return strpbrk(ret, ".:") != NULL || strcmp(ret, "localhost") == 0;
}

bool vb_id_env_name(const char *text, size_t len)
{
    size_t last = len;
    if (len < 5 || len > 64 || !isupper((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '_')
            last = i + 1;
        else if (!isupper((unsigned char)text[i]) && !isdigit((unsigned char)text[i]))
            return false;
    }
    if (last >= len || memcmp(text, "YOUR_", 5) == 0)
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(env_suffixes); i++) {
        if (strlen(env_suffixes[i]) == len - last &&
            memcmp(env_suffixes[i], text + last, len - last) == 0)
            return true;
    }
    return false;
}

/* A host name without a scheme. BEFORE and AFTER are the characters around it, 0 at an end. */
static bool bare_host(const char *text, size_t len, char before, char after)
{
    unsigned dots = 0;
    size_t last = 0;
    if (len < 5 || len > 253 || text[0] == '.' || text[0] == '-' ||
        (before != '\0' && strchr("/\\$@.", before) != NULL) ||
        (after != '\0' && strchr("(_@=$[", after) != NULL))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '_' || (text[i] == '.' && i + 1 < len && text[i + 1] == '.'))
            return false;
        dots += text[i] == '.';
        last = text[i] == '.' ? i + 1 : last;
    }
    if (strncmp(text, "com.", 4) == 0 || strncmp(text, "org.", 4) == 0)
        return false; /* a reverse domain */
    for (size_t i = 0; dots > 0 && i < VB_ARRAY_LEN(suffixes); i++) {
        if (strlen(suffixes[i].name) == len - last &&
            strncasecmp(suffixes[i].name, text + last, len - last) == 0)
            return suffixes[i].strong || dots > 1;
    }
    return false;
}

static void document_host(struct vb_id *id, struct vb_id_at at, struct vb_str host,
                          const char *where)
{
    char lower[256];
    if (host.len >= sizeof(lower))
        return;
    for (size_t i = 0; i < host.len; i++)
        lower[i] = vb_ascii_lower(host.text[i]);
    vb_id_document(id, at, "host", (struct vb_str){lower, host.len}, where);
}

static void env_parts(struct vb_id *id, struct vb_id_at at, struct vb_str run, const char *where)
{
    for (size_t from = 0; from < run.len;) {
        size_t to = from;
        while (to < run.len && run.text[to] != '.' && run.text[to] != '-')
            to++;
        if (vb_id_env_name(run.text + from, to - from))
            vb_id_document(id, at, "env", (struct vb_str){run.text + from, to - from}, where);
        from = to + 1;
    }
}

/* ".name": a file that listings do not show. */
static bool hidden_name(const char *text, size_t len)
{
    return len > 2 && len <= 64 && text[0] == '.' && isalpha((unsigned char)text[1]);
}

/* One run of word characters at FROM. Returns its length. */
static size_t word_run(struct vb_id *id, struct vb_id_at at, struct vb_str text, size_t from,
                       const char *where)
{
    size_t to = from;
    while (to < text.len && host_char(text.text[to]))
        to++;
    const size_t run = to - from;
    env_parts(id, at, (struct vb_str){text.text + from, run}, where);
    size_t len = run;
    while (len > 0 && (text.text[from + len - 1] == '.' || text.text[from + len - 1] == '-'))
        len--;
    const char before = from == 0 ? '\0' : text.text[from - 1];
    if (hidden_name(text.text + from, len) && (before == '\0' || strchr("/ \t\n`\"'(<{}", before)))
        vb_id_document(id, at, "file", (struct vb_str){text.text + from, len}, where);
    if (bare_host(text.text + from, len, before, to < text.len ? text.text[to] : '\0'))
        document_host(id, at, (struct vb_str){text.text + from, len}, where);
    return run;
}

/* What names a folder of the user's, and that. */
static const struct {
    const char *word, *folder;
} folders[] = {
    {"~/", "~/"},
    {"$HOME/", "$HOME/"},
    {"<workspace>/", "~/.openclaw/workspace/"},
    {"{workspace}/", "~/.openclaw/workspace/"},
    {"$WORKSPACE/", "~/.openclaw/workspace/"},
};

static bool starts(struct vb_str text, size_t at, const char *word)
{
    const size_t len = strlen(word);
    return text.len - at >= len && memcmp(text.text + at, word, len) == 0;
}

/* A path in such a folder at FROM. Returns its length, 0: there is none. */
static size_t home_path(struct vb_id *id, struct vb_id_at at, struct vb_str text, size_t from,
                        const char *where)
{
    size_t row = 0;
    while (row < VB_ARRAY_LEN(folders) && !starts(text, from, folders[row].word))
        row++;
    if (row == VB_ARRAY_LEN(folders))
        return 0;
    const size_t begin = from + strlen(folders[row].word);
    size_t to = begin;
    char path[256];
    while (to < text.len && (host_char(text.text[to]) || strchr("~$/@+", text.text[to]) != NULL) &&
           text.text[to] != '\0')
        to++;
    size_t len = to - begin;
    while (len > 0 && strchr("./", text.text[begin + len - 1]) != NULL)
        len--;
    const int made = snprintf(path, sizeof(path), "%s%.*s", folders[row].folder,
                              (int)(len < sizeof(path) ? len : sizeof(path)), text.text + begin);
    if (len > 0 && made > 0 && (size_t)made < sizeof(path))
        vb_id_document(id, at, "path", (struct vb_str){path, (size_t)made}, where);
    return to - from;
}

void vb_id_prose(struct vb_id *id, struct vb_id_at at, struct vb_str text, const char *where)
{
    char host[256] = "";
    for (size_t i = 0; i < text.len && vb_id_ok(id);) {
        const struct vb_str rest = {text.text + i, text.len - i < 600 ? text.len - i : 600};
        if (starts(text, i, "://")) {
            if (vb_id_url_host(rest, host, sizeof(host)))
                document_host(id, at, (struct vb_str){host, strlen(host)}, where);
            i += 3;
            while (i < text.len && strchr(" \t\r\n\"'`<>)", text.text[i]) == NULL)
                i++;
            continue;
        }
        size_t taken = home_path(id, at, text, i, where);
        if (taken == 0 && host_char(text.text[i]))
            taken = word_run(id, at, text, i, where);
        at.line += taken == 0 && text.text[i] == '\n';
        i += taken == 0 ? 1 : taken;
    }
}
