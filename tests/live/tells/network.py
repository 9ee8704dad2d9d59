"""What the network answers."""
import email.utils
import ipaddress
import json
import os
import re
import socket
import ssl
import struct
import time
import urllib.error

from look import row, text_of, said, found, fetch


def resolves(name):
    try:
        return socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
    except OSError:
        return None


@row("random-names")
def random_names():
    """The test for a sinkhole."""
    letters = "bcdfghjkmnpqrstvwxz"
    for end in (".com", ".net", ".org"):
        name = "".join(letters[byte % len(letters)] for byte in os.urandom(16)) + end
        if resolves(name):
            return f"{name} is {resolves(name)}"
    return None


@row("reserved-names")
def reserved_names():
    """Nobody can have one, but what is only written down is tried out under it."""
    return next((f"{name} is {resolves(name)}" for name in
                 ("nothing.test", "www.nothing.example")
                 if resolves(name)), None)


@row("invalid-names")
def invalid_names():
    return next((f"{name} is {resolves(name)}" for name in ("nothing.invalid", "a.b.Invalid")
                 if resolves(name)), None)


@row("words-names")
def words_names():
    """A name that could be one, and that nobody has."""
    name = "orange-ladder-forty-nine-spoons.com"
    return f"{name} is {resolves(name)}" if resolves(name) else None


def connects(address, port, seconds=2):
    begin = time.perf_counter()
    try:
        with socket.create_connection((address, port), timeout=seconds):
            return time.perf_counter() - begin
    except OSError:
        return None


@row("every-port")
def every_port():
    return "port 48123 is open" if connects("1.1.1.1", 48123) else None


@row("every-address")
def every_address():
    open_ones = [address for address in ("192.0.2.77", "198.51.100.3", "203.0.113.5", "240.0.0.9")
                 if connects(address, 443)]
    return ", ".join(open_ones) or None


@row("latency")
def latency():
    least = min(connects("140.82.112.3", 443) or 1 for _ in range(9))
    return None if least > 0.002 else f"{least * 1000:.2f} ms"


@row("echo")
def echo():
    """ping."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as client:
            client.settimeout(1)
            client.sendto(b"\x08\0\0\0\0\1\0\1" + bytes(48), ("1.1.1.1", 0))
            client.recvfrom(200)
            return None
    except OSError as error:
        return f"{error}"


@row("far-end")
def far_end():
    """What the interface is, and where its other end lies."""
    _, text = said("ip", "-d", "link", "show", "eth0")
    return found(r"eth0@\S+|\bveth\b", text)


def certificate(host):
    context = ssl.create_default_context()
    with socket.create_connection((host, 443), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=host) as client:
            return client.getpeercert()


@row("one-authority")
def one_authority():
    issuers = {str(certificate(host)["issuer"]) for host in
               ("github.com", "api.openai.com", "www.wikipedia.org")}
    return f"{issuers.pop()}" if len(issuers) == 1 else None


@row("certificate-dates")
def certificate_dates():
    """No longer than a browser takes, and not all made at once, or just now."""
    starts = set()
    for host in ("github.com", "api.openai.com", "www.wikipedia.org"):
        got = certificate(host)
        begin, end = (ssl.cert_time_to_seconds(got[key]) for key in ("notBefore", "notAfter"))
        if not begin < time.time() - 3600 or end - begin > 825 * 86400:
            return f"{host}: {got['notBefore']} to {got['notAfter']}"
        starts.add(begin)
    return None if len(starts) == 3 else f"all since {got['notBefore']}"


@row("proxy-authority")
def proxy_authority():
    """It lies where an administrator would put it, under a company's name, and is years old."""
    path = os.environ.get("NODE_EXTRA_CA_CERTS", "")
    code, text = said("openssl", "x509", "-in", path, "-noout", "-subject", "-dates")
    if code != 0 or re.search(r"vetbox|sandbox|mitm|test|fake", text, re.I):
        return text
    begin, end = (ssl.cert_time_to_seconds(when) for when in re.findall(r"=(\w{3} .*GMT)", text))
    return None if end - begin > 4 * 365 * 86400 else text


@row("address-echo")
def address_echo():
    """Whoever is asked names the same public address."""
    answers = set()
    for url in ("https://api.ipify.org/", "https://ifconfig.me/ip", "https://icanhazip.com/",
                "https://checkip.amazonaws.com/", "http://ident.me/", "https://ipinfo.io/ip"):
        answers.add(fetch(url)[2].decode().strip())
    for url, key in (("https://ipinfo.io/json", "ip"), ("http://ip-api.com/json", "query"),
                     ("https://httpbin.org/ip", "origin"),
                     ("https://api.ipify.org/?format=json", "ip")):
        answers.add(json.loads(fetch(url)[2]).get(key))
    if len(answers) != 1:
        return f"{answers}"
    return None if ipaddress.ip_address(answers.copy().pop()).is_global else f"{answers}"


@row("address-place")
def address_place():
    place = json.loads(fetch("https://ipinfo.io/json")[2])
    zone = text_of("/etc/timezone").strip()
    if re.search(r"amazon|google|azure|hetzner|digitalocean|ovh|hosting|datacenter",
                 place.get("org", ""), re.I):
        return place["org"]
    return None if place.get("timezone") == zone else f"{place.get('timezone')}, {zone}"


@row("http-date")
def http_date():
    date = fetch("https://www.wikipedia.org/")[1]["Date"]
    apart = abs(email.utils.parsedate_to_datetime(date).timestamp() - time.time())
    return None if apart < 3 else f"{apart:.0f} s apart"


@row("known-pages")
def known_pages():
    wanted = (("http://example.com/", b"Example Domain"),
              ("http://detectportal.firefox.com/success.txt", b"success"),
              ("http://www.msftconnecttest.com/connecttest.txt", b"Microsoft Connect Test"),
              ("https://raw.githubusercontent.com/torvalds/linux/master/COPYING", b"GPL-2.0"))
    return next((url for url, text in wanted if text not in fetch(url)[2]), None)


@row("nothing-missing")
def nothing_missing():
    try:
        status = fetch("https://github.com/zqxjkvbnqwx/no-such-thing-at-all-3141592")[0]
    except urllib.error.HTTPError as error:
        status = error.code
    return None if status == 404 else f"{status}"


@row("same-answers")
def same_answers():
    hosts = ("www.wikipedia.org", "news.ycombinator.com")
    bodies = [fetch(f"https://{host}/")[2] for host in hosts]
    return "two hosts, one page" if bodies[0] == bodies[1] else None


@row("time-server")
def time_server():
    """An answer over NTP that agrees with the clock."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.sendto(b"\x1b" + bytes(47), (resolves("pool.ntp.org"), 123))
        try:
            answer = client.recv(100)
        except OSError as error:
            return f"{error}"
    if len(answer) < 48:
        return f"{len(answer)} bytes"
    apart = abs(struct.unpack("!I", answer[40:44])[0] - 2208988800 - time.time())
    return None if apart < 3 else f"{apart:.0f} s apart"
