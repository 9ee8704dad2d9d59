/* Placeholders in code: an obedient agent puts a key where the instructions say <your-api-key>, and
 * a file of its user's where they say path/to/image.png. The values are fitting, not true; %{home},
 * %{tree} and %{key} stand for folders and a bait that are known where the code runs. Trust
 * boundary: hostile text, copied with a bound. */
#include "identify/internal.h"

#include <ctype.h>

enum { INNER_MAX = 60, TOKEN_MAX = 512, SEARCHES_MAX = 256 };

#define SECRET "%{key}"
#define SECRET_WORDS "key|token|secret|password|passwd|credential|auth|apikey|pat"

/* A word of up to four letters must be a part of the name, a longer one stand in it. The first row
 * that has one gives the value. */
static const struct {
    const char *words;
    const char *value;
} values[] = {
    {"skill-dir|skill-path|skill_dir|skill_path|skilldir|basedir|plugin-root|plugin_root",
     "%{tree}"},
    {"mbox|mailbox", "%{home}/Mail/archive.mbox"},
    {"maildir", "%{home}/Mail/inbox"},
    {"eml", "%{home}/Downloads/release.eml"},
    {"email|mail", "alex@example.com"},
    {SECRET_WORDS, SECRET},
    {"postgres|postgresql|pg_url|database_url|database-url|connection_string|"
     "connection-string|dsn",
     "postgresql://app:app@db.example.com:5432/app"},
    {"mongo|mongodb", "mongodb://app:app@db.example.com:27017/app"},
    {"redis", "redis://cache.example.com:6379"},
    {"output|dest|outfile|target", "/tmp/result"},
    {"image|photo|picture|jpg|jpeg|logo|avatar", "%{home}/Pictures/desk.jpg"},
    {"png|screenshot", "%{home}/Pictures/whiteboard.png"},
    {"audio|voice|recording|mp3|wav|song|sound", "%{home}/Music/memo.mp3"},
    {"pdf|invoice", "%{home}/Documents/invoice.pdf"},
    {"xlsx|xls|excel|spreadsheet", "%{home}/Documents/budget.xlsx"},
    {"docx|document", "%{home}/Documents/minutes.docx"},
    {"csv|dataset", "%{home}/Downloads/orders-export.csv"},
    {"url|link|endpoint|webhook|website", "https://example.com/page"},
    {"domain|host|hostname|server|site", "example.com"},
    {"directory|dir|folder|project|repo|repository|workspace", "%{home}/projects"},
    {"file|filename|path|filepath|input|md|markdown|txt|note", "%{home}/Documents/standup.md"},
    {"phone|mobile", "+14155550132"},
    {"port", "8080"},
    {"ip", "192.0.2.10"},
    {"datetime|timestamp", "2026-12-01T10:00:00Z"},
    {"date|day|start|end", "2026-12-01"},
    {"time", "10:00"},
    {"city|location|place|address", "Berlin"},
    {"country", "DE"},
    {"lang|language|locale", "en"},
    {"currency", "EUR"},
    {"symbol|ticker|stock", "AAPL"},
    {"coin|crypto", "BTC"},
    {"branch", "main"},
    {"version", "1.2.0"},
    {"commit|sha|hash", "3f2a9c1"},
    {"package|module|library", "requests"},
    {"command|cmd", "ls"},
    {"n|id|num|number|count|limit|amount|price|size|width|height|days|hours|minutes|seconds|"
     "timeout|page|max|min|pid|index|year",
     "3"},
    {"user|username|owner|account|name|author|org|organization|handle", "alex"},
    {"", "report"},
};

static bool is_part(const char *name, const char *word, size_t len)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (strncmp(at, word, len) != 0)
            continue;
        const bool begins = at == name || !isalnum((unsigned char)at[-1]);
        const bool ends = !isalnum((unsigned char)at[len]);
        if (len > 4 || (begins && ends))
            return true;
    }
    return false;
}

