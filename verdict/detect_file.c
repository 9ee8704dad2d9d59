/* What happens to the user's files: persistence, tampering with the agent, destruction, and changes
 * that nobody was seen to make. */
#include <strings.h>

#include "verdict/internal.h"

enum weight {
    WEIGHT_GRAVE,   /* never done by an honest package without the user */
    WEIGHT_VISIBLE, /* grave, unless the instructions show or name it: then the user decides */
    WEIGHT_DOUBT,   /* honest tools do it too */
    WEIGHT_REMARK,
};

struct place_row {
    const char *pattern;
    enum finding_id id;
    enum weight weight;
    const char *label;
    const char *writers; /* trusted programs whose business it is */
};

#define P FINDING_PERSISTENCE
#define A FINDING_AGENT_TAMPER

/* The first row that fits counts. */
static const struct place_row places[] = {
    {"/etc/ld.so.preload", P, WEIGHT_GRAVE, "the list of libraries that every program loads", ""},
    {"/etc/cron*/**", P, WEIGHT_GRAVE, "a system cron job", ""},
    {"/var/spool/cron/**", P, WEIGHT_VISIBLE, "the user's cron jobs", ""},
    {"/etc/systemd/**", P, WEIGHT_VISIBLE, "a system service", ""},
    {"/etc/init.d/**", P, WEIGHT_GRAVE, "a system service", ""},
    {"/etc/rc.local", P, WEIGHT_GRAVE, "a system start-up file", ""},
    {"/etc/profile*", P, WEIGHT_GRAVE, "a start-up file of every shell", ""},
    {"/etc/profile.d/**", P, WEIGHT_GRAVE, "a start-up file of every shell", ""},
    {"/etc/bash.bashrc", P, WEIGHT_GRAVE, "a start-up file of every shell", ""},
    {"/etc/sudoers*", P, WEIGHT_GRAVE, "the rights of sudo", ""},
    {"/etc/sudoers.d/**", P, WEIGHT_GRAVE, "the rights of sudo", ""},
    {"/etc/udev/**", P, WEIGHT_GRAVE, "a device rule", ""},
    {"/etc/xdg/autostart/**", P, WEIGHT_GRAVE, "a program that starts with the session", ""},
    {"~/.ssh/authorized_keys*", P, WEIGHT_GRAVE, "the keys that may log in", ""},
    {"~/.ssh/rc", P, WEIGHT_GRAVE, "a file that runs at each login", ""},
    {"~/.ssh/config", P, WEIGHT_VISIBLE, "the SSH settings, which can run commands", ""},
    {"~/.config/systemd/user/**", P, WEIGHT_VISIBLE, "a service of the user", ""},
    {"~/.local/share/systemd/user/**", P, WEIGHT_VISIBLE, "a service of the user", ""},
    {"~/.config/autostart/**", P, WEIGHT_VISIBLE, "a program that starts with the session", ""},
    /* Where the runs as Windows have what Windows starts by itself (sandbox/box/windows.c). */
    {"~/.config/Microsoft/Windows/Start Menu/Programs/Startup/**", P, WEIGHT_VISIBLE,
     "a program that Windows starts with the session", ""},
    {"~/.config/Microsoft/Windows/Run/**", P, WEIGHT_VISIBLE,
     "a key of the registry by which Windows starts programs", ""},
    {"~/.config/Microsoft/Windows/Tasks/**", P, WEIGHT_VISIBLE, "a scheduled task", ""},
    {"~/.config/environment.d/**", P, WEIGHT_GRAVE, "the environment of the session", ""},
    {"~/.pam_environment", P, WEIGHT_GRAVE, "the environment of the session", ""},
    {"~/Library/LaunchAgents/**", P, WEIGHT_VISIBLE, "a service of the user", ""},
    {"~/.*_history", P, WEIGHT_REMARK, "what was typed", "*"}, /* every shell writes it */
    {"~/.bashrc", P, WEIGHT_VISIBLE, "a start-up file of the shell", ""},
    {"~/.bash_*", P, WEIGHT_VISIBLE, "a start-up file of the shell", "bash"},
    {"~/.profile", P, WEIGHT_VISIBLE, "a start-up file of the shell", ""},
    {"~/.zsh_history", P, WEIGHT_REMARK, "the shell's history", "zsh"},
    {"~/.z*", P, WEIGHT_VISIBLE, "a start-up file of the shell", "zsh"},
    /* Tools put there what is offered for themselves; for others' commands it is code in their way.
     */
    {"~/.config/fish/completions/cd.fish", P, WEIGHT_REMARK, "code behind a usual command", ""},
    {"~/.config/fish/completions/git.fish", P, WEIGHT_REMARK, "code behind a usual command", "git"},
    {"~/.config/fish/completions/ls.fish", P, WEIGHT_REMARK, "code behind a usual command", ""},
    {"~/.config/fish/completions/ssh.fish", P, WEIGHT_REMARK, "code behind a usual command", "ssh"},
    {"~/.config/fish/completions/sudo.fish", P, WEIGHT_REMARK, "code behind a usual command", ""},
    {"~/.config/fish/completions/**", P, WEIGHT_REMARK, "what the shell offers for a command", "*"},
    {"~/.config/fish/**", P, WEIGHT_VISIBLE, "a start-up file of the shell", "fish"},
    {"~/.xprofile", P, WEIGHT_VISIBLE, "a start-up file of the session", ""},
    {"~/.xinitrc", P, WEIGHT_VISIBLE, "a start-up file of the session", ""},
    {"~/.inputrc", P, WEIGHT_DOUBT, "the shell's keys", ""},
    {"~/.config/git/hooks/**", P, WEIGHT_GRAVE, "a hook that git runs", ""},
    {"~/.git-templates/**", P, WEIGHT_GRAVE, "a hook that git runs", ""},
    {"**/.git/hooks/*.sample", P, WEIGHT_REMARK, "an example of a hook", "*"},
    {"**/.git/hooks/*", P, WEIGHT_DOUBT, "a hook that git runs", "git pre-commit"},
    {"~/.gitconfig", P, WEIGHT_DOUBT, "the git settings, which can run commands", "git gh git-lfs"},
    {"~/.config/git/config", P, WEIGHT_DOUBT, "the git settings, which can run commands", "git gh"},
    {"~/**/usercustomize.py", P, WEIGHT_GRAVE, "code that every Python run loads", ""},
    {"~/**/sitecustomize.py", P, WEIGHT_GRAVE, "code that every Python run loads", ""},
    {"~/.local/lib/**.pth", P, WEIGHT_GRAVE, "code that every Python run loads", "pip uv python3"},
    {"/usr/**.pth", P, WEIGHT_GRAVE, "code that every Python run loads", "pip uv"},
    {"~/.npmrc", P, WEIGHT_DOUBT, "the npm settings, which can run commands", "npm pnpm yarn"},
    {"~/.cargo/config*", P, WEIGHT_DOUBT, "the cargo settings, which can run commands", "cargo"},
    {"~/.docker/cli-plugins/**", P, WEIGHT_DOUBT, "a plugin that docker runs", "docker"},
    {"~/.vscode/extensions/**", P, WEIGHT_DOUBT, "an extension of the editor", "code"},
    {"~/.vimrc", P, WEIGHT_DOUBT, "the editor's settings, which can run commands", "vim"},
    {"~/.config/nvim/**", P, WEIGHT_DOUBT, "the editor's settings, which can run commands", "nvim"},
    {"~/.tmux.conf", P, WEIGHT_DOUBT, "settings that can run commands", ""},
    {"~/.gdbinit", P, WEIGHT_DOUBT, "settings that can run commands", ""},
    {"~/.local/bin/**", P, WEIGHT_REMARK, "a folder of the search path", "pip pipx uv npm cargo"},
    {"~/bin/**", P, WEIGHT_REMARK, "a folder of the search path", ""},

    {"~/.openclaw/openclaw.json*", A, WEIGHT_VISIBLE, "the agent's configuration", "openclaw"},
    {"~/.openclaw/exec-approvals*", A, WEIGHT_GRAVE, "what the agent may do without asking",
     "openclaw"},
    {"~/.openclaw/.env", A, WEIGHT_DOUBT, "the agent's environment", "openclaw"},
    {"~/.openclaw/workspace/SOUL.md", A, WEIGHT_VISIBLE, "the agent's character", "openclaw"},
    {"~/.openclaw/workspace/AGENTS.md", A, WEIGHT_VISIBLE, "the agent's instructions", "openclaw"},
    {"~/.openclaw/workspace/IDENTITY.md", A, WEIGHT_VISIBLE, "the agent's character", "openclaw"},
    {"~/.openclaw/workspace/TOOLS.md", A, WEIGHT_VISIBLE, "the agent's instructions", "openclaw"},
    {"~/.openclaw/workspace/BOOT*.md", A, WEIGHT_GRAVE, "the agent's instructions", "openclaw"},
    {"~/.openclaw/workspace/HEARTBEAT.md", A, WEIGHT_VISIBLE, "what the agent does by itself",
     "openclaw"},
    {"~/.openclaw/workspace/USER.md", A, WEIGHT_DOUBT, "the agent's memory", "openclaw"},
    {"~/.openclaw/workspace/MEMORY.md", A, WEIGHT_DOUBT, "the agent's memory", "openclaw"},
    {"~/.openclaw/workspace/memory/**", A, WEIGHT_DOUBT, "the agent's memory", "openclaw"},
    {"~/.openclaw/memory/**", A, WEIGHT_DOUBT, "the agent's memory", "openclaw"},
    {"~/.openclaw/workspace/skills/**", A, WEIGHT_VISIBLE, "another skill", "openclaw clawhub"},
    {"~/.openclaw/skills/**", A, WEIGHT_VISIBLE, "another skill", "openclaw clawhub"},
    {"~/.openclaw/workspace/**", A, WEIGHT_REMARK, "the agent's workspace", "*"},
    {"~/.openclaw/agents/**", A, WEIGHT_VISIBLE, "an agent's own state", "openclaw"},
    {"~/.openclaw/credentials/**", A, WEIGHT_GRAVE, "the agent's credentials", "openclaw"},
    {"~/.openclaw/cron/*.json*", A, WEIGHT_VISIBLE, "what the agent does by itself", "openclaw"},
    {"~/.openclaw/hooks/**", A, WEIGHT_GRAVE, "code that the agent runs by itself", "openclaw"},
    {"~/.openclaw/extensions/**", A, WEIGHT_GRAVE, "code that the agent loads", "openclaw"},
    {"~/.openclaw/plugins/**", A, WEIGHT_GRAVE, "code that the agent loads", "openclaw"},
    {"~/.openclaw/identity/device*", A, WEIGHT_GRAVE, "the agent's identity", "openclaw"},
    {"~/.clawdbot/*.json*", A, WEIGHT_VISIBLE, "the agent's configuration", "clawdbot"},
    {"~/.moltbot/*.json*", A, WEIGHT_VISIBLE, "the agent's configuration", "moltbot"},
    {"~/.openclaw/**", A, WEIGHT_REMARK, "a file among the agent's", "openclaw"},
    {"~/.clawdbot/**", A, WEIGHT_REMARK, "a file among the agent's", "clawdbot"},
    {"~/.moltbot/**", A, WEIGHT_REMARK, "a file among the agent's", "moltbot"},
    {"~/.agents/skills/**", A, WEIGHT_VISIBLE, "another skill", ""},
    {"~/.claude/skills/**", A, WEIGHT_VISIBLE, "another skill", "claude"},
    {"~/.claude/hooks/**", A, WEIGHT_GRAVE, "code that the agent runs by itself", "claude"},
    {"~/.claude/plugins/**", A, WEIGHT_VISIBLE, "code that the agent loads", "claude"},
    {"~/.claude/agents/**", A, WEIGHT_VISIBLE, "the agent's instructions", "claude"},
    {"~/.claude/commands/**", A, WEIGHT_VISIBLE, "the agent's instructions", "claude"},
    {"~/.claude/rules/**", A, WEIGHT_VISIBLE, "the agent's instructions", "claude"},
    {"~/.claude/.credentials*", A, WEIGHT_GRAVE, "the agent's credentials", "claude"},
    {"~/.claude/settings*.json", A, WEIGHT_GRAVE, "the agent's settings", "claude"},
    {"~/.claude/CLAUDE*.md", A, WEIGHT_VISIBLE, "the agent's instructions", "claude"},
    {"~/.claude/**", A, WEIGHT_REMARK, "a file among the agent's", "claude"},
    {"~/.claude.json*", A, WEIGHT_GRAVE, "the agent's settings", "claude"},
    {"~/CLAUDE*.md", A, WEIGHT_VISIBLE, "the agent's instructions", "claude"},
    {"~/AGENTS.md", A, WEIGHT_VISIBLE, "the agent's instructions", ""},
    {"~/.config/Claude/**", A, WEIGHT_GRAVE, "the agent's settings", "claude"},
    {"~/.codex/**", A, WEIGHT_VISIBLE, "the agent's settings", "codex"},
    {"~/.gemini/**", A, WEIGHT_VISIBLE, "the agent's settings", "gemini"},
    {"~/.cursor/**", A, WEIGHT_GRAVE, "the agent's settings", "cursor cursor-agent"},
    {"~/.continue/**", A, WEIGHT_GRAVE, "the agent's settings", "cn"},
    {"~/.codeium/**", A, WEIGHT_GRAVE, "the agent's settings", ""},
    {"~/.config/goose/**", A, WEIGHT_GRAVE, "the agent's settings", "goose"},
    {"~/.config/Code/User/mcp.json", A, WEIGHT_GRAVE, "the agent's settings", "code"},
    {"~/.config/Code/User/settings.json", A, WEIGHT_VISIBLE, "the editor's settings", "code"},
    {"~/.aider*", A, WEIGHT_VISIBLE, "the agent's settings", "aider"},
    {"~/.kiro/**", A, WEIGHT_GRAVE, "the agent's settings", "kiro"},
    {"~/.cline/**", A, WEIGHT_GRAVE, "the agent's settings", "cline"},
    {"~/.config/opencode/**", A, WEIGHT_VISIBLE, "the agent's settings", "opencode"},
};

