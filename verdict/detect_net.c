/* Whom it tries to reach, and the system calls that the box refuses. */
#include "verdict/internal.h"

/* --- hosts --- */

static const char *const metadata_hosts[] = {
    "169.254.169.254",          "169.254.170.2",           "169.254.170.23",  "fd00:ec2::254",
    "metadata.google.internal", "metadata.azure.internal", "100.100.100.200",
};

static const char cloud_tools[] = "gcloud gcloud.py gsutil gsutil.py bq bq.py aws az terraform "
                                  "tofu pulumi cdk eksctl kubectl helm docker-credential-*";

static bool is_metadata(const char *host)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(metadata_hosts); i++)
        if (strcmp(host, metadata_hosts[i]) == 0)
            return true;
    return false;
}

static const struct {
    int64_t port;
    const char *name;
    int severity;
} local_services[] = {
    {18789, "the OpenClaw gateway", VB_SEVERITY_MEDIUM},
    {6277, "the MCP inspector", VB_SEVERITY_MEDIUM},
    {6274, "the MCP inspector", VB_SEVERITY_MEDIUM},
    {2375, "the container engine", VB_SEVERITY_HIGH},
    {9222, "a browser's debugging port", VB_SEVERITY_LOW},
};

static void see_local(struct judge *judge, int64_t port)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(local_services); i++) {
        if (local_services[i].port != port)
            continue;
        const struct found found = {.id = FINDING_NET_LOCAL_SERVICE,
                                    .graded = true,
                                    .severity = local_services[i].severity,
                                    .confidence = VB_CONFIDENCE_MEDIUM,
                                    .group = local_services[i].name};
        vb_report_found(judge, &found, "%s connects to %s on port %lld.",
                        vb_process_label(judge, judge->process), local_services[i].name,
                        (long long)port);
    }
}

static void see_socket_file(struct judge *judge, const char *path)
{
    const struct process *process = judge->process;
    if (!vb_ends(path, "/docker.sock") && !vb_ends(path, "/containerd.sock") &&
        !vb_ends(path, "/podman.sock"))
        return;
    const bool engine = process->command.trusted &&
                        vb_word_in("docker docker-compose podman", process->command.program);
    const struct found found = {.id = FINDING_NET_LOCAL_SERVICE,
                                .graded = true,
                                .severity = engine ? VB_SEVERITY_LOW : VB_SEVERITY_HIGH,
                                .confidence = VB_CONFIDENCE_MEDIUM,
                                .group = "container engine"};
    vb_report_found(judge, &found, "%s connects to the container engine at %s.",
                    vb_process_label(judge, process), path);
}

/* --- whom it tries to reach without saying so --- */

enum partner { NAME, DROP, ADDRESS, RESOLVER, LENT, MIRROR, PARTNERS };
enum {
    SURE = VB_SEVERITY_HIGH * 8 + VB_CONFIDENCE_HIGH,
    SUSPECT = VB_SEVERITY_HIGH * 8 + VB_CONFIDENCE_MEDIUM,
    REMARK_SURE = VB_SEVERITY_MEDIUM * 8 + VB_CONFIDENCE_HIGH,
    REMARK = VB_SEVERITY_MEDIUM * 8 + VB_CONFIDENCE_MEDIUM,
    LIST = VB_SEVERITY_LOW * 8 + VB_CONFIDENCE_MEDIUM,
};
static const struct {
    const char *what;
    int grades[PHASES];
} partners[PARTNERS] = {
    [NAME] = {"", {[PHASE_USE] = LIST, [PHASE_INSTALL] = REMARK, [PHASE_LOAD] = LIST}},
    [DROP] = {", where anybody can leave data without a name",
              {[PHASE_USE] = REMARK_SURE, [PHASE_INSTALL] = SURE, [PHASE_LOAD] = SUSPECT}},
    [ADDRESS] = {", a bare address",
                 {[PHASE_USE] = REMARK, [PHASE_INSTALL] = SUSPECT, [PHASE_LOAD] = SUSPECT}},
    /* Whoever wants to know his own address opens a way there, and sends nothing. */
    [RESOLVER] = {", a bare address",
                  {[PHASE_USE] = REMARK, [PHASE_INSTALL] = REMARK, [PHASE_LOAD] = REMARK}},
    [LENT] = {", a name that anybody can have for nothing",
              {[PHASE_USE] = LIST, [PHASE_INSTALL] = SUSPECT, [PHASE_LOAD] = REMARK}},
    [MIRROR] = {", which tells who asks whose address he has",
                {[PHASE_USE] = LIST, [PHASE_INSTALL] = SUSPECT, [PHASE_LOAD] = REMARK}},
};

