/* Is this text shell? 22 of 100 fences in the wild carry no language, and a code span after "run"
 * is a command: the guess decides what is executed in the box. It errs towards running, since a
 * missed command is a hole and a wrong guess only fails in the box. */
#include "identify/internal.h"

#include <ctype.h>

/* Programs that skills call, sorted bytewise. */
static const char *const known_commands[] = {
    "7z",           "agent-browser",
    "apk",          "apt",
    "apt-get",      "awk",
    "aws",          "az",
    "base32",       "base64",
    "basename",     "bash",
    "bat",          "bc",
    "bitsadmin",    "brew",
    "bun",          "bundle",
    "bunx",         "bzip2",
    "cal",          "cargo",
    "cast",         "cat",
    "cd",           "certutil",
    "chmod",        "chown",
    "clang",        "claude",
    "clawdbot",     "clawdhub",
    "clawhub",      "cmake",
    "cmd",          "cmp",
    "codex",        "column",
    "composer",     "conda",
    "convert",      "cp",
    "crontab",      "csvcut",
    "curl",         "cut",
    "date",         "dd",
    "defaults",     "deno",
    "df",           "diff",
    "dig",          "dirname",
    "ditto",        "dnf",
    "docker",       "docker-compose",
    "dotnet",       "dscl",
    "du",           "echo",
    "env",          "eval",
    "exec",         "export",
    "fastmcp",      "fd",
    "ffmpeg",       "ffprobe",
    "file",         "find",
    "firebase",     "flask",
    "flatpak",      "flutter",
    "fly",          "forge",
    "fzf",          "gcc",
    "gcloud",       "gem",
    "gemini",       "gh",
    "git",          "glab",
    "go",           "google-chrome",
    "gpg",          "gradle",
    "grep",         "gsutil",
    "gunicorn",     "gunzip",
    "gzip",         "hdiutil",
    "head",         "helm",
    "heroku",       "himalaya",
    "hostname",     "htop",
    "httpie",       "hugo",
    "iconv",        "id",
    "ifconfig",     "installer",
    "ip",           "java",
    "javac",        "jest",
    "journalctl",   "jq",
    "kill",         "killall",
    "kubectl",      "launchctl",
    "ln",           "ls",
    "lsof",         "make",
    "man",          "mcp",
    "mcporter",     "md5",
    "md5sum",       "mix",
    "mkdir",        "mktemp",
    "mshta",        "msiexec",
    "mv",           "mvn",
    "mysql",        "nano",
    "nc",           "ncat",
    "netcat",       "netlify",
    "networksetup", "ng",
    "nix",          "nmap",
    "node",         "nohup",
    "npm",          "npx",
    "nslookup",     "ollama",
    "open",         "openclaw",
    "openssl",      "osascript",
    "pacman",       "pandoc",
    "paste",        "patch",
    "pbcopy",       "pbpaste",
    "pdftotext",    "perl",
    "php",          "ping",
    "pip",          "pip3",
    "pipenv",       "pipx",
    "pkgutil",      "pkill",
    "playwright",   "plutil",
    "pm2",          "pnpm",
    "poetry",       "powershell",
    "printenv",     "printf",
    "ps",           "psql",
    "pwd",          "pwsh",
    "pytest",       "python",
    "python2",      "python3",
    "rails",        "reg",
    "rg",           "rm",
    "rmdir",        "rsync",
    "ruby",         "rundll32",
    "rustc",        "rustup",
    "say",          "schtasks",
    "scp",          "screen",
    "security",     "sed",
    "seq",          "sftp",
    "sh",           "sha256sum",
    "shasum",       "sleep",
    "snap",         "softwareupdate",
    "sort",         "source",
    "spctl",        "sqlite3",
    "ssh",          "ssh-keygen",
    "stat",         "streamlit",
    "strings",      "su",
    "sudo",         "supabase",
    "sw_vers",      "swift",
    "systemctl",    "tail",
    "tar",          "tee",
    "terraform",    "test",
    "time",         "timeout",
    "tmux",         "top",
    "touch",        "tr",
    "tree",         "tsc",
    "tsx",          "turbo",
    "twine",        "uname",
    "uniq",         "unzip",
    "uv",           "uvicorn",
    "uvx",          "vercel",
    "vim",          "vite",
    "wc",           "webpack",
    "wget",         "which",
    "whoami",       "winget",
    "wrangler",     "xargs",
    "xattr",        "xcode-select",
    "xcodebuild",   "xcrun",
    "xdg-open",     "xxd",
    "yarn",         "yq",
    "yt-dlp",       "yum",
    "zip",          "zsh",
    "zstd",         "zypper",
};

