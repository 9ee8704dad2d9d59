#include "slowness.h"

#include <stdlib.h>

unsigned slowness(void)
{
    const char *text = getenv("VETBOX_TEST_SLOWNESS");
    const long times = text == NULL ? 1 : strtol(text, NULL, 10);
    return times < 1 ? 1 : times > 100 ? 100 : (unsigned)times;
}
