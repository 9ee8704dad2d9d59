/* Reading of command lines, paths and addresses. Trust boundary: every string comes from the
 * subject; a name is believed only where the program lies in a folder that the subject cannot
 * write. */
#include "verdict/words.h"

bool vb_glob_match(const char *pattern, const char *text)
{
    const char *star = NULL, *star_text = NULL, *wide = NULL, *wide_text = NULL;
    while (*text != '\0' || *pattern != '\0') {
        if (pattern[0] == '*' && pattern[1] == '*') {
            wide = pattern += 2;
            wide_text = text;
            star = NULL;
        } else if (*pattern == '*') {
            star = ++pattern;
            star_text = text;
        } else if (*text != '\0' && (*pattern == *text || (*pattern == '?' && *text != '/'))) {
            pattern++;
            text++;
        } else if (star != NULL && *star_text != '\0' && *star_text != '/') {
            text = ++star_text;
            pattern = star;
        } else if (wide != NULL && *wide_text != '\0') {
            text = ++wide_text;
            pattern = wide;
            star = NULL;
        } else {
            return false;
        }
    }
    return true;
}

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Python's names do not tell '-', '_' and '.' apart. */
static int lower_python(int c)
{
    return c == '_' || c == '.' ? '-' : lower(c);
}

static bool name_match(const char *pattern, const char *name, int (*fold)(int))
{
    const char *star = NULL, *star_name = NULL;
    while (*name != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            star_name = name;
        } else if (*pattern == '?' || fold(*pattern) == fold(*name)) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star;
            name = ++star_name;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

bool vb_name_match(const char *pattern, const char *name)
{
    return name_match(pattern, name, lower);
}

bool vb_package_match(const char *pattern, const char *kind, const char *name)
{
    return name_match(pattern, name, vb_starts(kind, "py") ? lower_python : lower);
}

bool vb_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool vb_ends(const char *text, const char *suffix)
{
    const size_t len = strlen(text), tail = strlen(suffix);
    return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

bool vb_word_in(const char *list, const char *word)
{
    const size_t len = strlen(word);
    while (*list != '\0') {
        const size_t item = strcspn(list, " ");
        const bool prefix = item > 0 && list[item - 1] == '*';
        if (prefix ? strncmp(list, word, item - 1) == 0
                   : item == len && memcmp(list, word, len) == 0)
            return item > 0;
        list += item;
        list += strspn(list, " ");
    }
    return false;
}

const char *vb_find_text(const char *text, const char *part)
{
    const size_t len = strlen(part);
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < len && lower((unsigned char)text[i]) == lower((unsigned char)part[i]))
            i++;
        if (i == len)
            return text;
    }
    return NULL;
}

static bool word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const char *vb_find_word(const char *text, const char *part)
{
    const size_t len = strlen(part);
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        if ((at == text || !word_byte(at[-1])) && !word_byte(at[len]))
            return at;
    return NULL;
}

const char *vb_home_path(struct arena *arena, const char *path)
{
    if (vb_starts(path, "/root/"))
        return vb_arena_printf(arena, "~%s", path + 5);
    if (!vb_starts(path, "/home/"))
        return path;
    const char *rest = strchr(path + 6, '/');
    return rest == NULL ? "~" : vb_arena_printf(arena, "~%s", rest);
}

/* --- commands --- */

struct program_kind {
    const char *programs;
    unsigned traits;
};

