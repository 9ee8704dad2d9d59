/* identify: what the package is, what it says, and what in it executes or instructs. Runs in a
 * confined child; everything below the tree is hostile and every failure to read it is an event. */
#include "vetbox/identify.h"

#include "identify/internal.h"

const struct vb_identify_limits vb_identify_default_limits = {
    .file_bytes = 1024 * 1024,
    .frontmatter_bytes = 16 * 1024,
    .packages = 512,
    .codes = 4096,
};

typedef void step(struct vb_id *id);

static int take_steps(struct vb_id *id, step *const *steps, size_t count)
{
    id->seen = json_object();
    id->pages = json_object();
    id->skills = json_object();
    id->read = json_object();
    id->fact_index = json_object();
    if (id->limits == NULL)
        id->limits = &vb_identify_default_limits;
    if (id->seen == NULL || id->pages == NULL || id->skills == NULL || id->read == NULL ||
        id->fact_index == NULL)
        vb_id_fail(id, VB_E_NOMEM, "identifying the package");
    for (size_t i = 0; i < count && vb_id_ok(id); i++)
        steps[i](id);
    vb_id_docs_clear(id);
    vb_id_emit_done(id);
    vb_id_files_done(id);
    free(id->top);
    return id->status < 0 ? vb_wrap(id->err, "identifying the package") : VB_OK;
}

int vb_identify(int dirfd, const char *name, const struct vb_identify_limits *limits,
                struct vb_sink *sink, struct vb_error *err)
{
    /* In the order in which their findings help a reader: what it is, what starts by itself, what
     * it tells people and agents to do, what else could be run. */
    static step *const steps[] = {vb_id_walk,         vb_id_packages, vb_id_read_repository,
                                  vb_id_instructions, vb_id_scripts,  vb_id_build_files,
                                  vb_id_finish};
    struct vb_id id = {.dirfd = dirfd, .name = name, .limits = limits, .sink = sink, .err = err};
    return take_steps(&id, steps, VB_ARRAY_LEN(steps));
}

int vb_identify_beside(int dirfd, const struct vb_identify_limits *limits, struct vb_sink *sink,
                       struct vb_error *err)
{
    static step *const steps[] = {vb_id_walk, vb_id_beside, vb_id_finish};
    struct vb_id id = {.dirfd = dirfd, .name = "", .limits = limits, .sink = sink, .err = err};
    return take_steps(&id, steps, VB_ARRAY_LEN(steps));
}
