/* Packages of npm, Python and VS Code: files that their managers run or load, and texts that say
 * one thing to one reader and another to the next. */
#include "identify_helper.h"

static void check(const struct made_file *files, size_t count, const char *const *lines,
                  size_t line_count)
{
    struct listing listing;
    struct vb_error err = {0};
    char *folder = make_tree(files, count);
    listing_init(&listing);
    const int status = identify_folder(folder, NULL, &listing, &err);
    remove_tree(folder);
    if (status < 0)
        fail_msg("vb_identify failed: %s", err.message);
    for (size_t i = 0; i < line_count; i++)
        assert_line(listing_text(&listing), lines[i]);
    listing_done(&listing);
}

#define CHECK(files, lines) check((files), VB_ARRAY_LEN(files), (lines), VB_ARRAY_LEN(lines))

static void package_managers(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"package.json", "{\"name\": \"p\", \"dependencies\": {\n"
                         "\"a\": \"git+https://git.example.com/a.git\", \"b\": \"1\"}}"},
        {".npmrc", "; c\n@own:registry = https://npm.example.com/\nscript-shell=./sh\n"},
        {".yarnrc.yml", "npmRegistryServer: https://yarn.example.com\nyarnPath: .yarn/yarn.cjs\n"
                        "plugins:\n  - path: .yarn/own.cjs\n    spec: own\n  - gone.cjs\n"},
        {".yarn/yarn.cjs", "0"},
        {".yarn/own.cjs", "0"},
        {"bunfig.toml", "preload = [\"./first.ts\"]\n[test]\npreload = \"./tested.ts\"\n"},
        {"first.ts", "0"},
        {"tested.ts", "0"}};
    static const char *const lines[] = {
        "declares host git.example.com @package.json:2 | detail=dependencies",
        "declares host npm.example.com @.npmrc:2 | detail=npmrc:registry",
        "entry npmrc:script-shell @.npmrc:3 | when=install | command=./sh | interpreter=sh",
        "declares host yarn.example.com @.yarnrc.yml:1 | detail=yarnrc:npmRegistryServer",
        "entry yarnrc:yarnPath @.yarn/yarn.cjs | when=install | interpreter=node",
        "entry yarnrc:plugin @.yarn/own.cjs | when=install | interpreter=node",
        "problem missing-file @.yarnrc.yml:3 | detail=yarnrc:plugin: gone.cjs is not in the "
        "package",
        "entry bunfig:preload @first.ts | when=load | interpreter=esbuild",
        "entry bunfig:preload @tested.ts | when=load | interpreter=esbuild",
    };
    CHECK(files, lines);
}

static void setup_cfg(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"setup.py", "0"},
        {"setup.cfg", "[options]\ninstall_requires =\n    requests>=2\n\n    far @ "
                      "git+https://git.example.com/far\n[options.entry_points]\nconsole_scripts =\n"
                      "    moon = moon.cli:main\nother =\n    x = y:z\n"}};
    static const char *const lines[] = {
        "declares dependency requests>=2 @setup.cfg:3 | detail=setup.cfg",
        "declares dependency far @ git+https://git.example.com/far @setup.cfg:5 | detail=setup.cfg",
        "declares host git.example.com @setup.cfg:5 | detail=setup.cfg",
        "entry console-script:moon @setup.cfg:8 | when=use | command=python3 -c 'import sys; "
        "import "
        "moon.cli as m; sys.exit(m.main())' | interpreter=sh",
    };
    CHECK(files, lines);
}

static void inline_metadata(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"SKILL.md", "---\nname: a-b\ndescription: d\n---\n"},
        {"run.py",
         "#!/usr/bin/env -S uv run\n# /// script\n# requires-python = \">=3.11\"\n"
         "# dependencies = [\n#   \"rich\",\n#   \"far @ https://f.example.com/far.whl\",\n# ]\n"
         "# ///\n# dependencies = [\"no\"]\nprint(1)\n"}};
    static const char *const lines[] = {
        "declares dependency rich @run.py:5 | detail=script",
        "declares dependency far @ https://f.example.com/far.whl @run.py:6 | detail=script",
        "declares host f.example.com @run.py:6 | detail=script",
    };
    CHECK(files, lines);
}

