/* What the files of verdict/ share: the state of one judgement, and what a detector may do with it.
 * Trust boundary: the log is well-formed (vb_log_reader saw to that) and its texts are the
 * subject's. All state is bounded; what did not fit is a gap in coverage, never silently lost. */
#ifndef VERDICT_INTERNAL_H
#define VERDICT_INTERNAL_H

#include "verdict/policy.h"
#include "verdict/words.h"
#include "vetbox/verdict.h"

enum finding_id {
#define VB_FINDING(id, name, severity, confidence, title, mapping, explanation) FINDING_##id,
#include "verdict/findings.def"
#undef VB_FINDING
    FINDING_COUNT
};

const struct vb_finding_type *vb_finding_type(enum finding_id id);
/* -1 for an unknown name. */
int vb_severity_named(const char *text, size_t len);
int vb_confidence_named(const char *text, size_t len);
int vb_decision_named(const char *text, size_t len);

enum {
    MAX_RUNS = 4096,       /* detonations */
    MAX_PROCESSES = 16384, /* of one detonation */
    MAX_PATHS = 65536,     /* written or made in one detonation */
    MAX_DEEDS = 256,       /* of one detonation, to compare with other days */
    MAX_DEED_BYTES = 16 << 20,
    MAX_WAITS = 16, /* long ones, of one detonation */
    MAX_READS = 64, /* different baits read in one detonation */
    MAX_FINDINGS = 4096,
    MAX_FINDINGS_ALIKE = 20, /* of one id; the rest is counted together */
    MAX_EVIDENCE = 32,       /* event numbers of one finding */
    MAX_LIST = 400,          /* items of a list in the verdict */
    MAX_PERMISSIONS = 1024,
    MAX_SAID = 1024, /* hosts, programs, … that it names */
    MAX_USED = 1024, /* that it used */
    MAX_FLOWS = 256,
    MAX_PACKAGES = 512,   /* in one artifact */
    MAX_SIGNATURES = 256, /* that are trusted */
    MAX_GAPS = 40,
    MAX_LAYERS = 8192,
    MAX_LAYER_BYTES = 16 << 20, /* of their texts */
    MAX_LOOKED = 65536,
    MAX_PLACED = 8192,
    LABEL_BYTES = 200, /* of a command line in a sentence */
    MAX_TEXT = 512,    /* bytes of one command, path or excerpt in a finding */
    MAX_BAITS = 1024,
    MAX_MARKS = 4096,     /* candidates for tokens, of one detonation */
    MAX_SENDINGS = 256,   /* hosts that were sent what looks enciphered, in one detonation */
    MAX_DOWNLOADS = 4096, /* answers with a token, of one detonation */
    MAX_TREE = 262144,
    MAX_DISCLOSED = 16384,
    MAX_ANSWERS = 8192,
    MAX_FED_TEXT = 65536, /* of the code that was fed to a detonation */
    MAX_MCP_TOOLS = 8192, /* of all servers */
    MAX_MCP_TEXTS = 1024,
    MAX_MADE = 4096,
    MAX_LINE_FILES = 256,
    MAX_GIVEN = 256,          /* paths and hosts in arguments, of one detonation */
    MAX_RUN_BYTES = 32 << 20, /* of strings kept for one detonation */
};

/* --- the package's secrets (secrets.c) --- */

enum secret_kind {
    SECRET_PRIVATE, /* never a package's business, whatever it says: keys, wallets, browsers, agents
                     */
    SECRET_SERVICE, /* a service's credentials: the business of who declares or uses that service */
    SECRET_CONFIG,  /* settings and memory: read by many, worth a remark */
    SECRET_COMMON,  /* read by libraries as they start: only its leaving counts */
    SECRET_HANDED,  /* given to the package for what it says: only where it goes counts */
    SECRET_MACHINE, /* no secret, but whose machine it is: the same */
    SECRET_KIND_COUNT
};

struct secret_place {
    const char *pattern; /* glob over home_path, or the beginning of an environment variable */
    enum secret_kind kind;
    const char *label;
    const char *readers;  /* programs that read it in the course of business */
    const char *services; /* domains that it is meant for, space-separated */
    const char *words;    /* declared bins, or beginnings of env names, that make it a business */
};

