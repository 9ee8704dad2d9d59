/* Code in the instructions: fences, substitutions and commands in running text. Says for each in
 * which language it is and what would run it. */
#include "identify/internal.h"

#include <ctype.h>

enum { LANGUAGE_MAX = 32 };

/* Languages by their fence tags. interpreter NULL: known, but not something we run. */
static const struct language {
    const char *tag;
    const char *interpreter;
    bool shell;
} languages[] = {
    {"bash", "bash", true},
    {"sh", "bash", true},
    {"shell", "bash", true},
    {"zsh", "bash", true},
    {"console", "bash", true},
    {"shell-session", "bash", true},
    {"shellsession", "bash", true},
    {"sh-session", "bash", true},
    {"shellscript", "bash", true},
    {"terminal", "bash", true},
    {"ksh", "bash", true},
    {"dash", "bash", true},
    {"python", "python3", false},
    {"py", "python3", false},
    {"python3", "python3", false},
    {"pycon", "python3", false},
    {"javascript", "node", false},
    {"js", "node", false},
    {"node", "node", false},
    {"nodejs", "node", false},
    {"mjs", "node", false},
    {"cjs", "node", false},
    {"ruby", "ruby", false},
    {"rb", "ruby", false},
    {"perl", "perl", false},
    {"pl", "perl", false},
    {"powershell", "pwsh", false},
    {"pwsh", "pwsh", false},
    {"ps1", "pwsh", false},
    {"ps", "pwsh", false},
    {"cmd", "cmd", false},
    {"bat", "cmd", false},
    {"batch", "cmd", false},
    {"batchfile", "cmd", false},
    {"dos", "cmd", false},
    {"applescript", "osascript", false},
    {"osascript", "osascript", false},
};

/* Tags that say that it is plain text: the guesser looks at them as at untagged fences. */
static const char *const plain_tags[] = {"",         "text",     "txt",  "plaintext",
                                         "plain",    "none",     "code", "command",
                                         "commands", "cmd-line", "cli"};

/* Those of shells that show what was typed, and what came of it. */
static const char *const sessions[] = {"console", "shell-session", "shellsession", "sh-session",
                                       "terminal"};

/* A reader is told to execute what follows. STRONG verbs make even a single word a command. */
static const struct {
    const char *word;
    bool strong;
} verbs[] = {
    {"run", true},         {"runs", true},      {"running", true},   {"execute", true},
    {"executes", true},    {"executing", true}, {"exec", true},      {"paste", true},
    {"pasting", true},     {"type", true},      {"enter", true},     {"issue", true},
    {"invoke", true},      {"launch", true},    {"start", true},     {"use", false},
    {"using", false},      {"call", false},     {"calling", false},  {"via", false},
    {"with", false},       {"try", false},      {"do", false},       {"install", false},
    {"installing", false}, {"copy", true},      {"by", false},       {"command", true},
    {"commands", true},    {"need", false},     {"ausführen", true}, {"exécuter", true},
    {"ejecuta", true},     {"ejecutar", true},  {"esegui", true},    {"运行", true},
    {"执行", true},
};

const char *vb_id_language_interpreter(const char *language, size_t len, bool *ret_shell)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(languages); i++) {
        if (strlen(languages[i].tag) != len || memcmp(languages[i].tag, language, len) != 0)
            continue;
        *ret_shell = languages[i].shell;
        return languages[i].interpreter;
    }
    *ret_shell = false;
    return NULL;
}

/* The first word of INFO, lower case, without a leading dot or braces ("{.bash}"). */
static void read_language(const char *info, size_t len, char ret[LANGUAGE_MAX])
{
    size_t n = 0;
    while (len > 0 && (isspace((unsigned char)*info) || strchr("{.", *info) != NULL)) {
        info++;
        len--;
    }
    for (; n < len && n < LANGUAGE_MAX - 1; n++) {
        if (isspace((unsigned char)info[n]) || strchr("{},:", info[n]) != NULL)
            break;
        ret[n] = vb_ascii_lower(info[n]);
    }
    ret[n] = '\0';
}

static bool is_plain(const char *language)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(plain_tags); i++) {
        if (strcmp(plain_tags[i], language) == 0)
            return true;
    }
    return false;
}

static bool is_session(const char *language)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(sessions); i++) {
        if (strcmp(sessions[i], language) == 0)
            return true;
    }
    return false;
}

