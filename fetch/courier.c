/* courier: the process that really reaches the hosts of --net live. It trusts neither side: the
 * world that asks has read what malware sent, and a listed server may be the attacker's. One run of
 * the package asks at a time. See vetbox/core/courier.h and carry.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fetch/carry.h"

enum {
    AT_ONCE = 8,
    WAITING_MAX = 64, /* each may hold a descriptor */
    POLL_MS = 1000,
    MAILS_AT_ONCE = 32
};

struct courier {
    const struct vb_courier_hosts *hosts;
    struct carrier *carrier;
    int control;
    int run; /* to the world of the run that asks; -1: none */
    struct vb_courier_account account;
    struct carry *carries[AT_ONCE + WAITING_MAX]; /* in the order in which they came */
    size_t count, started;
    struct vb_courier_mail mail;
};

/* --- what is under way --- */

static void drop(struct courier *courier, size_t place)
{
    courier->started -= carry_started(courier->carries[place]);
    carry_free(courier->carries[place]);
    courier->count--;
    memmove(courier->carries + place, courier->carries + place + 1,
            (courier->count - place) * sizeof(courier->carries[0]));
}

/* The run is over, or its world is gone: nobody waits any more. What was sent stays sent. */
static void end_run(struct courier *courier)
{
    while (courier->count > 0) {
        carry_abandon(courier->carries[courier->count - 1], &courier->account);
        drop(courier, courier->count - 1);
    }
    vb_close_fd(&courier->run);
}

/* STATUS is what became of a word to the world. */
static void said(struct courier *courier, int status)
{
    if (status < 0)
        end_run(courier);
}

static void refuse(struct courier *courier, uint32_t number, int row, const char *why)
{
    struct vb_error ignored;
    if (row >= 0)
        courier->account.rows[row].failed++;
    said(courier, carry_refuse(number, why, courier->run, &ignored));
}

static void finish(struct courier *courier, struct carry *carry, CURLcode code)
{
    struct vb_error err = {0};
    size_t place = 0;
    while (place < courier->count && courier->carries[place] != carry)
        place++;
    if (place == courier->count)
        return;
    int status = carry_answer(carry, code, courier->run, &courier->account, &err);
    if (status == VB_E_LIMIT)
        status = carry_refuse(carry_number(carry), "the head of the answer is too large",
                              courier->run, &err);
    drop(courier, place);
    said(courier, status);
}

