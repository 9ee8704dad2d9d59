# A working stand-in for mcp and fastmcp: it speaks the protocol of 2025-06-18 over the standard
# streams, so that the tools of a server are listed and called where no library for it is there. It
# serves at the end of a script that only registers tools, too.
import ast as _ast
import asyncio as _asyncio
import base64 as _base64
import concurrent.futures.thread as _  # what is registered behind it is called before it
import enum as _enum
import importlib.machinery as _machinery
import inspect as _inspect
import json as _json
import os as _os
import re as _re
import signal as _signal
import sys as _sys
import threading as _threading
import types as _types
import typing as _typing

_top = __name__.partition(".")[0]
_cpu_seconds, _examples_max, _line_max, _depth_max, _source_max = 4, 8, 1 << 22, 6, 1 << 20
_script = getattr(_sys.modules.get("__main__"), "__file__", None)
_served = False
_servers = []


# --- what is said: all of mcp.types ---

def _plain(value, depth=0):
    """VALUE as JSON has it."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value.value if isinstance(value, _enum.Enum) else value
    if depth > 16:
        return str(value)
    if isinstance(value, _enum.Enum):
        return _plain(value.value, depth + 1)
    if isinstance(value, bytes):
        return _base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, _Model):
        return {key: _plain(item, depth + 1) for key, item in vars(value).items()
                if item is not None and key[0] != "_"}
    dump = getattr(type(value), "model_dump", None)
    if callable(dump):
        made = value.model_dump()
        return _plain(made, depth + 1) if isinstance(made, dict) else str(value)
    if hasattr(value, "__dataclass_fields__"):
        return _plain(vars(value), depth + 1)
    return str(value)


class _Model:
    _fixed = {}

    def __init__(self, *args, **fields):
        for key, value in {**self._fixed, **fields}.items():
            setattr(self, key, value)
        for key, value in zip(self._names(), args):
            setattr(self, key, value)

    def _names(self):
        return ("name", "text")

    def __getattr__(self, name):
        if name[:2] == "__" or name in ("_repr_html_",):
            raise AttributeError(name)
        return None

    def model_dump(self, *args, **kwargs):
        return _plain(self)

    dict = model_dump

    def model_dump_json(self, *args, **kwargs):
        return _json.dumps(_plain(self))

    def __repr__(self):
        return type(self).__name__ + repr(vars(self))


_fixed = {"TextContent": {"type": "text"}, "ImageContent": {"type": "image"},
          "AudioContent": {"type": "audio"}, "EmbeddedResource": {"type": "resource"},
          "ResourceLink": {"type": "resource_link"}}
_kinds = {}


def _kind(name):
    if name not in _kinds:
        _kinds[name] = type(name, (_Model,), {"_fixed": _fixed.get(name, {}),
                                              "__module__": _top + ".types"})
    return _kinds[name]


class McpError(Exception):
    def __init__(self, error=None, *args):
        self.error = error
        super().__init__(getattr(error, "message", None) or str(error), *args)


_errors = {name: type(name, (Exception,), {"__module__": _top}) for name in
           ("ToolError", "ResourceError", "PromptError", "FastMCPError", "ValidationError",
            "InvalidSignature", "NotFoundError", "DisabledError")}


class AnyUrl(str):
    pass


class Image:
    def __init__(self, path=None, data=None, format=None):
        self.path, self.data, self.format = path, data, format

    def _content(self):
        data = self.data
        if data is None:
            with open(self.path, "rb") as file:
                data = file.read()
        return {"type": "image", "data": _base64.b64encode(data).decode(),
                "mimeType": "image/" + (self.format or "png")}


# --- the schema of a function ---

_simple = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object",
           list: "array", bytes: "string", set: "array", tuple: "array", type(None): "null"}


def _schema_of(kind, depth=0):
    if depth > _depth_max:
        return {}
    origin, args = _typing.get_origin(kind), _typing.get_args(kind)
    if isinstance(kind, str):
        word = kind.partition("[")[0].lower()
        named = {"str": str, "int": int, "float": float, "bool": bool, "dict": dict, "list": list}
        return {"type": _simple[named[word]]} if word in named else {}
    if origin is _typing.Annotated:
        made = _schema_of(args[0], depth + 1)
        for about in args[1:]:
            text = about if isinstance(about, str) else getattr(about, "description", None)
            if isinstance(text, str):
                made["description"] = text
        return made
    if origin is _typing.Literal:
        return {"enum": [_plain(item) for item in args]}
    if origin is _typing.Union or origin is getattr(_types, "UnionType", None):
        some = [_schema_of(item, depth + 1) for item in args if item is not type(None)]
        return some[0] if len(some) == 1 else {"anyOf": some}
    if isinstance(kind, type) and issubclass(kind, _enum.Enum):
        return {"enum": [_plain(item) for item in kind]}
    base = origin or kind
    if base in _simple:
        made = {"type": _simple[base]}
        if made["type"] == "array":
            made["items"] = _schema_of(args[0], depth + 1) if args else {"type": "string"}
        return made
    if isinstance(base, type) and issubclass(base, (list, set, tuple)):
        return {"type": "array", "items": _schema_of(args[0], depth + 1) if args else {}}
    if _is_model(kind):
        return _schema_of_model(kind, depth)
    return {}


def _is_model(kind):
    return isinstance(kind, type) and kind.__module__ != "builtins" and bool(
        vars(kind).get("__annotations__"))


def _schema_of_model(kind, depth=0):
    make = getattr(kind, "model_json_schema", None)
    try:
        made = make() if callable(make) else None
        if type(made) is dict:
            return made
    except Exception:
        pass
    properties, required = {}, []
    for name, hint in _hints(kind).items():
        if name[0] == "_":
            continue
        properties[name] = _schema_of(hint, depth + 1)
        default = vars(kind).get(name, ...)
        if default is ...:
            required.append(name)
        elif default is None or isinstance(default, (str, int, float, bool)):
            properties[name]["default"] = default
    return {"type": "object", "properties": properties, "required": required}


def _hints(function):
    try:
        return _typing.get_type_hints(function, include_extras=True)
    except Exception:
        return dict(getattr(function, "__annotations__", None) or {})


def _constants(node):
    """The texts and numbers in NODE."""
    if isinstance(node, _ast.Constant) and isinstance(node.value, (str, int, float)):
        return [] if isinstance(node.value, bool) else [node.value]
    if isinstance(node, (_ast.List, _ast.Tuple, _ast.Set)):
        return [value for item in node.elts for value in _constants(item)]
    if isinstance(node, _ast.Dict):
        return [value for item in node.keys if item for value in _constants(item)]
    return []


def _named(node):
    """The variable in "name" and in "name.lower()", or None."""
    if isinstance(node, _ast.Call) and isinstance(node.func, _ast.Attribute):
        node = node.func.value
    return node.id if isinstance(node, _ast.Name) else None


_trees = {}


def _compared(function):
    """What variables of the function's module are compared with: {NAME: [VALUE…]}."""
    try:
        path = _inspect.getsourcefile(function)
        if path in _trees:
            return _trees[path]
        with open(path, "rb") as file:
            tree = _ast.parse(file.read(_source_max))
    except Exception:
        return {}
    found, loops = {}, {}

    def note(name, values):
        if name is not None:
            found.setdefault(name, []).extend(values)

    for node in _ast.walk(tree):
        if isinstance(node, _ast.comprehension) and isinstance(node.target, _ast.Name):
            loops.setdefault(node.target.id, []).extend(_constants(node.iter))
    for node in _ast.walk(tree):
        if isinstance(node, _ast.Compare):
            sides = [node.left, *node.comparators]
            for side in sides:
                for other in sides:
                    if other is not side:
                        note(_named(side), _constants(other) or loops.get(_named(other), []))
        elif hasattr(_ast, "Match") and isinstance(node, _ast.Match):
            for case in node.cases:
                if isinstance(case.pattern, _ast.MatchValue):
                    note(_named(node.subject), _constants(case.pattern.value))
        elif isinstance(node, _ast.Subscript) and isinstance(node.value, _ast.Dict):
            note(_named(node.slice), _constants(node.value))
        elif isinstance(node, _ast.Call) and isinstance(node.func, _ast.Attribute) and node.args:
            if node.func.attr in ("startswith", "endswith"):
                note(_named(node.func.value), _constants(node.args[0]))
            elif isinstance(node.func.value, _ast.Dict):
                note(_named(node.args[0]), _constants(node.func.value))
    _trees[path] = found
    return found