/* Words that open a shell line and are not programs: neither for nor against. */
static const char *const shell_words[] = {"if",   "then", "else", "elif",  "fi",     "for",
                                          "do",   "done", "case", "esac",  "while",  "until",
                                          "set",  "}",    "{",    "local", "return", "function",
                                          "trap", "exit", "EOF",  "read",  "unset",  "alias"};

/* Programs that only start another one. */
static const char *const wrappers[] = {"sudo", "env", "time", "nohup", "exec", "command"};

static bool word_is(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(word, name, len) == 0;
}

static bool word_in(const char *word, size_t len, const char *const *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (word_is(word, len, table[i]))
            return true;
    }
    return false;
}

static int compare_word(const void *key, const void *item)
{
    const struct vb_str *word = key;
    const char *name = *(const char *const *)item;
    const size_t len = strlen(name);
    const int order = memcmp(word->text, name, word->len < len ? word->len : len);
    if (order != 0)
        return order;
    return word->len < len ? -1 : word->len > len;
}

bool vb_id_known_command(const char *word, size_t len)
{
    const struct vb_str key = {word, len};
    return len > 0 && bsearch(&key, known_commands, VB_ARRAY_LEN(known_commands),
                              sizeof(known_commands[0]), compare_word) != NULL;
}

static size_t word_len(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && !isspace((unsigned char)text[n]) && strchr(";|&()<>", text[n]) == NULL)
        n++;
    return n;
}

/* NAME=value before a command */
static bool is_assignment(const char *word, size_t len)
{
    size_t n = 0;
    while (n < len && (isalnum((unsigned char)word[n]) || word[n] == '_'))
        n++;
    return n > 0 && n < len && word[n] == '=' && !isdigit((unsigned char)word[0]);
}

struct vb_str vb_id_first_word(const char *line, size_t len)
{
    bool wrapped = false;
    size_t at = 0;
    while (at < len) {
        const struct vb_str word = {line + at, word_len(line + at, len - at)};
        if (word.len == 0 && (line[at] == '<' || line[at] == '>'))
            break;
        at += word.len + (word.len == 0);
        const bool wrapper = word_in(word.text, word.len, wrappers, VB_ARRAY_LEN(wrappers));
        const bool option = wrapped && word.len > 0 && word.text[0] == '-';
        wrapped |= wrapper;
        if (word.len > 0 && !wrapper && !option && !is_assignment(word.text, word.len))
            return word;
    }
    return (struct vb_str){line, 0};
}

static bool starts(const char *line, size_t len, const char *word)
{
    const size_t n = strlen(word);
    return len >= n && memcmp(line, word, n) == 0;
}

static bool starts_any(const char *line, size_t len, const char *const *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (starts(line, len, table[i]))
            return true;
    }
    return false;
}

/* Beginnings of a path to a program. An absolute one must name a place where programs are, since
 * "/v1/users" is an address and "/deploy" a slash command. */
static const char *const path_starts[] = {
    "./",    "~/",     "../",   "{baseDir}", "\"$",    "\"/",   "\"./",          "/bin/",
    "/usr/", "/sbin/", "/opt/", "/tmp/",     "/home/", "/root", "/Users/",       "/var/",
    "/etc/", "/srv/",  "/mnt/", "/Library/", "/dev/",  "/nix/", "/Applications", "/System/",
};

/* Ends of paths that are read and not run. */
static const char *const data_ends[] = {"/",      ".json",  ".md",  ".txt",  ".yaml", ".yml",
                                        ".toml",  ".log",   ".csv", ".html", ".png",  ".jpg",
                                        ".pdf",   ".env",   ".ini", ".conf", ".xml",  ".db",
                                        ".plist", ".jsonl", ".svg", ".css",  ".gif",  ".sqlite"};

