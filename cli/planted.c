/* planted: see planted.h. Paths are the subject's: they are compared with patterns, and passed to
 * the box as an argument of its own, never as a part of a command. */
#include "cli/planted.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

/* What a session of an agent starts: the command lines in a JSON or TOML file, of hooks, servers
 * and helpers, wherever they stand in it. */
#define START_COMMANDS                                                                        \
    "import json, os, re, subprocess, sys\n"                                                  \
    "KEYS = ('command', 'notify', 'apiKeyHelper', 'awsAuthRefresh', 'awsCredentialExport',\n" \
    "        'otelHeadersHelper', 'headersHelper')\n"                                         \
    "def load(path):\n"                                                                       \
    "    if path.endswith('.toml'):\n"                                                        \
    "        import tomllib\n"                                                                \
    "        return tomllib.load(open(path, 'rb'))\n"                                         \
    "    text = open(path, errors='replace').read()\n"                                        \
    "    try: return json.loads(text)\n"                                                      \
    "    except ValueError:\n"                                                                \
    "        text = re.sub(r'^\\s*//[^\\n]*|/[*].*?[*]/', '', text, flags=re.M | re.S)\n"     \
    "        return json.loads(re.sub(r',(\\s*[]}])', r'\\1', text))\n"                       \
    "def start(given, node):\n"                                                               \
    "    args, env = node.get('args'), node.get('env')\n"                                     \
    "    if isinstance(given, str): line = [given]\n"                                         \
    "    elif isinstance(given, list) and given: line, args = given, args or []\n"            \
    "    else: return\n"                                                                      \
    "    shell = not isinstance(args, list)\n"                                                \
    "    line = line[0] if shell else [str(word) for word in line + args]\n"                  \
    "    env = {str(k): str(v) for k, v in env.items()} if isinstance(env, dict) else {}\n"   \
    "    try: subprocess.run(line, shell=shell, input=b'{}', timeout=5,\n"                    \
    "                        env={**os.environ, **env})\n"                                    \
    "    except Exception as error: print(error)\n"                                           \
    "def walk(node):\n"                                                                       \
    "    if isinstance(node, dict):\n"                                                        \
    "        for key in KEYS: start(node.get(key), node)\n"                                   \
    "    for item in node.values() if isinstance(node, dict) else node:\n"                    \
    "        if isinstance(item, (dict, list)): walk(item)\n"                                 \
    "walk(load(sys.argv[1]))\n"

/* What an obedient agent does that finds it in its memory or its rules: the blocks of a shell. */
#define FOLLOW_MEMORY                                                                       \
    "import re, subprocess, sys\n"                                                          \
    "text = open(sys.argv[1], errors='replace').read()\n"                                   \
    "block = r'^ *```(?:bash|sh|shell|zsh|console)[^\\n]*\\n(.*?)^ *```|!`([^`\\n]+)`'\n"   \
    "for found in re.findall(block, text, re.M | re.S)[:8]:\n"                              \
    "    try: subprocess.run(['bash', '-c', found[0] or found[1]], input=b'', timeout=2)\n" \
    "    except Exception as error: print(error)\n"

/* What is started from a shell, with the variables that it sets. */
#define START_INTERPRETERS \
    "python3 -i </dev/null; ! command -v node >/dev/null || node -e 0; git --version"
static const char interpreters[] = START_INTERPRETERS;
static const char with_variables[] = "set -a; . \"$1\"; " START_INTERPRETERS;

/* npm asks for what a new package starts with, and runs a script of it. */
static const char npm[] = "! command -v npm >/dev/null || { cd \"$(mktemp -d)\" && npm init -y && "
                          "npm pkg set scripts.start=true && npm start; }";

static const char module_of_node[] = "name=${1#*/.node_modules/}; ! command -v node >/dev/null || "
                                     "node -e \"require('${name%%/*}')\"";

