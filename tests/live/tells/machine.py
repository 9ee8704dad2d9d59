"""What the machine says of itself, and whose it is."""
import glob
import os
import re
import shutil
import socket
import time

from look import HOME, LIBC, Left, row, text_of, said, found, machine_code


@row("names")
def names():
    return found(r"sandbox|malware|virus|sample|maltest|cuckoo|honey|vetbox|runner|docker|^root\b",
                 "\n".join((socket.gethostname(), os.environ.get("USER", ""), HOME,
                            text_of("/etc/hostname"), os.getcwd())))


@row("container-files")
def container_files():
    return next((path for path in ("/.dockerenv", "/run/.containerenv", "/.dockerinit",
                                   "/run/systemd/container", "/.singularity.d", "/dev/lxd",
                                   "/run/secrets") if os.path.lexists(path)), None)


@row("cgroup")
def cgroup():
    return found(r"docker|lxc|kubepods|containerd|podman|vetbox|^0::/$",
                 text_of("/proc/1/cgroup") + text_of("/proc/self/cgroup"))


@row("environment")
def environment():
    return next((name for name in os.environ if re.match(
        r"container$|docker|kubernetes|vetbox|sandbox|ld_(preload|audit)$|"
        r"(ci|continuous_integration|build_number|github_actions|gitlab_ci|jenkins_url|travis|circleci|codespaces)$",
        name, re.I)), None)


@row("desktop")
def desktop():
    wanted = ("XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE", "XDG_RUNTIME_DIR")
    missing = [name for name in wanted if name not in os.environ]
    if not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        missing.append("DISPLAY")
    return "no " + ", ".join(missing) if missing else None


@row("desktop-answers")
def desktop_answers():
    """Somebody listens where windows are shown."""
    for path in ("/tmp/.X11-unix/X0", "/run/user/1000/wayland-0"):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
            return None
        except OSError as error:
            said_instead = f"{path}: {error.strerror}"
    return said_instead


@row("locale")
def locale():
    lang = os.environ.get("LANG", "")
    return None if re.match(r"[a-z]{2}_[A-Z]{2}\.UTF-8$", lang) else f"LANG={lang}"


@row("keyboard")
def keyboard():
    layout = found(r'^XKBLAYOUT="?\w+', text_of("/etc/default/keyboard"))
    return None if layout else "no layout"


@row("timezone")
def timezone():
    """The clock, the settings, what the user wrote, and where the address is."""
    zone = text_of("/etc/timezone").strip()
    offset = time.strftime("%Z")
    link = os.path.realpath("/etc/localtime")
    mine = found(r"Time zone: (\S+)", text_of(HOME + "/.openclaw/workspace/USER.md")) or ""
    if offset in ("UTC", "") or not link.endswith(zone):
        return f"{zone} {offset} {link}"
    return None if mine.endswith(zone) else f"{zone}, but \"{mine}\""



@row("processors")
def processors():
    counts = {os.cpu_count(), len(os.sched_getaffinity(0)),
              len(re.findall(r"^processor", text_of("/proc/cpuinfo"), re.M)),
              len(re.findall(r"^cpu\d", text_of("/proc/stat"), re.M)),
              len(glob.glob("/sys/devices/system/cpu/cpu[0-9]*"))}
    return None if len(counts) == 1 and min(counts) >= 2 else f"counted {sorted(counts)}"


@row("interrupts")
def interrupts():
    """A column for each processor, and modules and devices of a real machine."""
    columns = [len(re.findall(r"CPU\d", text_of(path).split("\n")[0]))
               for path in ("/proc/interrupts", "/proc/softirqs")]
    if set(columns) != {os.cpu_count()}:
        return f"{columns} columns"
    return None if len(text_of("/proc/modules").splitlines()) > 10 else "no modules"


@row("drivers")
def drivers():
    return found(r"virtblk|virtio\w*|vmw\w*|vbox\w*|hv_\w+|xen\w*|ttyS0|fc_\w+",
                 text_of("/proc/devices") + text_of("/proc/modules") + text_of("/proc/consoles"))


@row("one-processor")
def one_processor():
    """Several that work at once are on several processors."""
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            end = time.monotonic() + 0.03
            while time.monotonic() < end:
                pass
            os._exit(LIBC.sched_getcpu() & 0xff)
        children.append(child)
    numbers = {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}
    return f"all four on number {numbers.pop()}" if len(numbers) == 1 else None