static bool is_path_word(const char *word, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(data_ends); i++) {
        const size_t n = strlen(data_ends[i]);
        if (len >= n && memcmp(word + len - n, data_ends[i], n) == 0)
            return false;
    }
    if (len >= 3 && starts_any(word, len, path_starts, VB_ARRAY_LEN(path_starts)))
        return true;
    return len >= 3 && word[0] == '$' && memchr(word, '/', len) != NULL;
}

static const char *const powershell_words[] = {
    "iex", "irm", "iwr", "Invoke-Expression", "Invoke-RestMethod", "Invoke-WebRequest"};

bool vb_id_plausible_command(const char *text, size_t len)
{
    const struct vb_str word = vb_id_first_word(text, len);
    if (word.len == 0)
        return false;
    return vb_id_known_command(word.text, word.len) || is_path_word(word.text, word.len) ||
           word_in(word.text, word.len, powershell_words, VB_ARRAY_LEN(powershell_words));
}

struct score {
    unsigned lines, shell, python, node;
};

/* What feeds text to an interpreter: nobody writes it but to have it executed. */
static const char *const feeds[] = {
    "| bash",   "|bash",    "| sh",      "|sh",        "| sudo",
    "| zsh",    "| python", "| node",    "base64 -d",  "base64 -D",
    "--decode", "$(curl",   "`curl",     "<(curl",     "$(wget",
    "bash -c",  "sh -c",    "python -c", "python3 -c", "eval \"",
    "| iex",    "|iex",     "iex (",     "iex(",       "-EncodedCommand"};

bool vb_id_feeds_interpreter(const char *text, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(feeds); i++) {
        if (memmem(text, len, feeds[i], strlen(feeds[i])) != NULL)
            return true;
    }
    return false;
}

bool vb_id_is_powershell(const char *text, size_t len)
{
    static const char *const marks[] = {"| iex",
                                        "|iex",
                                        "iex (",
                                        "iex(",
                                        "Invoke-Expression",
                                        "Invoke-WebRequest",
                                        "Invoke-RestMethod",
                                        "irm http",
                                        "iwr http",
                                        "Net.WebClient",
                                        "Set-ExecutionPolicy",
                                        "Start-BitsTransfer",
                                        "$env:",
                                        "Start-Process"};
    for (size_t i = 0; i < VB_ARRAY_LEN(marks); i++) {
        const char *hit = memmem(text, len, marks[i], strlen(marks[i]));
        /* "powershell -Command …" is a command of any shell. */
        if (hit != NULL)
            return memmem(text, (size_t)(hit - text), "powershell", 10) == NULL &&
                   memmem(text, (size_t)(hit - text), "pwsh", 4) == NULL;
    }
    return false;
}

/* "jq is a tool", "Make sure that": a line of prose may begin with a program's name. */
bool vb_id_reads_as_prose(const char *line, size_t len)
{
    static const char *const verbs[] = {" is ", " are ", " the ", " sure ", " will ", " should "};
    if (memchr(line, '|', len) != NULL || memchr(line, '-', len) != NULL)
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(verbs); i++) {
        if (memmem(line, len, verbs[i], strlen(verbs[i])) != NULL)
            return true;
    }
    return false;
}

static void score_line(struct score *score, const char *line, size_t len, bool *continues)
{
    static const char *const python[] = {"import ", "from ", "def ", "print(", "class "};
    static const char *const node[] = {"const ",   "let ",     "var ",
                                       "require(", "import {", "console."};
    const bool continued = *continues;
    while (len > 0 && isspace((unsigned char)line[0])) {
        line++;
        len--;
    }
    while (len > 0 && isspace((unsigned char)line[len - 1]))
        len--;
    *continues = len > 0 && (line[len - 1] == '\\' || line[len - 1] == '|');
    if (len == 0 || line[0] == '#' || continued)
        return;
    const struct vb_str word = {line, word_len(line, len)};
    if (word_in(word.text, word.len, shell_words, VB_ARRAY_LEN(shell_words)))
        return;
    score->lines++;
    if (starts_any(line, len, node, VB_ARRAY_LEN(node)))
        score->node++;
    else if (starts_any(line, len, python, VB_ARRAY_LEN(python)))
        score->python++;
    else if (starts(line, len, "$ ") ||
             (vb_id_plausible_command(line, len) && !vb_id_reads_as_prose(line, len)))
        score->shell++;
}

