/* identify's own words, shared by its files and nobody else.
 * Everything that is read here is hostile: sizes, depths and counts are capped, paths are opened
 * beneath the tree's descriptor only, and what cannot be read becomes an event.
 * Our own failures stick in vb_id.status (as in the JSON writer): emitting on after one does
 * nothing, and vb_identify returns it. */
#ifndef VETBOX_IDENTIFY_INTERNAL_H
#define VETBOX_IDENTIFY_INTERNAL_H

#include "vetbox/identify.h"

enum {
    VB_ID_PATH_MAX = 4097,
    VB_ID_ENTRIES_MAX = 20000, /* files and folders of a tree that are looked at */
    VB_ID_DEPTH_MAX = 64,      /* folders below each other, and levels of YAML, JSON5 and TOML */
    VB_ID_KEY_MAX = 256,       /* bytes of a key path */
    VB_ID_SEARCH_MAX = 256 * 1024 * 1024, /* bytes searched for line numbers in all */
    VB_ID_PROBE_BYTES = 65536,            /* of a source file that is looked at for MCP imports */
};

/* What is counted against a cap; each has one coverage event when it was cut. */
enum vb_id_class {
    VB_ID_CODE,
    VB_ID_LINK,
    VB_ID_ENTRY,
    VB_ID_DECLARE,
    VB_ID_DOCUMENT,
    VB_ID_PROBLEM,
    VB_ID_PACKAGE,
    VB_ID_FILE,
    VB_ID_UNKNOWN,
    VB_ID_USAGE,
    VB_ID_CLASS_COUNT
};

struct vb_id_file {
    char *path; /* below the tree */
    uint64_t size;
    uint32_t mode;
};

/* A place in the package. LINE 0 is unknown. */
struct vb_id_at {
    const char *path;
    int64_t line;
};

/* A manifest file that was read and parsed once; lives until the package root is done. */
struct vb_id_doc {
    char *path;
    struct vb_buf text;
    json_t *json; /* NULL if it could not be parsed */
};

struct vb_id_fact; /* documented hosts, names, paths: kept until the end */

struct vb_id {
    int dirfd;
    const char *name;
    const struct vb_identify_limits *limits;
    struct vb_sink *sink;
    struct vb_error *err;
    int status;

    struct vb_id_file *files; /* sorted by path, bytewise */
    size_t file_count;
    char *top; /* root of the package itself: "." or the single top folder */

    struct vb_id_doc *docs;
    size_t doc_count;
    size_t doc_bytes;

    json_t *seen;   /* set of what was emitted already */
    json_t *skills; /* name and plugin → folder of the first skill called so */
    json_t *pages;  /* named by a manifest as text for the model; true: its commands run */
    json_t *read;   /* pages that were read */
    json_t *fact_index;
    struct vb_id_fact *facts;
    size_t fact_count;

    bool family_here; /* a host format was recognised at the root that is looked at */

    const struct vb_id_front *front; /* the one whose declarations are told, NULL */
    const char *origin;              /* the text that a declaration is made of, NULL: its value */

    size_t client_servers; /* that documents' settings of clients start */
    size_t searched;       /* bytes, for line numbers */
    size_t key_nodes;      /* values, for key paths */
    size_t used[VB_ID_CLASS_COUNT];
    size_t dropped[VB_ID_CLASS_COUNT];
};

/* --- where.c: key paths --- */
/* The key path of TEXT, which was taken out of the manifest PATH as it was parsed; false if it was
 * not, or if that is not known. */
bool vb_id_key_of(struct vb_id *id, const char *path, const char *text, char ret[VB_ID_KEY_MAX]);

/* --- walk.c: the list of files --- */
void vb_id_walk(struct vb_id *id);
void vb_id_files_done(struct vb_id *id);
const struct vb_id_file *vb_id_find(const struct vb_id *id, const char *path);
/* Index of the first file whose path is not before PREFIX; with vb_id_below a loop over a folder.
 */
