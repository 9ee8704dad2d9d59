/* Options: one table (options.def), one parser. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "vetbox/core.h"

enum vb_option_id {
#define VB_OPTION(id, name, letter, argument, commands, help) VB_OPT_##id,
#include "cli/options.def"
#undef VB_OPTION
    VB_OPTION_COUNT
};

enum { VB_REPORTS_MAX = 16, VB_SIGMA_MAX = 16 };

struct vb_options {
    const char *value[VB_OPTION_COUNT];  /* the last one given; "" for an option without argument */
    const char *reports[VB_REPORTS_MAX]; /* FMT=FILE */
    size_t report_count;
    const char *sigma[VB_SIGMA_MAX]; /* files and folders of Sigma rules */
    size_t sigma_count;
    char **operands; /* into argv */
    size_t operand_count;
    bool several; /* the operands are references, and there is more than one */
};

/* Parses ARGV (argv[0] is the command's name) for the command with this letter. */
VB_CHECKED int vb_options_parse(int argc, char **argv, char command, struct vb_options *ret,
                                struct vb_error *err);

/* Prints the option table of the command with this letter. */
void vb_options_help(FILE *out, char command);

/* A decimal number of 1 to MAX, or VB_E_USAGE naming the option. */
VB_CHECKED int vb_option_number(const struct vb_options *options, enum vb_option_id id,
                                unsigned fallback, unsigned max, unsigned *ret,
                                struct vb_error *err);

static inline bool vb_option_given(const struct vb_options *options, enum vb_option_id id)
{
    return options->value[id] != NULL;
}

#endif
