/* What tells one machine from all others, in what it sends: its name, the user's home, its id, its
 * public address. Each alone is little, and honest programs have occasion to say it; nobody has one
 * to tell it to a host that the package does not name before he was asked for anything. */
#include "verdict/internal.h"

enum fact { FACT_HOST = 1, FACT_HOME = 2, FACT_ID = 4, FACT_ADDRESS = 8 };
enum {
    STRONG = FACT_HOST | FACT_ID, /* by which a machine is found again */
    BLOCK = VB_SEVERITY_CRITICAL * 8 + VB_CONFIDENCE_HIGH,
    REVIEW = VB_SEVERITY_HIGH * 8 + VB_CONFIDENCE_MEDIUM,
    REMARK = VB_SEVERITY_MEDIUM * 8 + VB_CONFIDENCE_MEDIUM,
    LIST = VB_SEVERITY_LOW * 8 + VB_CONFIDENCE_MEDIUM,
    TELL = VB_SEVERITY_INFO * 8 + VB_CONFIDENCE_HIGH,
};

static const struct {
    const char *bait;
    enum fact fact;
} facts[] = {
    {"machine-host", FACT_HOST},
    {"machine-home", FACT_HOME},
    {"machine-id", FACT_ID},
    {"machine-address", FACT_ADDRESS},
};

static enum fact fact_of(const struct bait *bait)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(facts); i++)
        if (strcmp(facts[i].bait, bait->id) == 0)
            return facts[i].fact;
    return FACT_HOST;
}

/* How grave it is to tell a host something of the machine: by who it is, by when it is done, and by
 * how much was told. */
enum destination { NAMED, SERVICE, UNNAMED, NAMELESS, DESTINATIONS };
enum amount { HINT /* what many machines share */, NAME, REPORT /* a name and more */, AMOUNTS };
static const int grades[DESTINATIONS][PHASES][AMOUNTS] = {
    [NAMED] = {[PHASE_INSTALL] = {TELL, TELL, TELL},
               [PHASE_LOAD] = {TELL, TELL, TELL},
               [PHASE_USE] = {TELL, TELL, TELL}},
    [SERVICE] = {[PHASE_INSTALL] = {LIST, REVIEW, REVIEW},
                 [PHASE_LOAD] = {LIST, LIST, LIST},
                 [PHASE_USE] = {TELL, TELL, TELL}},
    [UNNAMED] = {[PHASE_INSTALL] = {REVIEW, BLOCK, BLOCK},
                 [PHASE_LOAD] = {REMARK, BLOCK, BLOCK},
                 [PHASE_USE] = {LIST, REMARK, REVIEW}},
    [NAMELESS] = {[PHASE_INSTALL] = {REVIEW, BLOCK, BLOCK},
                  [PHASE_LOAD] = {REVIEW, BLOCK, BLOCK},
                  [PHASE_USE] = {REMARK, REVIEW, REVIEW}},
};

static enum amount amount_of(int64_t told)
{
    const bool several = (told & (told - 1)) != 0, strong = (told & STRONG) != 0;
    return strong && several ? REPORT : strong || several ? NAME : HINT;
}

/* What honest programs report their errors and their use to, with the name of the machine. Anybody
 * may have an account there, so it discloses nothing. */
static const char *const services[] = {
    "sentry.io",
    "bugsnag.com",
    "rollbar.com",
    "datadoghq.com",
    "datadoghq.eu",
    "newrelic.com",
    "nr-data.net",
    "honeycomb.io",
    "posthog.com",
    "segment.io",
    "segment.com",
    "mixpanel.com",
    "amplitude.com",
    "grafana.net",
    "logtail.com",
    "betterstackdata.com",
    "logdna.com",
    "loggly.com",
    "papertrailapp.com",
    "sumologic.com",
    "splunkcloud.com",
    "elastic-cloud.com",
    "applicationinsights.azure.com",
    "visualstudio.com",
    "raygun.io",
    "airbrake.io",
    "honeybadger.io",
    "google-analytics.com",
    "langfuse.com",
    "smith.langchain.com",
};

static bool is_service(const char *host)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(services); i++)
        if (vb_host_below(host, services[i]))
            return true;
    return false;
}

static enum destination destination_of(const struct judge *judge, const char *host)
{
    const bool nameless = vb_host_is_drop(host) || vb_host_is_address(host);
    if (vb_names_host(judge, host)) /* to name a place for anybody's data says little */
        return nameless ? SERVICE : NAMED;
    return nameless ? NAMELESS : is_service(host) ? SERVICE : UNNAMED;
}

