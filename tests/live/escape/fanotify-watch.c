/* Every file that anybody opens on the mount, as a descriptor. */
#include "escape.h"

#include <sys/fanotify.h>

int main(void)
{
    escape_end_call(fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY), "fanotify_init");
}
