/* Looks at what surrounds a place in a text. Words decide, so a hostile author can write them too:
 * they lower how sure a finding is, and never take it away. See context.h. */
#include "scan/context.h"

#include <string.h>

enum {
    HEADING_REACH = 64 * 1024, /* bytes in front of a place in which its heading is looked for */
    LEAD_REACH = 400,          /* bytes in front of a place that introduce it */
    LEAD_LINES = 3,
    LINE_MAX = 600
};

/* Headings under which attacks are described. */
static const char *const teaching[] = {
    "attack",        "malicious",    "injection",        "red flag",  "threat",
    "jailbreak",     "anti-pattern", "antipattern",      "vulnerab",  "exploit",
    "suspicious",    "warning sign", "adversarial",      "dangerous", "bad example",
    "bad practice",  "never do",     "what not to",      "unsafe",    "insecure",
    "pitfall",       "forbidden",    "prohibited",       "red team",  "test case",
    "blacklist",     "blocklist",    "security pattern", "guardrail", "indicators of",
    "what we block", "detection",    "detects",          "detect:",   "blocked pattern"};

/* Words with which a line says that what follows is an example of what is not to be. */
static const char *const naming[] = {
    "such as",      "for example",   "e.g.",         "example of",       "examples of",
    "look for",     "looks for",     "look like",    "looks like",       "watch for",
    "phrases like", "patterns like", "text like",    "attempts to",      "attempt to",
    "attacker",     "malicious",     "injection",    "reject",           "refuse",
    "detect",       "flag any",      "flags",        "never follow",     "do not follow",
    "don't follow", "do not obey",   "never obey",   "untrusted",        "suspicious",
    "never do",     "jailbreak",     "adversarial",  "block request",    "red flag",
    "scan for",     "check for",     "\xe2\x9d\x8c", "\xf0\x9f\x9a\xab", "\xe2\x9b\x94"};

/* Folders and files whose content is about attacks, or is there to try something out. */
static const char *const roles[] = {
    "tests",      "test",  "__tests__",  "fixtures", "testdata",   "spec", "evals",
    "benchmarks", "rules", "signatures", "patterns", "detections", "yara"};

static bool holds(const char *text, size_t len, const char *word)
{
    const size_t word_len = strlen(word);
    for (size_t i = 0; i + word_len <= len; i++) {
        size_t k = 0;
        while (k < word_len &&
               (text[i + k] | (text[i + k] >= 'A' && text[i + k] <= 'Z' ? 32 : 0)) == word[k])
            k++;
        if (k == word_len)
            return true;
    }
    return false;
}

static bool holds_any(const char *text, size_t len, const char *const *words, size_t count)
{
    const size_t read = len < LINE_MAX ? len : LINE_MAX;
    for (size_t i = 0; i < count; i++) {
        if (holds(text, read, words[i]))
            return true;
    }
    return false;
}

