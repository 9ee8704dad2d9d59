/* Where vetbox finds its rules, its configuration and its cache. */
#ifndef CLI_PLACES_H
#define CLI_PLACES_H

#include "cli/options.h"
#include "vetbox/core.h"
#include "vetbox/verdict.h"

/* The rules over what runs do: those of behaviour/ in the folder of --rules, if it has one, or
 * those that are built in, and those of --sigma. What is left out of them is told on standard
 * error, if TELL. */
VB_CHECKED int vb_place_behaviour(const struct vb_options *options, bool tell,
                                  struct vb_behaviour **ret, struct vb_error *err);
/* The folder that those lie in which are loaded without --sigma, their cases below it; NULL: they
 * are built in, and no folder is at hand. *ret is owned by the caller. */
VB_CHECKED int vb_place_behaviour_folder(const char *given, char **ret, struct vb_error *err);
/* The folder with the YARA rules: GIVEN (its yara/ if it has one), or that of the installation, or
 * that of the source tree if the program runs from its build. A GIVEN with world/ or baits/ and no
 * YARA rules leaves those of the installation. *ret is owned by the caller. */
VB_CHECKED int vb_place_yara_rules(const char *given, char **ret, struct vb_error *err);

/* Adds the known-bad things of the rules folder GIVEN (NULL: none), from its iocs/ if it has one,
 * to what RULES look for. */
struct vb_rules;
VB_CHECKED int vb_place_iocs(const char *given, struct vb_rules *rules, struct vb_error *err);

/* The rules for what the world answers: GIVEN's world/, or NULL where GIVEN is NULL or has none.
 * *ret is owned by the caller. */
VB_CHECKED int vb_place_world_rules(const char *given, char **ret, struct vb_error *err);

/* The baits of the rules folder GIVEN (NULL: none), from its baits/ if it has one; otherwise NULL.
 */
struct vb_bait_rules;
VB_CHECKED int vb_place_baits(const char *given, struct vb_bait_rules **ret, struct vb_error *err);

/* The trust folder: GIVEN, which must be there, or the first that exists in the user's or system's
 * configuration, or NULL. */
VB_CHECKED int vb_place_trust(const char *given, char **ret, struct vb_error *err);
/* GIVEN or the user's own, whether it is there or not. */
VB_CHECKED int vb_place_new_trust(const char *given, char **ret, struct vb_error *err);

/* The user's cache folder for vetbox, made if need be; NULL where there is none to be had. */
VB_CHECKED int vb_place_cache(char **ret, struct vb_error *err);

/* vetbox-reader: beside the program, or where it is installed. *ret is owned by the caller. */
VB_CHECKED int vb_place_reader(char **ret, struct vb_error *err);

/* Opens DIR, which must be new (it is made) or empty. Returns the descriptor or an error. */
VB_CHECKED int vb_place_new_folder(const char *dir, struct vb_error *err);

#endif
