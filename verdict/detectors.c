/* The table of detectors: which events each wants. */
#include "verdict/internal.h"

#define LOW(kind) ((kind) < 64 ? UINT64_C(1) << ((kind)&63) : 0)
#define HIGH(kind) ((kind) >= 64 ? UINT64_C(1) << ((kind)&63) : 0)
#define K1(a)                           \
    {                                   \
        LOW(VB_EV_##a), HIGH(VB_EV_##a) \
    }
#define K2(a, b)                                                           \
    {                                                                      \
        LOW(VB_EV_##a) | LOW(VB_EV_##b), HIGH(VB_EV_##a) | HIGH(VB_EV_##b) \
    }
#define K3(a, b, c)                                             \
    {                                                           \
        LOW(VB_EV_##a) | LOW(VB_EV_##b) | LOW(VB_EV_##c),       \
            HIGH(VB_EV_##a) | HIGH(VB_EV_##b) | HIGH(VB_EV_##c) \
    }
#define K6(a, b, c, d, e, f)                                                                 \
    {                                                                                        \
        LOW(VB_EV_##a) | LOW(VB_EV_##b) | LOW(VB_EV_##c) | LOW(VB_EV_##d) | LOW(VB_EV_##e) | \
            LOW(VB_EV_##f),                                                                  \
            HIGH(VB_EV_##a) | HIGH(VB_EV_##b) | HIGH(VB_EV_##c) | HIGH(VB_EV_##d) |          \
                HIGH(VB_EV_##e) | HIGH(VB_EV_##f)                                            \
    }
#define K5(a, b, c, d, e) K6(a, b, c, d, e, e)
#define K4(a, b, c, d) K6(a, b, c, d, d, d)

_Static_assert(VB_EVENT_KIND_COUNT <= 128, "struct detector has room for 128 event kinds");

const struct detector vb_detectors[] = {
    {"archive", K2(ARCHIVE_HOSTILE, ARCHIVE_DAMAGED), vb_see_archive},
    {"scan.match", K1(SCAN_MATCH), vb_see_scan_match},
    {"scan.text", K1(SCAN_TEXT), vb_see_scan_text},
    {"manifest", K1(MANIFEST_PROBLEM), vb_see_manifest},
    {"signature", K3(SIGNATURE_RESULT, SIGNATURE_EXPECTED, NAME_LOOKALIKE), vb_see_signature},
    {"bait-read", K1(BAIT_READ), vb_see_bait_read},
    {"bait-list", K1(BAIT_LIST), vb_see_bait_list},
    {"bait-seen", K1(BAIT_SEEN), vb_see_bait_seen},
    {"exfiltration", K4(PROCESS_EXEC, NET_NAME, NET_CONNECT, NET_SEND), vb_see_exfil},
    {"cipher", K5(WORLD_REQUEST, WORLD_SESSION, WORLD_CONNECTION, WORLD_ANSWER, DETONATION_END),
     vb_see_cipher},
    {"stage-two", K2(PROCESS_EXEC, DETONATION_BEGIN), vb_see_stage_two},
    {"answer-run",
     K6(WORLD_RESPONSE, WORLD_REQUEST, PROCESS_EXEC, PROCESS_SCRIPT, TRUTH_FILE, DETONATION_END),
     vb_see_answer_run},
    {"session", K1(WORLD_SESSION), vb_see_session},
    {"reverse-shell", K2(PROCESS_EXEC, NET_CONNECT), vb_see_reverse_shell},
    {"command", K1(PROCESS_EXEC), vb_see_command},
    {"hidden", K1(PROCESS_EXEC), vb_see_hidden_command},
    {"wait", K2(PROCESS_EXEC, PROCESS_WAIT), vb_see_wait},
    {"persistence", K5(FILE_OPEN, FILE_RENAME, FILE_LINK, PROCESS_EXEC, TRUTH_FILE),
     vb_see_persistence},
    {"destruction", K4(FILE_DELETE, FILE_RENAME, PROCESS_EXEC, DETONATION_END), vb_see_destruction},
    {"evasion", K6(TRUTH_FILE, TRUTH_BAIT, TRUTH_EXEC, BAIT_READ, DETONATION_END, PROCESS_OPAQUE),
     vb_see_evasion},
    {"network", K5(NET_NAME, NET_CONNECT, NET_SEND, PROCESS_EXEC, DETONATION_END), vb_see_network},
    {"ioc-contact", K5(NET_NAME, NET_CONNECT, NET_SEND, WORLD_TLS, WORLD_REQUEST),
     vb_see_ioc_contact},
    {"ioc-file",
     K6(TREE_FILE, SCAN_LAYER, FILE_SNAPSHOT, TRUTH_FILE, WORLD_RESPONSE, PROCESS_SCRIPT),
     vb_see_ioc_file},
    {"kernel", K2(KERNEL_DENIED, FILE_OPEN), vb_see_kernel},
    {"mcp", K4(MCP_TOOL, MCP_CALL, MCP_TEXT, MCP_MESSAGE), vb_see_mcp},
    {"tool", K6(FILE_OPEN, FILE_LINK, FILE_ATTRIBUTE, NET_NAME, WORLD_REQUEST, PROCESS_EXEC),
     vb_see_tool},
    {"tool-files", K3(FILE_DELETE, FILE_RENAME, FILE_MKDIR), vb_see_tool},
    {"untold", K3(DETONATION_BEGIN, DETONATION_OUTPUT, TRUTH_FILE), vb_see_untold},
    {"flood", K2(MANIFEST_CODE, COVERAGE), vb_see_flood},
    {"wanted", K3(LOG_BEGIN, MANIFEST_PACKAGE, SIGNATURE_RESULT), vb_see_wanted},
    {"limits", K2(SANDBOX_LIMIT, EXAMINER_DIED), vb_see_limits},
};

size_t vb_detector_count(void)
{
    return VB_ARRAY_LEN(vb_detectors);
}
