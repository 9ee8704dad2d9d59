/* The option parser: getopt_long over a table. */
#include "cli/options.h"

#include <getopt.h>
#include <string.h>

struct option_row {
    const char *name;
    char letter;
    const char *argument;
    const char *commands;
    const char *help;
};

static const struct option_row rows[VB_OPTION_COUNT] = {
#define VB_OPTION(id, name, letter, argument, commands, help) \
    [VB_OPT_##id] = {name, letter, argument, commands, help},
#include "cli/options.def"
#undef VB_OPTION
};

enum { LONG_BASE = 256 }; /* getopt's value of row 0, above every letter */

static bool takes(const struct option_row *row, char command)
{
    return strchr(row->commands, command) != NULL;
}

static void tables_for(char command, struct option *longs, char *letters)
{
    *letters++ = '+'; /* stop at the first operand: what follows `run` has options of its own */
    *letters++ = ':';
    for (size_t i = 0; i < VB_OPTION_COUNT; i++) {
        if (!takes(&rows[i], command))
            continue;
        *longs++ = (struct option){rows[i].name,
                                   rows[i].argument != NULL ? required_argument : no_argument, NULL,
                                   LONG_BASE + (int)i};
        if (rows[i].letter == 0)
            continue;
        *letters++ = rows[i].letter;
        if (rows[i].argument != NULL)
            *letters++ = ':';
    }
    *longs = (struct option){0};
    *letters = '\0';
}

static size_t row_of(int found)
{
    if (found >= LONG_BASE)
        return (size_t)(found - LONG_BASE);
    size_t i = 0;
    while (i < VB_OPTION_COUNT && rows[i].letter != found)
        i++;
    return i;
}

static int bad_option(int found, char **argv, struct vb_error *err)
{
    const char *given = argv[optind - 1];
    if (found == ':')
        return vb_fail(err, VB_E_USAGE, 0, "%s needs an argument", given);
    return vb_fail(err, VB_E_USAGE, 0, "unknown option %s: see vetbox %s --help", given, argv[0]);
}

static int keep(struct vb_options *options, size_t row, const char *argument, struct vb_error *err)
{
    if (row >= VB_OPTION_COUNT)
        return vb_fail(err, VB_E_SOFTWARE, 0, "an option stands in no row of options.def");
    options->value[row] = argument != NULL ? argument : "";
    if (row == VB_OPT_SIGMA && options->sigma_count == VB_SIGMA_MAX)
        return vb_fail(err, VB_E_USAGE, 0, "more than %d paths of Sigma rules", VB_SIGMA_MAX);
    if (row == VB_OPT_SIGMA)
        options->sigma[options->sigma_count++] = argument;
    if (row != VB_OPT_REPORT)
        return VB_OK;
    if (options->report_count == VB_REPORTS_MAX)
        return vb_fail(err, VB_E_USAGE, 0, "more than %d reports", VB_REPORTS_MAX);
    options->reports[options->report_count++] = argument;
    return VB_OK;
}

/* Operands may stand before options, except for `run`, whose command follows the first operand. */
static int gather(int argc, char **argv, char command, struct vb_options *ret, struct vb_error *err)
{
    struct option longs[VB_OPTION_COUNT + 1];
    char letters[3 * VB_OPTION_COUNT + 3];
    tables_for(command, longs, letters);
    size_t operands = 0;
    optind = 1;
    opterr = 0;
    while (optind < argc) {
        const int found = getopt_long(argc, argv, letters, longs, NULL);
        if (found == -1) {
            const bool rest = command == 'r' || strcmp(argv[optind - 1], "--") == 0;
            if (optind < argc)
                argv[1 + operands++] = argv[optind++];
            while (rest && optind < argc)
                argv[1 + operands++] = argv[optind++];
            continue;
        }
        if (found == '?' || found == ':')
            return bad_option(found, argv, err);
        const int status = keep(ret, row_of(found), optarg, err);
        if (status < 0)
            return status;
    }
    ret->operands = argv + 1;
    ret->operand_count = operands;
    ret->several = strchr("vsu", command) != NULL && operands > 1;
    argv[1 + operands] = NULL;
    return VB_OK;
}

int vb_options_parse(int argc, char **argv, char command, struct vb_options *ret,
                     struct vb_error *err)
{
    *ret = (struct vb_options){0};
    return gather(argc, argv, command, ret, err);
}

void vb_options_help(FILE *out, char command)
{
    for (size_t i = 0; i < VB_OPTION_COUNT; i++) {
        if (!takes(&rows[i], command))
            continue;
        char left[64];
        snprintf(left, sizeof(left), "%s%c%s--%s%s%s", rows[i].letter != 0 ? "-" : "",
                 rows[i].letter != 0 ? rows[i].letter : ' ', rows[i].letter != 0 ? ", " : "   ",
                 rows[i].name, rows[i].argument != NULL ? " " : "",
                 rows[i].argument != NULL ? rows[i].argument : "");
        fprintf(out, "  %-26s %s\n", left, rows[i].help);
    }
}

int vb_option_number(const struct vb_options *options, enum vb_option_id id, unsigned fallback,
                     unsigned max, unsigned *ret, struct vb_error *err)
{
    const char *text = options->value[id];
    if (text == NULL) {
        *ret = fallback;
        return VB_OK;
    }
    char *end;
    const unsigned long number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < 1 || number > max)
        return vb_fail(err, VB_E_USAGE, 0, "--%s %s: a number from 1 to %u is needed",
                       rows[id].name, text, max);
    *ret = (unsigned)number;
    return VB_OK;
}
