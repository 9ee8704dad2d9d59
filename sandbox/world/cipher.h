/* cipher: bytes that look drawn by chance, as enciphered ones do. That is no proof of anything,
 * since what is compressed in an unknown way or measured looks like that too; the judgement sets it
 * against the secrets that were opened before. */
#ifndef SANDBOX_WORLD_CIPHER_H
#define SANDBOX_WORLD_CIPHER_H

#include <stddef.h>

enum { VB_CIPHER_MIN = 48 }; /* bytes; fewer say nothing */

/* How many of the LEN BYTES (hostile) of a message look enciphered: those of its largest part, of
 * its longest run of base64, base32 or hexadecimal where it is a text, decoded. 0: none, or they
 * are of a known format. UNPACKED bytes of the message were something packed that could be
 * unpacked; SIZE_MAX where that is not known. */
size_t vb_cipher_size(const unsigned char *bytes, size_t len, size_t unpacked);
/* How many bytes the labels of a host NAME (hostile) may carry: those that are long, in base32 or
 * hexadecimal, and no words. */
size_t vb_cipher_size_in_name(const char *name);

#endif
