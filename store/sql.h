/* sql: statements, the same for each driver. The arguments are $1, $2, … in the order in which they
 * first stand in the text. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "vetbox/core.h"

enum sql_type { SQL_NULL, SQL_INT, SQL_TEXT };

struct sql_value {
    enum sql_type type;
    int64_t number;
    struct vb_str text; /* of a row: until the function that was given it returns */
};
#define SQL_I(n) ((struct sql_value){.type = SQL_INT, .number = (n)})
#define SQL_T(s) ((struct sql_value){.type = SQL_TEXT, .text = {(s), strlen(s)}})
#define SQL_N ((struct sql_value){.type = SQL_NULL})

struct sql; /* a connection */

/* A row of an answer; what it returns other than VB_OK ends the statement. */
typedef int sql_row(void *ctx, const struct sql_value *values, size_t count, struct vb_error *err);

struct sql_statement {
    const char *text; /* a constant: it is what a prepared statement is known by */
    const struct sql_value *args;
    size_t arg_count;
    sql_row *row; /* NULL: rows are not looked at */
    void *ctx;
};

struct sql_driver {
    const char *scheme; /* of a place: "postgresql"; "" for a folder */
    VB_CHECKED int (*open)(const char *place, bool create, struct sql **ret, struct vb_error *err);
    void (*close)(struct sql *sql);
    /* VB_E_TEMPFAIL: another one was at the same rows; nothing was done, and it may be asked again.
     */
    VB_CHECKED int (*run)(struct sql *sql, const struct sql_statement *statement,
                          struct vb_error *err);
    /* Several statements that have no arguments, as a schema has. */
    VB_CHECKED int (*script)(struct sql *sql, const char *text, struct vb_error *err);
    const char *begin;  /* of a transaction that writes */
    const char *serial; /* the type of a number that grows by itself */
    const char *locked; /* behind a SELECT: rows that others work at are left out */
};

extern const struct sql_driver sql_sqlite;

/* Every driver's connection begins with it. */
struct sql {
    const struct sql_driver *driver;
};

#endif
