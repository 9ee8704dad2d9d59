/* library: see library.h. The code runs in the box, as what it calls does. */
#include "sandbox/detonate/library.h"

#include "vetbox/core/base.h"

#include <libraries.inc>
#include <stddef.h>
#include <string.h>

/* What starts a line that defines something, and what else stands in that line. */
struct sign {
    const char *start, *within;
};

static const struct {
    const char *interpreter, *caller;
    struct sign signs[5];
} languages[] = {
    {"python3", library_python, {{"def ", "("}, {"async def ", "("}, {"class ", ":"}}},
    {"node",
     library_node,
     {{"function ", "("},
      {"async function ", "("},
      {"class ", "{"},
      {"const ", "=>"},
      {"export ", ""}}},
    {"bash", library_bash, {{"function ", "{"}, {"", "() {"}, {"", "(){"}}},
};

/* Who has one of these calls what he defines. */
static const char *const mains[] = {"== \"__main__\"", "== '__main__'", "sys.argv",
                                    "require.main",    "process.argv",  "import.meta.url ==="};

const char *vb_library_caller(const char *interpreter)
{
    for (size_t i = 0; interpreter != NULL && i < VB_ARRAY_LEN(languages); i++) {
        if (strcmp(interpreter, languages[i].interpreter) == 0)
            return languages[i].caller;
    }
    return NULL;
}

static bool defines(const char *line, size_t len, const struct sign *signs, size_t count)
{
    for (size_t i = 0; i < count && signs[i].start != NULL; i++) {
        const size_t start = strlen(signs[i].start);
        if (len > start && memcmp(line, signs[i].start, start) == 0 && line[0] != ' ' &&
            line[0] != '\t' && line[start] != '_' &&
            memmem(line, len, signs[i].within, strlen(signs[i].within)) != NULL)
            return true;
    }
    return false;
}

bool vb_library_defines(const char *interpreter, const char *text)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(mains); i++) {
        if (strstr(text, mains[i]) != NULL)
            return false;
    }
    for (size_t i = 0; interpreter != NULL && i < VB_ARRAY_LEN(languages); i++) {
        if (strcmp(interpreter, languages[i].interpreter) != 0)
            continue;
        for (const char *line = text; *line != '\0';) {
            const size_t len = strcspn(line, "\n");
            if (defines(line, len, languages[i].signs, VB_ARRAY_LEN(languages[i].signs)))
                return true;
            line += len + (line[len] == '\n');
        }
    }
    return false;
}
