/* Secrets: read, printed, copied, sent. What is honest comes first: ssh reads ~/.ssh, npm reads
 * ~/.npmrc, a package uses the key that it declares for the service that it names. */
#include "verdict/internal.h"

enum { SWEEP_LABELS = 5 };

/* The programs that people who clean up or search run over everything. */
static bool sweeps(const struct process *process)
{
    return process != NULL && (process->command.traits & TRAIT_SWEEP) != 0;
}

/* A pattern of a letter or two finds every line of everything. */
static bool finds_all(const char *line)
{
    for (const char *at = line + strcspn(line, " "); *at != '\0';) {
        at += strspn(at, " '\"");
        const size_t len = strcspn(at, " '\"");
        if (len > 0 && len <= 2 && strchr("-~./0123456789", at[0]) == NULL)
            return true;
        at += len;
    }
    return false;
}

/* Who searches for a word that only secrets have, or only in some files, wants them. */
static bool hunts(const struct process *process)
{
    static const char *const words[] = {
        "key",  "token", "secret",   "passw",  "cred", "BEGIN",   "AKIA",
        "sk-",  "ghp_",  "mnemonic", "wallet", "id_r", ".ssh",    ".env",
        ".pem", "id_e",  "keystore", "auth",   "aws",  "session", "--include"};
    const char *line = process->line == NULL ? "key" : process->line;
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++)
        if (vb_find_text(line, words[i]) != NULL)
            return true;
    return vb_word_in("grep egrep fgrep rg ag", process->command.program) && finds_all(line);
}

/* It looks everywhere for something that is no secret. */
static bool searches(const struct process *process)
{
    return sweeps(process) && process->command.trusted && !hunts(process);
}

/* PROCESS packs the agent's own store, as the package says that it does. */
static bool packs(const struct judge *judge, const struct bait *bait, const struct process *process)
{
    static const char store[] = "~/.openclaw/* ~/.clawdbot/* ~/.moltbot/* ~/.claude/*";
    return process != NULL && process->command.trusted && bait->path != NULL &&
           vb_word_in("tar bsdtar zip 7z 7za rsync cp", process->command.program) &&
           vb_word_in(store, bait->path) && vb_path_documented(judge, bait->path);
}

/* Instructions that everybody sees ask one thing of a file that holds settings besides. */
static bool asks_setting(const struct judge *judge, const struct bait *bait)
{
    const struct command *command = &judge->process->command;
    return judge->run->visible && bait->path != NULL && command->trusted &&
           vb_word_in("jq yq", command->program) && strcmp(bait->path, "~/.claude.json") == 0;
}

static bool runs_script(const struct judge *judge, const struct process *process)
{
    const struct vb_str executable = vb_event_get_str(judge->event, VB_F_EXECUTABLE);
    char path[256] = {0};
    if (executable.len > 0 && executable.len < sizeof(path))
        memcpy(path, executable.text, executable.len);
    return (process->command.traits & TRAIT_INTERPRETER) ||
           (vb_program_traits(vb_path_base(path)) & TRAIT_INTERPRETER);
}

static bool reads_by_trade(const struct judge *judge, const struct secret_place *place,
                           const struct process *process)
{
    if (process == NULL)
        return false;
    if (vb_word_in(place->readers, "@script") && runs_script(judge, process) &&
        !(process->command.traits & TRAIT_SHELL))
        return true;
    return process->command.trusted && vb_word_in(place->readers, process->command.program);
}

/* --- reading --- */

static struct bait_read *remember_read(struct judge *judge, const struct bait *bait)
{
    struct run *run = judge->run;
    for (size_t i = 0; i < run->read_count; i++)
        if (run->reads[i].bait == bait && run->reads[i].pid == judge->process->pid)
            return NULL;
    if (run->read_count == MAX_READS)
        return NULL; /* 64 different ones are already proof enough for everything below */
    struct bait_read *read = &run->reads[run->read_count++];
    *read = (struct bait_read){
        .bait = bait,
        .command = vb_arena_str(&run->arena, vb_process_label(judge, judge->process)),
        .pid = judge->process->pid,
        .seq = judge->event->seq,
        .sweep = sweeps(judge->process),
        .packed = packs(judge, bait, judge->process),
    };
    return read;
}

static size_t different_labels(const struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->read_count; i++) {
        bool fresh = run->reads[i].bait->place->kind != SECRET_CONFIG;
        for (size_t j = 0; j < i && fresh; j++)
            fresh = strcmp(run->reads[j].bait->place->label, run->reads[i].bait->place->label) != 0;
        count += fresh;
    }
    return count;
}

