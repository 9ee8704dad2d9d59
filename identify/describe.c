/* What a package says of itself: name, version, author, and so on, from whichever manifest its kind
 * has. Texts are borrowed from facts->own, which keeps the values alive. */
#include "identify/internal.h"

#include <ctype.h>

const char *vb_id_fact(struct vb_id *id, struct vb_id_facts *facts, const json_t *value)
{
    char text[64];
    const char *person = vb_id_person(value);
    if (facts->own == NULL)
        facts->own = json_array();
    json_t *kept = NULL;
    if (person != NULL)
        kept = json_string_nocheck(person);
    else if (value != NULL && vb_id_scalar(value, text, sizeof(text)))
        kept = json_string(text);
    else
        return NULL;
    if (kept == NULL || json_array_append_new(facts->own, kept) != 0) {
        vb_id_fail(id, VB_E_NOMEM, "describing a package");
        return NULL;
    }
    return json_string_value(kept);
}

static void describe_object(struct vb_id *id, const json_t *manifest, struct vb_id_facts *ret)
{
    ret->name = vb_id_fact(id, ret, vb_id_get(manifest, "name"));
    ret->version = vb_id_fact(id, ret, vb_id_get(manifest, "version"));
    ret->author = vb_id_fact(id, ret, vb_id_get(manifest, "author"));
    ret->description = vb_id_fact(id, ret, vb_id_get(manifest, "description"));
    ret->license = vb_id_fact(id, ret, vb_id_get(manifest, "license"));
    ret->homepage = vb_id_fact(id, ret, vb_id_get(manifest, "homepage"));
}

static void describe_file(struct vb_id *id, const char *root, const char *rel,
                          struct vb_id_facts *ret)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, rel);
    describe_object(id, doc == NULL ? NULL : doc->json, ret);
}

/* Fields that the first manifest leaves open, from another one. */
static void complete(struct vb_id *id, const char *root, const char *rel, struct vb_id_facts *ret)
{
    struct vb_id_facts other = {.own = ret->own};
    describe_file(id, root, rel, &other);
    ret->own = other.own;
    const char **const to[] = {&ret->name,        &ret->version, &ret->author,
                               &ret->description, &ret->license, &ret->homepage};
    const char *const from[] = {other.name,        other.version, other.author,
                                other.description, other.license, other.homepage};
    for (size_t i = 0; i < VB_ARRAY_LEN(to); i++)
        *to[i] = *to[i] == NULL ? from[i] : *to[i];
}

VB_ID_DESCRIBE(openclaw_plugin)
{
    describe_file(id, root, "openclaw.plugin.json", ret);
    const struct vb_id_doc *doc = vb_id_json(id, root, "openclaw.plugin.json");
    if (ret->name == NULL && doc != NULL)
        ret->name = vb_id_fact(id, ret, vb_id_get(doc->json, "id"));
    complete(id, root, "package.json", ret);
}

VB_ID_DESCRIBE(codex)
{
    describe_file(id, root, ".codex-plugin/plugin.json", ret);
}

VB_ID_DESCRIBE(cursor)
{
    describe_file(id, root, ".cursor-plugin/plugin.json", ret);
}

VB_ID_DESCRIBE(claude)
{
    describe_file(id, root, ".claude-plugin/plugin.json", ret);
}

VB_ID_DESCRIBE(marketplace)
{
    describe_file(id, root, ".claude-plugin/marketplace.json", ret);
    const struct vb_id_doc *doc = vb_id_json(id, root, ".claude-plugin/marketplace.json");
    if (ret->author == NULL && doc != NULL)
        ret->author = vb_id_fact(id, ret, vb_id_get(doc->json, "owner"));
}

VB_ID_DESCRIBE(agent_plugin)
{
    describe_file(id, root, "plugin.json", ret);
}

VB_ID_DESCRIBE(gemini)
{
    describe_file(id, root, "gemini-extension.json", ret);
}

VB_ID_DESCRIBE(mcpb)
{
    describe_file(id, root, "manifest.json", ret);
}

VB_ID_DESCRIBE(vscode)
{
    describe_file(id, root, "extension/package.json", ret);
    const struct vb_id_doc *doc = vb_id_json(id, root, "extension/package.json");
    if (ret->author == NULL && doc != NULL)
        ret->author = vb_id_fact(id, ret, vb_id_get(doc->json, "publisher"));
}

VB_ID_DESCRIBE(registry)
{
    describe_file(id, root, "server.json", ret);
}

VB_ID_DESCRIBE(npm)
{
    describe_file(id, root, "package.json", ret);
}