#undef P
#undef A

static const struct place_row *place_row_of(const char *path)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(places); i++)
        if (vb_glob_match(places[i].pattern, path))
            return &places[i];
    return NULL;
}

/* `echo 'export NAME=…' >> ~/.bashrc` in the instructions sets a variable and starts nothing. */
static bool only_exports(const struct run *run, const char *path)
{
    static const char *const dangerous[] = {
        "PATH=", "LD_", "PROMPT_COMMAND", "BASH_ENV", "NODE_OPTIONS", "PYTHON", "_URL",
        "$(",    "`",   "alias",          "source",   "eval"};
    if (run->text == NULL || !run->visible)
        return false;
    const char *base = vb_path_base(path);
    for (const char *line = run->text; *line != '\0';) {
        const size_t len = strcspn(line, "\n");
        char text[1024] = {0};
        memcpy(text, line, len < sizeof(text) - 1 ? len : sizeof(text) - 1);
        if (strstr(text, base) != NULL && strstr(text, ">") != NULL) {
            if (strstr(text, "export ") == NULL || len >= sizeof(text))
                return false;
            for (size_t i = 0; i < VB_ARRAY_LEN(dangerous); i++)
                if (strstr(text, dangerous[i]) != NULL)
                    return false;
        }
        line += len + (line[len] == '\n');
    }
    return true;
}

