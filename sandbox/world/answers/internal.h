/* internal: what the files behind respond.h share. The request is hostile; all else is ours.
 *
 *   view.c      a request taken apart
 *   field.c     one field of its body
 *   rules.c     rule files
 *   match.c     which rule fits
 *   template.c  ${…} in what rules say
 *   kinds.c     the answers that no text can give (as: KIND), one by one:
 *   guess.c     whatever nobody thought of
 *   code.c      a program in its place
 *   packages.c  package indexes
 *   dependency.c  the same for what is really there
 *   project.c   the files of a made-up project, and what they are packed in
 *   git.c       a repository over smart HTTP
 *   pack.c, out.c, elf.c   the containers' bytes
 */
#ifndef SANDBOX_WORLD_ANSWERS_INTERNAL_H
#define SANDBOX_WORLD_ANSWERS_INTERNAL_H

#include "sandbox/bait/stream.h"
#include "sandbox/world/respond.h"
#include "vetbox/core/yaml.h"

/* --- view.c, field.c: a request taken apart --- */

enum {
    VB_VIEW_PATH = 2048,  /* bytes of a path that are looked at */
    VB_VIEW_VALUE = 1024, /* of one query parameter or field */
    VB_VIEW_NAME = 48
};

struct vb_view {
    const struct vb_http_request *request;
    char path[VB_VIEW_PATH + 1]; /* percent-decoded, begins with '/' */
    const char *query;           /* as sent; "" if none */
    const char *accept, *agent;  /* "" if none */
    const char *last;            /* the path's last segment; "" behind a final '/' */
    /* What the thing that is asked for may be called: letters, digits, '.', '_' and '-', beginning
     * with a letter or digit; never empty. */
    char name[VB_VIEW_NAME + 1];
    char module[VB_VIEW_NAME + 1]; /* the same as a name in Python */
    char version[24];              /* of it: letters, digits and dots */
};

void vb_view_init(struct vb_view *ret, const struct vb_http_request *request);
/* The value of the request's header NAME, "" if it has none. */
const char *vb_view_header(const struct vb_view *view, const char *name);
/* The first query parameter NAME, percent-decoded and cut to SIZE; false: there is none. */
bool vb_view_query(const struct vb_view *view, const char *name, char *ret, size_t size);
/* Puts TEXT into the name, module and version of VIEW: "some-tool-1.2.3.tar.gz". */
void vb_view_call(struct vb_view *view, const char *text, size_t len);
/* '*' stands for any run of characters, '?' for one; case does not count. At most |PATTERN| times
 * |TEXT| steps, and in one pass where PATTERN has one '*'. */
bool vb_world_glob(const char *pattern, const char *text);
/* TEXT holds PART, whatever the case. */
bool vb_text_has(const char *text, const char *part);

/* The first member or form field called NAME in the request's body, at any depth, cut or not. */
struct vb_body_field {
    char text[VB_VIEW_VALUE]; /* unescaped */
    bool bare;                /* a JSON number, true, false or null */
};
bool vb_view_field(const struct vb_view *view, const char *name, struct vb_body_field *ret);

/* --- an answer in the making --- */

struct vb_answer {
    struct vb_responder *responder;
    struct vb_view *view;
    int64_t now;
    struct vb_stream stream; /* of this answer */
    char token[VB_HTTP_TOKEN_CHARS + 1];
    bool token_used;
    struct vb_http_reply *reply; /* in the making; NULL while rules are checked */
};

enum { VB_WORLD_BAITS_MAX = 16, VB_WORLD_WANTED_MAX = 512 };

struct vb_wanted {
    char *name, *version;
};

