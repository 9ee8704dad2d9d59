import abc as _abc
import asyncio as _asyncio
import importlib as _importlib
import importlib.machinery as _machinery
import inspect as _inspect
import os as _os
import stat as _stat
import sys as _sys
import types as _types

_top = __name__.partition(".")[0]
_errors = ("Error", "Exception", "Warning", "Timeout", "Exit", "Abort", "Failure", "NotFound",
           "Denied", "Interrupt", "Fault")
_raising = ("exceptions", "errors", "error", "exc")
_values = {"path": "/home/alex/Documents/standup.md", "file": "/home/alex/Documents/standup.md",
           "url": "https://example.com/page", "n": 3, "count": 3, "limit": 3, "name": "report",
           "verbose": False, "debug": False}
_asked = 0


def _hidden(name):
    return name[:2] == "__" and name[-2:] == "__"


# --- what it is asked for is told ---

_channel, _lines_max, _calls_max, _way_max = 198, 256, 4000, 120
_text_min, _text_max, _texts_max = 24, 16384, 32
_write = _os.write
_lines, _texts = set(), set()
_calls = 0
try:
    _told = _stat.S_ISSOCK(_os.fstat(_channel).st_mode)
except OSError:
    _told = False


def _send(tag, text):
    try:
        _write(_channel, b"\x1f".join((tag, b"python3", _top.encode(),
                                       text.encode("utf-8", "surrogateescape"))))
    except (OSError, UnicodeError):
        pass


def _give(text):
    text = text[:_text_max]
    if len(text) < _text_min or len(_texts) > _texts_max or text in _texts:
        return
    _texts.add(text)
    if len(_texts) > _texts_max:
        _send(b"A", "…")
    else:
        _send(b"G", text)


def _shown(value, depth=0):
    """Nothing of the value's own is called for it."""
    kind = type(value)
    if kind is str:
        _give(value)
        return repr(value) if len(value) <= 80 else repr(value[:80]) + "…"
    if kind is bytes:
        _give(value[:_text_max].decode("latin-1"))
        return repr(value) if len(value) <= 80 else repr(value[:80]) + "…"
    if kind in (bool, float, complex, type(None)) or kind is int and value.bit_length() < 256:
        return repr(value)
    if kind in (list, tuple, set, frozenset, dict) and depth < 2:
        items = list(value.items() if kind is dict else value)[:8]
        ends = "()" if kind is tuple else "[]" if kind is list else "{}"
        return ends[0] + ", ".join(
            _shown(item[0], 2) + ": " + _shown(item[1], depth + 1) if kind is dict
            else _shown(item, depth + 1) for item in items) + ends[1]
    if kind is _Kind:
        return value._way
    if _Object in type.__getattribute__(kind, "__mro__"):
        return _way_of(value)
    return "<" + type.__getattribute__(kind, "__name__") + ">"


def _tell(way, args=None, kwargs=None):
    global _calls
    _calls += 1
    if not _told or _calls > _calls_max or len(_lines) > _lines_max:
        return
    try:
        if args is not None:
            words = [_shown(value) for value in args[:8]]
            words += [key + "=" + _shown(value) for key, value in list(kwargs.items())[:8]]
            way = way[-_way_max:] + "(" + ", ".join(words) + ")"
        if _calls == _calls_max or len(_lines) == _lines_max:
            way = "…"
        if way not in _lines:
            _lines.add(way)
            _send(b"A", way[:1024])
    except Exception:
        pass


def _way_of(value):
    return object.__getattribute__(value, "__dict__").get("_way", type(value)._way)


class _Kind(_abc.ABCMeta):
    def __getattr__(cls, name):
        if _hidden(name) or name.startswith("_abc"):
            raise AttributeError(name)
        return _make(name, way=cls._way + "." + name)

    def __iter__(cls):
        return iter(())

    def __bool__(cls):
        return True

    def __or__(cls, other):
        return cls

    __ror__ = __or__


