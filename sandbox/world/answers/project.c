/* project: a small made-up project that every installer can use: npm, pip, make, a shell, a hand.
 * Whatever way it is run or imported, the build number that it passes to `true` shows it. */
#include "sandbox/world/answers/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 64 * 1024, ARCHIVE_MAX = 512 * 1024 };

static const char readme[] = "# ${name}\n"
                             "\n"
                             "Small helpers for everyday work.\n"
                             "\n"
                             "    ./install.sh\n"
                             "\n"
                             "Version ${version}. MIT licence.\n";

static const char install_sh[] = "#!/bin/sh\n"
                                 "# Installs ${name} ${version}.\n"
                                 "set -e\n"
                                 "build=${token}\n"
                                 "echo \"Installing ${name} ${version}...\"\n"
                                 "/usr/bin/env true --build=\"$build\" || :\n"
                                 "echo \"Done.\"\n";

static const char makefile[] = "BUILD = ${token}\n"
                               "\n"
                               "all install:\n"
                               "\t@/usr/bin/env true --build=$(BUILD)\n"
                               "\n"
                               ".PHONY: all install\n";

/* Run as an install script, and when it is required or imported. What it exports answers to any
 * name, so that whoever depends on it goes on. */
static const char index_js[] =
    "#!/usr/bin/env node\n"
    "'use strict';\n"
    "const build = '${token}';\n"
    "try {\n"
    "  require('child_process').execFileSync('true', ['--build=' + build]);\n"
    "} catch (e) {}\n"
    "const known = {name: '${name}', version: '${version}', build};\n"
    "function make() {\n"
    "  return new Proxy(function () {}, {\n"
    "    get(target, key) {\n"
    "      if (key === 'then') return undefined;\n"
    "      if (key === Symbol.toPrimitive) return () => '';\n"
    "      if (key === Symbol.iterator) return function* () {};\n"
    "      if (key === 'prototype') return target.prototype;\n"
    "      return Object.prototype.hasOwnProperty.call(known, key) ? known[key] : make();\n"
    "    },\n"
    "    apply() { return make(); },\n"
    "    construct() { return make(); },\n"
    "  });\n"
    "}\n"
    "module.exports = make();\n";

static const char package_json[] = "{\n"
                                   "  \"name\": \"${name}\",\n"
                                   "  \"version\": \"${version}\",\n"
                                   "  \"description\": \"Small helpers for everyday work\",\n"
                                   "  \"main\": \"index.js\",\n"
                                   "  \"bin\": {\"${name}\": \"index.js\"},\n"
                                   "  \"license\": \"MIT\"\n"
                                   "}\n";

static const char package_with_script[] =
    "{\n"
    "  \"name\": \"${name}\",\n"
    "  \"version\": \"${version}\",\n"
    "  \"description\": \"Small helpers for everyday work\",\n"
    "  \"main\": \"index.js\",\n"
    "  \"scripts\": {\"install\": \"node index.js --build=${token}\"},\n"
    "  \"license\": \"MIT\"\n"
    "}\n";

/* As above: whoever imports it goes on. */
static const char module_py[] =
    "\"\"\"Small helpers for everyday work.\"\"\"\n"
    "__version__ = \"${version}\"\n"
    "__build__ = \"${token}\"\n"
    "\n"
    "try:\n"
    "    import subprocess as _subprocess\n"
    "    _subprocess.run([\"true\", \"--build=\" + __build__], check=False)\n"
    "except Exception:\n"
    "    pass\n"
    "\n"
    "\n"
    "def _find(name):\n"
    "    if name.startswith(\"__\"):\n"
    "        raise AttributeError(name)\n"
    "    if name.endswith((\"Error\", \"Exception\", \"Timeout\")):\n"
    "        return type(name, (Exception,), {})\n"
    "    return _Lazy if name[:1].isupper() else _Lazy()\n"
    "\n"
    "\n"
    "class _Lazy:\n"
    "    def __init__(self, *args, **kwargs):\n"
    "        pass\n"
    "\n"
    "    def __getattr__(self, name):\n"
    "        return _find(name)\n"
    "\n"
    "    def __call__(self, *args, **kwargs):\n"
    "        return args[0] if len(args) == 1 and callable(args[0]) else _Lazy()\n"
    "\n"
    "    def __getitem__(self, key):\n"
    "        return _Lazy()\n"
    "\n"
    "    def __iter__(self):\n"
    "        return iter(())\n"
    "\n"
    "    def __enter__(self):\n"
    "        return self\n"
    "\n"
    "    def __exit__(self, *args):\n"
    "        return False\n"
    "\n"
    "    def __str__(self):\n"
    "        return \"\"\n"
    "\n"
    "\n"
    "def main():\n"
    "    return 0\n"
    "\n"
    "\n"
    "def __getattr__(name):\n"
    "    return _find(name)\n";