size_t vb_id_lower(const struct vb_id *id, const char *prefix);
bool vb_id_below(const struct vb_id_file *file, const char *prefix);
/* ROOT/REL into RET ("." vanishes); false if it does not fit. */
bool vb_id_join(char ret[VB_ID_PATH_MAX], const char *root, const char *rel);
/* The file REL below ROOT, or NULL. */
const struct vb_id_file *vb_id_at_root(const struct vb_id *id, const char *root, const char *rel);
/* Any file below ROOT/FOLDER whose name ends in SUFFIX. */
bool vb_id_any(const struct vb_id *id, const char *root, const char *folder, const char *suffix);
/* SKILL.md of ROOT in any case (or ClawHub's old skills.md). */
const struct vb_id_file *vb_id_skill_file(const struct vb_id *id, const char *root);
bool vb_id_is_skill_name(const char *base);
/* Strips the last component: "." if none is left. */
void vb_id_parent(char ret[VB_ID_PATH_MAX], const char *path);
/* Folders of bundled dependencies and version control. */
bool vb_id_vendored(const char *path);
/* ROOT as the beginning of paths: "" or "root/". */
bool vb_id_prefix(char ret[VB_ID_PATH_MAX], const char *root);

/* --- read.c: bytes of files --- */
/* Reads PATH whole, at most MAX bytes. Returns false, after a coverage event, if it cannot. */
bool vb_id_read(struct vb_id *id, const char *path, size_t max, struct vb_buf *ret);
/* The same for a file that is read by lines, UTF-16 with its mark as UTF-8: a NUL in it, which ends
 * strings, is a problem and becomes a space. */
bool vb_id_read_lines(struct vb_id *id, const char *path, struct vb_buf *ret);
void vb_id_blank_nuls(struct vb_buf *text);
/* Reads its first MAX bytes, quietly. */
bool vb_id_peek(struct vb_id *id, const char *path, size_t max, struct vb_buf *ret);
/* A JSON, TOML or YAML file of ROOT, parsed once; NULL if it is absent or broken (problem emitted).
 */
const struct vb_id_doc *vb_id_json(struct vb_id *id, const char *root, const char *rel);
void vb_id_docs_clear(struct vb_id *id);
/* Cuts the next line off *REST and gives it without its newline; NULL at the end. */
char *vb_id_take_line(char **rest);
/* 1-based line of the first place where NEEDLE stands in TEXT, 0 if nowhere, or if the package made
 * us search too much already. */
int64_t vb_id_line_find(struct vb_id *id, const struct vb_buf *text, const char *needle);

/* --- emit.c: events, each thing once and within its cap --- */
bool vb_id_ok(const struct vb_id *id);
void vb_id_fail(struct vb_id *id, int status, const char *what);
void vb_id_emit(struct vb_id *id, struct vb_event *event);
/* Takes one from CLASS's cap. */
bool vb_id_take(struct vb_id *id, enum vb_id_class class);
void vb_id_coverage(struct vb_id *id, const char *path, const char *what, const char *reason,
                    const char *detail);
void vb_id_problem(struct vb_id *id, struct vb_id_at at, const char *code, const char *fmt, ...)
    VB_PRINTF(4, 5);
void vb_id_unknown(struct vb_id *id, struct vb_id_at at, const char *key, const char *value);
void vb_id_declare(struct vb_id *id, struct vb_id_at at, const char *what, const char *value,
                   const char *detail);
/* TEXT of a manifest is what the next declarations are made of, unless an outer one is that
 * already. Returns what id->origin has to become again. */
const char *vb_id_origin(struct vb_id *id, const char *text);
struct vb_id_entry {
    struct vb_id_at at;
    const char *reason;
    const char *when;
    const char *command;     /* NULL: the file itself */
    const char *interpreter; /* NULL: none known */
};
void vb_id_entry(struct vb_id *id, const struct vb_id_entry *entry);
/* True the first time that TEXT of PATH is met. */
bool vb_id_once(struct vb_id *id, const char *path, const char *text);
/* FILE has an entry already, so that it is not listed as a mere script as well. */
void vb_id_mark_file(struct vb_id *id, const char *path);
/* ENTRY's command is Python: it is emitted as a shell line that runs it. */
void vb_id_python_entry(struct vb_id *id, const struct vb_id_entry *entry);
bool vb_id_has_file_entry(const struct vb_id *id, const char *path);
struct vb_id_code {
    struct vb_id_at at;
    const char *form;
    const char *language;
    const char *interpreter;
    const char *text;
    size_t len;
};
void vb_id_code(struct vb_id *id, const struct vb_id_code *code);

