"""What lies about."""
import glob
import os
import re
import shutil
import socket

from look import HOME, Left, row, text_of, said, found, walk


@row("mounts")
def mounts():
    text = text_of("/proc/self/mounts") + text_of("/proc/mounts") + text_of("/etc/mtab") + \
        text_of("/proc/self/mountinfo")
    odd = found(r"overlay|tmpfs (/|/home\S*|/usr|/etc|/var) |virtiofs|9p|vboxsf", text)
    missing = [line.split()[1] for line in text_of("/proc/self/mounts").splitlines()
               if not os.path.exists(line.split()[1])]
    return odd or (f"no {', '.join(missing)}" if missing else None)


@row("device-numbers")
def device_numbers():
    """The list of mounts has the device that / lies on."""
    number = os.stat("/").st_dev
    name = f"{os.major(number)}:{os.minor(number)}"
    return None if f" {name} / / " in text_of("/proc/self/mountinfo") else f"/ lies on {name}"


@row("owners")
def owners():
    wrong = [path for path in ("/", "/etc", "/usr", "/etc/passwd", "/usr/bin/env", "/proc/1")
             if os.stat(path).st_uid != 0]
    return f"not root's: {', '.join(wrong)}" if wrong else None


@row("user-map")
def user_map():
    return None if text_of("/proc/self/uid_map").split() == ["0", "0", "4294967295"] else \
        text_of("/proc/self/uid_map")


@row("home")
def home():
    visible = [path for path in glob.glob(HOME + "/*/*") if os.path.isfile(path)]
    history = text_of(HOME + "/.bash_history").splitlines()
    if len(os.listdir(HOME)) < 20 or len(history) < 30 or len(visible) < 5:
        return f"{len(os.listdir(HOME))} names, {len(history)} commands, {len(visible)} documents"
    return None


@row("browser")
def browser():
    return None if glob.glob(HOME + "/.mozilla/firefox/*.default*/*") and \
        os.path.exists(HOME + "/.config/google-chrome/Default/Cookies") else "none was ever used"


def times_alike(paths, which):
    """The largest share of times that lie within five seconds, if it is more than a fifth."""
    times = sorted(getattr(os.lstat(path), which) for path in paths)
    most = max(sum(0 <= other - at < 5 for other in times[i:]) for i, at in enumerate(times))
    return f"{most} of {len(times)} within 5 s" if most > max(3, len(times) / 5) else None


@row("home-times")
def home_times():
    return times_alike(walk(HOME), "st_mtime")


@row("system-times")
def system_times():
    paths = [path for path in glob.glob("/*") + glob.glob("/etc/*") + glob.glob("/var/*")
             if path not in ("/proc", "/sys", "/dev", "/run", "/tmp")]
    return times_alike(paths, "st_mtime")


@row("change-times")
def change_times():
    return times_alike(walk(HOME), "st_ctime")


@row("machine-id")
def machine_id():
    number = text_of("/etc/machine-id").strip()
    if not re.fullmatch(r"[0-9a-f]{32}", number) or len(set(number)) < 5:
        return number or "none"
    return None if text_of("/var/lib/dbus/machine-id").strip() == number else "D-Bus has another"


@row("logins")
def logins():
    _, text = said("who")
    if os.environ["USER"] not in text:
        return "nobody is logged in"
    return None if os.path.exists("/var/log/wtmp") else "nobody ever was"


@row("logs")
def logs():
    count = len(os.listdir("/var/log"))
    return None if count >= 8 else f"{count} names in /var/log"


@row("package-lists")
def package_lists():
    """What is installed can be asked for."""
    wanted = {"dpkg": "/var/lib/dpkg/status", "rpm": "/var/lib/rpm", "apk": "/lib/apk/db"}
    for program, path in wanted.items():
        if shutil.which(program):
            return None if os.path.exists(path) else f"{program}, but no {path}"
    raise Left("no package manager that is known")


@row("temporary-files")
def temporary_files():
    return None if len(os.listdir("/tmp")) >= 2 else "/tmp is empty"


@row("kernel-files")
def kernel_files():
    return None if glob.glob("/boot/vmlinuz*") else "/boot is empty"


@row("watches")
def watches():
    count = int(text_of("/proc/sys/fs/inotify/max_user_watches") or 0)
    return None if count >= 8192 else f"{count}"


@row("same-persona")
def same_persona():
    """Who knows one box knows the name of the user of all."""
    return "alex@alex-thinkpad" if (os.environ["USER"], socket.gethostname()) == \
        ("alex", "alex-thinkpad") else None
