/* What the files of the MCP client share: one conversation. */
#ifndef SANDBOX_DETONATE_MCP_INTERNAL_H
#define SANDBOX_DETONATE_MCP_INTERNAL_H

#include "sandbox/detonate/mcp.h"

#define VB_MCP_VERSION_TODAY "2026-07-28"
#define VB_MCP_VERSION_HANDSHAKE "2025-11-25"

/* What is listed, in the order in which it is asked for. */
enum vb_mcp_list { VB_MCP_TOOLS, VB_MCP_RESOURCES, VB_MCP_TEMPLATES, VB_MCP_PROMPTS, VB_MCP_LISTS };

/* One thing that can be called. */
struct vb_mcp_item {
    char *name;      /* of a resource its URI */
    json_t *details; /* of a tool its inputSchema, of a prompt its arguments; NULL: none */
};

struct vb_mcp_items {
    struct vb_mcp_item rows[VB_MCP_TOOLS_MAX];
    size_t count;
};

/* Texts of one sort, each once. */
struct vb_mcp_texts {
    const char *what;
    struct vb_buf buf;
    uint64_t seen[8192]; /* digests; 0: free */
    size_t seen_count;
    bool cut;
};

enum vb_mcp_limit {
    VB_MCP_CUT_LINE,
    VB_MCP_CUT_BYTES,
    VB_MCP_CUT_ENDLESS,
    VB_MCP_CUT_MESSAGES,
    VB_MCP_CUT_INVALID,
    VB_MCP_CUT_NOT_JSON,
    VB_MCP_CUT_PAGES,
    VB_MCP_CUT_CURSOR,
    VB_MCP_CUT_ITEMS,
    VB_MCP_CUT_SCHEMA,
    VB_MCP_CUT_REQUESTS,
    VB_MCP_CUT_ROUNDS,
    VB_MCP_CUT_TEXTS,
    VB_MCP_CUT_ANSWERS,
    VB_MCP_CUT_TIME,
    VB_MCP_CUT_ENDED,
    VB_MCP_CUT_MUTE,
    VB_MCP_CUT_MISSING, /* these are the words of our own host */
    VB_MCP_CUT_UNLOADED,
    VB_MCP_CUT_TYPESCRIPT,
    VB_MCP_CUT_UNSTARTED,
    VB_MCP_CUTS
};

enum vb_mcp_stage {
    VB_MCP_PROBE, /* server/discover, of today's protocol */
    VB_MCP_HANDSHAKE,
    VB_MCP_LISTING,
    VB_MCP_CALLING,
    VB_MCP_READING,
    VB_MCP_GETTING,
    VB_MCP_LISTING_AGAIN,
    VB_MCP_OVER
};

struct vb_mcp {
    struct vb_mcp_options options;
    struct vb_buf in;  /* the beginning of a line */
    struct vb_buf out; /* to the server */
    bool skipping;     /* the rest of a line that was too long */
    uint64_t skipped;  /* bytes of it */
    uint64_t now_ms;
    uint64_t bytes;
    uint64_t messages, invalid, requests;
    uint64_t told_bytes;
    unsigned told; /* bits of enum vb_mcp_limit */

    enum vb_mcp_stage stage;
    unsigned tries[2]; /* VB_MCP_PROBE and VB_MCP_HANDSHAKE */
    bool slow[2];      /* … that had no answer in time */
    bool modern;
    char version[32];
    unsigned offered;  /* bits of enum vb_mcp_list: capabilities */
    bool late;         /* no time is left for more calls */
    unsigned timeouts; /* of calls */
    bool silent;       /* the server does nothing any more */

    json_int_t last_id;
    json_int_t awaited; /* the id of the request that is not answered; 0: none */
    uint64_t answer_by_ms;
    uint64_t sent_ms;

    /* listing */
    enum vb_mcp_list list;
    int64_t listing; /* 1: before any call */
    size_t pages, listed;
    bool list_cut;
    size_t list_bytes; /* of tools that were told of */
    char *cursor;      /* of the next page; NULL: none */
    struct vb_mcp_items items[VB_MCP_LISTS];
    size_t schema_bytes; /* of their details, as text */