/* The row of a file (as vb_home_path gives it), or of an environment variable; never NULL. */
const struct secret_place *vb_secret_of_path(const char *path);
const struct secret_place *vb_secret_of_env(const char *name);
/* ENV, or NULL, holds a language model's key. Gateways that speak the model's protocol take it
 * under that name, too: where a package names key and gateway, its going there is told and no more.
 */
bool vb_secret_is_model_key(const char *env);
/* The row of the key that instructions ask their reader for. */
const struct secret_place *vb_secret_handed(void);
/* The row of what tells one machine from the others: ID is the bait's. */
const struct secret_place *vb_secret_machine(const char *id);

struct bait {
    const char *id;
    const char *path; /* "~/…", or NULL */
    const char *env;  /* or NULL */
    const struct secret_place *place;
    const char *hosts; /* that it names itself, space-separated; "" */
    int64_t size;      /* of the file; 0: unknown */
    bool by_world;     /* the network hands it out; ENV is only what it is called there */
    uint64_t gone_seq; /* its file was to be deleted, or moved with what is above it; 0: not */
};

/* --- one detonation --- */

struct process {
    int64_t pid;
    int64_t ppid; /* 0: unknown */
    struct command command;
    char *line;      /* the command line */
    char *last_word; /* of a line too long for a sentence, else NULL */
    char *host;      /* that its arguments or its name queries point at, or NULL */
    uint64_t exec_seq;
    uint64_t network_seq; /* first attempt to reach the network, 0: none */
    bool exited;
};

struct bait_read {
    const struct bait *bait;
    const char *reader;  /* program, for people */
    const char *command; /* its command line, or NULL */
    int64_t pid;
    uint64_t seq;
    bool sweep;
    bool packed; /* into an archive, as the package says */
};

/* Bytes that look enciphered, on their way to one host. */
struct sending {
    const char *host;
    int64_t pid;
    int64_t bytes; /* all of them */
    uint64_t count, first, last;
    int64_t like_bytes; /* of one message that may be a secret, if nothing fits better; or 0 */
    uint64_t like_seq;
    bool told;
};

/* An answer of the world that shows when it is executed. */
struct download {
    const char *token, *url, *host, *form, *sha256;
    uint64_t seq;
    bool by_packager; /* a package manager asked for it */
    bool guessed;     /* as an answer that nobody knows: data passes it on too */
};

/* What may be such a token, where code that was executed shows it. */
struct mark {
    const char *token, *how;
    uint64_t seq;
    bool by_packager; /* always under a package manager */
    bool alone;       /* as the program says it, and nothing else with it */
};

/* A process asks to wait for more than a minute. */
struct wait {
    int64_t pid;
    int64_t seconds;
    uint64_t seq;
};

/* What tells one run from another: kinds and names, never arguments. */
enum deed_kind {
    DEED_FINDING,
    DEED_SECRET,
    DEED_HOST,
    DEED_PROGRAM,
    DEED_FILE,
    DEED_OTHER, /* from here on they are not compared */
};
struct deed {
    enum deed_kind kind;
    int grade; /* severity * 8 + confidence */
    uint64_t seq;
};

/* A tool of an MCP server, as it was first listed. */
struct mcp_tool {
    uint64_t digest;
    uint32_t run;
    uint64_t seq;
    const char *name, *about; /* its description */
    const char *words;        /* all that it says of itself */
};

/* What the box executes to run the package's code (ours.c). */
struct ours {
    char **argv;         /* of detonation.begin; of its COUNT words the first WORDS are ours */
    size_t count, words; /* 0: nothing that is executed from now on is ours */
    size_t next;         /* the first word that was not executed yet */
    int64_t pid;         /* that executed the one before */
    bool translates;
    char **made; /* the first translation's argv, or NULL */
    size_t made_count;
};

/* Before anybody asked it for anything, or after that. */
enum phase { PHASE_USE, PHASE_INSTALL, PHASE_LOAD, PHASES };