static const struct {
    int severity;
    int confidence;
} read_grades[SECRET_KIND_COUNT] = {
    [SECRET_PRIVATE] = {VB_SEVERITY_HIGH, VB_CONFIDENCE_HIGH},
    [SECRET_SERVICE] = {VB_SEVERITY_HIGH, VB_CONFIDENCE_MEDIUM},
    [SECRET_CONFIG] = {VB_SEVERITY_MEDIUM, VB_CONFIDENCE_MEDIUM},
    [SECRET_COMMON] = {VB_SEVERITY_INFO, VB_CONFIDENCE_HIGH},
    [SECRET_HANDED] = {VB_SEVERITY_INFO, VB_CONFIDENCE_HIGH},
    [SECRET_MACHINE] = {VB_SEVERITY_INFO, VB_CONFIDENCE_HIGH},
};

/* Severity * 8 + confidence. */
static int grade_read(const struct judge *judge, const struct bait *bait)
{
    const enum secret_kind kind = bait->place->kind;
    const bool honest =
        searches(judge->process) || packs(judge, bait, judge->process) || asks_setting(judge, bait);
    const int confidence =
        honest || sweeps(judge->process) ? VB_CONFIDENCE_MEDIUM : read_grades[kind].confidence;
    return (honest && read_grades[kind].severity > VB_SEVERITY_MEDIUM
                ? VB_SEVERITY_MEDIUM
                : read_grades[kind].severity) *
               8 +
           confidence;
}

static void report_read(struct judge *judge, const struct bait *bait, bool sweep)
{
    const int grade = grade_read(judge, bait);
    const struct found found = {
        .id = FINDING_SECRET_READ,
        .graded = true,
        .severity = grade / 8,
        .confidence = grade % 8,
        .group = judge->process->command.program,
    };
    vb_report_found(judge, &found, "%s opened %s, %s.", vb_process_label(judge, judge->process),
                    bait->path ? bait->path : bait->id, bait->place->label);
    const size_t labels = different_labels(judge->run);
    if (labels < SWEEP_LABELS)
        return;
    const struct found swept = {.id = FINDING_SECRET_SWEEP,
                                .graded = true,
                                .severity = searches(judge->process) ? VB_SEVERITY_MEDIUM
                                                                     : VB_SEVERITY_HIGH,
                                .confidence = sweep ? VB_CONFIDENCE_MEDIUM : VB_CONFIDENCE_HIGH};
    vb_report_found(judge, &swept,
                    "%s and others opened secrets of at least %d kinds, %s among them.",
                    vb_process_label(judge, judge->process), SWEEP_LABELS, bait->place->label);
}

/* --- sending --- */

int vb_grade_reach(const struct judge *judge, const struct bait_read *read, const char *host)
{
    enum {
        BLOCK = VB_SEVERITY_CRITICAL * 8 + VB_CONFIDENCE_HIGH,
        SUSPECT = VB_SEVERITY_HIGH * 8 + VB_CONFIDENCE_MEDIUM
    };
    const bool disclosed = vb_host_disclosed(judge, host);
    const bool nameless =
        vb_host_is_drop(host) || (vb_host_is_address(host) && !vb_host_is_private(host));
    if (vb_host_serves(judge, read->bait, host))
        return -1;
    if (read->bait->place->kind == SECRET_CONFIG)
        return nameless ? BLOCK : (disclosed ? -1 : SUSPECT);
    if (read->bait->place->kind == SECRET_SERVICE)
        return disclosed ? SUSPECT : BLOCK;
    return (read->sweep || read->packed) && disclosed ? SUSPECT : BLOCK;
}

static void report_reach(struct judge *judge, const struct bait_read *read, const char *host)
{
    const int grade = vb_grade_reach(judge, read, host);
    const struct process *process = judge->process;
    vb_flow(judge, read->bait, host, "attempt");
    if (grade < 0)
        return;
    const bool related = vb_processes_related(judge->run, read->pid, process->pid);
    const int confidence = grade % 8;
    const struct found found = {
        .id = FINDING_EXFIL_ATTEMPT,
        .graded = true,
        .severity = grade / 8,
        .confidence = related ? confidence : VB_CONFIDENCE_MEDIUM,
        .host = host,
        .evidence = {read->seq},
    };
    const char *path = read->bait->path ? read->bait->path : read->bait->id;
    if (read->pid == process->pid)
        vb_report_found(judge, &found, "%s opened %s (%s) and tried to reach %s.",
                        vb_process_label(judge, process), path, read->bait->place->label, host);
    else
        vb_report_found(judge, &found, "%s opened %s (%s), then %s tried to reach %s.",
                        read->command, path, read->bait->place->label,
                        vb_process_label(judge, process), host);
}

