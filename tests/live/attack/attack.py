# usage: attack.py NAME: attacks the network that it finds itself in, then asks it for something.
import sys

import http1, http2, streams, talk, tls  # noqa: F401
from wire import ATTACKS, head, hear, stream

ATTACKS[sys.argv[1]]()
for _ in range(20):
    try:
        with stream("203.0.113.80", 80, 10) as sock:
            sock.sendall(head("GET", "/still-there", "Connection: close\r\n"))
            if b"200 OK" in hear(sock, 10):
                sys.exit(0)
    except OSError:
        pass
sys.exit("the world is gone")
