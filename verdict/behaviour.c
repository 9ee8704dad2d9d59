/* Loads the rules over what runs do: those that are built in or those of a folder in their place,
 * and the user's own. */
#include "verdict/behaviour.h"

#include "verdict/internal.h"

/* A foreign rule's match is something to look at: never more than the default policy reviews. */
static const struct {
    enum vb_severity severity;
    enum vb_confidence confidence;
} foreign_grades[] = {
    [VB_SIGMA_INFORMATIONAL] = {VB_SEVERITY_INFO, VB_CONFIDENCE_LOW},
    [VB_SIGMA_LOW] = {VB_SEVERITY_LOW, VB_CONFIDENCE_LOW},
    [VB_SIGMA_MEDIUM] = {VB_SEVERITY_MEDIUM, VB_CONFIDENCE_LOW},
    [VB_SIGMA_HIGH] = {VB_SEVERITY_HIGH, VB_CONFIDENCE_MEDIUM},
    [VB_SIGMA_CRITICAL] = {VB_SEVERITY_HIGH, VB_CONFIDENCE_MEDIUM},
};

/* attack.t1059.004 is ATTACK-T1059.004; tags of other kinds name no technique. */
static const char *mapping_of(struct arena *arena, const struct vb_sigma_rule *rule)
{
    const char *words = rule->mapping;
    for (size_t i = 0; i < rule->tag_count; i++) {
        const char *tag = rule->tags[i];
        if (!vb_starts(tag, "attack.t") || tag[8] < '0' || tag[8] > '9')
            continue;
        words =
            vb_arena_printf(arena, "%s%sATTACK-T%s", words, words[0] == '\0' ? "" : " ", tag + 8);
    }
    return words;
}

/* SIGMA- and the rule's id; without one its name or title, as far as ids may hold it. */
static const char *foreign_id(struct arena *arena, const struct vb_sigma_rule *rule)
{
    const char *from = rule->id[0] != '\0'     ? rule->id
                       : rule->name[0] != '\0' ? rule->name
                                               : rule->title;
    char *id = vb_arena_printf(arena, "SIGMA-%.80s", from);
    for (char *at = id; *at != '\0'; at++) {
        const bool lower = *at >= 'a' && *at <= 'z';
        if (lower)
            *at = (char)(*at - 'a' + 'A');
        else if (!(*at >= 'A' && *at <= 'Z') && !(*at >= '0' && *at <= '9'))
            *at = '-';
    }
    return id;
}

static void fill_rule(struct arena *arena, const struct vb_sigma_rule *rule,
                      struct vb_behaviour_rule *ret)
{
    const bool foreign = rule->finding[0] == '\0';
    const int severity = vb_severity_named(rule->severity, strlen(rule->severity));
    const int confidence = vb_confidence_named(rule->confidence, strlen(rule->confidence));
    *ret = (struct vb_behaviour_rule){
        .name = rule->name[0] != '\0' ? rule->name : rule->title,
        .id = rule->id,
        .title = rule->title,
        .description = rule->description[0] != '\0' ? rule->description : rule->title,
        .author = rule->author,
        .finding = foreign ? foreign_id(arena, rule) : rule->finding,
        .severity = foreign_grades[rule->level].severity,
        .confidence = foreign ? foreign_grades[rule->level].confidence : VB_CONFIDENCE_MEDIUM,
        .mapping = mapping_of(arena, rule),
        .unless = rule->unless,
        .file = rule->file,
        .line = rule->line,
        .foreign = foreign,
        .correlation = rule->correlation,
        .reported = rule->reported,
    };
    if (!foreign && rule->level == VB_SIGMA_CRITICAL)
        ret->severity = VB_SEVERITY_CRITICAL;
    if (!foreign && severity >= 0)
        ret->severity = (enum vb_severity)severity;
    if (!foreign && confidence >= 0)
        ret->confidence = (enum vb_confidence)confidence;
}