void vb_see_bait_read(struct judge *judge)
{
    const struct bait *bait = vb_bait_named(judge, vb_text_of(judge, VB_F_BAIT));
    const struct process *process = judge->process;
    const char *path = bait->path ? bait->path : bait->id;
    if (judge->run == NULL || process == NULL || vb_is_given(judge->run, bait->path))
        return; /* it does what it was asked to */
    vb_note(judge, &judge->baits_read,
            vb_arena_printf(&judge->scratch, "%s by %s", path,
                            process->command.program[0] ? process->command.program : "a process"));
    if (bait->place->kind == SECRET_COMMON || reads_by_trade(judge, bait->place, process)) {
        vb_use(judge, VB_USE_FILES, path, VB_USE_ORDINARY);
        return;
    }
    const bool disclosed = vb_place_disclosed(judge, bait);
    vb_use(judge, VB_USE_FILES, path, disclosed ? VB_USE_DISCLOSED : VB_USE_UNDISCLOSED);
    vb_leg_seen(judge, VB_LEG_PRIVATE_DATA, "%s opens %s, %s", vb_program_label(process), path,
                bait->place->label);
    if (disclosed)
        return;
    const struct bait_read *read = remember_read(judge, bait);
    if (read == NULL)
        return;
    vb_deed(judge, DEED_SECRET, path, grade_read(judge, bait));
    report_read(judge, bait, read->sweep);
    /* `curl -F f=@KEY URL` names its host before it opens the file. */
    if (process->network_seq != 0 && process->host != NULL && !vb_host_is_loopback(process->host))
        report_reach(judge, read, process->host);
}

/* --- looking which there are --- */

/* The most private bait right in FOLDER, or NULL. */
static const struct bait *worst_in(const struct judge *judge, const char *folder)
{
    const size_t len = strlen(folder);
    const struct bait *worst = NULL;
    for (size_t i = 0; i < judge->baits.count; i++) {
        const struct bait *bait = &judge->bait_rows[i];
        if (bait->path == NULL || strncmp(bait->path, folder, len) != 0 || bait->path[len] != '/' ||
            strchr(bait->path + len + 1, '/') != NULL)
            continue;
        if (worst == NULL || bait->place->kind < worst->place->kind)
            worst = bait;
    }
    return worst;
}

/* Everybody may look around at home. */
void vb_see_bait_list(struct judge *judge)
{
    const char *folder = vb_box_path(judge, VB_F_PATH);
    const struct bait *bait = worst_in(judge, folder);
    const struct process *process = judge->process;
    if (bait == NULL || process == NULL || strcmp(folder, "~") == 0 ||
        bait->place->kind > SECRET_SERVICE || reads_by_trade(judge, bait->place, process) ||
        vb_place_disclosed(judge, bait))
        return;
    const struct found found = {.id = FINDING_SECRET_LIST,
                                .graded = true,
                                .severity = VB_SEVERITY_INFO,
                                .confidence =
                                    sweeps(process) ? VB_CONFIDENCE_MEDIUM : VB_CONFIDENCE_HIGH,
                                .group = process->command.program};
    vb_report_found(judge, &found, "%s listed %s, which holds %s.",
                    vb_process_label(judge, process), folder, bait->place->label);
}

/* --- reaching out --- */

/* The host that this event tries to reach, or NULL. */
static const char *reached_host(struct judge *judge)
{
    const struct vb_event *event = judge->event;
    if (event->kind == VB_EV_PROCESS_EXEC)
        return judge->host;
    if (event->kind == VB_EV_NET_NAME)
        return vb_text_of(judge, VB_F_NAME);
    const int64_t port = vb_event_get_int(event, VB_F_PORT, 0);
    if (!vb_word_in("inet inet6", vb_text_of(judge, VB_F_FAMILY)) || port == 0 || port == 53)
        return NULL;
    /* Where the world tells which addresses it gave to names, the address is that of a name or of
     * none. Otherwise a name that was asked for says more than the address behind it. */
    return judge->process->host != NULL && judge->answers.count == 0 ? judge->process->host
                                                                     : judge->contact;
}