/* --- fill.c: placeholders --- */
/* Appends the text of CODE, which has an interpreter, with what a user would put for its
 * placeholders to RET, which holds so much at most. False: there are none, or there is no room. */
bool vb_id_fill(struct vb_id *id, const struct vb_id_code *code, struct vb_buf *ret);
/* A fitting value for something called NAME: a key, a file, a city. Never NULL. */
const char *vb_id_fitting(const char *name);

/* --- emit.c again --- */
void vb_id_link(struct vb_id *id, struct vb_id_at at, struct vb_str url, struct vb_str text);
/* Named in prose ("prose"), a link ("link") or code ("code"); the most visible place is kept. */
void vb_id_document(struct vb_id *id, struct vb_id_at at, const char *what, struct vb_str value,
                    const char *where);
/* What was gathered until the end: documented names, and coverage for the caps that were hit. */
void vb_id_finish(struct vb_id *id);
void vb_id_emit_done(struct vb_id *id);

/* --- notation: YAML, JSON5 and TOML become jansson values; scalars of YAML stay strings --- */
struct vb_id_notes {    /* what a strict reader would refuse */
    const char *broken; /* NULL: it was read to its end */
    int64_t line;       /* of the problem, from the beginning of the text */
    bool alias, tag, depth, documents, lenient, nomem;
    char duplicate[128]; /* first key that stood twice, "" if none */
    char message[160];
};
json_t *vb_id_yaml(const char *text, size_t len, struct vb_id_notes *notes);
json_t *vb_id_json5(const char *text, size_t len, struct vb_id_notes *notes);
json_t *vb_id_toml(const char *text, size_t len, struct vb_id_notes *notes);
/* Emits what NOTES hold as problems at AT (its line is added to). FORMAT is yaml, json or toml. */
void vb_id_notes_emit(struct vb_id *id, struct vb_id_at at, const char *format,
                      const struct vb_id_notes *notes);

/* --- value.c: walking jansson values without trust --- */
const char *vb_id_str(const json_t *object, const char *key); /* NULL unless it is a string */
json_t *vb_id_get(const json_t *object, const char *key);     /* NULL-safe */
/* Text of a scalar into RET (strings, numbers, booleans); false for others. */
bool vb_id_scalar(const json_t *value, char *ret, size_t size);
/* author: a string or an object with a name. */
const char *vb_id_person(const json_t *value);
bool vb_id_true(const json_t *value);
/* Calls FN for VALUE if it is a string, for each string if it is an array, for each word (comma or
 * white space, parentheses kept together) if WORDS. */
void vb_id_each(const json_t *value, bool words, void (*fn)(void *ctx, const char *item),
                void *ctx);
/* Declares each item of VALUE, as vb_id_each finds them; tools as vb_id_tool does. */
struct vb_id_want {
    struct vb_id_at at;
    const char *what;
    const char *detail;
    bool words;
};
void vb_id_declare_each(struct vb_id *id, const struct vb_id_want *want, const json_t *value);
/* Command line of COMMAND (or NULL) and ARGS quoted for a shell, placeholders such as ${X} left
 * alive. */
bool vb_id_command_line(struct vb_buf *ret, const char *command, const json_t *args);
/* The same of the variables ENV that a program is started with, as NAME=VALUE words before it:
 * those that have a value, and not only a place for the user's. OWN_KEYS: where the user's machine
 * has one that is called like a key it stays. */
bool vb_id_settings_line(struct vb_buf *ret, const json_t *env, bool own_keys);
/* The shell line TEXT as words behind those. */
bool vb_id_shell_line(struct vb_buf *ret, const char *text);

struct vb_id_source { /* a value and where it stands */
    const struct vb_buf *text;
    const char *path;
    const json_t *value;
};

