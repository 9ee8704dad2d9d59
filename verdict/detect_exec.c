/* Code that the package did not hold: downloaded, decoded, or typed by somebody else. */
#include <strings.h>

#include "verdict/internal.h"

/* --- shell text --- */

/* Drops comments and lines that only print, so that a hint such as
 * `echo "install with: curl … | sh"` is no download. Joins continued lines. */
static char *live_code(struct arena *arena, const char *text)
{
    char *copy = vb_arena_str(arena, text), *out = copy;
    for (const char *c = strstr(copy, "\\\n"); c != NULL; c = strstr(c, "\\\n"))
        memcpy((char *)c, "  ", 2);
    const char *line = copy;
    while (*line != '\0') {
        const size_t len = strcspn(line, "\n");
        const char *begin = line + strspn(line, " \t");
        char *shown = vb_arena_copy(arena, line, len);
        const bool prints = (vb_starts(begin, "echo ") || vb_starts(begin, "printf ")) &&
                            strpbrk(shown, "|>") == NULL && strstr(shown, "$(") == NULL;
        /* A pipe inside of the printed words is still only printed. */
        const char *quote = begin + 5 < line + len ? strchr("\"'", begin[5]) : NULL;
        const bool quoted = vb_starts(begin, "echo ") && quote != NULL && *quote != '\0' &&
                            len > 0 && line[len - 1] == *quote && strstr(shown, "$(") == NULL;
        if (*begin != '#' && !prints && !quoted) {
            memmove(out, line, len);
            out += len;
        }
        line += len;
        if (*line == '\n') {
            *out++ = '\n';
            line++;
        }
    }
    *out = '\0';
    return copy;
}

static const char *skip_word(const char *at, const char *word)
{
    const size_t len = strlen(word);
    return strncmp(at, word, len) == 0 && (at[len] == ' ' || at[len] == '\t')
               ? at + len + strspn(at + len, " \t")
               : at;
}

/* AT stands behind '|': does an interpreter read its program from there? */
static bool interpreter_follows(struct arena *arena, const char *at)
{
    at += strspn(at, " \t&");
    at = skip_word(at, "sudo");
    at = skip_word(at, "-E");
    at = skip_word(at, "env");
    size_t len = strcspn(at, " \t\n;)|&\"'`");
    const char *program = vb_path_base(vb_arena_copy(arena, at, len));
    const unsigned traits = vb_program_traits(program);
    if (!(traits & TRAIT_INTERPRETER))
        return false;
    at += len;
    at += strspn(at, " \t");
    if (traits & TRAIT_SHELL)
        return !vb_starts(at, "-c");
    /* `| python3 -m json.tool` and `| node -e CODE` read data, not their program. */
    return *at == '\0' || strchr("\n;)|&\"'`", *at) != NULL ||
           (at[0] == '-' && strchr(" \n\t;)|&\"'`", at[1]) != NULL);
}

/* AT is a command word in TEXT: is it the inside of `bash -c "$(…)"`, eval or source? */
static bool is_substituted(const char *text, const char *at)
{
    const char *open = at;
    while (open > text && (open[-1] == ' ' || open[-1] == '\t'))
        open--;
    if (open == text || (open[-1] != '(' && open[-1] != '`'))
        return false;
    const char *line = open;
    while (line > text && line[-1] != '\n' && line[-1] != ';' && line[-1] != '|')
        line--;
    static const char *const words[] = {"bash", "sh", "zsh", "eval", "source", "exec", "python3"};
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        const char *word = vb_find_word(line, words[i]);
        if (word != NULL && word < open)
            return true;
    }
    return line + strspn(line, " \t") + 2 < open && vb_starts(line + strspn(line, " \t"), ". ");
}

/* LINE pipes into an interpreter. */
static bool pipes_into_interpreter(struct arena *arena, const char *line)
{
    for (const char *pipe = strchr(line, '|'); pipe != NULL; pipe = strchr(pipe + 1, '|')) {
        if (pipe[1] == '|')
            pipe++;
        else if (interpreter_follows(arena, pipe + 1))
            return true;
    }
    return false;
}

/* The place in TEXT where what COMMAND gives is run as a program, or NULL. */
static const char *runs_output(struct arena *arena, const char *text, const char *command)
{
    for (const char *at = vb_find_word(text, command); at != NULL;
         at = vb_find_word(at + 1, command)) {
        const char *line = vb_arena_copy(arena, at, strcspn(at, "\n"));
        if (is_substituted(text, at) || pipes_into_interpreter(arena, line))
            return at;
    }
    return NULL;
}