struct run {
    uint32_t id;
    enum phase phase;
    uint32_t slot_count;
    struct arena arena;
    const char *label; /* for people: scripts/x.sh:12 */
    const char *path;  /* package file, or NULL */
    int64_t line;
    const char *text;     /* the code that was fed to it, or NULL */
    const char *own;      /* the package's folder inside the box, "~/…/skills/NAME", or NULL */
    const char *own_path; /* the same as the box sees it, with a slash at its end */
    bool installs;        /* it is what the package's installation runs */
    bool repeated;        /* of an entry point that was run before */
    bool called;          /* a way to call a file, the first time; it is REPEATED too */
    bool visible;         /* its code stands in the instructions, for everybody to read */
    bool ended;
    bool finished; /* ran to an end of its own */
    bool not_run;  /* the box could not execute it: no such interpreter */
    bool timed_out;
    bool stopped;      /* from outside or at a limit other than time, before its end */
    const char *limit; /* the last one that it ran into which ends runs, or NULL */
    bool dropped;      /* the recorder did not keep everything */
    bool opaque;
    bool full;           /* our own tables were too small */
    const char *missing; /* a module or command that the box does not have */
    struct ours ours;
    struct process *processes;
    size_t process_count;
    size_t process_capacity;
    uint32_t *slots;
    struct names
        changed; /* paths that were opened for writing, renamed to, linked: value is the pid */
    struct names moved;      /* folders that were renamed to */
    struct names left;       /* truth.file paths, value is the event number */
    struct names placed;     /* the same with digests, of files far from its own: "SHA-256 PATH" */
    struct names baits_seen; /* bait files that were seen to be opened to be read */
    struct names replaced;   /* Python's modules of which the package has its own */
    struct names opened;     /* files that were opened for writing or to be executed */
    struct names baits_opened; /* bait files that say so themselves; value is the event number */
    struct names attempted;    /* endpoints that it connected or sent to; value is the pid */
    struct names reached;  /* endpoints that world.connection names; value is the event number */
    struct names sent;     /* baits with the host they went to; value is who saw it first */
    struct names told;     /* hosts with what they were told of the machine; value: enum fact */
    const char *send_host; /* of the last net.send, or NULL */
    int64_t send_pid;
    const char *world_host; /* that the last event of the world is about, or NULL */
    int64_t world_pid;      /* that was seen to try it, or 0 */
    uint64_t world_seq;     /* of the last world.connection */
    struct bait_read reads[MAX_READS];
    size_t read_count;
    struct names send_hosts; /* value: place among the sendings */
    struct names spelt;      /* names that carry what looks enciphered; value is the event number */
    struct sending *sendings;
    size_t sending_count;
    int64_t asked_pid; /* that asked for a name last, or 0 */
    struct mark *marks;
    size_t mark_count;
    struct download *downloads;
    size_t download_count;
    struct names mark_tokens, download_tokens; /* value: place among them */
    const char *client;          /* as which we talk with it, an MCP server; NULL: we do not */
    bool announced;              /* it said that its tools change */
    const struct mcp_tool *tool; /* that is being called, or NULL */
    uint64_t tool_seq;           /* the beginning of that call */
    const char *tool_host;       /* the first that it sent something to, or NULL */
    bool functions;              /* its functions are called, by us */
    const struct mcp_tool *busy; /* that only computed when it was called as one would, or NULL */
    struct names given;          /* paths ("~/…") and hosts that we named in arguments */
    struct names named;          /* paths in arguments of a call, hidden names that it prints */
    struct names indexes;        /* hosts that answered as an index of packages does */
    bool names_asked;            /* net.name was seen */
    struct wait waits[MAX_WAITS];
    size_t wait_count;
    /* What is compared with runs on other days; these outlive its end: */
    uint32_t repeats;   /* the run whose entry point it runs once more, or 0 */
    bool other_day;     /* … to compare days */
    bool probed;        /* its interpreters had probes */
    bool stood_in;      /* modules that it misses were stood in for */
    int64_t days_ahead; /* of today; 0: today's once more */
    const char
        *persona; /* the machine on which it runs once more, other than the others; or NULL */
    uint64_t begin_seq;
    struct names deeds; /* value: place in deed_rows */
    struct deed deed_rows[MAX_DEEDS];
    uint64_t network_seq;
    uint64_t deleted;     /* files of the user that it did not make */
    unsigned overwritten; /* documents of the user, that no argument named */
    const char *delete_first;
    uint64_t delete_seq;
    uint64_t hostages, hostage_seq; /* files of the user of which another name is left */
};

/* A signature that is trusted. */
struct seen_signature {
    const char *name, *key_id, *issuer;
    const char *builder, *repository; /* by its certificate; "" */
    int64_t clock;                    /* 0: nobody says when */
    bool whole;                       /* covers every file of the artifact */
    const char **covers;
    size_t cover_count;
    uint64_t seq;
};

