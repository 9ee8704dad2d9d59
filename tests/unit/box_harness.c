#include "box_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "slowness.h"

bool without_overlay;
bool without_cgroup;

bool boxes_available(void)
{
    struct vb_layer_report reports[VB_LAYERS_MAX];
    struct vb_error err = {0};
    const int count = vb_layers_probe(reports, &err);
    for (int i = 0; i < count; i++) {
        if (reports[i].purpose == VB_LAYER_CONTAINMENT && !reports[i].present) {
            printf("skipped: %s: %s\n", reports[i].name, reports[i].detail);
            return false;
        }
    }
    return true;
}

static int catch_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct catcher *catcher = (struct catcher *)(void *)sink;
    if (catcher->count++ == 0)
        catcher->first = event->kind;
    catcher->last = event->kind;
    catcher->strays += event->detonation != 7;
    if (event->kind == VB_EV_DETONATION_OUTPUT) {
        const struct vb_str text = vb_event_get_str(event, VB_F_TEXT);
        const bool error = vb_str_equal(vb_event_get_str(event, VB_F_STREAM), "stderr");
        const int status =
            vb_buf_append(error ? &catcher->errors : &catcher->output, text.text, text.len, err);
        if (status < 0)
            return status;
    }
    return vb_event_to_json(event, &catcher->log, err);
}

void run_init(struct run *run)
{
    *run = (struct run){.caught.sink.emit = catch_event};
    vb_buf_init(&run->caught.log, 64 << 20);
    vb_buf_init(&run->caught.output, 64 << 20);
    vb_buf_init(&run->caught.errors, 64 << 20);
    run->setup.options = vb_sandbox_default_options;
    run->setup.options.epoch_ns = vb_monotonic_ns();
    run->setup.options.disk_bytes = 16 << 20;
    run->setup.options.memory_bytes = 128 << 20;
    run->setup.options.processes = 24;
    run->setup.staging_fd = -1;
    vb_base_init(&run->setup.base);
    vb_cgroups_init(&run->setup.cgroups);
    run->setup.options.no_overlay = without_overlay;
    run->setup.options.no_cgroup = without_cgroup;
    snprintf(run->setup.folder, sizeof(run->setup.folder), "weather");
    snprintf(run->setup.machine_id, sizeof(run->setup.machine_id), "0123456789abcdef");
    snprintf(run->setup.boot_id, sizeof(run->setup.boot_id), "boot-id-of-the-box");
}

void run_done(struct run *run)
{
    vb_buf_done(&run->caught.log);
    vb_buf_done(&run->caught.output);
    vb_buf_done(&run->caught.errors);
    vb_close_fd(&run->setup.staging_fd);
    vb_close_fd(&run->setup.options.tree_fd);
    vb_base_done(&run->setup.base);
    vb_cgroups_done(&run->setup.cgroups);
}

void run_argv(struct run *run, char **argv, unsigned timeout_ms)
{
    char reason[] = "test";
    const struct vb_detonation detonation = {
        .id = 7, .reason = reason, .argv = argv, .timeout_ms = timeout_ms * slowness()};
    struct vb_error ignored;
    if (!run->setup.options.no_cgroup && vb_cgroups_new(&run->setup.cgroups, &ignored) < 0)
        vb_cgroups_init(&run->setup.cgroups);
    run->status = vb_base_new(&run->setup, &run->setup.base, &run->err);
    if (run->status == VB_OK && !without_overlay && !run->setup.base.overlay)
        print_message("this kernel has no overlay for boxes\n");
    if (run->status == VB_OK)
        run->status =
            vb_box_run(&run->setup, &detonation, &run->caught.sink, &run->result, &run->err);
    if (run->caught.errors.len > 0)
        assert_int_equal(vb_buf_append(&run->caught.output, run->caught.errors.data,
                                       run->caught.errors.len, NULL),
                         VB_OK);
}

void run_shell(struct run *run, const char *script, unsigned timeout_ms)
{
    char bash[] = "bash";
    char c[] = "-c";
    char *text = strdup(script);
    char *argv[] = {bash, c, text, NULL};
    run_argv(run, argv, timeout_ms);
    free(text);
    if (run->status < 0)
        print_error("%s\n", run->err.message);
}

bool logged(const struct run *run, const char *text)
{
    return run->caught.log.data != NULL && strstr((const char *)run->caught.log.data, text) != NULL;
}

const char *output(const struct run *run)
{
    return run->caught.output.data == NULL ? "" : (const char *)run->caught.output.data;
}

bool changed(const struct run *run, const char *path, const char *change)
{
    char text[512];
    snprintf(text, sizeof(text), "\"path\":\"%s\",\"change\":\"%s\"", path, change);
    return logged(run, text);
}
