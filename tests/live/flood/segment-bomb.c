/* System V segments that stay when nobody is attached to them. */
#include <sys/ipc.h>
#include <sys/shm.h>

#include "flood.h"

int main(void)
{
    for (;;) {
        const int id = shmget(IPC_PRIVATE, FLOOD_PIECE, IPC_CREAT | 0600);
        char *piece = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
        if (piece == (char *)-1)
            flood_rest();
        flood_touch(piece, FLOOD_PIECE);
        (void)shmdt(piece);
    }
}