static struct found graded(enum finding_id id, enum vb_severity severity,
                           enum vb_confidence confidence)
{
    return (struct found){
        .id = id, .graded = true, .severity = (int)severity, .confidence = (int)confidence};
}

static struct found grade_place(const struct judge *judge, const struct place_row *row,
                                const char *path)
{
    const struct run *run = judge->run;
    const bool shown = run->visible || vb_path_documented(judge, path);
    if (row->weight == WEIGHT_REMARK)
        return graded(row->id, VB_SEVERITY_LOW, VB_CONFIDENCE_MEDIUM);
    if (row->weight == WEIGHT_DOUBT)
        return graded(row->id, VB_SEVERITY_HIGH, VB_CONFIDENCE_MEDIUM);
    if (row->weight == WEIGHT_VISIBLE && only_exports(run, path))
        return graded(row->id, VB_SEVERITY_MEDIUM, VB_CONFIDENCE_HIGH);
    if (row->weight == WEIGHT_VISIBLE && shown)
        return graded(row->id, VB_SEVERITY_HIGH, VB_CONFIDENCE_HIGH);
    return (struct found){.id = row->id};
}

static bool writes(const struct vb_event *event)
{
    if (event->kind != VB_EV_FILE_OPEN)
        return true;
    return vb_flag_set(event, "write") || vb_flag_set(event, "create") ||
           vb_flag_set(event, "append") || vb_flag_set(event, "truncate");
}

