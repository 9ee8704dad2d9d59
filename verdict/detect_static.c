/* Findings that need no run: the archive, the text checks, the YARA matches, the manifest, the
 * signatures. Codes are the stages' own; a code that is not listed still becomes a finding. */
#include "verdict/internal.h"

struct code_row {
    const char *part; /* stands somewhere in the code */
    enum finding_id id;
    bool minor; /* happens by carelessness: medium */
};

static const struct code_row archive_codes[] = {
    {"name-", FINDING_ARCHIVE_NAME, false},
    {"traversal", FINDING_ARCHIVE_TRAVERSAL, false},
    {"absolute", FINDING_ARCHIVE_TRAVERSAL, false},
    {"backslash", FINDING_ARCHIVE_TRAVERSAL, true},
    {"escape", FINDING_ARCHIVE_LINK, false},
    {"link", FINDING_ARCHIVE_LINK_DROPPED, false},
    {"special", FINDING_ARCHIVE_SPECIAL, false},
    {"device", FINDING_ARCHIVE_SPECIAL, false},
    {"fifo", FINDING_ARCHIVE_SPECIAL, false},
    {"socket", FINDING_ARCHIVE_SPECIAL, false},
    {"setuid", FINDING_ARCHIVE_SPECIAL, false},
    {"capability", FINDING_ARCHIVE_SPECIAL, false},
    {"whiteout", FINDING_ARCHIVE_SPECIAL, true},
    {"xattr", FINDING_ARCHIVE_METADATA, false},
    {"acl", FINDING_ARCHIVE_METADATA, false},
    {"mode", FINDING_ARCHIVE_SPECIAL, true},
    {"bomb", FINDING_ARCHIVE_BOMB, false},
    {"ratio", FINDING_ARCHIVE_BOMB, false},
    {"limit-file", FINDING_ARCHIVE_BOMB, true},
    {"limit", FINDING_ARCHIVE_BOMB, true},
    {"encrypt", FINDING_ARCHIVE_ENCRYPTED, false},
    {"password-stated", FINDING_ARCHIVE_PASSWORD, false},
    {"password", FINDING_ARCHIVE_ENCRYPTED, false},
    {"case-collision", FINDING_ARCHIVE_AMBIGUOUS, true},
    {"duplicate", FINDING_ARCHIVE_AMBIGUOUS, true},
    {"collision", FINDING_ARCHIVE_AMBIGUOUS, false},
    {"ambiguous-order", FINDING_ARCHIVE_AMBIGUOUS, true},
    {"ambiguous", FINDING_ARCHIVE_AMBIGUOUS, false},
    {"hidden-entry", FINDING_ARCHIVE_AMBIGUOUS, false},
    {"gap", FINDING_ARCHIVE_AMBIGUOUS, false},
    {"mismatch", FINDING_ARCHIVE_AMBIGUOUS, false},
    {"header", FINDING_ARCHIVE_AMBIGUOUS, false},
    {"overlap", FINDING_ARCHIVE_AMBIGUOUS, false},
    {"gzip-members", FINDING_ARCHIVE_AMBIGUOUS, true},
    {"concatenated", FINDING_ARCHIVE_AMBIGUOUS, true},
    {"skippable-frame", FINDING_ARCHIVE_AMBIGUOUS, true},
    {"gzip-extra", FINDING_ARCHIVE_NAME, false},
    {"trailing", FINDING_ARCHIVE_AMBIGUOUS, true},
    {"prefix", FINDING_ARCHIVE_AMBIGUOUS, true},
    {"invalid", FINDING_ARCHIVE_NAME, false},
    {"name", FINDING_ARCHIVE_NAME, false},
};

