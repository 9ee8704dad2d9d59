import asyncio, importlib, inspect, os, re, signal, sys, tempfile, types
code, file = sys.argv[2:], os.path.abspath(sys.argv[1])
sys.argv, sys.dont_write_bytecode = [file], True
folder, name = os.path.dirname(file), "skill" if code else os.path.basename(file)[:-3]
while not code and os.path.exists(os.path.join(folder, "__init__.py")):
    name = os.path.basename(folder) + ("" if name == "__init__" else "." + name)
    folder = os.path.dirname(folder)
sys.path[0] = folder
work = os.path.join(tempfile.mkdtemp(), "report")
os.mkdir(work)
text = os.path.join(work, "input.txt")
with open(text, "w") as out:
    out.write("name,value\nfirst,1\nsecond,2\n")
rows = [("dir|folder|directory|root|workspace", work), ("file|path|filename|input|source|src", text),
        ("output|dest|target", os.path.join(work, "output.txt")),
        ("url|uri|link|endpoint|href", "https://example.com/page"),
        ("host|domain|server", "example.com"), ("email|mail", "alex@example.com"),
        ("key|token|secret|password|apikey", "%{key}"),
        ("n|count|limit|num|number|size|max|min|port|index|days|timeout|seconds|page|k", 3),
        ("data|json|payload|config|options|params|headers|context|event|kwargs|body", {"name": "report"}),
        ("items|list|rows|args|values|lines|names|tags|files", ["report", "first"]),
        ("verbose|debug|force|flag|enabled|dry", True), ("callback|cb|fn|func|handler", lambda *a: None)]
kinds = {int: 3, float: 1.5, bool: True, dict: {"name": "report"}, list: ["report"], bytes: b"report",
         "int": 3, "float": 1.5, "bool": True, "dict": {"name": "report"}, "list": ["report"]}


def value(parameter):
    kind = parameter.annotation
    if isinstance(kind, (type, str)) and kind in kinds:
        return kinds[kind]
    for part in re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", parameter.name).lower())[::-1]:
        for words, made in rows:
            if part in words.split("|") or part.rstrip("s") in words.split("|"):
                return made
    return "weather report"


def late(*_):
    raise TimeoutError


def given(function):
    return {p.name: value(p) for p in inspect.signature(function).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def call(function):
    result = function(**given(function))
    if inspect.isawaitable(result):
        async def wait():
            return await asyncio.wait_for(result, 5)
        asyncio.run(wait())
    elif inspect.isgenerator(result):
        for _, _ in zip(range(3), result):
            pass


def methods(kind):
    found = inspect.getmembers(kind(**given(kind)), inspect.ismethod)
    return [method for n, method in found if n[0] != "_"][:8]


def bounded(function, what):
    signal.alarm(5)
    signal.setitimer(signal.ITIMER_PROF, 0.5)
    try:
        return function(what)
    except BaseException as error:
        print(what.__name__, repr(error), file=sys.stderr)
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.flush()


signal.signal(signal.SIGALRM, late)
signal.signal(signal.SIGPROF, late)
if code:
    module = sys.modules[name] = types.ModuleType(name)
    try:
        exec(compile(code[0], name, "exec"), vars(module))
    except BaseException as error:
        print(repr(error), file=sys.stderr)
else:
    module = importlib.import_module(name)
found = [f for n, f in vars(module).items() if n[0] != "_" and
         (inspect.isfunction(f) or inspect.isclass(f)) and f.__module__ == name][:16]
for turn in range(2):
    for function in found:
        if inspect.isfunction(function):
            bounded(call, function)
        elif not issubclass(function, BaseException):
            for method in bounded(methods, function) or []:
                bounded(call, method)