/* Where agents keep skills. Returns what follows, NULL for other places. */
static const char *among_skills(const char *path)
{
    static const char *const roots[] = {"~/.openclaw/workspace/skills/", "~/.openclaw/skills/",
                                        "~/.agents/skills/", "~/.claude/skills/"};
    for (size_t i = 0; i < VB_ARRAY_LEN(roots); i++)
        if (vb_starts(path, roots[i]))
            return path + strlen(roots[i]);
    return NULL;
}

/* A package that puts itself there tampers with no other. */
static bool is_own_skill(const struct judge *judge, const char *path)
{
    char name[256] = {0};
    const char *rest = among_skills(path);
    const size_t len = rest == NULL ? 0 : strcspn(rest, "/");
    if (len == 0 || len >= sizeof(name))
        return false;
    memcpy(name, rest, len);
    return vb_names_find(&judge->own_names, name) != NULL;
}

/* No agent reads or runs it, wherever it lies; or it is rows of data in a folder of skills, which
 * are instructions and code. */
static bool is_idle(const char *path)
{
    const char *extension = vb_path_extension(path);
    return vb_word_in("log lock pid signal tmp", extension) ||
           (among_skills(path) != NULL && vb_word_in("jsonl csv tsv db sqlite", extension));
}

/* Another skill's state, or the package's own that looked for a place among the skills. */
static bool is_state(const char *path)
{
    return among_skills(path) != NULL && vb_word_in("json", vb_path_extension(path)) &&
           !vb_word_in("package.json hooks.json plugin.json mcp.json .mcp.json openclaw.*",
                       vb_path_base(path));
}