static const char main_py[] = "import sys\n"
                              "\n"
                              "from . import main\n"
                              "\n"
                              "sys.exit(main())\n";

static const char entry_points[] = "[console_scripts]\n"
                                   "${name} = ${module}:main\n";

/* A build backend in the tree (PEP 517): pip needs nothing else to build it. */
static const char pyproject[] = "[build-system]\n"
                                "requires = []\n"
                                "build-backend = \"_build\"\n"
                                "backend-path = [\".\"]\n"
                                "\n"
                                "[project]\n"
                                "name = \"${name}\"\n"
                                "version = \"${version}\"\n";

static const char build_py[] =
    "import os\n"
    "import subprocess\n"
    "import zipfile\n"
    "\n"
    "BUILD = \"${token}\"\n"
    "NAME, VERSION = \"${module}\", \"${version}\"\n"
    "INFO = NAME + \"-\" + VERSION + \".dist-info/\"\n"
    "\n"
    "\n"
    "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
    "    subprocess.run([\"true\", \"--build=\" + BUILD], check=False)\n"
    "    wheel = NAME + \"-\" + VERSION + \"-py3-none-any.whl\"\n"
    "    files = {\n"
    "        NAME + \"/__init__.py\": open(NAME + \"/__init__.py\").read(),\n"
    "        INFO + \"METADATA\": \"Metadata-Version: 2.1\\nName: ${name}\\nVersion: "
    "${version}\\n\",\n"
    "        INFO + \"WHEEL\": \"Wheel-Version: 1.0\\nGenerator: build\\nRoot-Is-Purelib: "
    "true\\n\"\n"
    "                        \"Tag: py3-none-any\\n\",\n"
    "    }\n"
    "    with zipfile.ZipFile(os.path.join(folder, wheel), \"w\") as archive:\n"
    "        for path, text in files.items():\n"
    "            archive.writestr(path, text)\n"
    "        lines = [path + \",,\" for path in list(files) + [INFO + \"RECORD\"]]\n"
    "        archive.writestr(INFO + \"RECORD\", \"\\n\".join(lines) + \"\\n\")\n"
    "    return wheel\n";

static const char setup_py[] = "import os\n"
                               "import sys\n"
                               "\n"
                               "sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\n"
                               "import _build\n"
                               "\n"
                               "_build.build_wheel(os.environ.get(\"TMPDIR\", \"/tmp\"))\n";

static const char metadata[] = "Metadata-Version: 2.1\n"
                               "Name: ${name}\n"
                               "Version: ${version}\n"
                               "Summary: Small helpers for everyday work\n"
                               "License: MIT\n";

static const char wheel[] = "Wheel-Version: 1.0\n"
                            "Generator: bdist_wheel (0.43.0)\n"
                            "Root-Is-Purelib: true\n"
                            "Tag: py3-none-any\n";

static const struct row {
    unsigned kinds;
    const char *path;
    unsigned mode;
    const char *text; /* NULL: an executable */
} rows[] = {
    {VB_PROJECT | VB_PROJECT_NPM, "README.md", 0644, readme},
    {VB_PROJECT, "install.sh", 0755, install_sh},
    {VB_PROJECT, "Makefile", 0644, makefile},
    {VB_PROJECT, "package.json", 0644, package_with_script},
    {VB_PROJECT_NPM, "package.json", 0644, package_json},
    {VB_PROJECT | VB_PROJECT_NPM, "index.js", 0644, index_js},
    {VB_PROJECT, "pyproject.toml", 0644, pyproject},
    {VB_PROJECT, "setup.py", 0644, setup_py},
    {VB_PROJECT, "_build.py", 0644, build_py},
    {VB_PROJECT, "PKG-INFO", 0644, metadata},
    {VB_PROJECT, "bin/${name}", 0755, NULL},
    {VB_PROJECT | VB_PROJECT_WHEEL, "${module}/__init__.py", 0644, module_py},
    {VB_PROJECT_WHEEL, "${module}/__main__.py", 0644, main_py},
    {VB_PROJECT_WHEEL, "${module}-${version}.dist-info/entry_points.txt", 0644, entry_points},
    {VB_PROJECT_WHEEL, "${module}-${version}.dist-info/METADATA", 0644, metadata},
    {VB_PROJECT_WHEEL, "${module}-${version}.dist-info/WHEEL", 0644, wheel},
    {VB_PROJECT_DEB, "./usr/bin/${name}", 0755, install_sh},
};

