/* Agent Plugins 1.x (agent-plugins.org): a closed format. What it forbids is a problem, since a
 * host that follows it refuses the plugin and one that does not runs it. */
#include "identify/internal.h"

#include <ctype.h>

static void problem(struct vb_id *id, const struct vb_id_doc *doc, const char *key, const char *why)
{
    char quoted[128];
    snprintf(quoted, sizeof(quoted), "\"%.120s\"", key);
    vb_id_problem(id, (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, quoted)},
                  "field-invalid", "%.100s: %s", key, why);
}

/* 1 to 64 of [a-z0-9.-], letters or digits at both ends, no "--" and no "..". */
static bool good_name(const char *name)
{
    const size_t len = strlen(name);
    if (len == 0 || len > 64 || !isalnum((unsigned char)name[0]) ||
        !isalnum((unsigned char)name[len - 1]) || strstr(name, "--") != NULL ||
        strstr(name, "..") != NULL)
        return false;
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0';
}

static void check_manifest(struct vb_id *id, const struct vb_id_doc *doc)
{
    static const char schema[] = "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json";
    const char *name = vb_id_str(doc->json, "name");
    const char *given = vb_id_str(doc->json, "$schema");
    if (name == NULL || !good_name(name))
        problem(id, doc, "name", "no name for a plugin");
    if (given == NULL || strcmp(given, schema) != 0)
        problem(id, doc, "$schema", "not version 1.0.0");
}

/* A bare program or ./path: one word, nothing to put in. */
static bool good_command(const char *command)
{
    return command[0] != '\0' && strpbrk(command, " \t$;|&<>()`'\"") == NULL &&
           (strchr(command, '/') == NULL || strncmp(command, "./", 2) == 0);
}

/* https, or http to this machine; no user and no fragment. */
static bool good_url(const char *url)
{
    static const char *const local[] = {"localhost", "127.0.0.1", "::1"};
    char host[256];
    if (strpbrk(url, "@#") != NULL ||
        !vb_id_url_host((struct vb_str){url, strlen(url)}, host, sizeof(host)))
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(local); i++) {
        if (vb_ascii_starts(url, "http://") && strcmp(host, local[i]) == 0)
            return true;
    }
    return vb_ascii_starts(url, "https://");
}

static void check_server(struct vb_id *id, const struct vb_id_doc *doc, const char *name,
                         const json_t *server)
{
    const char *command = vb_id_str(server, "command");
    const char *url = vb_id_str(server, "url");
    json_t *env = vb_id_get(server, "env");
    if (command != NULL && !good_command(command))
        problem(id, doc, name, "its command is not one program");
    if (url != NULL && !good_url(url))
        problem(id, doc, name, "its URL is not https without user and fragment");
    if (vb_id_get(env, "PLUGIN_ROOT") != NULL || vb_id_get(env, "PLUGIN_DATA") != NULL)
        problem(id, doc, name, "it sets a variable that belongs to the host");
}

static void check_servers(struct vb_id *id, const struct vb_id_doc *doc)
{
    const char *name;
    json_t *server;
    json_t *servers = vb_id_get(doc->json, "mcpServers");
    json_object_foreach(servers, name, server)
    {
        check_server(id, doc, name, server);
    }
}

void vb_id_check_agent_plugin(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *manifest = vb_id_json(id, root, "plugin.json");
    const struct vb_id_doc *servers = vb_id_json(id, root, "mcp.json");
    if (manifest != NULL)
        check_manifest(id, manifest);
    if (servers != NULL)
        check_servers(id, servers);
}