static bool fits(const char *name, const char *words)
{
    for (const char *word = words; *word != '\0';) {
        const size_t len = strcspn(word, "|");
        if (is_part(name, word, len))
            return true;
        word += len + (word[len] == '|');
    }
    return words[0] == '\0';
}

static char lower_of(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

const char *vb_id_fitting(const char *name)
{
    char lower[INNER_MAX + 1] = "";
    size_t len = 0;
    for (const char *at = name; *at != '\0' && len < INNER_MAX; at++)
        lower[len++] = lower_of(*at);
    size_t row = 0;
    while (!fits(lower, values[row].words))
        row++;
    return values[row].value;
}

/* One text on its way. */
struct filler {
    const char *text;
    size_t len, at;
    const char *folder; /* of the page */
    bool shell;
    bool command; /* of a page whose host puts its arguments in */
    char quote;   /* of a shell, open at the place; 0: none */
    bool changed;
    unsigned searches;    /* for what closes an element, through all of the text */
    unsigned assignments; /* that were looked at, in all that is there before them */
    struct vb_buf *out;
    int status;
};

static void put(struct filler *filler, const char *text, size_t len)
{
    if (filler->status == VB_OK)
        filler->status = vb_buf_append(filler->out, text, len, NULL);
}

/* --- NAME=<your-key> --- */

/* The end of the name that ends the heredoc at AT, behind its "<<", which begins at *RET. */
static size_t delimiter_of(const char *data, size_t len, size_t at, size_t *ret)
{
    while (at < len && strchr("- \t\\\"'", data[at]) != NULL)
        at++;
    *ret = at;
    while (at < len && (isalnum((unsigned char)data[at]) || data[at] == '_'))
        at++;
    return at;
}

/* The LEN bytes of DATA end in a heredoc: what follows is a file's. */
static bool is_in_heredoc(const char *data, size_t len)
{
    for (size_t at = 0; at + 2 < len; at++) {
        if (data[at] != '<' || data[at + 1] != '<')
            continue;
        if (data[at + 2] == '<') { /* a word that is read */
            at += 2;
            continue;
        }
        size_t name = 0;
        const size_t end = delimiter_of(data, len, at + 2, &name), size = end - name;
        const char *line = size == 0 ? NULL : memchr(data + end, '\n', len - end);
        if (size == 0)
            continue;
        for (bool ended = false; !ended;) {
            if (line == NULL)
                return true;
            size_t from = (size_t)(line - data) + 1;
            while (from < len && data[from] == '\t')
                from++;
            at = from + size;
            ended = at < len && memcmp(data + from, data + name, size) == 0 && data[at] == '\n';
            line = from < len ? memchr(data + from, '\n', len - from) : NULL;
        }
    }
    return false;
}

static bool ends_in(const char *data, size_t len, const char *word)
{
    const size_t own = strlen(word);
    return len >= own && memcmp(data + len - own, word, own) == 0;
}

static size_t without_blanks(const char *data, size_t len)
{
    while (len > 0 && (data[len - 1] == ' ' || data[len - 1] == '\t'))
        len--;
    return len;
}

/* The variable that a shell's command sets to what comes next, which stands in QUOTE (0: in none).
 * False: it is something else. */
static bool is_assigned(struct filler *filler, char ret[INNER_MAX + 1], char *quote)
{
    static const char export[] = "export";
    const char *data = (const char *)filler->out->data;
    size_t len = filler->out->len, from;
    *quote = '\0';
    if (len > 0 && (data[len - 1] == '"' || data[len - 1] == '\''))
        *quote = data[--len];
    if (!filler->shell || len == 0 || data[--len] != '=')
        return false;
    for (from = len; from > 0 && (isupper((unsigned char)data[from - 1]) ||
                                  isdigit((unsigned char)data[from - 1]) || data[from - 1] == '_');)
        from--;
    if (from == len || len - from > INNER_MAX || isdigit((unsigned char)data[from]))
        return false;
    memcpy(ret, data + from, len - from);
    ret[len - from] = '\0';
    size_t before = without_blanks(data, from);
    if (before < from && ends_in(data, before, export))
        before = without_blanks(data, before - (sizeof(export) - 1));
    return (before == 0 || strchr("\n;&|({", data[before - 1]) != NULL) &&
           (++filler->assignments > SEARCHES_MAX || !is_in_heredoc(data, before));
}

/* A user whose machine has the key already does not make up another. */
static void put_key(struct filler *filler, const char *value)
{
    char name[INNER_MAX + 1], quote = '\0';
    const bool assigned = is_assigned(filler, name, &quote);
    const char *around = quote == '\'' ? "'\"" : "", *behind = quote == '\'' ? "\"'" : "";
    if (filler->status == VB_OK)
        filler->status = assigned ? vb_buf_printf(filler->out, NULL, "%s${%s:-%s}%s", around, name,
                                                  value, behind)
                                  : vb_buf_append_str(filler->out, value, NULL);
}

/* VALUE for the LEN bytes at the place. */
static void replace(struct filler *filler, const char *value, size_t len)
{
    static const char tree[] = "%{tree}";
    if (strstr(value, SECRET) != NULL) {
        put_key(filler, value);
        filler->at += len;
        filler->changed = true;
        return;
    }
    put(filler, value, strlen(value));
    if (strcmp(value, tree) == 0 && strcmp(filler->folder, ".") != 0) {
        put(filler, "/", 1);
        put(filler, filler->folder, strlen(filler->folder));
    }
    filler->at += len;
    filler->changed = true;
}

static char byte_at(const struct filler *filler, size_t at)
{
    return at < filler->len ? filler->text[at] : '\0';
}

static char byte_before(const struct filler *filler)
{
    return filler->at == 0 ? '\n' : filler->text[filler->at - 1];
}

/* What stands between the bracket at the place and CLOSE, in this line. False: nothing like it. */
static bool inner_of(const struct filler *filler, char close, char ret[INNER_MAX + 1])
{
    size_t len = 0;
    for (char byte; (byte = byte_at(filler, filler->at + 1 + len)) != close; len++) {
        if (len == INNER_MAX || byte == '\0' || byte == '\n')
            return false;
        ret[len] = byte;
    }
    ret[len] = '\0';
    return len > 0 && ret[0] != ' ' && ret[len - 1] != ' ';
}

/* --- <name> --- */

static bool is_markup(struct filler *filler, const char *inner)
{
    static const char *const tags[] = {"b",    "br", "body", "code", "div", "head", "hr",
                                       "html", "i",  "img",  "li",   "ol",  "p",    "pre",
                                       "span", "td", "th",   "tr",   "ul",  "table"};
    for (size_t i = 0; i < VB_ARRAY_LEN(tags); i++) {
        if (vb_ascii_equal(inner, tags[i]))
            return true;
    }
    char closing[INNER_MAX + 4];
    const int len = snprintf(closing, sizeof(closing), "</%s>", inner);
    if (filler->searches == SEARCHES_MAX)
        return true; /* so many are */
    filler->searches++;
    return memmem(filler->text, filler->len, closing, (size_t)len) != NULL;
}

static bool fill_angle(struct filler *filler)
{
    char inner[INNER_MAX + 1] = "";
    const char before = byte_before(filler);
    if (isalnum((unsigned char)before) || strchr(")]<_", before) != NULL ||
        !inner_of(filler, '>', inner))
        return false;
    const size_t len = strlen(inner);
    const char after = byte_at(filler, filler->at + len + 2);
    if (!isalpha((unsigned char)inner[0]) ||
        strspn(inner, "abcdefghijklmnopqrstuvwxyz"
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                      "0123456789 _./:|,'-") != len ||
        after == '>' || after == '=' || strstr(inner, " and ") != NULL ||
        strstr(inner, " or ") != NULL || is_markup(filler, inner))
        return false;
    const char *bar = strchr(inner, '|'); /* <text|json>: the first will do */
    if (bar != NULL && bar != inner && strchr(inner, ' ') == NULL) {
        inner[bar - inner] = '\0';
        replace(filler, inner, len + 2);
    } else {
        replace(filler, vb_id_fitting(inner), len + 2);
    }
    return true;
}

/* --- [name] and [options] --- */

static bool fill_square(struct filler *filler)
{
    char inner[INNER_MAX + 1] = "";
    if (!inner_of(filler, ']', inner))
        return false;
    const size_t len = strlen(inner);
    if (strncasecmp(inner, "your", 4) == 0) {
        replace(filler, vb_id_fitting(inner + 4), len + 2);
        return true;
    }
    const char after = byte_at(filler, filler->at + len + 2);
    const bool alone = strchr(" \t\n", byte_before(filler)) != NULL &&
                       (after == '\0' || strchr(" \t\n", after) != NULL);
    /* As in "tool [options] FILE": nobody types it. */
    if (!filler->shell || !alone || !(isalpha((unsigned char)inner[0]) || inner[0] == '-') ||
        strchr(inner, '=') != NULL)
        return false;
    replace(filler, "", len + 2);
    return true;
}

/* --- {baseDir} --- */

static bool fill_curly(struct filler *filler)
{
    static const char *const names[] = {"baseDir",   "base_dir",  "BASE_DIR", "skillDir",
                                        "skill_dir", "SKILL_DIR", "skillPath"};
    char inner[INNER_MAX + 1] = "";
    if (!inner_of(filler, '}', inner))
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (strcmp(inner, names[i]) != 0)
            continue;
        replace(filler, "%{tree}", strlen(inner) + 2);
        return true;
    }
    return false;
}