static const char *guessed(const char *text, size_t len, bool *ret_shell)
{
    static const char *const interpreters[] = {
        [VB_ID_GUESS_NONE] = NULL,         [VB_ID_GUESS_SHELL] = "bash",
        [VB_ID_GUESS_PYTHON] = "python3",  [VB_ID_GUESS_NODE] = "node",
        [VB_ID_GUESS_POWERSHELL] = "pwsh",
    };
    const enum vb_id_guess guess = vb_id_guess(text, len);
    *ret_shell = guess == VB_ID_GUESS_SHELL;
    return interpreters[guess];
}

/* Programs that a shell block calls count as documented. */
static void document_bins(struct vb_id *id, struct vb_id_at at, const char *text, size_t len)
{
    bool continues = false;
    for (size_t from = 0; from < len; at.line++) {
        const char *end = memchr(text + from, '\n', len - from);
        const size_t line = end == NULL ? len - from : (size_t)(end - text) - from;
        const struct vb_str word = vb_id_first_word(text + from, line);
        if (!continues && vb_id_known_command(word.text, word.len))
            vb_id_document(id, at, "bin", word, "code");
        continues = line > 0 && text[from + line - 1] == '\\';
        from += line + 1;
    }
}

bool vb_id_fence(struct vb_id *id, const struct vb_id_fence *fence)
{
    char language[LANGUAGE_MAX];
    bool shell = true;
    read_language(fence->info, fence->info_len, language);
    const bool substitution = language[0] == '!' && fence->executes;
    const char *interpreter = fence->powershell ? "pwsh" : "bash";
    if (!substitution && is_plain(language))
        interpreter = guessed(fence->text, fence->len, &shell);
    else if (!substitution)
        interpreter = vb_id_language_interpreter(language, strlen(language), &shell);

    VB_CLEANUP(vb_buf_done) struct vb_buf stripped;
    vb_buf_init(&stripped, fence->len + 16);
    const bool python = interpreter != NULL && strcmp(interpreter, "python3") == 0;
    const enum vb_id_prompts prompts = python                 ? VB_ID_PROMPTS_PYTHON
                                       : is_session(language) ? VB_ID_PROMPTS_SESSION
                                                              : VB_ID_PROMPTS_SHELL;
    const bool clean = (shell || python) && interpreter != NULL &&
                       vb_id_strip_prompts(&stripped, fence->text, fence->len, prompts);
    const struct vb_id_code code = {
        .at = fence->at,
        .form = substitution ? "substitution" : "fence",
        .language = language,
        .interpreter = interpreter,
        .text = clean ? (const char *)stripped.data : fence->text,
        .len = clean ? stripped.len : fence->len,
    };
    if (shell && interpreter != NULL && !fence->hidden)
        document_bins(id, fence->at, code.text, code.len);
    vb_id_code(id, &code);
    if (!fence->hidden)
        vb_id_client_settings(id, fence->at, language, (struct vb_str){fence->text, fence->len});
    return interpreter != NULL;
}

/* The word that ends at END in TEXT, cut at START. */
static struct vb_str word_before(const char *text, size_t start, size_t end)
{
    static const char gap[] = " \t\r\n:,*_\"'()`";
    while (end > start && strchr(gap, text[end - 1]) != NULL && text[end - 1] != '\0')
        end--;
    size_t from = end;
    while (from > start && (strchr(gap, text[from - 1]) == NULL || text[from - 1] == '\0'))
        from--;
    return (struct vb_str){text + from, end - from};
}

static int verb_at(struct vb_str word)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(verbs); i++) {
        const size_t len = strlen(verbs[i].word);
        if (word.len == len && strncasecmp(word.text, verbs[i].word, len) == 0)
            return verbs[i].strong ? 2 : 1;
    }
    return 0;
}

/* 0: nobody is told to run what follows BEFORE; 1: perhaps; 2: for certain. */
static int instruction(struct vb_str before)
{
    size_t end = before.len;
    for (int words = 0; words < 6; words++) {
        const struct vb_str word = word_before(before.text, 0, end);
        if (word.len == 0)
            return 0;
        const int found = verb_at(word);
        if (found > 0)
            return found;
        const char last = word.text[word.len - 1];
        if (last == '.' || last == ';' || last == '!' || last == '?')
            return 0;
        end = (size_t)(word.text - before.text);
    }
    return 0;
}

