/* The few words that every room uses: attributes, cleanup, ownership transfer. */
#ifndef VETBOX_CORE_BASE_H
#define VETBOX_CORE_BASE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VB_CHECKED __attribute__((warn_unused_result))
#define VB_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define VB_UNUSED __attribute__((unused))
#define VB_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Runs FN(&variable) when the variable leaves its scope. */
#define VB_CLEANUP(fn) __attribute__((cleanup(fn)))
#define VB_CLEANUP_FD VB_CLEANUP(vb_close_fd)
#define VB_CLEANUP_DIR VB_CLEANUP(vb_close_dir)
#define VB_CLEANUP_FREE VB_CLEANUP(vb_free_ptr)
#define VB_CLEANUP_FILE VB_CLEANUP(vb_close_file)

/* Takes the pointer out of *P, so that its cleanup no longer owns it. */
#define vb_steal(p)                     \
    __extension__({                     \
        __typeof__(p) vb_stolen_ = (p); \
        (p) = NULL;                     \
        vb_stolen_;                     \
    })

/* Takes the descriptor out of *FD and leaves -1. */
int vb_steal_fd(int *fd);

/* Closes *FD if it is not negative, keeps errno, and leaves -1. */
void vb_close_fd(int *fd);
/* The same for a folder that is read; leaves NULL. */
void vb_close_dir(DIR **dir);

/* free(*(void **)P), for VB_CLEANUP_FREE. */
void vb_free_ptr(void *p);

/* fclose(*FILE) if there is one. */
void vb_close_file(FILE **file);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t vb_monotonic_ns(void);

#endif
