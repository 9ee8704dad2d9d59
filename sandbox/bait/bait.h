/* bait: secrets worth stealing, made for one run, and the search for them in outbound bytes.
 * Every secret is unique to the run, valid in its format and carries no mark. */
#ifndef SANDBOX_BAIT_BAIT_H
#define SANDBOX_BAIT_BAIT_H

#include "vetbox/core.h"

enum vb_bait_place {
    VB_BAIT_FILE,
    VB_BAIT_ENV,
    VB_BAIT_WORLD,   /* nowhere in the box: its network gives it away */
    VB_BAIT_HANDED,  /* no theft to have it: a user puts it where instructions ask him for a key */
    VB_BAIT_MACHINE, /* no secret: what tells one machine from all others */
    VB_BAIT_PLAIN    /* no bait: a variable that the machine of the persona has, too */
};

struct vb_bait {
    const char *id; /* ssh-ed25519, aws-credentials, env-openai, … */
    enum vb_bait_place place;
    char *path;      /* absolute path inside the box (FILE) */
    const char *env; /* variable name (ENV, PLAIN), or of one for such a secret (WORLD, HANDED), or
                        what it is (MACHINE) */
    const char *served;     /* what the world calls it (WORLD) */
    unsigned char *content; /* of the file, or the variable's value */
    size_t content_len;
    uint32_t mode;
    char *secret; /* the part that is searched for, at least 16 bytes; NULL: only reading counts */
    size_t fixed; /* bytes at the secret's beginning that are the same in every run */
};

struct vb_bait_set;

/* Everybody may have it anywhere in the box; only its leaving counts. */
static inline bool vb_bait_is_free(const struct vb_bait *bait)
{
    return bait->place == VB_BAIT_HANDED || bait->place == VB_BAIT_MACHINE;
}

/* What tells the machine of a run: ID is the bait's, TEXT at least 10 bytes that stand nowhere but
 * there; they count as a whole, one of 32 and more also in pieces that make up all of it. Past the
 * first megabyte of a set, of texts with fewer than 12 some places are not seen. */
struct vb_bait_fact {
    const char *id, *name; /* NAME for people */
    const char *text;
};
enum { VB_BAIT_FACTS_MAX = 8 };

/* Which baits, and for whom. */
struct vb_bait_rules;
struct vb_bait_choice {
    unsigned persona;                  /* enum vb_persona */
    const char *home;                  /* inside the box; its last component is the user's name */
    const unsigned char *seed;         /* 32 bytes */
    const struct vb_bait_rules *rules; /* a team's own, which must outlive the set; NULL: none */
    const struct vb_bait_fact *facts;  /* of the machine, whose ids and names outlive the set */
    size_t fact_count;
};

/* The same choice gives the same set. */
VB_CHECKED int vb_bait_set_choose(const struct vb_bait_choice *choice, struct vb_bait_set **ret,
                                  struct vb_error *err);
/* The baits of a developer, and no others. */
VB_CHECKED int vb_bait_set_new(const char *home, const unsigned char seed[32],
                               struct vb_bait_set **ret, struct vb_error *err);
void vb_bait_set_free(struct vb_bait_set *set);
size_t vb_bait_count(const struct vb_bait_set *set);
const struct vb_bait *vb_bait_at(const struct vb_bait_set *set, size_t index);
/* What a user puts where he is asked for a key; NULL: SET has none. */
const char *vb_bait_handed(const struct vb_bait_set *set);
/* The bait whose file has this absolute path, or NULL. */
const struct vb_bait *vb_bait_by_path(const struct vb_bait_set *set, const char *path, size_t len);

/* --- the search in what is sent ---
 *
 * Every byte is searched for every bait's secret: as it is, in any case, reversed,
 * ROT13, XORed with one byte, in base64 (at any alignment, either alphabet, broken lines,
 * reversed), in base32 and hexadecimal of either case; behind URL, JSON and HTML escapes and
 * UTF-16; and inside gzip, zlib, deflate, zstd, brotli, zip and tar, and long runs of base64,
 * base32 and hexadecimal, up to four such codes within one another.
 *
 * What counts of a secret is its last 64 bytes without what all of its kind have in common. A piece
 * of it is 12 consecutive bytes (16 of a hexadecimal secret, 32 of a list of numbers). Half of it
 * is as good as all of it, and never more than two such pieces are asked for; pieces of several
 * messages are added up where these share a trail, and their form is then "split".
 *
 * A form is named in words, what was undone last first: "raw", "xor", "hex in gzip in base64",
 * "base32 in name"; what is only packed is called by that alone ("gzip"). It is valid during the
 * call of FOUND, which comes at most once for a bait and message. */
typedef void vb_bait_found(void *ctx, const struct vb_bait *bait, const char *form);

/* What one run has sent of each secret, in all its messages. */
struct vb_bait_trail;
VB_CHECKED int vb_bait_trail_new(const struct vb_bait_set *set, struct vb_bait_trail **ret,
                                 struct vb_error *err);
void vb_bait_trail_free(struct vb_bait_trail *trail);
/* Messages in which something was not unpacked, since the run has unpacked its share: 2 GiB in and
 * out, and 256 Ki attempts. TRAIL may be NULL. */
uint64_t vb_bait_trail_refused(const struct vb_bait_trail *trail);

/* One message, body or connection, fed in pieces of any size. Some 5 KB, and 5 more for each code
 * that occurs in it; decoders hold at most 96 MiB in all streams of a set. */
struct vb_bait_stream;
/* TRAIL may be NULL: then only this stream's pieces are added up. SET and TRAIL must outlive it. */
VB_CHECKED int vb_bait_stream_new(const struct vb_bait_set *set, struct vb_bait_trail *trail,
                                  struct vb_bait_stream **ret, struct vb_error *err);
void vb_bait_stream_free(struct vb_bait_stream *stream);
/* What is found may be told later, but not later than by _finish. Fails only for want of memory.
 * Returns 1 if something in the message is not searched to its end, because it unpacks to more than
 * 16 MiB and 64 bytes for each byte of the message, or wants too much memory, or because the run
 * has unpacked its share; the rest is. */
VB_CHECKED int vb_bait_stream_feed(struct vb_bait_stream *stream, const void *data, size_t len,
                                   vb_bait_found *found, void *ctx, struct vb_error *err);
/* The message has ended; what is fed next begins another. Returns as _feed does. */
VB_CHECKED int vb_bait_stream_finish(struct vb_bait_stream *stream, vb_bait_found *found, void *ctx,
                                     struct vb_error *err);

/* How many bytes of the message that _finish ended were something packed, unpacked to its end;
 * SIZE_MAX: something was not searched to its end. */
size_t vb_bait_stream_unpacked(const struct vb_bait_stream *stream);

/* A host NAME that is asked for: its labels each alone and joined. Returns as _feed does. */
VB_CHECKED int vb_bait_search_name(const struct vb_bait_set *set, struct vb_bait_trail *trail,
                                   struct vb_str name, vb_bait_found *found, void *ctx,
                                   struct vb_error *err);

/* One message that is there as a whole, for a process that may not hand hostile bytes to libraries:
 * nothing is unpacked, all else is as above. Returns 0 or VB_E_NOMEM. */
int vb_bait_search(const struct vb_bait_set *set, const void *data, size_t len,
                   vb_bait_found *found, void *ctx);

#endif