static const struct program_kind program_kinds[] = {
    {"sh bash dash zsh ksh ash fish", TRAIT_SHELL | TRAIT_INTERPRETER},
    {"python python2* python3* pypy* node nodejs deno bun ruby perl php lua* osascript tclsh",
     TRAIT_INTERPRETER},
    {"curl wget aria2c axel fetch http https xh lynx w3m", TRAIT_DOWNLOAD | TRAIT_NETWORK},
    {"nc ncat netcat nc.* socat telnet ssh scp sftp rsync ftp tftp lftp rclone openssl dig "
     "nslookup "
     "host drill ping mail mailx sendmail swaks websocat wscat croc",
     TRAIT_NETWORK},
    {"find fd fdfind grep egrep fgrep rg ag ack ls du tree updatedb", TRAIT_SWEEP},
    {"pip pip2 pip3* uv uvx poetry pipx pdm conda mamba npm npx yarn pnpm pnpx bunx corepack cargo "
     "rustup go gem bundle bundler composer apt apt-get dpkg apk dnf yum brew mvn gradle",
     TRAIT_PACKAGER},
};

unsigned vb_program_traits(const char *program)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(program_kinds); i++)
        if (vb_word_in(program_kinds[i].programs, program))
            return program_kinds[i].traits;
    return 0;
}

/* PATH leads to what its words say. A ".." leads out of where a link leads, not of the folder that
 * stands before it (/usr/lib/ssl/certs may be /etc/ssl/certs), so it is taken only behind those
 * that programs find their own files from, and only below the first folder. */
static bool leads_inside(const char *path)
{
    static const char roots[] = "bin sbin lib lib32 lib64 libexec";
    char before[16] = "";
    int depth = 0;
    for (const char *at = path; *at != '\0';) {
        const size_t len = strcspn(at, "/");
        const char *next = at + len + (at[len] == '/');
        const bool nothing = len == 0 || (len == 1 && *at == '.');
        const bool up = len == 2 && strncmp(at, "..", 2) == 0;
        if (up && (--depth < 1 || !vb_word_in(roots, before)))
            return false;
        if (len == 3 && strncmp(at, "tmp", 3) == 0) /* everybody's, as /usr/tmp was */
            return false;
        if (!nothing)
            snprintf(before, sizeof(before), "%.*s", (int)len, at);
        depth += !nothing && !up;
        at = next;
    }
    return true;
}

bool vb_path_is_system(const char *path)
{
    static const char *const folders[] = {"/usr/", "/bin/", "/sbin/", "/lib/", "/opt/"};
    if (!leads_inside(path))
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++)
        if (vb_starts(path, folders[i]))
            return true;
    return false;
}

static bool has_argument(char *const *argv, size_t count, const char *list)
{
    for (size_t i = 1; i < count; i++)
        if (vb_word_in(list, argv[i]))
            return true;
    return false;
}

/* "bash -lc CODE": a short-option cluster that ends in c. */
static bool takes_code(const char *option, bool shell)
{
    if (option[0] != '-' || option[1] == '-')
        return strcmp(option, "--eval") == 0 || strcmp(option, "--print") == 0;
    if (shell)
        return vb_ends(option, "c") && strlen(option) <= 6;
    return vb_word_in("-c -e -p -pe -r -E", option);
}

static void read_module(struct arena *arena, struct command *command, const char *module)
{
    command->program = command->module = vb_arena_cut(arena, module, 64);
    command->traits |= vb_program_traits(command->program);
}

static void read_script(struct arena *arena, struct command *command, const char *script)
{
    command->script = script;
    const char *base = vb_path_base(script);
    if (vb_word_in("npm-cli.js npx-cli.js yarn.js pnpm.cjs", base))
        base = vb_arena_copy(arena, base, strcspn(base, "-."));
    command->program = base;
    command->trusted = command->trusted && vb_path_is_system(script);
    if (command->trusted)
        command->traits |= vb_program_traits(base) & ~(unsigned)TRAIT_SHELL;
}