static const char *const resolvers[] = {
    "8.8.8.8",
    "8.8.4.4",
    "1.1.1.1",
    "1.0.0.1",
    "9.9.9.9",
    "149.112.112.112",
    "208.67.222.222",
    "208.67.220.220",
    "114.114.114.114",
    "223.5.5.5",
    "2001:4860:4860::8888",
    "2001:4860:4860::8844",
    "2606:4700:4700::1111",
    "2606:4700:4700::1001",
    "2620:fe::fe",
};

static const char *const lent[] = {
    "repl.co",
    "replit.app",
    "replit.dev",
    "glitch.me",
    "000webhostapp.com",
    "herokuapp.com",
    "onrender.com",
    "workers.dev",
    "pages.dev",
    "vercel.app",
    "netlify.app",
    "web.app",
    "firebaseapp.com",
    "firebaseio.com",
    "fly.dev",
    "up.railway.app",
    "deno.dev",
    "surge.sh",
    "duckdns.org",
    "no-ip.org",
    "no-ip.biz",
    "ddns.net",
    "hopto.org",
    "zapto.org",
    "sytes.net",
    "dynu.net",
    "nip.io",
    "sslip.io",
    "bit.ly",
    "tinyurl.com",
    "is.gd",
    "v.gd",
    "t.ly",
    "cutt.ly",
    "rebrand.ly",
    "rb.gy",
    "shorturl.at",
    "t.co",
    "goo.su",
};

static const char *const mirrors[] = {
    "ifconfig.me",
    "ifconfig.co",
    "ifconfig.io",
    "icanhazip.com",
    "ipify.org",
    "ident.me",
    "checkip.amazonaws.com",
    "checkip.dyndns.org",
    "ipecho.net",
    "ipinfo.io",
    "wtfismyip.com",
    "ip-api.com",
    "ipapi.co",
    "ipwho.is",
    "ipwhois.io",
    "my-ip.io",
    "myip.com",
    "ip.sb",
    "tnx.nl",
    "freegeoip.app",
    "geolocation-db.com",
    "ipgeolocation.io",
    "ip.dhcp.cn",
    "myexternalip.com",
    "whatismyipaddress.com",
    "jsonip.com",
    "seeip.org",
    "api64.ipify.org",
};

static bool is_below(const char *host, const char *const *domains, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (vb_host_below(host, domains[i]))
            return true;
    return false;
}

static enum partner partner_of(const char *host)
{
    if (vb_host_is_drop(host))
        return DROP;
    if (vb_host_is_address(host))
        return is_below(host, resolvers, VB_ARRAY_LEN(resolvers)) ? RESOLVER : ADDRESS;
    if (is_below(host, lent, VB_ARRAY_LEN(lent)))
        return LENT;
    return is_below(host, mirrors, VB_ARRAY_LEN(mirrors)) ? MIRROR : NAME;
}

/* What comes back from there is anybody's text, and what goes there is out. */
static void note_host(struct judge *judge, const char *host, enum vb_use_mark mark)
{
    const char *label = vb_program_label(judge->process);
    vb_note(judge, &judge->hosts, host);
    vb_use(judge, VB_USE_HOSTS, host, mark);
    vb_leg_seen(judge, VB_LEG_UNTRUSTED_INPUT, "%s asks %s", label, host);
    vb_leg_seen(judge, VB_LEG_OUTBOUND, "%s reaches %s", label, host);
}