/* Options whose value is a key to be used, not a file to be sent. */
static bool uses_key(const struct judge *judge, size_t i)
{
    const char *before = judge->argv[i - 1];
    if (vb_word_in("ssh scp sftp rsync", judge->command.program) && vb_word_in("-i -F -S", before))
        return true;
    return vb_word_in(
               "--key --cert -E --cacert --capath --netrc-file --pass -in -inkey -key -CAfile",
               before) ||
           strstr(judge->argv[i], "IdentityFile") != NULL;
}

/* The secret file that ARGUMENT names ("@/home/…", "f=@/home/…", a path of its own), or NULL. */
static const char *named_secret(struct judge *judge, const char *argument,
                                const struct secret_place **ret)
{
    for (const char *at = argument; (at = strchr(at, '/')) != NULL; at++) {
        if (!vb_starts(at, "/home/") && !vb_starts(at, "/root/"))
            continue;
        const char *path = vb_home_path(
            &judge->scratch, vb_arena_copy(&judge->scratch, at, strcspn(at, ";,'\"<> \n")));
        *ret = vb_secret_of_path(path);
        const bool known = strcmp((*ret)->pattern, "**") != 0;
        if (known && !vb_path_is_own(judge->run, path) &&
            ((*ret)->kind == SECRET_PRIVATE || (*ret)->kind == SECRET_SERVICE))
            return path;
    }
    return NULL;
}

/* A tool that sends files is told to send a secret: it may fail before it opens it. */
static void see_named_secret(struct judge *judge)
{
    if (judge->host == NULL || vb_host_is_loopback(judge->host))
        return;
    for (size_t i = 1; i < judge->argc; i++) {
        const struct secret_place *place = NULL;
        const char *path = uses_key(judge, i) ? NULL : named_secret(judge, judge->argv[i], &place);
        if (path == NULL)
            continue;
        const struct bait bait = {.id = path, .path = path, .place = place};
        const struct bait_read read = {.bait = &bait, .pid = judge->process->pid};
        const int grade = vb_grade_reach(judge, &read, judge->host);
        vb_leg_seen(judge, VB_LEG_PRIVATE_DATA, "%s is told to use %s, %s",
                    vb_program_label(judge->process), path, place->label);
        vb_flow(judge, &bait, judge->host, "attempt");
        if (grade < 0)
            continue;
        const struct found found = {.id = FINDING_EXFIL_ATTEMPT,
                                    .graded = true,
                                    .severity = grade / 8,
                                    .confidence = grade % 8,
                                    .host = judge->host};
        vb_report_found(judge, &found, "%s is told to use %s (%s) and tries to reach %s.",
                        vb_process_label(judge, judge->process), path, place->label, judge->host);
    }
}

void vb_see_exfil(struct judge *judge)
{
    const struct run *run = judge->run;
    if (run == NULL || judge->process == NULL)
        return;
    if (judge->event->kind == VB_EV_PROCESS_EXEC)
        see_named_secret(judge);
    if (run->read_count == 0 ||
        (judge->event->kind == VB_EV_NET_SEND && !judge->first_contact)) /* its connect counted */
        return;
    const char *host = reached_host(judge);
    if (host == NULL || host[0] == '\0' || vb_host_is_loopback(host))
        return;
    if (judge->process->command.trusted && (judge->process->command.traits & TRAIT_PACKAGER))
        return; /* a package manager sends nothing that a script read */
    for (size_t i = 0; i < run->read_count; i++)
        report_reach(judge, &run->reads[i], host);
}

/* --- a bait's secret was seen --- */

static int grade_sent(const struct judge *judge, const struct bait *bait, const char *host,
                      bool sent)
{
    enum {
        BLOCK = VB_SEVERITY_CRITICAL * 8 + VB_CONFIDENCE_HIGH,
        SUSPECT = VB_SEVERITY_HIGH * 8 + VB_CONFIDENCE_MEDIUM,
        NOTED = VB_SEVERITY_MEDIUM * 8 + VB_CONFIDENCE_MEDIUM
    };
    const bool private = bait->place->kind == SECRET_PRIVATE;
    if (host == NULL && vb_place_disclosed(judge, bait))
        return -1;
    if (host == NULL)
        return private || sent ? BLOCK : SUSPECT;
    if (vb_host_serves(judge, bait, host))
        return -1;
    if (vb_host_is_loopback(host))
        return private ? SUSPECT : -1;
    if (vb_secret_is_model_key(bait->env) && vb_place_disclosed(judge, bait) &&
        vb_host_disclosed(judge, host))
        return NOTED;
    return private || !vb_host_disclosed(judge, host) ? BLOCK : SUSPECT;
}