static void see_place(struct judge *judge, const char *path)
{
    const struct run *run = judge->run;
    const struct process *process = judge->process;
    const struct place_row *row = place_row_of(path);
    const bool own = run->own != NULL && vb_starts(path, run->own) &&
                     (path[strlen(run->own)] == '/' || path[strlen(run->own)] == '\0');
    if (row == NULL || vb_is_given_itself(run, path))
        return; /* an argument of ours named it */
    if (row->id == FINDING_AGENT_TAMPER && (own || is_own_skill(judge, path)))
        return;
    if (strcmp(row->writers, "*") == 0)
        return;
    if (process != NULL && process->command.trusted &&
        vb_word_in(row->writers, process->command.program))
        return;
    struct found found = grade_place(judge, row, path);
    if (own || (row->id == FINDING_AGENT_TAMPER && is_idle(path)))
        found = graded(row->id, VB_SEVERITY_LOW, VB_CONFIDENCE_MEDIUM);
    else if (is_state(path))
        found = graded(row->id, VB_SEVERITY_HIGH, VB_CONFIDENCE_MEDIUM);
    found.group = path;
    if (judge->event->kind == VB_EV_TRUTH_FILE)
        vb_report_found(judge, &found, "%s was changed: %s.", path, row->label);
    else
        vb_report_found(judge, &found, "%s writes %s, %s.", vb_process_label(judge, process), path,
                        row->label);
}

/* Commands that change such places for their caller. What everybody can read in the instructions
 * weighs less; a unit or a job that they start is a file, and found as such. */
static const struct {
    const char *program;
    const char *arguments; /* one of them; "" none needed */
    const char *with;      /* one of these too; "" none needed */
    const char *except;    /* none of them */
    const char *label;
    enum vb_severity shown;
} setters[] = {
    {"crontab", "", "", "-l -V --help -r -e", "sets up cron jobs", VB_SEVERITY_HIGH},
    {"systemctl", "enable start link reenable", "", "", "starts a service", VB_SEVERITY_MEDIUM},
    {"launchctl", "load bootstrap submit", "", "", "starts a service", VB_SEVERITY_MEDIUM},
    {"at", "", "", "-l -V", "sets up a job for later", VB_SEVERITY_HIGH},
    {"git", "core.hooksPath core.fsmonitor init.templateDir core.sshCommand credential.helper",
     "config", "--get --unset", "sets a command that git will run", VB_SEVERITY_HIGH},
    {"npm", "script-shell node-options", "", "", "sets a command that npm will run",
     VB_SEVERITY_HIGH},
    {"ssh-copy-id", "", "", "", "lets a key log in", VB_SEVERITY_HIGH},
    {"useradd", "", "", "", "makes a user", VB_SEVERITY_HIGH},
    {"usermod", "", "", "", "changes a user", VB_SEVERITY_MEDIUM},
};

/* Names of settings are the same in any case, and one may stand before its value. */
static bool any_of(const struct judge *judge, const char *list)
{
    for (size_t i = 1; i < judge->argc; i++) {
        const size_t len = strcspn(judge->argv[i], "=");
        for (const char *word = list; *word != '\0'; word += strspn(word, " ")) {
            const size_t word_len = strcspn(word, " ");
            if (word_len == len && strncasecmp(word, judge->argv[i], len) == 0)
                return true;
            word += word_len;
        }
    }
    return false;
}

static void see_setter(struct judge *judge)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(setters); i++) {
        if (strcmp(setters[i].program, judge->command.program) != 0)
            continue;
        if (setters[i].arguments[0] != '\0' && !any_of(judge, setters[i].arguments))
            continue;
        if (setters[i].with[0] != '\0' && !any_of(judge, setters[i].with))
            continue;
        if (setters[i].except[0] != '\0' && any_of(judge, setters[i].except))
            continue;
        struct found found = graded(FINDING_PERSISTENCE,
                                    judge->run->visible ? setters[i].shown : VB_SEVERITY_CRITICAL,
                                    VB_CONFIDENCE_HIGH);
        found.group = setters[i].program;
        vb_report_found(judge, &found, "%s %s.", vb_process_label(judge, judge->process),
                        setters[i].label);
    }
}

