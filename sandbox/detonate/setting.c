/* setting: see setting.h. Servers end at once without their keys and addresses, and so do many
 * scripts without their keys. */
#include "sandbox/detonate/setting.h"

#include <stdio.h>
#include <string.h>

#include "vetbox/core.h"

enum { NAME_MAX_BYTES = 64 };

/* The first row whose word is in the name. A key is the bait that a user is given; an address that
 * only its owner knows is as good as one. */
static const struct {
    const char *word;
    const char *value; /* NULL: a key */
    bool secret;
} rows[] = {
    {"WEBHOOK", "https://hooks.example.com/%{key}", true},
    {"POSTGRES", "postgresql://app:app@db.example.com:5432/app", false},
    {"DATABASE_URL", "postgresql://app:app@db.example.com:5432/app", false},
    {"MONGO", "mongodb://app:app@db.example.com:27017/app", false},
    {"REDIS", "redis://cache.example.com:6379", false},
    {"CONNECTION_STRING", "mongodb://app:app@db.example.com:27017/app", false},
    {"EMAIL", "alex@example.com", false},
    {"USERNAME", "alex", false},
    {"PORT", "8080", false},
    {"REGION", "us-east-1", false},
    {"URL", "https://api.example.com", false},
    {"URI", "https://api.example.com", false},
    {"ENDPOINT", "https://api.example.com", false},
    {"HOST", "api.example.com", false},
    {"DOMAIN", "example.com", false},
    {"DIRECTORY", "%{home}/Documents", false},
    {"_DIR", "%{home}/Documents", false},
    {"_PATH", "%{home}/Documents", false},
    {"TOKEN", NULL, true},
    {"API_KEY", NULL, true},
    {"APIKEY", NULL, true},
    {"_KEY", NULL, true},
    {"SECRET", NULL, true},
    {"PASSWORD", NULL, true},
    {"_PAT", NULL, true},
    {"CREDENTIAL", NULL, true},
    {"_ID", "104729", false},
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
    return row < VB_ARRAY_LEN(rows) && rows[row].secret;
}

bool vb_setting_make(const char *name, char *ret, size_t size)
{
    const size_t row = row_of(name);
    if (row == VB_ARRAY_LEN(rows))
        return false;
    const char *value = rows[row].value == NULL ? "%{key}" : rows[row].value;
    return snprintf(ret, size, "%s=%s", name, value) < (int)size;
}
