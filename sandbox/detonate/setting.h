/* setting: what a user sets a variable to that a package declares or documents. */
#ifndef SANDBOX_DETONATE_SETTING_H
#define SANDBOX_DETONATE_SETTING_H

#include <stdbool.h>
#include <stddef.h>

/* "NAME=VALUE" for the variable NAME in RET, of SIZE bytes, with a value that fits its name. False:
 * nobody has to set such a one, or its name says too little. */
bool vb_setting_make(const char *name, char *ret, size_t size);

/* NAME is that of a key, a token, a password or a webhook. */
bool vb_setting_is_key(const char *name);

#endif
