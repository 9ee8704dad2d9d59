# What attacks have in common: streams that may break at any moment, and bytes of protocols.
import os
import socket
import ssl
import struct

ATTACKS = {}
PIECE = bytes(65536)


def attack(function):
    ATTACKS[function.__name__.replace("_", "-")] = function
    return function


def stream(host, port, wait=5):
    return socket.create_connection((host, port), timeout=wait)


def encrypted(host, port=443, protocols=("h2",)):
    context = ssl.create_default_context()
    context.set_alpn_protocols(list(protocols))
    return context.wrap_socket(stream(host, port), server_hostname=host)


def push(sock, data, times=1):
    """Sends until the other side has had enough. True: it took everything."""
    try:
        for _ in range(times):
            sock.sendall(data)
        return True
    except OSError:
        return False


def hear(sock, wait=1.0):
    """What comes until the end, or until nothing more does."""
    heard = b""
    sock.settimeout(wait)
    try:
        while len(heard) < 1 << 20:
            got = sock.recv(65536)
            if not got:
                break
            heard += got
    except OSError:
        pass
    return heard


def head(method="GET", path="/", more=""):
    return f"{method} {path} HTTP/1.1\r\nHost: attack.example\r\n{more}\r\n".encode()


# --- HTTP/2 (RFC 9113) and HPACK (RFC 7541), as far as attacks want them ---

DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, number, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", number) + payload


def text(value):
    assert len(value) < 127
    return bytes([len(value)]) + value


def request(method=0x82, path=b"/attack"):
    # :method by the static table (0x82 GET, 0x83 POST), :scheme http, :path, :authority
    return bytes([method, 0x86, 0x04]) + text(path) + b"\x01" + text(b"attack.example")


def http2(port=80, settings=b""):
    sock = stream("h2.attack.example", port)
    push(sock, PREFACE + frame(SETTINGS, 0, 0, settings))
    return sock


def children(count, function):
    """Runs FUNCTION(number) in COUNT processes at once."""
    pids = []
    for number in range(count):
        pid = os.fork()
        if pid == 0:
            try:
                function(number)
            finally:
                os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
