/* What test_zygote hands to the children of zygote_program. */
#ifndef TESTS_UNIT_ZYGOTE_PROGRAM_H
#define TESTS_UNIT_ZYGOTE_PROGRAM_H

#include "vetbox/sandbox.h"

struct program_work {
    int fd;
    uint64_t address; /* of something of the coordinator's */
};

#endif
