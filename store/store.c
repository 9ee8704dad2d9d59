/* store: see vetbox/store.h. */
#include "vetbox/store.h"

#include <errno.h>
#include <string.h>

#include "store/schema.h"
#include "store/segments.h"
#include "store/sql.h"

enum { VERSION = 1 };

struct vb_store {
    struct sql *sql;
    struct segments segments;
};

static const struct sql_driver *const drivers[] = {&sql_sqlite};

/* --- statements --- */

static int run(struct vb_store *store, const struct sql_statement *statement, struct vb_error *err)
{
    return store->sql->driver->run(store->sql, statement, err);
}

static int plain(struct vb_store *store, const char *text, struct vb_error *err)
{
    return run(store, &(struct sql_statement){.text = text}, err);
}

/* Ends the transaction as STATUS has it. */
static int end(struct vb_store *store, int status, struct vb_error *err)
{
    struct vb_error ignored = {0};
    if (status < 0)
        (void)plain(store, "ROLLBACK", &ignored);
    return status < 0 ? status : plain(store, "COMMIT", err);
}

/* --- opening --- */

static int note_number(void *ctx, const struct sql_value *values, size_t count,
                       struct vb_error *err)
{
    int64_t *number = ctx;
    (void)err;
    if (count > 0 && values[0].type == SQL_INT)
        *number = values[0].number;
    return VB_OK;
}

/* The schema with the driver's own words in it. */
static int make_tables(struct vb_store *store, struct vb_error *err)
{
    static const char mark[] = "{serial}";
    const char *at = (const char *)vb_store_schema, *end = at + vb_store_schema_len;
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    int status = VB_OK;
    vb_buf_init(&text, 1 << 20);
    while (status == VB_OK && at < end) {
        const char *next = memmem(at, (size_t)(end - at), mark, sizeof(mark) - 1);
        status = vb_buf_append(&text, at, (size_t)((next == NULL ? end : next) - at), err);
        if (status == VB_OK && next != NULL)
            status = vb_buf_append_str(&text, store->sql->driver->serial, err);
        at = next == NULL ? end : next + sizeof(mark) - 1;
    }
    if (status == VB_OK)
        status = vb_buf_append(&text, "", 1, err);
    return status == VB_OK ? store->sql->driver->script(store->sql, (const char *)text.data, err)
                           : status;
}

static int migrate(struct vb_store *store, struct vb_error *err)
{
    int64_t version = 0;
    const struct sql_statement ask = {
        .text = "SELECT CAST(value AS BIGINT) FROM about WHERE name = 'version'",
        .row = note_number,
        .ctx = &version};
    struct vb_error none = {0};
    int status = plain(store, store->sql->driver->begin, err);
    if (status < 0)
        return status;
    if (run(store, &ask, &none) < 0) { /* there are no tables yet */
        const struct sql_value args[] = {SQL_T("version"), SQL_T("1")};
        status = make_tables(store, err);
        if (status == VB_OK)
            status = run(store,
                         &(struct sql_statement){.text = "INSERT INTO about (name, value) "
                                                         "VALUES ($1, $2)",
                                                 .args = args,
                                                 .arg_count = 2},
                         err);
        version = VERSION;
    }
    if (status == VB_OK && version != VERSION)
        status = vb_fail(err, VB_E_CONFIG, 0, "the store is of version %lld, this vetbox knows %d",
                         (long long)version, VERSION);
    return end(store, status, err);
}

void vb_store_close(struct vb_store *store)
{
    if (store == NULL)
        return;
    if (store->sql != NULL)
        store->sql->driver->close(store->sql);
    segments_close(&store->segments);
    free(store);
}

static const struct sql_driver *driver_of(const char *place)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(drivers); i++) {
        const size_t len = strlen(drivers[i]->scheme);
        if (len > 0 && strncmp(place, drivers[i]->scheme, len) == 0 && place[len] == ':')
            return drivers[i];
    }
    return strstr(place, "://") == NULL ? &sql_sqlite : NULL;
}

int vb_store_open(const char *place, bool create, struct vb_store **ret, struct vb_error *err)
{
    const struct sql_driver *driver = driver_of(place);
    struct vb_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "opening the store");
    store->segments = (struct segments){.dirfd = -1, .fd = -1};
    int status = driver == NULL
                     ? vb_fail(err, VB_E_USAGE, 0, "%s is no store that vetbox knows", place)
                     : driver->open(place, create, &store->sql, err);
    if (status == VB_OK)
        status = segments_open(&store->segments, place, create, err);
    if (status == VB_OK)
        status = migrate(store, err);
    if (status < 0) {
        vb_store_close(store);
        return vb_wrap(err, "the store %s", place);
    }
    *ret = store;
    return VB_OK;
}

/* --- conditions --- */

