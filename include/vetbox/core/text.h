/* UTF-8, path and encoding helpers for text that nobody trusts. */
#ifndef VETBOX_CORE_TEXT_H
#define VETBOX_CORE_TEXT_H

#include "vetbox/core/buf.h"

/* Strict UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
bool vb_utf8_valid(const void *text, size_t len);

/* Decodes one code point at TEXT (LEN bytes left, at least 1).
 * Returns its length in bytes (1 to 4); for an ill-formed byte returns 1 and U+FFFD. */
size_t vb_utf8_decode(const void *text, size_t len, uint32_t *ret_code);

/* Appends CODE as UTF-8 (an invalid code point becomes U+FFFD). */
VB_CHECKED int vb_utf8_append(struct vb_buf *buf, uint32_t code, struct vb_error *err);

/* Appends UTF-16 without its byte order mark as UTF-8, half of a pair as U+FFFD; an odd last byte
 * is left out. BIG: the high byte comes first. */
VB_CHECKED int vb_utf16_append(struct vb_buf *buf, const void *text, size_t len, bool big,
                               struct vb_error *err);

/* Appends TEXT made safe for a terminal or a log line: controls, bidirectional and invisible
 * characters and ill-formed bytes become \xNN or \u{NNNN}. With KEEP_LINES newline and tab stay. */
VB_CHECKED int vb_text_escape(struct vb_buf *buf, const void *text, size_t len, bool keep_lines,
                              struct vb_error *err);

/* True for code points that no reader sees or that reorder what he sees: tags, zero-width,
 * bidirectional controls, variation selectors, fillers, soft hyphen (threats.md, text section). */
bool vb_code_invisible(uint32_t code);
bool vb_code_bidi_control(uint32_t code);

/* A relative path that stays below its root: not empty, no leading '/', no empty, "." or ".."
 * component, no NUL, each component at most 255 bytes, at most 4096 bytes in all. */
bool vb_path_safe(const char *path);

/* The last component of PATH (never NULL). */
const char *vb_path_base(const char *path);

/* The extension after the last '.' of the last component, without the dot ("" if none). */
const char *vb_path_extension(const char *path);

/* The 1-based line number of OFFSET in TEXT. */
size_t vb_line_of(const char *text, size_t len, size_t offset);

/* Lower case of an ASCII letter, whatever the locale; anything else as it is. */
char vb_ascii_lower(char c);

/* ASCII-only comparison without case, and the like for a prefix. */
bool vb_ascii_equal(const char *a, const char *b);
bool vb_ascii_starts(const char *text, const char *prefix);

/* "OWASP-" for an id of its lists that is written without (AST01, ASI02, LLM03, MCP04), else "". */
const char *vb_mapping_prefix(const char *id);

/* Appends the standard base64 (RFC 4648) of DATA. */
VB_CHECKED int vb_base64_encode(struct vb_buf *buf, const void *data, size_t len,
                                struct vb_error *err);
/* The value of a digit of either alphabet, or -1. */
int vb_base64_digit(unsigned char c);
/* The same of every byte, and of hexadecimal, one more than the value: 0 is no digit. */
extern const unsigned char vb_base64_digits[256], vb_hex_digits[256];
/* Decodes base64 or base64url; white space is skipped, padding optional. Returns VB_E_DATA for
 * anything else. */
VB_CHECKED int vb_base64_decode(struct vb_buf *buf, const char *text, size_t len,
                                struct vb_error *err);

/* Whether the code DATA looks at the date, or runs what cannot be read there (dates.def). It is
 * searched, never read: a word in a comment counts. *RET_WORD, a constant, is what gave it away,
 * and *RET_AT where it stands. */
enum vb_date_sign { VB_DATE_NONE, VB_DATE_READ, VB_DATE_HIDDEN };
enum vb_date_sign vb_date_sign(const void *data, size_t len, const char **ret_word, size_t *ret_at);

/* Which of its surroundings the code DATA looks at (surroundings.def), as bits 1 << enum vb_around.
 * Searched like dates. RET has the first word of each that is there, a constant, and where it
 * stands. */
enum vb_around {
    VB_AROUND_CI,
    VB_AROUND_PLATFORM,
    VB_AROUND_USER,
    VB_AROUND_TERMINAL,
    VB_AROUND_WINDOWS,
    VB_AROUND_COUNT
};
struct vb_around_word {
    const char *word;
    size_t at;
};
const char *vb_around_name(enum vb_around what);
unsigned vb_surroundings_signs(const void *data, size_t len,
                               struct vb_around_word ret[VB_AROUND_COUNT]);

#endif