/* --- fields.c: which fields hosts read --- */
struct vb_id_form {
    const char *name;
    bool closed; /* the format forbids other fields */
    const char *fields;
};
extern const struct vb_id_form vb_id_forms[];
extern const size_t vb_id_form_count;
/* Emits the fields of SOURCE, whose key path is PREFIX, that FORM's table does not have. */
void vb_id_fields(struct vb_id *id, struct vb_id_source source, const char *form,
                  const char *prefix);
/* The same for the manifests of a kind at ROOT. */
void vb_id_fields_of_kind(struct vb_id *id, const char *kind, const char *root);

/* --- frontmatter.c --- */
struct vb_id_front {
    json_t *fields; /* an object, NULL if there is none */
    json_t *meta;   /* metadata as an object (owned), NULL */
    json_t *lines;  /* what a reader of lines takes otherwise, NULL if nothing */
    json_t *lines_meta;
    size_t body; /* offset of the body in the text */
    size_t from; /* the YAML itself */
    size_t len;
    int64_t line; /* line of its first key */
    bool present;
};
/* Splits TEXT and parses its frontmatter; problems are emitted at PATH. REQUIRED: its absence is a
 * problem too. */
void vb_id_front_read(struct vb_id *id, const char *path, const struct vb_buf *text, bool required,
                      struct vb_id_front *ret);
void vb_id_front_done(struct vb_id_front *front);
/* Line of KEY in the file, or the first line of the frontmatter. */
int64_t vb_id_front_line(const struct vb_id_front *front, const struct vb_buf *text,
                         const char *key);
/* What frontmatter of any kind may say: tools, hooks, metadata.openclaw, installers. */
void vb_id_front_declare(struct vb_id *id, const char *path, const struct vb_buf *text,
                         const struct vb_id_front *front);

/* --- grants.c: what a declared tool permits --- */
/* Declares TOOL, and what its parentheses name. */
void vb_id_tool(struct vb_id *id, struct vb_id_at at, const char *tool, const char *detail);
/* Declares the environment variables that TEXT takes in, as ${NAME} or $NAME. */
void vb_id_placeholders(struct vb_id *id, struct vb_id_at at, const char *text, const char *detail);

/* --- lines.c: the reading of frontmatter by single lines --- */
struct vb_id_line {
    const char *text;
    size_t len; /* without its end */
    size_t next;
};
struct vb_id_line vb_id_line_at(const char *text, size_t len, size_t at);
/* An object of strings as they stand behind their colons, the last of equal keys. CLOSED: the
 * frontmatter has an end; else it stops at the first line that looks like a body. */
json_t *vb_id_lines(struct vb_id *id, const char *text, size_t len, bool closed);
/* Takes quotes off and drops empty values, as a host does that reads nothing else. */
void vb_id_lines_unquote(struct vb_id *id, json_t *fields);
struct vb_id_front;
/* Emits a problem for each key that LINES (still quoted) and FRONT, read as YAML, show differently.
 * Takes all the others out of LINES. */
void vb_id_lines_compare(struct vb_id *id, const char *path, const struct vb_buf *text,
                         const struct vb_id_front *front, json_t *lines);

/* --- openclaw.c --- */
/* The metadata blocks under their three names; RET gets those that are objects. */
enum { VB_ID_BLOCKS = 3 };
size_t vb_id_openclaw_blocks(const json_t *meta, const json_t *ret[VB_ID_BLOCKS]);
void vb_id_openclaw_declare(struct vb_id *id, struct vb_id_at at, const json_t *meta);

/* --- markdown.c, fence.c, guess.c, prose.c --- */
enum vb_id_page_kind { VB_ID_PAGE_TEXT, VB_ID_PAGE_EXECUTES }; /* !`cmd` runs in the latter */
struct vb_id_page {
    const char *path;
    const char *text; /* the whole file */
    size_t len;
    size_t body;        /* where the Markdown begins */
    int64_t first_line; /* of TEXT in its file */
    enum vb_id_page_kind kind;
    bool powershell; /* its shell is not ours */
    bool hidden;     /* no reader of the package sees it: it documents nothing */
    unsigned depth;  /* of texts read again inside each other */
};
void vb_id_markdown(struct vb_id *id, const struct vb_id_page *page);

