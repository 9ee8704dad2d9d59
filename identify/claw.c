/* OpenClaw's agent packages ("Claws"): CLAW.md, or the file that package.json names, as YAML
 * frontmatter over a body or as JSON. The body becomes the new agent's system prompt; cron jobs
 * send it prompts at set times. Trust boundary: hostile text. */
#include "identify/internal.h"

/* Where a schedule stands in a job, or in its "schedule". */
static const char *const time_keys[] = {"schedule", "cron", "expr", "every", "everyMs", "at"};
static const char *const prompt_keys[] = {"prompt", "message", "text"};

struct claw {
    const char *root;
    const char *path;
    const struct vb_buf *text;
    const json_t *fields;
};

static struct vb_id_at place_of(struct vb_id *id, const struct claw *claw, const char *key)
{
    return (struct vb_id_at){claw->path, vb_id_line_find(id, claw->text, key)};
}

static void read_packages(struct vb_id *id, const struct claw *claw)
{
    char detail[256];
    const struct vb_id_at at = place_of(id, claw, "packages");
    const json_t *list = vb_id_get(claw->fields, "packages");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *kind = vb_id_str(item, "kind");
        const char *source = vb_id_str(item, "source");
        const char *version = vb_id_str(item, "version");
        snprintf(detail, sizeof(detail), "%s %s %s", kind == NULL ? "" : kind,
                 source == NULL ? "" : source, version == NULL ? "" : version);
        vb_id_declare(id, at, "dependency", vb_id_str(item, "ref"), detail);
    }
}

static bool read_time(const json_t *job, char *ret, size_t size)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(time_keys); i++) {
        const json_t *value = vb_id_get(job, time_keys[i]);
        if (value != NULL && (vb_id_scalar(value, ret, size) ||
                              (json_is_object(value) && i == 0 && read_time(value, ret, size))))
            return true;
    }
    return false;
}

void vb_id_schedule(struct vb_id *id, struct vb_id_at at, const json_t *job)
{
    char when[128] = "unknown";
    const char *name = vb_id_str(job, "name");
    const json_t *const places[] = {job, vb_id_get(job, "payload")};
    (void)read_time(job, when, sizeof(when));
    vb_id_declare(id, at, "schedule", when, name != NULL ? name : vb_id_str(job, "id"));
    for (size_t p = 0; p < VB_ARRAY_LEN(places); p++) {
        for (size_t i = 0; i < VB_ARRAY_LEN(prompt_keys); i++)
            vb_id_text(id, at, vb_id_str(places[p], prompt_keys[i]));
    }
}

static void read_jobs(struct vb_id *id, const struct claw *claw)
{
    const struct vb_id_at at = place_of(id, claw, "cronJobs");
    const json_t *jobs = vb_id_get(claw->fields, "cronJobs");
    for (size_t i = 0; i < json_array_size(jobs); i++)
        vb_id_schedule(id, at, json_array_get(jobs, i));
}

/* Files of the package that are copied into the agent's workspace, and where to. */
static void read_workspace_file(struct vb_id *id, const struct claw *claw, const char *source,
                                const char *target)
{
    char rel[VB_ID_PATH_MAX];
    if (source == NULL)
        return;
    const struct vb_id_at at = place_of(id, claw, source);
    vb_id_declare(id, at, "path", target == NULL ? source : target, "workspace");
    if (!vb_id_clean_path(rel, source))
        vb_id_problem(id, at, "path-escapes", "workspace: %.300s leaves the package", source);
    else if (vb_id_at_root(id, claw->root, rel) == NULL)
        vb_id_problem(id, at, "missing-file", "workspace: %.300s is not in the package", source);
}

static void read_workspace(struct vb_id *id, const struct claw *claw)
{
    const char *target;
    json_t *source;
    const json_t *workspace = vb_id_get(claw->fields, "workspace");
    const json_t *files = vb_id_get(workspace, "files");
    json_t *bootstrap = vb_id_get(workspace, "bootstrapFiles");
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        read_workspace_file(id, claw, vb_id_str(file, "source"), vb_id_str(file, "path"));
    }
    json_object_foreach(bootstrap, target, source)
    {
        const char *named =
            json_is_string(source) ? json_string_value(source) : vb_id_str(source, "source");
        read_workspace_file(id, claw, named, target);
    }
}

static void read_fields(struct vb_id *id, const struct claw *claw)
{
    read_packages(id, claw);
    read_jobs(id, claw);
    read_workspace(id, claw);
}

static void read_markdown(struct vb_id *id, const char *root, const char *path)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    struct vb_id_front front;
    if (!vb_id_read(id, path, id->limits->file_bytes, &text))
        return;
    vb_id_front_read(id, path, &text, true, &front);
    read_fields(id, &(struct claw){root, path, &text, front.fields});
    vb_id_front_declare(id, path, &text, &front);
    vb_id_front_done(&front);
}

/* What package.json names, or CLAW.md. */
static const struct vb_id_file *manifest_of(struct vb_id *id, const char *root)
{
    char rel[VB_ID_PATH_MAX];
    const struct vb_id_doc *doc = vb_id_json(id, root, "package.json");
    const char *named = doc == NULL ? NULL : vb_id_str(vb_id_get(doc->json, "openclaw"), "claw");
    const struct vb_id_file *file =
        named != NULL && vb_id_clean_path(rel, named) ? vb_id_at_root(id, root, rel) : NULL;
    if (named != NULL && file == NULL)
        vb_id_problem(id, (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, named)},
                      "missing-file", "the Claw %.300s is not in the package", named);
    return file != NULL ? file : vb_id_at_root(id, root, "CLAW.md");
}

void vb_id_read_claw(struct vb_id *id, const char *root)
{
    const struct vb_id_file *file = manifest_of(id, root);
    if (file == NULL)
        return;
    if (!vb_ascii_equal(vb_path_extension(file->path), "json")) {
        read_markdown(id, root, file->path);
        return;
    }
    const struct vb_id_doc *doc = vb_id_json(id, ".", file->path);
    if (doc == NULL)
        return;
    read_fields(id, &(struct claw){root, doc->path, &doc->text, doc->json});
    vb_id_mcp_servers(
        id, (struct vb_id_source){&doc->text, doc->path, vb_id_get(doc->json, "mcpServers")});
}
