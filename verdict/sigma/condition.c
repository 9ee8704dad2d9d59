/* The condition: names, "x of", not, and, or, parentheses (grammar of the specification, with `N
 * of` of version 1). */
#include "verdict/sigma/internal.h"
#include "vetbox/core/text.h"

struct parser {
    struct load *load;
    size_t line;
    const char *at;
    size_t depth;
    struct search *searches;
    size_t count;
};

struct word {
    const char *text;
    size_t len;
};

static bool is_name(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '*' || c == '.';
}

static void skip_blanks(struct parser *parser)
{
    parser->at += strspn(parser->at, " \t\r\n");
}

static struct word peek(struct parser *parser)
{
    skip_blanks(parser);
    struct word word = {parser->at, 0};
    while (is_name(word.text[word.len]))
        word.len++;
    return word;
}

static bool is_word(struct word word, const char *keyword)
{
    if (word.len != strlen(keyword))
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (vb_ascii_lower(word.text[i]) != keyword[i])
            return false;
    return true;
}

static bool take(struct parser *parser, const char *keyword)
{
    const struct word word = peek(parser);
    if (!is_word(word, keyword))
        return false;
    parser->at = word.text + word.len;
    return true;
}

/* '*' stands for any run; all of NAME must match. */
static bool name_matches(struct word pattern, const char *name)
{
    size_t p = 0, star = SIZE_MAX;
    const char *mark = name;
    while (*name != '\0') {
        if (p < pattern.len && pattern.text[p] == '*') {
            star = p++;
            mark = name;
        } else if (p < pattern.len && pattern.text[p] == *name) {
            p++;
            name++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            name = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.text[p] == '*')
        p++;
    return p == pattern.len;
}

static struct node *use(struct parser *parser, struct search *search)
{
    search->used = true;
    parser->load->nodes += search->nodes;
    return search->tree;
}

static struct node *quantified(struct parser *parser, struct word quantity)
{
    struct load *load = parser->load;
    const struct word what = peek(parser);
    parser->at = what.text + what.len;
    const bool them = is_word(what, "them");
    struct node *node = vb_sigma_node(load, NODE_COUNT, parser->count);
    if (node == NULL)
        return NULL;
    for (size_t i = 0; i < parser->count; i++) {
        struct search *search = &parser->searches[i];
        if (search->name[0] != '_' && (them || name_matches(what, search->name)))
            node->children[node->count++] = use(parser, search);
    }
    if (node->count == 0)
        return vb_sigma_refuse(load, parser->line, "no search is called \"%.*s\"",
                               (int)(what.len > 80 ? 80 : what.len), what.text);
    const bool all = is_word(quantity, "all");
    unsigned long need = all ? node->count : 1;
    if (!all && !is_word(quantity, "any"))
        need = quantity.len > 6 ? 1000000 : strtoul(quantity.text, NULL, 10);
    if (need == 0 || need > node->count)
        return vb_sigma_refuse(load, parser->line, "%lu of %zu searches", need, node->count);
    node->need = (uint32_t)need;
    node->kind = need == 1 ? NODE_OR : need == node->count ? NODE_AND : NODE_COUNT;
    return node;
}

static bool is_quantity(struct word word)
{
    if (is_word(word, "all") || is_word(word, "any"))
        return true;
    for (size_t i = 0; i < word.len; i++)
        if (word.text[i] < '0' || word.text[i] > '9')
            return false;
    return word.len > 0;
}

static struct node *parse_or(struct parser *parser);

static struct node *parse_group(struct parser *parser)
{
    if (++parser->depth > SIGMA_CONDITION_DEPTH)
        return vb_sigma_refuse(parser->load, parser->line, "the condition is nested too deeply");
    parser->at++;
    struct node *node = parse_or(parser);
    parser->depth--;
    if (node == NULL)
        return NULL;
    skip_blanks(parser);
    if (*parser->at != ')')
        return vb_sigma_refuse(parser->load, parser->line, "a parenthesis is not closed");
    parser->at++;
    return node;
}

static struct node *parse_atom(struct parser *parser)
{
    const struct word word = peek(parser);
    if (*word.text == '(')
        return parse_group(parser);
    if (*word.text == '|')
        return vb_sigma_refuse(parser->load, parser->line,
                               "aggregations are of Sigma 1: use a correlation rule");
    if (word.len == 0 && *word.text != '\0')
        return vb_sigma_refuse(parser->load, parser->line,
                               "the condition has no place for '%.1s' here", word.text);
    if (word.len == 0 || is_word(word, "and") || is_word(word, "or") || is_word(word, "of") ||
        is_word(word, "not"))
        return vb_sigma_refuse(parser->load, parser->line, "the condition misses a search%s%.*s",
                               word.len == 0 ? " at its end" : " before ", (int)word.len,
                               word.text);
    parser->at = word.text + word.len;
    if (is_quantity(word) && take(parser, "of"))
        return quantified(parser, word);
    for (size_t i = 0; i < parser->count; i++)
        if (strlen(parser->searches[i].name) == word.len &&
            memcmp(parser->searches[i].name, word.text, word.len) == 0)
            return use(parser, &parser->searches[i]);
    return vb_sigma_refuse(parser->load, parser->line, "no search is called \"%.*s\"",
                           (int)(word.len > 80 ? 80 : word.len), word.text);
}

static struct node *parse_not(struct parser *parser)
{
    bool negated = false;
    while (take(parser, "not"))
        negated = !negated;
    struct node *inner = parse_atom(parser);
    if (!negated || inner == NULL)
        return inner;
    struct node *node = vb_sigma_node(parser->load, NODE_NOT, 1);
    if (node != NULL)
        node->children[node->count++] = inner;
    return node;
}

struct chain {
    struct node **items;
    size_t count;
};

static void chain_done(struct chain *chain)
{
    free(chain->items);
}

/* One or more of what NEXT parses, with KEYWORD between them. */
static struct node *parse_chain(struct parser *parser, const char *keyword, enum node_kind kind,
                                struct node *(*next)(struct parser *))
{
    VB_CLEANUP(chain_done) struct chain chain = {0};
    do {
        struct node *item = next(parser);
        if (item == NULL || !SIGMA_GROW(parser->load->sigma, chain.items, chain.count))
            return NULL;
        chain.items[chain.count++] = item;
    } while (take(parser, keyword));
    return vb_sigma_join(parser->load, kind, chain.items, chain.count);
}

static struct node *parse_and(struct parser *parser)
{
    return parse_chain(parser, "and", NODE_AND, parse_not);
}

static struct node *parse_or(struct parser *parser)
{
    return parse_chain(parser, "or", NODE_OR, parse_and);
}

struct node *vb_sigma_load_condition(struct load *load, const struct vb_yaml_node *text,
                                     struct search *searches, size_t count)
{
    if (text->kind != VB_YAML_SCALAR)
        return vb_sigma_refuse(load, text->line, "a condition is text");
    if (text->len > SIGMA_CONDITION_BYTES)
        return vb_sigma_refuse(load, text->line, "the condition is too long");
    struct parser parser = {
        .load = load, .line = text->line, .at = text->text, .searches = searches, .count = count};
    struct node *tree = parse_or(&parser);
    if (tree == NULL)
        return NULL;
    const struct word rest = peek(&parser);
    if (*rest.text == '|')
        return vb_sigma_refuse(load, text->line,
                               "aggregations are of Sigma 1: use a correlation rule");
    if (*rest.text != '\0')
        return vb_sigma_refuse(load, text->line, "the condition goes on with \"%.40s\"", rest.text);
    return tree;
}
