"""A loopback HTTPS server for the tests of fetch: prints its port, serves until its input ends.

usage: https_server.py CERTIFICATE KEY
"""

import http.server
import os
import ssl
import sys
import threading
import time

BODY = b"# a skill\n" * 1000


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def whole(self, body, status=200):
        self.head(status, Content_Length=str(len(body)))
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.partition("?")[0]
        name, _, rest = path.lstrip("/").partition("/")
        getattr(self, "get_" + name.partition(".")[0].replace("-", "_"), self.get_missing)(rest)

    def get_missing(self, rest):
        self.whole(b"no such thing", 404)

    def get_skill(self, rest):
        self.whole(BODY)

    def get_empty(self, rest):
        self.whole(b"")

    def get_status(self, rest):
        self.whole(b"an error page", int(rest))

    def get_hops(self, rest):
        """/hops/N: N redirects, then the body."""
        left = int(rest)
        where = "/skill.md" if left == 1 else "/hops/%d" % (left - 1)
        self.head(302, Location=where, Content_Length="0")

    def get_loop(self, rest):
        self.head(301, Location="/loop", Content_Length="0")

    def get_to(self, rest):
        """/to/SCHEME: a redirect to another scheme."""
        where = {"http": "http://127.0.0.1:1/x", "file": "file:///etc/passwd", "none": None}[rest]
        headers = {"Location": where} if where else {}
        self.head(302, Content_Length="0", **headers)

    def get_endless(self, rest):
        self.head(200)
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            pass

    def get_big(self, rest):
        """Says how long it is before it sends anything."""
        self.head(200, Content_Length=str(1 << 40))
        time.sleep(30)

    def get_slow(self, rest):
        self.head(200)
        try:
            while True:
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    def get_cut(self, rest):
        """Promises more than it sends."""
        self.head(200, Content_Length="1000")
        self.wfile.write(b"x" * 10)

    def get_echo(self, rest):
        """What the client says about itself."""
        self.whole("".join("%s: %s\n" % pair for pair in self.headers.items()).encode())


def main():
    certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda request, address: None
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


main()