struct vb_responder {
    unsigned char seed[VB_SEED_BYTES];
    char *address;
    struct vb_rule *rules;
    size_t rule_count;
    bool complete; /* with the built-in rules, which are read when the first request comes */
    struct vb_yaml **files; /* what the rules point into */
    size_t file_count;
    struct vb_http_header baits[VB_WORLD_BAITS_MAX + 1];
    size_t bait_count;
    struct vb_wanted wanted[VB_WORLD_WANTED_MAX];
    size_t wanted_count;
    const struct vb_shelf *shelf; /* what the package depends on; or NULL */
    json_t *list;                 /* of it */
    bool listed;                  /* that was tried */
    enum vb_guess guess;          /* what no rule knows is answered with */
    uint64_t counter;             /* answers so far */
    int64_t born;                 /* when the first was given; 0: none yet */
};

/* Adds a header of which VALUE may be hostile: what cannot stand in one is left out. Beyond the
 * room it is dropped. */
VB_CHECKED int vb_answer_header(struct vb_answer *answer, const char *name, const char *value,
                                struct vb_error *err);
/* Draws the token from the answer's stream. */
VB_CHECKED int vb_answer_make_token(struct vb_answer *answer, struct vb_error *err);
/* The token of this answer; from now on it stands in the reply. */
const char *vb_answer_token(struct vb_answer *answer);
/* A stream that depends on the run and NAME alone. */
void vb_answer_stream(const struct vb_answer *answer, const char *name, struct vb_stream *ret);
/* SECONDS as text by strftime's FORMAT, in UTC; years stay between 1970 and 9999. */
void vb_answer_time(int64_t seconds, const char *format, char *ret, size_t size);
/* http://HOST[:PORT] as the client wrote it. */
VB_CHECKED int vb_answer_origin(const struct vb_answer *answer, struct vb_buf *out,
                                struct vb_error *err);

/* --- template.c --- */

enum vb_escape { VB_ESCAPE_NONE, VB_ESCAPE_JSON, VB_ESCAPE_HTML, VB_ESCAPE_HEADER };

/* Appends TEXT with its ${NAME} and ${NAME:ARGUMENT} filled in (docs/world.md lists them), each
 * escaped for where it stands; $${ is a plain ${. */
VB_CHECKED int vb_answer_expand(struct vb_answer *answer, const char *text, enum vb_escape escape,
                                struct vb_buf *out, struct vb_error *err);
/* Whether vb_answer_expand knows all that is in TEXT: VB_E_CONFIG says what it does not. */
VB_CHECKED int vb_template_check(const struct vb_responder *responder, const char *text,
                                 struct vb_error *err);
/* The names of the templates, one by one; NULL behind the last. */
const char *vb_template_name(size_t index);
/* The credentials that answers give away. */
VB_CHECKED int vb_answer_make_baits(struct vb_responder *responder, struct vb_error *err);

/* --- kinds.c --- */

