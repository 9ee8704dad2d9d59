/* Which passwords may open an archive: what stands in the texts near it where a password is spoken
 * of, and what everybody uses. A few hundred tries at most: this reads instructions, it does not
 * crack. */
#include <errno.h>

#include "unpack/beside.h"

enum {
    STATED_MAX = 300,        /* candidates out of texts */
    TEXT_BYTES = 256 * 1024, /* of one text */
    TEXTS_MAX = 300,
    LINE_TOKENS = 24
};

/* Malware exchanges use "infected"; the rest is what packers of malware and careless people take.
 */
static const char *const customary[] = {
    "infected", "malware", "password", "1234",    "12345", "123456",  "123",    "pass",
    "virus",    "infect",  "secret",   "test",    "admin", "letmein", "qwerty", "0000",
    "111111",   "abc123",  "openclaw", "clawhub", "claw",  "claude",  "skill",  "agent",
    "github",   "root",    "2024",     "2025",    "2026",  "archive", "zip",    "default",
};

/* Words that announce a password, in the languages that malware is sold in. */
static const char *const announcements[] = {
    "password", "passwd",      "passphrase",   "passcode", "pass:",      "pass =",   "pwd",
    "passwort", "kennwort",    "mot de passe", "contrase", "senha",      "parola",   "wachtwoord",
    "пароль",   "密码",        "口令",         "解压码",   "パスワード", "비밀번호", "암호",
    "unzip -p", "unzip -o -p", "7z x",         "7za x",    "7zz x",      "-p ",
};

struct search {
    struct passwords *found;
    size_t texts;
};

void passwords_done(struct passwords *passwords)
{
    for (size_t i = 0; i < passwords->count; i++)
        free(passwords->items[i].where);
    free(passwords->items);
    *passwords = (struct passwords){0};
}

static bool known(const struct passwords *p, const char *text, size_t len)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strncmp(p->items[i].text, text, len) == 0 && p->items[i].text[len] == '\0')
            return true;
    }
    return false;
}

static int add(struct unpack *u, struct passwords *p, struct vb_str text, const char *where)
{
    struct password *item;

    if (text.len == 0 || text.len > PASSWORD_MAX || (where != NULL && p->count >= STATED_MAX) ||
        memchr(text.text, '\0', text.len) != NULL || known(p, text.text, text.len))
        return 0;
    item = &p->items[p->count];
    *item = (struct password){0};
    memcpy(item->text, text.text, text.len);
    if (where != NULL && (item->where = strdup(where)) == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory for passwords");
    p->count++;
    return 0;
}

/* --- texts --- */

static bool is_edge(char c)
{
    return strchr(" \t\r`'\"()[]{}<>*,;|", c) != NULL;
}

/* TOKEN without the punctuation of a sentence around it. */
static struct vb_str trimmed(struct vb_str token)
{
    while (token.len > 0 && strchr(".:!?_=", token.text[token.len - 1]) != NULL)
        token.len--;
    while (token.len > 0 && strchr(".:_=", token.text[0]) != NULL)
        token = (struct vb_str){token.text + 1, token.len - 1};
    return token;
}

/* The token as it stands, without punctuation, what follows "=" or ":", and what follows "-p". */
static int add_forms(struct unpack *u, struct passwords *p, struct vb_str token, const char *where)
{
    const char *const equals = memchr(token.text, '=', token.len);
    const char *const colon = memchr(token.text, ':', token.len);
    const char *const cut = equals != NULL ? equals : colon;
    const struct vb_str end = {token.text + token.len, 0};
    const struct vb_str value =
        cut != NULL ? (struct vb_str){cut + 1, (size_t)(end.text - cut - 1)} : end;
    const struct vb_str option =
        token.len > 2 && token.text[0] == '-' && (token.text[1] | 32) == 'p'
            ? (struct vb_str){token.text + 2, token.len - 2}
            : end;
    const struct vb_str forms[] = {option, value, trimmed(value), trimmed(token), token};
    int status = 0;

    for (size_t i = 0; status == 0 && i < VB_ARRAY_LEN(forms); i++)
        status = add(u, p, forms[i], where);
    return status;
}

static int add_tokens(struct unpack *u, struct passwords *p, struct vb_str line, const char *where)
{
    size_t at = 0;
    int status = 0;

    for (int n = 0; status == 0 && n < LINE_TOKENS && at < line.len; n++) {
        size_t end;

        while (at < line.len && is_edge(line.text[at]))
            at++;
        for (end = at; end < line.len && !is_edge(line.text[end]);)
            end++;
        if (end > at)
            status = add_forms(u, p, (struct vb_str){line.text + at, end - at}, where);
        at = end;
    }
    return status;
}

/* Where the announcement in LINE ends; NULL if there is none. */
static const char *announced(struct vb_str line)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(announcements); i++) {
        const size_t len = strlen(announcements[i]);

        for (size_t at = 0; at + len <= line.len; at++) {
            if (strncasecmp(line.text + at, announcements[i], len) == 0)
                return line.text + at + len;
        }
    }
    return NULL;
}

