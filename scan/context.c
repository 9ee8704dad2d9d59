/* Looks at what surrounds a place in a text. Words decide, so a hostile author can write them too:
 * they lower how sure a finding is, and never take it away. See context.h. */
#include "scan/context.h"

#include <string.h>

#include "scan/fence.h"

enum {
    HEADING_REACH = 64 * 1024, /* bytes in front of a place in which its heading is looked for */
    LINE_REACH = 4 * 1024,     /* … in which its line is to begin, and behind it to end */
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

/* A text, and how many of its bytes were read in search of where lines begin and end. */
struct text {
    const struct vb_item *item;
    size_t steps;
};

/* Not before FLOOR. */
static size_t line_begin(struct text *text, size_t at, size_t floor)
{
    const size_t from = at;
    while (at > floor && text->item->data[at - 1] != '\n')
        at--;
    text->steps += from - at + 1;
    return at;
}

/* Not more than REACH behind AT. */
static size_t line_end(struct text *text, size_t at, size_t reach)
{
    const struct vb_item *item = text->item;
    const size_t len = item->len - at < reach ? item->len - at : reach;
    const unsigned char *found = memchr(item->data + at, '\n', len);
    const size_t end = found == NULL ? at + len : (size_t)(found - item->data);
    text->steps += end - at + 1;
    return end;
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

enum heading { HEADING_NONE, HEADING_OTHER, HEADING_TEACHES };

/* A comment within a code block looks like a heading: only a line with "# " outside of blocks would
 * be sure, and this need not be. */
static enum heading heading_of(const char *line, size_t len, bool inside)
{
    const bool bold = len > 4 && line[0] == '*' && line[1] == '*';
    const bool heading =
        len > 1 && line[0] == '#' && (line[1] == '#' || (line[1] == ' ' && !inside));
    if (!bold && !heading)
        return HEADING_NONE;
    if (holds_any(line, len, teaching, VB_ARRAY_LEN(teaching)))
        return HEADING_TEACHES;
    return heading ? HEADING_OTHER : HEADING_NONE;
}

/* The nearest heading above AT. */
static bool under_teaching_heading(struct text *text, size_t at)
{
    const size_t limit = at > HEADING_REACH ? at - HEADING_REACH : 0;
    const unsigned char *data = text->item->data;
    struct vb_fence fence = {.length = 0};
    size_t end = line_begin(text, at, limit);
    while (end > limit) {
        const size_t begin = line_begin(text, end - 1, limit), len = end - 1 - begin;
        if (begin == limit && begin > 0 && data[begin - 1] != '\n')
            break; /* what begins earlier is no heading */
        const enum heading heading =
            vb_fence_see_back(&fence, data + begin, len)
                ? HEADING_NONE
                : heading_of((const char *)data + begin, len, fence.length > 0);
        if (heading != HEADING_NONE)
            return heading == HEADING_TEACHES;
        end = begin;
    }
    return false;
}

/* The lines right above AT name what follows; AT's own line up to it does so too. */
static bool introduced(struct text *text, size_t at)
{
    const size_t limit = at > LEAD_REACH ? at - LEAD_REACH : 0;
    const size_t floor = limit > 0 ? limit - 1 : 0; /* a line that begins there begins too early */
    const char *data = (const char *)text->item->data;
    size_t begin = line_begin(text, at, floor);
    if (begin < limit)
        begin = limit;
    if (holds_any(data + begin, at - begin, naming, VB_ARRAY_LEN(naming)))
        return true;
    for (int lines = 0; begin > limit && lines < LEAD_LINES;) {
        const size_t end = begin - 1;
        begin = line_begin(text, end, floor);
        if (begin < limit)
            break;
        lines += end > begin ? 1 : 0;
        if (data[begin] == '#')
            return false; /* a heading is a sign of its own */
        if (holds_any(data + begin, end - begin, naming, VB_ARRAY_LEN(naming)))
            return true;
    }
    return false;
}

static bool in_table(struct text *text, size_t at)
{
    const unsigned char *data = text->item->data;
    const size_t begin = line_begin(text, at, at > LINE_REACH ? at - LINE_REACH : 0);
    const size_t end = line_end(text, at, LINE_REACH);
    size_t bars = 0;
    for (size_t i = begin; i < end; i++)
        bars += data[i] == '|' ? 1 : 0;
    return data[begin] == '|' && bars >= 3;
}

/* A quotation begins right before AT and ends on the same line. */
static bool in_quotes(struct text *text, size_t at)
{
    static const char quotes[] = "\"'`";
    const unsigned char *data = text->item->data;
    const size_t end = line_end(text, at, LINE_REACH);
    if (at == 0 || data[at - 1] == '\0')
        return false;
    const char *quote = strchr(quotes, data[at - 1]);
    return quote != NULL && memchr(data + at, *quote, end - at) != NULL;
}

/* TEACHES: under such a heading, as far as it is known; NULL: it is looked for. */
static const char *context_of(struct text *text, size_t offset, const bool *teaches)
{
    const struct vb_item *item = text->item;
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
        {teaches != NULL ? *teaches : under_teaching_heading(text, offset),
         "under a heading that speaks of attacks"},
        {introduced(text, offset), "introduced as an example"},
        {item->layer[0] == '\0' && in_quotes(text, offset), "in quotation marks"},
        {in_table(text, offset), "in a table"},
    };
    const char *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(signs); i++) {
        count += signs[i].holds;
        first = first == NULL && signs[i].holds ? signs[i].text : first;
    }
    return count >= (instructs ? 2 : 1) ? first : NULL;
}