static enum vb_id_guess guess_shebang(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);
    const size_t line = end == NULL ? len : (size_t)(end - text);
    if (memmem(text, line, "python", 6) != NULL)
        return VB_ID_GUESS_PYTHON;
    if (memmem(text, line, "node", 4) != NULL)
        return VB_ID_GUESS_NODE;
    return memmem(text, line, "sh", 2) != NULL ? VB_ID_GUESS_SHELL : VB_ID_GUESS_NONE;
}

enum vb_id_guess vb_id_guess(const char *text, size_t len)
{
    struct score score = {0};
    bool continues = false;
    if (starts(text, len, "#!"))
        return guess_shebang(text, len);
    if (vb_id_is_powershell(text, len))
        return VB_ID_GUESS_POWERSHELL;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t line = end == NULL ? len - at : (size_t)(end - text) - at;
        score_line(&score, text + at, line, &continues);
        at += line + 1;
    }
    if (score.shell > 0 && score.shell * 2 >= score.lines)
        return VB_ID_GUESS_SHELL;
    if (score.node > 0 && score.node >= score.python &&
        (score.node + score.python) * 4 >= score.lines)
        return VB_ID_GUESS_NODE;
    return score.python > 0 && score.python * 4 >= score.lines ? VB_ID_GUESS_PYTHON
                                                               : VB_ID_GUESS_NONE;
}

static size_t arrow_len(const char *line, size_t len)
{
    return starts(line, len, "> ") ? 2 : 0;
}

/* Length of a prompt at the beginning of LINE, 0 if there is none. */
static size_t prompt_len(const char *line, size_t len, enum vb_id_prompts prompts)
{
    if (prompts == VB_ID_PROMPTS_PYTHON)
        return starts(line, len, ">>> ") || starts(line, len, "... ") ? 4 : 0;
    if (prompts == VB_ID_PROMPTS_SESSION)
        return arrow_len(line, len);
    size_t at = 0;
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    if (starts(line + at, len - at, "$ ") || starts(line + at, len - at, "% "))
        return at + 2;
    /* user@host:~$ */
    const char *mark = memmem(line + at, len - at, "$ ", 2);
    const size_t to = mark == NULL ? 0 : (size_t)(mark - line);
    if (to <= at || to - at > 64 || memchr(line + at, '@', to - at) == NULL)
        return 0;
    return memchr(line + at, ' ', to - at) == NULL ? to + 2 : 0;
}

static bool has_prompts(const char *text, size_t len, enum vb_id_prompts prompts)
{
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t line = end == NULL ? len - at : (size_t)(end - text) - at;
        const size_t prompt = prompt_len(text + at, line, prompts);
        const struct vb_str word = vb_id_first_word(text + at + prompt, line - prompt);
        if (prompt > 0 &&
            (prompts != VB_ID_PROMPTS_SESSION || vb_id_known_command(word.text, word.len)))
            return true;
        at += line + 1;
    }
    return false;
}

bool vb_id_strip_prompts(struct vb_buf *ret, const char *text, size_t len,
                         enum vb_id_prompts prompts)
{
    const bool session = prompts == VB_ID_PROMPTS_SESSION;
    bool continues = false;
    if (session && has_prompts(text, len, VB_ID_PROMPTS_SHELL))
        prompts = VB_ID_PROMPTS_SHELL;
    if (!has_prompts(text, len, prompts))
        return false;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t line = end == NULL ? len - at : (size_t)(end - text) - at;
        const size_t prompt = session && continues ? arrow_len(text + at, line)
                                                   : prompt_len(text + at, line, prompts);
        const bool keep = prompt > 0 || continues;
        if (keep && vb_buf_append(ret, text + at + prompt, line - prompt, NULL) != VB_OK)
            return false;
        if (end != NULL && vb_buf_append(ret, "\n", 1, NULL) != VB_OK)
            return false;
        continues = keep && line > 0 && text[at + line - 1] == '\\';
        at += line + 1;
    }
    return true;
}