static size_t line_begin(const struct vb_item *item, size_t at)
{
    while (at > 0 && item->data[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct vb_item *item, size_t at)
{
    const unsigned char *found = memchr(item->data + at, '\n', item->len - at);
    return found == NULL ? item->len : (size_t)(found - item->data);
}

/* How many characters the fence has that begins or ends a block in this line; 0: it is none. */
static size_t fence_length(const struct vb_item *item, size_t begin, size_t end)
{
    while (begin < end && (item->data[begin] == ' ' || item->data[begin] == '>'))
        begin++;
    size_t len = 0;
    while (begin + len < end && (item->data[begin] == '`' || item->data[begin] == '~') &&
           item->data[begin + len] == item->data[begin])
        len++;
    return len >= 3 ? len : 0;
}

/* The line, a fence, ends the block that the fence at OPEN began (CommonMark 4.5): of the same
 * character, at least as long, and nothing follows it. */
static bool ends_block(const struct vb_item *item, size_t begin, size_t end, size_t open)
{
    const size_t len = fence_length(item, begin, end);
    const size_t opened = fence_length(item, open, line_end(item, open));
    while (end > begin && (item->data[end - 1] == ' ' || item->data[end - 1] == '\t' ||
                           item->data[end - 1] == '\r'))
        end--;
    const unsigned char mark = end > begin ? item->data[end - 1] : 0;
    size_t at = open;
    while (item->data[at] == ' ' || item->data[at] == '>')
        at++;
    return mark == item->data[at] && len >= opened && fence_length(item, end - len, end) == len;
}

/* --- the role of the file --- */

/* Words in the name of a text that is about attacks. */
static const char *const subjects[] = {"injection", "jailbreak", "evasion", "exfiltration",
                                       "blacklist", "attack",    "threat",  "red-team"};

static bool is_rule_file(const struct vb_item *item)
{
    const char *extension = vb_path_extension(item->path);
    return vb_ascii_equal(extension, "yar") || vb_ascii_equal(extension, "yara");
}

/* Files that an agent reads as what it is to do, by the name or the folder that it looks for. */
static bool is_instruction(const struct vb_item *item)
{
    static const char *const names[] = {"skill.md",     "agents.md",    "claude.md",
                                        "gemini.md",    "heartbeat.md", "soul.md",
                                        ".cursorrules", ".clinerules",  "copilot-instructions.md"};
    static const char *const folders[] = {".cursor/",   ".claude/",  ".github/",
                                          ".kiro/",     ".gemini/",  ".codex/",
                                          ".windsurf/", "commands/", "agents/"};
    const char *name = vb_path_base(item->path);
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (vb_ascii_equal(name, names[i]))
            return true;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        const char *found = strstr(item->path, folders[i]);
        if (found != NULL && (found == item->path || found[-1] == '/'))
            return true;
    }
    return vb_ascii_equal(vb_path_extension(item->path), "mdc");
}

static bool is_in_role(const struct vb_item *item)
{
    const char *name = vb_path_base(item->path);
    if (holds_any(name, strlen(name), subjects, VB_ARRAY_LEN(subjects)))
        return true;
    for (const char *at = item->path; *at != '\0';) {
        const size_t len = strcspn(at, "/");
        for (size_t i = 0; at[len] == '/' && i < VB_ARRAY_LEN(roles); i++) {
            if (strlen(roles[i]) == len && strncmp(at, roles[i], len) == 0)
                return true;
        }
        at += len;
        at += *at == '/' ? 1 : 0;
    }
    return false;
}

/* --- what stands above --- */

/* The nearest heading above AT. A comment within a code block looks like one: only a line with "# "
 * outside of blocks would be sure, and this need not be. */
static bool under_teaching_heading(const struct vb_item *item, size_t at)
{
    const size_t limit = at > HEADING_REACH ? at - HEADING_REACH : 0;
    size_t end = line_begin(item, at);
    bool inside = false;
    while (end > limit) {
        const size_t begin = line_begin(item, end - 1);
        const char *line = (const char *)item->data + begin;
        const size_t len = end - 1 - begin;
        if (fence_length(item, begin, end - 1) > 0)
            inside = !inside;
        else if (len > 1 && line[0] == '#' && (line[1] == '#' || (line[1] == ' ' && !inside)))
            return holds_any(line, len, teaching, VB_ARRAY_LEN(teaching));
        else if (len > 4 && line[0] == '*' && line[1] == '*' &&
                 holds_any(line, len, teaching, VB_ARRAY_LEN(teaching)))
            return true;
        end = begin;
    }
    return false;
}

/* The lines right above AT name what follows; AT's own line up to it does so too. */
static bool introduced(const struct vb_item *item, size_t at)
{
    const size_t limit = at > LEAD_REACH ? at - LEAD_REACH : 0;
    size_t begin = line_begin(item, at);
    if (begin < limit)
        begin = limit;
    if (holds_any((const char *)item->data + begin, at - begin, naming, VB_ARRAY_LEN(naming)))
        return true;
    for (int lines = 0; begin > limit && lines < LEAD_LINES;) {
        const size_t end = begin - 1;
        begin = line_begin(item, end);
        if (begin < limit)
            break;
        lines += end > begin ? 1 : 0;
        if (item->data[begin] == '#')
            return false; /* a heading is a sign of its own */
        if (holds_any((const char *)item->data + begin, end - begin, naming, VB_ARRAY_LEN(naming)))
            return true;
    }
    return false;
}

static bool in_table(const struct vb_item *item, size_t at)
{
    const size_t begin = line_begin(item, at);
    const size_t end = line_end(item, at);
    size_t bars = 0;
    for (size_t i = begin; i < end; i++)
        bars += item->data[i] == '|' ? 1 : 0;
    return item->data[begin] == '|' && bars >= 3;
}

/* A quotation begins right before AT and ends on the same line. */
static bool in_quotes(const struct vb_item *item, size_t at)
{
    static const char quotes[] = "\"'`";
    const size_t end = line_end(item, at);
    if (at == 0 || item->data[at - 1] == '\0')
        return false;
    const char *quote = strchr(quotes, item->data[at - 1]);
    return quote != NULL && memchr(item->data + at, *quote, end - at) != NULL;
}

const char *vb_context_of(const struct vb_item *item, size_t offset)
{
    if (item->depth > 0 || !item->text || offset >= item->len)
        return NULL;
    if (is_rule_file(item))
        return "in a rule file";
    if (item->kind != VB_ITEM_PROSE)
        return NULL; /* code does what it does wherever it lies */
    const bool instructs = is_instruction(item);
    if (!instructs && is_in_role(item))
        return "in a file about attacks or tests";
    /* One sign is easily written above an order that is meant: of what an agent is to do, two say
     * that it is only talked of. */
    const struct {
        bool holds;
        const char *text;
    } signs[] = {
        {under_teaching_heading(item, offset), "under a heading that speaks of attacks"},
        {introduced(item, offset), "introduced as an example"},
        {item->layer[0] == '\0' && in_quotes(item, offset), "in quotation marks"},
        {in_table(item, offset), "in a table"},
    };
    const char *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(signs); i++) {
        count += signs[i].holds;
        first = first == NULL && signs[i].holds ? signs[i].text : first;
    }
    return count >= (instructs ? 2 : 1) ? first : NULL;
}