void vb_files_done(struct vb_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        vb_buf_done(&files->list[i].data);
    files->count = 0;
}

static int fill_path(struct vb_answer *answer, const char *prefix, const char *text,
                     struct vb_file *ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf path;
    vb_buf_init(&path, 4096);
    int status = vb_buf_append_str(&path, prefix, err);
    if (status == VB_OK)
        status = vb_answer_expand(answer, text, VB_ESCAPE_NONE, &path, err);
    /* names and versions are bounded: it always fits */
    if (status == VB_OK)
        snprintf(ret->path, sizeof(ret->path), "%s", (const char *)path.data);
    return status;
}

static struct vb_file *add(struct vb_files *files, unsigned mode)
{
    struct vb_file *file = &files->list[files->count++];
    *file = (struct vb_file){.mode = mode};
    vb_buf_init(&file->data, FILE_MAX_BYTES);
    return file;
}

static int add_row(struct vb_answer *answer, const struct row *row, const char *prefix,
                   struct vb_files *files, struct vb_error *err)
{
    struct vb_file *file = add(files, row->mode);
    const int status = fill_path(answer, prefix, row->path, file, err);
    if (status < 0)
        return status;
    return row->text == NULL
               ? vb_elf_write(answer, &file->data, err)
               : vb_answer_expand(answer, row->text, VB_ESCAPE_NONE, &file->data, err);
}

int vb_files_make(struct vb_answer *answer, enum vb_project kind, const char *prefix,
                  struct vb_files *ret, struct vb_error *err)
{
    const int64_t day = 86400;
    *ret = (struct vb_files){.seconds = (answer->responder->born / day - 12) * day + 36000};
    if (ret->seconds < 0)
        ret->seconds = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const int status =
            rows[i].kinds & kind ? add_row(answer, &rows[i], prefix, ret, err) : VB_OK;
        if (status < 0)
            return status;
    }
    return VB_OK;
}

/* --- what they are packed in --- */

static int make_tar(struct vb_answer *answer, enum vb_project kind, const char *prefix,
                    struct vb_buf *out, struct vb_error *err)
{
    VB_CLEANUP(vb_files_done) struct vb_files files;
    int status = vb_files_make(answer, kind, prefix, &files, err);
    if (status < 0)
        return status;
    struct vb_out put = {out, err, VB_OK};
    vb_put_tar(&put, &files);
    return put.status;
}

static int make_tar_gz(struct vb_answer *answer, enum vb_project kind, const char *prefix,
                       struct vb_buf *out, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf tar;
    vb_buf_init(&tar, ARCHIVE_MAX);
    const int status = make_tar(answer, kind, prefix, &tar, err);
    if (status < 0)
        return status;
    struct vb_out put = {out, err, VB_OK};
    vb_put_gzip(&put, tar.data, tar.len, answer->responder->born);
    return put.status;
}

/* The folder that everything in an archive stands below. */
static void folder_of(const struct vb_answer *answer, char ret[96])
{
    snprintf(ret, 96, "%s-%s/", answer->view->name, answer->view->version);
}

int vb_make_tar_gz(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    char folder[96];
    folder_of(answer, folder);
    return make_tar_gz(answer, VB_PROJECT, folder, out, err);
}

int vb_make_tar(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    char folder[96];
    folder_of(answer, folder);
    return make_tar(answer, VB_PROJECT, folder, out, err);
}

int vb_make_npm(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    return make_tar_gz(answer, VB_PROJECT_NPM, "package/", out, err);
}

/* One compressed file: the program itself. */
int vb_make_gz(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf program;
    vb_buf_init(&program, FILE_MAX_BYTES);
    const int status = vb_elf_write(answer, &program, err);
    struct vb_out put = {out, err, status};
    vb_put_gzip(&put, program.data, program.len, answer->responder->born);
    return put.status;
}

static int make_zip(struct vb_answer *answer, struct vb_files *files, struct vb_buf *out,
                    struct vb_error *err)
{
    (void)answer;
    struct vb_out put = {out, err, VB_OK};
    vb_put_zip(&put, files);
    return put.status;
}