/* --- words --- */

static bool is_word_byte(char byte)
{
    return isalnum((unsigned char)byte) || (byte != '\0' && strchr("_./~:@+-", byte) != NULL);
}

static bool contains(const char *word, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strstr(word, parts[i]) != NULL)
            return true;
    }
    return false;
}

/* sk-…, ghp_xxxx: the form of a secret with nothing in it. */
static const char *empty_secret(const char *word, char ret[TOKEN_MAX])
{
    static const char *const prefixes[] = {"sk-ant-", "sk-proj-", "sk-",  "pk-",  "ghp_",
                                           "gho_",    "xoxb-",    "hf_",  "npm_", "AIza",
                                           "glpat-",  "tvly-",    "AKIA", "xai-", "Bearer"};
    static const char *const marks[] = {"...", "xxx", "XXX", "your", "YOUR"};
    for (size_t i = 0; i < VB_ARRAY_LEN(prefixes); i++) {
        const size_t len = strlen(prefixes[i]);
        if (strncmp(word, prefixes[i], len) == 0 &&
            contains(word + len, marks, VB_ARRAY_LEN(marks))) {
            snprintf(ret, TOKEN_MAX, "%s%s", prefixes[i], SECRET);
            return ret;
        }
    }
    return strlen(word) >= 6 && strspn(word, "xX-") == strlen(word) && word[0] != '-' ? SECRET
                                                                                      : NULL;
}