/* --- code blocks --- */

/* Languages of blocks that show something and run nothing. */
static bool shows_only(const struct vb_item *item, size_t begin, size_t end)
{
    static const char *const words[] = {"text",   "txt",     "markdown", "md",    "diff",
                                        "output", "mermaid", "yara",     "regex", "html",
                                        "css",    "csv",     "log"};
    while (begin < end && strchr("`~ >", item->data[begin]) != NULL)
        begin++;
    const char *word = (const char *)item->data + begin;
    size_t len = 0;
    while (begin + len < end && strchr(" \t\r{", word[len]) == NULL)
        len++;
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0)
            return true;
    }
    return false;
}

static int begin_view(struct vb_buf *view, const struct vb_item *item, struct vb_error *err)
{
    const int status = vb_buf_append(view, item->data, item->len, err);
    for (size_t i = 0; status == 0 && i < view->len; i++) {
        if (view->data[i] != '\n')
            view->data[i] = ' ';
    }
    return status;
}

static int keep(const struct vb_item *item, size_t begin, size_t end, struct vb_buf *view,
                struct vb_error *err)
{
    const int status = view->len == 0 ? begin_view(view, item, err) : VB_OK;
    if (status == 0)
        memcpy(view->data + begin, item->data + begin, end - begin);
    return status;
}

int vb_context_fences(const struct vb_item *item, struct vb_buf *code, struct vb_buf *quoted,
                      struct vb_error *err)
{
    struct vb_buf *view = NULL; /* of the block at hand; NULL: none, or one that is not looked at */
    bool inside = false;
    size_t open = 0;
    int status = VB_OK;
    vb_buf_clear(code);
    vb_buf_clear(quoted);
    for (size_t begin = 0; status == 0 && begin < item->len;) {
        const size_t end = line_end(item, begin);
        if (fence_length(item, begin, end) > 0 && (!inside || ends_block(item, begin, end, open))) {
            inside = !inside;
            open = begin;
            view = !inside || shows_only(item, begin, end) ? NULL
                   : vb_context_of(item, begin) != NULL    ? quoted
                                                           : code;
        } else if (view != NULL) {
            status = keep(item, begin, end, view, err);
        }
        begin = end + 1;
    }
    return status;
}