class _Object(metaclass=_Kind):
    _way = "value"

    def __init__(self, *args, **kwargs):
        _tell(type(self)._way, args, kwargs)
        for key, value in kwargs.items():
            try:
                self.__dict__[key] = value
            except AttributeError:
                pass

    def __init_subclass__(cls, **kwargs):
        pass

    def __class_getitem__(cls, item):
        return cls

    def __mro_entries__(self, bases):
        return (_Object,)

    def __instancecheck__(self, other):
        return False

    def __getattr__(self, name):
        if _hidden(name):
            raise AttributeError(name)
        value = _make(name, way=_way_of(self) + "." + name)
        try:
            self.__dict__[name] = value
        except AttributeError:
            pass
        return value

    def __call__(self, *args, **kwargs):
        _tell(_way_of(self), args, kwargs)
        if len(args) == 1 and not kwargs and isinstance(
                args[0], (_types.FunctionType, type, _Command)):
            return _decorated(args[0])
        return _plain("result", _way_of(self) + "()")

    def __bool__(self):
        # Whatever waits for one or the other ends.
        global _asked
        _asked += 1
        return _asked < 256 or _asked % 2 == 0

    def __iter__(self):
        _tell("for … in " + _way_of(self))
        return iter(())

    def __next__(self):
        raise StopIteration

    def __aiter__(self):
        _tell("for … in " + _way_of(self))
        return self

    async def __anext__(self):
        raise StopAsyncIteration

    def __await__(self):
        return self
        yield

    def __enter__(self):
        _tell("with " + _way_of(self))
        return self

    def __exit__(self, *args):
        return None

    async def __aenter__(self):
        _tell("with " + _way_of(self))
        return self

    async def __aexit__(self, *args):
        return None

    def __len__(self):
        return 0

    def __contains__(self, item):
        return False

    def __getitem__(self, key):
        return _plain("item", _way_of(self) + "[…]")

    def __setitem__(self, key, value):
        _tell(_way_of(self) + ".__setitem__", (key, value), {})

    def __delitem__(self, key):
        pass

    def __int__(self):
        return 1

    __index__ = __int__

    def __float__(self):
        return 1.0

    def __complex__(self):
        return 1j

    def __round__(self, digits=None):
        return 1

    def __str__(self):
        return self.__dict__.get("_called", "value")

    def __bytes__(self):
        return str(self).encode()

    def __fspath__(self):
        return "/tmp/" + str(self)

    def __format__(self, form):
        return str(self)

    def __hash__(self):
        return id(self) >> 4

    def __eq__(self, other):
        return self is other

    def _no(self, other):
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _no

    def _sum(self, *other):
        return self

    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = _sum
    __matmul__ = __and__ = __or__ = __xor__ = __lshift__ = __rshift__ = _sum
    __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rpow__ = __rand__ = __ror__ = _sum
    __neg__ = __pos__ = __abs__ = __invert__ = _sum

    def __radd__(self, other):
        return other + str(self) if isinstance(other, str) else self


def _plain(name, way=None):
    made = _Object.__new__(_Object)
    made.__dict__["_called"] = name
    made.__dict__["_way"] = (way or name)[-_way_max:]
    return made


_made = {}


def _make(name, raised=False, way=None):
    if name[:1].isupper() and not name.isupper() or name.endswith(_errors):
        if name not in _made:
            base = (Exception,) if raised or name.endswith(_errors) else (_Object,)
            _made[name] = type(base[0])(name, base, {"__module__": __name__, "_way": way or name})
        return _made[name]
    return _plain(name, way)


# --- commands ---

