/* hearsay: see hearsay.h. Trust boundary: the messages are the subject's. They are bounded in every
 * way, taken apart by sandbox/detonate/insider.c, and searched; nobody acts by them. */
#include "sandbox/box/hearsay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/inventory.h"
#include "sandbox/box/standins.h"
#include "sandbox/detonate/insider.h"

enum {
    MESSAGE_MAX = VB_INSIDER_TEXT_MAX + 8 * 1024,
    MESSAGES_AT_ONCE = 64,
    HEARD_MAX = 8 * 1024 * 1024, /* of a run; the rest is taken and thrown away */
    WORDS_MAX = 200 * 1000,      /* the same in messages */
    LAYERS_MAX = 256,
    LAYER_BYTES_MAX = 1024 * 1024, /* of all layers */
    FILES_MAX = 64,
    LINES_MAX = 64 * 1024,
    FILE_MAX = 1024 * 1024, /* of the package, that a layer is looked for in */
    COMPARED_MAX = 32 * 1024 * 1024,
    TREE_FILES_MAX = 20000,
    TREE_DEPTH = 64,
    TEXT_SHOWN = 4096,
    LIST_MAX = 2048 /* bytes of the lines that are told */
};

/* One piece of code that was made, or a text that the stand-in for a module was given. */
struct layer {
    const char *form;
    const char *module; /* of the detonation's; NULL: it is code */
    bool own;           /* it stands in the package as it is: it was read there, and is scanned */
    char *path;         /* below the tree, or NULL */
    int64_t line;
    char *text;
    size_t len;
    bool cut;
};

struct lines {
    char *path;
    int64_t present; /* as the probe says; 0: it does not */
    unsigned char bits[LINES_MAX / 8];
};

struct vb_hearsay {
    struct vb_hearsay_source source;
    int fds[2]; /* ours; the subject's, which stays open here too: nothing but a shutdown ends it */
    struct layer layers[LAYERS_MAX];
    size_t layer_count, layer_bytes;
    struct lines *files[FILES_MAX];
    size_t file_count;
    struct vb_standins standins;
    uint64_t heard, words;
    uint64_t missed;       /* messages, layers and files for which there was no room */
    struct vb_buf pending; /* a command that came in pieces */
    struct vb_buf made;
    uint64_t compared; /* bytes of the package that were looked through */
    char message[MESSAGE_MAX];
};

int vb_hearsay_new(const struct vb_hearsay_source *source, struct vb_hearsay **ret,
                   struct vb_error *err)
{
    struct vb_hearsay *hearsay = calloc(1, sizeof(*hearsay));
    if (hearsay == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "hearing the probes of a box");
    hearsay->source = *source;
    vb_buf_init(&hearsay->pending, MESSAGE_MAX);
    vb_buf_init(&hearsay->made, MESSAGE_MAX);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, hearsay->fds) < 0 ||
        fcntl(hearsay->fds[0], F_SETFL, O_NONBLOCK) < 0) {
        const int number = errno;
        vb_hearsay_free(hearsay);
        return vb_fail(err, VB_E_OS, number, "hearing the probes of a box");
    }
    *ret = hearsay;
    return VB_OK;
}

void vb_hearsay_free(struct vb_hearsay *hearsay)
{
    if (hearsay == NULL)
        return;
    vb_close_fd(&hearsay->fds[0]);
    vb_close_fd(&hearsay->fds[1]);
    for (size_t i = 0; i < hearsay->layer_count; i++) {
        free(hearsay->layers[i].path);
        free(hearsay->layers[i].text);
    }
    for (size_t i = 0; i < hearsay->file_count; i++) {
        free(hearsay->files[i]->path);
        free(hearsay->files[i]);
    }
    vb_standins_done(&hearsay->standins);
    vb_buf_done(&hearsay->pending);
    vb_buf_done(&hearsay->made);
    free(hearsay);
}

int vb_hearsay_end(const struct vb_hearsay *hearsay)
{
    return hearsay->fds[1];
}

int vb_hearsay_fd(const struct vb_hearsay *hearsay)
{
    return hearsay->fds[0];
}

