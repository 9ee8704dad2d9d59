/* Libarchive tells what is wrong in words only: what of them means what. */
#include "unpack/internal.h"

/* Libarchive's words for data that may well be whole, of a method that it does not decode. */
static bool is_about_method(const char *text)
{
    static const char *const words[] = {
        "Unsupported CAB compression",
        "Compression method not supported",
        "Unsupported compression method for RAR",
        "Parsing filters is unsupported",
        "Unsupported filter type",
        "Unexpected codec ID",
        "encoded with many filters",
        "Unsupported form of BCJ2",
        "Declared dictionary size is not supported",
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        if (strstr(text, words[i]) != NULL)
            return true;
    }
    return false;
}

/* The method of a zip that TEXT is about; that of an encrypted member stands nowhere else. NULL: it
 * is about none, or one that nobody has heard of. */
static const char *zip_method_in(const char *text, unsigned long *ret)
{
    static const char words[] = "Unsupported ZIP compression method (";
    const char *const at = strstr(text, words);

    *ret = at != NULL ? strtoul(at + sizeof(words) - 1, NULL, 10) : 0;
    return zip_method_name(*ret);
}

bool said_undecodable(const char *text, char reason[SAID_MAX])
{
    unsigned long method;
    const char *const name = text != NULL ? zip_method_in(text, &method) : NULL;

    if (name != NULL)
        (void)snprintf(reason, SAID_MAX, "unsupported compression: %s, method %lu of zip", name,
                       method);
    else if (text != NULL && is_about_method(text))
        (void)snprintf(reason, SAID_MAX, "unsupported compression: %.100s", text);
    else
        return false;
    return true;
}

/* The same for what is closed, be it a member or the list of all of them. */
bool said_encrypted(const char *text)
{
    static const char *const words[] = {
        "passphrase",
        "is encrypted, but currently not supported",
        "Crypto codec not supported",
        "RAR encryption support unavailable",
        "Encryption is not supported",
        "Unknown encryption",
        "Unsupported encryption format",
    };

    for (size_t i = 0; text != NULL && i < VB_ARRAY_LEN(words); i++) {
        if (strstr(text, words[i]) != NULL)
            return true;
    }
    return false;
}

/* Libarchive warns of names that it cannot convert; that is no fault of the archive. */
bool said_charset(const char *text)
{
    return text != NULL && strstr(text, "to current locale") != NULL;
}