def _fits(value, kind):
    return isinstance(value, str) if kind in ("string", None) else (
        kind in ("integer", "number") and not isinstance(value, str))


def _is_context(parameter, hint):
    name = getattr(hint, "__name__", None) or str(hint)
    return name.rpartition(".")[2] == "Context" or parameter.name == "ctx"


def _parameters(function):
    """The schema of its arguments, and the names of those that are a context."""
    properties, required, contexts = {}, [], []
    hints, compared = _hints(function), _compared(function)
    try:
        all_of_them = list(_inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        all_of_them = []
    for parameter in all_of_them:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        hint = hints.get(parameter.name, parameter.annotation)
        if _is_context(parameter, hint):
            contexts.append(parameter.name)
            continue
        made = _schema_of(hint) if hint is not parameter.empty else {}
        made.setdefault("title", parameter.name.replace("_", " ").title())
        default, values = parameter.default, []
        about = getattr(default, "description", None)
        if isinstance(about, str):
            made.setdefault("description", about)
        if default is parameter.empty:
            required.append(parameter.name)
        elif default is None or isinstance(default, (str, int, float, bool, list, dict)):
            made["default"] = default
            values = [default] if isinstance(default, (str, int, float)) else []
        values += [value for value in compared.get(parameter.name, [])
                   if _fits(value, made.get("type"))]
        if len(values) > 0 and "enum" not in made and made.get("type") != "boolean":
            made["examples"] = list(dict.fromkeys(values))[:_examples_max]
        properties[parameter.name] = made
    return {"type": "object", "properties": properties, "required": required}, contexts


def _filled(function, arguments):
    """ARGUMENTS as the function wants them: models made of objects."""
    hints = _hints(function)
    made = {}
    for name, value in arguments.items():
        kind = hints.get(name)
        if _typing.get_origin(kind) is _typing.Annotated:
            kind = _typing.get_args(kind)[0]
        try:
            if isinstance(value, str) and kind is bytes:
                value = value.encode()
            elif isinstance(value, dict) and _is_model(kind):
                value = kind(**value)
            elif isinstance(kind, type) and issubclass(kind, _enum.Enum):
                value = kind(value)
        except Exception:
            pass
        made[name] = value
    return made


# --- a context ---

class Context:
    """Asked for anything it does nothing: there is no client that would show it."""

    def __init__(self, server=None):
        self.server = self.fastmcp = self.session = server if server is not None else self
        self.request_id = self.client_id = self.session_id = "1"
        self.lifespan_context = {}
        self.meta = self.progress_token = None

    @property
    def request_context(self):
        return self

    async def read_resource(self, uri):
        return [_kind("ReadResourceContents")(content="", mime_type="text/plain")]

    async def elicit(self, *args, **kwargs):
        return _kind("ElicitResult")(action="decline")

    def get_state(self, key):
        return None

    def set_state(self, key, value):
        pass

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)

        async def nothing(*args, **kwargs):
            return None
        return nothing

    def __class_getitem__(cls, item):
        return cls