/* --- declared against observed (uses.c) --- */

struct said_use {
    enum vb_use use;
    const char *name;
    unsigned how;
    const char *path;
    int64_t line;
    uint64_t seq;
    bool one_of;  /* several are declared of which one is enough */
    bool offered; /* a tool that its server should list */
    bool met;
};
struct used_use {
    enum vb_use use;
    const char *name;
    uint64_t seq;
    enum vb_use_mark mark;
};

/* --- the judgement --- */

struct behaviour_state; /* behaviour_see.c */

struct judge {
    const struct vb_policy *policy;
    const struct vb_behaviour *behaviour; /* or NULL */
    struct behaviour_state *rules;        /* of it; or NULL */
    bool *heard;                          /* which of its rules matched; NULL: nobody asks */
    bool of_ours;                         /* the event is of ours.c: no deed of the package's */
    struct vb_verdict *verdict;
    struct arena *keep;   /* lives as long as the verdict */
    struct arena scratch; /* lives as long as one event */
    struct vb_error *err;
    int status; /* sticks */

    const struct vb_event *event;
    struct run *run;         /* of the event, or NULL */
    struct process *process; /* of the event, or NULL */
    /* Of a process.exec event, in scratch memory: */
    char **argv;
    size_t argc;
    struct command command;
    const char *line;    /* the command line */
    const char *host;    /* that the arguments point a network tool at, or NULL */
    const char *contact; /* the address of a net.connect or net.send event, in its one form */
    bool first_contact;  /* of a net.connect or net.send event: with an endpoint of its own */
    struct run **runs;
    size_t run_count;
    struct run *last_run;

    struct names finding_keys; /* value: position in findings */
    struct names finding_ids;  /* value: how many stand alone */
    size_t finding_capacity;
    uint64_t findings_dropped;

    struct names baits; /* id → position in bait_rows */
    struct bait bait_rows[MAX_BAITS];
    struct names tree;           /* package files */
    struct names packed;         /* digests of files that a tool's own packed store holds */
    struct names loose;          /* digests of files that lie anywhere else */
    struct names disclosed;      /* hosts */
    struct names declared_words; /* bins and env names, declared or documented */
    struct names declared_paths;
    struct names documented_files; /* names that begin with a dot */
    struct names permissions;      /* the whole row → position in permission_rows */
    struct vb_permission_row permission_rows[MAX_PERMISSIONS];
    struct names answers; /* addresses that the world gave to names → position in answered */
    const char *answered[MAX_ANSWERS];
    struct names own_names; /* names of the packages */
    struct names entries;   /* static entry points, path:line */
    struct names reached;   /* files that execute or instruct, and that something leads to */
    struct policy_package packages[MAX_PACKAGES];
    size_t package_count, packages_dropped;
    struct seen_signature signatures[MAX_SIGNATURES];
    size_t signature_count, covers_kept;
    struct names signature_files;
    bool signed_untrusted; /* there is one that is not trusted */

    struct names
        brought; /* paths of the home that its runs wrote or made: a later one finds them */
    struct names brought_folders; /* to which such folders were renamed */
    struct names commands, hosts, files_written, baits_read, declared, undisclosed, kinds, names,
        signers, gaps;
    struct names mcp_tools; /* entry point and name → position in mcp_rows */
    struct mcp_tool mcp_rows[MAX_MCP_TOOLS];
    struct names mcp_texts; /* digests of what servers say → position in mcp_places */
    const char *mcp_places[MAX_MCP_TEXTS];
    struct names tools_listed, tools_called; /* entry point's file and name */
    struct names files_unread;               /* of the tree */
    uint64_t calls_run, calls_missed;        /* of subcommands and functions */
    size_t deed_bytes;                       /* of all runs */
    struct names layers; /* texts that files hold encoded; value is the event number */
    const char *layer_plain[MAX_LAYERS]; /* what of it its file says openly, too */
    size_t layer_bytes;                  /* of those texts */
    struct names looked; /* for these in them; value: place among the layers, or -1 */
    struct names made;   /* digests of code that runs made → position in made_places */
    struct made_place {
        const char *path; /* NULL: unknown */
        int64_t line;
        const char *module; /* that is missing, which was given it; NULL: it is code */
    } made_places[MAX_MADE];
    struct names made_code;  /* the same in words */
    struct names asked;      /* of modules that are missing */
    struct names line_files; /* files of which lines were executed → position in line_rows */
    struct line_row {
        int64_t executed, present; /* in the run that executed most of it */
    } line_rows[MAX_LINE_FILES];
    struct names said, used; /* use and name → position in the rows */
    struct said_use said_rows[MAX_SAID];
    struct used_use used_rows[MAX_USED];
    bool tools_seen; /* a server listed some */
    struct names flows;
    struct vb_flow_row flow_rows[MAX_FLOWS];
    const char *flood_path;   /* of the last manifest.code event, or NULL */
    uint64_t flood_count;     /* how many before it stood there, one after the other */
    uint64_t undated;         /* entry points that may act by the date and ran today only */
    uint64_t stopped;         /* runs that were */
    uint64_t unexecuted;      /* entry points that were planned and not run, by our doing */
    uint64_t unread;          /* places that could execute or instruct and were not examined */
    const char *report_path;  /* of code that gathers what the machine is called, or NULL */
    const char *unasked_host; /* that was reached as it was installed and is named nowhere */
    uint64_t report_seq, unasked_seq;
};

