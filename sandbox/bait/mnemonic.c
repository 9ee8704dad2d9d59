/* The words that restore a wallet (BIP-39): each stands for 11 bits of 132, of which the first 128
 * are the entropy and the last four the beginning of its SHA-256. Every eighth word of the English
 * list is enough for us: the entropy is drawn until its checksum ends in one of them, and 88 bits
 * stay random. Trust boundary: none. */
#include "sandbox/bait/template.h"

enum { WORDS = 12, KEPT = 256, STEP = 8, BITS = 11, ENTROPY = 16, TRIES = 4096 };

/* Number STEP * i of the list. */
static const char *const words[KEPT] = {
    "abandon",  "absurd",   "acoustic", "adapt",   "advice",   "agree",   "alcohol",  "alpha",
    "amount",   "animal",   "anxiety",  "arch",    "army",     "artist",  "asthma",   "audit",
    "avoid",    "baby",     "bamboo",   "basic",   "beef",     "bench",   "bid",      "blade",
    "blossom",  "boil",     "borrow",   "brand",   "bright",   "brown",   "bulk",     "business",
    "cactus",   "canal",    "capital",  "cart",    "catch",    "celery",  "champion", "check",
    "chimney",  "cinnamon", "claw",     "climb",   "clown",    "code",    "come",     "congress",
    "copy",     "country",  "craft",    "credit",  "cross",    "crush",   "current",  "damage",
    "day",      "decorate", "deliver",  "deposit", "despair",  "dial",    "dignity",  "disease",
    "divorce",  "donate",   "dragon",   "drink",   "dune",     "eagle",   "ecology",  "either",
    "elite",    "empower",  "energy",   "enrich",  "equal",    "escape",  "evoke",    "excuse",
    "exotic",   "extra",    "faith",    "fantasy", "favorite", "fence",   "figure",   "finish",
    "fix",      "flip",     "foam",     "force",   "foster",   "fringe",  "fun",      "gallery",
    "gas",      "genre",    "ginger",   "glide",   "goat",     "govern",  "gravity",  "grow",
    "gym",      "harbor",   "head",     "help",    "hire",     "home",    "host",     "humor",
    "hybrid",   "illegal",  "improve",  "indoor",  "inject",   "insect",  "invite",   "jacket",
    "job",      "jungle",   "key",      "kitchen", "lab",      "laptop",  "lawn",     "lecture",
    "length",   "library",  "link",     "loan",    "lottery",  "lunar",   "maid",     "mandate",
    "marine",   "math",     "meat",     "mention", "metal",    "minimum", "mix",      "monitor",
    "mosquito", "much",     "must",     "narrow",  "neglect",  "never",   "noodle",   "novel",
    "object",   "october",  "old",      "only",    "orchard",  "other",   "own",      "pair",
    "parade",   "patient",  "pear",     "perfect", "piano",    "pink",    "plastic",  "poem",
    "pool",     "poverty",  "present",  "prison",  "project",  "public",  "puppy",    "pyramid",
    "quote",    "rain",     "rare",     "reason",  "reduce",   "relax",   "render",   "require",
    "retreat",  "ribbon",   "ring",     "roast",   "rose",     "rug",     "safe",     "sample",
    "scale",    "scissors", "search",   "seek",    "series",   "shallow", "ship",     "shove",
    "siege",    "simple",   "skate",    "slam",    "slot",     "snack",   "sock",     "someone",
    "source",   "speed",    "spirit",   "spread",  "staff",    "steak",   "stock",    "strike",
    "submit",   "suit",     "sure",     "swallow", "swing",    "tackle",  "task",     "tenant",
    "theme",    "three",    "tilt",     "toast",   "tomato",   "topic",   "toward",   "train",
    "trend",    "trouble",  "tube",     "twelve",  "ugly",     "unfair",  "unlock",   "upper",
    "useless",  "valve",    "velvet",   "vessel",  "village",  "vital",   "voyage",   "warfare",
    "way",      "weekend",  "wheel",    "wild",    "winter",   "wonder",  "wrap",     "yellow",
};

/* The entropy that these words tell, and the four bits behind it. */
static unsigned pack(const unsigned char picked[WORDS], unsigned char ret[ENTROPY])
{
    unsigned pending = 0, have = 0;
    size_t at = 0;
    for (size_t i = 0; i < WORDS; i++) {
        pending = pending << BITS | picked[i] * STEP;
        for (have += BITS; have >= 8 && at < ENTROPY; have -= 8)
            ret[at++] = (unsigned char)(pending >> (have - 8));
    }
    return pending & 0xf;
}

static int draw(struct vb_template *t, unsigned char ret[WORDS], bool *ret_holds,
                struct vb_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char entropy[ENTROPY];
    char sum[VB_SHA256_HEX];
    for (size_t i = 0; i < WORDS; i++) {
        const int status = vb_stream_byte(&t->stream, &ret[i], err);
        if (status)
            return status;
    }
    const unsigned wanted = pack(ret, entropy);
    const int status = vb_sha256_hex(entropy, sizeof(entropy), sum, err);
    *ret_holds = !status && sum[0] == digits[wanted];
    return status;
}

int vb_mnemonic_write(struct vb_template *t, struct vb_error *err)
{
    unsigned char picked[WORDS];
    bool holds = false;
    int status = VB_OK;
    for (int i = 0; !status && !holds && i < TRIES; i++)
        status = draw(t, picked, &holds, err);
    if (!status && !holds)
        return vb_fail(err, VB_E_SOFTWARE, 0, "no words with a checksum that holds");
    for (size_t i = 0; !status && i < WORDS; i++)
        status = vb_buf_printf(&t->out, err, i ? " %s" : "%s", words[picked[i]]);
    return status;
}