# --- what is registered ---

class _Entry:
    def __init__(self, name, function, **fields):
        self.name, self.fn, self.fields = name, function, fields
        self.schema, self.contexts = _parameters(function) if callable(function) else ({}, [])
        self.description = fields.get("description") or ""
        self.parameters = self.inputSchema = self.schema
        self.__name__ = name

    async def run(self, arguments):
        given = _filled(self.fn, arguments)
        for name in self.contexts:
            given[name] = Context()
        result = self.fn(**given)
        return await result if _inspect.isawaitable(result) else result

    def __call__(self, *args, **kwargs):
        return self.fn(*args, **kwargs)

    def listed(self):
        return {key: _plain(value) for key, value in self.fields.items() if value is not None}


def _content(result):
    if result is None:
        return []
    if isinstance(result, Image):
        return [result._content()]
    if isinstance(result, (list, tuple)):
        return [part for item in result for part in _content(item)]
    made = _plain(result)
    if isinstance(made, dict) and isinstance(result, _Model) and isinstance(made.get("type"), str):
        return [made]
    return [{"type": "text", "text": made if isinstance(made, str) else
             _json.dumps(made, indent=2)}]


class _Settings(_types.SimpleNamespace):
    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return None


def _doc(function):
    return _inspect.getdoc(function) or ""


