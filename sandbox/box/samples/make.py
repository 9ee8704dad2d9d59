"""Makes the documents that lie in a box's home, small and real: python3 make.py FOLDER [NAME…].

What stands in the source tree was made by this; lame and cjpeg are needed. All of it is our own.
"""
import email.utils
import io
import math
import struct
import subprocess
import sys
import wave
import zipfile
import zlib
from pathlib import Path

STAMP = (2026, 3, 9, 10, 24, 0)


def archive(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in files:
            out.writestr(zipfile.ZipInfo(name, STAMP), '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text,
                         zipfile.ZIP_DEFLATED)
    return data.getvalue()


def package(part, kind, text, more=()):
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    main = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    extra = "".join(f'<Override PartName="/{name}" ContentType="{content}"/>' for name, content, _, _ in more)
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return archive(
        [("[Content_Types].xml",
          f'<Types xmlns="{types}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
          f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/{part}" ContentType="{main}"/>{extra}</Types>'),
         ("_rels/.rels",
          f'<Relationships xmlns="{relations}"><Relationship Id="rId1" Type="{office}/officeDocument" Target="{part}"/></Relationships>'),
         (part, text)] +
        [(f"{Path(part).parent}/_rels/{Path(part).name}.rels",
          f'<Relationships xmlns="{relations}"><Relationship Id="rId1" Type="{office}/{relation}" Target="{Path(name).relative_to(Path(part).parent)}"/></Relationships>')
         for name, _, relation, _ in more] + [(name, body) for name, _, _, body in more])


def docx():
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    lines = ["Team meeting", "Present: Alex, Priya, Tom", "1. The release moves to Thursday.",
             "2. Tom looks at the slow checkout.", "3. Next meeting: Monday, 10:00."]
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    return package("word/document.xml", "wordprocessingml.document", f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>')


def xlsx():
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rows = [("Item", "Q1", "Q2"), ("Hosting", 1240, 1310), ("Licences", 860, 860), ("Travel", 402.5, 1190)]

    def cell(at, value):
        if isinstance(value, str):
            return f'<c r="{at}" t="inlineStr"><is><t>{value}</t></is></c>'
        return f'<c r="{at}"><v>{value}</v></c>'
    sheet = "".join(f'<row r="{y}">' + "".join(cell(f"{'ABC'[x]}{y}", value) for x, value in enumerate(row)) + "</row>"
                    for y, row in enumerate(rows, 1))
    return package("xl/workbook.xml", "spreadsheetml.sheet",
                   f'<workbook xmlns="{space}" xmlns:r="{office}"><sheets><sheet name="Budget" sheetId="1" r:id="rId1"/></sheets></workbook>',
                   [("xl/worksheets/sheet1.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml", "worksheet",
                     f'<worksheet xmlns="{space}"><sheetData>{sheet}</sheetData></worksheet>')])


def pdf():
    text = ["Invoice 2026-0117", "Consulting, March 2026: 3 days at 640.00", "Total: 1920.00 EUR", "Payable within 30 days."]
    stream = "BT /F1 12 Tf 72 760 Td 18 TL " + " ".join(f"({line}) Tj T*" for line in text) + " ET"
    parts = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
             "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
             f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out = "%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    return (out + f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\n"
            f"startxref\n{len(out)}\n%%EOF\n").encode()


def pixel(x, y):
    """A desk under a window, more or less."""
    if y > 44:
        return (96 + x % 7, 66, 40 + y % 5)
    if 12 < x < 50 and 6 < y < 36:
        return (150 + y, 190 + y // 2, 235)
    return (226 - y, 222 - y, 208)


def png():
    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in range(64)) for y in range(60))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 60, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def jpg():
    image = b"P6 64 60 255\n" + b"".join(bytes(pixel(x, y)) for y in range(60) for x in range(64))
    return subprocess.run(["cjpeg", "-quality", "70"], input=image, stdout=subprocess.PIPE, check=True).stdout


def mp3():
    data = io.BytesIO()
    with wave.open(data, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"".join(struct.pack("<h", int(6000 * math.sin(i / 8000 * 440 * 2 * math.pi))) for i in range(8000)))
    return subprocess.run(["lame", "--quiet", "-b", "16", "-", "-"], input=data.getvalue(), stdout=subprocess.PIPE, check=True).stdout


MAILS = [
    ("Priya Shah <priya@example.com>", "Thu, 05 Mar 2026 09:12:41 +0100", "Release moves to Thursday",
     ["Hi Alex,", "", "the checkout fix is not through review yet, so the release moves to Thursday.", "Could you tell the support people?", "",
      "Priya"]),
    ("Tom Becker <tom@example.com>", "Fri, 06 Mar 2026 16:40:03 +0100", "Re: slow checkout",
     ["> Is it the tax service again?", "", "Yes: 1.8 seconds for a basket of forty lines. I have a patch, see the branch.", "", "Tom"]),
    ("Hosting <billing@example.net>", "Mon, 09 Mar 2026 07:00:12 +0000", "Your invoice 2026-0117",
     ["Dear customer,", "", "your invoice of March is ready: 1920.00 EUR, payable within 30 days.", "", "Your hosting team"]),
]


def mail(number):
    sender, date, subject, lines = MAILS[number]
    head = [f"From: {sender}", "To: Alex Rivera <alex@example.com>", f"Subject: {subject}", f"Date: {date}",
            f"Message-ID: <202603{date[5:7]}.{4711 * (number + 3)}@{sender.split('@')[1][:-1]}>", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8"]
    return "\n".join(head + [""] + lines) + "\n"


def mbox():
    text = ""
    for number, (sender, date, _, _) in enumerate(MAILS):
        when = email.utils.parsedate_to_datetime(date)
        text += f"From {email.utils.parseaddr(sender)[1]} {when:%a %b %d %H:%M:%S %Y}\n{mail(number)}\n"
    return text.encode()


folder = Path(sys.argv[1])
for name, make in {"minutes.docx": docx, "budget.xlsx": xlsx, "invoice.pdf": pdf, "whiteboard.png": png, "desk.jpg": jpg,
                   "memo.mp3": mp3, "archive.mbox": mbox, "release.eml": lambda: mail(0).encode(),
                   "checkout.eml": lambda: mail(1).encode(), "hosting.eml": lambda: mail(2).encode()}.items():
    if len(sys.argv) == 2 or name in sys.argv[2:]:
        (folder / name).write_bytes(make())