/* --- what a message says --- */

/* The file of the package that PATH of the interpreter's is, below the tree, on the heap. NULL:
 * none is. A relative one is taken as from where the run began. */
static char *own_path(const struct vb_hearsay *hearsay, struct vb_str path)
{
    char full[4096];
    const struct vb_hearsay_source *source = &hearsay->source;
    const size_t len = strlen(source->folder);
    if (path.len == 0 || memchr(path.text, '\0', path.len) != NULL)
        return NULL;
    const bool absolute = path.text[0] == '/',
               here = path.len > 2 && memcmp(path.text, "./", 2) == 0;
    const int size =
        snprintf(full, sizeof(full), "%s%s%.*s", absolute ? "" : source->cwd, absolute ? "" : "/",
                 (int)path.len - (here ? 2 : 0), path.text + (here ? 2 : 0));
    if (size < 0 || (size_t)size >= sizeof(full) || strncmp(full, source->folder, len) != 0 ||
        full[len] != '/' || !vb_path_safe(full + len + 1) || source->setup->options.tree_fd < 0)
        return NULL;
    VB_CLEANUP_FD int fd =
        vb_open_beneath(source->setup->options.tree_fd, full + len + 1, O_PATH | O_NOFOLLOW, 0);
    return fd < 0 ? NULL : strdup(full + len + 1);
}

/* CODE: among code, or among what was given. */
static bool has_layer(const struct vb_hearsay *hearsay, bool code, const char *text, size_t len)
{
    for (size_t i = 0; i < hearsay->layer_count; i++) {
        const struct layer *layer = &hearsay->layers[i];
        if ((layer->module == NULL) == code && layer->len == len &&
            memcmp(layer->text, text, len) == 0)
            return true;
    }
    return false;
}

/* MODULE that was given it, or NULL: it is code. */
static void add_layer(struct vb_hearsay *hearsay, const struct vb_insider_word *word,
                      const char *module, struct vb_str code)
{
    const char *text = code.text;
    size_t len = code.len;
    const bool cut = len > VB_INSIDER_TEXT_MAX;
    len = cut ? VB_INSIDER_TEXT_MAX : len;
    if (len == 0 || has_layer(hearsay, module == NULL, text, len))
        return;
    char *copy = hearsay->layer_count == LAYERS_MAX || len > LAYER_BYTES_MAX - hearsay->layer_bytes
                     ? NULL
                     : malloc(len);
    if (copy == NULL) {
        hearsay->missed++;
        return;
    }
    memcpy(copy, text, len);
    hearsay->layer_bytes += len;
    hearsay->layers[hearsay->layer_count++] =
        (struct layer){.form = word->form,
                       .module = module,
                       .path = module != NULL ? NULL : own_path(hearsay, word->path),
                       .line = word->line,
                       .text = copy,
                       .len = len,
                       .cut = cut};
}

/* NULL: it is no file of the package, or there is no room. */
static struct lines *lines_of(struct vb_hearsay *hearsay, struct vb_str path)
{
    VB_CLEANUP_FREE char *own = own_path(hearsay, path);
    for (size_t i = 0; own != NULL && i < hearsay->file_count; i++) {
        if (strcmp(hearsay->files[i]->path, own) == 0)
            return hearsay->files[i];
    }
    struct lines *lines =
        own == NULL || hearsay->file_count == FILES_MAX ? NULL : calloc(1, sizeof(*lines));
    if (lines == NULL) {
        hearsay->missed += own != NULL;
        return NULL;
    }
    lines->path = vb_steal(own);
    hearsay->files[hearsay->file_count++] = lines;
    return lines;
}

static void add_line(struct lines *lines, int64_t line)
{
    if (lines != NULL && line > 0 && line < LINES_MAX)
        lines->bits[line / 8] |= (unsigned char)(1U << line % 8);
}