class FastMCP:
    def __init__(self, name=None, instructions=None, *args, **settings):
        self.name, self.instructions = str(name or "FastMCP"), instructions
        self.settings = _Settings(**{"host": "127.0.0.1", "port": 8000, **settings})
        self.version = settings.get("version")
        self._tools, self._resources, self._templates, self._prompts = {}, {}, {}, {}
        self._lifespan = settings.get("lifespan")
        self._mcp_server = self
        for function in settings.get("tools") or []:
            self.add_tool(function)
        _servers.append(self)

    def _decorator(self, add, named, kwargs):
        if callable(named):
            return add(named, None, **kwargs)

        def take(function):
            return add(function, named, **kwargs)
        return take

    def add_tool(self, function, name=None, description=None, title=None, **kwargs):
        if isinstance(function, _Entry):
            self._tools[function.name] = function
            return function
        name = str(name or getattr(function, "__name__", "tool"))
        self._tools[name] = _Entry(name, function, title=title, annotations=kwargs.get(
            "annotations"), _meta=kwargs.get("meta"), description=description or _doc(function))
        return function

    def tool(self, name=None, description=None, **kwargs):
        if not isinstance(name, str) and not callable(name):
            name = kwargs.pop("name", None)
        return self._decorator(self.add_tool, name, {"description": description, **kwargs})

    def _add_resource(self, function, uri, name=None, description=None, mime_type=None, **kwargs):
        uri = str(uri)
        into = self._templates if "{" in uri else self._resources
        into[uri] = _Entry(str(name or getattr(function, "__name__", uri)), function,
                           description=description or _doc(function), mimeType=mime_type)
        return function

    def resource(self, uri, **kwargs):
        return self._decorator(self._add_resource, uri, kwargs)

    def add_resource(self, resource, *args, **kwargs):
        fields = vars(resource) if hasattr(resource, "__dict__") else {}
        function = fields.get("fn") or (lambda: fields.get("text") or "")
        self._add_resource(function, fields.get("uri") or "resource://1", fields.get("name"),
                           fields.get("description"))

    def _add_prompt(self, function, name=None, description=None, **kwargs):
        name = str(name or getattr(function, "__name__", "prompt"))
        self._prompts[name] = _Entry(name, function, description=description or _doc(function))
        return function

    def prompt(self, name=None, **kwargs):
        return self._decorator(self._add_prompt, name, kwargs)

    def add_prompt(self, prompt, *args, **kwargs):
        self._add_prompt(getattr(prompt, "fn", prompt), getattr(prompt, "name", None))

    def mount(self, *args, **kwargs):
        for other in args:
            if isinstance(other, FastMCP):
                for own in ("_tools", "_resources", "_templates", "_prompts"):
                    getattr(self, own).update(getattr(other, own))

    async def import_server(self, *args, **kwargs):
        self.mount(*args)

    def custom_route(self, *args, **kwargs):
        return lambda function: function

    completion = custom_route

    def remove_tool(self, name):
        self._tools.pop(name, None)

    async def list_tools(self):
        return [_kind("Tool")(name=name, inputSchema=entry.schema, **entry.fields)
                for name, entry in self._tools.items()]

    async def get_tools(self):
        return dict(self._tools)

    async def call_tool(self, name, arguments=None):
        made = await self._call({"name": name, "arguments": arguments or {}})
        return [_kind("TextContent")(**part) for part in made["content"]]

    def __getattr__(self, name):
        if name[:2] == "__" or name.startswith("_"):
            raise AttributeError(name)
        return _Anything()

    # What a server answers with.

    def _capabilities(self):
        made = {"tools": {}}
        if self._resources or self._templates:
            made["resources"] = {}
        if self._prompts:
            made["prompts"] = {}
        return made

    async def _call(self, params):
        entry = self._tools.get(params.get("name"))
        if entry is None:
            raise ValueError("Unknown tool: %s" % params.get("name"))
        try:
            result = await entry.run(params.get("arguments") or {})
        except Exception as error:
            return {"isError": True, "content": [
                {"type": "text", "text": "Error executing tool %s: %s" % (entry.name, error)}]}
        if isinstance(result, _Model) and isinstance(vars(result).get("content"), list):
            return _plain(result)
        made = {"content": _content(result)}
        if isinstance(result, dict):
            made["structuredContent"] = _plain(result)
        return made

    async def _read(self, params):
        uri = str(params.get("uri"))
        entry, given = self._resources.get(uri), {}
        for template, other in self._templates.items() if entry is None else ():
            pattern = _re.sub(r"\\{(\w+)\\\*?\\?}", r"(?P<\1>.+)", _re.escape(template))
            try:
                hit = _re.fullmatch(pattern, uri)
            except _re.error:
                continue
            if hit:
                entry, given = other, hit.groupdict()
                break
        if entry is None:
            raise ValueError("Unknown resource: " + uri)
        made = await entry.run(given)
        about = {"uri": uri, "mimeType": entry.fields.get("mimeType") or "text/plain"}
        if isinstance(made, bytes):
            return {"contents": [{**about, "blob": _base64.b64encode(made).decode()}]}
        text = made if isinstance(made, str) else _json.dumps(_plain(made), indent=2)
        return {"contents": [{**about, "text": text}]}

    async def _get(self, params):
        entry = self._prompts.get(params.get("name"))
        if entry is None:
            raise ValueError("Unknown prompt: %s" % params.get("name"))
        made = await entry.run(params.get("arguments") or {})
        messages = []
        for item in made if isinstance(made, (list, tuple)) else [made]:
            plain = _plain(item)
            if not isinstance(plain, dict) or "content" not in plain:
                plain = {"role": "user", "content": plain}
            if not isinstance(plain["content"], dict):
                plain["content"] = _content(plain["content"])[0]
            messages.append({"role": plain.get("role") or "user", "content": plain["content"]})
        return {"description": entry.description, "messages": messages}

    async def _answer(self, method, params):
        if method == "tools/list":
            return {"tools": [{"name": name, **entry.listed(), "inputSchema": _plain(entry.schema)}
                              for name, entry in list(self._tools.items())]}
        if method == "tools/call":
            return await self._call(params)
        if method == "resources/list":
            return {"resources": [{"uri": uri, "name": entry.name, **entry.listed()}
                                  for uri, entry in self._resources.items()]}
        if method == "resources/templates/list":
            return {"resourceTemplates": [{"uriTemplate": uri, "name": entry.name,
                                           **entry.listed()}
                                          for uri, entry in self._templates.items()]}
        if method == "resources/read":
            return await self._read(params)
        if method == "prompts/list":
            return {"prompts": [
                {"name": name, **entry.listed(), "arguments": [
                    {"name": key, "description": about.get("description") or "",
                     "required": key in entry.schema["required"]}
                    for key, about in entry.schema["properties"].items()]}
                for name, entry in self._prompts.items()]}
        if method == "prompts/get":
            return await self._get(params)
        raise LookupError(method)

    async def run_async(self, *args, **kwargs):
        async with _entered(self._lifespan, self):
            await _serve(self)

    run_stdio_async = run_sse_async = run_streamable_http_async = run_http_async = run_async

    def run(self, *args, **kwargs):
        _asyncio.run(self.run_async())


