#!/usr/bin/env python3
"""The checks find what they are there to find: each case is a small bad tree."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import layering
import text

BANNED = "#define strcpy(a, b) VB_BANNED(strcpy)\n#define system(...) VB_BANNED(system)\n"
GUARDED = "#ifndef {0}\n#define {0}\n{1}\n#endif\n"


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vetbox-lint-")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("include/vetbox/core/banned.h", BANNED)
        self.write("include/vetbox/core.h", "")
        self.write("include/vetbox/scan.h", '#include "vetbox/core.h"\n')

    def write(self, path, content):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")

    def one(self, found, *parts):
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])


class Layering(Tree):
    def bad(self, path, content, *parts):
        self.write(path, content)
        self.one(layering.problems(self.root), path, *parts)

    def test_good_tree(self):
        self.write("scan/a.h", "")
        self.write("scan/a.c", '#include "scan/a.h"\n#include "vetbox/scan.h"\n#include <yara.h>\n'
                   '#include <sys/stat.h>\n/* printf("x") */\nint f(void) { return g("exit(1)"); }\n')
        self.write("sandbox/box/b.h", "")
        self.write("sandbox/recorder/r.c", '#include "sandbox/box/b.h"\n#include <seccomp.h>\n'
                   "void f(void) { _exit(1); }\n")
        self.write("report/r.c", '#include "vetbox/verdict.h"\n')
        self.write("cli/main.c", '#include "vetbox/scan.h"\nint f(void) { puts("x"); exit(1); }\n')
        self.assertEqual(layering.problems(self.root), [])

    def test_stage_includes_stage(self):
        self.bad("unpack/u.c", '#include "vetbox/scan.h"\n', "unpack may not include scan")

    def test_core_includes_stage(self):
        self.bad("core/c.c", '\n#include "vetbox/scan.h"\n', ":2:", "core may not include scan")

    def test_contract_includes_stage(self):
        self.bad("include/vetbox/fetch.h", '#include "vetbox/scan.h"\n', "fetch may not")

    def test_verdict_includes_stage(self):
        self.bad("verdict/v.c", '#include "vetbox/scan.h"\n', "verdict may not")

    def test_report_includes_stage(self):
        self.bad("report/v.c", '#include "vetbox/scan.h"\n', "report may not")

    def test_internal_header(self):
        self.write("scan/inner.h", "")
        self.bad("cli/c.c", '#include "scan/inner.h"\n', "internal to scan")

    def test_climbing(self):
        self.bad("scan/c.c", '#include "../core/event_json.h"\n', "climbs")

    def test_missing_neighbour(self):
        self.bad("scan/c.c", '#include "nowhere.h"\n', "not in scan")

    def test_third_party(self):
        self.bad("identify/i.c", "#include <archive.h>\n", "belongs to unpack")

    def test_third_party_room_of_sandbox(self):
        self.bad("sandbox/detonate/d.c", "# include <seccomp.h>\n", "sandbox/box")

    def test_unknown_library(self):
        self.bad("core/c.c", "#include <glib.h>\n", "<glib.h>")

    def test_printing(self):
        self.bad("core/c.c", 'void f(void)\n{\n    printf("x");\n}\n', ":3:", "printf")

    def test_stderr(self):
        self.bad("core/c.c", 'void f(void) { fprintf(stderr, "x"); }\n', "stderr")

    def test_exit(self):
        self.bad("scan/c.c", "void f(void) { exit(1); }\n", "exit")

    def test_underscore_exit(self):
        self.bad("scan/c.c", "void f(void) { _exit(1); }\n", "_exit")


class Text(Tree):
    def setUp(self):
        super().setUp()
        for path in list(self.root.rglob("*.h")):
            if path.name != "banned.h":
                path.unlink()
        self.write("include/vetbox/core/banned.h",
                   GUARDED.format("VETBOX_CORE_BANNED_H", BANNED))

    def bad(self, path, content, *parts):
        self.write(path, content)
        self.one(text.problems(self.root), path, *parts)

    def test_good_tree(self):
        self.write("scan/a.h", "/* why */\n" + GUARDED.format("SCAN_A_H", ""))
        self.write("scan/a.c", '/* strcpy() */\nint f(int system) { return g("strcpy("); }\n')
        self.write("a.json", '{"a": 1}\n')
        self.write("tests/fixtures/scan/bad.json", "{{")
        self.assertEqual(text.problems(self.root), [])

    def test_guard(self):
        self.bad("scan/a.h", GUARDED.format("A_H", ""), "SCAN_A_H")

    def test_guard_missing(self):
        self.bad("include/vetbox/scan.h", "int f(void);\n", "VETBOX_SCAN_H")

    def test_banned(self):
        self.bad("scan/a.c", "int f(void)\n{\n    return system(x);\n}\n", ":3:", "system")

    def test_json(self):
        self.bad("a.json", '{"a": 1,}\n')

    def test_json_duplicate(self):
        self.bad("a.json", '{"a": 1, "a": 2}\n', "duplicate")

    def test_python(self):
        self.bad("a.py", "def f(:\n")

    def test_registry(self):
        self.bad("a.md", "from https://" + "registry.example" + ".org/x\n", "registry host")

    def test_checkout_path(self):
        self.bad("a.md", f"see {self.root.resolve()}/x\n", "path of this machine")

    def test_unfinished(self):
        self.bad("scan/a.c", "/* TO" + "DO */\n", "unfinished")

    def test_sizes(self):
        body = "    x();\n" * 61
        self.write("scan/a.c", "void f(void)\n{\n" + body + "}\n" + "int x;\n" * 540)
        found = text.warnings(self.root)
        self.assertEqual(len(found), 2, found)
        self.assertIn("604 lines", found[0])
        self.assertIn("scan/a.c:2: a function of 61 lines", found[1])


if __name__ == "__main__":
    unittest.main()