int vb_store_conditions(struct vb_store *store, const struct vb_store_conditions *conditions,
                        char ret[VB_SHA256_HEX], struct vb_error *err)
{
    static const char keep[] =
        "INSERT INTO conditions (digest, mode, engine, rules, policy, trust, rootfs, network) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    const char *const texts[] = {conditions->mode,   conditions->engine, conditions->rules,
                                 conditions->policy, conditions->trust,  conditions->rootfs,
                                 conditions->network};
    struct sql_value args[VB_ARRAY_LEN(texts) + 1];
    VB_CLEANUP(vb_buf_done) struct vb_buf all;
    int status = VB_OK;
    vb_buf_init(&all, 1 << 20);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(texts); i++) {
        args[i + 1] = SQL_T(texts[i]);
        status = vb_buf_append(&all, texts[i], strlen(texts[i]) + 1, err);
    }
    if (status == VB_OK)
        status = vb_sha256_hex(all.data, all.len, ret, err);
    args[0] = SQL_T(ret);
    const struct sql_statement statement = {
        .text = keep, .args = args, .arg_count = VB_ARRAY_LEN(args)};
    return status == VB_OK ? run(store, &statement, err) : status;
}

/* --- outcomes --- */

const char *vb_store_kind_name(enum vb_store_kind kind)
{
    static const char *const names[] = {[VB_STORE_ALLOW] = "allow",
                                        [VB_STORE_REVIEW] = "review",
                                        [VB_STORE_BLOCK] = "block",
                                        [VB_STORE_ERROR] = "error",
                                        [VB_STORE_NOT_VETTED] = "not-vetted"};
    return names[kind];
}

/* Its digest in RET, "" for nothing. */
static int keep_piece(struct vb_store *store, struct vb_str bytes, struct piece *ret,
                      struct vb_error *err)
{
    *ret = (struct piece){.digest = ""};
    if (bytes.len == 0)
        return VB_OK;
    const int status = vb_sha256_hex(bytes.text, bytes.len, ret->digest, err);
    return status == VB_OK ? segments_add(&store->segments, bytes, ret, err) : status;
}

static int name_piece(struct vb_store *store, const struct piece *piece, struct vb_error *err)
{
    static const char text[] = "INSERT INTO piece (digest, segment, place, stored, size) "
                               "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    const struct sql_value args[] = {SQL_T(piece->digest), SQL_T(piece->segment),
                                     SQL_I((int64_t)piece->place), SQL_I((int64_t)piece->stored),
                                     SQL_I((int64_t)piece->size)};
    const struct sql_statement statement = {
        .text = text, .args = args, .arg_count = VB_ARRAY_LEN(args)};
    return piece->digest[0] == '\0' ? VB_OK : run(store, &statement, err);
}

static int add_row(struct vb_store *store, const struct vb_store_outcome *outcome,
                   const struct piece pieces[2], int64_t *ret_number, struct vb_error *err)
{
    static const char text[] =
        "INSERT INTO outcome (content, conditions, kind, reason, package, publisher, tries, "
        "begun_ns, ended_ns, report, log) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
        "ON CONFLICT DO NOTHING RETURNING number";
    const struct sql_value args[] = {SQL_T(outcome->content),
                                     SQL_T(outcome->conditions),
                                     SQL_T(vb_store_kind_name(outcome->kind)),
                                     SQL_T(outcome->reason),
                                     SQL_T(outcome->package),
                                     SQL_T(outcome->publisher),
                                     SQL_I(outcome->tries),
                                     SQL_I((int64_t)outcome->begun_ns),
                                     SQL_I((int64_t)outcome->ended_ns),
                                     SQL_T(pieces[0].digest),
                                     SQL_T(pieces[1].digest)};
    const struct sql_statement statement = {.text = text,
                                            .args = args,
                                            .arg_count = VB_ARRAY_LEN(args),
                                            .row = note_number,
                                            .ctx = ret_number};
    *ret_number = 0;
    return run(store, &statement, err);
}

static int add_findings(struct vb_store *store, const struct vb_store_outcome *outcome,
                        int64_t number, struct vb_error *err)
{
    static const char text[] = "INSERT INTO finding (outcome, id, severity, confidence, decision, "
                               "place) VALUES ($1, $2, $3, $4, $5, $6)";
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < outcome->finding_count; i++) {
        const struct vb_store_finding *finding = &outcome->findings[i];
        const struct sql_value args[] = {SQL_I(number),
                                         SQL_T(finding->id),
                                         SQL_T(finding->severity),
                                         SQL_T(finding->confidence),
                                         SQL_T(finding->decision),
                                         SQL_T(finding->place)};
        status = run(
            store,
            &(struct sql_statement){.text = text, .args = args, .arg_count = VB_ARRAY_LEN(args)},
            err);
    }
    return status;
}

