/* Times Sigma rules: bench_sigma RULES… loads the files and folders of rules and matches decoded
 * events of a made-up run of a package, again and again for some seconds of processor time: with
 * the compiled engine, and rule by rule, where each test of each rule that applies is made anew and
 * stops at the first that decides; and a log of the like in JSON Lines, reading it alone, and
 * reading it, making views and matching them. Prints a line for each: NAME, events, seconds; then
 * the problems that loading had. An event is what was recorded, with two or three views. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "verdict/sigma/internal.h"
#include "verdict/sigma/views.h"

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const struct vb_error *err)
{
    fprintf(stderr, "bench_sigma: %s\n", err->message);
    exit(1);
}

enum { EVENTS = 1000, VIEWS = 3, VALUES = 13, POOL_BYTES = 1 << 20 };

struct made {
    struct vb_sigma_event event;
    struct vb_sigma_view views[VIEWS];
    struct vb_sigma_value values[VIEWS][VALUES];
};

static struct made *made;
static char pool[POOL_BYTES]; /* close together, as what was just decoded is */
static size_t pool_used;

static const char *const programs[] = {"/usr/bin/python3.11", "/bin/bash",     "/usr/bin/node",
                                       "/usr/bin/git",        "/usr/bin/curl", "/usr/bin/sed",
                                       "/usr/bin/grep",       "/usr/bin/make", "/usr/bin/gcc-12"};
static const char *const arguments[] = {
    "-m pip install --no-deps -r requirements.txt",
    "-c set -e; cd /home/dev/project && ./build.sh --release",
    "/home/dev/.npm/_npx/node_modules/.bin/eslint --fix src/index.js",
    "-C /home/dev/project status --porcelain --untracked-files=no",
    "-fsSL https://example.com/api/v1/items?page=3 -o /tmp/items.json",
    "-n s/^version = \"\\(.*\\)\"$/\\1/p pyproject.toml",
    "-rn import --include=*.py src tests"};
static const char *const files[] = {"/usr/lib/python3.11/encodings/utf_8.py",
                                    "/home/dev/project/src/main.c",
                                    "/usr/lib/x86_64-linux-gnu/libc.so.6",
                                    "/home/dev/project/node_modules/lodash/package.json",
                                    "/etc/ld.so.cache",
                                    "/tmp/build-3f2a/output.o",
                                    "/home/dev/.cache/pip/http/a/b/c/9f8e7d6c",
                                    "/proc/self/status"};

static void put(const struct vb_sigma *sigma, struct made *event, size_t view, const char *name,
                const char *text)
{
    char *copy = pool + pool_used;
    const int len = snprintf(copy, POOL_BYTES - pool_used, "%s", text);
    if (len < 0 || (pool_used += (size_t)len + 1) > POOL_BYTES)
        exit(1);
    struct vb_sigma_view *row = &event->views[view];
    event->values[view][row->count++] =
        (struct vb_sigma_value){.field = vb_sigma_field(sigma, name),
                                .type = VB_SIGMA_TEXT,
                                .text = copy,
                                .len = strlen(copy)};
}

static void add_view(struct vb_sigma_matcher *matcher, struct made *event, const char *category,
                     const char *service)
{
    struct vb_error err = {0};
    struct vb_sigma_view *view = &event->views[event->event.view_count++];
    const struct vb_sigma_source source = {"linux", category, service};
    view->values = event->values[event->event.view_count - 1];
    if (vb_sigma_matcher_source(matcher, &source, &view->source, &err) < 0)
        fail(&err);
}

static void make_exec(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                      struct made *event, size_t seed)
{
    const char *program = programs[seed % VB_ARRAY_LEN(programs)];
    const char *rest = arguments[seed % VB_ARRAY_LEN(arguments)];
    char line[320];
    (void)snprintf(line, sizeof(line), "%s %s %zu", program, rest, seed);
    add_view(matcher, event, "process_creation", "");
    put(sigma, event, 0, "Image", program);
    put(sigma, event, 0, "CommandLine", line);
    put(sigma, event, 0, "ParentImage", programs[(seed / 3) % VB_ARRAY_LEN(programs)]);
    put(sigma, event, 0, "ParentCommandLine", "/bin/bash ./run.sh --all");
    put(sigma, event, 0, "CurrentDirectory", "/home/dev/project");
    put(sigma, event, 0, "User", "dev");
    add_view(matcher, event, "", "auditd");
    put(sigma, event, 1, "type", "EXECVE");
    size_t number = 0;
    for (char *at = line, *word; (word = strsep(&at, " ")) != NULL && number < 10; number++) {
        char name[8];
        (void)snprintf(name, sizeof(name), "a%zu", number);
        put(sigma, event, 1, name, word);
    }
    add_view(matcher, event, "", "auditd");
    put(sigma, event, 2, "type", "SYSCALL");
    put(sigma, event, 2, "SYSCALL", "execve");
    put(sigma, event, 2, "exe", program);
    put(sigma, event, 2, "comm", strrchr(program, '/') + 1);
    put(sigma, event, 2, "euid", "1000");
}