int vb_make_zip(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    char folder[96];
    folder_of(answer, folder);
    VB_CLEANUP(vb_files_done) struct vb_files files;
    const int status = vb_files_make(answer, VB_PROJECT, folder, &files, err);
    return status < 0 ? status : make_zip(answer, &files, out, err);
}

static int put_record_line(const struct vb_file *file, struct vb_buf *record, struct vb_error *err)
{
    char hex[VB_SHA256_HEX];
    unsigned char raw[VB_SHA256_BYTES];
    const size_t begin = record->len;
    int status = vb_sha256_hex(file->data.data, file->data.len, hex, err);
    for (size_t i = 0; i < sizeof(raw) && status == VB_OK; i++) {
        const char byte[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        raw[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    if (status == VB_OK)
        status = vb_buf_printf(record, err, "%s,sha256=", file->path);
    if (status == VB_OK)
        status = vb_base64_encode(record, raw, sizeof(raw), err);
    if (status < 0)
        return status;
    record->len--; /* the padding of 32 bytes is one '=' */
    for (size_t i = begin + strlen(file->path) + 8; i < record->len; i++) {
        const unsigned char c = record->data[i];
        record->data[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    return vb_buf_printf(record, err, ",%zu\n", file->data.len);
}

int vb_make_wheel(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    VB_CLEANUP(vb_files_done) struct vb_files files;
    int status = vb_files_make(answer, VB_PROJECT_WHEEL, "", &files, err);
    if (status < 0)
        return status;
    const size_t count = files.count;
    struct vb_file *record = add(&files, 0644);
    snprintf(record->path, sizeof(record->path), "%s-%s.dist-info/RECORD", answer->view->module,
             answer->view->version);
    for (size_t i = 0; i < count && status == VB_OK; i++)
        status = put_record_line(&files.list[i], &record->data, err);
    if (status == VB_OK)
        status = vb_buf_printf(&record->data, err, "%s,,\n", record->path);
    return status < 0 ? status : make_zip(answer, &files, out, err);
}

/* --- a Debian package: an ar of three members (deb(5)) --- */

static void put_ar(struct vb_out *out, const char *name, const struct vb_buf *data, int64_t seconds)
{
    char head[64];
    snprintf(head, sizeof(head), "%-16s%-12lld%-6d%-6d%-8s%-10zu`\n", name, (long long)seconds, 0,
             0, "100644", data->len);
    vb_put_str(out, head);
    vb_put(out, data->data, data->len);
    if (data->len % 2 != 0)
        vb_put_str(out, "\n");
}

static const char deb_control[] = "Package: ${name}\n"
                                  "Version: ${version}\n"
                                  "Architecture: all\n"
                                  "Maintainer: Packages <packages@${host}>\n"
                                  "Description: Small helpers for everyday work\n";

static const char deb_postinst[] = "#!/bin/sh\n"
                                   "set -e\n"
                                   "/usr/bin/env true --build=${token}\n";

static int make_control(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    static const struct row control[] = {
        {VB_PROJECT_DEB, "./control", 0644, deb_control},
        {VB_PROJECT_DEB, "./postinst", 0755, deb_postinst},
    };
    VB_CLEANUP(vb_files_done) struct vb_files files = {.seconds = answer->responder->born};
    VB_CLEANUP(vb_buf_done) struct vb_buf tar;
    vb_buf_init(&tar, ARCHIVE_MAX);
    int status = VB_OK;
    for (size_t i = 0; i < VB_ARRAY_LEN(control) && status == VB_OK; i++)
        status = add_row(answer, &control[i], "", &files, err);
    struct vb_out put = {&tar, err, status};
    vb_put_tar(&put, &files);
    struct vb_out packed = {out, err, put.status};
    vb_put_gzip(&packed, tar.data, tar.len, files.seconds);
    return packed.status;
}

int vb_make_deb(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf version, control, data;
    vb_buf_init(&version, 16);
    vb_buf_init(&control, ARCHIVE_MAX);
    vb_buf_init(&data, ARCHIVE_MAX);
    int status = vb_buf_append_str(&version, "2.0\n", err);
    if (status == VB_OK)
        status = make_control(answer, &control, err);
    if (status == VB_OK)
        status = make_tar_gz(answer, VB_PROJECT_DEB, "", &data, err);
    struct vb_out put = {out, err, status};
    const int64_t seconds = answer->responder->born;
    vb_put_str(&put, "!<arch>\n");
    put_ar(&put, "debian-binary", &version, seconds);
    put_ar(&put, "control.tar.gz", &control, seconds);
    put_ar(&put, "data.tar.gz", &data, seconds);
    return put.status;
}
