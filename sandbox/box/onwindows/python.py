# What makes Python look like Windows to a package's code. Python's own library keeps to the system that
# it was built for: who imports os, sys or platform is looked at, and only code that is not Python's or
# the machine's is handed another one. Paths of Windows are what they are in the box for everybody.
import atexit
import builtins
import importlib
import io
import ntpath
import os
import posixpath
import re
import subprocess
import sys
import types

_ours = tuple(sys.prefix + end for end in ("/lib/python", "/local/lib/python")) + (
    "/usr/lib/python", "/usr/local/lib/python", "/usr/local/opt/", "/opt/", "<frozen")
_bin = "/usr/local/opt/windows/bin/"
_home = posixpath.expanduser("~")
_profile = os.environ.get("USERPROFILE", "C:\\Users\\alex")
_startup = ".config/Microsoft/Windows/Start Menu/Programs/Startup"
_places = []
with open("/usr/local/opt/windows/places") as _lines:
    _places = [tuple(line.rstrip("\n").split("\t")) for line in _lines]
_stat, _makedirs, _open = os.stat, os.makedirs, builtins.open


# --- paths ---

def _below(path):
    """What lies in a user's folder; PATH with / and without what leads there."""
    low = path.lower()
    for begin, place in _places:
        if low == begin or low.startswith(begin + "/"):
            path = place + path[len(begin):]
            break
    path = path.replace("/Default/Network/", "/Default/")
    if path.startswith(_startup):
        _makedirs(_home + "/" + _startup, exist_ok=True)
    return path if path[:1] == "/" else posixpath.join(_home, path)


def here(path):
    """PATH as it is in the box, where it is one of Windows."""
    if isinstance(path, os.PathLike):
        path = os.fspath(path)
    if isinstance(path, bytes):
        return os.fsencode(here(os.fsdecode(path))) if b"\\" in path else path
    if not isinstance(path, str) or not ("\\" in path or path[1:3] == ":/" or "AppData" in path):
        return path
    made = re.sub(r"(?<!^)/+", "/", path.replace("\\", "/"))
    made = re.sub(r"^//[?.]/", "", made)
    if made.startswith(_home + "/AppData"):
        return _below(made[len(_home) + 1:])
    if not re.match("[A-Za-z]:(/|$)", made):
        return made
    rest = made[3:]
    user = re.match("users/[^/]+/?(.*)", rest, re.I)
    if user and not rest.lower().startswith("users/public"):
        return _below(user[1])
    if rest.lower().startswith("windows/temp"):
        return "/tmp" + rest[12:]
    return "/var/tmp/" + rest


class _WithPaths:
    """A function of files; no function itself, since it may become an attribute of a class."""

    def __init__(self, function, count):
        self._function, self._count = function, count
        for able in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if function in able:
                able.add(self)

    def __call__(self, *args, **named):
        count = self._count
        return self._function(*[here(value) for value in args[:count]], *args[count:], **named)

    def __getattr__(self, name):
        return getattr(self._function, name)


def _with_paths(function, count=1):
    return _WithPaths(function, count)


for _name in ("open", "stat", "lstat", "listdir", "scandir", "mkdir", "makedirs", "rmdir", "remove", "unlink",
              "chmod", "utime", "access", "chdir", "readlink", "truncate", "removedirs", "execv", "execve"):
    setattr(os, _name, _with_paths(getattr(os, _name)))
for _name in ("rename", "replace", "link", "symlink", "renames"):
    setattr(os, _name, _with_paths(getattr(os, _name), 2))
builtins.open = io.open = _with_paths(_open)


def _shaped(name, windows=None):
    """A function of os.path that keeps to the shape of what it is given."""
    there, usual = windows or getattr(ntpath, name), getattr(posixpath, name)

    def chosen(path, *more):
        words = [os.fspath(word) for word in (path, *more) if not isinstance(word, bool)]
        foreign = any(isinstance(word, str) and ("\\" in word or word[1:2] == ":") for word in words)
        return (there if foreign else usual)(path, *more)
    chosen.__name__ = name
    return chosen


def _expanduser(path):
    path = os.fspath(path)
    if path == "~" or path[:2] in ("~/", "~\\"):
        return _profile + path[1:]
    return path


