/* Secrets that leave enciphered. Nobody can read them, so three things are set against one another:
 * a secret was opened, then the same processes sent what looks drawn by chance, and it is as much
 * as that secret would be. Who reads a secret in the course of business is not among the reads. */
#include "verdict/internal.h"

enum {
    OVERHEAD = 72,        /* a salt and its mark, a nonce, a tag, padding to a block */
    OVERHEAD_LARGE = 400, /* the head of age or OpenPGP, the names in a tar or a zip */
};

/* What was sent, and the secrets that it may be: reads FIRST to LAST of those that are related. */
struct match {
    size_t first, last;
    int64_t size; /* of all of them */
    bool close;   /* not packed before, and with no more around it than a cipher needs */
};

/* Pipes within $(…) have shells of their own between them and who sends what comes of it. */
static bool in_one_tree(const struct run *run, int64_t a, int64_t b)
{
    const struct process *first = vb_process_of(run, a), *second = vb_process_of(run, b);
    return vb_processes_related(run, a, b) ||
           (first != NULL && first->ppid != 0 && vb_processes_related(run, first->ppid, b)) ||
           (second != NULL && second->ppid != 0 && vb_processes_related(run, a, second->ppid));
}

/* The secrets that processes related to PID read. */
struct related {
    const struct bait_read *reads[MAX_READS];
    size_t count;
};

static struct related related_reads(const struct run *run, int64_t pid)
{
    struct related related = {.count = 0};
    for (size_t i = 0; i < run->read_count; i++) {
        const struct bait_read *read = &run->reads[i];
        if (read->bait->size > 0 && in_one_tree(run, read->pid, pid))
            related.reads[related.count++] = read;
    }
    return related;
}

static bool is_close(int64_t bytes, int64_t size)
{
    return bytes >= size && bytes <= size + OVERHEAD;
}

/* Keys and tokens are drawn by chance themselves: packing makes them no smaller than half. */
static bool is_near(int64_t bytes, int64_t size)
{
    return bytes >= size / 2 && bytes <= size + OVERHEAD_LARGE;
}

/* One secret, some that were read one after the other, or all of them; the closest. */
static bool find_match(const struct related *related, int64_t bytes, struct match *ret)
{
    bool found = false;
    for (size_t first = 0; first < related->count; first++) {
        int64_t size = 0;
        for (size_t last = first; last < related->count; last++) {
            const bool whole = last == first || (first == 0 && last + 1 == related->count);
            size += related->reads[last]->bait->size;
            const bool close = is_close(bytes, size);
            if (!close && (found || !whole || !is_near(bytes, size)))
                continue;
            *ret = (struct match){first, last, size, close};
            found = true;
            if (close)
                return true;
        }
    }
    return found;
}

static const char *name_of(const struct bait_read *read)
{
    return read->bait->path != NULL ? read->bait->path : read->bait->id;
}

/* As bad as that the secret could be sent there, and never as sure. */
static void report(struct judge *judge, const struct sending *sending,
                   const struct related *related, const struct match *match)
{
    const struct bait_read *worst = NULL;
    int grade = -1;
    for (size_t i = match->first; i <= match->last; i++) {
        const int each = vb_grade_reach(judge, related->reads[i], sending->host);
        if (each > grade)
            worst = related->reads[i];
        grade = each > grade ? each : grade;
    }
    if (worst == NULL)
        return; /* where the secret belongs */
    const struct found found = {
        .id = FINDING_EXFIL_ENCIPHERED,
        .graded = true,
        .severity = grade / 8,
        .confidence = match->close ? VB_CONFIDENCE_MEDIUM : VB_CONFIDENCE_LOW,
        .host = sending->host,
        .group = worst->bait->id,
        .evidence = {worst->seq, sending->first, sending->last},
    };
    const size_t others = match->last - match->first;
    vb_report_found(
        judge, &found,
        "%s opened %s (%s)%s, then %s sent %s %lld bytes that look enciphered; the %s %lld.",
        worst->command, name_of(worst), worst->bait->place->label,
        others > 0 ? vb_arena_printf(&judge->scratch, " and %zu more", others) : "",
        vb_process_label(judge, vb_process_of(judge->run, sending->pid)), sending->host,
        (long long)sending->bytes, others > 0 ? "secrets have" : "secret has",
        (long long)match->size);
}