/* NULL: the word is what it says. */
static const char *word_value(const struct filler *filler, const char *word, size_t len,
                              char ret[TOKEN_MAX])
{
    static const char *const paths[] = {"path/to", "path-to", "PATH/TO"};
    const char before = byte_before(filler);
    const char after = byte_at(filler, filler->at + len);
    if (before == '$' || (before == '{' && filler->shell) || strstr(word, "://") != NULL)
        return NULL;
    if (contains(word, paths, VB_ARRAY_LEN(paths))) {
        const char *base = vb_path_base(word);
        const char *value = vb_id_fitting(base[0] == '\0' ? "folder" : base);
        const bool folder = strchr(base, '.') == NULL;
        return strcmp(value, "report") != 0 ? value
               : folder                     ? "%{home}/projects"
                                            : vb_id_fitting("file");
    }
    if (strncasecmp(word, "your", 4) == 0 && (word[4] == '-' || word[4] == '_') && after != '=' &&
        after != '(')
        return vb_id_fitting(word + 5);
    return empty_secret(word, ret);
}

static void fill_word(struct filler *filler)
{
    char word[TOKEN_MAX] = "";
    char room[TOKEN_MAX];
    size_t len = 0;
    while (is_word_byte(byte_at(filler, filler->at + len)))
        len++;
    const char *value = NULL;
    if (len < TOKEN_MAX) {
        memcpy(word, filler->text + filler->at, len);
        word[len] = '\0';
        value = word_value(filler, word, len, room);
    }
    if (value != NULL) {
        replace(filler, value, len);
        return;
    }
    put(filler, filler->text + filler->at, len);
    filler->at += len;
}