static const char cron_jobs[] =
    "sed -E '/^[[:space:]]*#/d; s/^[[:space:]]*(@[a-z]+|([^[:space:]=]+[[:space:]]+){5})//' -- "
    "\"$1\" | sh";

static const char in_repository[] =
    "cd \"${1%/.git/*}\" && git status --short; git commit --allow-empty -m 'fix typo'; git merge "
    "HEAD; git checkout -b work; git push -u origin HEAD";

/* Who reads PATTERN (fnmatch(3), of the whole path) executes it: ARGV with the file's path for
 * "{}". The first row that fits. */
static const struct {
    const char *pattern;
    const char *reason;
    const char *argv[6]; /* empty: nobody executes it */
    bool per_folder;     /* once for all such files of a folder */
} triggers[] = {
    {"*/.git/hooks/*.sample", NULL, {NULL}, false},
    {"/home/*/.bash*rc", "planted: an interactive shell", {"bash", "-ic", interpreters}, false},
    {"/home/*/.bash_profile", "planted: a login shell", {"bash", "-lic", interpreters}, false},
    {"/home/*/.bash_login", "planted: a login shell", {"bash", "-lic", interpreters}, false},
    {"/home/*/.profile", "planted: a login shell", {"bash", "-lic", interpreters}, false},
    {"/home/*/.bash_logout", "planted: the end of a login shell", {"bash", "-lic", "exit"}, false},
    {"/home/*/.zsh*", "planted: a login shell", {"zsh", "-lic", interpreters}, false},
    {"/home/*/.zprofile", "planted: a login shell", {"zsh", "-lic", interpreters}, false},
    {"*/sitecustomize.py", "planted: the start of python3", {"python3", "-c", "pass"}, false},
    {"*/usercustomize.py", "planted: the start of python3", {"python3", "-c", "pass"}, false},
    {"*/*-packages/*.pth", "planted: the start of python3", {"python3", "-c", "pass"}, false},
    {"/home/*/.npmrc", "planted: a script of npm", {"bash", "-c", npm}, false},
    {"/home/*/.npm-init.js", "planted: a script of npm", {"bash", "-c", npm}, false},
    {"/home/*/.node_modules/*",
     "planted: a module of node",
     {"bash", "-c", module_of_node, "bash", "{}"},
     true},
    {"/home/*/.config/environment.d/*.conf",
     "planted: variables of the session",
     {"bash", "-c", with_variables, "bash", "{}"},
     false},
    {"*/.git/hooks/*",
     "planted: a commit and a push",
     {"bash", "-c", in_repository, "bash", "{}"},
     true},
    {"/home/*/projects/*/.git/config",
     "planted: a commit and a push",
     {"bash", "-c", in_repository, "bash", "{}"},
     true},
    {"/home/*/.gitconfig",
     "planted: a commit and a push",
     {"bash", "-c",
      "cd ~/projects/storefront && git status && git add README.md && git commit -m 'fix typo'; "
      "git push origin HEAD"},
     false},
    {"/home/*/.config/git/*",
     "planted: a commit and a push",
     {"bash", "-c",
      "cd ~/projects/storefront && git status && git add README.md && git commit -m 'fix typo'; "
      "git push origin HEAD"},
     false},
    {"/home/*/.config/autostart/*.desktop",
     "planted: the start of a desktop session",
     {"bash", "-c", "sed -n 's/^Exec=//p' -- \"$1\" | bash", "bash", "{}"},
     false},
    {"/home/*/.config/systemd/user/*.service",
     "planted: a unit of the user's session",
     {"bash", "-c", "sed -n 's/^Exec[A-Za-z]*=[-@+!:]*//p' -- \"$1\" | bash", "bash", "{}"},
     false},
    {"/home/*/.local/share/systemd/user/*.service",
     "planted: a unit of the user's session",
     {"bash", "-c", "sed -n 's/^Exec[A-Za-z]*=[-@+!:]*//p' -- \"$1\" | bash", "bash", "{}"},
     false},
    {"/home/*/.config/systemd/user/*.conf",
     "planted: a unit of the user's session",
     {"bash", "-c", "sed -n 's/^Exec[A-Za-z]*=[-@+!:]*//p' -- \"$1\" | bash", "bash", "{}"},
     false},
    {"/var/tmp/.crontab-*",
     "planted: a job of cron",
     {"bash", "-c", cron_jobs, "bash", "{}"},
     false},
    {"/home/*/.ssh/config",
     "planted: a connection by ssh",
     {"ssh", "-o", "BatchMode=yes", "git.example.com", "true"},
     false},
    {"/home/*/.ssh/rc", "planted: a login by ssh", {"sh", "{}"}, false},
    {"/home/*/.claude/settings*.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"/home/*/.claude.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"*/.mcp.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"*/mcp.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"*/claude_desktop_config.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"/home/*/.gemini/settings.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"/home/*/.codex/config.toml",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"*/.codex/hooks.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"*/.cursor/hooks.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"*/mcp_config.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"*/cline_mcp_settings.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"/home/*/.openclaw/openclaw.json",
     "planted: a session of an agent",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"*/.vscode/tasks.json",
     "planted: a folder is opened",
     {"python3", "-c", START_COMMANDS, "{}"},
     false},
    {"*/skills/*/*", NULL, {NULL}, false}, /* where packages are */
    {"/home/*/CLAUDE.md",
     "planted: what an agent remembers",
     {"python3", "-c", FOLLOW_MEMORY, "{}"},
     false},
    {"/home/*/AGENTS.md",
     "planted: what an agent remembers",
     {"python3", "-c", FOLLOW_MEMORY, "{}"},
     false},
    {"/home/*/GEMINI.md",
     "planted: what an agent remembers",
     {"python3", "-c", FOLLOW_MEMORY, "{}"},
     false},
    {"/home/*/.claude/*.md",
     "planted: what an agent remembers",
     {"python3", "-c", FOLLOW_MEMORY, "{}"},
     false},
    {"/home/*/.cursor/rules/*",
     "planted: what an agent remembers",
     {"python3", "-c", FOLLOW_MEMORY, "{}"},
     false},
    {"/home/*/.cursorrules",
     "planted: what an agent remembers",
     {"python3", "-c", FOLLOW_MEMORY, "{}"},
     false},
    {"/home/*/.openclaw/workspace/*.md",
     "planted: what an agent remembers",
     {"python3", "-c", FOLLOW_MEMORY, "{}"},
     false},
    {"/home/*/.local/bin/*",
     "planted: a command of that name",
     {"bash", "-c", "\"$1\" --version", "bash", "{}"},
     false},
};