static void hear_command(struct vb_hearsay *hearsay, struct vb_insider_word *word)
{
    bool made = false;
    struct vb_error ignored;
    add_line(lines_of(hearsay, word->path), word->line);
    if (vb_insider_shell_code(word->text, &made, &hearsay->made, &ignored) < 0)
        hearsay->missed++;
    word->form = "eval";
    if (made)
        add_layer(hearsay, word, NULL,
                  (struct vb_str){(const char *)hearsay->made.data, hearsay->made.len});
}

/* The module of the detonation that WORD is about; NULL: none is. */
static const char *module_of(const struct vb_hearsay *hearsay, const struct vb_insider_word *word)
{
    const size_t len = strlen(word->form);
    for (char *const *item = hearsay->source.detonation->modules; item != NULL && *item != NULL;
         item++) {
        if (strncmp(*item, word->form, len) == 0 && (*item)[len] == ' ' &&
            vb_str_equal(word->path, *item + len + 1))
            return *item;
    }
    return NULL;
}

static void hear_module(struct vb_hearsay *hearsay, const struct vb_insider_word *word)
{
    const char *module = module_of(hearsay, word);
    if (module != NULL && word->kind == VB_INSIDER_GIVEN)
        add_layer(hearsay, word, module, word->text);
    else if (module == NULL || !vb_standins_hear(&hearsay->standins, module, word->text))
        hearsay->missed++;
}

static void hear(struct vb_hearsay *hearsay, const char *message, size_t len)
{
    struct vb_insider_word word;
    const bool probed = hearsay->source.detonation->probed;
    if (!vb_insider_read(message, len, &word) ||
        (!probed && word.kind != VB_INSIDER_ASKED && word.kind != VB_INSIDER_GIVEN)) {
        hearsay->missed++;
        return;
    }
    struct lines *lines = NULL;
    switch (word.kind) {
    case VB_INSIDER_CODE:
        add_layer(hearsay, &word, NULL, word.text);
        break;
    case VB_INSIDER_COMMAND:
        hear_command(hearsay, &word);
        break;
    case VB_INSIDER_PRESENT:
        lines = lines_of(hearsay, word.path);
        if (lines != NULL)
            lines->present = word.line;
        break;
    case VB_INSIDER_LINES:
        lines = lines_of(hearsay, word.path);
        for (int64_t line = 1; line > 0;) {
            line = vb_insider_next_line(&word.text);
            add_line(lines, line);
        }
        break;
    case VB_INSIDER_ASKED:
    case VB_INSIDER_GIVEN:
        hear_module(hearsay, &word);
        break;
    }
}

/* A shell writes a long command in pieces: the first begins like one. */
static void end_pending(struct vb_hearsay *hearsay)
{
    if (hearsay->pending.len > 0)
        hear(hearsay, (const char *)hearsay->pending.data, hearsay->pending.len);
    vb_buf_clear(&hearsay->pending);
}

static void take(struct vb_hearsay *hearsay, size_t len)
{
    struct vb_error ignored;
    const char *message = hearsay->message;
    const bool word = len > 1 && memchr("CPLAG", message[0], 5) != NULL && message[1] == '\x1f';
    if (word) {
        hear(hearsay, message, len);
        return;
    }
    if (len > 0 && message[0] == '+')
        end_pending(hearsay);
    else if (hearsay->pending.len == 0)
        hearsay->missed++;
    if ((hearsay->pending.len > 0 || message[0] == '+') &&
        vb_buf_append(&hearsay->pending, message, len, &ignored) < 0)
        hearsay->missed++;
}

