"""Passages and their features, as scan/textmodel.c has them; rules/model/check.tsv holds the two
together (tests/unit/test_textmodel.c).

A text is cut into units (a sentence, a list item, a heading, a line of code, a string of a program);
a passage is up to PASSAGE_UNITS units in a row. Features are hashes of 3, 4 and 5 bytes in a row and
of words and pairs of words, within one unit.
"""
import functools
import re

import numpy

BITS = 18
PASSAGE_UNITS = 3
UNIT_LEAST = 20
PASSAGE_LEAST = 40
UNIT_MOST = 400
PASSAGE_MOST = 600
LITERAL_LEAST = 40
DAMPING = 200  # features: of a short passage less is sure

PRIME = numpy.uint32(16777619)
BEGIN_CHARS = numpy.uint32(2166136261)
BEGIN_WORD = numpy.uint32(0x5BD1E995)
SPREAD = numpy.uint32(2654435769)

# --- what a unit's bytes are before they are hashed ---

_DROPPED = b"*'"
_BLANK = b"#=^"
_UNSEEN = re.compile(rb"\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|\xef\xbb\xbf")  # zero width
_APOSTROPHES = re.compile(rb"\xe2\x80[\x98-\x9b]")
_QUOTES = re.compile(rb"\xe2\x80[\x9c-\x9f]")
_DASHES = re.compile(rb"\xe2\x80[\x90-\x95]")
_TABLE = bytes(
    0x20 if byte <= 0x20 or byte == 0x7F or byte in _BLANK
    else 0x30 if 0x30 <= byte <= 0x39
    else byte + 32 if 0x41 <= byte <= 0x5A
    else byte for byte in range(256))
# What stands twice in a row counts once, of all but letters.
_RUNS = re.compile(rb"([\x20-\x60\x7b-\x7e])\1+")


def normal(unit, escaped=False):
    """The bytes of a unit as they are hashed, with a blank at both ends."""
    if escaped:
        unit = re.sub(rb"\\[ntr]", b" ", unit)
    unit = _UNSEEN.sub(b"", unit)
    unit = _DASHES.sub(b"-", _QUOTES.sub(b'"', _APOSTROPHES.sub(b"", unit)))
    unit = unit.translate(_TABLE, _DROPPED)
    return _RUNS.sub(rb"\1", b" " + unit + b" ")


# A character of the scripts that put no blanks between words is a word.
_WORD = re.compile(rb"[\xe3-\xed][\x80-\xbf][\x80-\xbf]|(?:[a-z0-9_]|(?![\xe3-\xed][\x80-\xbf][\x80-\xbf])[\x80-\xff])+")


def _step(hashes, codes):
    return (hashes ^ codes) * PRIME


def _slots(hashes):
    return ((hashes * SPREAD) >> numpy.uint32(32 - BITS)).astype(numpy.int32)


@functools.lru_cache(maxsize=1 << 18)
def _word_hash(word):
    value = int(BEGIN_WORD)
    for byte in word:
        value = ((value ^ byte) * int(PRIME)) & 0xFFFFFFFF
    return value


def features(normalised):
    """The slots that a normalised unit counts in, one for each time."""
    codes = numpy.frombuffer(normalised, numpy.uint8).astype(numpy.uint32)
    found = []
    with numpy.errstate(over="ignore"):
        hashes = None
        for length in (1, 2, 3, 4, 5):
            if len(codes) < length:
                break
            hashes = numpy.full(len(codes), BEGIN_CHARS) if hashes is None else hashes[:-1]
            hashes = _step(hashes, codes[length - 1:])
            if length >= 3:
                found.append(_slots(hashes))
        words = [_word_hash(match[0]) for match in _WORD.finditer(normalised)]
        words = numpy.array(words, numpy.uint32)
        found.append(_slots(words))
        if len(words) > 1:
            found.append(_slots((words[:-1] * PRIME) ^ words[1:]))
    return numpy.concatenate(found) if found else numpy.zeros(0, numpy.int32)


# --- units ---

_MARK = re.compile(rb"[ \t]*(?:[-*+>#|][-*+>#| \t]*|[0-9]{1,3}[.)][ \t]+)?")
_MARKED = re.compile(rb"[ \t]*(?:[-*+>#|]|[0-9]{1,3}[.)][ \t])")
_STOPS = (b"\xe3\x80\x82", b"\xef\xbc\x81", b"\xef\xbc\x9f")  # 。！？


def _ends_sentence(text, at):
    """How many bytes of a sentence's end stand at AT, 0: none."""
    if text[at] in b".!?":
        return 1 if at + 1 == len(text) or text[at + 1] in b" \t\"')*`" else 0
    return 3 if text[at:at + 3] in _STOPS else 0


def _past_blanks(text, at):
    while at < len(text) and text[at] in b" \t":
        at += 1
    return at


def _sentences(text):
    """TEXT (one paragraph, its lines joined by blanks) cut at the ends of sentences."""
    begin = at = _past_blanks(text, 0)
    while at < len(text):
        stop = _ends_sentence(text, at)
        if stop and at + stop - begin >= UNIT_LEAST:
            yield text[begin:at + stop]
            begin = at = _past_blanks(text, at + stop)
        elif at - begin >= UNIT_MOST and (text[at] in b" \t" or at - begin >= UNIT_MOST + 100):
            yield text[begin:at]
            begin = at = _past_blanks(text, at)
        else:
            at += 1
    if begin < len(text):
        yield text[begin:]


def prose_units(text):
    """The units of a text that people read, in order. A heading, a list item, a quoted or a table's
    line begins a new one, as does an empty line."""
    paragraph = b""
    for line in text.split(b"\n") + [b""]:
        line = line.rstrip(b"\r")
        new = not line.strip(b" \t") or _MARKED.match(line)
        if new and paragraph:
            yield from _sentences(paragraph)
            paragraph = b""
        body = _MARK.sub(b"", line, 1) if new else line.lstrip(b" \t")
        paragraph = body if not paragraph else paragraph + b" " + body


_PIECES = re.compile(
    rb'"""(.*?)"""|\'\'\'(.*?)\'\'\'|"((?:\\.|[^"\\\n])*)"|\'((?:\\.|[^\'\\\n])*)\'|`((?:\\.|[^`\\])*)`'
    rb'|/\*(.*?)\*/|(?<![:\\])//([^\n]*)|(?:^|(?<=[ \t\n]))#([^\n]*)', re.S)


def program_units(text):
    """The units of comments and of longer strings of a program, nearly as scan/passages.c has them."""
    for piece in _PIECES.finditer(text):
        body = next(group for group in piece.groups() if group is not None)
        if piece.lastindex > 5 or (len(body) >= LITERAL_LEAST and body.count(b" ") >= 4):
            yield from prose_units(body)


PROGRAMS = (".py", ".js", ".mjs", ".ts", ".sh", ".json")


def units_of(path, text):
    return program_units(text) if path.endswith(PROGRAMS) else prose_units(text)


def passages(sizes):
    """(first, count) of every passage of units with these numbers of bytes. Units that are too short
    stand in none alone."""
    for first in range(len(sizes)):
        total = 0
        for count in range(1, PASSAGE_UNITS + 1):
            if first + count > len(sizes):
                break
            total += sizes[first + count - 1]
            if count > 1 and total > PASSAGE_MOST:
                break
            if total >= PASSAGE_LEAST:
                yield first, count