static int add_contacts(struct vb_store *store, const struct vb_store_outcome *outcome,
                        int64_t number, struct vb_error *err)
{
    static const char text[] = "INSERT INTO contact (outcome, host, disclosed) VALUES ($1, $2, $3) "
                               "ON CONFLICT DO NOTHING";
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < outcome->contact_count; i++) {
        const struct sql_value args[] = {SQL_I(number), SQL_T(outcome->contacts[i].host),
                                         SQL_I(outcome->contacts[i].disclosed)};
        status = run(
            store,
            &(struct sql_statement){.text = text, .args = args, .arg_count = VB_ARRAY_LEN(args)},
            err);
    }
    return status;
}

int vb_store_add(struct vb_store *store, const struct vb_store_outcome *outcome, bool *ret_new,
                 struct vb_error *err)
{
    struct piece pieces[2];
    int64_t number = 0;
    /* On the disk before a row names it. */
    int status = keep_piece(store, outcome->report, &pieces[0], err);
    if (status == VB_OK)
        status = keep_piece(store, outcome->log, &pieces[1], err);
    if (status == VB_OK)
        status = segments_sync(&store->segments, err);
    if (status == VB_OK)
        status = plain(store, store->sql->driver->begin, err);
    if (status < 0)
        return status;
    status = add_row(store, outcome, pieces, &number, err);
    for (size_t i = 0; status == VB_OK && number > 0 && i < VB_ARRAY_LEN(pieces); i++)
        status = name_piece(store, &pieces[i], err);
    if (status == VB_OK && number > 0)
        status = add_findings(store, outcome, number, err);
    if (status == VB_OK && number > 0)
        status = add_contacts(store, outcome, number, err);
    status = end(store, status, err);
    if (status == VB_OK)
        *ret_new = number > 0;
    return status < 0 ? vb_wrap(err, "keeping the outcome of %s", outcome->package) : VB_OK;
}

/* --- looking --- */

struct look {
    vb_store_each *each;
    void *ctx;
};

static const char *text_in(const struct sql_value *values, size_t i)
{
    return values[i].type == SQL_TEXT ? values[i].text.text : "";
}

static int give_outcome(void *ctx, const struct sql_value *values, size_t count,
                        struct vb_error *err)
{
    const struct look *look = ctx;
    if (count < 12)
        return vb_fail(err, VB_E_SOFTWARE, 0, "an outcome has too few columns");
    const struct vb_store_row row = {.number = values[0].number,
                                     .content = text_in(values, 1),
                                     .conditions = text_in(values, 2),
                                     .kind = text_in(values, 3),
                                     .reason = text_in(values, 4),
                                     .package = text_in(values, 5),
                                     .publisher = text_in(values, 6),
                                     .tries = (unsigned)values[7].number,
                                     .begun_ns = (uint64_t)values[8].number,
                                     .ended_ns = (uint64_t)values[9].number,
                                     .report = text_in(values, 10),
                                     .log = text_in(values, 11)};
    return look->each(look->ctx, &row, err);
}

#define OUTCOME_COLUMNS                                                                          \
    "number, content, conditions, kind, reason, package, publisher, tries, begun_ns, ended_ns, " \
    "report, log"

int vb_store_find(struct vb_store *store, const char *content, const char *conditions,
                  vb_store_each *each, void *ctx, struct vb_error *err)
{
    static const char text[] =
        "SELECT " OUTCOME_COLUMNS " FROM outcome WHERE content = $1 AND conditions = $2";
    const struct sql_value args[] = {SQL_T(content), SQL_T(conditions)};
    struct look look = {each, ctx};
    const struct sql_statement statement = {
        .text = text, .args = args, .arg_count = 2, .row = give_outcome, .ctx = &look};
    return run(store, &statement, err);
}

static int note_piece(void *ctx, const struct sql_value *values, size_t count, struct vb_error *err)
{
    struct piece *piece = ctx;
    if (count < 5)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a piece has too few columns");
    snprintf(piece->digest, sizeof(piece->digest), "%s", text_in(values, 0));
    snprintf(piece->segment, sizeof(piece->segment), "%s", text_in(values, 1));
    piece->place = (uint64_t)values[2].number;
    piece->stored = (uint64_t)values[3].number;
    piece->size = (uint64_t)values[4].number;
    return VB_OK;
}

int vb_store_evidence(struct vb_store *store, const char *digest, struct vb_buf *ret,
                      struct vb_error *err)
{
    static const char text[] =
        "SELECT digest, segment, place, stored, size FROM piece WHERE digest = $1";
    const struct sql_value args[] = {SQL_T(digest)};
    struct piece piece = {.digest = ""};
    const struct sql_statement statement = {
        .text = text, .args = args, .arg_count = 1, .row = note_piece, .ctx = &piece};
    const int status = run(store, &statement, err);
    if (status == VB_OK && piece.digest[0] == '\0')
        return vb_fail(err, VB_E_NOINPUT, 0, "the store has no evidence %s", digest);
    return status == VB_OK ? segments_read(&store->segments, &piece, ret, err) : status;
}