/* What follows the announcement first, then the rest of the line ("use x as the password"); the
 * next line too if nothing follows on its own. */
static int read_text(struct unpack *u, struct passwords *p, struct vb_str text, const char *where)
{
    bool next = false;
    int status = 0;

    while (status == 0 && text.len > 0) {
        const char *const newline = memchr(text.text, '\n', text.len);
        const size_t len = newline != NULL ? (size_t)(newline - text.text) : text.len;
        const struct vb_str line = {text.text, len < 400 ? len : 400};
        const char *const rest = announced(line);

        if (rest != NULL)
            status = add_tokens(u, p, (struct vb_str){rest, line.len - (size_t)(rest - line.text)},
                                where);
        if (status == 0 && (rest != NULL || (next && line.len > 0)))
            status = add_tokens(u, p, line, where);
        next = rest != NULL || (next && line.len == 0);
        text = (struct vb_str){text.text + len, text.len - len};
        if (text.len > 0)
            text = (struct vb_str){text.text + 1, text.len - 1};
    }
    return status;
}

static int read_file(struct unpack *u, int fd, const char *path, uint64_t size, void *ctx)
{
    struct search *const search = ctx;
    VB_CLEANUP_FREE char *bytes = NULL;
    ssize_t len;

    if (size == 0 || size > TEXT_BYTES || search->texts >= TEXTS_MAX)
        return 0;
    bytes = malloc((size_t)size);
    if (bytes == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to look for passwords");
    len = pread_all(fd, bytes, (size_t)size, 0);
    if (len <= 0 || memchr(bytes, '\0', (size_t)len) != NULL)
        return 0;
    search->texts++;
    return read_text(u, search->found, (struct vb_str){bytes, (size_t)len}, path);
}

/* --- all of them --- */

static int add_name(struct unpack *u, struct passwords *p)
{
    const char *const base = vb_path_base(u->name);

    return add(u, p, (struct vb_str){base, strcspn(base, ".")}, NULL);
}

int passwords_find(struct unpack *u, struct passwords *ret)
{
    struct search search = {.found = ret};
    int status = 0;

    ret->items = calloc(STATED_MAX + VB_ARRAY_LEN(customary) + 1, sizeof(*ret->items));
    if (ret->items == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory for passwords");
    for (int area = 0; status == 0 && area < AREA_COUNT; area++) {
        const int fd = beside_folder(u->beside, (enum area)area);

        if (fd >= 0)
            status = collect_files(u, fd, read_file, &search);
    }
    if (status == 0)
        status = add_name(u, ret);
    for (size_t i = 0; status == 0 && i < VB_ARRAY_LEN(customary); i++)
        status = add(u, ret, str_of(customary[i]), NULL);
    return status;
}