const char *vb_context_of(const struct vb_item *item, size_t offset)
{
    struct text text = {.item = item};
    return context_of(&text, offset, NULL);
}

/* --- code blocks --- */

/* Languages of blocks that show something and run nothing. */
static const char *const showing[] = {"text",   "txt",     "markdown", "md",    "diff",
                                      "output", "mermaid", "yara",     "regex", "html",
                                      "css",    "csv",     "log"};
static bool shows_only(const struct vb_item *item, size_t begin, size_t end)
{
    while (begin < end && item->data[begin] == ' ')
        begin++;
    const char *word = (const char *)item->data + begin;
    size_t len = 0;
    while (begin + len < end && strchr(" \t\r{", word[len]) == NULL)
        len++;
    for (size_t i = 0; i < VB_ARRAY_LEN(showing); i++) {
        if (strlen(showing[i]) == len && strncmp(showing[i], word, len) == 0)
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

/* A walk over a text's lines. */
struct walk {
    struct text text;
    struct vb_fence fence;
    struct vb_buf *code, *quoted;
    struct vb_buf *view; /* of the block at hand; NULL: none, or one that is not looked at */
    size_t heading_end;  /* of the last one */
    bool heading_teaches;
};

static void begin_block(struct walk *walk, size_t begin, size_t end)
{
    const struct vb_item *item = walk->text.item;
    const bool teaches = walk->heading_teaches && walk->heading_end + HEADING_REACH > begin;
    if (shows_only(item, begin + walk->fence.info, end))
        walk->view = NULL;
    else
        walk->view = context_of(&walk->text, begin, &teaches) != NULL ? walk->quoted : walk->code;
}

static void see_heading(struct walk *walk, size_t begin, size_t end)
{
    const char *line = (const char *)walk->text.item->data + begin;
    const enum heading heading = heading_of(line, end - begin, walk->fence.length > 0);
    if (heading == HEADING_NONE)
        return;
    walk->heading_end = end;
    walk->heading_teaches = heading == HEADING_TEACHES;
}

int vb_context_fences(const struct vb_item *item, struct vb_context_views *views,
                      struct vb_error *err)
{
    struct walk walk = {.text = {.item = item}, .code = &views->code, .quoted = &views->quoted};
    int status = VB_OK;
    vb_buf_clear(walk.code);
    vb_buf_clear(walk.quoted);
    for (size_t begin = 0; status == 0 && begin < item->len;) {
        const size_t end = line_end(&walk.text, begin, item->len);
        const enum vb_fence_is is = vb_fence_see(&walk.fence, item->data + begin, end - begin);
        if (is == VB_FENCE_NONE)
            see_heading(&walk, begin, end);
        if (is == VB_FENCE_BEGINS || walk.fence.length == 0)
            walk.view = NULL;
        if ((is == VB_FENCE_BEGINS || is == VB_FENCE_AGAIN) && walk.view == NULL)
            begin_block(&walk, begin, end);
        else if (walk.view != NULL)
            status = keep(item, begin, end, walk.view, err);
        begin = end + 1;
    }
    views->steps = walk.text.steps;
    return status;
}
