/* What a file names of the known-bad things, and how grave that is: code that names one reaches it,
 * a text that tells to fetch from one leads there; lists and warnings name them too, and are not
 * part of an attack. See iocs.h. */
#include "scan/iocs.h"

#include <string.h>

#include "scan/context.h"

enum {
    MAX_MENTIONS = 32, /* different ones in one item */
    LIST_LENGTH = 4,   /* so many different ones are a list */
    MAX_LOOKS =
        1000,    /* at what surrounds mentions, of one item: many more are not only talked of */
    REACH = 300, /* bytes before and behind a mention that say what it is for */
};

enum mention_is {
    NAMED,
    TOLD,    /* it is reached, or somebody is told to; unless it is one of a list */
    REACHED, /* by a command or call, whatever else is named */
};

struct mention {
    const struct vb_ioc *ioc;
    size_t offset, len;
    enum mention_is is;
    const char *around; /* why that may only be talked of, or NULL */
};

struct mentions {
    const struct vb_item *item;
    struct mention rows[MAX_MENTIONS];
    size_t count;
    unsigned looks;
};

static const char *const fetching[] = {"curl",     "wget",    "download", "install", "extract",
                                       "terminal", "fetch",   "visit",    "request", "urlopen",
                                       "execute",  "connect", "paste",    "clone",   "iwr "};

static const char *const listing[] = {"blocklist", "block-list", "block_list", "blacklist",
                                      "denylist",  "deny-list",  "deny_list",  "indicator",
                                      "malicious", "malware",    "known bad",  "known-bad",
                                      "known_bad", "iocs",       "campaign"};

/* How many of WORDS stand in the bytes from BEGIN to END. */
static size_t words_in(const struct vb_item *item, size_t begin, size_t end,
                       const char *const *words, size_t count)
{
    char text[3 * REACH];
    size_t len = 0, found = 0;
    for (size_t i = begin; i < end && len < sizeof(text) - 1; i++)
        text[len++] = item->data[i] == '\0' ? ' ' : vb_ascii_lower((char)item->data[i]);
    text[len] = '\0';
    for (size_t i = 0; i < count; i++)
        found += strstr(text, words[i]) != NULL;
    return found;
}

/* A command or call on its own line reaches it, and nothing around speaks of a list. */
static bool is_reached(const struct vb_item *item, size_t offset)
{
    size_t begin = offset;
    while (begin > 0 && offset - begin < REACH && item->data[begin - 1] != '\n')
        begin--;
    return words_in(item, begin, offset, fetching, VB_ARRAY_LEN(fetching)) > 0;
}

static enum mention_is judge_mention(const struct vb_item *item, size_t offset, size_t len)
{
    const size_t begin = offset > REACH ? offset - REACH : 0;
    const size_t behind = offset + len;
    const size_t end = item->len - behind > REACH ? behind + REACH : item->len;
    const bool scheme = offset >= 3 && memcmp(item->data + offset - 3, "://", 3) == 0;
    const bool fetched = scheme || words_in(item, begin, end, fetching, VB_ARRAY_LEN(fetching)) > 0;
    const size_t lists = words_in(item, begin, end, listing, VB_ARRAY_LEN(listing));
    const bool runs = item->kind == VB_ITEM_CODE || item->layer[0] != '\0';
    if (scheme && lists == 0 && is_reached(item, offset))
        return REACHED;
    return (runs ? lists == 0 || (fetched && lists == 1) : fetched && lists < 2) ? TOLD : NAMED;
}

static const char *around_of(struct mentions *mentions, size_t offset)
{
    return mentions->looks++ < MAX_LOOKS ? vb_context_of(mentions->item, offset) : NULL;
}

/* Of several mentions the gravest is kept. */
static int weight(const struct mention *mention)
{
    const bool meant = mention->is != NAMED && mention->around == NULL;
    return (int)mention->is + (meant ? REACHED : 0);
}

static int note(void *ctx, const struct vb_ioc *ioc, size_t offset, size_t len,
                struct vb_error *err)
{
    struct mentions *mentions = ctx;
    size_t i = 0;
    (void)err;
    while (i < mentions->count && mentions->rows[i].ioc != ioc)
        i++;
    const struct mention *before = i < mentions->count ? &mentions->rows[i] : NULL;
    if (i == MAX_MENTIONS || (before != NULL && before->is == REACHED && before->around == NULL))
        return VB_OK;
    struct mention mention = {ioc, offset, len, judge_mention(mentions->item, offset, len), NULL};
    if (before != NULL && mention.is == NAMED)
        return VB_OK;
    mention.around = around_of(mentions, offset);
    if (before == NULL || weight(&mention) > weight(before))
        mentions->rows[i] = mention;
    mentions->count += before == NULL;
    return VB_OK;
}

static int tell(const struct mention *mention, const struct vb_item *item, bool told,
                struct vb_sink *sink, struct vb_error *err)
{
    static const char *const ids[] = {"AST01", "AST02",        "ASI04",
                                      "LLM03", "ATTACK-T1105", "CWE-506"};
    struct vb_str mapping[VB_ARRAY_LEN(ids)];
    for (size_t i = 0; i < VB_ARRAY_LEN(ids); i++)
        mapping[i] = (struct vb_str){.text = ids[i], .len = strlen(ids[i])};
    const struct vb_ioc *ioc = mention->ioc;
    const struct vb_str excerpt = vb_item_excerpt(item, mention->offset, mention->len);
    char description[400];
    (void)snprintf(description, sizeof(description), "Names the %s %.120s: %.200s",
                   vb_ioc_kind_name(ioc->kind), ioc->value, ioc->words);
    struct vb_event event;
    vb_event_init(&event, VB_EV_SCAN_MATCH, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_RULE, "VB-IOC-NAMED");
    vb_event_str(&event, VB_F_PATH, item->path);
    vb_event_str(&event, VB_F_TITLE,
                 told ? "The package leads to what is known from an attack"
                      : "The package names what is known from an attack");
    vb_event_str(&event, VB_F_SEVERITY, told ? "critical" : "medium");
    vb_event_str(&event, VB_F_CONFIDENCE, told ? "high" : "medium");
    vb_event_str(&event, VB_F_DESCRIPTION, description);
    vb_event_list(&event, VB_F_MAPPING, mapping, VB_ARRAY_LEN(mapping));
    vb_event_str(&event, VB_F_NAME, ioc->value);
    if (item->layer[0] != '\0')
        vb_event_str(&event, VB_F_LAYER, item->layer);
    if (mention->around != NULL)
        vb_event_str(&event, VB_F_CONTEXT, mention->around);
    vb_event_int(&event, VB_F_OFFSET, (int64_t)mention->offset);
    vb_event_strn(&event, VB_F_TEXT, excerpt.text, excerpt.len);
    if (item->text)
        vb_event_int(&event, VB_F_LINE, (int64_t)vb_item_line(item, mention->offset));
    return vb_emit(sink, &event, err);
}

int vb_iocs_check(const struct vb_iocs *list, const struct vb_item *item, struct vb_sink *sink,
                  struct vb_error *err)
{
    struct mentions mentions = {.item = item};
    int status = vb_iocs_text(list, item->data, item->len, note, &mentions, err);
    const bool is_list = mentions.count >= LIST_LENGTH;
    for (size_t i = 0; status == VB_OK && i < mentions.count; i++)
        status = tell(&mentions.rows[i], item,
                      mentions.rows[i].is == REACHED || (mentions.rows[i].is == TOLD && !is_list),
                      sink, err);
    return status;
}
