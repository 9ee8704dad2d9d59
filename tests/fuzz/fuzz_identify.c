/* libs: vb_identify */
/* A whole package of one file. The first byte chooses its name, so that every reader is reached;
 * all events must be sound. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/sink.h"
#include "vetbox/identify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "SKILL.md",
    "README.md",
    "package.json",
    "pyproject.toml",
    ".claude-plugin/plugin.json",
    ".claude-plugin/marketplace.json",
    "hooks/hooks.json",
    "manifest.json",
    "openclaw.plugin.json",
    "gemini-extension.json",
    "server.json",
    "commands/x.md",
    "CLAW.md",
    "HOOK.md",
    "requirements.txt",
    "x.pth",
    ".npmrc",
    "x-1.dist-info/entry_points.txt",
    "PKG-INFO",
    ".vscode/tasks.json",
    ".claude/settings.json",
    "script",
    "agents/openai.yaml",
    ".yarnrc.yml",
    "bunfig.toml",
    "setup.cfg",
    "x-1.dist-info/RECORD",
    "extension.vsixmanifest",
    "agent.json",
    ".mcp.json",
    "mcp.json",
    "run.py",
    "run.sh",
    "run.js",
    "Makefile",
    "justfile",
    "Dockerfile",
};

/* Files that only make others be looked at. */
static const struct {
    const char *name;
    const char *text; /* NULL: the input itself */
} companions[] = {
    {"x-1.dist-info/METADATA", ""},
    {"x-1.dist-info/RECORD", ""},
    {"x-1.dist-info/WHEEL", ""},
    {"setup.py", ""},
    {"SKILL.md", "---\nname: x\ndescription: x\n---\n"},
    {"package.json", "{\"openclaw\": {\"claw\": \"agent.json\"}}"},
    {"plugin.json",
     "{\"$schema\": \"https://agent-plugins.org/schemas/1.0.0/plugin.schema.json\"}"},
    {"[Content_Types].xml", ""},
    {"extension/package.json", "{\"name\": \"x\", \"version\": \"1\", \"publisher\": \"x\"}"},
    {"commands/a.toml", NULL},
};

static void write_file(int dirfd, const char *name, const void *data, size_t size)
{
    if (vb_mkdir_parents(dirfd, name) < 0)
        abort();
    VB_CLEANUP_FD int fd =
        vb_open_beneath(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || vb_write_all(fd, data, size, NULL) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/dev/shm/vetbox-fuzz-XXXXXX";
    struct vb_sink sink = {fuzz_check_event};
    struct vb_error err = {0};
    if (size == 0 || size > 65536)
        return 0;
    VB_CLEANUP_FD int dirfd =
        mkdtemp(folder) == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        abort();
    const char *name = names[data[0] % VB_ARRAY_LEN(names)];
    for (size_t i = 0; i < VB_ARRAY_LEN(companions); i++) {
        const char *text = companions[i].text;
        write_file(dirfd, companions[i].name, text == NULL ? (const char *)data + 1 : text,
                   text == NULL ? size - 1 : strlen(text));
    }
    write_file(dirfd, name, data + 1, size - 1);
    if (vb_identify(dirfd, "fuzz", NULL, &sink, &err) < 0)
        abort();
    (void)unlinkat(dirfd, name, 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(companions); i++)
        (void)unlinkat(dirfd, companions[i].name, 0);
    static const char *const folders[] = {".claude-plugin", "hooks",   "commands",
                                          "extension",      ".vscode", "x-1.dist-info",
                                          ".claude",        "agents"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++)
        (void)unlinkat(dirfd, folders[i], AT_REMOVEDIR);
    if (rmdir(folder) < 0)
        abort(); /* every run would leave a folder behind */
    return 0;
}