void vb_see_persistence(struct judge *judge)
{
    const struct vb_event *event = judge->event;
    if (judge->run == NULL)
        return;
    if (event->kind == VB_EV_PROCESS_EXEC) {
        if (judge->process != NULL)
            see_setter(judge);
        return;
    }
    if (!writes(event))
        return;
    const char *change =
        event->kind == VB_EV_TRUTH_FILE ? vb_text_of(judge, VB_F_CHANGE) : "created";
    if (!vb_word_in("created modified", change))
        return;
    see_place(judge,
              vb_box_path(judge, event->kind == VB_EV_FILE_RENAME ? VB_F_TARGET : VB_F_PATH));
}

/* --- destruction --- */

enum { DELETED_MANY = 20, HOSTAGES = 5 };

/* The folder that WORD names, or a file in it, is PATH's. */
static bool is_above(struct judge *judge, const char *word, size_t len, const char *path)
{
    char *folder = vb_arena_copy(&judge->scratch, word, len);
    for (; len > 0 && (folder[len - 1] == '/' || folder[len - 1] == '"'); len--)
        folder[len - 1] = '\0';
    if (vb_starts(folder, "$HOME/"))
        folder = vb_arena_printf(&judge->scratch, "~%s", folder + 5);
    const char *home = vb_home_path(&judge->scratch, folder);
    len = strlen(home);
    return len > 3 && vb_starts(path, home) && (path[len] == '/' || path[len] == '\0');
}

/* Instructions that everybody sees delete the folder of PATH and, later in the same text, put
 * another one in its place. */
static bool is_replaced(struct judge *judge, const char *path)
{
    static const char movers[] = "mv cp rsync tar unzip git";
    const char *line = judge->run->visible ? judge->run->text : "";
    for (bool deleted = false; line[0] != '\0';) {
        const char *text = line + strspn(line, " \t");
        size_t len = strcspn(text, "\n");
        line = text + len + (text[len] == '\n' ? 1 : 0);
        while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\r'))
            len--;
        size_t last = len;
        while (last > 0 && text[last - 1] != ' ')
            last--;
        const char *word = vb_arena_copy(&judge->scratch, text, strcspn(text, " \n"));
        const bool above = is_above(judge, text + last, len - last, path);
        if (deleted && above && vb_word_in(movers, word) &&
            memmem(text, len, "/dev/null", strlen("/dev/null")) == NULL)
            return true;
        deleted |= above && strcmp(word, "rm") == 0;
    }
    return false;
}

/* What of the file PATH is lost is lost to the user: it is not the package's, nor a packager's. */
static bool is_users(const struct judge *judge, const char *path)
{
    const struct run *run = judge->run;
    const struct process *process = judge->process;
    if (!vb_starts(path, "~/") && !vb_starts(path, "/etc/") && !vb_starts(path, "/var/") &&
        !vb_starts(path, "/usr/"))
        return false;
    if (vb_path_is_own(run, path) || vb_names_find(&run->changed, path) != NULL ||
        vb_names_find(&judge->brought, path) != NULL || vb_is_given(run, path) ||
        vb_is_below_any(&judge->brought_folders, path))
        return false;
    return process == NULL || !process->command.trusted ||
           (process->command.traits & TRAIT_PACKAGER) == 0;
}

/* Of the file PATH of the user only ENDED is left, its name with an ending of extortionists. */
static void see_hostage(struct judge *judge, const char *path, const char *ended)
{
    struct run *run = judge->run;
    if (run->hostages++ == 0)
        run->hostage_seq = judge->event->seq;
    if (run->hostages != HOSTAGES)
        return;
    const struct found found = {.id = FINDING_DESTRUCTION, .evidence = {run->hostage_seq}};
    vb_report_found(
        judge, &found,
        "%s leaves files of the user only under names as extortionists give them: %s for "
        "%s, and %d more so far.",
        vb_process_label(judge, judge->process), vb_path_base(ended), path, HOSTAGES - 1);
}

static const char *const hostage_endings[] = {".locked",  ".encrypted", ".enc",    ".crypt",
                                              ".crypted", ".lockbit",   ".ransom", ".pay"};

/* As the run wrote it beside PATH, which is deleted. */
static void see_beside(struct judge *judge, const char *path)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(hostage_endings); i++) {
        const char *ended = vb_arena_printf(&judge->scratch, "%s%s", path, hostage_endings[i]);
        if (vb_names_find(&judge->run->changed, ended) != NULL) {
            see_hostage(judge, path, ended);
            return;
        }
    }
}

static void see_renamed(struct judge *judge)
{
    const char *path = vb_box_path(judge, VB_F_PATH), *to = vb_box_path(judge, VB_F_TARGET);
    const size_t len = strlen(path);
    for (size_t i = 0; i < VB_ARRAY_LEN(hostage_endings) && strncmp(to, path, len) == 0; i++)
        if (strcmp(to + len, hostage_endings[i]) == 0 && is_users(judge, path))
            see_hostage(judge, path, to);
}

