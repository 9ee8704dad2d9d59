/* library: see library.h. The code runs in the box, as what it calls does. */
#include "sandbox/detonate/library.h"

#include <libraries.inc>
#include <stddef.h>
#include <string.h>

const char *vb_library_caller(const char *interpreter)
{
    if (interpreter != NULL && strcmp(interpreter, "python3") == 0)
        return library_python;
    return interpreter != NULL && strcmp(interpreter, "node") == 0 ? library_node : NULL;
}