static const struct code_row text_codes[] = {
    {"invisible-tags", FINDING_TEXT_INVISIBLE_TAGS, false},
    {"invisible", FINDING_TEXT_INVISIBLE_RUN, false},
    {"variation", FINDING_TEXT_VARIATION, false},
    {"bidi", FINDING_TEXT_BIDI, false},
    {"homoglyph", FINDING_TEXT_HOMOGLYPH, false},
    {"hidden-comment", FINDING_TEXT_HIDDEN_COMMENT, false},
    {"hidden-style", FINDING_TEXT_HIDDEN_STYLE, false},
    {"hidden-far", FINDING_TEXT_HIDDEN_FAR, false},
    {"terminal-escape", FINDING_TEXT_TERMINAL_ESCAPE, false},
    {"injection", FINDING_TEXT_INJECTION, false},
    {"text-model", FINDING_TEXT_MODEL, false},
};

static const struct code_row manifest_codes[] = {
    {"ambiguous", FINDING_MANIFEST_AMBIGUOUS, false},
    {"duplicate", FINDING_MANIFEST_AMBIGUOUS, false},
    {"conflict", FINDING_MANIFEST_AMBIGUOUS, false},
    {"several", FINDING_MANIFEST_AMBIGUOUS, false},
    {"shadow", FINDING_MANIFEST_AMBIGUOUS, false},
    {"dual-format", FINDING_MANIFEST_AMBIGUOUS, false},
    {"path-escapes", FINDING_MANIFEST_AMBIGUOUS, false},
    {"record-mismatch", FINDING_MANIFEST_AMBIGUOUS, false},
};

static const struct code_row *row_of(const struct code_row *table, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(code, table[i].part) != NULL)
            return &table[i];
    return NULL;
}

static struct found found_at(struct judge *judge, enum finding_id id)
{
    const char *path = vb_text_of(judge, VB_F_PATH);
    const char *speaker = vb_mcp_speaker(judge, path);
    const struct made_place *made = vb_made_place(judge, path);
    if (speaker != NULL)
        return (struct found){.id = id, .path = speaker};
    if (made != NULL)
        return (struct found){.id = id, .path = made->path, .line = made->line};
    return (struct found){.id = id,
                          .path = path[0] != '\0' ? path : NULL,
                          .line = vb_event_get_int(judge->event, VB_F_LINE, 0)};
}

/* ": excerpt" for the end of a sentence, or "". */
static const char *excerpt(struct judge *judge)
{
    const char *text = vb_text_of(judge, VB_F_TEXT);
    return text[0] == '\0' ? ""
                           : vb_arena_printf(&judge->scratch, ": \"%s\"",
                                             vb_arena_cut(&judge->scratch, text, 160));
}

/* Where it was found, if that is nowhere in the package. */
static const char *spoken(struct judge *judge)
{
    const char *path = vb_text_of(judge, VB_F_PATH);
    if (vb_mcp_speaker(judge, path) != NULL)
        return "In what the MCP server says: ";
    const struct made_place *made = vb_made_place(judge, path);
    if (made != NULL && made->module != NULL)
        return vb_arena_printf(
            &judge->scratch, "In what it gave to the module %s, which is missing: ", made->module);
    return made != NULL ? "In code that was made while it ran: " : "";
}

size_t vb_archive_codes(const struct vb_archive_code **ret)
{
    static const struct vb_archive_code codes[] = {
#define VB_ARCHIVE_CODE(name, meaning) {name, meaning},
#include "verdict/archive_codes.def"
#undef VB_ARCHIVE_CODE
    };
    *ret = codes;
    return VB_ARRAY_LEN(codes);
}

const struct vb_finding_type *vb_archive_finding(const char *code)
{
    const struct code_row *row = row_of(archive_codes, VB_ARRAY_LEN(archive_codes), code);
    return vb_finding_type(row != NULL ? row->id : FINDING_ARCHIVE_HOSTILE);
}