static void read_interpreter(struct arena *arena, struct command *command, char *const *argv,
                             size_t count)
{
    const bool shell = (command->traits & TRAIT_SHELL) != 0;
    for (size_t i = 1; i < count; i++) {
        if (takes_code(argv[i], shell)) {
            command->code = i + 1 < count ? argv[i + 1] : "";
            return;
        }
        if (!shell && strcmp(argv[i], "-m") == 0 && i + 1 < count) {
            read_module(arena, command, argv[i + 1]);
            return;
        }
        if (shell && vb_word_in("-s -is -si", argv[i]))
            break;
        if (strcmp(argv[i], "-") == 0 ||
            vb_word_in("/dev/stdin /proc/self/fd/* /dev/fd/*", argv[i]))
            break;
        if (argv[i][0] != '-' && argv[i][0] != '+') {
            read_script(arena, command, argv[i]);
            return;
        }
        if (vb_word_in("-o -O --require -r -W -X --rcfile --init-file", argv[i]))
            i++;
        else if (vb_word_in("--version -V -v --help -h", argv[i]))
            return;
    }
    command->traits |= TRAIT_STDIN;
}

static bool decodes(const char *program, char *const *argv, size_t count)
{
    if (vb_word_in("base64 base32 basenc gbase64", program))
        return has_argument(argv, count, "-d -D --decode -di -id");
    if (vb_word_in("xxd", program))
        return has_argument(argv, count, "-r -rp -p -r*");
    if (vb_word_in("openssl", program))
        return has_argument(argv, count, "-d");
    return vb_word_in("uudecode", program) ||
           (vb_word_in("gzip", program) && has_argument(argv, count, "-d -dc -cd")) ||
           vb_word_in("gunzip zcat rev", program);
}

struct command vb_command_read(struct arena *arena, const char *path, char *const *argv,
                               size_t count)
{
    struct command command = {.program = vb_path_base(path), .trusted = vb_path_is_system(path)};
    if (command.program[0] == '-')
        command.program++;
    command.traits = vb_program_traits(command.program);
    if (command.traits & TRAIT_INTERPRETER)
        read_interpreter(arena, &command, argv, count);
    if (vb_word_in("busybox toybox", command.program) && count > 1) {
        struct command inner = vb_command_read(arena, argv[1], argv + 1, count - 1);
        inner.trusted = command.trusted;
        return inner;
    }
    if (decodes(command.program, argv, count))
        command.traits |= TRAIT_DECODE;
    if ((command.traits & TRAIT_DOWNLOAD) && has_argument(argv, count, "-I --head --version -V"))
        command.traits |= TRAIT_DISCARD;
    return command;
}

/* --- hosts --- */

static size_t host_length(const char *text)
{
    if (*text == '[')
        return strcspn(text, "]") + (strchr(text, ']') != NULL);
    return strcspn(text, "/?#:\\ \t\r\n\"'`<>)(|;&,{}$");
}

static const char *host_copy(struct arena *arena, const char *text)
{
    size_t len = host_length(text);
    if (len > 2 && text[0] == '[') {
        text++;
        len -= 2;
    }
    if (len == 0 || len > 255)
        return NULL;
    char *host = vb_arena_copy(arena, text, len);
    for (char *c = host; *c != '\0'; c++)
        *c = (char)lower((unsigned char)*c);
    while (len > 1 && host[len - 1] == '.')
        host[--len] = '\0';
    return host;
}

const char *vb_url_host(struct arena *arena, const char *text)
{
    const size_t scheme =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    if (scheme == 0 || strncmp(text + scheme, "://", 3) != 0 || vb_starts(text, "file:"))
        return NULL;
    text += scheme + 3;
    /* "https://known.example@evil.example/": the part before '@' is a name to be shown, no host. */
    const size_t authority = strcspn(text, "/?# \t\r\n\"'`<>");
    for (size_t i = authority; i > 0; i--)
        if (text[i - 1] == '@')
            return host_copy(arena, text + i);
    return host_copy(arena, text);
}

const char *vb_text_host(struct arena *arena, const char *text)
{
    for (const char *at = strstr(text, "://"); at != NULL; at = strstr(at + 1, "://")) {
        const char *begin = at;
        while (begin > text && (word_byte(begin[-1]) || begin[-1] == '+'))
            begin--;
        const char *host = vb_url_host(arena, begin);
        if (host != NULL)
            return host;
    }
    return NULL;
}

