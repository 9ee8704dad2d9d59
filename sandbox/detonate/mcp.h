/* mcp: what an MCP client says to a server, and what becomes of the answers. Pure: bytes in, bytes
 * and events out, the time is told. Everything that comes from the server is hostile and bounded;
 * each bound that is met is a coverage event.
 * Specification: modelcontextprotocol.io/specification, 2024-11-05 to 2026-07-28, stdio. */
#ifndef SANDBOX_DETONATE_MCP_H
#define SANDBOX_DETONATE_MCP_H

#include "vetbox/core.h"
#include "vetbox/core/json.h"

/* Where arguments that look like paths lead, inside the box. */
struct vb_mcp_places {
    const char *folder;   /* one with nothing in it that a thief wants; also the client's root */
    const char *file;     /* in it */
    const char *bait;     /* a file with a secret; NULL: there is none */
    const char *plugin;   /* a Python module that opens VB_PLUGIN_FILE; NULL: there is none */
    const char *database; /* one with a secret in a row; NULL: there is none */
};

/* What arguments are made of. */
enum vb_mcp_form {
    VB_MCP_TYPICAL,  /* what the schema asks for, all of it */
    VB_MCP_EDGE,     /* what it just about allows, and only what it requires */
    VB_MCP_CANARY,   /* a text that a shell would act on, in each string that is free */
    VB_MCP_CANARY_2, /* with the second of the values that it offers, where one is for code */
    VB_MCP_BAIT,     /* typical, with a bait for each file */
    VB_MCP_CHOICE,   /* typical, with the second of the values that it offers, */
    VB_MCP_CHOICE_3,
    VB_MCP_CHOICE_4, /* and so on */
    VB_MCP_FORMS
};
const char *vb_mcp_form_name(enum vb_mcp_form form);

enum { VB_MCP_GIVEN_MAX = 32 };

/* Which paths and hosts some arguments name. */
struct vb_mcp_given {
    const char *items[VB_MCP_GIVEN_MAX]; /* of the places, or static */
    size_t count;
    bool file;      /* there is a place for a file among them */
    bool code;      /* there is one for code */
    size_t choices; /* the most values that are offered for one of them */
};

/* Arguments as FORM says that fit SCHEMA, a JSON Schema of an object, or nearly: nobody trusts it.
 * A new reference, or NULL without memory. */
json_t *vb_mcp_arguments(const json_t *schema, enum vb_mcp_form form,
                         const struct vb_mcp_places *places, struct vb_mcp_given *ret_given);

struct vb_mcp_options {
    const char *client; /* as which it presents itself */
    bool handshake;     /* first, and the protocol of today after it */
    unsigned port;      /* at which the server is reached over HTTP; 0: it is not */
    bool may_be_mute;   /* it was seen to speak elsewhere: that it says nothing is no gap */
    bool hosted;        /* the server is our own host of the package's code (hosts/host.mjs) */
    struct vb_mcp_places places;
    uint64_t calls_until_ms; /* from then on nothing more is tried */
    uint64_t until_ms;       /* and then it is over */
    struct vb_sink *sink;    /* everything is told before it is sent */
    /* Keeps TEXT, whose digest is HEX, to be scanned. 1: there is no room for it. May be NULL. */
    int (*keep)(void *ctx, const void *text, size_t len, const char *hex, struct vb_error *err);
    void *ctx;
};

/* The limits of one conversation, each of them told when it is met. */
enum {
    VB_MCP_LINE_MAX = 4 << 20,   /* bytes of one message */
    VB_MCP_BYTES_MAX = 64 << 20, /* of all */
    VB_MCP_MESSAGES_MAX = 4000,
    VB_MCP_INVALID_MAX = 200,      /* lines that are no messages */
    VB_MCP_PAGES_MAX = 20,         /* of one listing */
    VB_MCP_TOOLS_MAX = 256,        /* tools, resources and prompts, each */
    VB_MCP_SCHEMA_MAX = 128 << 10, /* bytes of the parameters of one tool */
    VB_MCP_SCHEMAS_MAX = 2 << 20,  /* of all */
    VB_MCP_REQUESTS_MAX = 200,     /* of the server's, that are answered */
    VB_MCP_ROUNDS_MAX = 5,         /* in which one call asks for more */
    VB_MCP_TEXTS_MAX = 4 << 20,    /* bytes that are kept to be scanned, of each sort */
    VB_MCP_PROBE_MS = 2000,        /* for the first answer */
    VB_MCP_WAIT_MS = 1500,         /* for a host that waits */
    VB_MCP_ANSWER_MS = 5000        /* for any other */
};

/* A conversation. */
struct vb_mcp;
VB_CHECKED int vb_mcp_new(const struct vb_mcp_options *options, struct vb_mcp **ret,
                          struct vb_error *err);
void vb_mcp_free(struct vb_mcp *mcp);
/* Begins to speak. */
VB_CHECKED int vb_mcp_begin(struct vb_mcp *mcp, uint64_t now_ms, struct vb_error *err);
/* The server said this. */
VB_CHECKED int vb_mcp_hear(struct vb_mcp *mcp, const void *data, size_t len, uint64_t now_ms,
                           struct vb_error *err);
/* The server will say nothing more. */
VB_CHECKED int vb_mcp_hung_up(struct vb_mcp *mcp, uint64_t now_ms, struct vb_error *err);
/* Time has passed. */
VB_CHECKED int vb_mcp_tick(struct vb_mcp *mcp, uint64_t now_ms, struct vb_error *err);
/* The same, and there will be no answer to what was asked. */
VB_CHECKED int vb_mcp_silence(struct vb_mcp *mcp, uint64_t now_ms, struct vb_error *err);
/* It has answered as a server does. */
bool vb_mcp_answered(const struct vb_mcp *mcp);
/* When vb_mcp_tick has something to do, at the latest. */
uint64_t vb_mcp_next_ms(const struct vb_mcp *mcp);
/* What is to be sent to the server; the caller takes it off the front by clearing it. */
struct vb_buf *vb_mcp_out(struct vb_mcp *mcp);
/* Everything was tried, or nothing more can be. */
bool vb_mcp_over(const struct vb_mcp *mcp);

#endif