/* The first that names a licence; a second one leaves it open which of them holds. */
static void classify(struct vb_id_facts *facts, const char *classifier)
{
    const char *license = vb_id_license_of_classifier(classifier);
    if (license != NULL && facts->classified == NULL && !facts->many_classified)
        facts->classified = license;
    else if (license != NULL) {
        facts->classified = NULL;
        facts->many_classified = true;
    }
}

/* "Name: value" lines of PKG-INFO and METADATA, up to the first empty line. */
static void describe_headers(struct vb_id *id, const char *path, struct vb_id_facts *ret)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    const struct {
        const char *key;
        const char **to;
    } rows[] = {
        {"Name:", &ret->name},           {"Version:", &ret->version},
        {"Author:", &ret->author},       {"Summary:", &ret->description},
        {"License:", &ret->license},     {"Home-page:", &ret->homepage},
        {"Author-email:", &ret->author}, {"License-Expression:", &ret->license},
    };
    int64_t number = 0;
    if (!vb_id_read_lines(id, path, &text))
        return;
    for (char *rest = (char *)text.data, *line; (line = vb_id_take_line(&rest)) != NULL;) {
        line[strcspn(line, "\r")] = '\0';
        number++;
        if (line[0] == '\0')
            return;
        if (vb_ascii_starts(line, "Requires-Dist:"))
            vb_id_declare(id, (struct vb_id_at){path, number}, "dependency",
                          line + 14 + strspn(line + 14, " \t"), "Requires-Dist");
        if (vb_ascii_starts(line, "Classifier:"))
            classify(ret, line + 11 + strspn(line + 11, " \t"));
        for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
            const size_t len = strlen(rows[i].key);
            if (!vb_ascii_starts(line, rows[i].key) || *rows[i].to != NULL)
                continue;
            json_t *value = json_string(line + len + strspn(line + len, " \t"));
            *rows[i].to = vb_id_fact(id, ret, value);
            json_decref(value);
        }
    }
}

VB_ID_DESCRIBE(python_dist)
{
    static const char tail[] = ".dist-info/METADATA";
    char prefix[VB_ID_PATH_MAX];
    const struct vb_id_file *info = vb_id_at_root(id, root, "PKG-INFO");
    if (!vb_id_prefix(prefix, root))
        return;
    for (size_t i = vb_id_lower(id, prefix);
         info == NULL && i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        const size_t len = strlen(id->files[i].path);
        if (len > sizeof(tail) && strcmp(id->files[i].path + len - sizeof(tail) + 1, tail) == 0)
            info = &id->files[i];
    }
    if (info != NULL)
        describe_headers(id, info->path, ret);
}

VB_ID_DESCRIBE(python)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, "pyproject.toml");
    if (doc == NULL)
        return;
    const json_t *project = vb_id_get(doc->json, "project");
    if (project == NULL)
        project = vb_id_get(vb_id_get(doc->json, "tool"), "poetry");
    describe_object(id, project, ret);
    if (ret->author == NULL)
        ret->author = vb_id_fact(id, ret, vb_id_get(project, "authors"));
    if (ret->license == NULL)
        ret->license = vb_id_fact(id, ret, vb_id_get(vb_id_get(project, "license"), "text"));
    const json_t *classifiers = vb_id_get(project, "classifiers");
    for (size_t i = 0; i < json_array_size(classifiers); i++)
        if (json_is_string(json_array_get(classifiers, i)))
            classify(ret, json_string_value(json_array_get(classifiers, i)));
}

VB_ID_DESCRIBE(mcp_server)
{
    vb_id_describe_npm(id, root, ret);
    if (ret->name == NULL)
        vb_id_describe_python(id, root, ret);
}

/* 1 to 64 lower-case letters, digits and single hyphens inside (agentskills.io). */
static bool good_name(const char *name)
{
    const size_t len = strlen(name);
    if (len == 0 || len > 64 || name[0] == '-' || name[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        const bool word = islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]);
        if (!word && (name[i] != '-' || name[i + 1] == '-'))
            return false;
    }
    return true;
}

/* The plugin that the folder ROOT belongs to: skills of two plugins have names of their own. */
static void plugin_of(const struct vb_id *id, const char *root, char ret[VB_ID_PATH_MAX])
{
    static const char *const manifests[] = {
        ".claude-plugin/plugin.json", ".codex-plugin/plugin.json", ".cursor-plugin/plugin.json",
        "openclaw.plugin.json",       "gemini-extension.json",     "plugin.json"};
    snprintf(ret, VB_ID_PATH_MAX, "%s", root);
    while (strcmp(ret, ".") != 0) {
        for (size_t i = 0; i < VB_ARRAY_LEN(manifests); i++) {
            if (vb_id_at_root(id, ret, manifests[i]) != NULL)
                return;
        }
        vb_id_parent(ret, ret);
    }
}