class _Entered:
    def __init__(self, made):
        self._made = made

    async def __aenter__(self):
        return await self._made.__aenter__() if self._made is not None else {}

    async def __aexit__(self, *args):
        if self._made is not None:
            return await self._made.__aexit__(*args)


def _entered(lifespan, server):
    made = lifespan(server) if callable(lifespan) else None
    return _Entered(made if hasattr(made, "__aenter__") else None)


# --- the server below ---

class Server:
    def __init__(self, name="server", version=None, instructions=None, lifespan=None, **kwargs):
        self.name, self.version, self.instructions = str(name), version, instructions
        self._lifespan, self._handlers = lifespan, {}
        self.request_context = Context(self)
        self.request_handlers = self.notification_handlers = {}
        _servers.append(self)

    def _handler(self, method):
        def decorate(*args, **kwargs):
            def take(function):
                self._handlers[method] = function
                return function
            return take(args[0]) if args and callable(args[0]) else take
        return decorate

    def __getattr__(self, name):
        methods = {"list_tools": "tools/list", "call_tool": "tools/call",
                   "list_resources": "resources/list", "read_resource": "resources/read",
                   "list_resource_templates": "resources/templates/list",
                   "list_prompts": "prompts/list", "get_prompt": "prompts/get"}
        if name[:1] == "_":
            raise AttributeError(name)
        return self._handler(methods.get(name, name))

    def get_capabilities(self, *args, **kwargs):
        return self._capabilities()

    def create_initialization_options(self, *args, **kwargs):
        return _kind("InitializationOptions")(server_name=self.name)

    def _capabilities(self):
        return {method.partition("/")[0]: {} for method in self._handlers if "/" in method}

    async def _answer(self, method, params):
        function = self._handlers.get(method)
        if function is None:
            raise LookupError(method)
        given = {"tools/call": (params.get("name"), params.get("arguments") or {}),
                 "prompts/get": (params.get("name"), params.get("arguments") or {}),
                 "resources/read": (AnyUrl(params.get("uri") or ""),)}.get(method, ())
        try:
            made = function(*given)
            made = await made if _inspect.isawaitable(made) else made
        except Exception as error:
            if method != "tools/call":
                raise
            return {"isError": True, "content": [{"type": "text", "text": str(error)}]}
        if isinstance(made, _Model):
            return _plain(made)
        if method == "tools/call":
            if isinstance(made, dict):
                return {"content": _content(made), "structuredContent": _plain(made)}
            if isinstance(made, tuple) and len(made) == 2 and isinstance(made[1], dict):
                return {"content": _content(made[0]), "structuredContent": _plain(made[1])}
            return {"content": _content(made)}
        if method == "resources/read":
            uri = str(given[0])
            some = made if isinstance(made, (list, tuple)) else [made]
            return {"contents": [{"uri": uri, "text": str(getattr(item, "content", None) or item)}
                                 for item in some]}
        if method == "prompts/get":
            return {"messages": _plain(made)}
        return {{"resources/templates/list": "resourceTemplates"}.get(
            method, method.partition("/")[0]): _plain(made or [])}

    async def run(self, *args, **kwargs):
        async with _entered(self._lifespan, self) as context:
            if context:
                self.request_context.lifespan_context = context
            await _serve(self)

    def __class_getitem__(cls, item):
        return cls


