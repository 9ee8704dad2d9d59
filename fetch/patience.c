/* See patience.h. */
#include "fetch/patience.h"

#include <stddef.h>
#include <string.h>

#include "vetbox/core.h"

enum { FIRST_MS = 500, LONGEST_S = 86400 };

bool patience_passes(long code, const struct patience_said *said)
{
    static const long passing[] = {0, 408, 425, 429, 500, 502, 503, 504};
    for (size_t i = 0; i < VB_ARRAY_LEN(passing); i++) {
        if (code == passing[i])
            return true;
    }
    /* Some say "forbidden" for "too often". */
    return code == 403 && (said->remaining == 0 || said->retry_after_s >= 0);
}

/* Seconds that the server asks for, -1: it does not. */
static int64_t asked_for(const struct patience_said *said, int64_t now_s)
{
    int64_t ret = said->retry_after_s;
    if (ret < 0 && said->remaining == 0 && said->reset_in_s >= 0)
        ret = said->reset_in_s;
    if (ret < 0 && said->remaining == 0 && said->reset_at_s >= 0)
        ret = said->reset_at_s > now_s ? said->reset_at_s - now_s : 0;
    return ret < LONGEST_S ? ret : LONGEST_S;
}

static uint64_t scattered(uint64_t ms, uint32_t dice)
{
    return ms + dice % (ms / 4 + 1);
}

uint64_t patience_ms(const struct patience_said *said, unsigned tries, int64_t now_s, uint32_t dice)
{
    const int64_t seconds = asked_for(said, now_s);
    const uint64_t own = (uint64_t)FIRST_MS << (tries > 0 && tries < 16 ? tries - 1 : 0);
    /* Zero seconds from now is no reason to hurry. */
    return scattered(seconds > 0 ? (uint64_t)seconds * 1000 : own, dice);
}

uint64_t patience_pause_ms(const struct patience_said *said, int64_t now_s, uint32_t dice)
{
    const int64_t seconds = said->remaining == 0 ? asked_for(said, now_s) : -1;
    return seconds > 0 ? scattered((uint64_t)seconds * 1000, dice) : 0;
}

/* The length of scheme://host[:port], 0 where URL has none that fits. */
static size_t origin_len(const char *url)
{
    const char *host = strstr(url, "://");
    const size_t len = host == NULL ? 0 : (size_t)(host - url) + 3 + strcspn(host + 3, "/?#");
    return len < PATIENCE_ORIGIN_BYTES ? len : 0;
}

static bool is_row(const struct patience_servers *servers, size_t i, const char *url, size_t len)
{
    const char *origin = servers->rows[i].origin;
    return len > 0 && strncmp(origin, url, len) == 0 && origin[len] == '\0';
}

uint64_t patience_until(const struct patience_servers *servers, const char *url)
{
    const size_t len = origin_len(url);
    for (size_t i = 0; i < PATIENCE_SERVERS; i++) {
        if (is_row(servers, i, url, len))
            return servers->rows[i].until_ns;
    }
    return 0;
}

void patience_leave(struct patience_servers *servers, const char *url, uint64_t until_ns)
{
    const size_t len = origin_len(url);
    size_t row = 0;
    for (size_t i = 0; i < PATIENCE_SERVERS; i++) {
        if (is_row(servers, i, url, len)) {
            row = i;
            break;
        }
        row = servers->rows[i].until_ns < servers->rows[row].until_ns ? i : row;
    }
    if (len == 0 || until_ns <= servers->rows[row].until_ns)
        return;
    snprintf(servers->rows[row].origin, PATIENCE_ORIGIN_BYTES, "%.*s", (int)len, url);
    servers->rows[row].until_ns = until_ns;
}