static void move_on(struct courier *courier)
{
    const struct libcurl *libcurl = &courier->carrier->libcurl;
    const CURLMsg *message;
    int running, left;
    (void)libcurl->multi_perform(courier->carrier->multi, &running);
    while ((message = libcurl->multi_info_read(courier->carrier->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            finish(courier, carry_of(courier->carrier, message->easy_handle), message->data.result);
    }
}

/* Those that wait begin as others end, in their order; or it is too late for them. */
static void start_waiting(struct courier *courier)
{
    const uint64_t now = vb_monotonic_ns();
    for (size_t i = 0; i < courier->count && courier->run >= 0;) {
        struct carry *carry = courier->carries[i];
        struct vb_error err = {0};
        const char *trouble = NULL;
        if (carry_started(carry) || (courier->started == AT_ONCE && !carry_late(carry, now))) {
            i++;
            continue;
        }
        if (carry_late(carry, now))
            trouble = "too many requests at once";
        else if (carry_start(carry, &err) < 0)
            trouble = err.message;
        if (trouble == NULL) {
            courier->started++;
            i++;
            continue;
        }
        const uint32_t number = carry_number(carry);
        const int row = carry_row(carry);
        drop(courier, i);
        refuse(courier, number, row, trouble);
    }
}

/* --- what is said --- */

static void ask(struct courier *courier)
{
    const struct vb_courier_message *message = &courier->mail.message;
    struct vb_error err = {0};
    struct carry *carry = NULL;
    const int row =
        message->count < 3 ? -1 : vb_courier_hosts_find(courier->hosts, message->strings[1]);
    if (row < 0)
        refuse(courier, message->number, row, "the host is not listed");
    else if (courier->count == VB_ARRAY_LEN(courier->carries))
        refuse(courier, message->number, row, "too many requests at once");
    else if (carry_new(courier->carrier, &courier->mail, row, &carry, &err) < 0)
        refuse(courier, message->number, row, err.message);
    else
        courier->carries[courier->count++] = carry;
}

static void cancel(struct courier *courier, uint32_t number)
{
    for (size_t i = 0; i < courier->count; i++) {
        if (carry_number(courier->carries[i]) != number)
            continue;
        carry_abandon(courier->carries[i], &courier->account);
        drop(courier, i);
        return;
    }
}

static void hear_world(struct courier *courier)
{
    struct vb_error ignored;
    for (int n = 0; n < MAILS_AT_ONCE && courier->run >= 0; n++) {
        const int got = vb_courier_receive(courier->run, &courier->mail, &ignored);
        if (got == 0)
            return;
        if (got < 0)
            end_run(courier);
        else if (courier->mail.message.word == VB_COURIER_ASK)
            ask(courier);
        else if (courier->mail.message.word == VB_COURIER_CANCEL)
            cancel(courier, courier->mail.message.number);
    }
}

static int tell_account(struct courier *courier, struct vb_error *err)
{
    ssize_t got;
    do {
        got = send(courier->control, &courier->account, sizeof(courier->account), MSG_NOSIGNAL);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? vb_fail(err, VB_E_OS, errno, "telling what left") : VB_OK;
}

/* 1: the coordinator has no more to say. */
static int hear_coordinator(struct courier *courier, struct vb_error *err)
{
    const int got = vb_courier_receive(courier->control, &courier->mail, err);
    if (got <= 0)
        return got == 0 ? VB_OK : 1;
    end_run(courier);
    if (courier->mail.message.word == VB_COURIER_RUN) {
        courier->account = (struct vb_courier_account){0};
        courier->run = vb_steal_fd(&courier->mail.body);
        return VB_OK;
    }
    return tell_account(courier, err);
}

static int serve(struct courier *courier, struct vb_error *err)
{
    const struct libcurl *libcurl = &courier->carrier->libcurl;
    int status = VB_OK;
    while (status == VB_OK) {
        struct curl_waitfd fds[2] = {{.fd = courier->control, .events = CURL_WAIT_POLLIN},
                                     {.fd = courier->run, .events = CURL_WAIT_POLLIN}};
        if (libcurl->multi_poll(courier->carrier->multi, fds, courier->run >= 0 ? 2 : 1, POLL_MS,
                                NULL) != CURLM_OK)
            return vb_fail(err, VB_E_SOFTWARE, 0, "waiting for requests to carry");
        if (fds[0].revents != 0)
            status = hear_coordinator(courier, err);
        if (courier->run >= 0)
            hear_world(courier);
        start_waiting(courier);
        move_on(courier);
    }
    return status < 0 ? status : VB_OK;
}

/* --- who it is --- */

struct vb_courier {
    struct vb_courier_options options;
    struct carrier carrier;
};

int vb_courier_new(const struct vb_courier_options *options, struct vb_courier **ret,
                   struct vb_error *err)
{
    struct vb_courier *courier = calloc(1, sizeof(*courier));
    if (courier == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "no memory for a courier");
    courier->options = *options;
    courier->carrier.refusal = options->refusal != NULL ? options->refusal : carry_refusal;
    courier->carrier.answer_ms = options->answer_ms > 0 ? options->answer_ms : CARRY_MS;
    *ret = courier;
    return VB_OK;
}

void vb_courier_free(struct vb_courier *courier)
{
    if (courier == NULL)
        return;
    carrier_close(&courier->carrier);
    free(courier);
}

int vb_courier_prepare(void *ctx, struct vb_error *err)
{
    struct vb_courier *courier = ctx;
    return carrier_open(&courier->carrier, courier->options.ca_file, err);
}

int vb_courier_serve(void *ctx, int control, struct vb_error *err)
{
    struct vb_courier *own = ctx;
    struct courier *courier = calloc(1, sizeof(*courier));
    if (courier == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "no memory for a courier");
    courier->hosts = &own->options.hosts;
    courier->carrier = &own->carrier;
    courier->control = control;
    courier->run = -1;
    courier->mail.body = -1;
    const int status = serve(courier, err);
    end_run(courier);
    vb_close_fd(&courier->mail.body);
    free(courier);
    return status;
}