/* The string of FIELD in the event's scratch memory ("" if absent), with NUL. */
const char *vb_text_of(struct judge *judge, enum vb_field field);
/* Its list; *ret_count items. */
char **vb_list_of(struct judge *judge, enum vb_field field, size_t *ret_count);
bool vb_flag_set(const struct vb_event *event, const char *flag);
/* Remembers our own failure. */
void vb_judge_fail(struct judge *judge, int status, const char *what);
/* Adds to a list of the verdict. */
void vb_note(struct judge *judge, struct names *names, const char *text);
/* Adds a line to the gaps. */
void vb_note_gap(struct judge *judge, const char *fmt, ...) VB_PRINTF(2, 3);

/* What a detector reports. Unset members take the row of findings.def, the event's detonation, and
 * the event itself as evidence. */
struct found {
    enum finding_id id;
    const char *rule; /* a rule's own id instead */
    const char *title;
    const char *mapping; /* space-separated */
    int severity;        /* with GRADED: enum vb_severity */
    int confidence;
    bool graded;
    bool anywhere; /* one finding of the package, wherever it is met */
    const char *path;
    int64_t line;
    const char *host;
    const struct vb_policy_rule *row; /* of the policy, that makes and decides it; or NULL */
    enum vb_decision row_decision;
    const char *group;    /* findings with the same id, place, host and group are one */
    uint64_t evidence[3]; /* further event numbers, 0 ends */
    const uint64_t *more; /* and these */
    size_t more_count;
};
void vb_report_found(struct judge *judge, const struct found *given, const char *fmt, ...)
    VB_PRINTF(3, 4);

/* A detector: pure over the stream of events, all memory in the judge. */
struct detector {
    const char *name;
    uint64_t kinds[2]; /* bits of enum vb_event_kind */
    void (*see)(struct judge *judge);
};
extern const struct detector vb_detectors[];
size_t vb_detector_count(void);

/* permissions.c: what a manifest.declares event says of the permission model, and the list of it */
void vb_permissions_see(struct judge *judge);
void vb_permissions_list(struct judge *judge);

/* uses.c: declared against observed. NAME was used, which is MARK. */
void vb_use(struct judge *judge, enum vb_use use, const char *name, enum vb_use_mark mark);
void vb_uses_see_said(struct judge *judge);
void vb_uses_see_exec(struct judge *judge);                   /* a command of the package's */
void vb_uses_see_file(struct judge *judge, const char *path); /* that it wrote */
void vb_uses_see_open(struct judge *judge);
void vb_uses_see_tool(struct judge *judge);
void vb_uses_end(struct judge *judge); /* after the coverage is known */

/* flows.c: the event shows a leg of the trifecta, or the package says so. */
void vb_leg_seen(struct judge *judge, enum vb_leg which, const char *fmt, ...) VB_PRINTF(3, 4);
void vb_leg_said(struct judge *judge, enum vb_leg which, const char *fmt, ...) VB_PRINTF(3, 4);
void vb_legs_see_declared(struct judge *judge);
void vb_legs_end(struct judge *judge);
/* BAIT goes to HOST (or NULL); HOW as in struct vb_flow_row. */
void vb_flow(struct judge *judge, const struct bait *bait, const char *host, const char *how);
void vb_flows_end(struct judge *judge);