static void make_file(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                      struct made *event, size_t seed)
{
    char path[320];
    (void)snprintf(path, sizeof(path), "%s.%zu", files[seed % VB_ARRAY_LEN(files)], seed);
    add_view(matcher, event, "file_event", "");
    put(sigma, event, 0, "TargetFilename", path);
    put(sigma, event, 0, "Image", programs[seed % VB_ARRAY_LEN(programs)]);
    put(sigma, event, 0, "User", "dev");
    add_view(matcher, event, "", "auditd");
    put(sigma, event, 1, "type", "PATH");
    put(sigma, event, 1, "name", path);
    put(sigma, event, 1, "nametype", "NORMAL");
}

static void make_connection(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                            struct made *event, size_t seed)
{
    char address[32];
    (void)snprintf(address, sizeof(address), "203.0.113.%zu", seed % 250);
    add_view(matcher, event, "network_connection", "");
    put(sigma, event, 0, "Image", programs[seed % VB_ARRAY_LEN(programs)]);
    put(sigma, event, 0, "DestinationIp", address);
    put(sigma, event, 0, "DestinationPort", "443");
    put(sigma, event, 0, "DestinationHostname", "files.example.com");
    put(sigma, event, 0, "Initiated", "true");
    add_view(matcher, event, "", "auditd");
    put(sigma, event, 1, "type", "SYSCALL");
    put(sigma, event, 1, "SYSCALL", "connect");
    put(sigma, event, 1, "key", "network_connect_4");
}

static void make_events(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher)
{
    made = calloc(EVENTS, sizeof(*made));
    if (made == NULL)
        exit(1);
    for (size_t i = 0; i < EVENTS; i++) {
        const size_t share = i % 10; /* of a run: 2 programs, 7 files, 1 connection */
        made[i].event = (struct vb_sigma_event){.seq = i + 1, .time_ns = i, .views = made[i].views};
        if (share < 2)
            make_exec(sigma, matcher, &made[i], i);
        else if (share < 9)
            make_file(sigma, matcher, &made[i], i);
        else
            make_connection(sigma, matcher, &made[i], i);
    }
}

static void print_rate(const char *name, size_t events, double seconds, size_t hits)
{
    printf("%-10s %10zu events %8.3f s %10.0f events/s %zu hits\n", name, events, seconds,
           (double)events / seconds, hits);
}

/* Hits of rules, which both ways find alike; correlations are the compiled engine's alone. */
static size_t rules_hit(const struct vb_sigma *sigma, const struct vb_sigma_hit *list, size_t count)
{
    size_t ret = 0;
    for (size_t i = 0; i < count; i++)
        ret += sigma->rules[list[i].rule].tree != NULL;
    return ret;
}

static size_t time_compiled(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher)
{
    struct vb_error err = {0};
    size_t events = 0, hits = 0;
    const double begin = cpu_seconds();
    double now = begin;
    for (; now - begin < 3; now = cpu_seconds()) {
        hits = 0;
        for (size_t i = 0; i < EVENTS; i++, events++) {
            const struct vb_sigma_hit *list = NULL;
            size_t count = 0;
            if (vb_sigma_match(matcher, &made[i].event, &list, &count, &err) < 0)
                fail(&err);
            hits += rules_hit(sigma, list, count);
        }
    }
    print_rate("compiled", events, now - begin, hits);
    return hits;
}

/* --- from JSON Lines --- */

enum { LOGGED = 200000 };

static void set_exec(struct vb_event *event, size_t i, struct vb_str *argv)
{
    const char *program = programs[i % VB_ARRAY_LEN(programs)];
    vb_event_init(event, VB_EV_PROCESS_EXEC, VB_SOURCE_SYSCALL);
    argv[0] = (struct vb_str){program, strlen(program)};
    argv[1] = (struct vb_str){"-c", 2};
    argv[2].text = arguments[i % VB_ARRAY_LEN(arguments)];
    argv[2].len = strlen(argv[2].text);
    vb_event_str(event, VB_F_PATH, program);
    vb_event_list(event, VB_F_ARGV, argv, 3);
    vb_event_int(event, VB_F_PPID, 2);
    vb_event_str(event, VB_F_CWD, "/home/dev/project");
}

static void set_file(struct vb_event *event, size_t i)
{
    static const struct vb_str flags[] = {{"read", 4}, {"write", 5}};
    vb_event_init(event, VB_EV_FILE_OPEN, VB_SOURCE_SYSCALL);
    vb_event_str(event, VB_F_PATH, files[i % VB_ARRAY_LEN(files)]);
    vb_event_list(event, VB_F_FLAGS, &flags[i % 4 == 0], 1);
}

