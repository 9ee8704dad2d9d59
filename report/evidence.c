/* The events behind the findings. The log is read once more; only what is shown is kept. */
#include <string.h>

#include "report/internal.h"

enum { PER_FINDING = 3, EVENTS_MAX = 300, TEXT_MAX = 160 };

static int compare_lines(const void *left, const void *right)
{
    const struct evidence_line *a = left, *b = right;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static size_t wanted(const struct vb_verdict *verdict, struct evidence_line *lines)
{
    size_t count = 0;
    for (size_t i = 0; i < verdict->finding_count; i++) {
        const struct vb_finding *finding = &verdict->findings[i];
        if (finding->decision == VB_DECISION_ALLOW)
            continue;
        for (size_t j = 0; j < finding->evidence_count && j < PER_FINDING; j++)
            if (count < EVENTS_MAX)
                lines[count++] = (struct evidence_line){.seq = finding->evidence[j]};
    }
    qsort(lines, count, sizeof(*lines), compare_lines);
    size_t unique = 0;
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || lines[unique - 1].seq != lines[i].seq)
            lines[unique++] = lines[i];
    return unique;
}

static int append_str(struct vb_buf *buf, struct vb_str text, struct vb_error *err)
{
    const size_t left = buf->len < TEXT_MAX ? TEXT_MAX - buf->len : 0;
    size_t len = text.len < left ? text.len : left;
    while (len > 0 && len < text.len && ((unsigned char)text.text[len] & 0xc0) == 0x80)
        len--;
    int status = vb_buf_append(buf, text.text, len, err);
    if (status == VB_OK && len < text.len && left > 0)
        status = vb_buf_append_str(buf, "…", err);
    return status;
}

static int append_value(struct vb_buf *buf, const struct vb_value *value, struct vb_error *err)
{
    if (value->type == VB_T_STR)
        return append_str(buf, value->str, err);
    if (value->type != VB_T_LIST)
        return vb_buf_printf(buf, err, "%lld", (long long)value->number);
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < value->list.count && buf->len < TEXT_MAX; i++) {
        status = vb_buf_append_str(buf, i == 0 ? "" : " ", err);
        if (status == VB_OK)
            status = append_str(buf, value->list.items[i], err);
    }
    return status;
}

/* In which phase the detonation runs that an event belongs to. */
struct phase {
    uint32_t detonation;
    char when[16]; /* "" where nobody says */
};

static void note_phase(const struct vb_event *event, struct phase *phase)
{
    if (event->kind != VB_EV_DETONATION_BEGIN)
        return;
    const struct vb_str when = vb_event_get_str(event, VB_F_WHEN);
    phase->detonation = event->detonation;
    snprintf(phase->when, sizeof(phase->when), "%.*s", (int)(when.len < 15 ? when.len : 15),
             when.text);
}

/* What runs when it is used needs no word; the other phases ask nobody. */
static bool runs_unasked(const struct vb_event *event, const struct phase *phase)
{
    return event->detonation != 0 && event->detonation == phase->detonation &&
           phase->when[0] != '\0' && strcmp(phase->when, "use") != 0;
}

/* "process.exec at install: curl -s https://…": the kind, the phase and the fields that tell most.
 */
static int describe(const struct vb_event *event, const struct phase *phase, char **ret,
                    struct vb_error *err)
{
    static const enum vb_field fields[] = {
        VB_F_ARGV, VB_F_RULE, VB_F_CODE,   VB_F_BAIT,  VB_F_SYSCALL, VB_F_NAME, VB_F_ADDRESS,
        VB_F_PORT, VB_F_PATH, VB_F_TARGET, VB_F_FLAGS, VB_F_WHERE,   VB_F_WHAT, VB_F_OUTCOME};
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    vb_buf_init(&buf, 64 * 1024);
    const bool unasked = runs_unasked(event, phase);
    int status = vb_buf_printf(&buf, err, "%s%s%s", vb_event_type(event->kind)->name,
                               unasked ? " at " : "", unasked ? phase->when : "");
    unsigned shown = 0;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(fields) && shown < 3; i++) {
        const struct vb_value *value = vb_event_get(event, fields[i]);
        if (value == NULL || (event->kind == VB_EV_PROCESS_EXEC && fields[i] != VB_F_ARGV))
            continue;
        status = vb_buf_append_str(&buf, shown == 0 ? ": " : ", ", err);
        if (status == VB_OK)
            status = append_value(&buf, value, err);
        shown++;
    }
    if (status < 0)
        return status;
    *ret = vb_str_dup((struct vb_str){(const char *)buf.data, buf.len});
    return *ret == NULL ? vb_fail(err, VB_E_NOMEM, 0, "reading the evidence") : VB_OK;
}

static void free_reader(struct vb_log_reader **reader)
{
    vb_log_reader_free(*reader);
}

static int collect(struct evidence *evidence, int log_fd, struct vb_error *err)
{
    VB_CLEANUP(free_reader) struct vb_log_reader *reader = NULL;
    struct phase phase = {0};
    int status = evidence->count > 0 ? vb_log_reader_new(log_fd, &reader, err) : VB_OK;
    for (size_t i = 0; status == VB_OK && i < evidence->count;) {
        struct vb_event event;
        const int more = vb_log_reader_next(reader, &event, err);
        if (more == 0)
            return VB_OK;
        if (more < 0)
            return more;
        note_phase(&event, &phase);
        if (event.seq == evidence->lines[i].seq)
            status = describe(&event, &phase, &evidence->lines[i++].text, err);
    }
    return status;
}

int vb_evidence_read(const struct vb_verdict *verdict, int log_fd, struct evidence *ret,
                     struct vb_error *err)
{
    *ret = (struct evidence){.lines = calloc(EVENTS_MAX, sizeof(*ret->lines))};
    if (ret->lines == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "reading the evidence");
    ret->count = wanted(verdict, ret->lines);
    const int status = collect(ret, log_fd, err);
    if (status < 0)
        vb_evidence_done(ret);
    return status;
}

void vb_evidence_done(struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->count; i++)
        free(evidence->lines[i].text);
    free(evidence->lines);
    *evidence = (struct evidence){0};
}

const char *vb_evidence_text(const struct evidence *evidence, uint64_t seq)
{
    for (size_t i = 0; i < evidence->count; i++)
        if (evidence->lines[i].seq == seq)
            return evidence->lines[i].text;
    return NULL;
}
