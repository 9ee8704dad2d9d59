/* Memory that no other process can read, the recorder's supervisor neither. */
#include "escape.h"

int main(void)
{
    escape_end_call(syscall(447 /* memfd_secret */, 0), "memfd_secret");
}