/* "0" has this digest. */
#define ZERO "sha256=X-zrZv_IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V-k,1"

static void record_of_a_wheel(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"m-1.dist-info/METADATA", "0"},
        {"m-1.dist-info/WHEEL", "0"},
        {"m-1.dist-info/RECORD", "m-1.dist-info/METADATA," ZERO "\nm-1.dist-info/WHEEL," ZERO "\n"
                                 "m-1.dist-info/RECORD,,\n\"m/a,\"\"b\"\".py\"," ZERO "\n"
                                 "m/changed.py," ZERO "\r\nm/gone.py,,\n"},
        {"m/a,\"b\".py", "0"},
        {"m/changed.py", "1"},
        {"m/hidden.pth", "x"},
        {"m-1.data/scripts/moon", "#!/bin/sh\n"}};
    static const char *const lines[] = {
        "problem record-mismatch @m-1.dist-info/RECORD | detail=2 files in the wheel that RECORD "
        "does "
        "not list, the first is m-1.data/scripts/moon",
        "problem record-mismatch @m-1.dist-info/RECORD | detail=1 file listed by RECORD and not in "
        "the "
        "wheel, the first is m/gone.py",
        "problem record-mismatch @m-1.dist-info/RECORD | detail=1 file with another content than "
        "RECORD "
        "says, the first is m/changed.py",
        "entry bin:moon @m-1.data/scripts/moon | when=use | interpreter=sh",
    };
    CHECK(files, lines);
}

static void identity_of_an_extension(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"in/a.vsix.d/[Content_Types].xml", "<Types/>"},
        {"in/a.vsix.d/extension.vsixmanifest",
         "<PackageManifest>\n<Metadata><Identity Language=\"en\" Id=\"Lamp\" Version = '1.0.0'\n"
         "Publisher=\"known\"/></Metadata></PackageManifest>"},
        {"in/a.vsix.d/extension/package.json",
         "{\"name\": \"lamp\", \"version\": \"1.0.1\", \"publisher\": \"other\"}"},
        {"top", "x"}};
    static const char *const lines[] = {
        "package vscode-extension @in/a.vsix.d | name=lamp | version=1.0.1 | author=other",
        "problem conflicting-identity @in/a.vsix.d/extension.vsixmanifest:2 | detail=the "
        "marketplace is "
        "shown version \"1.0.0\", the editor \"1.0.1\"",
        "problem conflicting-identity @in/a.vsix.d/extension.vsixmanifest:2 | detail=the "
        "marketplace is "
        "shown publisher \"known\", the editor \"other\"",
    };
    CHECK(files, lines);
}

/* A licence that no manifest states: by classifiers, or by the text beside it. */
#define MIT_TEXT                                                                                   \
    "# MIT License\n\nCopyright (c) 2026 Somebody\n\nPermission is hereby granted, free of "       \
    "charge, to any person\nobtaining a copy of this software and associated documentation files " \
    "(the\n\"Software\"), to deal in the Software without restriction\n\nThe above copyright "     \
    "notice and this permission notice\nshall be included in all copies\n"
#define BSD_TEXT                                                                             \
    "Redistribution and use in source and binary forms, with or without modification, are\n" \
    "permitted\n * Redistributions in binary form must reproduce the above copyright notice\n"
