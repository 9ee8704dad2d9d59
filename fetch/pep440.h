/* pep440: versions and requirements as pip reads them (PEP 440, PEP 508, PEP 425). */
#ifndef FETCH_PEP440_H
#define FETCH_PEP440_H

#include <stdbool.h>
#include <stddef.h>

bool pep440_valid(const char *version);
/* <0, 0 or >0 as A is older, the same or newer. Both are valid. */
int pep440_compare(const char *a, const char *b);
bool pep440_prerelease(const char *version);
/* SPECIFIERS: "", or clauses with commas between them. False too for what is none. */
bool pep440_satisfies(const char *version, const char *specifiers);
/* A clause names a prerelease, so that one may be taken. */
bool pep440_names_prerelease(const char *specifiers);

/* What a marker may ask of the machine. */
struct pep508_machine {
    char python[16];     /* "3.11" */
    const char *machine; /* "x86_64" */
};

enum { PEP508_NAME_BYTES = 128, PEP508_EXTRAS_BYTES = 256, PEP508_SPECIFIERS_BYTES = 256 };

struct pep508 {
    char name[PEP508_NAME_BYTES];     /* normalised (PEP 503) */
    char extras[PEP508_EXTRAS_BYTES]; /* ",a,b,": normalised; "" none */
    char specifiers[PEP508_SPECIFIERS_BYTES];
    bool url;    /* it is fetched from an address of its own */
    bool wanted; /* its marker holds */
};
/* Reads REQUIREMENT; EXTRAS are those of who asks, as in struct pep508. False: it is none. */
bool pep508_read(const char *requirement, const struct pep508_machine *machine, const char *extras,
                 struct pep508 *ret);
/* PEP 503. RET has SIZE bytes, at least one. */
void pep503_normalise(const char *name, size_t len, char *ret, size_t size);

/* A wheel's file name: how well it fits (0: not at all), and its version in RET. */
unsigned wheel_fits(const char *file, const struct pep508_machine *machine, char *ret, size_t size);
/* FILE is a wheel of PROJECT, whose name is normalised. An index may say anything of anything. */
bool wheel_is_of(const char *file, const char *project);

#endif
