/* vetbox run: any command in the box, recorded. It exits as the command does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/follow.h"
#include "cli/network.h"
#include "cli/places.h"
#include "cli/session.h"
#include "cli/stop.h"
#include "vetbox/fetch.h"
#include "vetbox/sandbox.h"

static void sandbox_cleanup(struct vb_sandbox **sandbox)
{
    vb_sandbox_free(*sandbox);
}

static void policy_cleanup(struct vb_policy **policy)
{
    vb_policy_free(*policy);
}

/* --copy DIR: the folder that the command finds itself in. */
static int copy_folder(struct vb_session *session, int *ret_fd, struct vb_error *err)
{
    const char *dir = session->options->value[VB_OPT_COPY];
    if (dir == NULL)
        return VB_OK;
    session->reference = dir;
    const int status = vb_examine_fetch(session, err);
    if (status < 0)
        return status;
    if (session->artifact.form != VB_ARTIFACT_FOLDER)
        return vb_fail(err, VB_E_USAGE, 0, "--copy %s: a folder is needed", dir);
    *ret_fd = session->artifact.fd;
    return VB_OK;
}

/* Our own standard input, if there is anything to read. */
static int own_input(void)
{
    struct stat own, null;
    if (fstat(STDIN_FILENO, &own) < 0 || stat("/dev/null", &null) < 0)
        return -1;
    return S_ISCHR(own.st_mode) && own.st_rdev == null.st_rdev ? -1 : STDIN_FILENO;
}

/* How the command ended, and whether we were asked to end it. */
struct ending {
    int exit_status;
    int signal; /* that stopped us; 0: none */
};

/* OWN_STREAMS: what the command prints goes where our own output goes. */
static int detonate(struct vb_session *session, bool own_streams, struct ending *ret,
                    struct vb_error *err)
{
    VB_CLEANUP(vb_network_done) struct vb_network network = {0};
    VB_CLEANUP(sandbox_cleanup) struct vb_sandbox *sandbox = NULL;
    struct vb_sandbox_options options = vb_sandbox_default_options;
    char reason[] = "command";
    struct vb_detonation row = {.id = 1,
                                .reason = reason,
                                .argv = session->options->operands,
                                .timeout_ms = vb_session_left_ms(session)};
    struct vb_detonation_result result = {0};
    options.epoch_ns = session->log.epoch_ns;
    options.name = "run";
    options.rootfs = session->options->value[VB_OPT_ROOTFS];
    options.drops_fd = -1;
    options.input_fd = own_input();
    options.output_fds[0] = own_streams ? STDOUT_FILENO : -1;
    options.output_fds[1] = own_streams ? STDERR_FILENO : -1;
    options.tree_fd = -1;
    VB_CLEANUP_FREE char *world_rules = NULL;
    int status = vb_network_choose(session->options, &network, &options, err);
    if (status == VB_OK)
        status = vb_place_world_rules(session->options->value[VB_OPT_RULES], &world_rules, err);
    options.world_rules = world_rules;
    if (status == VB_OK)
        status = vb_persona_named(session->options->value[VB_OPT_PERSONA], &options.persona, err);
    options.baits = session->toolbox->baits;
    if (status == VB_OK)
        status = copy_folder(session, &options.tree_fd, err);
    if (status == VB_OK)
        status = vb_session_depend(session, err);
    options.closure_fd = session->deps.closure_fd;
    options.libraries_fd = session->deps.libraries_fd;
    if (status == VB_OK)
        status = vb_workspace_new(UINT64_C(512) << 20, 20000, &session->drops_fd, err);
    options.drops_fd = session->drops_fd;
    options.evidence_fd = session->evidence_fd;
    if (status == VB_OK)
        status = vb_stop_begin(&options.stop_fd, err);
    if (status == VB_OK)
        status = vb_sandbox_new(&options, &session->tee.sink, &sandbox, err);
    if (status == VB_OK)
        status = vb_detonate(sandbox, &row, &session->tee.sink, &result, err);
    ret->exit_status = result.exit_status;
    ret->signal = vb_stop_end(&options.stop_fd);
    return status;
}

static int record(struct vb_session *session, struct vb_follower *follower, struct ending *ret,
                  struct vb_error *err)
{
    const struct vb_options *options = session->options;
    session->follower = follower->sink.emit != NULL ? &follower->sink : NULL;
    int status = vb_session_open_evidence(session, 0, err);
    if (status == VB_OK)
        status = vb_session_begin(session, options, "run", options->operands[0], err);
    if (status == VB_OK)
        /* a stream has standard output to itself: what the command prints is in its events */
        status = detonate(session, follower->stream_fd < 0, ret, err);
    if (status == VB_OK)
        status = vb_session_end(session, err);
    return status < 0 ? status : vb_follower_end(follower, err);
}

static int conclude(const struct vb_session *session, const struct vb_follower *follower,
                    const struct vb_policy *policy, struct vb_error *err)
{
    const bool stream = follower->stream_fd >= 0;
    const struct vb_outlet outlet = {.fd = stream ? follower->stream_fd : STDERR_FILENO,
                                     .stream = stream};
    if (follower->lines_fd >= 0 && session->options->value[VB_OPT_OUTPUT] == NULL)
        fputc('\n', stderr); /* between the lines and the report */
    return vb_conclude(session->log_fd, session->options, policy, session->toolbox->behaviour,
                       &outlet, err);
}

/* Records and judges. */
static int run(const struct vb_options *options, struct ending *ret, struct vb_error *err)
{
    VB_CLEANUP(policy_cleanup) struct vb_policy *policy = NULL;
    VB_CLEANUP(vb_toolbox_close) struct vb_toolbox toolbox = {0};
    VB_CLEANUP(vb_session_done)
    struct vb_session session = {.options = options, .toolbox = &toolbox, VB_SESSION_CLOSED};
    VB_CLEANUP(vb_follower_done)
    struct vb_follower follower = {.lines_fd = -1, .stream_fd = -1, .file_fd = -1};
    if (options->operand_count == 0)
        return vb_fail(err, VB_E_USAGE, 0, "vetbox run needs a command: vetbox run -- CMD…");
    enum vb_persona persona;
    int status = vb_conclude_check(options, err);
    if (status == VB_OK)
        status = vb_persona_named(options->value[VB_OPT_PERSONA], &persona, err);
    if (status == VB_OK)
        status = vb_policy_load(options->value[VB_OPT_POLICY], &policy, err);
    if (status == VB_OK)
        status = vb_place_behaviour(options, true, &toolbox.behaviour, err);
    if (status == VB_OK)
        status = vb_place_baits(options->value[VB_OPT_RULES], &toolbox.baits, err);
    if (status == VB_OK)
        status = vb_follower_open(&follower, &session, err);
    if (status == VB_OK)
        status = record(&session, &follower, ret, err);
    if (status == VB_OK)
        status = conclude(&session, &follower, policy, err);
    return status < 0 ? status : VB_OK;
}

int vb_command_run(const struct vb_options *options, struct vb_error *err)
{
    struct ending ending = {0};
    if (run(options, &ending, err) < 0) {
        vb_print_error(err);
        return VB_EXIT_RUN_FAILED;
    }
    /* Whoever waits for us, a shell in a loop above all, must see that we were stopped. */
    if (ending.signal != 0)
        (void)raise(ending.signal);
    return ending.exit_status;
}