static void set_connection(struct vb_event *event)
{
    vb_event_init(event, VB_EV_NET_CONNECT, VB_SOURCE_SYSCALL);
    vb_event_str(event, VB_F_FAMILY, "inet");
    vb_event_str(event, VB_F_ADDRESS, "203.0.113.7");
    vb_event_int(event, VB_F_PORT, 443);
}

static void write_log(int fd)
{
    struct vb_error err = {0};
    struct vb_log_writer log;
    struct vb_event event;
    struct vb_str argv[3];
    vb_log_writer_init(&log, fd);
    vb_event_init(&event, VB_EV_LOG_BEGIN, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_VERSION, VB_LOG_VERSION);
    vb_event_str(&event, VB_F_TOOL, "bench");
    vb_event_str(&event, VB_F_REFERENCE, "bench");
    vb_event_int(&event, VB_F_CLOCK, 0);
    vb_event_str(&event, VB_F_ACTION, "run");
    int status = vb_emit(&log.sink, &event, &err);
    for (size_t i = 0; i < LOGGED && status >= 0; i++) {
        if (i % 10 < 2)
            set_exec(&event, i, argv);
        else if (i % 10 < 9)
            set_file(&event, i);
        else
            set_connection(&event);
        vb_event_int(&event, VB_F_PID, (int64_t)(i % 50 + 3));
        vb_event_str(&event, VB_F_EXECUTABLE, programs[(i / 3) % VB_ARRAY_LEN(programs)]);
        event.detonation = 1;
        status = vb_emit(&log.sink, &event, &err);
    }
    if (status < 0 || vb_log_end(&log, &err) < 0)
        fail(&err);
    vb_log_writer_done(&log);
}

/* MATCHER NULL: reading alone. */
static void time_log(const char *name, int fd, const struct vb_sigma *sigma,
                     struct vb_sigma_matcher *matcher)
{
    struct vb_error err = {0};
    struct vb_log_reader *reader = NULL;
    struct vb_sigma_views *views = NULL;
    struct vb_event event;
    size_t events = 0, hits = 0;
    const double begin = cpu_seconds();
    if (lseek(fd, 0, SEEK_SET) < 0 || vb_log_reader_new(fd, &reader, &err) < 0 ||
        (matcher != NULL && vb_sigma_views_new(sigma, matcher, &views, &err) < 0))
        fail(&err);
    int status = vb_log_reader_next(reader, &event, &err);
    for (; status > 0; status = vb_log_reader_next(reader, &event, &err), events++) {
        struct vb_sigma_event seen;
        const struct vb_sigma_hit *list = NULL;
        size_t count = 0;
        if (matcher == NULL)
            continue;
        if (vb_sigma_views_of(views, &event, &seen, &err) < 0 ||
            vb_sigma_match(matcher, &seen, &list, &count, &err) < 0)
            fail(&err);
        hits += count;
    }
    if (status < 0)
        fail(&err);
    print_rate(name, events, cpu_seconds() - begin, hits);
    vb_sigma_views_free(views);
    vb_log_reader_free(reader);
}

static void time_json(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher)
{
    VB_CLEANUP_FD int fd = memfd_create("log", MFD_CLOEXEC);
    if (fd < 0)
        exit(1);
    write_log(fd);
    time_log("reading", fd, sigma, NULL);
    time_log("json", fd, sigma, matcher);
}

/* --- rule by rule --- */

struct naive {
    const struct vb_sigma *sigma;
    const struct vb_sigma_view *view;
    struct regex_room *room;
    unsigned char folded[1024];
};

static bool literal_fits(const struct literal *literal, const unsigned char *text, size_t len)
{
    const size_t size = literal->text.len;
    if (size > len || (literal->anchor == ANCHOR_WHOLE && size != len))
        return false;
    if (literal->anchor == ANCHOR_FREE)
        return memmem(text, len, literal->text.data, size) != NULL;
    const size_t at = literal->anchor == ANCHOR_END ? len - size : 0;
    return memcmp(text + at, literal->text.data, size) == 0;
}

static bool naive_text(struct naive *naive, const struct atom *atom,
                       const struct vb_sigma_value *value)
{
    struct range address;
    const unsigned char *text = naive->folded;
    if (atom->kind == ATOM_REGEX)
        return vb_sigma_regex_match(atom->regex, naive->room, value->text, value->len, false) ==
               REGEX_YES;
    if (atom->kind == ATOM_CIDR)
        return vb_sigma_parse_address(value->text, value->len, &address) &&
               vb_sigma_in_ranges(atom->ranges, atom->range_count, &address);
    for (size_t i = 0; i < value->len; i++)
        naive->folded[i] = vb_sigma_lower[(unsigned char)value->text[i]];
    if (atom->kind == ATOM_GLOB)
        return vb_sigma_glob(atom->pattern, (struct bytes){text, value->len});
    if (atom->kind == ATOM_TOKEN)
        return memmem(text, value->len, atom->pattern.data, atom->pattern.len) != NULL;
    for (size_t i = 0; i < atom->literal_count; i++)
        if (literal_fits(&atom->literals[i], text, value->len))
            return true;
    return atom->kind == ATOM_PRESENT;
}