static const char *shell_of(struct vb_str code)
{
    return vb_id_is_powershell(code.text, code.len) ? "pwsh" : "bash";
}

void vb_id_inline(struct vb_id *id, struct vb_id_at at, struct vb_str code, struct vb_str before,
                  bool hidden)
{
    const struct vb_str word = vb_id_first_word(code.text, code.len);
    const bool prompt = code.len > 2 && memcmp(code.text, "$ ", 2) == 0;
    if (!hidden && vb_id_known_command(word.text, word.len))
        vb_id_document(id, at, "bin", word, "prose");
    const int told = prompt ? 2 : instruction(before);
    if (told == 0 || (!prompt && !vb_id_plausible_command(code.text, code.len)))
        return;
    const bool alone = word.text + word.len == code.text + code.len;
    if (alone && told < 2 && memchr(word.text, '/', word.len) == NULL)
        return;
    const size_t skip = prompt ? 2 : 0;
    const struct vb_id_code inline_code = {.at = at,
                                           .form = "inline",
                                           .language = "",
                                           .interpreter = shell_of(code),
                                           .text = code.text + skip,
                                           .len = code.len - skip};
    vb_id_code(id, &inline_code);
}

/* Where a command begins in LINE: at its beginning, or behind "macOS:" and the like. */
static size_t command_start(const char *line, size_t len, bool feeds)
{
    for (size_t at = 0; at < len; at++) {
        const bool word = at == 0 || isspace((unsigned char)line[at - 1]);
        if (!word || isspace((unsigned char)line[at]))
            continue;
        if (vb_id_plausible_command(line + at, len - at))
            return at;
        if (!feeds)
            break;
    }
    return len;
}

static void loose_line(struct vb_id *id, struct vb_id_at at, struct vb_str line, bool told)
{
    const bool feeds = vb_id_feeds_interpreter(line.text, line.len);
    if ((!told && !feeds) || memchr(line.text, '`', line.len) != NULL)
        return;
    const size_t start = command_start(line.text, line.len, feeds);
    if (start == line.len || (!feeds && vb_id_reads_as_prose(line.text + start, line.len - start)))
        return;
    const struct vb_id_code code = {.at = at,
                                    .form = "inline",
                                    .language = "",
                                    .interpreter = shell_of(line),
                                    .text = line.text + start,
                                    .len = line.len - start};
    vb_id_code(id, &code);
}

void vb_id_loose_lines(struct vb_id *id, struct vb_id_at at, struct vb_str text)
{
    bool told = false; /* the last line that was not empty ends in "…run this:" */
    for (size_t from = 0; from < text.len; at.line++) {
        const char *end = memchr(text.text + from, '\n', text.len - from);
        const size_t next = end == NULL ? text.len : (size_t)(end - text.text);
        struct vb_str line = {text.text + from, next - from};
        while (line.len > 0 && isspace((unsigned char)line.text[line.len - 1]))
            line.len--;
        from = next + 1;
        if (line.len == 0)
            continue;
        loose_line(id, at, line, told);
        told = line.text[line.len - 1] == ':' && instruction(line) > 0;
    }
}

/* Claude Code runs !`command` wherever it stands at the beginning of a line or after white space,
 * whatever Markdown makes of it, before the model sees the text. */
void vb_id_substitutions(struct vb_id *id, const struct vb_id_page *page)
{
    int64_t line = page->first_line + (int64_t)vb_line_of(page->text, page->len, page->body) - 1;
    for (size_t at = page->body; at + 2 < page->len; at++) {
        line += page->text[at] == '\n';
        const bool begins = at == page->body || isspace((unsigned char)page->text[at - 1]);
        if (!begins || page->text[at] != '!' || page->text[at + 1] != '`')
            continue;
        const char *from = page->text + at + 2;
        size_t len = 0;
        while (at + 2 + len < page->len && from[len] != '`' && from[len] != '\n')
            len++;
        if (len == 0 || at + 2 + len == page->len || from[len] != '`')
            continue;
        const struct vb_id_code code = {.at = {page->path, line},
                                        .form = "substitution",
                                        .language = "",
                                        .interpreter = page->powershell ? "pwsh" : "bash",
                                        .text = from,
                                        .len = len};
        vb_id_code(id, &code);
        at += 1 + len;
    }
}
