/* semver: versions and ranges as npm reads them (semver.org 2.0.0, node-semver's ranges). */
#ifndef FETCH_SEMVER_H
#define FETCH_SEMVER_H

#include <stdbool.h>

/* A whole version: three numbers, perhaps "-pre" and "+build". */
bool semver_valid(const char *version);
/* <0, 0 or >0 as A is older, the same or newer. Both are valid. */
int semver_compare(const char *a, const char *b);
bool semver_prerelease(const char *version);
/* A range, not a tag: "^1.2", "1.x || >=2.5.0 <3", "*", "". */
bool semver_is_range(const char *range);
/* False too where RANGE is none, or VERSION is none. */
bool semver_satisfies(const char *version, const char *range);

#endif