struct vb_kind {
    const char *name, *form, *type;
    int (*make)(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
};
const struct vb_kind *vb_kind_named(const char *name);
/* One by one; NULL behind the last. */
const struct vb_kind *vb_kind_at(size_t index);

int vb_make_guess(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_code(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_mirror(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_elf(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_pe(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_tar_gz(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_tar(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_gz(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_zip(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_wheel(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_npm(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_deb(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_packument(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_simple(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_pypi_json(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_git_refs(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_git_pack(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
int vb_make_git_receive(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);

/* --- packages.c, dependency.c --- */

/* Python's names are the same with "-", "_" or "." between their parts. */
bool vb_same_project(const char *a, const char *b);
/* The segment behind "/simple/" or "/pypi/", in lower case. */
void vb_project_of(const struct vb_view *view, char *ret, size_t size);
/* Puts the type of a project's list of files: PEP 503, or PEP 691 for who asks for JSON. */
VB_CHECKED int vb_answer_simple_type(struct vb_answer *answer, bool *ret_json,
                                     struct vb_error *err);
/* Answers in the place of KIND with what the responder's shelf holds, if that is what is asked for,
 * in OUT or lent to the reply. */
VB_CHECKED int vb_make_dependency(struct vb_answer *answer, const struct vb_kind *kind,
                                  struct vb_buf *out, bool *ret_made, struct vb_error *err);

/* --- rules.c, match.c --- */

enum { VB_RULE_MATCHERS = 9 };

/* A condition: WANTED is a text of the rule, any one of which is enough; of pairs and qualities all
 * must hold. */
struct vb_matcher {
    const char *key;
    bool (*one)(const char *wanted, const struct vb_view *view);
    bool (*pair)(const char *name, const char *wanted, const struct vb_view *view); /* or this */
    bool quality;
};
extern const struct vb_matcher vb_matchers[VB_RULE_MATCHERS];
/* Whether `is: NAME` means something. */
bool vb_match_quality(const char *name);

struct vb_rule {
    const char *id;
    const struct vb_yaml_node *match[VB_RULE_MATCHERS]; /* by place in vb_matchers; or NULL */
    const struct vb_yaml_node *headers;                 /* or NULL */
    const struct vb_yaml_node *body;                    /* or NULL */
    const struct vb_kind *kind;                         /* or NULL */
    const char *type, *form;
    enum vb_escape escape;
    unsigned status;
    bool bytes;  /* the body is written as base64 here */
    bool base64; /* the answer is sent as base64 */
};

/* Appends the rules of the folder's files to RESPONDER's. */
VB_CHECKED int vb_answer_rules_folder(struct vb_responder *responder, const char *dir,
                                      struct vb_error *err);
/* The built-in ones, but for those of which the user has one with the same id. */
VB_CHECKED int vb_answer_rules_own(struct vb_responder *responder, struct vb_error *err);
/* The first rule that fits; NULL: none. */
const struct vb_rule *vb_answer_rule_find(const struct vb_responder *responder,
                                          const struct vb_view *view);

struct vb_rule_file {
    const char *name;
    const unsigned char *text;
    size_t len;
};
/* rules/world/, built in. */
extern const struct vb_rule_file vb_world_rules[];
extern const size_t vb_world_rules_count;

/* --- out.c: bytes with a first error that sticks --- */

struct vb_out {
    struct vb_buf *buf;
    struct vb_error *err;
    int status;
};
void vb_put(struct vb_out *out, const void *bytes, size_t len);
void vb_put_str(struct vb_out *out, const char *text);
void vb_put_little(struct vb_out *out, uint64_t value, unsigned bytes);
void vb_put_big(struct vb_out *out, uint64_t value, unsigned bytes);
void vb_put_zero(struct vb_out *out, size_t len);
uint32_t vb_crc32(const void *bytes, size_t len);
/* RFC 1950 and RFC 1952, stored: small files need no smaller form. */
void vb_put_zlib(struct vb_out *out, const void *bytes, size_t len);
void vb_put_gzip(struct vb_out *out, const void *bytes, size_t len, int64_t seconds);

/* --- project.c, pack.c --- */

enum { VB_FILES_MAX = 16, VB_FILE_PATH = 128 };

struct vb_file {
    char path[VB_FILE_PATH];
    unsigned mode; /* permissions */
    struct vb_buf data;
};
struct vb_files {
    struct vb_file list[VB_FILES_MAX];
    size_t count;
    int64_t seconds; /* when they were changed */
};
enum vb_project { VB_PROJECT = 1, VB_PROJECT_NPM = 2, VB_PROJECT_WHEEL = 4, VB_PROJECT_DEB = 8 };

/* The files of a made-up project of that kind, below PREFIX. */
VB_CHECKED int vb_files_make(struct vb_answer *answer, enum vb_project kind, const char *prefix,
                             struct vb_files *ret, struct vb_error *err);
void vb_files_done(struct vb_files *files);
/* An executable for x86-64 Linux of which running shows the token. */
VB_CHECKED int vb_elf_write(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err);
/* POSIX.1-1988 ustar; a zip of stored files. */
void vb_put_tar(struct vb_out *out, const struct vb_files *files);
void vb_put_zip(struct vb_out *out, const struct vb_files *files);

#endif
