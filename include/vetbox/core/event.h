/* The event: the one thing that stages give to the verdict (design: one spine). */
#ifndef VETBOX_CORE_EVENT_H
#define VETBOX_CORE_EVENT_H

#include "vetbox/core/buf.h"

enum vb_field {
    VB_F_NONE = 0,
#define VB_FIELD(id, name, type, doc) VB_F_##id,
#include "vetbox/core/fields.def"
#undef VB_FIELD
    VB_FIELD_COUNT
};

enum vb_type { VB_T_STR = 1, VB_T_INT, VB_T_BOOL, VB_T_LIST };

enum vb_event_kind {
    VB_EV_NONE = 0,
#define VB_EVENT(id, name, who, fields, doc) VB_EV_##id,
#include "vetbox/core/events.def"
#undef VB_EVENT
    VB_EVENT_KIND_COUNT
};

/* Where the fact was seen. */
enum vb_source {
    VB_SOURCE_STATIC = 1, /* in the package */
    VB_SOURCE_SYSCALL,    /* attempted */
    VB_SOURCE_WORLD,      /* reached the fake network */
    VB_SOURCE_TRUTH,      /* what a resource shows afterwards */
    VB_SOURCE_TOOL        /* vetbox's own doing: log, fetch, coverage, detonation frame */
};

/* Who may emit a kind; a child has exactly one role. */
enum vb_role {
    VB_ROLE_COORDINATOR = 1,
    VB_ROLE_FETCH = 2,
    VB_ROLE_UNPACK = 4,
    VB_ROLE_IDENTIFY = 8,
    VB_ROLE_SCAN = 16,
    VB_ROLE_BOX = 32,
    VB_ROLE_VERIFY = 64,
    VB_ROLE_WORLD = 128,
    VB_ROLE_DRIVER = 256,
    VB_ROLE_ANY = 511
};

struct vb_event_field {
    uint8_t field; /* enum vb_field */
    bool required;
};

/* One row of events.def. */
struct vb_event_type {
    const char *name;
    unsigned roles;
    const struct vb_event_field *fields; /* ends with field 0 */
    const char *doc;
};

struct vb_str {
    const char *text; /* not NUL-terminated */
    size_t len;
};

struct vb_value {
    uint8_t field; /* enum vb_field */
    uint8_t type;  /* enum vb_type */
    union {
        struct vb_str str;
        int64_t number; /* also BOOL */
        struct {
            const struct vb_str *items;
            size_t count;
        } list;
    };
};

/* In coverage events, what: one more way to call a script that was itself run. */
#define VB_CALLS_NOT_RUN "a call with arguments"
/* The same of code for another system, of which what has a like here ran. */
#define VB_TRANSLATED "code for another system"
/* stage of events that are about what a package depends on, and not about its own files */
#define VB_STAGE_DEPENDENCY "dependency"
/* Reasons of coverage events that leave no doubt that somebody floods (verdict/detect_flood.c). */
#define VB_FLOOD_LINE "a line of more than 32 MiB without an end"
#define VB_FLOOD_LISTING "more than 20 pages of hardly anything"
/* The reason of a manifest.usage that is no command line: functions are called. */
#define VB_FUNCTIONS "functions"
/* And of one that is no script's: argv is how a document has an MCP client start a server. */
#define VB_CLIENT_SETTINGS "client settings"
/* Given for a string to a tool of an MCP server: where a shell reads it this says so in its
 * argument vector, and does nothing else. */
#define VB_CANARY "canary-4f7a"
#define VB_CANARY_TEXT VB_CANARY " \"'$(echo " VB_CANARY ")'\"; echo " VB_CANARY " #"
/* The same for what is read as code: it opens a file that is not there. */
#define VB_CANARY_FILE "/" VB_CANARY
#define VB_CANARY_CODE "open(\"" VB_CANARY_FILE "\")"
/* What a plugin among the user's files opens, whose words must not say what it is there for. */
#define VB_PLUGIN_FILE "/srv/reports/layout.json"
#define VB_PLUGIN_CODE "open(\"" VB_PLUGIN_FILE "\")"
/* And for what is imported: a module of Python's own that does nothing and that no other needs. */
#define VB_CANARY_MODULE "tabnanny"

enum {
    VB_EVENT_MAX_FIELDS = 20,
    VB_EVENT_MAX_STRING = 256 * 1024, /* longer values are cut and TRUNCATED is set */
    VB_EVENT_MAX_LIST = 1024,
    VB_EVENT_MAX_BYTES = 1024 * 1024 /* of one encoded event, JSON or frame */
};

/* Values are borrowed: they must live until the event was emitted (or, for a decoded event,
 * until the decoder is used again). */
struct vb_event {
    enum vb_event_kind kind;
    enum vb_source source;
    uint64_t seq;        /* 1, 2, 3 … given by the log */
    uint64_t time_ns;    /* since the log began; 0 lets the sink fill it in */
    uint32_t detonation; /* which detonation it belongs to, 0 for none */
    uint8_t value_count;
    bool overflow; /* a setter was misused; emitting fails */
    struct vb_value values[VB_EVENT_MAX_FIELDS];
};

const struct vb_event_type *vb_event_type(enum vb_event_kind kind);
const char *vb_field_name(enum vb_field field);
enum vb_type vb_field_type(enum vb_field field);
const char *vb_field_doc(enum vb_field field);
const char *vb_source_name(enum vb_source source);
/* VB_EV_NONE, VB_F_NONE and 0 for unknown names. */
enum vb_event_kind vb_event_kind_named(const char *name);
enum vb_field vb_field_named(const char *name);