/* Whether the subject shut its end for everybody. */
static bool is_shut(const struct vb_hearsay *hearsay)
{
    struct pollfd ours = {.fd = hearsay->fds[0], .events = POLLRDHUP};
    return poll(&ours, 1, 0) < 0 || (ours.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void hear_message(struct vb_hearsay *hearsay, size_t len)
{
    hearsay->heard += len;
    if (len == 0 || hearsay->heard > HEARD_MAX || ++hearsay->words > WORDS_MAX)
        hearsay->missed++; /* no probe sends nothing */
    else
        take(hearsay, len);
}

bool vb_hearsay_step(struct vb_hearsay *hearsay)
{
    bool any = false;
    for (int i = 0; i < MESSAGES_AT_ONCE && hearsay->fds[0] >= 0; i++) {
        const ssize_t got = read(hearsay->fds[0], hearsay->message, sizeof(hearsay->message));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return any;
        if (got < 0 || (got == 0 && is_shut(hearsay))) {
            hearsay->missed++;
            vb_close_fd(&hearsay->fds[0]);
            return any;
        }
        any = true;
        hear_message(hearsay, (size_t)got);
    }
    return any;
}

/* --- what the package says itself --- */

static struct vb_str trimmed(const char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    while (len > 0 && strchr(" \t\r\n", *text) != NULL) {
        text++;
        len--;
    }
    return (struct vb_str){text, len};
}

/* The beginning of a file of the package. */
static int read_own(struct vb_hearsay *hearsay, const char *path, struct vb_buf *ret,
                    struct vb_error *err)
{
    vb_buf_clear(ret);
    if (hearsay->compared > COMPARED_MAX)
        return VB_OK;
    VB_CLEANUP_FD int fd = vb_open_beneath(hearsay->source.setup->options.tree_fd, path,
                                           O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
    const int status = fd < 0 ? VB_OK : vb_buf_read_fd(ret, fd, err);
    hearsay->compared += ret->len + 4096;
    return status == VB_E_LIMIT ? VB_OK : status;
}

static bool holds(const char *text, size_t len, struct vb_str part)
{
    return part.len == 0 || (text != NULL && memmem(text, len, part.text, part.len) != NULL);
}

/* Whether LAYER stands in the package as it is. */
static int is_own(struct vb_hearsay *hearsay, const struct layer *layer,
                  const struct vb_inventory *tree, struct vb_buf *file, bool *ret,
                  struct vb_error *err)
{
    const struct vb_detonation *detonation = hearsay->source.detonation;
    const struct vb_str text = trimmed(layer->text, layer->len);
    const char *const paths[] = {layer->path, detonation->path};
    int status = VB_OK;
    *ret = holds(detonation->text, detonation->text == NULL ? 0 : strlen(detonation->text), text);
    for (size_t i = 0; status == VB_OK && !*ret && i < VB_ARRAY_LEN(paths); i++) {
        if (paths[i] == NULL || hearsay->source.setup->options.tree_fd < 0)
            continue;
        status = read_own(hearsay, paths[i], file, err);
        *ret = status == VB_OK && holds((const char *)file->data, file->len, text);
    }
    for (size_t i = 0; status == VB_OK && !*ret && i < tree->count; i++) {
        const struct vb_entry *entry = &tree->entries[i];
        if (entry->type != VB_ENTRY_FILE || entry->size < text.len || entry->size > text.len + 8)
            continue;
        status = read_own(hearsay, entry->path, file, err);
        *ret = status == VB_OK && holds((const char *)file->data, file->len, text);
    }
    return status;
}

/* A text may be part of any file. */
static int find_given(struct vb_hearsay *hearsay, const struct vb_inventory *tree,
                      struct vb_buf *file, struct vb_error *err)
{
    int status = VB_OK;
    bool any = false;
    for (size_t i = 0; i < hearsay->layer_count; i++)
        any = any || hearsay->layers[i].module != NULL;
    for (size_t i = 0; any && status == VB_OK && i < tree->count; i++) {
        if (tree->entries[i].type != VB_ENTRY_FILE || tree->entries[i].size > FILE_MAX)
            continue;
        status = read_own(hearsay, tree->entries[i].path, file, err);
        for (size_t k = 0; status == VB_OK && k < hearsay->layer_count; k++) {
            struct layer *layer = &hearsay->layers[k];
            if (layer->module != NULL && !layer->own)
                layer->own =
                    holds((const char *)file->data, file->len, trimmed(layer->text, layer->len));
        }
    }
    return status;
}

static int find_own(struct vb_hearsay *hearsay, const struct vb_inventory *tree,
                    struct vb_buf *file, struct vb_error *err)
{
    int status = find_given(hearsay, tree, file, err);
    for (size_t i = 0; status == VB_OK && i < hearsay->layer_count; i++) {
        struct layer *layer = &hearsay->layers[i];
        if (!layer->own)
            status = is_own(hearsay, layer, tree, file, &layer->own, err);
    }
    return status;
}

/* --- telling --- */

static int keep(const struct vb_hearsay *hearsay, const struct layer *layer, const char *hex,
                struct vb_error *err)
{
    const int folder = vb_box_keeps(hearsay->source.setup, hearsay->source.detonation);
    VB_CLEANUP_FD int fd =
        folder < 0 ? -1 : openat(folder, hex, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return folder < 0 || errno == EEXIST ? VB_OK
               : errno == ENOSPC             ? 1
                                 : vb_fail(err, VB_E_IO, errno, "keeping code that a run made");
    const int status = vb_write_all(fd, layer->text, layer->len, err);
    if (status == VB_OK)
        return VB_OK;
    (void)unlinkat(folder, hex, 0);
    return err->system_errno == ENOSPC ? 1 : status;
}

/* Where code was made. */
static void set_place(const struct vb_detonation *detonation, const struct layer *layer,
                      struct vb_event *event)
{
    const bool known = layer->path != NULL;
    vb_event_str(event, VB_F_FORM, layer->form);
    vb_event_str(event, VB_F_PATH, known ? layer->path : detonation->path);
    if (known ? layer->line > 0 : detonation->line > 0)
        vb_event_int(event, VB_F_LINE, known ? layer->line : detonation->line);
}

static int tell_layer(struct vb_hearsay *hearsay, const struct layer *layer, struct vb_sink *sink,
                      struct vb_error *err)
{
    char hex[VB_SHA256_HEX];
    struct vb_event event;
    const struct vb_detonation *detonation = hearsay->source.detonation;
    int status = vb_sha256_hex(layer->text, layer->len, hex, err);
    if (status == VB_OK)
        status = keep(hearsay, layer, hex, err);
    if (status < 0)
        return status;
    hearsay->missed += status > 0;
    const bool code = layer->module == NULL;
    vb_event_init(&event, code ? VB_EV_INTERPRETER_CODE : VB_EV_INTERPRETER_GIVEN, VB_SOURCE_TRUTH);
    event.detonation = detonation->id;
    if (code)
        set_place(detonation, layer, &event);
    else
        vb_standins_name(layer->module, &event);
    vb_event_strn(&event, VB_F_TEXT, layer->text,
                  layer->len < TEXT_SHOWN ? layer->len : TEXT_SHOWN);
    vb_event_str(&event, VB_F_SHA256, hex);
    vb_event_int(&event, VB_F_SIZE, (int64_t)layer->len);
    if (layer->cut || layer->len > TEXT_SHOWN)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    return vb_emit(sink, &event, err);
}

static int tell_layers(struct vb_hearsay *hearsay, struct vb_sink *sink, struct vb_error *err)
{
    const struct vb_inventory_limits limits = {.entries = TREE_FILES_MAX, .depth = TREE_DEPTH};
    VB_CLEANUP(vb_inventory_done) struct vb_inventory tree = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf file;
    vb_buf_init(&file, FILE_MAX);
    const int folder = hearsay->source.setup->options.tree_fd;
    int status = folder < 0 || hearsay->layer_count == 0
                     ? VB_OK
                     : vb_inventory_take(folder, &limits, &tree, err);
    if (status == VB_OK)
        status = find_own(hearsay, &tree, &file, err);
    for (size_t i = 0; status == VB_OK && i < hearsay->layer_count; i++) {
        if (!hearsay->layers[i].own)
            status = tell_layer(hearsay, &hearsay->layers[i], sink, err);
    }
    return status;
}

/* Lines of a shell's that are more than the end of another. */
static bool is_shell_code(const char *line, size_t len)
{
    static const char *const ends[] = {"fi", "done", "esac", "else", "then", "do", "{", "}", ";;"};
    const struct vb_str text = trimmed(line, len);
    bool code = text.len > 0 && text.text[0] != '#';
    for (size_t i = 0; i < VB_ARRAY_LEN(ends); i++)
        code = code && !vb_str_equal(text, ends[i]);
    return code;
}

static bool is_set(const struct lines *lines, size_t line)
{
    return line < LINES_MAX && (lines->bits[line / 8] >> line % 8 & 1) != 0;
}

/* Appends "3-7 9" to LIST as long as there is room. */
static void list_range(struct vb_buf *list, size_t from, size_t to)
{
    struct vb_error ignored;
    if (from > 0 && list->max - list->len > 32)
        (void)!(to > from
                    ? vb_buf_printf(list, &ignored, "%s%zu-%zu", list->len > 0 ? " " : "", from, to)
                    : vb_buf_printf(list, &ignored, "%s%zu", list->len > 0 ? " " : "", from));
}

struct count {
    size_t lines, executed, code;
};

/* Whoever claims lines that the file does not have is not believed. */
static void count_lines(const struct lines *lines, const struct vb_buf *file, struct vb_buf *list,
                        struct count *ret)
{
    size_t from = 0;
    const char *at = (const char *)file->data, *end = at + file->len;
    *ret = (struct count){0};
    while (at < end) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        const char *stop = feed == NULL ? end : feed;
        const bool executed = is_set(lines, ++ret->lines);
        ret->code += is_shell_code(at, (size_t)(stop - at));
        ret->executed += executed;
        if (!executed)
            list_range(list, from, ret->lines - 1);
        from = !executed ? 0 : from == 0 ? ret->lines : from;
        at = stop + 1;
    }
    list_range(list, from, ret->lines);
}

static int tell_file(struct vb_hearsay *hearsay, const struct lines *lines, struct vb_sink *sink,
                     struct vb_error *err)
{
    struct vb_event event;
    struct count count;
    VB_CLEANUP(vb_buf_done) struct vb_buf file;
    VB_CLEANUP(vb_buf_done) struct vb_buf list;
    vb_buf_init(&file, FILE_MAX);
    vb_buf_init(&list, LIST_MAX);
    int status = read_own(hearsay, lines->path, &file, err);
    if (status < 0 || file.len == 0)
        return status;
    count_lines(lines, &file, &list, &count);
    size_t present = lines->present > 0 ? (size_t)lines->present : count.code;
    present = present > count.lines ? count.lines : present;
    vb_event_init(&event, VB_EV_INTERPRETER_LINES, VB_SOURCE_TRUTH);
    event.detonation = hearsay->source.detonation->id;
    vb_event_str(&event, VB_F_PATH, lines->path);
    vb_event_int(&event, VB_F_EXECUTED,
                 (int64_t)(count.executed < present ? count.executed : present));
    vb_event_int(&event, VB_F_PRESENT, (int64_t)present);
    vb_event_strn(&event, VB_F_TEXT, (const char *)list.data, list.len);
    return vb_emit(sink, &event, err);
}

static int tell_missed(const struct vb_hearsay *hearsay, struct vb_sink *sink, struct vb_error *err)
{
    struct vb_event event;
    if (hearsay->missed == 0)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TRUTH);
    event.detonation = hearsay->source.detonation->id;
    vb_event_str(&event, VB_F_STAGE, "probes");
    vb_event_str(&event, VB_F_WHAT,
                 hearsay->source.detonation->probed ? "what the probes in the interpreter say"
                                                    : "what stand-ins for modules say");
    vb_event_str(&event, VB_F_REASON, "too much, or not what they would say");
    vb_event_int(&event, VB_F_COUNT, (int64_t)hearsay->missed);
    return vb_emit(sink, &event, err);
}

int vb_hearsay_tell(struct vb_hearsay *hearsay, struct vb_sink *sink, struct vb_error *err)
{
    end_pending(hearsay);
    int status = tell_layers(hearsay, sink, err);
    for (size_t i = 0; status == VB_OK && i < hearsay->file_count; i++)
        status = tell_file(hearsay, hearsay->files[i], sink, err);
    if (status == VB_OK)
        status = vb_standins_tell(&hearsay->standins, hearsay->source.detonation->id, sink, err);
    return status < 0 ? status : tell_missed(hearsay, sink, err);
}
