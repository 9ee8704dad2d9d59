/* Deaf to the request to end. */
#include "flood.h"

int main(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    flood_rest();
}
