/* setting: see setting.h. Servers end at once without their keys and addresses. */
#include "sandbox/detonate/setting.h"

#include <stdio.h>
#include <string.h>

#include "vetbox/core.h"

enum { NAME_MAX_BYTES = 64 };

/* The first row whose word is in the name. A key is the bait that a user is given. */
static const struct {
    const char *word;
    const char *value; /* NULL: a key */
} rows[] = {
    {"POSTGRES", "postgresql://app:app@db.example.com:5432/app"},
    {"DATABASE_URL", "postgresql://app:app@db.example.com:5432/app"},
    {"MONGO", "mongodb://app:app@db.example.com:27017/app"},
    {"REDIS", "redis://cache.example.com:6379"},
    {"CONNECTION_STRING", "mongodb://app:app@db.example.com:27017/app"},
    {"EMAIL", "alex@example.com"},
    {"USERNAME", "alex"},
    {"PORT", "8080"},
    {"REGION", "us-east-1"},
    {"URL", "https://api.example.com"},
    {"URI", "https://api.example.com"},
    {"ENDPOINT", "https://api.example.com"},
    {"HOST", "api.example.com"},
    {"DOMAIN", "example.com"},
    {"DIRECTORY", "%{home}/Documents"},
    {"_DIR", "%{home}/Documents"},
    {"_PATH", "%{home}/Documents"},
    {"TOKEN", NULL},
    {"API_KEY", NULL},
    {"APIKEY", NULL},
    {"_KEY", NULL},
    {"SECRET", NULL},
    {"PASSWORD", NULL},
    {"_PAT", NULL},
    {"CREDENTIAL", NULL},
    {"_ID", "104729"},
};

/* These are the machine's, or choose between ways to run. */
static const char *const others[] = {
    "PATH",  "HOME", "USER", "SHELL",          "NODE_",   "PYTHON",  "LD_",       "npm_",
    "DEBUG", "LOG_", "CI",   "TERM",           "DISABLE", "ENABLE",  "TRANSPORT", "PORT",
    "MCP_",  "HTTP", "SSE",  "GITHUB_ACTIONS", "XDG_",    "CLAUDE_", "DOCKER"};

/* The row of NAME, or the count of them. */
static size_t row_of(const char *name)
{
    const size_t len = strlen(name);
    if (len < 4 || len > NAME_MAX_BYTES ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != len)
        return VB_ARRAY_LEN(rows);
    for (size_t i = 0; i < VB_ARRAY_LEN(others); i++) {
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return VB_ARRAY_LEN(rows);
    }
    size_t row = 0;
    while (row < VB_ARRAY_LEN(rows) && strstr(name, rows[row].word) == NULL)
        row++;
    return row;
}

bool vb_setting_is_key(const char *name)
{
    const size_t row = row_of(name);
    return row < VB_ARRAY_LEN(rows) && rows[row].value == NULL;
}

bool vb_setting_make(const char *name, char *ret, size_t size)
{
    const size_t row = row_of(name);
    if (row == VB_ARRAY_LEN(rows))
        return false;
    const char *value = rows[row].value == NULL ? "%{key}" : rows[row].value;
    return snprintf(ret, size, "%s=%s", name, value) < (int)size;
}