    /* calling */
    enum vb_mcp_form form;
    size_t next;    /* item */
    int64_t number; /* of calls so far */
    bool in_call;
    unsigned rounds;
    uint64_t called_ms;
    const char *method;
    char *name;
    json_t *params;

    struct vb_mcp_texts declared, said;
};

/* mcp_message.c: lines and events */

/* Puts MESSAGE, which it takes over, behind what is to be sent, and tells of it first. */
VB_CHECKED int vb_mcp_send(struct vb_mcp *mcp, json_t *message, struct vb_error *err);
/* Sends a request of METHOD with PARAMS, which it takes over. */
VB_CHECKED int vb_mcp_ask(struct vb_mcp *mcp, const char *method, json_t *params,
                          struct vb_error *err);
/* The same that expects no answer. */
VB_CHECKED int vb_mcp_notify(struct vb_mcp *mcp, const char *method, struct vb_error *err);
/* The call under way only asks our host to wait for whatever has its time later: there may be no
 * end to that. */
bool vb_mcp_only_waits(const struct vb_mcp *mcp);
/* Tells once that LIMIT was met. */
VB_CHECKED int vb_mcp_cut(struct vb_mcp *mcp, enum vb_mcp_limit limit, uint64_t count,
                          struct vb_error *err);
VB_CHECKED int vb_mcp_emit(struct vb_mcp *mcp, struct vb_event *event, struct vb_error *err);
int vb_mcp_no_memory(struct vb_error *err);
/* Sets FIELD to at most MOST bytes of TEXT, whole characters. Returns whether some are missing. */
bool vb_mcp_set(struct vb_event *event, enum vb_field field, struct vb_str text, size_t most);
/* What we say that we can do and who we are. New references. */
json_t *vb_mcp_capabilities(void);
json_t *vb_mcp_info(const struct vb_mcp *mcp);

/* mcp_reply.c: what a server asks of a client */

/* The result of a request METHOD of the server's, a new reference; NULL without memory. *RET_KNOWN
 * is false where there is no such request. */
json_t *vb_mcp_reply(const struct vb_mcp *mcp, const char *method, const json_t *params,
                     bool *ret_known);

/* mcp_text.c: what is kept to be scanned */
void vb_mcp_texts_init(struct vb_mcp_texts *texts, const char *what);
VB_CHECKED int vb_mcp_gather(struct vb_mcp *mcp, struct vb_mcp_texts *texts, const json_t *value,
                             struct vb_error *err);
VB_CHECKED int vb_mcp_keep(struct vb_mcp *mcp, struct vb_mcp_texts *texts, struct vb_error *err);

/* mcp_list.c, mcp_call.c: asking for what is next, and its answer, whose RESULT is NULL where there
 * is none. _next returns 1 where nothing is left in this stage. */
void vb_mcp_list_begin(struct vb_mcp *mcp);
VB_CHECKED int vb_mcp_list_next(struct vb_mcp *mcp, struct vb_error *err);
VB_CHECKED int vb_mcp_list_answer(struct vb_mcp *mcp, const json_t *result, struct vb_error *err);
void vb_mcp_call_begin(struct vb_mcp *mcp);
VB_CHECKED int vb_mcp_call_next(struct vb_mcp *mcp, struct vb_error *err);
/* OUTCOME is result, error, timeout, ended or cut. */
VB_CHECKED int vb_mcp_call_answer(struct vb_mcp *mcp, const json_t *result, const char *outcome,
                                  struct vb_error *err);
void vb_mcp_items_clear(struct vb_mcp_items *items);

/* mcp.c */
/* What a message of the server's means: called for each. */
VB_CHECKED int vb_mcp_take(struct vb_mcp *mcp, const json_t *message, struct vb_error *err);
/* It is over: a call that is not answered ends with OUTCOME, and texts are kept. */
VB_CHECKED int vb_mcp_finish(struct vb_mcp *mcp, const char *outcome, struct vb_error *err);

#endif