struct vb_id_fence {
    struct vb_id_at at;
    const char *info; /* the whole info string */
    size_t info_len;
    const char *text;
    size_t len;
    bool hidden;     /* in an HTML comment: it documents nothing */
    bool executes;   /* on a page whose substitutions run */
    bool powershell; /* and their shell is not ours */
};
/* Emits it. Returns true if something of ours could run it. */
bool vb_id_fence(struct vb_id *id, const struct vb_id_fence *fence);
/* client.c: how a server is started by the settings of an MCP client that TEXT, a block in
 * LANGUAGE, shows: a manifest.usage for each. */
void vb_id_client_settings(struct vb_id *id, struct vb_id_at at, const char *language,
                           struct vb_str text);
/* Commands that stand as lines of their own in plain text: after "run this:", or piped into an
 * interpreter. */
void vb_id_loose_lines(struct vb_id *id, struct vb_id_at at, struct vb_str text);
/* A code span and what stood before it in its paragraph; HIDDEN as above. */
void vb_id_inline(struct vb_id *id, struct vb_id_at at, struct vb_str code, struct vb_str before,
                  bool hidden);
void vb_id_substitutions(struct vb_id *id, const struct vb_id_page *page);

enum vb_id_guess {
    VB_ID_GUESS_NONE,
    VB_ID_GUESS_SHELL,
    VB_ID_GUESS_PYTHON,
    VB_ID_GUESS_NODE,
    VB_ID_GUESS_POWERSHELL
};
/* Words stand in TEXT that no other shell knows. */
bool vb_id_is_powershell(const char *text, size_t len);
enum vb_id_guess vb_id_guess(const char *text, size_t len);
/* What stands before that which is typed. In a session of a shell ("console") it is "> " too, where
 * no other prompt is there and a line of them is a command: else npm and its like print that. */
enum vb_id_prompts { VB_ID_PROMPTS_SHELL, VB_ID_PROMPTS_SESSION, VB_ID_PROMPTS_PYTHON };
/* Copies TEXT without prompts; lines of output become empty, so that line numbers stay. False if
 * it has no prompts (nothing is written) or memory ran out. */
bool vb_id_strip_prompts(struct vb_buf *ret, const char *text, size_t len,
                         enum vb_id_prompts prompts);
/* The first word of a shell line is a program that skills commonly call. */
bool vb_id_known_command(const char *word, size_t len);
bool vb_id_plausible_command(const char *text, size_t len);
/* First word that would be executed on a shell line, past sudo, env and assignments. */
struct vb_str vb_id_first_word(const char *line, size_t len);
/* TEXT holds a pipe into an interpreter or the like. */
bool vb_id_feeds_interpreter(const char *text, size_t len);
bool vb_id_reads_as_prose(const char *line, size_t len);
const char *vb_id_language_interpreter(const char *language, size_t len, bool *ret_shell);

/* Hosts, environment names and paths in a run of text. */
void vb_id_prose(struct vb_id *id, struct vb_id_at at, struct vb_str text, const char *where);
/* Host of URL, lower case, into RET; false if it has none. */
bool vb_id_url_host(struct vb_str url, char *ret, size_t size);
bool vb_id_env_name(const char *text, size_t len);

/* --- scripts.c --- */
void vb_id_scripts(struct vb_id *id);

/* build.c: what Makefiles, justfiles and Dockerfiles run, as ways to call them */
void vb_id_build_files(struct vb_id *id);

/* --- usage.c --- */
/* How FILE, which INTERPRETER runs, wants to be called: a manifest.usage for each way. */
void vb_id_usage(struct vb_id *id, const struct vb_id_file *file, const char *interpreter);
/* library.c: that FILE, which INTERPRETER runs, is one whose functions others call, if it is. */
void vb_id_library(struct vb_id *id, const struct vb_id_file *file, const char *interpreter);
/* beside.c: what archives within the package hold */
void vb_id_beside(struct vb_id *id);
/* Interpreter by extension or shebang (NULL if none is known); *ret_script says it executes. */
const char *vb_id_interpreter(struct vb_id *id, const struct vb_id_file *file, char ret[64],
                              bool *ret_script);

