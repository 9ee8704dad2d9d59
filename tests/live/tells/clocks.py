"""Whether all clocks agree on how long a sleep was. The last rows: what is moved stays moved."""
import ctypes
import email.utils
import os
import re
import time

from look import Left, row, text_of, said, machine_code, fetch

SLEEP_S = 5


def stamp():
    path = f"/tmp/.{os.getpid()}-{os.urandom(4).hex()}"
    with open(path, "wb") as out:
        out.write(b"x")
    return os.stat(path).st_mtime


def tick_rate():
    """Processor ticks a second of the monotonic clock."""
    begin, count = time.monotonic(), machine_code("0f3148c1e2204809d0c3")
    while time.monotonic() - begin < 0.05:
        pass
    return (machine_code("0f3148c1e2204809d0c3") - count) / (time.monotonic() - begin)


def measured(clock):
    begin = clock()
    time.sleep(SLEEP_S)
    return clock() - begin


def slept(name, clock):
    took = measured(clock)
    return None if SLEEP_S * 0.98 <= took <= SLEEP_S + 1 else f"{took:.2f} s by {name}"


@row("vdso")
def vdso():
    """The kernel's shared code is the same before a sleep and after it."""
    where = re.search(r"^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]", text_of("/proc/self/maps"), re.M)
    if where is None:
        raise Left("no vDSO")
    begin, end = (int(at, 16) for at in where.groups())
    before = ctypes.string_at(begin, end - begin)
    time.sleep(SLEEP_S)
    return None if ctypes.string_at(begin, end - begin) == before else "it was written"


@row("sleep-clocks")
def sleep_clocks():
    for name, clock in (("monotonic", time.monotonic), ("realtime", time.time),
                        ("boottime", lambda: time.clock_gettime(time.CLOCK_BOOTTIME)),
                        ("date", lambda: int(said("date", "+%s")[1]))):
        took = measured(clock)
        if not SLEEP_S * 0.98 - (name == "date") <= took <= SLEEP_S + 2:
            return f"{took:.2f} s by {name}"
    return None


@row("sleep-files")
def sleep_files():
    return slept("the times of files", stamp)


@row("sleep-uptime")
def sleep_uptime():
    return slept("/proc/uptime", lambda: float(text_of("/proc/uptime").split()[0]))


@row("sleep-counter")
def sleep_counter():
    rate = tick_rate()
    return slept("the processor's counter",
                 lambda: machine_code("0f3148c1e2204809d0c3") / rate)


@row("sleep-web")
def sleep_web():
    def date():
        answer = fetch("https://www.wikipedia.org/")[1]["Date"]
        return email.utils.parsedate_to_datetime(answer).timestamp()
    took = measured(date)
    return None if SLEEP_S - 1.5 <= took <= SLEEP_S + 3 else f"{took:.0f} s by HTTP"
