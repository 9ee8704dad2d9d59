/* What the package keeps encoded and its runs put into the open: commands and hosts. To encode a
 * picture or a program is common; what is read out of a text that nobody can read, and then done,
 * was to be hidden. */
#include <ctype.h>
#include <string.h>

#include "verdict/internal.h"

enum {
    LEAST_COMMAND = 8, /* characters of a command that says something */
    MOST_COMMAND = 160 /* … of it are compared: a layer's event has only its beginning */
};
static const uint64_t MOST_COMPARED = (uint64_t)4 << 30; /* bytes of layers */

void vb_hidden_see_layer(struct judge *judge)
{
    const char *text = vb_text_of(judge, VB_F_TEXT), *layer = vb_text_of(judge, VB_F_LAYER);
    const size_t place = judge->layers.count;
    bool fresh = false;
    /* Another encoding of all characters hides nothing; and what runs made is no part of it. */
    if (text[0] == '\0' || (vb_starts(layer, "utf16") && strchr(layer, '/') == NULL) ||
        vb_made_place(judge, vb_text_of(judge, VB_F_PATH)) != NULL)
        return;
    judge->layer_bytes += strlen(text);
    if (judge->layer_bytes > MAX_LAYER_BYTES)
        judge->layers.dropped++;
    else if (vb_names_add(&judge->layers, judge->keep, text, (int64_t)judge->event->seq, &fresh) &&
             fresh)
        judge->layer_plain[place] = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_PLAIN));
}

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* HOST stands in TEXT, and not as a part of another name. */
static bool has_host(const char *text, const char *host)
{
    const size_t len = strlen(host);
    for (const char *at = strcasestr(text, host); at != NULL; at = strcasestr(at + 1, host)) {
        const bool begins = at == text || (!is_of_name(at[-1]) && at[-1] != '.');
        const bool ends = !is_of_name(at[len]) && (at[len] != '.' || !is_of_name(at[len + 1]));
        if (begins && ends)
            return true;
    }
    return false;
}

/* A layer's TEXT, of which its file says PLAIN openly, too. */
typedef bool hides_fn(const char *text, const char *plain, const char *words);

static bool hides_host(const char *text, const char *plain, const char *host)
{
    return has_host(text, host) && !has_host(plain, host);
}

/* PLAIN has all pieces of WORDS that are long enough to stand there: see scan/plain.c. */
static bool has_pieces(const char *plain, const char *words)
{
    static const char ends[] = "\"'`\\\r\n";
    char piece[MOST_COMMAND + 1];
    size_t pieces = 0;
    for (const char *at = words; *at != '\0';) {
        const size_t len = strcspn(at, ends);
        if (len >= LEAST_COMMAND) {
            snprintf(piece, sizeof(piece), "%.*s", (int)len, at);
            if (strstr(plain, piece) == NULL)
                return false;
            pieces++;
        }
        at += len + (at[len] != '\0');
    }
    return pieces > 0;
}

static bool hides_words(const char *text, const char *plain, const char *words)
{
    return strstr(text, words) != NULL && !has_pieces(plain, words);
}

/* The first layer that HIDES WORDS. Each words are looked for once, and only so many: whoever asks
 * for a thousand hosts a thousand times over costs no more. */
static const struct name *layer_with(struct judge *judge, const char *words, hides_fn *hides)
{
    bool fresh = false;
    if (judge->layers.count == 0)
        return NULL;
    struct name *looked = vb_names_add(&judge->looked, judge->keep, words, -1, &fresh);
    if (looked == NULL)
        return NULL;
    const bool dear = judge->looked.count * (uint64_t)judge->layer_bytes > MOST_COMPARED;
    judge->looked.dropped += fresh && dear;
    for (size_t i = 0; fresh && !dear && looked->value < 0 && i < judge->layers.count; i++)
        if (hides(judge->layers.items[i].text, judge->layer_plain[i], words))
            looked->value = (int64_t)i;
    return looked->value < 0 ? NULL : &judge->layers.items[looked->value];
}

bool vb_hides_host(struct judge *judge, const char *host)
{
    return layer_with(judge, host, hides_host) != NULL;
}

void vb_see_hidden_host(struct judge *judge, const char *host, uint64_t seq)
{
    const struct name *layer =
        vb_names_host(judge, host) ? NULL : layer_with(judge, host, hides_host);
    if (layer == NULL || judge->run == NULL)
        return;
    const bool installs = judge->run->phase == PHASE_INSTALL;
    const struct found found = {.id = FINDING_HIDDEN_HOST,
                                .graded = true,
                                .severity = installs ? VB_SEVERITY_CRITICAL : VB_SEVERITY_HIGH,
                                .confidence = VB_CONFIDENCE_HIGH,
                                .host = host,
                                .evidence = {(uint64_t)layer->value, seq}};
    vb_report_found(judge, &found, "%s tries to reach %s, whose name it keeps encoded%s.",
                    vb_process_label(judge, judge->process), host,
                    installs ? ", as it is installed" : "");
}

void vb_see_hidden_command(struct judge *judge)
{
    /* What the run itself was started with, we read in its files. */
    if (judge->run == NULL || judge->process == NULL || judge->of_ours ||
        vb_process_of(judge->run, judge->process->ppid) == NULL)
        return;
    const char *code = judge->command.code != NULL ? judge->command.code : judge->line;
    if (code == NULL || strlen(code) < LEAST_COMMAND || strchr(code, ' ') == NULL)
        return;
    const char *words = vb_arena_copy(&judge->scratch, code, strnlen(code, MOST_COMMAND));
    if (judge->run->visible && strstr(judge->run->text, words) != NULL)
        return; /* the instructions show it */
    const struct name *layer = layer_with(judge, words, hides_words);
    if (layer == NULL)
        return;
    const struct found found = {.id = FINDING_HIDDEN_COMMAND, .evidence = {(uint64_t)layer->value}};
    vb_report_found(judge, &found, "%s executed `%s`, which it keeps encoded.",
                    vb_process_label(judge, vb_process_of(judge->run, judge->process->ppid)),
                    vb_arena_cut(&judge->scratch, words, 200));
}
