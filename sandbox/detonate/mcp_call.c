/* mcp_call: every tool is called, every resource read, every prompt asked for, each with arguments
 * of several forms. What the subject does between the beginning and the end of a call is told
 * between these two events. */
#include <string.h>

#include "sandbox/detonate/mcp_internal.h"

enum {
    READS_MAX = 50,
    ARGUMENTS_BYTES = 16384,
    URI_BYTES = 2048,
    NAME_BYTES = 512,
    TIMEOUTS_MAX = 3
};

static void free_text(char **text)
{
    free(*text);
}

/* --- what is called --- */

/* A prompt's arguments are a list of names. */
static json_t *prompt_schema(const json_t *arguments)
{
    json_t *properties = json_object();
    for (size_t i = 0; properties != NULL && i < json_array_size(arguments); i++) {
        json_t *argument = json_array_get(arguments, i);
        const char *name = json_string_value(json_object_get(argument, "name"));
        if (name != NULL && json_object_set_nocheck(properties, name, argument) < 0) {
            json_decref(properties);
            return NULL;
        }
    }
    return properties == NULL ? NULL : json_pack("{s:o}", "properties", properties);
}

/* RFC 6570: each {…} becomes a value. NULL without memory. */
static char *expand(const char *template)
{
    char *made = malloc(strlen(template) + 1);
    size_t len = 0;
    for (const char *at = template; made != NULL && *at != '\0'; at++) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        made[len++] = end == NULL ? *at : '1';
        at = end == NULL ? at : end;
    }
    if (made != NULL)
        made[len] = '\0';
    return made;
}

/* The kinds of things of a stage, one behind the other. */
static enum vb_mcp_list kind_of(const struct vb_mcp *mcp, size_t *ret_index)
{
    const size_t resources = mcp->items[VB_MCP_RESOURCES].count;
    *ret_index = mcp->next;
    if (mcp->stage == VB_MCP_CALLING)
        return VB_MCP_TOOLS;
    if (mcp->stage == VB_MCP_GETTING)
        return VB_MCP_PROMPTS;
    if (mcp->next < resources)
        return VB_MCP_RESOURCES;
    *ret_index = mcp->next - resources;
    return VB_MCP_TEMPLATES;
}

static const char *const methods[VB_MCP_LISTS] = {
    [VB_MCP_TOOLS] = "tools/call",
    [VB_MCP_RESOURCES] = "resources/read",
    [VB_MCP_TEMPLATES] = "resources/read",
    [VB_MCP_PROMPTS] = "prompts/get",
};

/* Its parameters, or NULL without memory. *RET_ARGUMENTS is a part of them. */
static json_t *params_of(const struct vb_mcp *mcp, enum vb_mcp_list kind,
                         const struct vb_mcp_item *item, struct vb_mcp_given *given,
                         const json_t **ret_arguments)
{
    *given = (struct vb_mcp_given){.count = 0};
    *ret_arguments = NULL;
    if (kind == VB_MCP_RESOURCES || kind == VB_MCP_TEMPLATES) {
        VB_CLEANUP(free_text) char *uri = expand(item->name);
        return uri == NULL ? NULL
                           : json_pack("{s:s}", "uri", kind == VB_MCP_TEMPLATES ? uri : item->name);
    }
    VB_CLEANUP(vb_json_free)
    json_t *schema =
        kind == VB_MCP_PROMPTS ? prompt_schema(item->details) : json_incref(item->details);
    json_t *arguments = vb_mcp_arguments(schema, mcp->form, &mcp->options.places, given);
    *ret_arguments = arguments;
    return arguments == NULL ? NULL
                             : json_pack("{s:s,s:o}", "name", item->name, "arguments", arguments);
}

/* --- one call --- */

static void forget(struct vb_mcp *mcp)
{
    free(vb_steal(mcp->name));
    json_decref(vb_steal(mcp->params));
    mcp->in_call = false;
}

static void describe(const struct vb_mcp *mcp, struct vb_event *event, const char *action)
{
    vb_event_init(event, VB_EV_MCP_CALL, VB_SOURCE_TOOL);
    vb_event_str(event, VB_F_ACTION, action);
    vb_event_str(event, VB_F_METHOD, mcp->method);
    (void)vb_mcp_set(event, VB_F_NAME, (struct vb_str){mcp->name, strlen(mcp->name)}, NAME_BYTES);
    vb_event_int(event, VB_F_NUMBER, mcp->number);
    if (mcp->stage == VB_MCP_CALLING)
        vb_event_str(event, VB_F_FORM, vb_mcp_form_name(mcp->form));
}

static int tell_begin(struct vb_mcp *mcp, const json_t *arguments, const struct vb_mcp_given *given,
                      struct vb_error *err)
{
    struct vb_event event;
    struct vb_str items[VB_MCP_GIVEN_MAX];
    VB_CLEANUP(free_text)
    char *text = arguments == NULL ? NULL : json_dumps(arguments, JSON_COMPACT);
    for (size_t i = 0; i < given->count; i++)
        items[i] = (struct vb_str){given->items[i], strlen(given->items[i])};
    describe(mcp, &event, "begin");
    const struct vb_str all = {text, text == NULL ? 0 : strlen(text)};
    if (given->count > 0)
        vb_event_list(&event, VB_F_GIVEN, items, given->count);
    if (vb_mcp_set(&event, VB_F_TEXT, all, ARGUMENTS_BYTES))
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    return vb_mcp_emit(mcp, &event, err);
}