# --- over the standard streams ---

class _Streams:
    """Of its own, so that what a tool starts neither reads requests nor breaks answers."""

    def __init__(self):
        self._in = _os.fdopen(_os.dup(0), "rb")
        self._out = _os.dup(1)
        null = _os.open(_os.devnull, _os.O_RDONLY)
        _os.dup2(null, 0)
        _os.close(null)
        _os.dup2(2, 1)

    def read(self):
        return self._in.readline(_line_max)

    def write(self, message):
        data = _json.dumps(message).encode() + b"\n"
        while data:
            data = data[_os.write(self._out, data):]


def _busy(*_):
    raise TimeoutError("it computed for too long")


async def _answered(server, message):
    method, params = message.get("method"), message.get("params") or {}
    if method == "initialize":
        made = {"protocolVersion": "2025-06-18", "capabilities": server._capabilities(),
                "serverInfo": {"name": server.name, "version": str(server.version or "1.9.4")}}
        if isinstance(server.instructions, str):
            made["instructions"] = server.instructions
        return {"result": made}
    if method == "ping":
        return {"result": {}}
    try:
        _signal.setitimer(_signal.ITIMER_PROF, _cpu_seconds, 1)
        return {"result": await server._answer(method, params)}
    except LookupError as error:
        if error.args == (method,):
            return {"error": {"code": -32601, "message": "Method not found"}}
        return {"error": {"code": 0, "message": repr(error)}}
    except Exception as error:
        return {"error": {"code": 0, "message": str(error)}}
    finally:
        _signal.setitimer(_signal.ITIMER_PROF, 0)