static void see_delete(struct judge *judge)
{
    struct run *run = judge->run;
    const struct process *process = judge->process;
    const char *path = vb_box_path(judge, VB_F_PATH);
    const char *own =
        run->own != NULL && vb_starts(path, run->own) ? path + strlen(run->own) : NULL;
    if (own != NULL && own[0] == '/' && vb_names_find(&judge->tree, own + 1) != NULL) {
        const struct found found = {.id = FINDING_SELF_ERASE};
        vb_report_found(judge, &found, "%s deletes %s, a file of the package.",
                        vb_process_label(judge, process), own + 1);
    }
    if (!is_users(judge, path))
        return;
    see_beside(judge, path);
    run->deleted++;
    if (run->delete_seq == 0) {
        run->delete_seq = judge->event->seq;
        run->delete_first = vb_arena_cut(judge->keep, path, MAX_TEXT);
    }
    if (run->deleted != DELETED_MANY)
        return;
    const bool replaced = is_replaced(judge, path);
    const struct found found = {.id = FINDING_DESTRUCTION,
                                .graded = true,
                                .severity = replaced ? VB_SEVERITY_HIGH : VB_SEVERITY_CRITICAL,
                                .confidence = replaced ? VB_CONFIDENCE_MEDIUM : VB_CONFIDENCE_HIGH,
                                .evidence = {run->delete_seq}};
    vb_report_found(judge, &found, "%s deletes files of the user, %s and %d more so far.",
                    vb_process_label(judge, process), run->delete_first, DELETED_MANY - 1);
}

/* A whole home or system folder; the shell has expanded what it could. */
static bool is_everything(struct judge *judge, const char *path)
{
    static const char *const all[] = {"~",     "~/",   "~/*",  "~/.*", "/",     "/*",
                                      "/home", "/etc", "/usr", "/var", "/boot", "$HOME"};
    const char *home = vb_home_path(&judge->scratch, path);
    for (size_t i = 0; i < VB_ARRAY_LEN(all); i++)
        if (strcmp(home, all[i]) == 0)
            return true;
    return false;
}

static void see_wipe(struct judge *judge)
{
    const char *program = judge->command.program;
    const char *harm = NULL;
    if (strcmp(program, "rm") == 0 || strcmp(program, "shred") == 0) {
        bool recursive = strcmp(program, "shred") == 0;
        for (size_t i = 1; i < judge->argc; i++)
            recursive |= vb_word_in("-r* -R* -fr* -fR* --recursive", judge->argv[i]);
        for (size_t i = 1; i < judge->argc && recursive; i++)
            if (is_everything(judge, judge->argv[i]))
                harm = "deletes everything";
    }
    if (strcmp(program, "find") == 0 && judge->argc > 1 && is_everything(judge, judge->argv[1]) &&
        any_of(judge, "-delete"))
        harm = "deletes everything";
    if (vb_starts(program, "mkfs") || strcmp(program, "wipefs") == 0)
        harm = "formats a disk";
    if (strcmp(program, "dd") == 0 &&
        any_of(judge, "of=/dev/sd* of=/dev/nvme* of=/dev/vd* of=/dev/mmc*"))
        harm = "overwrites a disk";
    if (harm == NULL)
        return;
    const struct found found = {.id = FINDING_DESTRUCTION, .group = program};
    vb_report_found(judge, &found, "%s %s.", vb_process_label(judge, judge->process), harm);
}

void vb_see_destruction(struct judge *judge)
{
    if (judge->run == NULL)
        return;
    if (judge->event->kind == VB_EV_FILE_DELETE)
        see_delete(judge);
    else if (judge->event->kind == VB_EV_FILE_RENAME)
        see_renamed(judge);
    else if (judge->event->kind == VB_EV_PROCESS_EXEC && judge->process != NULL)
        see_wipe(judge);
}

/* --- evasion: the resource and the record disagree --- */

static bool explained(const struct run *run, const char *path)
{
    if (vb_names_find(&run->changed, path) != NULL)
        return true;
    /* What lies in a renamed folder changed its path with it. */
    for (size_t i = 0; i < run->moved.count; i++) {
        const char *folder = run->moved.items[i].text;
        const size_t len = strlen(folder);
        if (strncmp(path, folder, len) == 0 && path[len] == '/')
            return true;
    }
    return false;
}