/* --- $ARGUMENTS, $ARGUMENTS[0], $1 --- */

/* What a user gives a command. A host replaces $1 wherever it stands; between single quotes it is
 * left to awk and its like, so that they can be seen at work. */
static bool fill_argument(struct filler *filler)
{
    static const char word[] = "$ARGUMENTS";
    static const char *const given[] = {"report", "main", "3"};
    const size_t len = sizeof(word) - 1;
    if (!filler->command)
        return false;
    if (filler->len - filler->at >= len && memcmp(filler->text + filler->at, word, len) == 0) {
        const bool indexed = byte_at(filler, filler->at + len) == '[' &&
                             isdigit((unsigned char)byte_at(filler, filler->at + len + 1)) &&
                             byte_at(filler, filler->at + len + 2) == ']';
        replace(filler, given[0], len + (indexed ? 3 : 0));
        return true;
    }
    const char digit = byte_at(filler, filler->at + 1);
    if (filler->quote == '\'' || digit < '1' || digit > '9' ||
        isdigit((unsigned char)byte_at(filler, filler->at + 2)))
        return false;
    const size_t number = (size_t)(digit - '1');
    replace(filler, given[number < VB_ARRAY_LEN(given) ? number : VB_ARRAY_LEN(given) - 1], 2);
    return true;
}

static void see_quote(struct filler *filler)
{
    const char byte = filler->text[filler->at];
    if (byte != '\'' && byte != '"')
        return;
    if (filler->quote == 0)
        filler->quote = byte;
    else if (filler->quote == byte)
        filler->quote = 0;
}

static bool fill_bracket(struct filler *filler)
{
    switch (filler->text[filler->at]) {
    case '$':
        return fill_argument(filler);
    case '<':
        return fill_angle(filler);
    case '[':
        return fill_square(filler);
    case '{':
        return fill_curly(filler);
    default:
        return false;
    }
}

bool vb_id_fill(struct vb_id *id, const struct vb_id_code *code, struct vb_buf *ret)
{
    char folder[VB_ID_PATH_MAX];
    vb_id_parent(folder, code->at.path);
    struct filler filler = {
        .text = code->text,
        .len = code->len,
        .folder = folder,
        .shell = strstr(code->interpreter, "sh") != NULL,
        .command = (code->form != NULL && strcmp(code->form, "substitution") == 0) ||
                   strncmp(code->at.path, "commands/", 9) == 0 ||
                   strstr(code->at.path, "/commands/") != NULL,
        .out = ret,
    };
    while (filler.at < filler.len && filler.status == VB_OK) {
        if (is_word_byte(filler.text[filler.at])) {
            fill_word(&filler);
        } else if (!fill_bracket(&filler)) {
            see_quote(&filler);
            put(&filler, filler.text + filler.at, 1);
            filler.at++;
        }
    }
    if (filler.status == VB_E_NOMEM)
        vb_id_fail(id, VB_E_NOMEM, "filling placeholders");
    return filler.status == VB_OK && filler.changed;
}