/* --- the second stage --- */

/* Vendors whose own instructions say "curl … | sh". Everybody can read what they hand out. */
static bool is_known_installer(const char *host)
{
    static const char *const vendors[] = {
        "astral.sh",         "rustup.rs", "bun.sh",     "deno.land",     "get.docker.com",
        "python-poetry.org", "pnpm.io",   "ollama.com", "claude.ai",     "openclaw.ai",
        "mise.run",          "nixos.org", "brew.sh",    "sdkman.io",     "starship.rs",
        "cli.github.com",    "k3s.io",    "fly.io",     "tailscale.com",
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(vendors); i++)
        if (vb_host_below(host, vendors[i]))
            return true;
    return false;
}

enum proof { PROOF_TEXT, PROOF_WEAK, PROOF_SEEN };

struct stage {
    const char *host; /* NULL: unknown */
    enum proof proof;
    uint64_t evidence[2];
};

static void report_found_stage(struct judge *judge, const struct stage *stage, const char *sentence)
{
    const char *host = stage->host;
    const enum proof proof = stage->proof;
    const bool known = host != NULL && (vb_host_disclosed(judge, host) || is_known_installer(host));
    struct found found = {.id = known ? FINDING_REMOTE_SCRIPT : FINDING_STAGE_TWO,
                          .host = host,
                          .evidence = {stage->evidence[0], stage->evidence[1]}};
    if (host != NULL && (vb_host_is_loopback(host)))
        return;
    if (!known && proof != PROOF_SEEN) {
        found.graded = true;
        found.severity = VB_SEVERITY_HIGH;
        found.confidence = proof == PROOF_TEXT ? VB_CONFIDENCE_MEDIUM : VB_CONFIDENCE_LOW;
    }
    vb_report_found(judge, &found, "%s (from %s).", sentence, host ? host : "an unknown place");
}

static void report_stage(struct judge *judge, const char *host, enum proof proof, uint64_t evidence,
                         const char *sentence)
{
    const struct stage stage = {host, proof, {evidence}};
    report_found_stage(judge, &stage, sentence);
}

void vb_report_download_run(struct judge *judge, const char *host, const uint64_t evidence[2],
                            const char *sentence)
{
    const struct stage stage = {host, PROOF_SEEN, {evidence[0], evidence[1]}};
    report_found_stage(judge, &stage, sentence);
}