static const char *name_of(const struct bait *bait)
{
    return bait->path != NULL ? bait->path : (bait->env != NULL ? bait->env : bait->id);
}

bool vb_names_host(const struct judge *judge, const char *host)
{
    if (vb_names_find(&judge->disclosed, host) != NULL || vb_host_disclosed(judge, host) ||
        vb_is_given(judge->run, host) || vb_host_below(host, "example.com"))
        return true;
    for (const char *at = host; !vb_host_is_address(host) && strchr(at, '.') != NULL;
         at = strchr(at, '.') + 1)
        if (vb_names_find(&judge->disclosed, at) != NULL)
            return true;
    return false;
}

/* A key that a user is told to put there may go to each host that the package names. Of others many
 * are its service's, too; but nobody's service are those that take whatever comes. */
static void see_handed(struct judge *judge, const struct bait *bait, const char *host, uint64_t seq)
{
    const struct process *process = judge->process;
    if (host == NULL || vb_host_is_loopback(host) || vb_host_is_private(host) ||
        vb_names_host(judge, host) ||
        (process != NULL && process->command.trusted &&
         (process->command.traits & TRAIT_PACKAGER) != 0))
        return;
    const bool nameless = vb_host_is_drop(host) || vb_host_is_address(host);
    const struct found found = {.id = FINDING_EXFIL_KEY,
                                .graded = true,
                                .severity = nameless ? VB_SEVERITY_HIGH : VB_SEVERITY_LOW,
                                .confidence = VB_CONFIDENCE_MEDIUM,
                                .host = host,
                                .evidence = {seq}};
    vb_report_found(judge, &found, "%s sent %s to %s, which it does not name.",
                    vb_process_label(judge, process), bait->place->label, host);
}

/* HOST as far as it is known; SEQ: a further event that proves it, or 0. */
static void see_sent(struct judge *judge, const struct bait *bait, const char *host, bool sent,
                     uint64_t seq)
{
    const struct process *process = judge->process;
    const bool network = process != NULL && (process->command.traits & TRAIT_NETWORK) != 0;
    if (!sent && !network)
        return;
    vb_flow(judge, bait, host, sent ? "sent" : "argument");
    if (bait->place->kind == SECRET_HANDED) {
        see_handed(judge, bait, host, seq);
        return;
    }
    const int grade = grade_sent(judge, bait, host, sent);
    if (grade < 0)
        return;
    const char *form = vb_text_of(judge, VB_F_FORM);
    const bool encoded = form[0] != '\0' && strcmp(form, "raw") != 0;
    const struct found found = {.id = FINDING_EXFIL_BAIT,
                                .graded = true,
                                .severity = grade / 8,
                                .confidence = grade % 8,
                                .host = host,
                                .evidence = {seq}};
    vb_report_found(judge, &found, "%s %s %s (%s%s%s)%s %s.", vb_process_label(judge, process),
                    sent ? "sent" : "carries", bait->place->label, name_of(bait),
                    encoded ? ", as " : "", encoded ? form : "",
                    sent ? " to" : " in its arguments, which go to",
                    host ? host : "an unknown host");
}

/* True if the other of the two who watch, the system call and the network, told it already. */
static bool told_already(struct judge *judge, const struct bait *bait, const char *host)
{
    struct run *run = judge->run;
    const int64_t source = judge->event->source;
    const char *nowhere = vb_arena_printf(&judge->scratch, "%s ?", bait->id);
    const char *there = vb_arena_printf(&judge->scratch, "%s %s", bait->id, host ? host : "?");
    if (run == NULL || run->ended)
        return false;
    const struct name *first = vb_names_find(&run->sent, there);
    if (first == NULL && source == VB_SOURCE_WORLD)
        first = vb_names_find(&run->sent, nowhere);
    if (first != NULL)
        return first->value != source;
    if (run->arena.bytes > MAX_RUN_BYTES ||
        vb_names_add(&run->sent, &run->arena, there, source, NULL) == NULL)
        run->full = true;
    return false;
}

/* The network knows where the bytes came to, the send before it where they are to go; who sent them
 * stands in the attempt. A name that was asked for says more than the address behind it. */