/* facts.c: what the log says about the package, and the coverage */
void vb_facts_see(struct judge *judge);
void vb_facts_end(struct judge *judge);
void vb_facts_init(struct judge *judge);
void vb_facts_done(struct judge *judge);
/* The manifest.link event discloses the host of its URL. */
bool vb_link_names_host(struct judge *judge);
/* The host that TEXT, an URL or a name, discloses, in scratch memory; or NULL. */
const char *vb_disclosed_name(struct judge *judge, const char *text);
/* True if the package names HOST, or a domain above it, where a reader sees it. */
bool vb_host_disclosed(const struct judge *judge, const char *host);
bool vb_place_disclosed(const struct judge *judge, const struct bait *bait);
/* The package names PATH ("~/…") or a folder above it. */
bool vb_path_documented(const struct judge *judge, const char *path);
/* HOST serves what BAIT is for; or nobody knows what that is, and the package named both. */
bool vb_host_serves(const struct judge *judge, const struct bait *bait, const char *host);
const struct bait *vb_bait_named(struct judge *judge, const char *id);
/* A file of the user's lies below FOLDER, as far as the baits tell. */
bool vb_baits_lie_below(const struct judge *judge, const char *folder);
/* How many baits the event at hand deletes, or moves with what is above them. */
unsigned vb_baits_taken(const struct judge *judge);

/* runs.c: detonations and their processes; before the detectors see an event */
void vb_runs_see(struct judge *judge);
void vb_runs_after(struct judge *judge); /* after them */
void vb_runs_done(struct judge *judge);
struct run *vb_run_named(const struct judge *judge, uint32_t id); /* NULL: there is none */
struct process *vb_process_of(const struct run *run, int64_t pid);
/* "`curl -s …`", or the program's name. */
const char *vb_process_label(struct judge *judge, const struct process *process);
/* The program's name. */
const char *vb_program_label(const struct process *process);
/* True if two processes are the same, related in line, or children of the same one. */
bool vb_processes_related(const struct run *run, int64_t a, int64_t b);
/* True if OLD started YOUNG, or who did. */
bool vb_process_is_below(const struct run *run, int64_t young, int64_t old);
/* The host of an endpoint ("198.51.100.7 443") in scratch memory; *RET_PORT is its port. */
const char *vb_endpoint_host(struct judge *judge, const char *endpoint, int64_t *ret_port);
/* PATH is one of FOLDERS or lies below one. */
bool vb_is_below_any(const struct names *folders, const char *path);
/* Where inside the box this path lies for people: "~/x". */
const char *vb_box_path(struct judge *judge, enum vb_field field);
/* PATH ("~/…") lies in the package's own folder, a temporary folder or a cache. */
bool vb_path_is_own(const struct run *run, const char *path);

/* behaviour_see.c: the Sigma rules; of each event, behind the detectors, at the end of a run and at
 * that of the log, before anything compares runs */
int vb_rules_begin(struct judge *judge);
void vb_rules_see(struct judge *judge);
void vb_rules_run_over(struct judge *judge);
void vb_rules_end(struct judge *judge);
void vb_rules_done(struct judge *judge);

/* coverage.c */
void vb_coverage_see_gap(struct judge *judge);
void vb_coverage_see_run(struct judge *judge);
void vb_coverage_see_tool(struct judge *judge);
void vb_coverage_see_call(struct judge *judge);
void vb_coverage_see_reached(struct judge *judge); /* named by the manifest or the instructions */
void vb_coverage_see_linked(struct judge *judge);  /* by one of its documents */
void vb_coverage_see_opened(struct judge *judge);  /* by what ran */
void vb_coverage_end(struct judge *judge);
/* minimums.c: why `allow` may not stand although no finding forbids it, in words; NULL if it may.
 */
char *vb_minimums_doubt(struct judge *judge);

/* policy_wants.c: what the policy wants of packages, after the log's last event */
void vb_see_wanted(struct judge *judge);
void vb_wanted_end(struct judge *judge);