static int tell_end(struct vb_mcp *mcp, const char *outcome, struct vb_error *err)
{
    struct vb_event event;
    describe(mcp, &event, "end");
    vb_event_str(&event, VB_F_OUTCOME, outcome);
    vb_event_int(&event, VB_F_DURATION, (int64_t)(mcp->now_ms - mcp->called_ms));
    return vb_mcp_emit(mcp, &event, err);
}

/* 1: there is nothing to call in this form. */
static int call(struct vb_mcp *mcp, enum vb_mcp_list kind, const struct vb_mcp_item *item,
                struct vb_error *err)
{
    struct vb_mcp_given given;
    const json_t *arguments;
    VB_CLEANUP(vb_json_free) json_t *params = params_of(mcp, kind, item, &given, &arguments);
    if (params == NULL)
        return vb_mcp_no_memory(err);
    if (mcp->form == VB_MCP_BAIT && (!given.file || mcp->options.places.bait == NULL))
        return 1;
    if (mcp->form == VB_MCP_CANARY_2 && (!given.code || given.choices < 2))
        return 1;
    if (mcp->form >= VB_MCP_CHOICE && given.choices <= mcp->form - VB_MCP_CHOICE + 1U)
        return 1; /* these arguments were tried */
    mcp->name = strdup(item->name);
    mcp->params = json_incref(params);
    if (mcp->name == NULL)
        return vb_mcp_no_memory(err);
    mcp->method = methods[kind];
    mcp->number++;
    mcp->in_call = true;
    mcp->rounds = 0;
    mcp->called_ms = mcp->now_ms;
    const int status = tell_begin(mcp, arguments, &given, err);
    return status < 0 ? status : vb_mcp_ask(mcp, mcp->method, json_deep_copy(params), err);
}

/* --- all of them --- */

static size_t count_of(const struct vb_mcp *mcp)
{
    if (mcp->stage == VB_MCP_CALLING)
        return mcp->items[VB_MCP_TOOLS].count;
    if (mcp->stage == VB_MCP_GETTING)
        return mcp->items[VB_MCP_PROMPTS].count;
    const size_t count = mcp->items[VB_MCP_RESOURCES].count + mcp->items[VB_MCP_TEMPLATES].count;
    return count;
}

void vb_mcp_call_begin(struct vb_mcp *mcp)
{
    mcp->next = 0;
}

int vb_mcp_call_next(struct vb_mcp *mcp, struct vb_error *err)
{
    const size_t count = count_of(mcp);
    const size_t most = mcp->stage == VB_MCP_CALLING ? count : READS_MAX;
    mcp->late = mcp->late || mcp->now_ms >= mcp->options.calls_until_ms;
    for (int status = 1; mcp->next < count && !mcp->late && mcp->next < most;) {
        size_t index;
        const enum vb_mcp_list kind = kind_of(mcp, &index);
        mcp->next++;
        status = call(mcp, kind, &mcp->items[kind].rows[index], err);
        if (status <= 0)
            return status;
    }
    if (mcp->next >= count)
        return 1;
    const int status =
        vb_mcp_cut(mcp, mcp->late ? VB_MCP_CUT_TIME : VB_MCP_CUT_ITEMS, count - mcp->next, err);
    return status < 0 ? status : 1;
}

/* The protocol of 2026-07-28 asks in a result, and is called again with the answers. */
static json_t *answers_to(const struct vb_mcp *mcp, const json_t *result)
{
    const char *key;
    json_t *request;
    json_t *answers = json_object();
    json_object_foreach(json_object_get(result, "inputRequests"), key, request)
    {
        bool known;
        const char *method = json_string_value(json_object_get(request, "method"));
        json_t *reply = vb_mcp_reply(mcp, method == NULL ? "" : method,
                                     json_object_get(request, "params"), &known);
        if (!known)
            reply = json_object();
        if (answers == NULL || reply == NULL ||
            json_object_set_new_nocheck(answers, key, reply) < 0) {
            json_decref(answers);
            return NULL;
        }
    }
    return answers;
}

static int call_again(struct vb_mcp *mcp, const json_t *result, struct vb_error *err)
{
    json_t *state = json_object_get(result, "requestState");
    json_t *answers = answers_to(mcp, result);
    VB_CLEANUP(vb_json_free) json_t *params = json_copy(mcp->params);
    mcp->rounds++;
    if (answers == NULL || params == NULL ||
        json_object_set_new_nocheck(params, "inputResponses", answers) < 0 ||
        (state != NULL && json_object_set_nocheck(params, "requestState", state) < 0))
        return vb_mcp_no_memory(err);
    return vb_mcp_ask(mcp, mcp->method, json_incref(params), err);
}

static bool asks_for_more(const json_t *result)
{
    const char *type = json_string_value(json_object_get(result, "resultType"));
    return type != NULL && strcmp(type, "input_required") == 0;
}

int vb_mcp_call_answer(struct vb_mcp *mcp, const json_t *result, const char *outcome,
                       struct vb_error *err)
{
    int status = VB_OK;
    if (asks_for_more(result) && mcp->rounds < VB_MCP_ROUNDS_MAX)
        return call_again(mcp, result, err);
    if (asks_for_more(result))
        status = vb_mcp_cut(mcp, VB_MCP_CUT_ROUNDS, 0, err);
    if (json_is_true(json_object_get(result, "isError")))
        outcome = "error";
    if (strcmp(outcome, "timeout") == 0 && ++mcp->timeouts == TIMEOUTS_MAX)
        mcp->late = true;
    if (status == VB_OK)
        status = tell_end(mcp, outcome, err);
    forget(mcp);
    return status;
}