static int load_built_in(struct vb_sigma *sigma, struct vb_error *err)
{
    const struct vb_behaviour_file *files = NULL;
    const size_t count = vb_behaviour_files(&files);
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < count; i++)
        status =
            vb_sigma_load(sigma, files[i].name, (const char *)files[i].text, files[i].len, err);
    return status;
}

static int load_all(struct vb_behaviour *behaviour, const struct vb_behaviour_options *options,
                    struct vb_error *err)
{
    int status = vb_sigma_new(NULL, &behaviour->sigma, err);
    if (status == VB_OK)
        status = options->folder == NULL
                     ? load_built_in(behaviour->sigma, err)
                     : vb_sigma_load_path(behaviour->sigma, options->folder, err);
    for (size_t i = 0; status == VB_OK && i < options->more_count; i++)
        status = vb_sigma_load_path(behaviour->sigma, options->more[i], err);
    if (status == VB_OK)
        status = vb_sigma_compile(behaviour->sigma, err);
    if (status < 0)
        return status;
    behaviour->count = vb_sigma_rule_count(behaviour->sigma);
    behaviour->rules =
        vb_arena_alloc(&behaviour->arena, (behaviour->count + 1) * sizeof(*behaviour->rules));
    for (size_t i = 0; behaviour->rules != NULL && i < behaviour->count; i++)
        fill_rule(&behaviour->arena, vb_sigma_rule(behaviour->sigma, i), &behaviour->rules[i]);
    return behaviour->arena.failed ? vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules")
                                   : VB_OK;
}

int vb_behaviour_load(const struct vb_behaviour_options *options, struct vb_behaviour **ret,
                      struct vb_error *err)
{
    static const struct vb_behaviour_options built_in = {0};
    struct vb_behaviour *behaviour = calloc(1, sizeof(*behaviour));
    if (behaviour == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    const struct vb_behaviour_options *wanted = options == NULL ? &built_in : options;
    int status = vb_iocs_load(wanted->iocs, &behaviour->iocs, err);
    if (status == VB_OK)
        status = load_all(behaviour, wanted, err);
    if (status < 0)
        vb_behaviour_free(behaviour);
    else
        *ret = behaviour;
    return status;
}

void vb_behaviour_free(struct vb_behaviour *behaviour)
{
    if (behaviour == NULL)
        return;
    vb_iocs_free(behaviour->iocs);
    vb_sigma_free(behaviour->sigma);
    vb_arena_done(&behaviour->arena);
    free(behaviour);
}

const struct vb_iocs *vb_behaviour_iocs(const struct vb_behaviour *behaviour)
{
    return behaviour->iocs;
}

size_t vb_behaviour_count(const struct vb_behaviour *behaviour)
{
    return behaviour == NULL ? 0 : behaviour->count;
}

const struct vb_behaviour_rule *vb_behaviour_rule(const struct vb_behaviour *behaviour,
                                                  size_t index)
{
    return &behaviour->rules[index];
}

size_t vb_behaviour_problems(const struct vb_behaviour *behaviour, vb_behaviour_told *told,
                             void *ctx)
{
    static const enum vb_behaviour_gravity gravities[] = {
        [VB_SIGMA_ERROR] = VB_BEHAVIOUR_WRONG,
        [VB_SIGMA_SKIPPED] = VB_BEHAVIOUR_SKIPPED,
        [VB_SIGMA_WARNING] = VB_BEHAVIOUR_DOUBT,
    };
    size_t wrong = 0;
    for (size_t i = 0; i < vb_sigma_problem_count(behaviour->sigma); i++) {
        const struct vb_sigma_problem *problem = vb_sigma_problem(behaviour->sigma, i);
        wrong += problem->gravity == VB_SIGMA_ERROR;
        told(ctx, gravities[problem->gravity], problem->file, problem->line, problem->text);
    }
    return wrong;
}