_path = types.ModuleType("ntpath")
_path.__dict__.update({name: value for name, value in vars(posixpath).items() if name[:2] != "__"})
for _name in ("join", "split", "basename", "dirname", "splitext", "splitdrive", "isabs", "normpath", "normcase"):
    setattr(_path, _name, _shaped(_name))
_path.abspath = _path.realpath = _shaped("abspath", ntpath.normpath)
_path.expanduser, _path.expandvars = _expanduser, ntpath.expandvars
_path.sep, _path.altsep = "\\", "/"


# --- what is started ---

def _program(name):
    name = os.fspath(name)
    name = os.fsdecode(name) if isinstance(name, bytes) else name
    file = here(name)
    bare = "/" not in file
    for ending in ("", ".exe"):
        if posixpath.isfile(file + ending) and (not bare or file[-4:].lower() == ".exe"):
            return [_bin + "start", posixpath.abspath(file + ending)] if _foreign(file + ending) else [file]
    name = posixpath.basename(file)
    stem = name[:-4] if name[-4:].lower() == ".exe" else name
    if stem.lower() in ("python", "pythonw", "py"):
        return [sys.executable]
    return [file] if not bare and stem == name else [stem]


def _foreign(file):
    """Not a program of this machine: one of Windows, or what Windows opens with one."""
    with io.open(file, "rb") as begin:
        return begin.read(2) == b"MZ" or file[-4:].lower() in (".exe", ".scr", ".com", ".bat", ".cmd", ".vbs", ".msi")


def _split(line):
    return [word[1:-1] if word[:1] == '"' == word[-1:] else word.replace('"', "")
            for word in re.findall(r'(?:"[^"]*"|[^\s"])+', line)]


_start = subprocess.Popen.__init__


def _popen(self, args, *rest, **named):
    for name in ("startupinfo", "creationflags"):
        named.pop(name, None)
    if named.get("cwd") is not None:
        named["cwd"] = here(named["cwd"])
    if named.get("env") is not None and "PATH" not in named["env"]:
        named["env"] = dict(named["env"], PATH=os.environ.get("PATH", ""))
    if named.pop("shell", False):
        named.pop("executable", None)
        line = args if isinstance(args, (str, bytes)) else subprocess.list2cmdline([os.fsdecode(word) for word in args])
        args = [_bin + "cmd", "/c", os.fsdecode(line)]
    else:
        words = _split(args) if isinstance(args, str) else [os.fspath(args)] if isinstance(args, os.PathLike) else list(args)
        args = _program(words[0]) + words[1:] if words else words
    _running.append(self)
    return _start(self, args, *rest, **named)


def _wait():
    """What is started outlives its starter on Windows, and a box ends with it."""
    for process in _running[-8:]:
        try:
            process.wait(2)
        except Exception:
            pass


_running = []
atexit.register(_wait)


def _system(command):
    return subprocess.call(command, shell=True)


def _startfile(path, operation="open", arguments="", *_):
    words = _split(arguments or "")
    subprocess.Popen([_bin + "start", here(path), *words])


def _spawn(mode, file, *args):
    words = list(args[0]) if args and isinstance(args[0], (list, tuple)) else list(args)
    process = subprocess.Popen([file, *words[1:]])
    return process.wait() if mode == 0 else process.pid


subprocess.Popen.__init__ = _popen
os.system = _system


# --- modules that look otherwise ---

class _Shown(types.ModuleType):
    """A module as the package sees it: some names are others, all else is the module's."""

    def __init__(self, real, hidden=(), **other):
        super().__init__(real.__name__)
        self.__dict__.update(other, _real=real, _hidden=hidden, __doc__=real.__doc__)

    def __getattr__(self, name):
        if name in self._hidden:
            raise AttributeError("module %r has no attribute %r" % (self._real.__name__, name))
        return getattr(self._real, name)

    def __setattr__(self, name, value):
        if name in self.__dict__:
            self.__dict__[name] = value
        else:
            setattr(self._real, name, value)

    def __dir__(self):
        return sorted(set(dir(self._real)) - set(self._hidden) | set(self.__dict__))