/* Who commits, logs in or asks an index says who he is. */
static bool says_by_trade(const struct process *process)
{
    static const char trades[] = "git git-remote-http git-remote-https gh glab hg svn ssh scp sftp "
                                 "rsync sendmail msmtp mail";
    return process != NULL && process->command.trusted &&
           ((process->command.traits & TRAIT_PACKAGER) != 0 ||
            vb_word_in(trades, process->command.program));
}

/* Whoever sends mail says the machine's name first, and in what mails are called (RFC 5321, section
 * 4.1.1.1; RFC 5322, section 3.6.4). */
static bool is_mail(const struct judge *judge)
{
    static const int64_t ports[] = {25, 465, 587, 2525};
    for (size_t i = 0; i < VB_ARRAY_LEN(ports); i++)
        if (vb_event_get_int(judge->event, VB_F_PORT, 0) == ports[i])
            return true;
    return false;
}

/* Everybody in the network around hears these. */
static bool is_near(const char *host)
{
    return vb_host_is_loopback(host) || vb_host_is_private(host) ||
           vb_word_in("224.* 239.* 255.* ff02:* ff05:*", host) || vb_ends(host, ".home") ||
           vb_ends(host, ".localdomain") || vb_ends(host, ".home.arpa") ||
           vb_ends(host, ".in-addr.arpa") || vb_ends(host, ".ip6.arpa");
}

/* All that this run told HOST so far, and FACT. */
static int64_t told_to(struct run *run, const char *host, enum fact fact)
{
    struct name *told = vb_names_add(&run->told, &run->arena, host, 0, NULL);
    if (told == NULL) {
        run->full = true;
        return fact;
    }
    told->value |= fact;
    return told->value;
}

static const char *when(enum phase phase)
{
    return phase == PHASE_INSTALL ? ", as it is installed"
           : phase == PHASE_LOAD  ? ", as it is loaded"
                                  : "";
}

void vb_see_machine(struct judge *judge, const struct bait *bait, const char *host)
{
    struct run *run = judge->run;
    const enum fact fact = fact_of(bait);
    if (run == NULL || host == NULL || host[0] == '\0' || is_near(host) ||
        run->arena.bytes > MAX_RUN_BYTES || says_by_trade(judge->process) ||
        (fact == FACT_HOST && is_mail(judge)))
        return;
    const int64_t told = told_to(run, host, fact);
    const enum destination destination = destination_of(judge, host);
    const int grade = grades[destination][run->phase][amount_of(told)];
    const char *form = vb_text_of(judge, VB_F_FORM);
    const bool encoded = form[0] != '\0' && strcmp(form, "raw") != 0;
    const struct found found = {.id = FINDING_BEACON,
                                .graded = true,
                                .severity = grade / 8,
                                .confidence = grade % 8,
                                .host = host,
                                .evidence = {run->world_seq}};
    vb_report_found(judge, &found, "%s told %s%s%s%s to %s%s%s.",
                    vb_process_label(judge, judge->process), bait->place->label,
                    encoded ? " (as " : "", encoded ? form : "", encoded ? ")" : "", host,
                    destination == NAMED ? ", which the package names" : "", when(run->phase));
}

/* --- what the code says that it gathers, and that it was sent somewhere --- */

void vb_see_host_report(struct judge *judge, const char *path)
{
    if (judge->report_path == NULL) {
        judge->report_path = vb_arena_str(judge->keep, path);
        judge->report_seq = judge->event->seq;
    }
}

void vb_see_unasked_host(struct judge *judge, const char *host)
{
    if (judge->unasked_host == NULL && judge->run->phase == PHASE_INSTALL) {
        judge->unasked_host = vb_arena_str(judge->keep, host);
        judge->unasked_seq = judge->event->seq;
    }
}

/* What is enciphered on its way is not seen in what was sent. */
void vb_beacon_end(struct judge *judge)
{
    if (judge->report_path == NULL || judge->unasked_host == NULL)
        return;
    const struct vb_event event = {.kind = VB_EV_SCAN_MATCH, .seq = judge->report_seq};
    const struct found found = {.id = FINDING_BEACON,
                                .graded = true,
                                .severity = VB_SEVERITY_CRITICAL,
                                .confidence = VB_CONFIDENCE_HIGH,
                                .path = judge->report_path,
                                .host = judge->unasked_host,
                                .evidence = {judge->unasked_seq}};
    judge->run = NULL;
    judge->event = &event;
    vb_report_found(judge, &found,
                    "%s gathers what the machine and its user are called, and as the package was "
                    "installed it reached %s, which it does not name.",
                    judge->report_path, judge->unasked_host);
    judge->event = NULL;
}