/* --- instructions.c --- */
void vb_id_instructions(struct vb_id *id);
/* REL of ROOT, which a manifest at AT names, is text for the model: a file, or each page of a
 * folder. EXECUTES: the host runs the commands in it. */
struct vb_id_named_page {
    const char *root;
    struct vb_id_at at;
    bool executes;
};
void vb_id_name_page(struct vb_id *id, const struct vb_id_named_page *named, const char *rel);
/* A text for the model that stands in a manifest at AT (NULL does nothing): prompts of hooks,
 * bundles and commands. */
void vb_id_text(struct vb_id *id, struct vb_id_at at, const char *text);

/* --- follow.c --- */
/* The next document of the package that TEXT, the page at PATH, names from *AT on, which moves
 * behind the name. NULL: none. */
const struct vb_id_file *vb_id_next_document(struct vb_id *id, const char *path,
                                             const struct vb_buf *text, size_t *at);

/* --- kinds.c --- */
struct vb_id_facts { /* what manifest.package says */
    const char *name, *version, *author, *description, *license, *homepage;
    const char *classified; /* the one licence that its classifiers name, or NULL */
    bool many_classified;
    json_t *own; /* keeps alive what the others point into */
};
/* Keeps VALUE and returns its text; numbers are written out. */
const char *vb_id_fact(struct vb_id *id, struct vb_id_facts *facts, const json_t *value);
/* license.c: the licence of a package whose manifest states none, by its classifiers or its LICENSE
 * file; "unknown, in FILE" where its text is none that is known. */
void vb_id_complete_license(struct vb_id *id, const char *root, struct vb_id_facts *facts);
/* The SPDX id of a Trove classifier, or NULL. */
const char *vb_id_license_of_classifier(const char *classifier);
struct vb_id_kind {
    const char *name;
    const char *family; /* host format: two of them at one root are ambiguous; NULL for carriers */
    bool nested;        /* looked for below the package's root as well */
    bool fallback;      /* only where no host format matched */
    bool (*probe)(struct vb_id *id, const char *root);
    void (*describe)(struct vb_id *id, const char *root, struct vb_id_facts *ret);
    void (*read)(struct vb_id *id, const char *root);
};
extern const struct vb_id_kind vb_id_kinds[];
extern const size_t vb_id_kind_count;
/* Recognises the packages at every root, emits them and reads their manifests. */
void vb_id_packages(struct vb_id *id);

/* probes.c */
#define VB_ID_PROBE(name) bool vb_id_probe_##name(struct vb_id *id, const char *root)
VB_ID_PROBE(openclaw_plugin);
VB_ID_PROBE(openclaw_hooks);
VB_ID_PROBE(openclaw_claw);
VB_ID_PROBE(codex);
VB_ID_PROBE(cursor);
VB_ID_PROBE(claude);
VB_ID_PROBE(marketplace);
VB_ID_PROBE(agent_plugin);
VB_ID_PROBE(gemini);
VB_ID_PROBE(mcpb);
VB_ID_PROBE(vscode);
VB_ID_PROBE(wheel);
VB_ID_PROBE(sdist);
VB_ID_PROBE(registry);
VB_ID_PROBE(openclaw_skill);
VB_ID_PROBE(skill);
VB_ID_PROBE(mcp_server);
VB_ID_PROBE(npm);
VB_ID_PROBE(python);
VB_ID_PROBE(bundle);
VB_ID_PROBE(skills_repository);

/* describe.c and the readers of each kind */
#define VB_ID_DESCRIBE(name) \
    void vb_id_describe_##name(struct vb_id *id, const char *root, struct vb_id_facts *ret)