void vb_see_archive(struct judge *judge)
{
    const char *detail = vb_text_of(judge, VB_F_DETAIL);
    if (judge->event->kind == VB_EV_ARCHIVE_DAMAGED) {
        const struct found found = found_at(judge, FINDING_ARCHIVE_DAMAGED);
        vb_report_found(judge, &found, "The archive is damaged: %s.", detail);
        return;
    }
    const char *code = vb_text_of(judge, VB_F_CODE), *target = vb_text_of(judge, VB_F_TARGET);
    const struct code_row *row = row_of(archive_codes, VB_ARRAY_LEN(archive_codes), code);
    struct found found = found_at(judge, row != NULL ? row->id : FINDING_ARCHIVE_HOSTILE);
    found.group = code;
    if (row != NULL && row->minor) {
        found.graded = true;
        found.severity = VB_SEVERITY_MEDIUM;
        found.confidence = VB_CONFIDENCE_MEDIUM;
    }
    vb_report_found(judge, &found, "The entry \"%s\"%s%s%s is %s%s%s.",
                    vb_text_of(judge, VB_F_PATH), target[0] ? " -> \"" : "", target,
                    target[0] ? "\"" : "", code, detail[0] ? ": " : "", detail);
}

/* The list as one space-separated string, the ids as reports have them. */
static const char *mapping_text(struct judge *judge)
{
    size_t count = 0;
    char **items = vb_list_of(judge, VB_F_MAPPING, &count);
    const char *text = "";
    for (size_t i = 0; i < count && i < 16; i++)
        text = vb_arena_printf(&judge->scratch, "%s%s%s%s", text, i == 0 ? "" : " ",
                               vb_mapping_prefix(items[i]),
                               vb_arena_cut(&judge->scratch, items[i], 60));
    return text;
}

/* Where what runs left behind is reported, by its digest. */
static const char dropped_folder[] = "dropped/";

/* What a tool packed for its own store is packed, and not hidden: what comes out of there is seen
 * where it is put. */
static bool is_of_store(struct judge *judge)
{
    const char *path = vb_text_of(judge, VB_F_PATH);
    if (!vb_starts(path, dropped_folder) || vb_text_of(judge, VB_F_LAYER)[0] == '\0')
        return false;
    const char *digest = path + sizeof(dropped_folder) - 1;
    return vb_names_find(&judge->packed, digest) != NULL &&
           vb_names_find(&judge->loose, digest) == NULL;
}

static bool is_of_dependency(struct judge *judge)
{
    return strcmp(vb_text_of(judge, VB_F_STAGE), VB_STAGE_DEPENDENCY) == 0;
}

/* Libraries hold packed code, start programs and know where credentials are: there only what no
 * honest library does counts, and of that only what is sure. */
static bool is_damning(const struct found *found)
{
    static const char *const families[] = {
        "VB-CAMPAIGN-", "VB-IOC-",   "VB-WORM-", "VB-MINER",  "VB-RANSOM", "VB-WIPE",
        "VB-STAGE2-",   "VB-SHELL-", "VB-CRED-", "VB-EXFIL-", "VB-AGENT-", "VB-PERSIST-",
    };
    bool family = !vb_starts(found->rule, "VB-"); /* a rule of the user's own */
    for (size_t i = 0; !family && i < VB_ARRAY_LEN(families); i++)
        family = vb_starts(found->rule, families[i]);
    return family && found->severity == VB_SEVERITY_CRITICAL &&
           found->confidence == VB_CONFIDENCE_HIGH;
}

/* What a text only talks of is less sure; what would be critical is one step less grave, and
 * somebody is to look at it all the same. */
static void weigh_context(struct judge *judge, struct found *found)
{
    if (vb_text_of(judge, VB_F_CONTEXT)[0] == '\0')
        return;
    found->graded = true;
    if (found->severity == VB_SEVERITY_CRITICAL) {
        found->severity = VB_SEVERITY_HIGH;
        found->confidence = VB_CONFIDENCE_MEDIUM;
    } else {
        found->confidence = VB_CONFIDENCE_LOW;
    }
}

/* " (under a heading that speaks of attacks)" for the end of a sentence, or "". */
static const char *around(struct judge *judge)
{
    const char *text = vb_text_of(judge, VB_F_CONTEXT);
    return text[0] == '\0' ? "" : vb_arena_printf(&judge->scratch, " (%s)", text);
}

