/* sqlite: the store in one file, PLACE/vetbox.db. See sql.h and https://sqlite.org/wal.html. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "store/sql.h"

enum { PREPARED = 48, COLUMNS = 32, BUSY_MS = 30000 };

struct prepared {
    const char *text;
    sqlite3_stmt *statement;
};

struct connection {
    struct sql sql; /* first */
    sqlite3 *db;
    struct prepared prepared[PREPARED];
    size_t count;
};

static int failed(const struct connection *connection, const char *what, struct vb_error *err)
{
    const int code = sqlite3_errcode(connection->db) & 0xff;
    const bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
    return vb_fail(err,
                   busy                     ? VB_E_TEMPFAIL
                   : code == SQLITE_NOMEM   ? VB_E_NOMEM
                   : code == SQLITE_CORRUPT ? VB_E_DATA
                                            : VB_E_IO,
                   0, "%s: %s", what, sqlite3_errmsg(connection->db));
}

/* --- where it may lie --- */

/* Locks of file systems that come over a network, or from a program of the user's, cannot be
 * trusted to hold: two writers would spoil the file. */
static const struct {
    unsigned long magic;
    const char *name;
} refused[] = {{NFS_SUPER_MAGIC, "NFS"},   {SMB_SUPER_MAGIC, "SMB"},   {SMB2_SUPER_MAGIC, "SMB"},
               {CIFS_SUPER_MAGIC, "SMB"},  {CODA_SUPER_MAGIC, "Coda"}, {AFS_SUPER_MAGIC, "AFS"},
               {FUSE_SUPER_MAGIC, "FUSE"}, {V9FS_MAGIC, "9P"},         {CEPH_SUPER_MAGIC, "Ceph"}};

static int check_place(const char *place, struct vb_error *err)
{
    struct statfs st;
    if (statfs(place, &st) < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "opening the store %s", place);
    for (size_t i = 0; i < VB_ARRAY_LEN(refused); i++) {
        if ((unsigned long)st.f_type == refused[i].magic)
            return vb_fail(err, VB_E_CONFIG, 0,
                           "the store %s lies on %s, whose locks cannot be trusted: put it on a "
                           "disk of this machine, or use a store in PostgreSQL",
                           place, refused[i].name);
    }
    return VB_OK;
}

/* --- opening --- */

static void close_sqlite(struct sql *sql)
{
    struct connection *connection = (struct connection *)(void *)sql;
    if (connection == NULL)
        return;
    for (size_t i = 0; i < connection->count; i++)
        (void)sqlite3_finalize(connection->prepared[i].statement);
    (void)sqlite3_close(connection->db);
    free(connection);
}

static int script(struct sql *sql, const char *text, struct vb_error *err)
{
    struct connection *connection = (struct connection *)(void *)sql;
    return sqlite3_exec(connection->db, text, NULL, NULL, NULL) == SQLITE_OK
               ? VB_OK
               : failed(connection, "the store's schema", err);
}

static int open_db(struct connection *connection, const char *path, bool create,
                   struct vb_error *err)
{
    static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                                   "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX |
                      (create ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(path, &connection->db, flags, NULL) != SQLITE_OK)
        return connection->db == NULL ? vb_fail(err, VB_E_NOMEM, 0, "opening the store")
                                      : failed(connection, path, err);
    (void)sqlite3_busy_timeout(connection->db, BUSY_MS);
    (void)sqlite3_db_config(connection->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return script(&connection->sql, settings, err);
}

static int open_sqlite(const char *place, bool create, struct sql **ret, struct vb_error *err)
{
    VB_CLEANUP_FREE char *path = NULL;
    if (create && mkdir(place, 0700) < 0 && errno != EEXIST)
        return vb_fail(err, VB_E_CANTCREAT, errno, "making the store %s", place);
    int status = check_place(place, err);
    if (status < 0)
        return status;
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL || asprintf(&path, "%s/vetbox.db", place) < 0) {
        free(connection);
        path = NULL;
        return vb_fail(err, VB_E_NOMEM, errno, "opening the store");
    }
    connection->sql.driver = &sql_sqlite;
    status = open_db(connection, path, create, err);
    if (status < 0)
        close_sqlite(&connection->sql);
    else
        *ret = &connection->sql;
    return status;
}

/* --- statements --- */

static int prepare(struct connection *connection, const char *text, sqlite3_stmt **ret,
                   struct vb_error *err)
{
    for (size_t i = 0; i < connection->count; i++) {
        if (connection->prepared[i].text == text) {
            *ret = connection->prepared[i].statement;
            return VB_OK;
        }
    }
    if (connection->count == PREPARED)
        return vb_fail(err, VB_E_SOFTWARE, 0, "the store has more statements than it keeps");
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(connection->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK)
        return failed(connection, text, err);
    connection->prepared[connection->count++] = (struct prepared){text, statement};
    *ret = statement;
    return VB_OK;
}

static int bind(sqlite3_stmt *statement, const struct sql_statement *given)
{
    int code = SQLITE_OK;
    for (size_t i = 0; code == SQLITE_OK && i < given->arg_count; i++) {
        const struct sql_value *value = &given->args[i];
        const int at = (int)i + 1;
        if (value->type == SQL_INT)
            code = sqlite3_bind_int64(statement, at, value->number);
        else if (value->type == SQL_TEXT)
            code = sqlite3_bind_text64(statement, at, value->text.text, value->text.len,
                                       SQLITE_STATIC, SQLITE_UTF8);
        else
            code = sqlite3_bind_null(statement, at);
    }
    return code;
}

static int give_row(sqlite3_stmt *statement, const struct sql_statement *given,
                    struct vb_error *err)
{
    struct sql_value values[COLUMNS];
    size_t count = (size_t)sqlite3_column_count(statement);
    count = count < COLUMNS ? count : COLUMNS;
    for (size_t i = 0; i < count; i++) {
        const int column = (int)i, type = sqlite3_column_type(statement, column);
        values[i] = (struct sql_value){.type = SQL_NULL};
        if (type == SQLITE_INTEGER)
            values[i] = SQL_I(sqlite3_column_int64(statement, column));
        else if (type != SQLITE_NULL) {
            values[i].type = SQL_TEXT;
            values[i].text.text = (const char *)sqlite3_column_text(statement, column);
            values[i].text.len = (size_t)sqlite3_column_bytes(statement, column);
        }
    }
    return given->row(given->ctx, values, count, err);
}

static int run(struct sql *sql, const struct sql_statement *given, struct vb_error *err)
{
    struct connection *connection = (struct connection *)(void *)sql;
    sqlite3_stmt *statement = NULL;
    int status = prepare(connection, given->text, &statement, err), code = SQLITE_ROW;
    if (status < 0)
        return status;
    if (bind(statement, given) != SQLITE_OK)
        status = failed(connection, given->text, err);
    while (status == VB_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (given->row != NULL)
            status = give_row(statement, given, err);
    }
    if (status == VB_OK && code != SQLITE_DONE)
        status = failed(connection, given->text, err);
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return status;
}

const struct sql_driver sql_sqlite = {.scheme = "",
                                      .open = open_sqlite,
                                      .close = close_sqlite,
                                      .run = run,
                                      .script = script,
                                      .begin = "BEGIN IMMEDIATE",
                                      .serial = "INTEGER PRIMARY KEY AUTOINCREMENT",
                                      .locked = ""};
