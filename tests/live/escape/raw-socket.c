/* Packets of one's own making. */
#include "escape.h"

#include <netinet/in.h>
#include <sys/socket.h>

int main(void)
{
    escape_end_call(socket(AF_INET, SOCK_RAW, IPPROTO_TCP), "SOCK_RAW");
}
