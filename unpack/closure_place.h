/* closure_place: lays what came out of one archive where npm and pip put it. Names are hostile. */
#ifndef UNPACK_CLOSURE_PLACE_H
#define UNPACK_CLOSURE_PLACE_H

#include "vetbox/core.h"

/* NEW holds what was in npm's tarball of the package that belongs at PATH (node_modules/…) below
 * TREE: its files without their first folder, and its commands in .bin of the folder around it. */
VB_CHECKED int vb_place_npm(int tree, int new, const char *path, struct vb_error *err);
/* NEW holds what was in a wheel (the binary distribution format): site-packages, with what stands
 * in its data folder, and its commands. */
VB_CHECKED int vb_place_wheel(int tree, int new, struct vb_error *err);
/* NEW holds a source archive, which is laid at PATH as it is. */
VB_CHECKED int vb_place_source(int tree, int new, const char *path, struct vb_error *err);

#endif