VB_ID_DESCRIBE(openclaw_plugin);
VB_ID_DESCRIBE(hook_pack);
VB_ID_DESCRIBE(claw);
VB_ID_DESCRIBE(codex);
VB_ID_DESCRIBE(cursor);
VB_ID_DESCRIBE(claude);
VB_ID_DESCRIBE(marketplace);
VB_ID_DESCRIBE(agent_plugin);
VB_ID_DESCRIBE(gemini);
VB_ID_DESCRIBE(mcpb);
VB_ID_DESCRIBE(vscode);
VB_ID_DESCRIBE(python_dist);
VB_ID_DESCRIBE(registry);
VB_ID_DESCRIBE(skill);
VB_ID_DESCRIBE(npm);
VB_ID_DESCRIBE(mcp_server);
VB_ID_DESCRIBE(python);

#define VB_ID_READ(name) void vb_id_read_##name(struct vb_id *id, const char *root)
VB_ID_READ(openclaw_plugin);
VB_ID_READ(hook_pack);
VB_ID_READ(claw);
VB_ID_READ(codex);
VB_ID_READ(cursor);
VB_ID_READ(claude);
VB_ID_READ(marketplace);
VB_ID_READ(agent_plugin);
VB_ID_READ(gemini);
VB_ID_READ(mcpb);
VB_ID_READ(vscode);
VB_ID_READ(wheel);
VB_ID_READ(registry);
VB_ID_READ(skill);
VB_ID_READ(mcp_server);
VB_ID_READ(npm);
VB_ID_READ(python);
VB_ID_READ(bundle);
/* agentplugin.c: what the format forbids */
void vb_id_check_agent_plugin(struct vb_id *id, const char *root);
/* wheel.c: compares RECORD at PATH with the files whose paths begin with PREFIX */
void vb_id_wheel_record(struct vb_id *id, const char *prefix, const char *path);
/* npmrc.c: settings of npm, yarn and bun that run code or name another registry */
void vb_id_read_package_managers(struct vb_id *id, const char *root);
/* claw.c: one job of a schedule, {schedule, prompt}, as the hosts differ in writing it */
void vb_id_schedule(struct vb_id *id, struct vb_id_at at, const json_t *job);
/* Files with power that no package kind owns: .claude/settings.json, .vscode/tasks.json, … */
void vb_id_read_repository(struct vb_id *id);

/* hooks.c: shapes that several hosts share */
void vb_id_hooks(struct vb_id *id, struct vb_id_source source);
void vb_id_mcp_servers(struct vb_id *id, struct vb_id_source source);
void vb_id_lsp_servers(struct vb_id *id, struct vb_id_source source);
void vb_id_monitors(struct vb_id *id, struct vb_id_source source);
/* A manifest field that is a path, a list of paths or the value itself: READ gets each value. */
void vb_id_path_or_inline(struct vb_id *id, const char *root, struct vb_id_source source,
                          void (*read)(struct vb_id *id, struct vb_id_source source));
/* The file REL of ROOT, which the manifest at ENTRY's place names as code, as node would resolve
 * it; a missing one is a problem. Returns the file, or NULL. */
const struct vb_id_file *vb_id_file_entry(struct vb_id *id, const char *root, const char *rel,
                                          const struct vb_id_entry *entry);
/* REL without "." and ".." into RET; false if it leaves its root. */
bool vb_id_clean_path(char ret[VB_ID_PATH_MAX], const char *rel);
/* Command lines of every file of ROOT/bin. */
void vb_id_bin_folder(struct vb_id *id, const char *root);
/* settings.json of Claude Code and Gemini: hooks, helpers, permissions. */
void vb_id_settings(struct vb_id *id, struct vb_id_source source);
/* The program of the command line LINE, which may be NULL, as a declaration. */
void vb_id_declare_program(struct vb_id *id, struct vb_id_at at, const char *line,
                           const char *detail);
/* Host of URL as a declaration. */
void vb_id_declare_url(struct vb_id *id, struct vb_id_at at, const char *url, const char *detail);
/* name -> spec maps (npm) and lists of "name>=1" (Python). */
void vb_id_dependencies(struct vb_id *id, struct vb_id_source source, const char *detail);
/* Where "from mcp.server import …" and its like stand in the beginning of a source file. */
bool vb_id_mcp_source(struct vb_id *id, const struct vb_id_file *file, bool *ret_python);

#endif