static void see_outbound(struct judge *judge, const struct bait *bait)
{
    const struct run *run = judge->run;
    const bool world = judge->event->source == VB_SOURCE_WORLD && run != NULL;
    if (world)
        judge->process = vb_process_of(run, run->world_pid);
    const struct process *process = judge->process;
    const char *host = process != NULL ? process->host : NULL;
    const char *domain =
        vb_text_of(judge, VB_F_NAME); /* of a name that carries it, without address */
    if (world && domain[0] != '\0' && vb_event_get(judge->event, VB_F_ADDRESS) == NULL)
        host = domain;
    else if (world && (vb_event_get(judge->event, VB_F_ADDRESS) != NULL || host == NULL ||
                       vb_host_is_address(host)))
        host = run->world_host; /* where the bytes came to, whatever name was asked for before */
    else if (run != NULL && process != NULL && run->send_pid == process->pid &&
             run->send_host != NULL && (host == NULL || vb_host_is_address(host)))
        host = run->send_host;
    if (bait->place->kind == SECRET_MACHINE)
        vb_see_machine(judge, bait, host);
    else if (!told_already(judge, bait, host))
        see_sent(judge, bait, host, true, world ? run->world_seq : 0);
}

/* What an MCP server answers goes to the model of its client, and from there anywhere. */
static void see_answered(struct judge *judge, const struct bait *bait)
{
    const bool private = bait->place->kind == SECRET_PRIVATE;
    vb_flow(judge, bait, NULL, "answer");
    const struct found found = {
        .id = FINDING_EXFIL_BAIT,
        .graded = true,
        .severity = private ? VB_SEVERITY_CRITICAL : VB_SEVERITY_HIGH,
        .confidence = private ? VB_CONFIDENCE_HIGH : VB_CONFIDENCE_MEDIUM,
        .group = bait->id,
    };
    vb_report_found(judge, &found,
                    "The MCP server put %s (%s) into what it says to its client, which did not ask "
                    "for it.",
                    bait->place->label, name_of(bait));
}

static void see_kept(struct judge *judge, const struct bait *bait, enum finding_id id)
{
    const bool private = bait->place->kind == SECRET_PRIVATE;
    const bool light = bait->env != NULL || bait->place->kind >= SECRET_CONFIG;
    const struct found found = {
        .id = id,
        .graded = true,
        .severity = private ? VB_SEVERITY_HIGH : (light ? VB_SEVERITY_LOW : VB_SEVERITY_MEDIUM),
        .confidence = VB_CONFIDENCE_MEDIUM,
        .group = private ? bait->id : "services",
    };
    if (id == FINDING_SECRET_STAGED)
        vb_report_found(judge, &found, "The file %s holds %s (%s).", vb_box_path(judge, VB_F_PATH),
                        bait->place->label, name_of(bait));
    else
        vb_report_found(judge, &found, "It printed %s (%s).", bait->place->label, name_of(bait));
}

static void see_output(struct judge *judge, const struct bait *bait)
{
    if (vb_is_given(judge->run, bait->path))
        return;
    if (judge->run != NULL && judge->run->client != NULL && bait->path != NULL &&
        bait->place->kind <= SECRET_SERVICE)
        see_answered(judge, bait);
    else
        see_kept(judge, bait, FINDING_SECRET_OUTPUT);
}

void vb_see_bait_seen(struct judge *judge)
{
    const struct bait *bait = vb_bait_named(judge, vb_text_of(judge, VB_F_BAIT));
    const char *where = vb_text_of(judge, VB_F_WHERE);
    const bool handed = bait->place->kind == SECRET_HANDED || bait->place->kind == SECRET_MACHINE;
    if (!handed && !vb_is_given(judge->run, bait->path))
        vb_leg_seen(judge, VB_LEG_PRIVATE_DATA, "%s (%s) is seen: %s", bait->place->label,
                    name_of(bait), where);
    if (bait->env != NULL && !bait->by_world && bait->place->kind != SECRET_MACHINE &&
        vb_word_in("sent argv output file", where))
        vb_use(judge, VB_USE_ENV, bait->env,
               vb_place_disclosed(judge, bait) ? VB_USE_DISCLOSED : VB_USE_UNDISCLOSED);
    if (strcmp(where, "sent") == 0)
        see_outbound(judge, bait);
    else if (handed)
        return; /* it may have it anywhere */
    else if (strcmp(where, "argv") == 0)
        see_sent(judge, bait, judge->process != NULL ? judge->process->host : NULL, false, 0);
    else if (strcmp(where, "output") == 0 && !vb_place_disclosed(judge, bait))
        see_output(judge, bait);
    else if (strcmp(where, "file") == 0 && !vb_place_disclosed(judge, bait))
        see_kept(judge, bait, FINDING_SECRET_STAGED);
}