void vb_see_scan_match(struct judge *judge)
{
    if (is_of_store(judge))
        return;
    const struct vb_str severity = vb_event_get_str(judge->event, VB_F_SEVERITY);
    const struct vb_str confidence = vb_event_get_str(judge->event, VB_F_CONFIDENCE);
    struct found found = found_at(judge, FINDING_TEXT_SUSPICIOUS);
    found.rule = vb_text_of(judge, VB_F_RULE);
    found.title = vb_text_of(judge, VB_F_TITLE);
    found.mapping = mapping_text(judge);
    found.graded = true;
    found.severity = vb_severity_named(severity.text, severity.len);
    found.confidence = vb_confidence_named(confidence.text, confidence.len);
    if (found.severity < 0)
        found.severity = VB_SEVERITY_MEDIUM;
    if (found.confidence < 0)
        found.confidence = VB_CONFIDENCE_LOW;
    weigh_context(judge, &found);
    if (is_of_dependency(judge) && !is_damning(&found))
        return;
    if (strcmp(found.rule, "VB-EXFIL-HOST-REPORT") == 0 && !is_of_dependency(judge))
        vb_see_host_report(judge, vb_text_of(judge, VB_F_PATH));
    const char *about = vb_text_of(judge, VB_F_DESCRIPTION), *layer = vb_text_of(judge, VB_F_LAYER);
    if (about[0] == '\0')
        about = found.title;
    if (excerpt(judge)[0] != '\0' && vb_ends(about, "."))
        about = vb_arena_copy(&judge->scratch, about, strlen(about) - 1);
    vb_report_found(judge, &found, "%s%s%s%s%s%s%s%s", spoken(judge),
                    is_of_dependency(judge) ? "In what it depends on: " : "", about,
                    layer[0] ? " (decoded: " : "", layer, layer[0] ? ")" : "", around(judge),
                    excerpt(judge));
}

void vb_see_scan_text(struct judge *judge)
{
    const char *code = vb_text_of(judge, VB_F_CODE);
    if (is_of_dependency(judge))
        return; /* nobody reads it, and no agent obeys it */
    const struct code_row *row = row_of(text_codes, VB_ARRAY_LEN(text_codes), code);
    struct found found = found_at(judge, row != NULL ? row->id : FINDING_TEXT_SUSPICIOUS);
    found.group = code;
    found.severity = VB_SEVERITY_HIGH; /* of the two that are plain text */
    weigh_context(judge, &found);
    if (found.id == FINDING_TEXT_TERMINAL_ESCAPE && found.path != NULL &&
        vb_starts(found.path, dropped_folder) && vb_names_find(&judge->tree, found.path) == NULL) {
        /* Programs write colours into their logs, and into caches what came from servers. */
        found.graded = true;
        found.severity = VB_SEVERITY_LOW;
        found.confidence = VB_CONFIDENCE_MEDIUM;
    }
    vb_report_found(judge, &found, "%s%s%s%s", spoken(judge), vb_text_of(judge, VB_F_DETAIL),
                    around(judge), excerpt(judge));
}

void vb_see_manifest(struct judge *judge)
{
    const char *code = vb_text_of(judge, VB_F_CODE);
    const struct code_row *row = row_of(manifest_codes, VB_ARRAY_LEN(manifest_codes), code);
    struct found found = found_at(judge, row != NULL ? row->id : FINDING_MANIFEST_PROBLEM);
    found.group = code;
    vb_report_found(judge, &found, "%s: %s", code, vb_text_of(judge, VB_F_DETAIL));
}

static void see_expected(struct judge *judge)
{
    const char *outcome = vb_text_of(judge, VB_F_OUTCOME);
    if (strcmp(outcome, "signed") == 0)
        return;
    /* The line is trust.yaml's. */
    struct found found = found_at(judge, FINDING_SIGNATURE_MISSING);
    found.line = 0;
    vb_report_found(judge, &found,
                    "The package %s must be signed, says line %lld of trust.yaml: those who may "
                    "have signed %lld of its %lld files.",
                    vb_text_of(judge, VB_F_NAME),
                    (long long)vb_event_get_int(judge->event, VB_F_LINE, 0),
                    (long long)vb_event_get_int(judge->event, VB_F_COUNT, 0),
                    (long long)vb_event_get_int(judge->event, VB_F_PRESENT, 0));
}