static void license_texts(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"a/package.json", "{\"name\": \"a\", \"version\": \"1\"}"},
        {"a/LICENSE", MIT_TEXT},
        {"b/package.json", "{\"name\": \"b\", \"license\": \"ISC\"}"},
        {"b/LICENSE", MIT_TEXT},
        {"c/package.json", "{\"name\": \"c\"}"},
        {"c/LICENSE.txt", MIT_TEXT "\n\"Commons Clause\" License Condition v1.0\n"},
        {"d/package.json", "{\"name\": \"d\"}"},
        {"d/COPYING",
         "                    GNU GENERAL PUBLIC LICENSE\n                       Version "
         "3, 29 June 2007\n\n Copyright"},
        {"e/package.json", "{\"name\": \"e\"}"},
        {"e/LICENSE.md", BSD_TEXT},
        {"f/package.json", "{\"name\": \"f\"}"},
        {"f/LICENSE.md", BSD_TEXT "may be used to endorse or promote products derived\n"},
        {"g/package.json", "{\"name\": \"g\"}"},
        {"g/LICENSE", MIT_TEXT BSD_TEXT}, /* which of the two, or both? */
        {"h/package.json", "{\"name\": \"h\"}"},
        {"i/m.whl.d/m-1.dist-info/WHEEL", ""},
        {"i/m.whl.d/m-1.dist-info/RECORD", ""},
        {"j/m.whl.d/m-1.dist-info/WHEEL", ""},
        {"j/m.whl.d/m-1.dist-info/RECORD", ""},
        {"i/m.whl.d/m-1.dist-info/METADATA",
         "Name: i\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n"},
        {"j/m.whl.d/m-1.dist-info/METADATA",
         "Name: j\nClassifier: License :: OSI Approved :: MIT License\n"
         "Classifier: License :: OSI Approved :: ISC License (ISCL)\n"},
        {"k/pyproject.toml", "[project]\nname = \"k\"\nclassifiers = [\"Topic :: Utilities\", "
                             "\"License :: OSI Approved :: GNU General Public License v3 or later "
                             "(GPLv3+)\"]\n"}};
    static const char *const lines[] = {
        "package npm @a | name=a | version=1 | license=MIT",
        "package npm @b | name=b | license=ISC",
        "package npm @c | name=c | license=unknown, in LICENSE.txt",
        "package npm @d | name=d | license=GPL-3.0-only",
        "package npm @e | name=e | license=BSD-2-Clause",
        "package npm @f | name=f | license=BSD-3-Clause",
        "package npm @g | name=g | license=unknown, in LICENSE",
        "package npm @h | name=h",
        "package python-wheel @i/m.whl.d | name=i | license=MIT",
        "package python-wheel @j/m.whl.d | name=j",
        "package python-project @k | name=k | license=GPL-3.0-or-later"};
    CHECK(files, lines);
}

/* Packages inside a package have roots of their own. */
static void packages_below_the_root(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"dist/m.whl.d/m-1.dist-info/METADATA",
         "Name: m\nVersion: 1\nLicense-Expression: MIT OR ISC\n"},
        {"dist/m.whl.d/m-1.dist-info/WHEEL", ""},
        {"dist/m.whl.d/m-1.dist-info/RECORD", ""},
        {"README.md", "x\n"}};
    static const char *const lines[] = {
        "package python-wheel @dist/m.whl.d | name=m | version=1 | license=MIT OR ISC"};
    CHECK(files, lines);
}

static void one_hook(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"HOOK.md", "---\nname: greet\ndescription: d\nmetadata: {\"openclaw\": {\"events\": "
                    "[\"gateway:startup\"]}}\n---\n"},
        {"handler.js", "0"}};
    static const char *const lines[] = {
        "package openclaw-hook-pack @. | name=greet | description=d",
        "declares hook gateway:startup @HOOK.md:4 | detail=metadata.events",
        "entry hook:gateway:startup @handler.js | when=load | interpreter=node",
    };
    CHECK(files, lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(package_managers),         cmocka_unit_test(setup_cfg),
        cmocka_unit_test(inline_metadata),          cmocka_unit_test(record_of_a_wheel),
        cmocka_unit_test(identity_of_an_extension), cmocka_unit_test(license_texts),
        cmocka_unit_test(packages_below_the_root),  cmocka_unit_test(one_hook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
