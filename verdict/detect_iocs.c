/* What is known from attacks: a host that is listed is reached, or a file is one that is listed.
 * The files that only name something are the scan's (VB-IOC-NAMED). */
#include "verdict/behaviour.h"
#include "verdict/internal.h"

static const struct vb_iocs *list_of(const struct judge *judge)
{
    return judge->behaviour == NULL ? NULL : judge->behaviour->iocs;
}

void vb_see_ioc_contact(struct judge *judge)
{
    static const enum vb_field fields[] = {VB_F_URL, VB_F_SERVER_NAME, VB_F_NAME, VB_F_ADDRESS};
    const struct vb_event *event = judge->event;
    const struct vb_ioc *ioc = NULL;
    const char *text = "";
    for (size_t i = 0; ioc == NULL && i < VB_ARRAY_LEN(fields); i++) {
        text = vb_text_of(judge, fields[i]);
        if (text[0] != '\0')
            ioc = fields[i] == VB_F_URL ? vb_iocs_url(list_of(judge), text)
                                        : vb_iocs_host(list_of(judge), text);
    }
    if (ioc == NULL)
        return;
    const struct found found = {.id = FINDING_IOC_CONTACT, .host = ioc->value, .anywhere = true};
    vb_report_found(judge, &found, "%s %s: the %s %s is known (%s, %s).",
                    event->kind == VB_EV_NET_NAME ? "It asks for" : "It reaches",
                    vb_arena_cut(&judge->scratch, text, 160), vb_ioc_kind_name(ioc->kind),
                    ioc->value, ioc->words, ioc->date);
}

void vb_see_ioc_file(struct judge *judge)
{
    const char *digest = vb_text_of(judge, VB_F_SHA256), *path = vb_text_of(judge, VB_F_PATH);
    const struct vb_ioc *ioc = digest[0] == '\0' ? NULL : vb_iocs_digest(list_of(judge), digest);
    if (ioc == NULL)
        return;
    const struct found found = {.id = FINDING_IOC_HASH, .path = path[0] == '\0' ? NULL : path};
    vb_report_found(judge, &found, "The SHA-256 %s is known (%s, %s).", ioc->value, ioc->words,
                    ioc->date);
}