/* detectors, by family */
void vb_see_archive(struct judge *judge);
void vb_see_scan_match(struct judge *judge);
void vb_see_scan_text(struct judge *judge);
void vb_see_manifest(struct judge *judge);
void vb_see_signature(struct judge *judge);
void vb_see_bait_read(struct judge *judge);
void vb_see_bait_list(struct judge *judge);
void vb_see_bait_seen(struct judge *judge);
/* The package names HOST, or a name above it, wherever that leads; or we gave it that. */
bool vb_names_host(const struct judge *judge, const char *host);
/* detect_beacon.c: BAIT, a fact of the machine, came to HOST (NULL: nobody knows where). */
void vb_see_machine(struct judge *judge, const struct bait *bait, const char *host);
void vb_see_host_report(struct judge *judge, const char *path); /* the code at PATH gathers them */
/* detect_hidden.c */
void vb_hidden_see_layer(struct judge *judge);
/* The package holds the name of HOST encoded. */
bool vb_hides_host(struct judge *judge, const char *host);
void vb_see_hidden_host(struct judge *judge, const char *host, uint64_t seq);
void vb_see_hidden_command(struct judge *judge);
void vb_see_unasked_host(struct judge *judge, const char *host);
void vb_beacon_end(struct judge *judge); /* after the log's last event */
void vb_see_exfil(struct judge *judge);
/* How bad it is that what READ read can reach HOST: -1 not at all, else severity * 8 + confidence.
 */
int vb_grade_reach(const struct judge *judge, const struct bait_read *read, const char *host);
void vb_see_cipher(struct judge *judge);
void vb_see_stage_two(struct judge *judge);
/* detect_exec.c: SENTENCE says how it was seen that something HOST sent was executed. */
void vb_report_download_run(struct judge *judge, const char *host, const uint64_t evidence[2],
                            const char *sentence);
void vb_see_answer_run(struct judge *judge);
void vb_see_session(struct judge *judge);
void vb_see_reverse_shell(struct judge *judge);
void vb_see_command(struct judge *judge);
void vb_see_persistence(struct judge *judge);
void vb_see_destruction(struct judge *judge);
void vb_see_evasion(struct judge *judge);
void vb_see_network(struct judge *judge);
void vb_see_kernel(struct judge *judge);
void vb_see_limits(struct judge *judge);

/* detect_tool.c: what a tool does while it is called */
void vb_begin_call(struct judge *judge, const struct mcp_tool *tool);
void vb_end_call(struct judge *judge);
void vb_see_tool(struct judge *judge);
void vb_see_untold(struct judge *judge);

/* detect_mcp.c */
void vb_see_mcp(struct judge *judge);
/* True if we named ITEM, a path ("~/…") or a host, or a folder above it, in arguments. */
bool vb_is_given(const struct run *run, const char *item);
/* The very path, and not what lies below it. */
bool vb_is_given_itself(const struct run *run, const char *path);
/* The entry point whose MCP server said what is kept at PATH, or NULL. */
const char *vb_mcp_speaker(const struct judge *judge, const char *path);
/* ours.c: RUN begins, with ARGV; and whether what JUDGE's event executes, as PROCESS, is none of
 * the package's commands but what runs it. */
void vb_ours_begin(struct judge *judge, struct run *run, char *const *argv, size_t count);
bool vb_is_ours(struct judge *judge, struct run *run, const struct process *process);

/* Where code was made while a run went on, if PATH of the scan is that; NULL: it is not. */
const struct made_place *vb_made_place(const struct judge *judge, const char *path);

/* detect_time.c */
void vb_see_wait(struct judge *judge);
/* Seconds; 0: no long one. */
int64_t vb_longest_wait(const struct run *run);
/* What was just reported: found in the run of the event, if there is one. */
void vb_found_in_run(struct judge *judge, const struct found *found);

/* detect_date.c: runs of one entry point on several days */
void vb_deed(struct judge *judge, enum deed_kind kind, const char *name, int grade);
/* The deed of RUN, or NULL. */
const struct deed *vb_deed_of(struct judge *judge, const struct run *run, enum deed_kind kind,
                              const char *name);
void vb_dates_end(struct judge *judge); /* after the log's last event */

/* detect_iocs.c */
void vb_see_ioc_contact(struct judge *judge);
void vb_see_ioc_file(struct judge *judge);

/* detect_flood.c */
void vb_see_flood(struct judge *judge);

/* detect_elsewhere.c: runs of one entry point on several machines; after the log's last event */
void vb_elsewhere_end(struct judge *judge);
/* False: what was found in the run of the event is nothing to speak of, for it was made on another
 * machine than the others only to see what is grave there. */
bool vb_elsewhere_counts(const struct judge *judge, const struct found *found);

#endif
