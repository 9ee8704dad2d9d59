/* The custom field vetbox of a rule: which finding its match is. */
#include "verdict/sigma/internal.h"
#include "vetbox/core/text.h"

enum { WORDS_MOST = 32, WORD_BYTES = 64 };

static bool is_finding(const char *word)
{
    size_t len = 3;
    if (strncmp(word, "VB-", 3) != 0)
        return false;
    for (; word[len] != '\0'; len++)
        if (!(word[len] >= 'A' && word[len] <= 'Z') && !(word[len] >= '0' && word[len] <= '9') &&
            word[len] != '-')
            return false;
    return len > 3 && len < WORD_BYTES;
}

static bool is_severity(const char *word)
{
    static const char *const known[] = {"info", "low", "medium", "high", "critical"};
    for (size_t i = 0; i < VB_ARRAY_LEN(known); i++)
        if (strcmp(known[i], word) == 0)
            return true;
    return false;
}

static bool is_confidence(const char *word)
{
    return strcmp(word, "low") == 0 || strcmp(word, "medium") == 0 || strcmp(word, "high") == 0;
}

static bool is_mapping(const char *word)
{
    const size_t len = strlen(word);
    return len > 0 && len < WORD_BYTES && strpbrk(word, " \t\n") == NULL;
}

struct custom {
    const char *key;
    bool several;
    bool (*fits)(const char *word);
    const char *wanted;
};

static const struct custom customs[] = {
    {"finding", false, is_finding, "vetbox.finding is an id such as VB-EXAMPLE"},
    {"severity", false, is_severity, "vetbox.severity is info, low, medium, high or critical"},
    {"confidence", false, is_confidence, "vetbox.confidence is low, medium or high"},
    {"mapping", true, is_mapping, "vetbox.mapping is a list of taxonomy ids"},
    {"unless", true, is_finding, "vetbox.unless is a list of findings such as VB-EXAMPLE"},
};

/* The words of NODE, a scalar or a list of such, with one blank between them. */
static const char *read_words(struct load *load, const struct custom *row,
                              const struct vb_yaml_node *node)
{
    const bool list = node->kind == VB_YAML_LIST;
    const size_t count = list ? node->count : 1;
    const char *words = "";
    if (node->kind == VB_YAML_MAP || (list && !row->several) || count > WORDS_MOST)
        return vb_sigma_refuse(load, node->line, "%s", row->wanted);
    for (size_t i = 0; i < count; i++) {
        const struct vb_yaml_node *word = list ? node->items[i] : node;
        if (word->kind != VB_YAML_SCALAR || !row->fits(word->text))
            return vb_sigma_refuse(load, word->line, "%s", row->wanted);
        words =
            vb_arena_printf(&load->sigma->arena, "%s%s%s", words, i == 0 ? "" : " ", word->text);
    }
    return words;
}

void vb_sigma_load_custom(struct load *load, const struct vb_yaml_node *top,
                          struct vb_sigma_rule *about)
{
    const char *words[VB_ARRAY_LEN(customs)] = {"", "", "", "", ""};
    const struct vb_yaml_node *map = vb_yaml_get(top, "vetbox");
    if (map != NULL && map->kind != VB_YAML_MAP)
        (void)vb_sigma_refuse(load, map->line, "vetbox is a map");
    for (size_t i = 0; map != NULL && map->kind == VB_YAML_MAP && i < map->count; i++) {
        size_t at = 0;
        while (at < VB_ARRAY_LEN(customs) && strcmp(customs[at].key, map->keys[i]->text) != 0)
            at++;
        if (at == VB_ARRAY_LEN(customs)) {
            (void)vb_sigma_refuse(load, map->keys[i]->line, "vetbox has no key \"%.80s\"",
                                  map->keys[i]->text);
            continue;
        }
        const char *read = read_words(load, &customs[at], map->items[i]);
        words[at] = read == NULL ? "" : read;
    }
    about->finding = words[0];
    about->severity = words[1];
    about->confidence = words[2];
    about->mapping = words[3];
    about->unless = words[4];
}