static void stage_in_text(struct judge *judge, const char *code)
{
    static const char *const tools[] = {"curl", "wget"};
    const char *live = live_code(&judge->scratch, code);
    for (size_t i = 0; i < VB_ARRAY_LEN(tools); i++) {
        const char *at = runs_output(&judge->scratch, live, tools[i]);
        if (at == NULL)
            continue;
        const char *line = vb_arena_copy(&judge->scratch, at, strcspn(at, "\n"));
        report_stage(judge, vb_text_host(&judge->scratch, line), PROOF_TEXT, 0,
                     vb_arena_printf(&judge->scratch, "Its code runs what it downloads: `%s`",
                                     vb_arena_cut(&judge->scratch, line, 200)));
    }
    static const struct {
        const char *tool;
        const char *needs;
    } decoders[] = {{"base64", "-d"}, {"base64", "-D"}, {"base64", "--decode"}, {"xxd", "-r"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(decoders); i++) {
        const char *at = runs_output(&judge->scratch, live, decoders[i].tool);
        if (at == NULL || strstr(live, decoders[i].needs) == NULL)
            continue;
        const struct found found = {.id = FINDING_DECODED_EXEC,
                                    .graded = true,
                                    .severity = VB_SEVERITY_HIGH,
                                    .confidence = VB_CONFIDENCE_MEDIUM};
        vb_report_found(judge, &found, "Its code runs what it decodes: `%s`",
                        vb_arena_cut(&judge->scratch,
                                     vb_arena_copy(&judge->scratch, at, strcspn(at, "\n")), 200));
        break;
    }
}

/* The process on the other side of a pipe: alive, child of the same parent, of the wanted sort. */
static const struct process *pipe_partner(const struct judge *judge, unsigned wanted)
{
    const struct run *run = judge->run;
    const struct process *self = judge->process, *best = NULL;
    if (self->ppid == 0)
        return NULL;
    for (size_t i = run->process_count; i > 0 && i + 64 > run->process_count; i--) {
        const struct process *other = &run->processes[i - 1];
        if (other == self || other->ppid != self->ppid || other->exited || other->exec_seq == 0)
            continue;
        if ((other->command.traits & wanted) && !(other->command.traits & TRAIT_DISCARD) &&
            (best == NULL || other->exec_seq > best->exec_seq))
            best = other;
    }
    return best;
}

static void see_pipe(struct judge *judge)
{
    const unsigned traits = judge->command.traits;
    const struct process *source = NULL, *sink = NULL;
    if (traits & TRAIT_STDIN) {
        sink = judge->process;
        source = pipe_partner(judge, TRAIT_DOWNLOAD);
    } else if ((traits & TRAIT_DOWNLOAD) && !(traits & TRAIT_DISCARD)) {
        source = judge->process;
        sink = pipe_partner(judge, TRAIT_STDIN);
    }
    if (source != NULL && sink != NULL)
        report_stage(judge, source->host, PROOF_SEEN,
                     source == judge->process ? sink->exec_seq : source->exec_seq,
                     vb_arena_printf(&judge->scratch, "%s was piped into %s",
                                     vb_process_label(judge, source),
                                     vb_process_label(judge, sink)));
    const struct process *decoder = NULL;
    if (traits & TRAIT_STDIN) {
        sink = judge->process;
        decoder = pipe_partner(judge, TRAIT_DECODE);
    } else if (traits & TRAIT_DECODE) {
        decoder = judge->process;
        sink = pipe_partner(judge, TRAIT_STDIN);
    }
    if (decoder == NULL || sink == NULL)
        return;
    const struct found found = {
        .id = FINDING_DECODED_EXEC,
        .evidence = {decoder == judge->process ? sink->exec_seq : decoder->exec_seq}};
    vb_report_found(judge, &found, "What %s decoded was piped into %s.",
                    vb_process_label(judge, decoder), vb_process_label(judge, sink));
}

/* `bash -c "$(curl …)"` where nothing answered: a shell with empty code after a download. */
static void see_empty_code(struct judge *judge)
{
    if (!(judge->command.traits & TRAIT_SHELL) || judge->command.code == NULL ||
        judge->command.code[0] != '\0')
        return;
    const struct run *run = judge->run;
    for (size_t i = 0; i < run->process_count; i++) {
        const struct process *other = &run->processes[i];
        if (!(other->command.traits & TRAIT_DOWNLOAD) || other->exec_seq > judge->event->seq)
            continue;
        if (other->ppid != judge->process->pid && other->ppid != judge->process->ppid)
            continue;
        report_stage(judge, other->host, PROOF_SEEN, other->exec_seq,
                     vb_arena_printf(&judge->scratch, "What %s downloaded was run by %s",
                                     vb_process_label(judge, other),
                                     vb_process_label(judge, judge->process)));
        return;
    }
}

/* Runs a file that a process with network contact wrote in this run. */
static void see_downloaded_file(struct judge *judge)
{
    const char *script = judge->command.script;
    const char *path = vb_home_path(
        &judge->scratch, script && script[0] == '/' ? script : vb_text_of(judge, VB_F_PATH));
    const struct name *name = vb_names_find(&judge->run->changed, path);
    const struct process *writer = name == NULL ? NULL : vb_process_of(judge->run, name->value);
    if (writer == NULL || writer->network_seq == 0)
        return;
    if (writer->command.trusted && (writer->command.traits & TRAIT_PACKAGER))
        return;
    const bool downloader = (writer->command.traits & TRAIT_DOWNLOAD) != 0;
    report_stage(judge, writer->host, downloader ? PROOF_SEEN : PROOF_TEXT, writer->network_seq,
                 vb_arena_printf(&judge->scratch, "%s ran %s, which %s wrote after it went online",
                                 vb_process_label(judge, judge->process), path,
                                 vb_process_label(judge, writer)));
}

static void see_memory_file(struct judge *judge)
{
    const char *path = vb_text_of(judge, VB_F_PATH);
    if (!vb_starts(path, "/proc/self/fd/") && !vb_starts(path, "memfd:") &&
        !vb_starts(path, "/memfd:"))
        return;
    const struct found found = {.id = FINDING_DECODED_EXEC,
                                .graded = true,
                                .severity = VB_SEVERITY_HIGH,
                                .confidence = VB_CONFIDENCE_MEDIUM,
                                .group = "memory"};
    vb_report_found(judge, &found, "%s runs a program that lies in no file (%s).",
                    vb_process_label(judge, judge->process), path);
}

/* Where it can be run that was tried, and it was not: so much is known without seeing more. */
static void see_foreign_program(struct judge *judge)
{
    const char *path = vb_text_of(judge, VB_F_PATH), *own = judge->run->own_path;
    if (!judge->run->installs || own == NULL || !vb_starts(path, own))
        return;
    const char *name = path + strlen(own);
    static const char *const ends[] = {".exe", ".scr", ".com", ".msi"};
    for (size_t i = 0; i < VB_ARRAY_LEN(ends); i++) {
        if (strlen(name) <= 4 || strcasecmp(name + strlen(name) - 4, ends[i]) != 0)
            continue;
        if (vb_names_find(&judge->run->changed, vb_home_path(&judge->scratch, path)) != NULL)
            continue; /* it came from elsewhere */
        const struct found found = {.id = FINDING_INSTALL_PROGRAM, .group = name};
        vb_report_found(judge, &found, "Its installation starts %s.", name);
    }
}

void vb_see_stage_two(struct judge *judge)
{
    if (judge->run == NULL)
        return;
    if (judge->event->kind == VB_EV_DETONATION_BEGIN) {
        const char *shells = "bash sh zsh dash shell";
        if (judge->run->text != NULL && vb_word_in(shells, vb_text_of(judge, VB_F_INTERPRETER)))
            stage_in_text(judge, judge->run->text);
        return;
    }
    if (judge->process == NULL)
        return;
    if ((judge->command.traits & TRAIT_SHELL) && judge->command.code != NULL)
        stage_in_text(judge, judge->command.code);
    see_pipe(judge);
    see_empty_code(judge);
    see_downloaded_file(judge);
    see_memory_file(judge);
    see_foreign_program(judge);
}

/* --- reverse shells --- */

static const char *shell_pattern(const struct judge *judge, const char *code)
{
    const struct command *command = &judge->command;
    const char *line = judge->line;
    if (vb_word_in("nc ncat netcat nc.traditional nc.openbsd", command->program))
        for (size_t i = 1; i < judge->argc; i++)
            if (vb_word_in("-e -c --exec --sh-exec -ne -ve -nve -lve -nve", judge->argv[i]))
                return "hands a program to whoever connects";
    if (strcmp(command->program, "socat") == 0 && vb_find_text(line, "exec:") != NULL &&
        (vb_find_text(line, "tcp") || vb_find_text(line, "openssl") || vb_find_text(line, "udp")))
        return "hands a program to whoever connects";
    if ((strstr(code, "/dev/tcp/") || strstr(code, "/dev/udp/")) &&
        (strstr(code, ">&") || strstr(code, "0<&") || vb_find_word(code, "exec")) &&
        (strstr(code, "sh -i") || strstr(code, "<&") || strstr(code, "while read")))
        return "connects a shell to another machine";
    if (vb_find_text(code, "socket") && (strstr(code, "pty.spawn") || strstr(code, "dup2")) &&
        (strstr(code, "/bin/") || strstr(code, "\"sh\"") || strstr(code, "'sh'")))
        return "connects a shell to another machine";
    if (strstr(code, "mkfifo") && vb_find_word(code, "nc") && strstr(code, "sh -i"))
        return "connects a shell to another machine";
    return NULL;
}

static const char *dev_tcp_host(struct judge *judge, const char *code)
{
    const char *at = strstr(code, "/dev/tcp/");
    if (at == NULL)
        at = strstr(code, "/dev/udp/");
    if (at == NULL)
        return judge->host;
    at += 9;
    return vb_arena_copy(&judge->scratch, at, strcspn(at, "/ \n\"'"));
}

static void see_shell_exec(struct judge *judge)
{
    const char *code =
        judge->command.code != NULL ? live_code(&judge->scratch, judge->command.code) : "";
    const char *pattern = shell_pattern(judge, code);
    if (pattern != NULL) {
        const char *host = dev_tcp_host(judge, code);
        if (host != NULL && vb_host_is_loopback(host))
            return;
        const struct found found = {.id = FINDING_REVERSE_SHELL, .host = host};
        vb_report_found(judge, &found, "%s %s%s%s.", vb_process_label(judge, judge->process),
                        pattern, host ? ": " : "", host ? host : "");
        return;
    }
    if (!(judge->command.traits & TRAIT_SHELL))
        return;
    bool interactive = judge->argc <= 1;
    for (size_t i = 1; i < judge->argc; i++)
        interactive |= vb_word_in("-i -li -il", judge->argv[i]);
    const struct process *parent = vb_process_of(judge->run, judge->process->ppid);
    const uint64_t own = judge->process->network_seq;
    const uint64_t above = parent != NULL ? parent->network_seq : 0;
    /* A plain `sh` under a pipe is the second stage's matter; dup2 + exec in one process is not. */
    const uint64_t contact =
        own != 0 && interactive ? own : (judge->argc > 1 && interactive ? above : 0);
    if (contact == 0)
        return;
    const struct found found = {.id = FINDING_REVERSE_SHELL,
                                .host = own != 0 ? judge->process->host : parent->host,
                                .evidence = {contact}};
    vb_report_found(judge, &found, "After a connection to %s an interactive shell was started: %s.",
                    found.host ? found.host : "the network",
                    vb_process_label(judge, judge->process));
}

void vb_see_reverse_shell(struct judge *judge)
{
    const struct process *process = judge->process;
    if (judge->run == NULL || process == NULL)
        return;
    if (judge->event->kind == VB_EV_PROCESS_EXEC) {
        see_shell_exec(judge);
        return;
    }
    const char *address = vb_text_of(judge, VB_F_ADDRESS);
    const int64_t port = vb_event_get_int(judge->event, VB_F_PORT, 0);
    if (!(process->command.traits & TRAIT_SHELL) || vb_host_is_loopback(address) || port == 0 ||
        port == 53 || !vb_word_in("inet inet6", vb_text_of(judge, VB_F_FAMILY)))
        return;
    /* Shells connect only by /dev/tcp. Looking whether a port answers is done so too. */
    const struct found found = {.id = FINDING_REVERSE_SHELL,
                                .graded = true,
                                .severity = VB_SEVERITY_HIGH,
                                .confidence = VB_CONFIDENCE_MEDIUM,
                                .host = address};
    vb_report_found(judge, &found, "The shell %s connected to %s port %lld by itself.",
                    vb_process_label(judge, process), address, (long long)port);
}

/* --- single commands --- */

static bool any_argument(const struct judge *judge, const char *list)
{
    for (size_t i = 1; i < judge->argc; i++)
        if (vb_word_in(list, judge->argv[i]))
            return true;
    return false;
}

struct command_row {
    enum finding_id id;
    const char *programs;
    const char *arguments; /* one of them must be there; "" none needed */
    const char *also;      /* and one of these */
    const char *sentence;
};

static const struct command_row command_rows[] = {
    {FINDING_MINER,
     "xmrig xmrig-* xmr-stak minerd cpuminer* nbminer lolMiner ethminer t-rex gminer", "", "",
     "is a cryptocurrency miner"},
    {FINDING_MINER, "*", "stratum+tcp://* stratum+ssl://* stratum2+tcp://* --donate-level*", "",
     "speaks to a mining pool"},
    {FINDING_AGENT_CLI_ABUSE,
     "claude gemini codex openclaw aider goose opencode cursor-agent copilot amp droid hermes "
     "crush "
     "qwen kiro-cli",
     "--dangerously-skip-permissions --yolo --full-auto --trust-all-tools "
     "--dangerously-bypass-approvals-and-sandbox --dangerously-allow-all --yes-always "
     "--allow-all-tools --approval-mode=yolo --no-sandbox --permission-mode=bypassPermissions",
     "", "starts an AI agent that will not ask before it acts"},
    {FINDING_AGENT_CLI_ABUSE, "q", "--trust-all-tools", "",
     "starts an AI agent that will not ask before it acts"},
    {FINDING_AGENT_CLI, "claude gemini codex openclaw aider goose opencode cursor-agent copilot",
     "", "", "starts an AI agent"},
    {FINDING_PUBLISH, "npm pnpm yarn bun vsce ovsx cargo", "publish", "", "publishes a package"},
    {FINDING_PUBLISH, "twine", "upload", "", "publishes a package"},
    {FINDING_PUBLISH, "clawhub clawdhub", "publish sync", "", "publishes a skill"},
    {FINDING_PUBLISH, "gh", "repo gist", "create", "publishes under the user's GitHub account"},
};

static bool see_row(struct judge *judge, const struct command_row *row)
{
    if (!vb_word_in(row->programs, judge->command.program))
        return false;
    if (row->arguments[0] != '\0' && !any_argument(judge, row->arguments))
        return false;
    if (row->also[0] != '\0' && !any_argument(judge, row->also))
        return false;
    const struct found found = {.id = row->id, .group = judge->command.program};
    vb_report_found(judge, &found, "%s %s.", vb_process_label(judge, judge->process),
                    row->sentence);
    return true;
}

void vb_see_command(struct judge *judge)
{
    if (judge->run == NULL || judge->process == NULL)
        return;
    vb_deed(judge, DEED_PROGRAM, judge->command.program, 0);
    bool matched = false; /* the first row says the most */
    for (size_t i = 0; i < VB_ARRAY_LEN(command_rows) && !matched; i++)
        matched = see_row(judge, &command_rows[i]);
}
