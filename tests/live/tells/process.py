"""What processes find out about themselves and each other."""
import ctypes
import os
import platform
import re
import resource
import stat
import subprocess
import time

from look import LIBC, Left, row, text_of, found


@row("neighbours")
def neighbours():
    count = sum(name.isdigit() for name in os.listdir("/proc"))
    return None if count >= 20 else f"{count} processes"


@row("process-numbers")
def process_numbers():
    return None if os.getpid() > 300 else f"I am number {os.getpid()}"


@row("init-listed")
def init_listed():
    return None if "1" in os.listdir("/proc") else "/proc/1 is in no list"


@row("init")
def init():
    return None if text_of("/proc/1/comm").strip() in ("systemd", "init") else \
        text_of("/proc/1/comm")


def own_status(key):
    return (re.search(rf"^{key}:\s*(.*)$", text_of("/proc/self/status"), re.M) or [0, "?"])[1]


@row("status-seccomp")
def status_seccomp():
    for key in ("Seccomp", "Seccomp_filters", "NoNewPrivs", "TracerPid"):
        if own_status(key) not in ("0", "?"):
            return f"{key}: {own_status(key)}"
    others = [text_of(f"/proc/{name}/status") for name in ("thread-self", str(os.getppid()))]
    return next((fit for fit in (found(r"^(Seccomp|NoNewPrivs):\s+[12]", text)
                                 for text in others) if fit), None)


@row("status-processors")
def status_processors():
    return None if own_status("Cpus_allowed_list") == f"0-{os.cpu_count() - 1}" else \
        own_status("Cpus_allowed_list")


@row("status-agrees")
def status_agrees():
    """It is this process's own."""
    wanted = {"Pid": str(os.getpid()), "PPid": str(os.getppid()),
              "Name": text_of("/proc/self/comm").strip(), "NSpid": str(os.getpid())}
    wrong = [key for key, value in wanted.items() if own_status(key) != value]
    return f"{wrong}" if wrong else None


@row("process-files")
def process_files():
    """What else the kernel says of a process in a box: who waits in a call, for one."""
    child = subprocess.Popen(["sleep", "3600"])
    time.sleep(0.01)
    files = {name: text_of(f"/proc/{child.pid}/{name}").strip() for name in
             ("wchan", "oom_score_adj", "loginuid", "timens_offsets", "stack", "syscall")}
    child.kill()
    child.wait()
    if "seccomp" in files["wchan"] + files["stack"] or int(files["oom_score_adj"]) > 300:
        return f"{files}"
    if files["loginuid"] != str(os.getuid()) or re.search(r"[1-9]", files["timens_offsets"]):
        return f"{files}"
    return None


@row("namespaces")
def namespaces():
    """The first ones that a kernel makes have numbers that everybody knows."""
    known = {"user": 0xEFFFFFFD, "pid": 0xEFFFFFFC, "uts": 0xEFFFFFFE, "ipc": 0xEFFFFFFF,
             "cgroup": 0xEFFFFFFB}
    other = [name for name, number in known.items()
             if os.readlink(f"/proc/self/ns/{name}") != f"{name}:[{number}]"]
    return f"others: {', '.join(other)}" if other else None


@row("prctl-seccomp")
def prctl_seccomp():
    answers = (LIBC.prctl(21, 0, 0, 0, 0), LIBC.prctl(39, 0, 0, 0, 0))
    return None if answers == (0, 0) else f"{answers}"


@row("capability-bounds")
def capability_bounds():
    """An ordinary user's processes may still start what has capabilities: sudo, ping."""
    return None if LIBC.prctl(23, 7, 0, 0, 0) == 1 else "none may ever be had"


@row("setuid-programs")
def setuid_programs():
    """sudo, su and passwd run as root."""
    path = next((path for path in ("/usr/bin/su", "/usr/bin/passwd") if os.path.exists(path)), None)
    if path is None:
        raise Left("no such program")
    kind = os.stat(path)
    root = kind.st_uid == 0 and kind.st_mode & stat.S_ISUID
    return None if root else f"{path} is {kind.st_uid}'s"


@row("ptrace")
def ptrace():
    """PTRACE_TRACEME, as a program asks whether somebody debugs it."""
    if os.fork() == 0:
        os._exit(ctypes.get_errno() if LIBC.ptrace(0, 0, 0, 0) else 0)
    error = os.waitstatus_to_exitcode(os.wait()[1])
    return os.strerror(error) if error else None


@row("refused-calls")
def refused_calls():
    """Calls that every laptop's kernel has."""
    if platform.machine() != "x86_64":
        raise Left("not x86-64")
    refused = []
    for name, number, arguments in (("io_uring_setup", 425, (1, 0)),
                                    ("add_key", 248, (0, 0, 0, 0, 0)),
                                    ("seccomp", 317, (2, 0, 0)), ("unshare", 272, (0x10000000,))):
        if os.fork() == 0:
            failed = LIBC.syscall(number, *arguments) < 0
            os._exit(1 if failed and ctypes.get_errno() in (1, 38) else 0)
        if os.wait()[1] != 0:
            refused.append(name)
    return ", ".join(refused) or None


@row("loaded-code")
def loaded_code():
    """Nothing but the program and its libraries is in memory."""
    for line in text_of("/proc/self/maps").splitlines():
        path = line[73:].strip()
        if path.startswith("/") and not re.match(r"/(usr|lib|lib64|bin)/", path):
            return path
    return None if not os.path.exists("/etc/ld.so.preload") else "/etc/ld.so.preload"


@row("descriptors")
def descriptors():
    count = len(os.listdir("/proc/self/fd"))
    return None if count <= 4 else f"{count} files are open"


@row("limits")
def limits():
    kinds = ("RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_NPROC")
    low = {kind: resource.getrlimit(getattr(resource, kind))[0] for kind in kinds}
    low = {kind: value for kind, value in low.items()
           if value != resource.RLIM_INFINITY and not (kind == "RLIMIT_NPROC" and value > 10000)}
    return f"{low}" if low else None