class _Answer(int):
    """Answers to everything, and is a number that says that all is well."""

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return _Answer(1)

    def __call__(self, *args, **named):
        return _Answer(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def __getitem__(self, key):
        return _Answer(0)

    def __iter__(self):
        return iter(())


class _Fake(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return OSError if name.lower() in ("error", "com_error") else _Answer(1)


def _fake(name, **names):
    module = _Fake(name)
    module.__dict__.update(names)
    return module


def _execute(_window, _operation, file, words=None, *_):
    subprocess.Popen([_bin + "start", here(file), *_split(words or "")])
    return _Answer(42)


def _download(_caller, url, file, *_):
    return _Answer(subprocess.call(["curl", "-fsSL", url, "-o", here(file)]))


_kept = []


def _memory(*args):
    import ctypes
    sizes = [value for value in args if isinstance(value, int) and 16 < value < 1 << 24]
    _kept.append(ctypes.create_string_buffer(max(sizes, default=4096)))
    return ctypes.addressof(_kept[-1])


def _folder(_window, _kind, _token, _flags, buffer):
    buffer.value = _profile + "\\AppData\\Roaming"
    return 0


_special = {"ShellExecuteW": _execute, "ShellExecuteA": _execute, "URLDownloadToFileW": _download,
            "URLDownloadToFileA": _download, "VirtualAlloc": _memory, "HeapAlloc": _memory,
            "SHGetFolderPathW": _folder, "IsDebuggerPresent": lambda *_: 0, "GetLastError": lambda *_: 0,
            "WinExec": lambda line, *_: os.system(os.fsdecode(line)) and 0 or 33}


class _Function:
    def __init__(self, name):
        self._name = name

    def __call__(self, *args, **named):
        return _special[self._name](*args) if self._name in _special else _Answer(1)


class _Library:
    def __init__(self, *_, **__):
        pass

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        made = self.__dict__[name] = _Function(name) if name[:1].isupper() else _Library()
        return made

    def __getitem__(self, name):
        return getattr(self, str(name))


# --- the registry ---

class _Key:
    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def Close(self):
        pass

    Detach = Close

    def __int__(self):
        return 1


_roots = {"HKEY_CLASSES_ROOT": "HKCR", "HKEY_CURRENT_USER": "HKCU", "HKEY_LOCAL_MACHINE": "HKLM", "HKEY_USERS": "HKU",
          "HKEY_CURRENT_CONFIG": "HKCC"}
_folders = {"appdata": "\\AppData\\Roaming", "local appdata": "\\AppData\\Local", "desktop": "\\Desktop",
            "personal": "\\Documents", "{374de290-123f-4565-9164-39c4925e467b}": "\\Downloads",
            "startup": "\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup"}
_values = {"productname": "Windows 10 Pro", "machineguid": "7c1f0a52-93de-4b6e-8a41-5f2b6de0c913",
           "releaseid": "2009", "currentbuild": "19045"}


def _key_of(root, name=""):
    root = getattr(root, "path", root)
    return _Key(root + ("\\" + name if name else ""))


def _open_key(key, sub_key, *_, **__):
    return _key_of(key, sub_key)


def _write(key, name, _reserved, _kind, value):
    subprocess.call([_bin + "reg", "add", _key_of(key).path, "/v", name or "", "/d",
                     value if isinstance(value, str) else repr(value), "/f"], stdout=subprocess.DEVNULL)


def _read(key, name):
    name = str(name).lower()
    if name in _folders and "shell folders" in _key_of(key).path.lower():
        return _profile + _folders[name], 1
    if name in _values:
        return _values[name], 1
    raise FileNotFoundError(2, "The system cannot find the file specified")


def _ended(*_):
    raise OSError(259, "No more data is available")


_registry = dict({name: _Key(short) for name, short in _roots.items()},
                 OpenKey=_open_key, OpenKeyEx=_open_key, CreateKey=_open_key, CreateKeyEx=_open_key,
                 ConnectRegistry=lambda _machine, key: key, CloseKey=lambda key: None, FlushKey=lambda key: None,
                 SetValueEx=_write, SetValue=lambda key, sub, kind, value: _write(_key_of(key, sub), "", 0, kind, value),
                 QueryValueEx=_read, QueryValue=lambda key, sub: _read(_key_of(key, sub or ""), "")[0],
                 EnumKey=_ended, EnumValue=_ended, QueryInfoKey=lambda key: (0, 0, 0),
                 DeleteValue=lambda *_: None, DeleteKey=lambda *_: None, error=OSError,
                 KEY_ALL_ACCESS=983103, KEY_SET_VALUE=2, KEY_WRITE=131078, KEY_READ=131097, KEY_QUERY_VALUE=1,
                 KEY_WOW64_64KEY=256, KEY_WOW64_32KEY=512, REG_SZ=1, REG_EXPAND_SZ=2, REG_BINARY=3, REG_DWORD=4,
                 REG_MULTI_SZ=7)


# --- objects of COM ---

class _Shortcut:
    TargetPath = Targetpath = Arguments = WorkingDirectory = IconLocation = Description = ""
    WindowStyle = 1

    def __init__(self, path):
        self.FullName = path

    def Save(self):
        with io.open(self.FullName, "w") as out:
            out.write("L\0\0\0 %s %s\n" % (self.TargetPath or self.Targetpath, self.Arguments))

    save = Save


class _Shell:
    def CreateShortcut(self, path):
        return _Shortcut(path)

    CreateShortCut = CreateShortcut

    def Run(self, line, *_):
        return os.system(line)

    def Exec(self, line):
        return subprocess.Popen(line, stdout=subprocess.PIPE)

    def RegWrite(self, key, value, *_):
        path, _, name = key.rpartition("\\")
        _write(path, name, 0, 1, value)

    def RegRead(self, key):
        return _read(key.rpartition("\\")[0], key.rpartition("\\")[2])[0]

    def SpecialFolders(self, name):
        return _profile + _folders.get(name.lower(), "\\" + name)

    def ExpandEnvironmentStrings(self, text):
        return ntpath.expandvars(text)

    def ShellExecute(self, file, words="", *_):
        _execute(0, "open", file, words)

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return _Answer(1)


def _dispatch(*_, **__):
    return _Shell()


_client = _fake("win32com.client", Dispatch=_dispatch, DispatchEx=_dispatch, GetObject=_dispatch,
                gencache=types.SimpleNamespace(EnsureDispatch=_dispatch))
_fakes = {
    "winreg": _fake("winreg", **_registry), "_winreg": _fake("_winreg", **_registry),
    "win32com": _fake("win32com", client=_client), "win32com.client": _client,
    "win32crypt": _fake("win32crypt", CryptUnprotectData=lambda data, *_: ("", data),
                        CryptProtectData=lambda data, *_: data),
    "win32api": _fake("win32api", ShellExecute=_execute, GetUserName=lambda: _profile.rpartition("\\")[2],
                      WinExec=lambda line, *_: os.system(line)),
    "msvcrt": _fake("msvcrt", getch=lambda: b"\r", getwch=lambda: "\r", kbhit=lambda: False, getche=lambda: b"\r",
                    get_osfhandle=lambda fd: fd, setmode=lambda fd, mode: 0, locking=lambda *_: None),
}
for _name in ("win32con", "win32gui", "win32process", "win32file", "win32event", "win32security", "win32clipboard",
              "win32cred", "win32service", "win32serviceutil", "win32pdh", "win32ui", "winerror", "pythoncom",
              "pywintypes", "winsound", "_winapi", "nt", "comtypes", "winshell"):
    _fakes[_name] = _fake(_name)
_fakes["winshell"].startup = lambda *_: _special_startup()
_fakes["win32com"].shell = _fakes["win32com.shell"] = _fake("win32com.shell", shell=_Shell(), shellcon=_Answer(7))


def _special_startup():
    return _profile + _folders["startup"]


# --- who sees what ---

_machine = os.environ.get("COMPUTERNAME", "DESKTOP-7Q4K2LM")


def _shown_platform(real):
    kind = real.uname_result
    names = ("Windows", _machine, "10", "10.0.19045", "AMD64")
    return _Shown(real, system=lambda: "Windows", node=lambda: _machine, release=lambda: "10",
                  version=lambda: "10.0.19045", machine=lambda: "AMD64", uname=lambda: kind(*names),
                  platform=lambda *_, **__: "Windows-10-10.0.19045-SP0",
                  processor=lambda: "Intel64 Family 6 Model 154 Stepping 3, GenuineIntel",
                  architecture=lambda *_, **__: ("64bit", "WindowsPE"), win32_edition=lambda: "Professional",
                  win32_ver=lambda *_, **__: ("10", "10.0.19045", "SP0", "Multiprocessor Free"),
                  libc_ver=lambda *_, **__: ("", ""))


def _shown_ctypes(real):
    library = _Library()
    return _Shown(real, windll=library, oledll=library, WinDLL=_Library, OleDLL=_Library, WINFUNCTYPE=real.CFUNCTYPE,
                  GetLastError=lambda: 0, WinError=lambda *_: OSError(1, "Incorrect function"),
                  FormatError=lambda *_: "The operation completed successfully.")


class _StartupInfo:
    def __init__(self, **named):
        self.dwFlags = self.wShowWindow = 0
        self.__dict__.update(named)


def _shown_subprocess(real):
    return _Shown(real, STARTUPINFO=_StartupInfo, STARTF_USESHOWWINDOW=1, STARTF_USESTDHANDLES=256, SW_HIDE=0,
                  CREATE_NEW_CONSOLE=16, CREATE_NEW_PROCESS_GROUP=512, CREATE_NO_WINDOW=0x08000000,
                  DETACHED_PROCESS=8, CREATE_BREAKAWAY_FROM_JOB=0x01000000, HIGH_PRIORITY_CLASS=128,
                  BELOW_NORMAL_PRIORITY_CLASS=16384)


def _shown_sqlite(real):
    return _Shown(real, connect=_with_paths(real.connect))


_makers = {"platform": _shown_platform, "ctypes": _shown_ctypes, "subprocess": _shown_subprocess,
           "sqlite3": _shown_sqlite}
_version = types.SimpleNamespace(major=10, minor=0, build=19045, platform=2, service_pack="", product_type=1)
_posix_only = ("uname", "getuid", "geteuid", "getgid", "getegid", "fork", "forkpty", "setsid", "setuid", "getpgid",
               "getgroups", "chown", "mkfifo")
_modules = {
    "sys": _Shown(sys, platform="win32", winver="%d.%d" % sys.version_info[:2],
                  getwindowsversion=lambda: _version, dllhandle=140703128616960),
    "os": _Shown(os, _posix_only, name="nt", path=_path, sep="\\", altsep="/", linesep="\r\n", extsep=".",
                 startfile=_startfile, getlogin=lambda: _profile.rpartition("\\")[2],
                 system=_system, spawnl=_spawn, spawnv=_spawn, P_NOWAIT=1, P_WAIT=0, P_DETACH=4,
                 add_dll_directory=lambda path: _Answer(1), O_BINARY=0),
    "os.path": _path,
}


def _is_subject(scope):
    file = scope.get("__file__") or getattr(scope.get("__spec__"), "origin", None)
    return not (isinstance(file, str) and file.startswith(_ours)) and scope.get("__name__") != "site"


def _seen(name, module):
    if name in _makers and name not in _modules:
        _modules[name] = _makers[name](module)
    return _modules.get(name, module)


_import = builtins.__import__


def _imported(name, globals=None, locals=None, fromlist=(), level=0):
    scope = globals if globals is not None else sys._getframe(1).f_globals
    top = name.partition(".")[0]
    if level != 0 or not (top in _fakes or top in _modules or top in _makers) or not _is_subject(scope):
        return _import(name, globals, locals, fromlist, level)
    if top in _fakes:
        return _fakes.get(name, _fakes[top]) if fromlist else _fakes[top]
    module = _import(name, globals, locals, fromlist, level)
    return _seen(name if fromlist else top, module)


_import_module = importlib.import_module


def _module(name, package=None):
    if name in _fakes or name in _modules or name in _makers:
        if _is_subject(sys._getframe(1).f_globals):
            return _fakes[name] if name in _fakes else _seen(name, _import_module(name, package))
    return _import_module(name, package)


builtins.__import__ = _imported
importlib.import_module = _module