static bool same_text(struct vb_id *id, const char *path, const char *other_root)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf a = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf b = {0};
    const struct vb_id_file *other = vb_id_skill_file(id, other_root);
    return other == NULL || (vb_id_peek(id, path, id->limits->file_bytes, &a) &&
                             vb_id_peek(id, other->path, id->limits->file_bytes, &b) &&
                             a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0));
}

/* Of two skills with one name hosts load one and say nothing; which one depends on their folders.
 * Copies of one text are harmless. */
static void check_shadow(struct vb_id *id, const char *root, struct vb_id_at at, const char *name)
{
    char plugin[VB_ID_PATH_MAX];
    char key[VB_ID_PATH_MAX + 128];
    plugin_of(id, root, plugin);
    snprintf(key, sizeof(key), "%.100s\x1f%s", name, plugin);
    const json_t *other = json_object_get(id->skills, key);
    if (other == NULL) {
        if (json_object_set_new_nocheck(id->skills, key, json_string_nocheck(root)) != 0)
            vb_id_fail(id, VB_E_NOMEM, "remembering a skill");
    } else if (strcmp(json_string_value(other), root) != 0 &&
               !same_text(id, at.path, json_string_value(other))) {
        vb_id_problem(id, at, "same-name", "%.200s holds another skill of the name %.100s",
                      json_string_value(other), name);
    }
}

static void check_skill(struct vb_id *id, const char *root, struct vb_id_at at,
                        const struct vb_id_facts *facts)
{
    if (facts->name == NULL)
        vb_id_problem(id, at, "name-missing", "the skill has no name of its own");
    else if (!good_name(facts->name))
        vb_id_problem(id, at, "name-invalid", "\"%.100s\" is no name for a skill", facts->name);
    else if (strcmp(root, id->top) != 0 && strcmp(facts->name, vb_path_base(root)) != 0)
        vb_id_problem(id, at, "name-mismatch", "the skill \"%.100s\" stands in the folder %.100s",
                      facts->name, vb_path_base(root));
    if (facts->name != NULL)
        check_shadow(id, root, at, facts->name);
    if (facts->description == NULL || facts->description[0] == '\0')
        vb_id_problem(id, at, "description-missing", "the skill has no description");
    else if (strlen(facts->description) > 4096)
        vb_id_problem(id, at, "description-too-long", "%zu bytes of description",
                      strlen(facts->description));
}

static void describe_front(struct vb_id *id, const char *path, const char *root,
                           struct vb_id_facts *ret)
{
    static const char *const metas[] = {"version", "author", "license", "homepage"};
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    struct vb_id_front front;
    if (!vb_id_read(id, path, id->limits->file_bytes, &text))
        return;
    vb_id_front_read(id, path, &text, true, &front);
    describe_object(id, front.fields, ret);
    const json_t *blocks[VB_ID_BLOCKS];
    const json_t *block = vb_id_openclaw_blocks(front.meta, blocks) > 0 ? blocks[0] : NULL;
    const char **const to[] = {&ret->version, &ret->author, &ret->license, &ret->homepage};
    for (size_t i = 0; i < VB_ARRAY_LEN(metas); i++) {
        if (*to[i] == NULL)
            *to[i] = vb_id_fact(id, ret, vb_id_get(front.meta, metas[i]));
        if (*to[i] == NULL)
            *to[i] = vb_id_fact(id, ret, vb_id_get(block, metas[i]));
    }
    if (vb_id_is_skill_name(vb_path_base(path)) && front.fields != NULL)
        check_skill(id, root, (struct vb_id_at){path, front.line}, ret);
    vb_id_front_done(&front);
}

VB_ID_DESCRIBE(skill)
{
    const struct vb_id_file *file = vb_id_skill_file(id, root);
    if (file == NULL)
        return;
    describe_front(id, file->path, root, ret);
}

VB_ID_DESCRIBE(hook_pack)
{
    const struct vb_id_file *file = vb_id_at_root(id, root, "HOOK.md");
    if (file != NULL)
        describe_front(id, file->path, root, ret);
    complete(id, root, "package.json", ret);
}

VB_ID_DESCRIBE(claw)
{
    const struct vb_id_file *file = vb_id_at_root(id, root, "CLAW.md");
    if (file != NULL)
        describe_front(id, file->path, root, ret);
    complete(id, root, "package.json", ret);
}