static void compare_truth(struct judge *judge)
{
    struct run *run = judge->run;
    /* Without a whole record there is nothing to compare with. */
    if (run->dropped || run->opaque || run->full || run->left.dropped > 0)
        return;
    for (size_t i = 0; i < run->left.count; i++) {
        const struct name *left = &run->left.items[i];
        if (explained(run, left->text))
            continue;
        const struct found found = {.id = FINDING_EVASION, .evidence = {(uint64_t)left->value}};
        vb_report_found(judge, &found, "%s changed, and nobody was seen to open it for writing.",
                        left->text);
    }
}

/* The network of the box sees who comes, whatever a system call said when it was looked at. */
static void compare_world(struct judge *judge)
{
    const struct run *run = judge->run;
    /* An attempt that could not be read was refused, so it explains nothing. */
    if (run->dropped || run->full || run->reached.dropped > 0 || run->attempted.dropped > 0)
        return;
    for (size_t i = 0; i < run->reached.count; i++) {
        const struct name *reached = &run->reached.items[i];
        int64_t port = 0;
        const char *host = vb_endpoint_host(judge, reached->text, &port);
        if (vb_names_find(&run->attempted, reached->text) != NULL)
            continue;
        const struct found found = {
            .id = FINDING_EVASION, .host = host, .evidence = {(uint64_t)reached->value}};
        vb_report_found(judge, &found,
                        "%s was reached on port %lld, and nobody was seen to try it.", host,
                        (long long)port);
    }
}

/* Who opens a file for writing only was seen as well, though not as a reader. */
static void compare_baits(struct judge *judge)
{
    struct run *run = judge->run;
    if (run->dropped || run->full || run->opened.dropped > 0 || run->baits_opened.dropped > 0)
        return;
    for (size_t i = 0; i < run->baits_opened.count; i++) {
        const struct name *bait = &run->baits_opened.items[i];
        if (vb_names_find(&run->baits_seen, bait->text) != NULL ||
            vb_names_find(&run->opened, bait->text) != NULL)
            continue;
        const struct found found = {.id = FINDING_EVASION, .evidence = {(uint64_t)bait->value}};
        vb_report_found(judge, &found, "%s was opened, and nobody was seen to open it.",
                        bait->text);
    }
}

static void note_bait(struct judge *judge, struct names *names)
{
    (void)vb_names_add(names, &judge->run->arena, vb_box_path(judge, VB_F_PATH),
                       (int64_t)judge->event->seq, NULL);
}

static void see_bait_read(struct judge *judge)
{
    note_bait(judge, &judge->run->baits_seen);
}

static void see_bait_opened(struct judge *judge)
{
    note_bait(judge, &judge->run->baits_opened);
}

static void see_hidden_exec(struct judge *judge)
{
    const struct found found = {.id = FINDING_EVASION};
    vb_report_found(judge, &found, "%s was announced, and %s ran: %s",
                    vb_box_path(judge, VB_F_PATH), vb_box_path(judge, VB_F_EXECUTABLE),
                    vb_text_of(judge, VB_F_COMMAND));
}

static void see_opaque(struct judge *judge)
{
    const struct found found = {.id = FINDING_OPAQUE};
    judge->run->opaque = true;
    vb_report_found(judge, &found, "%s: the arguments of %s could not be read.",
                    vb_process_label(judge, judge->process), vb_text_of(judge, VB_F_SYSCALL));
}

static void see_left(struct judge *judge)
{
    struct run *run = judge->run;
    const char *path = vb_box_path(judge, VB_F_PATH);
    if (run->ended || !vb_word_in("created modified", vb_text_of(judge, VB_F_CHANGE)))
        return;
    /* Only whole paths inside the box can be compared with what was recorded there. */
    if (path[0] == '/' || path[0] == '~')
        (void)vb_names_add(&run->left, &run->arena, path, (int64_t)judge->event->seq, NULL);
}

static void see_end(struct judge *judge)
{
    compare_truth(judge);
    compare_baits(judge);
    compare_world(judge);
}

void vb_see_evasion(struct judge *judge)
{
    static const struct {
        enum vb_event_kind kind;
        void (*see)(struct judge *judge);
    } rows[] = {{VB_EV_TRUTH_FILE, see_left},        {VB_EV_TRUTH_BAIT, see_bait_opened},
                {VB_EV_TRUTH_EXEC, see_hidden_exec}, {VB_EV_BAIT_READ, see_bait_read},
                {VB_EV_PROCESS_OPAQUE, see_opaque},  {VB_EV_DETONATION_END, see_end}};
    for (size_t i = 0; judge->run != NULL && i < VB_ARRAY_LEN(rows); i++) {
        if (rows[i].kind == judge->event->kind)
            rows[i].see(judge);
    }
}
