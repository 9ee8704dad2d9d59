/* libs: vb_sandbox */
/* A message or a name that may be enciphered: never more than came. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/world/cipher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[256];
    const size_t len = size < sizeof(name) ? size : sizeof(name) - 1;
    if (size > 0)
        memcpy(name, data, len);
    name[len] = '\0';
    if (vb_cipher_size(data, size, 0) > size || vb_cipher_size_in_name(name) > len)
        abort();
    return 0;
}