static bool naive_atom(struct naive *naive, const struct atom *atom)
{
    for (size_t i = 0; i < naive->view->count; i++) {
        const struct vb_sigma_value *value = &naive->view->values[i];
        if ((atom->field == NO_FIELD || value->field == atom->field) &&
            naive_text(naive, atom, value))
            return true;
    }
    return false;
}

static bool naive_node(struct naive *naive, const struct node *node)
{
    size_t many = 0;
    if (node->kind == NODE_ATOM)
        return naive_atom(naive, &naive->sigma->atoms[node->atom]);
    if (node->kind == NODE_NOT)
        return !naive_node(naive, node->children[0]);
    for (size_t i = 0; i < node->count; i++) {
        const bool one = naive_node(naive, node->children[i]);
        many += one;
        if (one != (node->kind == NODE_AND) && node->kind != NODE_COUNT)
            return one;
    }
    return node->kind == NODE_COUNT ? many >= node->need : node->kind == NODE_AND;
}

/* The sources of events stand in the order in which they were first asked for. */
static bool naive_applies(const struct rule *rule, const struct made *event, size_t view)
{
    static const char *const categories[] = {"process_creation", "", "file_event",
                                             "network_connection"};
    static const char *const services[] = {"", "auditd", "", ""};
    const uint16_t source = event->views[view].source;
    return (*rule->source.product == '\0' || strcmp(rule->source.product, "linux") == 0) &&
           (*rule->source.category == '\0' ||
            strcmp(rule->source.category, categories[source]) == 0) &&
           (*rule->source.service == '\0' || strcmp(rule->source.service, services[source]) == 0);
}

static size_t time_naive(const struct vb_sigma *sigma)
{
    struct naive naive = {.sigma = sigma, .room = vb_sigma_regex_room_new()};
    size_t events = 0, hits = 0;
    const double begin = cpu_seconds();
    double now = begin;
    if (naive.room == NULL)
        exit(1);
    for (; now - begin < 3; now = cpu_seconds()) {
        hits = 0;
        for (size_t i = 0; i < EVENTS; i++, events++) {
            for (size_t r = 0; r < sigma->rule_count; r++) {
                bool found = false;
                for (size_t v = 0; v < made[i].event.view_count && !found; v++) {
                    naive.view = &made[i].views[v];
                    found = sigma->rules[r].tree != NULL && sigma->rules[r].about.reported &&
                            naive_applies(&sigma->rules[r], &made[i], v) &&
                            naive_node(&naive, sigma->rules[r].tree);
                }
                hits += found;
            }
        }
    }
    vb_sigma_regex_room_free(naive.room);
    print_rate("naive", events, now - begin, hits);
    return hits;
}

int main(int argc, char **argv)
{
    struct vb_error err = {0};
    struct vb_sigma *sigma = NULL;
    struct vb_sigma_matcher *matcher = NULL;
    const double begin = cpu_seconds();
    if (argc < 2) {
        fprintf(stderr, "usage: bench_sigma RULES...\n");
        return 2;
    }
    if (vb_sigma_new(NULL, &sigma, &err) < 0)
        fail(&err);
    for (int i = 1; i < argc; i++)
        if (vb_sigma_load_path(sigma, argv[i], &err) < 0)
            fail(&err);
    if (vb_sigma_compile(sigma, &err) < 0 || vb_sigma_matcher_new(sigma, &matcher, &err) < 0)
        fail(&err);
    printf("%-10s %10zu rules  %8.3f s\n", "loaded", vb_sigma_rule_count(sigma),
           cpu_seconds() - begin);
    make_events(sigma, matcher);
    const size_t compiled = time_compiled(sigma, matcher), naive = time_naive(sigma);
    if (compiled != naive) {
        fprintf(stderr, "bench_sigma: the two ways found different hits\n");
        return 1;
    }
    time_json(sigma, matcher);
    for (size_t i = 0; i < vb_sigma_problem_count(sigma); i++)
        printf("%s:%zu: %s\n", vb_sigma_problem(sigma, i)->file, vb_sigma_problem(sigma, i)->line,
               vb_sigma_problem(sigma, i)->text);
    free(made);
    vb_sigma_matcher_free(matcher);
    vb_sigma_free(sigma);
    return 0;
}