/* --- on the way to the log --- */

static int see(struct vb_planted *planted, struct vb_str path, struct vb_error *err)
{
    VB_CLEANUP_FREE char *text = vb_str_dup(path);
    if (text == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "noting what was planted");
    size_t trigger = 0;
    while (trigger < VB_ARRAY_LEN(triggers) && fnmatch(triggers[trigger].pattern, text, 0) != 0)
        trigger++;
    if (trigger == VB_ARRAY_LEN(triggers) || triggers[trigger].reason == NULL)
        return VB_OK;
    for (size_t i = 0; i < planted->count; i++) {
        if (strcmp(planted->files[i].path, text) == 0)
            return VB_OK;
    }
    if (planted->count == VB_PLANTED_MAX) {
        planted->more++;
        return VB_OK;
    }
    planted->files[planted->count].path = vb_steal(text);
    planted->files[planted->count++].trigger = trigger;
    return VB_OK;
}

static int emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct vb_planted *planted = (struct vb_planted *)(void *)base;
    const struct vb_str change = vb_event_get_str(event, VB_F_CHANGE);
    if (event->kind == VB_EV_TRUTH_FILE &&
        (vb_str_equal(change, "created") || vb_str_equal(change, "modified"))) {
        const int status = see(planted, vb_event_get_str(event, VB_F_PATH), err);
        if (status < 0)
            return status;
    }
    return vb_emit(planted->next, event, err);
}

