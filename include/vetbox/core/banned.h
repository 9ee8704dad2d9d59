/* Functions that invite mistakes are a compile error (as in git's banned.h). Included before every
 * file by the compiler's command line. */
#ifndef VETBOX_CORE_BANNED_H
#define VETBOX_CORE_BANNED_H

/* Their own headers come first, so that the macros below do not hit the declarations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VB_BANNED(func) vb_banned_##func##_use_a_bounded_or_checked_function

#undef strcpy
#define strcpy(a, b) VB_BANNED(strcpy)
#undef strcat
#define strcat(a, b) VB_BANNED(strcat)
#undef strncpy
#define strncpy(a, b, c) VB_BANNED(strncpy)
#undef strncat
#define strncat(a, b, c) VB_BANNED(strncat)
#undef strtok
#define strtok(a, b) VB_BANNED(strtok)
#undef strtok_r
#define strtok_r(a, b, c) VB_BANNED(strtok_r)
#undef sprintf
#define sprintf(...) VB_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) VB_BANNED(vsprintf)
#undef atoi
#define atoi(a) VB_BANNED(atoi)
#undef atol
#define atol(a) VB_BANNED(atol)
#undef atoll
#define atoll(a) VB_BANNED(atoll)
#undef system
#define system(a) VB_BANNED(system)
#undef popen
#define popen(a, b) VB_BANNED(popen)
#undef mktemp
#define mktemp(a) VB_BANNED(mktemp)
#undef tmpnam
#define tmpnam(a) VB_BANNED(tmpnam)
#undef tempnam
#define tempnam(a, b) VB_BANNED(tempnam)
#undef rand
#define rand() VB_BANNED(rand)
#undef random
#define random() VB_BANNED(random)
#undef ctime
#define ctime(a) VB_BANNED(ctime)
#undef asctime
#define asctime(a) VB_BANNED(asctime)
#undef gmtime
#define gmtime(a) VB_BANNED(gmtime)
#undef localtime
#define localtime(a) VB_BANNED(localtime)

#endif
