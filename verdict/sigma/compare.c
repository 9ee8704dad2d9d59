/* Tests that are not about text: numbers, addresses, parts of dates. Event values are hostile: what
 * does not read as such is no match. */
#include <arpa/inet.h>
#include <math.h>

#include "verdict/sigma/internal.h"

static size_t digits(const char *text, size_t len, size_t at)
{
    while (at < len && text[at] >= '0' && text[at] <= '9')
        at++;
    return at;
}

/* -?digits[.digits]: what is written otherwise (0x17, 1e3, 1_000) is text. */
bool vb_sigma_number(const char *text, size_t len, double *ret)
{
    char copy[64];
    const size_t sign = len > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    size_t at = digits(text, len, sign);
    if (at == sign || len >= sizeof(copy))
        return false;
    if (at < len && text[at] == '.') {
        const size_t fraction = at + 1;
        at = digits(text, len, fraction);
        if (at == fraction)
            return false;
    }
    if (at != len)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *ret = strtod(copy, NULL);
    return isfinite(*ret);
}

bool vb_sigma_compare(enum number_op op, double left, double right)
{
    const bool results[] = {
        [NUMBER_LT] = left<right, [NUMBER_LTE] = left <= right, [NUMBER_GT] = left> right,
        [NUMBER_GTE] = left >= right,
        [NUMBER_EQ] = !(left < right) && !(left > right),
        [NUMBER_NEQ] = left < right || left > right,
    };
    return results[op];
}

bool vb_sigma_parse_address(const char *text, size_t len, struct range *ret)
{
    char copy[INET6_ADDRSTRLEN + 1];
    if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *ret = (struct range){.family = 4};
    if (inet_pton(AF_INET, copy, ret->first) == 1)
        return true;
    ret->family = 6;
    return inet_pton(AF_INET6, copy, ret->first) == 1;
}

bool vb_sigma_parse_cidr(const char *text, struct range *ret, const char **ret_why)
{
    const char *slash = strchr(text, '/');
    const size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    *ret_why = "cidr takes an address and the length of its prefix";
    if (!vb_sigma_parse_address(text, len, ret))
        return false;
    const unsigned width = ret->family == 4 ? 32 : 128;
    unsigned long bits = width;
    if (slash != NULL) {
        const size_t size = strlen(slash + 1);
        if (size == 0 || size > 3 || digits(slash + 1, size, 0) != size)
            return false;
        bits = strtoul(slash + 1, NULL, 10);
    }
    if (bits > width)
        return false;
    memcpy(ret->last, ret->first, sizeof(ret->last));
    *ret_why = "the network has bits set behind its prefix";
    for (unsigned bit = (unsigned)bits; bit < width; bit++) {
        const unsigned char mask = (unsigned char)(0x80u >> (bit % 8));
        if ((ret->first[bit / 8] & mask) != 0)
            return false;
        ret->last[bit / 8] |= mask;
    }
    return true;
}

bool vb_sigma_in_ranges(const struct range *ranges, size_t count, const struct range *address)
{
    size_t low = 0, high = count; /* the last that begins at ADDRESS or before it */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct range *range = &ranges[middle];
        const bool behind = range->family != address->family
                                ? range->family > address->family
                                : memcmp(range->first, address->first, sizeof(range->first)) > 0;
        if (behind)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == 0 || ranges[low - 1].family != address->family)
        return false;
    return memcmp(address->first, ranges[low - 1].last, sizeof(address->first)) <= 0;
}

/* --- dates --- */

struct date {
    int64_t year, month, day, hour, minute;
};

static bool read_digits(const char *text, size_t len, size_t at, size_t width, int64_t *ret)
{
    if (at + width > len || digits(text, at + width, at) != at + width)
        return false;
    *ret = 0;
    for (size_t i = at; i < at + width; i++)
        *ret = *ret * 10 + (text[i] - '0');
    return true;
}

/* RFC 3339, a blank instead of the T too; the zone is not looked at. */
static bool read_written(const char *text, size_t len, struct date *ret)
{
    *ret = (struct date){0};
    if (!read_digits(text, len, 0, 4, &ret->year) || len < 10 || text[4] != '-' ||
        !read_digits(text, len, 5, 2, &ret->month) || text[7] != '-' ||
        !read_digits(text, len, 8, 2, &ret->day))
        return false;
    if (ret->month < 1 || ret->month > 12 || ret->day < 1 || ret->day > 31)
        return false;
    if (len == 10)
        return true;
    return (text[10] == 'T' || text[10] == 't' || text[10] == ' ') &&
           read_digits(text, len, 11, 2, &ret->hour) && len >= 16 && text[13] == ':' &&
           read_digits(text, len, 14, 2, &ret->minute) && ret->hour < 24 && ret->minute < 60;
}

/* Days since 1970-01-01 of a day of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of_seconds(int64_t seconds, struct date *ret)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    const int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    const int64_t month = (5 * of_year + 2) / 153;
    *ret = (struct date){.month = month + (month < 10 ? 3 : -9),
                         .day = of_year - (153 * month + 2) / 5 + 1,
                         .hour = rest / 3600,
                         .minute = rest / 60 % 60};
    ret->year = year + era * 400 + (ret->month <= 2);
}

/* The week of ISO 8601: that of its Thursday. */
static int64_t week_of(const struct date *date)
{
    const int64_t days = days_of(date->year, date->month, date->day);
    const int64_t thursday = days - ((days + 3) % 7 + 7) % 7 + 3;
    struct date at;
    date_of_seconds(thursday * 86400, &at);
    return (thursday - days_of(at.year, 1, 1)) / 7 + 1;
}

bool vb_sigma_date_part(const char *text, size_t len, enum date_part part, int64_t *ret)
{
    struct date date;
    double seconds = 0;
    if (vb_sigma_number(text, len, &seconds) && fabs(seconds) < 1e11)
        date_of_seconds((int64_t)seconds - ((double)(int64_t)seconds > seconds), &date);
    else if (!read_written(text, len, &date))
        return false;
    const int64_t parts[] = {
        [DATE_MINUTE] = date.minute,  [DATE_HOUR] = date.hour,   [DATE_DAY] = date.day,
        [DATE_WEEK] = week_of(&date), [DATE_MONTH] = date.month, [DATE_YEAR] = date.year,
    };
    *ret = parts[part];
    return true;
}