/* What an index says of all its packages, with keys of its own or of nobody whom the user knows. */
static bool is_usual_of_index(struct judge *judge, const char *outcome)
{
    return strcmp(vb_text_of(judge, VB_F_WHERE), "index") == 0 && strcmp(outcome, "invalid") != 0 &&
           strcmp(vb_text_of(judge, VB_F_CODE), "revoked") != 0;
}

static void see_lookalike(struct judge *judge)
{
    const char *code = vb_text_of(judge, VB_F_CODE);
    struct found found = found_at(judge, FINDING_NAME_LOOKALIKE);
    /* Nobody slips into letters of another alphabet. */
    if (strcmp(code, "homoglyph") == 0) {
        found.graded = true;
        found.severity = VB_SEVERITY_MEDIUM;
        found.confidence = VB_CONFIDENCE_HIGH;
    }
    const char *what = vb_text_of(judge, VB_F_WHAT);
    const char *publisher = strstr(what, "-publisher");
    if (publisher != NULL)
        vb_report_found(judge, &found, "Its author %s is called nearly like %s, who is %.*s (%s).",
                        vb_text_of(judge, VB_F_NAME), vb_text_of(judge, VB_F_TARGET),
                        (int)(publisher - what), what, code);
    else
        vb_report_found(judge, &found, "The name %s looks like %s, which is %s (%s).",
                        vb_text_of(judge, VB_F_NAME), vb_text_of(judge, VB_F_TARGET), what, code);
}

/* A list within the package that does not fit is what tools leave behind that repair packages; that
 * of a registry is what it sent. */
static void see_list(struct judge *judge)
{
    static const struct {
        const char *code, *words;
    } bad[] = {{"differing", "has other bytes than the registry's list says"},
               {"missing", "stands on the registry's list and is not there"},
               {"unlisted", "does not stand on the registry's list"},
               {"malformed", "cannot be read in the registry's list"}};
    const char *code = vb_text_of(judge, VB_F_CODE);
    if (strcmp(vb_text_of(judge, VB_F_FORMAT), "clawhub-files") != 0)
        return;
    for (size_t i = 0; i < VB_ARRAY_LEN(bad); i++) {
        if (strcmp(code, bad[i].code) != 0)
            continue;
        size_t count = 0;
        char **paths = vb_list_of(judge, VB_F_PATHS, &count);
        const int64_t more = vb_event_get_int(judge->event, VB_F_COUNT, 0) - 1;
        const struct found found = found_at(judge, FINDING_INDEX_DIFFERS);
        vb_report_found(judge, &found, "%s %s%s.", count > 0 ? paths[0] : "A row", bad[i].words,
                        count > 0 && more > 0
                            ? vb_arena_printf(&judge->scratch, ", and %lld more", (long long)more)
                            : "");
    }
}

void vb_see_signature(struct judge *judge)
{
    if (judge->event->kind == VB_EV_SIGNATURE_LIST) {
        see_list(judge);
        return;
    }
    if (judge->event->kind == VB_EV_NAME_LOOKALIKE) {
        see_lookalike(judge);
        return;
    }
    if (judge->event->kind == VB_EV_SIGNATURE_EXPECTED) {
        see_expected(judge);
        return;
    }
    const char *outcome = vb_text_of(judge, VB_F_OUTCOME);
    if (strcmp(outcome, "valid-trusted") == 0 || is_usual_of_index(judge, outcome))
        return;
    enum finding_id id = FINDING_SIGNATURE_UNVERIFIED;
    if (strcmp(vb_text_of(judge, VB_F_CODE), "revoked") == 0)
        id = FINDING_SIGNATURE_REVOKED;
    if (strcmp(outcome, "invalid") == 0)
        id = FINDING_SIGNATURE_INVALID;
    const struct found found = found_at(judge, id);
    vb_report_found(judge, &found, "The %s signature is %s%s%s.", vb_text_of(judge, VB_F_FORMAT),
                    outcome, vb_text_of(judge, VB_F_REASON)[0] ? ": " : "",
                    vb_text_of(judge, VB_F_REASON));
}