void vb_planted_init(struct vb_planted *planted, struct vb_sink *next)
{
    *planted = (struct vb_planted){.sink = {.emit = emit}, .next = next};
}

void vb_planted_done(struct vb_planted *planted)
{
    for (size_t i = 0; i < planted->count; i++)
        free(planted->files[i].path);
}

/* --- after the plan --- */

static int tell_left_out(const struct vb_planted *planted, const char *path, uint64_t count,
                         const char *reason, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, "what was planted");
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_PATH, path);
    if (count > 0)
        vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(planted->next, &event, err);
}

static bool has_argument(size_t trigger)
{
    const char *const *argv = triggers[trigger].argv;
    for (size_t i = 0; i < VB_ARRAY_LEN(triggers[0].argv) && argv[i] != NULL; i++) {
        if (strcmp(argv[i], "{}") == 0)
            return true;
    }
    return false;
}

static bool in_one_folder(const char *a, const char *b)
{
    const size_t len = (size_t)(vb_path_base(a) - a);
    return (size_t)(vb_path_base(b) - b) == len && strncmp(a, b, len) == 0;
}

/* The same is done once for all files that ask for it, unless the file is an argument. */
static bool is_done(const struct vb_planted *planted, size_t i)
{
    const size_t trigger = planted->files[i].trigger;
    const bool per_file = has_argument(trigger) && !triggers[trigger].per_folder;
    for (size_t before = 0; before < i && !per_file; before++) {
        const bool same =
            strcmp(triggers[planted->files[before].trigger].reason, triggers[trigger].reason) == 0;
        if (same && (!triggers[trigger].per_folder ||
                     in_one_folder(planted->files[before].path, planted->files[i].path)))
            return true;
    }
    return false;
}

static int run_one(struct vb_planted *planted, size_t i, struct vb_runs *runs, struct vb_error *err)
{
    enum { RUN_MS = 8000 };
    const size_t trigger = planted->files[i].trigger;
    struct vb_detonation_result result;
    char *argv[VB_ARRAY_LEN(triggers[0].argv) + 1] = {NULL};
    char reason[64];
    const unsigned left = vb_session_left_ms(runs->session);
    if (left <= runs->reserve_ms)
        return tell_left_out(planted, planted->files[i].path, 0,
                             "no time is left for it within --timeout", err);
    size_t words = 0;
    for (size_t item = 0; item < VB_ARRAY_LEN(triggers[0].argv); item++) {
        const char *text = triggers[trigger].argv[item];
        words += text != NULL;
        const bool file = text != NULL && strcmp(text, "{}") == 0;
        argv[item] = file ? planted->files[i].path : (char *)(uintptr_t)text;
    }
    snprintf(reason, sizeof(reason), "%s", triggers[trigger].reason);
    const unsigned rest = left - runs->reserve_ms;
    const struct vb_detonation row = {.id = runs->next_id++,
                                      .reason = reason,
                                      .argv = argv,
                                      .ours = words,
                                      .when = "use",
                                      .timeout_ms = rest < RUN_MS ? rest : RUN_MS};
    const int status = vb_detonate(runs->sandbox, &row, planted->next, &result, err);
    return status < 0 ? vb_wrap(err, "%s", triggers[trigger].reason) : VB_OK;
}

int vb_planted_run(struct vb_planted *planted, struct vb_runs *runs, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < planted->count; i++) {
        if (!is_done(planted, i))
            status = run_one(planted, i, runs, err);
    }
    if (status == VB_OK && planted->more > 0)
        status = tell_left_out(planted, NULL, planted->more, "too many files", err);
    return status;
}
