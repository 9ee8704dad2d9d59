"""The real hosts of cli.live, and who knows their names: sets up the network of its namespace, serves
until its input ends.

usage: real_host.py FOLDER

FOLDER has good.pem and other.pem, each a key and its certificate. Every request that comes is a line of
FOLDER/log, its body the file FOLDER/body.N.
"""

import fcntl
import http.server
import os
import socket
import ssl
import struct
import sys
import threading
import time

# The one that is listed is a public one, which no interface has, as of a host far away; to the others
# nothing may ever come.
FAR = "23.45.67.89"
ADDRESSES = ["10.0.0.5", "169.254.169.254", "100.64.0.1", "130.45.67.1"]
RTM_NEWROUTE, NLM_REQUEST_CREATE, RT_TABLE_LOCAL, RT_SCOPE_HOST, RTN_LOCAL, RTA_DST, RTA_OIF = 24, 0x401, 255, 254, 2, 1, 4
SIOCSIFADDR, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8914, 1
LARGE = 33 << 20

folder = sys.argv[1]
lock = threading.Lock()
count = 0


def bring_up():
    control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    for number, address in enumerate(ADDRESSES):
        request = struct.pack("16sHH4s8x", b"lo:%d" % number, socket.AF_INET, 0, socket.inet_aton(address))
        fcntl.ioctl(control, SIOCSIFADDR, request)
    route = struct.pack("=BBBBBBBBI", socket.AF_INET, 32, 0, 0, RT_TABLE_LOCAL, 4, RT_SCOPE_HOST, RTN_LOCAL, 0)
    route += struct.pack("=HH4s", 8, RTA_DST, socket.inet_aton(FAR))
    route += struct.pack("=HHI", 8, RTA_OIF, socket.if_nametoindex("lo"))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.send(struct.pack("=IHHII", 16 + len(route), RTM_NEWROUTE, NLM_REQUEST_CREATE, 1, 0) + route)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self):
        """The request, as it came: address it came to, request line, headers, then the body apart."""
        global count
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with lock:
            count += 1
            with open(f"{folder}/body.{count}", "wb") as out:
                out.write(body)
            with open(f"{folder}/log", "a") as out:
                headers = " ".join(f"{name}={value}" for name, value in self.headers.items())
                print(count, *self.connection.getsockname(), self.requestline, headers, file=out)
        return body

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("X-Real", "yes")
        self.end_headers()

    def whole(self, body, status=200, **headers):
        self.head(status, Content_Length=str(len(body)), **headers)
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        body = self.note()
        name = self.path.lstrip("/").partition("?")[0]
        getattr(self, "get_" + name, self.get_missing)(body)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def get_missing(self, body):
        self.whole(b"no such thing\n", 404)

    def get_hello(self, body):
        self.whole(b"from the real host\n")

    def get_echo(self, body):
        self.whole(b"got " + body + b"\n")

    def get_script(self, body):
        self.whole(b"echo executed: $((6 * 7))\n")

    def get_many(self, body):
        self.whole(b"y" * (3 << 20))

    def get_moved(self, body):
        self.whole(b"", 302, Location="http://169.254.169.254/latest/meta-data/")

    def get_large(self, body):
        self.head(200, Content_Length=str(LARGE))
        for _ in range(LARGE >> 20):
            self.wfile.write(b"x" * (1 << 20))

    def get_slow(self, body):
        self.head(200, Content_Length="100")
        while True:
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.5)

    def get_cut(self, body):
        self.head(200, Content_Length="1000")
        self.wfile.write(b"x" * 10)
        self.close_connection = True

    def get_heads(self, body):
        self.head(200, **{f"X-Much-{n}": "x" * 1000 for n in range(90)}, Content_Length="0")


# What names lead to; None: nothing is answered at all.
NAMES = {
    b"dns": ["23.45.67.89"],
    b"both": ["10.0.0.5", "23.45.67.89"],
    b"hidden": ["10.0.0.5", "169.254.169.254"],
    b"silent": None,
}


def serve_names():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.53", 53))
    while True:
        query, client = server.recvfrom(4096)
        end = query.index(b"\0", 12) + 5
        name = query[13:13 + query[12]]
        kind = query[end - 3]
        found = NAMES.get(name, [])
        if found is None:
            continue
        flags = b"\x81\x80" if found else b"\x81\x83"
        found = found if kind == 1 else []
        reply = query[:2] + flags + struct.pack(">HHHH", 1, len(found), 0, 0) + query[12:end]
        for address in found:
            reply += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
        server.sendto(reply, client)


def serve(address, certificate=None):
    server = http.server.ThreadingHTTPServer(address, Handler)
    server.daemon_threads = True
    server.handle_error = lambda request, client: None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/{certificate}.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


bring_up()
threading.Thread(target=serve_names, daemon=True).start()
serve(("0.0.0.0", 80))
serve(("0.0.0.0", 443), "good")
serve(("0.0.0.0", 8443), "other")
print("ready", flush=True)
sys.stdin.read()
os._exit(0)