static void see_host(struct judge *judge, const char *host, uint64_t seq)
{
    const struct process *process = judge->process;
    if (is_metadata(host)) {
        note_host(judge, host, VB_USE_UNDISCLOSED);
        /* The clouds' own tools ask there whether they run in one. */
        const bool theirs = process != NULL && process->command.trusted &&
                            vb_word_in(cloud_tools, process->command.program);
        const struct found found = {.id = FINDING_CLOUD_METADATA,
                                    .graded = theirs,
                                    .severity = VB_SEVERITY_LOW,
                                    .confidence = VB_CONFIDENCE_MEDIUM,
                                    .host = host,
                                    .evidence = {seq}};
        vb_report_found(judge, &found, "%s asks the cloud's metadata service at %s.",
                        vb_process_label(judge, process), host);
        return;
    }
    const bool given = vb_is_given(judge->run, host);
    const bool disclosed = vb_host_disclosed(judge, host) && !given;
    /* A package manager goes where it goes. */
    const bool ordinary =
        vb_host_is_private(host) || given ||
        (process != NULL && process->command.trusted && (process->command.traits & TRAIT_PACKAGER));
    note_host(judge, host,
              disclosed  ? VB_USE_DISCLOSED
              : ordinary ? VB_USE_ORDINARY
                         : VB_USE_UNDISCLOSED);
    if (disclosed || ordinary)
        return;
    vb_note(judge, &judge->undisclosed, host);
    vb_deed(judge, DEED_HOST, host, VB_SEVERITY_LOW * 8 + VB_CONFIDENCE_MEDIUM);
    vb_see_unasked_host(judge, host);
    vb_see_hidden_host(judge, host, seq);
    const enum partner partner = partner_of(host);
    /* What the package names in vain, since anybody may be there, it does not hide. */
    const enum phase phase =
        judge->run == NULL || vb_names_host(judge, host) ? PHASE_USE : judge->run->phase;
    const int grade = partners[partner].grades[phase];
    const struct found found = {.id = FINDING_NET_UNDISCLOSED,
                                .graded = true,
                                .severity = grade / 8,
                                .confidence = grade % 8,
                                .host = host,
                                .evidence = {seq}};
    vb_report_found(judge, &found, "%s tries to reach %s%s%s.", vb_process_label(judge, process),
                    host, partners[partner].what,
                    phase == PHASE_INSTALL ? ", as it is installed"
                    : phase == PHASE_LOAD  ? ", as it is loaded"
                                           : "");
}

/* Where it came to without being seen on its way. */
static void see_reached(struct judge *judge)
{
    const struct run *run = judge->run;
    for (size_t i = 0; i < run->reached.count; i++) {
        const struct name *reached = &run->reached.items[i];
        int64_t port = 0;
        const char *host = vb_endpoint_host(judge, reached->text, &port);
        if (port != 53 && !vb_host_is_loopback(host) &&
            vb_names_find(&run->attempted, reached->text) == NULL)
            see_host(judge, host, (uint64_t)reached->value);
    }
}

void vb_see_network(struct judge *judge)
{
    const struct vb_event *event = judge->event;
    if (judge->run != NULL && event->kind == VB_EV_DETONATION_END)
        see_reached(judge);
    if (judge->run == NULL || judge->process == NULL)
        return;
    if (event->kind == VB_EV_NET_SEND && !judge->first_contact)
        return; /* its connect says it */
    if (event->kind == VB_EV_NET_NAME || event->kind == VB_EV_PROCESS_EXEC) {
        const char *host =
            event->kind == VB_EV_NET_NAME ? vb_text_of(judge, VB_F_NAME) : judge->host;
        if (host != NULL && host[0] != '\0' && !vb_host_is_loopback(host))
            see_host(judge, host, 0);
        return;
    }
    const char *address = judge->contact != NULL ? judge->contact : vb_text_of(judge, VB_F_ADDRESS);
    const char *family = vb_text_of(judge, VB_F_FAMILY);
    const int64_t port = vb_event_get_int(event, VB_F_PORT, 0);
    if (strcmp(family, "unix") == 0)
        see_socket_file(judge, address);
    else if (!vb_word_in("inet inet6", family) || port == 0 || port == 53)
        return;
    else if (vb_host_is_loopback(address))
        see_local(judge, event->kind == VB_EV_NET_CONNECT ? port : 0);
    /* Where the world does not say which addresses it gave to names, one that is contacted after a
     * name was asked for may be its answer. */
    else if (!judge->run->names_asked || judge->answers.count > 0 || is_metadata(address))
        see_host(judge, address, 0);
}