def _filled(function, args=(), kwargs=None):
    kwargs = dict(kwargs or {})
    try:
        parameters = list(_inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    for parameter in parameters[len(args):]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = parameter.default
        if parameter.name in kwargs or not (default is parameter.empty
                                            or isinstance(default, _Object)):
            continue
        word = parameter.name.lower()
        value = [v for k, v in _values.items() if word == k or word.endswith("_" + k)]
        kwargs[parameter.name] = value[0] if value else "report"
    result = function(*args, **kwargs)
    if _inspect.iscoroutine(result):
        result = _asyncio.run(result)
    return result


_commands = []


class _Command(_Object):
    def __init__(self, function):
        self.__dict__["_function"] = function
        self.__dict__["_below"] = []
        self.__dict__["__name__"] = getattr(function, "__name__", "main")
        self.__dict__["__doc__"] = getattr(function, "__doc__", None)

    def command(self, *args, **kwargs):
        def take(function):
            made = function if isinstance(function, _Command) else _Command(function)
            if made in _commands:
                _commands.remove(made)
            self._below.append(made)
            return made
        if args and isinstance(args[0], (_types.FunctionType, _Command)):
            return take(args[0])
        return take

    group = callback = add_command = command

    def __call__(self, *args, **kwargs):
        result = _filled(self._function, args, kwargs)
        for command in self._below:
            command()
        return result

    main = invoke = __call__


_parsers = ("click", "typer", "fire", "rich_click", "asyncclick", "cyclopts", "plac", "defopt")


def _decorated(function):
    if _top not in _parsers or isinstance(function, type):
        return function
    if isinstance(function, _Command):
        return function
    made = _Command(function)
    _commands.append(made)
    return made


class _App(_Object):
    def __call__(self, *args, **kwargs):
        for command in list(_commands):
            command()
        return 0

    run = __call__


def _run(*args, **kwargs):
    for function in args:
        if callable(function):
            return _filled(function)
    return None


# --- HTTP ---

class _RequestException(IOError):
    def __init__(self, *args, **kwargs):
        self.response = kwargs.pop("response", None)
        self.request = kwargs.pop("request", None)
        super().__init__(*args)


class _HTTPError(_RequestException):
    pass


class _ConnectionError(_RequestException):
    pass


class _Timeout(_ConnectionError):
    pass


class _Elapsed:
    def total_seconds(self):
        return 0.187


class _Response:
    def __init__(self, url, status, reason, headers, content):
        self.url, self.status_code, self.reason, self.content = url, status, reason, content
        self.headers, self.encoding, self.cookies = headers, "utf-8", {}
        self.history, self.elapsed, self.raw = [], _Elapsed(), _plain("raw")
        self.reason_phrase = reason
        self.ok = self.is_success = status < 400
        self.is_error = not self.ok

    @property
    def text(self):
        return self.content.decode("utf-8", "replace")

    def json(self, **kwargs):
        import json
        return json.loads(self.text)

    def raise_for_status(self):
        if self.status_code >= 400:
            raise _HTTPError("%d Error: %s for url: %s" % (self.status_code, self.reason, self.url),
                             response=self)
        return self

    def iter_content(self, chunk_size=None, **kwargs):
        return iter([self.content] if self.content else [])

    iter_bytes = iter_content

    def iter_lines(self, **kwargs):
        return iter(self.content.splitlines())

    def read(self):
        return self.content

    async def aread(self):
        return self.content

    def close(self):
        pass

    def __bool__(self):
        return self.ok

    def __iter__(self):
        return self.iter_content()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return None


def _parts(files, data):
    import uuid
    mark = uuid.uuid4().hex
    body = b""
    for key, value in (dict(data) if data else {}).items():
        body += ('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
                 % (mark, key, value)).encode()
    for key, value in (files.items() if hasattr(files, "items") else files):
        name = key
        if isinstance(value, (tuple, list)):
            name, value = value[0], value[1]
        elif hasattr(value, "name"):
            name = _os.path.basename(str(value.name))
        if hasattr(value, "read"):
            value = value.read()
        if isinstance(value, str):
            value = value.encode()
        body += ('--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n'
                 % (mark, key, name)).encode() + bytes(value) + b"\r\n"
    return body + ("--%s--\r\n" % mark).encode(), "multipart/form-data; boundary=" + mark


_agents = {"requests": "python-requests/2.32.3", "httpx": "python-httpx/0.28.1",
           "aiohttp": "Python/3.11 aiohttp/3.11.11"}


def _request(method, url, params=None, data=None, json=None, headers=None, files=None, auth=None,
            content=None, timeout=None, **kwargs):
    import base64
    import json as codec
    import socket
    import urllib.error
    import urllib.parse
    import urllib.request
    url = str(url)
    head = {"User-Agent": _agents.get(_top, _top), "Accept": "*/*"}
    body = content if content is not None else data
    if params:
        words = params if isinstance(params, str) else urllib.parse.urlencode(params, doseq=True)
        url += ("&" if "?" in url else "?") + words
    if files:
        body, head["Content-Type"] = _parts(files, data)
    elif json is not None:
        body = codec.dumps(json, default=str)
        head["Content-Type"] = "application/json"
    elif isinstance(body, (dict, list, tuple)):
        body = urllib.parse.urlencode(body, doseq=True)
        head["Content-Type"] = "application/x-www-form-urlencoded"
    elif hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    if isinstance(auth, (tuple, list)) and len(auth) == 2:
        pair = ("%s:%s" % tuple(auth)).encode()
        head["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    for key, value in dict(headers or {}).items():
        if value is not None:
            head[str(key)] = value.decode() if isinstance(value, bytes) else str(value)
    if isinstance(timeout, (tuple, list)):
        timeout = timeout[0]
    seconds = timeout if isinstance(timeout, (int, float)) else 30
    try:
        asked = urllib.request.Request(url, data=body, headers=head, method=str(method).upper())
        try:
            answer = urllib.request.urlopen(asked, timeout=seconds)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return _Response(url, answer.status, answer.reason, dict(answer.headers.items()),
                             answer.read())
    except (socket.timeout, TimeoutError) as error:
        raise _Timeout(str(error))
    except (OSError, ValueError) as error:
        raise _ConnectionError(str(error))


_methods = ("get", "post", "put", "patch", "delete", "head", "options")


def _method(name):
    def call(url, data=None, **kwargs):
        return _request(name.upper(), url, data=data, **kwargs)
    call.__name__ = call.__qualname__ = name
    return call


class _Session:
    def __init__(self, *args, **kwargs):
        self.headers = dict(kwargs.get("headers") or {})
        self.auth, self.cookies, self.params = kwargs.get("auth"), {}, {}
        self.proxies, self.verify, self.base_url = {}, True, str(kwargs.get("base_url") or "")

    def _filled(self, url, kwargs):
        kwargs["headers"] = {**self.headers, **(kwargs.get("headers") or {})}
        kwargs.setdefault("auth", self.auth)
        return self.base_url.rstrip("/") + str(url) if str(url).startswith("/") else str(url)

    def request(self, method, url, **kwargs):
        return _request(method, self._filled(url, kwargs), **kwargs)

    def stream(self, method, url, **kwargs):
        return self.request(method, url, **kwargs)

    def mount(self, *args, **kwargs):
        pass

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return None


def _of_session(name):
    def call(self, url, data=None, **kwargs):
        return self.request(name.upper(), url, data=data, **kwargs)
    return call


def _of_async_session(name):
    async def call(self, url, **kwargs):
        return _Session.request(self, name.upper(), url, **kwargs)
    return call


class _AsyncClient(_Session):
    async def request(self, method, url, **kwargs):
        return _Session.request(self, method, url, **kwargs)

    async def aclose(self):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        return None


class _AsyncResponse:
    def __init__(self, answer):
        self.status, self.reason, self.headers = answer.status_code, answer.reason, answer.headers
        self.ok, self.url, self._answer = answer.ok, answer.url, answer
        self.raise_for_status, self.content = answer.raise_for_status, self

    async def text(self, *args, **kwargs):
        return self._answer.text

    async def json(self, *args, **kwargs):
        return self._answer.json()

    async def read(self, *args):
        return self._answer.content

    def release(self):
        pass


class _Pending:
    def __init__(self, send):
        self._send = send

    def __await__(self):
        return _AsyncResponse(self._send())
        yield

    async def __aenter__(self):
        return _AsyncResponse(self._send())

    async def __aexit__(self, *args):
        return None


class _ClientSession(_Session):
    def request(self, method, url, **kwargs):
        return _Pending(lambda: _Session.request(self, method, url, **kwargs))

    async def close(self):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        return None


for _name in _methods:
    setattr(_Session, _name, _of_session(_name))
    setattr(_AsyncClient, _name, _of_async_session(_name))
    setattr(_ClientSession, _name, _of_session(_name))


# --- .env ---

def _find_dotenv(filename=".env", *args, **kwargs):
    main = getattr(_sys.modules.get("__main__"), "__file__", None)
    for start in (_os.path.dirname(_os.path.abspath(main)) if main else None, _os.getcwd()):
        while start:
            path = _os.path.join(start, filename)
            if _os.path.isfile(path):
                return path
            above = _os.path.dirname(start)
            start = above if above != start else None
    return ""


def _dotenv_values(dotenv_path=None, **kwargs):
    path, found = dotenv_path or _find_dotenv(), {}
    if not path or not _os.path.isfile(path):
        return found
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, sign, value = line.strip().partition("=")
            if not sign or key.startswith("#"):
                continue
            found[key.removeprefix("export ").strip()] = value.strip().strip("'\"")
    return found


def _load_dotenv(dotenv_path=None, stream=None, verbose=False, override=False, **kwargs):
    found = _dotenv_values(dotenv_path)
    for key, value in found.items():
        if override or key not in _os.environ:
            _os.environ[key] = value
    return bool(found)


# --- what the module has ---

_http = {"request": _request, **{name: _method(name) for name in _methods},
         "RequestException": _RequestException, "HTTPError": _HTTPError,
         "ConnectionError": _ConnectionError, "Timeout": _Timeout, "HTTPStatusError": _HTTPError,
         "RequestError": _RequestException, "ConnectError": _ConnectionError,
         "TimeoutException": _Timeout, "ClientError": _RequestException, "Session": _Session,
         "session": _Session, "Client": _Session, "AsyncClient": _AsyncClient,
         "ClientSession": _ClientSession, "Response": _Response}
_known = {"requests": _http, "httpx": _http, "aiohttp": _http,
          "dotenv": {"load_dotenv": _load_dotenv, "dotenv_values": _dotenv_values,
                     "find_dotenv": _find_dotenv},
          "fire": {"Fire": _run}, "typer": {"run": _run, "Typer": _App},
          "cyclopts": {"run": _run, "App": _App}, "plac": {"call": _run}, "defopt": {"run": _run},
          "click": {"echo": print, "secho": print},
          "tqdm": {"tqdm": lambda items=(), *a, **k: items},
          "nest_asyncio": {"apply": lambda *a: None}}.get(_top, {})
if _top == "typer":
    _known = {**_known, "echo": print, "Argument": lambda default=_plain("value"), *a, **k:
              _plain("value") if default is ... else default,
              "Option": lambda default=_plain("value"), *a, **k:
              _plain("value") if default is ... else default}


def _attribute(module):
    raised = module.rpartition(".")[2] in _raising

    def get(name):
        if _hidden(name):
            raise AttributeError(name)
        if module == _top and name in _raising:
            return _importlib.import_module(module + "." + name)
        way = module + "." + name
        _tell(way)
        value = _known[name] if name in _known else _make(name, raised, way)
        setattr(_sys.modules[module], name, value)
        return value
    return get


class _Submodules:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if not name.startswith(_top + "."):
            return None
        return _machinery.ModuleSpec(name, _Submodules, is_package=True)

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        _tell("import " + module.__name__)
        module.__getattr__ = _attribute(module.__name__)


for _key, _value in _known.items():
    if isinstance(_value, type) and _value.__name__[0] == "_":
        _value.__name__ = _value.__qualname__ = _key
_get = _attribute(__name__)


def __getattr__(name):
    return _get(name)


_tell("import " + __name__)
__version__ = "2.4.1"
_sys.meta_path.append(_Submodules)
