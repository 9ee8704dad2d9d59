/* prompt: see prompt.h. Trust boundary: what was printed is hostile text; words are looked for in
 * its last line. */
#include "sandbox/box/prompt.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ANSWERS_MAX = 32, LINE_MAX_BYTES = 256 };

#define KEY "k7Qd2mZx9Vb4Lw8Rt1Yc6Nf3Hs5Jp0Ga"

/* The first row that has a word of the question. */
static const struct {
    const char *words; /* lower case, between bars */
    const char *answer;
} answers[] = {
    {"yes/no|(yes|[yes", "yes"},
    {"[y/|(y/|[y]|y/n", "y"},
    {"press enter|press return|hit enter|press any key", ""},
    {"password|passphrase|passcode", "Sommer-2026!"},
    {"api key|apikey|api_key|token|secret", KEY},
    {"email|e-mail", "alex@example.com"},
    {"url|endpoint|website", "https://example.com/page"},
    {"hostname|host|domain", "example.com"},
    {"folder|directory", "/home/alex/projects"},
    {"file|path", "/home/alex/Documents/standup.md"},
    {"choose|select|choice|option|number|how many|[1|(1|1)|1.", "1"},
    {"username|user name|login|account", "alex"},
    {"name", "alex"},
    {"continue|proceed|sure|confirm|agree|accept|overwrite|delete|install|allow|ok?|?", "y"},
    {"", "report"},
};

static bool has_word(const char *question, const char *words)
{
    for (const char *word = words; *word != '\0';) {
        const size_t len = strcspn(word, "|");
        if (memmem(question, strlen(question), word, len) != NULL)
            return true;
        word += len + (word[len] == '|');
    }
    return words[0] == '\0';
}

const char *vb_prompt_answer(const char *question)
{
    char lower[LINE_MAX_BYTES] = "";
    for (size_t i = 0; i + 1 < sizeof(lower) && question[i] != '\0'; i++) {
        const char byte = question[i];
        lower[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
    }
    size_t row = 0;
    while (!has_word(lower, answers[row].words))
        row++;
    return answers[row].answer;
}

/* The last line of what was printed from SEEN on, if it has no end: a question. False: there is
 * none. */
static bool question_of(const struct vb_output *output, size_t seen, char ret[LINE_MAX_BYTES])
{
    const char *text = (const char *)output->kept.data;
    const size_t len = output->kept.len;
    if (vb_output_overflowed(output) || len == seen || text[len - 1] == '\n')
        return false;
    size_t from = len;
    while (from > seen && text[from - 1] != '\n' && len - from + 1 < LINE_MAX_BYTES)
        from--;
    for (size_t i = from; i < len; i++)
        ret[i - from] = text[i] == '\0' ? ' ' : text[i];
    ret[len - from] = '\0';
    return strspn(ret, " \t\r") < len - from;
}

static int tell(const char *question, const char *answer, uint32_t detonation, struct vb_sink *sink,
                struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_DETONATION_ANSWER, VB_SOURCE_TOOL);
    event.detonation = detonation;
    vb_event_str(&event, VB_F_TEXT, answer);
    vb_event_str(&event, VB_F_DETAIL, question);
    return vb_emit(sink, &event, err);
}

int vb_prompt_step(struct vb_prompt *prompt, const struct vb_output outputs[2], uint32_t detonation,
                   struct vb_sink *sink, struct vb_error *err)
{
    char question[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES];
    int unread = 0;
    if (prompt->writer < 0 || ioctl(prompt->writer, FIONREAD, &unread) < 0 || unread > 0)
        return VB_OK;
    /* What wants more without a word in between reads a file, or will do so for ever. */
    if (prompt->answers == ANSWERS_MAX ||
        (!question_of(&outputs[0], prompt->answered[0], question) &&
         !question_of(&outputs[1], prompt->answered[1], question))) {
        vb_close_fd(&prompt->writer);
        return VB_OK;
    }
    const char *answer = vb_prompt_answer(question);
    if (strcmp(answer, KEY) == 0 && prompt->key != NULL)
        answer = prompt->key;
    const int len = snprintf(line, sizeof(line), "%s\n", answer);
    prompt->answers++;
    for (size_t i = 0; i < 2; i++)
        prompt->answered[i] = outputs[i].kept.len;
    if (write(prompt->writer, line, (size_t)len) != len) {
        vb_close_fd(&prompt->writer); /* nobody reads any more */
        return VB_OK;
    }
    return tell(question, answer, detonation, sink, err);
}