/* "api.example.com/v1", not "data.json": has a dot, and its end could be a top-level domain. */
static bool looks_like_host(const char *text)
{
    const size_t len =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    if (len == 0 || len > 253 || (text[len] != '\0' && text[len] != '/' && text[len] != ':'))
        return false;
    if (text[0] == '-' || text[0] == '.')
        return false;
    size_t dot = len;
    while (dot > 0 && text[dot - 1] != '.')
        dot--;
    if (dot < 2 || len - dot < 2 || len - dot > 12)
        return false;
    char tail[16] = {0};
    memcpy(tail, text + dot, len - dot);
    if (strspn(tail, "0123456789") == len - dot)
        return true;
    return !vb_word_in(
        "json txt sh py js ts md html xml csv log out tar gz tgz zip pem key yaml yml toml "
        "png jpg jpeg gif pdf mp3 mp4 sql db bin exe conf cfg ini tmp bak",
        tail);
}

static const char *bare_host(struct arena *arena, char *const *argv, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (argv[i][0] == '-' || argv[i][0] == '@' || argv[i][0] == '\0')
            continue;
        /* "user@host:path": the host stands behind the first '@', if nothing before it is a path */
        const char *at = strpbrk(argv[i], "@ /{");
        const char *text = at != NULL && *at == '@' ? at + 1 : argv[i];
        if (looks_like_host(text) || strcmp(text, "localhost") == 0)
            return host_copy(arena, text);
    }
    return NULL;
}

/* socat's "TCP:host:port" and openssl's "-connect host:port". */
static const char *address_host(struct arena *arena, char *const *argv, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const char *colon = strchr(argv[i], ':');
        if (colon == NULL ||
            !(vb_find_text(argv[i], "tcp") == argv[i] || vb_find_text(argv[i], "udp") == argv[i] ||
              vb_find_text(argv[i], "openssl") == argv[i] ||
              vb_find_text(argv[i], "ssl") == argv[i]))
            continue;
        const char *host = host_copy(arena, colon + 1);
        if (host != NULL)
            return host;
    }
    return NULL;
}

const char *vb_argv_host(struct arena *arena, const struct command *command, char *const *argv,
                         size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (vb_word_in("-e --referer -A --user-agent -H --header -d --data --data-raw -o --output",
                       argv[i])) {
            i++;
            continue;
        }
        const char *text = vb_starts(argv[i], "--url=") ? argv[i] + 6 : argv[i];
        const char *host = vb_url_host(arena, text);
        if (host != NULL)
            return host;
    }
    /* Of openssl's commands few speak to anybody; the others' arguments are files. */
    if (strcmp(command->program, "openssl") == 0 &&
        (count < 2 || !vb_word_in("s_client s_time ocsp cmp", argv[1])))
        return NULL;
    if (vb_word_in("socat openssl", command->program)) {
        const char *host = address_host(arena, argv, count);
        return host != NULL ? host : bare_host(arena, argv, count);
    }
    return (command->traits & TRAIT_NETWORK) ? bare_host(arena, argv, count) : NULL;
}

bool vb_host_is_address(const char *host)
{
    if (strchr(host, ':') != NULL)
        return true;
    return host[0] != '\0' && strspn(host, "0123456789.") == strlen(host) &&
           strchr(host, '.') != NULL;
}

bool vb_host_is_loopback(const char *host)
{
    return vb_word_in("localhost ::1 0.0.0.0 :: ip6-localhost", host) || vb_starts(host, "127.") ||
           vb_starts(host, "::ffff:127.") || vb_ends(host, ".localhost");
}