@row("processor-model")
def processor_model():
    """The name and the numbers are of the same make."""
    known = {"i7-1185G7": ("6", "140"), "5850U": ("25", "80")}
    cpuinfo = text_of("/proc/cpuinfo")
    name = found(r"^model name.*", cpuinfo) or ""
    numbers = tuple((re.search(rf"^{key}\s*: (\d+)", cpuinfo, re.M) or [0, ""])[1]
                    for key in ("cpu family", "model"))
    if re.search(r"virtual|qemu|kvm|xeon|epyc", name, re.I):
        return name
    if not name:
        raise Left("no model on this architecture")
    return next((f"{name}: {numbers}" for key, right in known.items()
                 if key in name and numbers != right), None)


@row("hypervisor-bit")
def hypervisor_bit():
    """cpuid: leaf 1, bit 31 of ecx."""
    ecx = machine_code("5389f831c90fa289c85bc3", 1)
    return "set" if ecx >> 31 & 1 else None


@row("hypervisor")
def hypervisor():
    if os.path.exists("/sys/hypervisor"):
        return "/sys/hypervisor"
    return found(r"^flags.*\bhypervisor\b", text_of("/proc/cpuinfo"))


@row("dmi")
def dmi():
    text = "".join(text_of(path) for path in glob.glob("/sys/class/dmi/id/*"))
    if not text:
        return "nothing there"
    return found(r"qemu|kvm|vmware|virtualbox|innotek|xen|bochs|amazon|google|microsoft|firecracker"
                 r"|parallels|standard pc|openstack", text)


@row("hardware-address")
def hardware_address():
    address = text_of("/sys/class/net/eth0/address").strip()
    first = int(address[:2] or "02", 16)
    virtual = r"08:00:27|00:0c:29|00:50:56|00:05:69|52:54:00|00:16:3e|00:1c:42"
    if first & 2 or re.match(virtual, address):
        return address
    code, text = said("ip", "link", "show", "eth0")
    return None if code == 0 and address in text else f"{address}, but {text}"


@row("sensors")
def sensors():
    wanted = ("/sys/class/power_supply/BAT0/capacity", "/sys/class/thermal/thermal_zone0/temp",
              "/sys/class/backlight")
    missing = [path for path in wanted if not os.path.exists(path)]
    return "no " + ", ".join(missing) if missing else None


@row("buses")
def buses():
    """A laptop has devices on PCI and USB."""
    return None if os.path.exists("/sys/bus/pci") and os.path.exists("/sys/bus/usb") else \
        "no /sys/bus"


@row("block-devices")
def block_devices():
    return None if os.path.exists("/sys/block/nvme0n1/size") else "no /sys/block/nvme0n1"


@row("memory")
def memory():
    total = int((found(r"MemTotal:\s+\d+", text_of("/proc/meminfo")) or "0").split()[-1])
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024
    return None if total >= 2 << 20 and abs(total - pages) < 1024 else f"{total} KiB, {pages} KiB"


@row("disk")
def disk():
    fs = os.statvfs(HOME)
    size = fs.f_blocks * fs.f_frsize >> 30
    return None if size >= 60 and fs.f_bfree < fs.f_blocks else f"{size} GiB"


@row("uptime")
def uptime():
    """More than ten minutes, and the same whoever is asked."""
    up = float(text_of("/proc/uptime").split()[0])
    booted = int((found(r"^btime \d+", text_of("/proc/stat")) or "x 0").split()[1])
    clock = time.clock_gettime(time.CLOCK_BOOTTIME)
    if up < 600:
        return f"{up} s"
    apart = max(abs(up - clock), abs(time.time() - booted - up))
    return None if apart < 30 else f"{apart:.0f} s apart"


@row("kernel-name")
def kernel_name():
    return found(r"-(fc|aws|azure|gcp|gke|cloud|kvm|oracle|virt|linuxkit|microsoft)\b|WSL|gvisor|"
                 r"firecracker|sandbox|kata|builder@",
                 " ".join(os.uname()) + text_of("/proc/version")
                 + text_of("/proc/sys/kernel/osrelease"))


@row("kernel-command-line")
def kernel_command_line():
    return found(r"console=ttyS|virtio|firecracker|init=/\S*|reboot=k|pci=off",
                 text_of("/proc/cmdline"))


@row("kernel-log")
def kernel_log():
    if shutil.which("dmesg") is None:
        raise Left("dmesg is not installed")
    code, text = said("dmesg")
    return found(r"gvisor|hypervisor|virtio|firecracker|kvm", text) if code == 0 else None
