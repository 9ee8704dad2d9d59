# Packages that are nothing but what archives within them hold: never allowed, and no error.
. "$2/tests/cli/lib.sh"

python3 -B - "$work" <<'END' || fail "no packages"
import io, pathlib, sys, tarfile, zipfile
work = pathlib.Path(sys.argv[1])
SKILL = b"---\nname: s\ndescription: Says how.\n---\nRead the table and answer.\n"
SCRIPT = b"#!/bin/sh\necho hello\n"

def zipped(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return data.getvalue()

def tarred(mode, **files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return data.getvalue()

def ar(**files):
    data = b"!<arch>\n"
    for name, text in files.items():
        data += b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name.replace("_", ".").encode(), 0, 0, 0,
                                                     0o100644, len(text))
        data += text + b"\n" * (len(text) & 1)
    return data

def put(name, data):
    (work / name).write_bytes(data)

script, table = zipped(run_sh=SCRIPT), zipped(table_csv=b"a,b\n1,2\n")
put("zip.zip", zipped(inner_zip=zipped(tools__run_sh=SCRIPT, SKILL_md=SKILL, notes_txt=b"notes")))
put("deep.zip", zipped(outer_zip=zipped(inner_zip=script)))
put("a.deb", ar(debian=b"2.0\n", control_tar_gz=tarred("w:gz", postinst=SCRIPT),
                data_tar_gz=tarred("w:gz", usr__bin__x=SCRIPT)))
put("a.gem", tarred("w", data_tar_gz=tarred("w:gz", lib__x_rb=b"puts 1\n"),
                    metadata_gz=b"nothing"))
put("prose.zip", zipped(SKILL_md=SKILL, tools_zip=script))
put("table.zip", zipped(SKILL_md=SKILL, data_zip=table))
put("own.zip", zipped(SKILL_md=SKILL, scripts__a_py=b"print(1)\n", data_zip=script))
put("words.zip", zipped(inner_zip=zipped(a_txt=b"just words\n")))
END

says="what it holds could execute or instruct, and is not run"
# expect_review FILE ARCHIVE COUNT
expect_review() {
    run scan "$work/$1"
    expect_status 2 "$1"
    expect_in "$work/out" "REVIEW" "$1"
    tr '\n' ' ' <"$work/out" | tr -s ' ' >"$work/line"
    expect_in "$work/line" "archive $2: $says${3:-}" "$1"
}
expect_review zip.zip inner.zip " (2)"
expect_review deep.zip outer.zip
expect_review a.deb control.tar.gz
expect_review a.deb data.tar.gz
expect_review a.gem data.tar.gz
expect_review prose.zip tools.zip

run scan "$work/table.zip"
expect_status 0 "a skill with a table in a zip"
run scan "$work/own.zip"
tr '\n' ' ' <"$work/out" | tr -s ' ' >"$work/line"
expect_not_in "$work/line" "$says" "a package with an entry point of its own and an archive"
run scan "$work/words.zip"
expect_error "words in a zip in a zip"
expect_in "$work/err" "is not a package" "words in a zip in a zip"
finish