/* --- the kernel --- */

static const struct {
    const char *calls;
    int severity;
    int confidence;
    const char *label;
} calls[] = {
    {"init_module finit_module delete_module create_module kexec_load kexec_file_load",
     VB_SEVERITY_CRITICAL, VB_CONFIDENCE_HIGH, "loads code into the kernel"},
    {"open_by_handle_at", VB_SEVERITY_CRITICAL, VB_CONFIDENCE_HIGH,
     "opens files of the host by their number"},
    {"mount umount umount2 pivot_root move_mount open_tree fsopen fsmount fsconfig fspick "
     "mount_setattr",
     VB_SEVERITY_HIGH, VB_CONFIDENCE_HIGH, "changes what is mounted"},
    {"setns", VB_SEVERITY_HIGH, VB_CONFIDENCE_HIGH, "enters another namespace"},
    {"bpf", VB_SEVERITY_HIGH, VB_CONFIDENCE_HIGH, "loads a program into the kernel"},
    {"process_vm_readv process_vm_writev", VB_SEVERITY_HIGH, VB_CONFIDENCE_MEDIUM,
     "reaches into another process"},
    {"reboot swapon swapoff", VB_SEVERITY_HIGH, VB_CONFIDENCE_HIGH, "stops or changes the machine"},
    {"iopl ioperm", VB_SEVERITY_HIGH, VB_CONFIDENCE_HIGH, "reaches the hardware"},
    {"ptrace", VB_SEVERITY_MEDIUM, VB_CONFIDENCE_MEDIUM, "looks into another process"},
    {"unshare", VB_SEVERITY_MEDIUM, VB_CONFIDENCE_LOW, "makes a namespace, as browsers do too"},
    {"userfaultfd", VB_SEVERITY_MEDIUM, VB_CONFIDENCE_MEDIUM,
     "takes over page faults, as kernel exploits do"},
    {"keyctl add_key request_key", VB_SEVERITY_LOW, VB_CONFIDENCE_MEDIUM, "uses the kernel's keys"},
    {"perf_event_open", VB_SEVERITY_LOW, VB_CONFIDENCE_MEDIUM, "measures other programs"},
    {"chroot sethostname setdomainname settimeofday clock_settime clock_adjtime adjtimex acct "
     "syslog "
     "quotactl fanotify_init",
     VB_SEVERITY_LOW, VB_CONFIDENCE_MEDIUM, "needs an administrator's rights"},
    {"io_uring_setup io_uring_enter io_uring_register", VB_SEVERITY_INFO, VB_CONFIDENCE_HIGH,
     "probes io_uring, as runtimes do when they start"},
};

static void see_denied(struct judge *judge)
{
    const char *call = vb_text_of(judge, VB_F_SYSCALL);
    for (size_t i = 0; i < VB_ARRAY_LEN(calls); i++) {
        if (!vb_word_in(calls[i].calls, call))
            continue;
        const struct found found = {.id = FINDING_ESCAPE_ATTEMPT,
                                    .graded = true,
                                    .severity = calls[i].severity,
                                    .confidence = calls[i].confidence,
                                    .group = call};
        vb_report_found(judge, &found, "%s called %s, which %s; the box refused it.",
                        vb_process_label(judge, judge->process), call, calls[i].label);
    }
}

/* Files by which boxes are left. WRITE: only writing counts. */
static const struct {
    const char *pattern;
    bool write;
} escape_files[] = {
    {"/proc/sys/kernel/core_pattern", true},
    {"/proc/sys/kernel/modprobe", true},
    {"/sys/fs/cgroup/**release_agent", true},
    {"/sys/kernel/uevent_helper", true},
    {"/proc/sysrq-trigger", true},
    {"/proc/1/root**", false},
    {"/proc/1/mem", false},
    {"/proc/1/environ", false},
    {"/proc/kcore", false},
    {"/dev/mem", false},
    {"/dev/kmem", false},
    {"/dev/sd*", false},
    {"/dev/nvme*", false},
};