void vb_event_init(struct vb_event *event, enum vb_event_kind kind, enum vb_source source);
/* Setters cut strings and lists at their maximum and then set TRUNCATED where the kind has it. A
 * NULL string sets nothing. */
void vb_event_str(struct vb_event *event, enum vb_field field, const char *text);
void vb_event_strn(struct vb_event *event, enum vb_field field, const char *text, size_t len);
void vb_event_int(struct vb_event *event, enum vb_field field, int64_t number);
void vb_event_bool(struct vb_event *event, enum vb_field field, bool truth);
void vb_event_list(struct vb_event *event, enum vb_field field, const struct vb_str *items,
                   size_t count);

/* NULL if the event has no such field. */
const struct vb_value *vb_event_get(const struct vb_event *event, enum vb_field field);
/* The string of a field, or {"", 0}. */
struct vb_str vb_event_get_str(const struct vb_event *event, enum vb_field field);
int64_t vb_event_get_int(const struct vb_event *event, enum vb_field field, int64_t fallback);
bool vb_str_equal(struct vb_str a, const char *b);
/* A heap copy with a NUL, or NULL when out of memory. */
char *vb_str_dup(struct vb_str s);

/* Kind known, every field allowed there and of the right type, none twice, all required there. */
VB_CHECKED int vb_event_check(const struct vb_event *event, struct vb_error *err);

/* Where events go. Embed it as the first member. */
struct vb_sink {
    int (*emit)(struct vb_sink *sink, struct vb_event *event, struct vb_error *err);
};
VB_CHECKED int vb_emit(struct vb_sink *sink, struct vb_event *event, struct vb_error *err);

/* --- binary frames between processes: u32 length, then the event; little endian --- */

/* Encodes EVENT as one frame. */
VB_CHECKED int vb_frame_encode(const struct vb_event *event, struct vb_buf *buf,
                               struct vb_error *err);

/* Decodes frames from a byte stream; strings point into its own buffer. Every length is checked;
 * what does not fit is VB_E_PROTOCOL. */
struct vb_frame_reader;
VB_CHECKED int vb_frame_reader_new(struct vb_frame_reader **ret, struct vb_error *err);
void vb_frame_reader_free(struct vb_frame_reader *reader);
/* Reads once from FD what is there (blocking only if FD blocks).
 * Returns 1 if bytes came, 0 at the end of the stream, VB_E_PROTOCOL if the end cuts a frame,
 * VB_OK with *ret_again set if FD would block. */
int vb_frame_reader_fill(struct vb_frame_reader *reader, int fd, bool *ret_again,
                         struct vb_error *err);
/* Returns 1 and fills *ret_event if a whole frame is buffered, 0 if not, or an error. */
int vb_frame_reader_next(struct vb_frame_reader *reader, struct vb_event *ret_event,
                         struct vb_error *err);

/* A sink that writes frames to a blocking descriptor (not owned), stamping time from EPOCH. Frames
 * are gathered; vb_frame_sink_flush writes them out, and so does a full buffer. */
struct vb_frame_sink {
    struct vb_sink sink;
    int fd;
    uint64_t epoch_ns; /* CLOCK_MONOTONIC at the beginning of the log */
    struct vb_buf buf;
    bool at_once; /* each frame is written out before anything else is done */
};
void vb_frame_sink_init(struct vb_frame_sink *sink, int fd, uint64_t epoch_ns);
VB_CHECKED int vb_frame_sink_flush(struct vb_frame_sink *sink, struct vb_error *err);
void vb_frame_sink_done(struct vb_frame_sink *sink);

/* --- the event log: JSON Lines --- */

#define VB_LOG_VERSION "1"

VB_CHECKED int vb_event_to_json(const struct vb_event *event, struct vb_buf *buf,
                                struct vb_error *err); /* one line with its newline */

/* Writes the log: numbers events, stamps times, checks each. LOG_BEGIN must come first;
 * vb_log_end appends LOG_END and flushes. FD is not owned. */
struct vb_log_writer {
    struct vb_sink sink;
    int fd;
    uint64_t epoch_ns;
    uint64_t count;
    uint64_t bytes;
    uint64_t max_bytes;       /* 0: no limit; beyond it emitting fails with VB_E_LIMIT */
    struct vb_sink *follower; /* gets every event that was written, LOG_END too; NULL: nobody */
    struct vb_buf buf;
};
void vb_log_writer_init(struct vb_log_writer *log, int fd);
VB_CHECKED int vb_log_end(struct vb_log_writer *log, struct vb_error *err);
/* Copies the log as far as it goes to FD, an empty file, with an end: it can be read there. */
VB_CHECKED int vb_log_copy(const struct vb_log_writer *log, int fd, struct vb_error *err);
void vb_log_writer_done(struct vb_log_writer *log);

/* Reads a log strictly: known kinds and fields only, numbers without a gap, LOG_BEGIN first and a
 * LOG_END that counts right; anything else is VB_E_DATA with the line. FD is not owned. */
struct vb_log_reader;
VB_CHECKED int vb_log_reader_new(int fd, struct vb_log_reader **ret, struct vb_error *err);
void vb_log_reader_free(struct vb_log_reader *reader);
/* Returns 1 and fills *ret_event (valid until the next call), 0 after LOG_END, or an error. */
int vb_log_reader_next(struct vb_log_reader *reader, struct vb_event *ret_event,
                       struct vb_error *err);

#endif
