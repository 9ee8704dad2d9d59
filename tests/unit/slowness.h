/* How many times as long as elsewhere things take: an emulated machine (tests/live/qemu) says so in
 * VETBOX_TEST_SLOWNESS. 1 where nobody does. */
#ifndef TESTS_UNIT_SLOWNESS_H
#define TESTS_UNIT_SLOWNESS_H

unsigned slowness(void);

#endif