/* Reports SENDING if it is as much as a secret, CLOSE: just as much. *RET_LIKE: it may be one. */
static bool compare(struct judge *judge, const struct sending *sending, bool close, bool *ret_like)
{
    const struct related related = related_reads(judge->run, sending->pid);
    struct match match;
    *ret_like = sending->pid != 0 && !vb_host_is_loopback(sending->host) &&
                find_match(&related, sending->bytes, &match);
    if (!*ret_like || (close && !match.close))
        return false;
    report(judge, sending, &related, &match);
    return true;
}

/* Adds what was sent now to what HOST got before. */
static struct sending *gather(struct judge *judge, const struct sending *now)
{
    struct run *run = judge->run;
    bool fresh = false;
    const struct name *name =
        vb_names_add(&run->send_hosts, &run->arena, now->host, (int64_t)run->sending_count, &fresh);
    if (run->sendings == NULL)
        run->sendings = calloc(MAX_SENDINGS, sizeof(*run->sendings));
    if (name == NULL || run->sendings == NULL) {
        run->full = true;
        return NULL;
    }
    struct sending *all = &run->sendings[name->value];
    if (fresh) {
        *all = *now;
        all->host = name->text;
        run->sending_count++;
        return all;
    }
    all->bytes += now->bytes;
    all->last = now->last;
    all->count++;
    return all;
}

/* Whoever runs the servers of a name's domain is sent what its labels carry. */
static const char *domain_of(const char *name)
{
    const char *ret = name + strlen(name);
    for (int dots = 0; ret > name; ret--) {
        dots += ret[-1] == '.';
        if (dots == 2)
            break;
    }
    return ret;
}

/* A name is asked for more than once: for each family, and again. */
static bool is_new_name(struct judge *judge, const char *name)
{
    struct run *run = judge->run;
    bool fresh = false;
    if (vb_names_add(&run->spelt, &run->arena, name, (int64_t)judge->event->seq, &fresh) == NULL)
        run->full = true;
    return fresh;
}

static void see_sent(struct judge *judge, int64_t bytes)
{
    const struct run *run = judge->run;
    const uint64_t seq = judge->event->seq;
    struct sending sending = {.host = run->world_host,
                              .pid = run->world_pid,
                              .bytes = bytes,
                              .count = 1,
                              .first = seq,
                              .last = seq};
    const bool asked = judge->event->kind == VB_EV_WORLD_ANSWER;
    if (asked) {
        const char *name = vb_text_of(judge, VB_F_NAME);
        if (!is_new_name(judge, name))
            return;
        sending.host = domain_of(name);
        sending.pid = run->asked_pid;
    }
    if (sending.host == NULL || sending.host[0] == '\0')
        return;
    struct sending *all = gather(judge, &sending);
    bool like = false;
    if (all == NULL || asked)
        return;
    all->told |= compare(judge, &sending, true, &like);
    if (like && all->like_bytes == 0) {
        all->like_bytes = bytes;
        all->like_seq = seq;
    }
}

/* What went in several messages or names is as much as all of them; what fits less well counts
 * where nothing fits better. */
static void see_host_end(struct judge *judge, const struct sending *all)
{
    struct sending one = *all;
    bool like = false;
    if (all->told || (all->count > 1 && compare(judge, all, true, &like)))
        return;
    if (all->like_bytes > 0) {
        one.bytes = all->like_bytes;
        one.first = one.last = all->like_seq;
    }
    (void)compare(judge, &one, false, &like);
}

static void see_end(struct judge *judge)
{
    for (size_t i = 0; i < judge->run->sending_count; i++)
        see_host_end(judge, &judge->run->sendings[i]);
}

void vb_see_cipher(struct judge *judge)
{
    const int64_t bytes = vb_event_get_int(judge->event, VB_F_ENCIPHERED, 0);
    if (judge->run == NULL || judge->run->ended || judge->run->read_count == 0)
        return;
    if (judge->event->kind == VB_EV_DETONATION_END)
        see_end(judge);
    else if (bytes > 0 && bytes < MAX_RUN_BYTES && judge->run->arena.bytes <= MAX_RUN_BYTES)
        see_sent(judge, bytes);
}