async def _serve(server):
    global _served
    if _served:
        return
    _served = True
    streams, loop = _Streams(), _asyncio.get_running_loop()
    _signal.signal(_signal.SIGPROF, _busy)
    while True:
        line = await loop.run_in_executor(None, streams.read)
        if not line:
            return
        try:
            message = _json.loads(line)
        except ValueError:
            continue
        if not isinstance(message, dict) or "method" not in message or "id" not in message:
            continue
        answer = await _answered(server, message)
        try:
            streams.write({"jsonrpc": "2.0", "id": message["id"], **answer})
        except (OSError, ValueError):
            return


class _stdio_server:
    def __init__(self, *args, **kwargs):
        pass

    async def __aenter__(self):
        return "read", "write"

    async def __aexit__(self, *args):
        return None


def _serve_all():
    """A script that ended, and has registered tools that nobody served."""
    failed = getattr(_sys, "last_type", None) or Exception
    if _served or not _script or issubclass(failed, ImportError):
        return
    for server in _servers:
        if getattr(server, "_tools", None) or getattr(server, "_handlers", None):
            try:
                _asyncio.run(_serve(server))
            except BaseException as error:
                print(repr(error), file=_sys.stderr)
            return


try:
    _threading._register_atexit(_serve_all)
except Exception:
    pass


# --- what the modules have ---

class _Anything:
    """What is no part of a server: clients, and the ways over HTTP."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return self

    def __iter__(self):
        return iter(())

    def __await__(self):
        return self
        yield

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return None

    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        return None


def _error(name):
    return _errors.setdefault(name, type(name, (Exception,), {"__module__": _top}))


def _user(content=None, *args, **kwargs):
    return _kind("Message")(role="user", content=content)


def _assistant(content=None, *args, **kwargs):
    return _kind("Message")(role="assistant", content=content)


class _FromFunction(_Entry):
    @classmethod
    def from_function(cls, fn, name=None, description=None, **kwargs):
        name = str(name or getattr(fn, "__name__", "tool"))
        return cls(name, fn, description=description or _doc(fn))


class NotificationOptions(_Model):
    pass


_known = {"FastMCP": FastMCP, "Server": Server, "Context": Context, "McpError": McpError,
          "stdio_server": _stdio_server, "Image": Image, "AnyUrl": AnyUrl,
          "NotificationOptions": NotificationOptions, "UserMessage": _user,
          "AssistantMessage": _assistant, "MCPServer": FastMCP}
_own_of_modules = {"FunctionTool": _FromFunction}
_clients = ("client", "sse", "streamable_http", "streamable_http_manager", "auth", "transport")


def _attribute(module):
    last = module.rpartition(".")[2]

    def get(name):
        if name[:1] == "_":
            raise AttributeError(name)
        if name in _known:
            value = _known[name]
        elif name.endswith("Error"):
            value = _error(name)
        elif name in ("types", "server", "client", "shared", "utilities", "tools", "resources",
                      "prompts", "exceptions", "stdio", "fastmcp", "models", "lowlevel",
                      "session", "context", "dependencies"):
            if name == "server" and last == "fastmcp" and module != _top:
                raise AttributeError(name)
            import importlib
            return importlib.import_module(module + "." + name)
        elif module != _top and name == "Tool" and last != "types" and "tools" in module:
            value = _FromFunction
        elif name.isupper():
            value = name
        elif name[:1].isupper() and not any(part in _clients for part in module.split(".")) \
                and not name.startswith(("Client", "Sse", "Streamable")):
            value = _kind(name)
        elif name == "get_context" or name == "get_http_request":
            value = Context
        else:
            value = _Anything()
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
        module.__getattr__ = _attribute(module.__name__)


_get = _attribute(__name__)


def __getattr__(name):
    return _get(name)


__version__ = "2.4.1"
_sys.meta_path.append(_Submodules)


def _show():
    """What is looked at has none of the names above that begin with "_": they would tell of it."""
    _Model.__name__ = _Model.__qualname__ = "BaseModel"
    _Model.__module__ = "pydantic.main"
    shown = _types.ModuleType(__name__)
    vars(shown).update((name, value) for name, value in globals().items()
                       if name[:2] == "__" or name[:1] != "_")
    _sys.modules[__name__] = shown


_show()