bool vb_host_is_private(const char *host)
{
    if (!vb_host_is_address(host))
        return vb_ends(host, ".local") || vb_ends(host, ".internal") || vb_ends(host, ".lan") ||
               strchr(host, '.') == NULL;
    return vb_starts(host, "10.") || vb_starts(host, "192.168.") || vb_starts(host, "fd") ||
           vb_starts(host, "fe80:") ||
           vb_word_in("172.16.* 172.17.* 172.18.* 172.19.* 172.20.* 172.21.* 172.22.* 172.23.* "
                      "172.24.* 172.25.* "
                      "172.26.* 172.27.* 172.28.* 172.29.* 172.30.* 172.31.*",
                      host);
}

bool vb_host_below(const char *host, const char *domain)
{
    const size_t len = strlen(host), tail = strlen(domain);
    if (len == tail)
        return strcmp(host, domain) == 0;
    return len > tail && host[len - tail - 1] == '.' && strcmp(host + len - tail, domain) == 0;
}

bool vb_host_is_drop(const char *host)
{
    static const char *const drops[] = {
        "webhook.site",      "emailhook.site",
        "pipedream.net",     "requestbin.com",
        "requestbin.net",    "requestcatcher.com",
        "beeceptor.com",     "ngrok.io",
        "ngrok.app",         "ngrok-free.app",
        "trycloudflare.com", "loca.lt",
        "serveo.net",        "interact.sh",
        "interactsh.com",    "oast.pro",
        "oast.live",         "oast.site",
        "oast.online",       "oast.fun",
        "oast.me",           "burpcollaborator.net",
        "oastify.com",       "canarytokens.com",
        "requestrepo.com",   "dnslog.cn",
        "ceye.io",           "eyes.sh",
        "bxss.me",           "pastebin.com",
        "paste.ee",          "dpaste.com",
        "dpaste.org",        "rentry.co",
        "hastebin.com",      "ghostbin.com",
        "termbin.com",       "ix.io",
        "glot.io",           "transfer.sh",
        "file.io",           "0x0.st",
        "anonfiles.com",     "gofile.io",
        "catbox.moe",        "temp.sh",
        "bashupload.com",    "hookb.in",
        "postb.in",          "mockbin.org",
        "mockapi.io",        "mockable.io",
        "mocky.io",          "npoint.io",
        "jsonbin.io",        "typedwebhook.tools",
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(drops); i++)
        if (vb_host_below(host, drops[i]))
            return true;
    return false;
}

/* --- showing --- */

/* Appends ITEM with newlines and tabs as \\n and \\t, at most MAX bytes of it. */
static int append_item(struct vb_buf *buf, const char *item, size_t max)
{
    int status = VB_OK;
    for (size_t i = 0; i < max && item[i] != '\0' && status == VB_OK;) {
        const size_t plain = strcspn(item + i, "\n\t");
        status = vb_buf_append(buf, item + i, plain < max - i ? plain : max - i, NULL);
        i += plain;
        if (i < max && item[i] != '\0' && status == VB_OK)
            status = vb_buf_append(buf, item[i++] == '\n' ? "\\n" : "\\t", 2, NULL);
    }
    return status;
}

char *vb_command_line(struct arena *arena, char *const *argv, size_t count, size_t max)
{
    struct vb_buf buf;
    vb_buf_init(&buf, 3 * max + 4096);
    int status = VB_OK;
    for (size_t i = 0; i < count && status == VB_OK && buf.len < max; i++) {
        const bool quote =
            argv[i][0] == '\0' || strpbrk(argv[i], " \t\n\"'\\|&;<>()$`*?#~") != NULL;
        status = vb_buf_append_str(&buf, i == 0 ? "" : " ", NULL);
        if (status == VB_OK && quote)
            status = vb_buf_append_str(&buf, "'", NULL);
        if (status == VB_OK)
            status = append_item(&buf, argv[i], max + 8);
        if (status == VB_OK && quote)
            status = vb_buf_append_str(&buf, "'", NULL);
    }
    if (status == VB_E_NOMEM)
        arena->failed = true;
    char *whole = vb_arena_copy(arena, buf.data ? (const char *)buf.data : "", buf.len);
    vb_buf_done(&buf);
    return vb_arena_cut(arena, whole, max);
}