static void see_escape_file(struct judge *judge)
{
    const struct vb_event *event = judge->event;
    const char *path = vb_text_of(judge, VB_F_PATH);
    const bool sweep = judge->process != NULL && (judge->process->command.traits & TRAIT_SWEEP);
    for (size_t i = 0; i < VB_ARRAY_LEN(escape_files); i++) {
        if (!vb_glob_match(escape_files[i].pattern, path))
            continue;
        if (sweep || (escape_files[i].write && !vb_flag_set(event, "write")))
            continue;
        const struct found found = {.id = FINDING_ESCAPE_ATTEMPT,
                                    .graded = true,
                                    .severity = VB_SEVERITY_HIGH,
                                    .confidence = VB_CONFIDENCE_HIGH,
                                    .group = path};
        vb_report_found(judge, &found, "%s opened %s, which leads out of the box.",
                        vb_process_label(judge, judge->process), path);
        return;
    }
}

void vb_see_kernel(struct judge *judge)
{
    if (judge->event->kind == VB_EV_KERNEL_DENIED)
        see_denied(judge);
    else if (judge->event->kind == VB_EV_FILE_OPEN)
        see_escape_file(judge);
}

/* --- limits --- */

static const struct {
    const char *what;
    int severity;
    const char *sentence;
} limits[] = {
    {"processes", VB_SEVERITY_HIGH, "It made more processes than the box allows"},
    {"memory", VB_SEVERITY_MEDIUM, "It took more memory than the box has"},
    {"disk", VB_SEVERITY_MEDIUM, "It wrote more than the box's disk holds"},
    {"files", VB_SEVERITY_MEDIUM, "It made more files than the box allows"},
    {"log", VB_SEVERITY_MEDIUM, "It did more than could be recorded"},
    {"rate", VB_SEVERITY_MEDIUM, "It did more in a short time than could be recorded"},
    {"time", VB_SEVERITY_INFO, "It was still running when its time was up"},
    {"open files", VB_SEVERITY_LOW, "It kept more files open than the box allows"},
    {"output", VB_SEVERITY_INFO, "It printed more than is kept"},
    {"cpu", VB_SEVERITY_LOW, "It used more processor time than the box gives"},
};

/* " (NUMBER)", unless there is none or DETAIL has it. */
static const char *limit_number(struct judge *judge, const char *detail)
{
    const long long count = (long long)vb_event_get_int(judge->event, VB_F_COUNT, 0);
    const char *number = vb_arena_printf(&judge->scratch, "%lld", count);
    return count <= 0 || strstr(detail, number) != NULL
               ? ""
               : vb_arena_printf(&judge->scratch, " (%s)", number);
}

void vb_see_limits(struct judge *judge)
{
    if (judge->event->kind == VB_EV_EXAMINER_DIED) {
        const struct found found = {.id = FINDING_EXAMINER_DIED,
                                    .group = vb_text_of(judge, VB_F_ROLE)};
        const char *detail = vb_text_of(judge, VB_F_DETAIL);
        judge->unread++;
        vb_report_found(judge, &found, "The confined %s reader ended: %s%s%s.",
                        vb_text_of(judge, VB_F_ROLE), vb_text_of(judge, VB_F_REASON),
                        detail[0] ? ", " : "", detail);
        return;
    }
    const char *what = vb_text_of(judge, VB_F_WHAT), *detail = vb_text_of(judge, VB_F_DETAIL);
    /* With probes it has less time and takes more. */
    if (judge->run != NULL && judge->run->probed && vb_word_in("time cpu", what))
        return;
    for (size_t i = 0; i < VB_ARRAY_LEN(limits); i++) {
        if (strcmp(limits[i].what, what) != 0)
            continue;
        /* No call of ours asks for much. */
        const bool files = strcmp(what, "open files") == 0;
        const bool called =
            judge->run != NULL &&
            ((judge->run->tool != NULL && vb_word_in("processes memory disk files cpu", what)) ||
             ((judge->run->tool != NULL || judge->run->functions) && files));
        const struct found found = {.id = FINDING_RESOURCE_ABUSE,
                                    .graded = true,
                                    .severity = called ? VB_SEVERITY_HIGH : limits[i].severity,
                                    .confidence = VB_CONFIDENCE_MEDIUM,
                                    .group = limits[i].what};
        vb_report_found(judge, &found, "%s%s%s%s.", limits[i].sentence, detail[0] ? ": " : "",
                        detail, limit_number(judge, detail));
    }
}
