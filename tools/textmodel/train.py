#!/usr/bin/env python3
"""Trains the text model. docs/text-model.md says how it is called and what comes out.

usage: train.py CLONES OUTPUT [--measured FOLDER]

CLONES has OWNER/NAME for every repository of sources.tsv. Writes OUTPUT/text.model, OUTPUT/text.json
(what it was made of, and the figures) and OUTPUT/check.tsv. With --measured it trains nothing and
writes left-out.tsv: what of the sources stands in that folder as well, so that the packages there can
be used to measure.
Needs numpy, scikit-learn and PyYAML; nothing of vetbox needs them.
"""
import argparse
import hashlib
import json
import struct
from pathlib import Path

import numpy
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression, SGDClassifier

import examples
import features
import sources

SEED = 20
HONEST_FIRST = 100000  # passages of honest texts in the first round
HONEST_MORE = 50000    # the worst of the rest, added before each further round
ROUNDS = 2
STRENGTH = 1e-6        # of the regularisation
EPOCHS = 12
BAD_SHARE = 0.02       # of the passages of a package, for the calibration: a stated guess
THRESHOLD = 0.9965

HONEST, BAD = 0, 1


class Passages:
    """Passages of one label: their slots, and which text each is of."""

    def __init__(self):
        self.units, self.spans, self.groups, self.texts = [], [], [], 0

    def add(self, text, path=""):
        units = list(features.units_of(path, text))
        first = len(self.units)
        sizes = [len(unit) for unit in units]
        self.units += [features.features(features.normal(unit)) for unit in units]
        for begin, count in features.passages(sizes):
            self.spans.append((first + begin, count))
            self.groups.append(self.texts)
        self.texts += 1

    def matrix(self, which):
        rows, columns, values = [], [], []
        for row, span in enumerate(which):
            first, count = self.spans[span]
            slots, times = numpy.unique(numpy.concatenate(self.units[first:first + count]),
                                        return_counts=True)
            rows.append(len(slots))
            columns.append(slots)
            values.append((times / numpy.sqrt(times.sum() + features.DAMPING)).astype(numpy.float32))
        ends = numpy.concatenate([[0], numpy.cumsum(rows)])
        return csr_matrix((numpy.concatenate(values), numpy.concatenate(columns), ends),
                          shape=(len(which), 1 << features.BITS))

    def scores(self, weights, bias):
        """Of every passage: the sums of its units are enough."""
        sums = numpy.array([weights[unit].sum() for unit in self.units])
        counts = numpy.array([len(unit) for unit in self.units])
        sums, counts = (numpy.concatenate([[0], numpy.cumsum(x)]) for x in (sums, counts))
        spans = numpy.array(self.spans)
        first, end = spans[:, 0], spans.sum(axis=1)
        return bias + (sums[end] - sums[first]) / numpy.sqrt(counts[end] - counts[first] + features.DAMPING)


def collect(clones, part):
    """The honest and the bad passages of a part, and how many texts came from where."""
    passages, counts, left = (Passages(), Passages()), [], sources.left_out()
    for source in sources.manifest():
        if source.part != part:
            continue
        number = [0, 0]
        for path, text, bad in sources.samples(source, clones):
            name = digest(text) if source.reader != "honest" else path
            if (source.repository, name) in left:
                continue
            passages[BAD if bad else HONEST].add(text, "" if bad else path)
            number[bad] += 1
        counts.append({"repository": source.repository, "commit": source.commit,
                       "licence": source.licence, "part": part, "honest_texts": number[0],
                       "bad_texts": number[1]})
        print(f"{part}: {source.repository}: {number[0]} honest, {number[1]} bad", flush=True)
    return passages, counts


def digest(text):
    return hashlib.sha256(text).hexdigest()[:16]


# --- training ---

def of_short_texts(passages):
    """The passages of texts that hardly are more than one: what is bad in a longer one is not known yet."""
    groups = numpy.array(passages.groups)
    return numpy.flatnonzero(numpy.bincount(groups)[groups] <= 6)


def worst_of_each(passages, scores):
    """The passage that a bad text is bad for, as far as is known."""
    best = {}
    for span, group in enumerate(passages.groups):
        if group not in best or scores[span] > scores[best[group]]:
            best[group] = span
    return numpy.array(sorted(best.values()))


def train(honest, bad):
    draw = numpy.random.default_rng(SEED)
    chosen = draw.permutation(len(honest.spans))[:HONEST_FIRST]
    chosen_bad = of_short_texts(bad)
    weights, bias = None, 0.0
    for turn in range(ROUNDS):
        if turn > 0:
            scores = honest.scores(weights, bias)
            chosen = numpy.union1d(chosen, numpy.argsort(-scores)[:HONEST_MORE])
            chosen_bad = worst_of_each(bad, bad.scores(weights, bias))
        known = vstack([honest.matrix(chosen), bad.matrix(chosen_bad)])
        labels = numpy.repeat([HONEST, BAD], [len(chosen), len(chosen_bad)])
        model = SGDClassifier("log_loss", alpha=STRENGTH, max_iter=EPOCHS, tol=None, average=True,
                              random_state=SEED).fit(known, labels)
        weights, bias = model.coef_[0].astype(numpy.float32), float(model.intercept_[0])
        print(f"round {turn + 1}: {len(chosen)} honest, {len(chosen_bad)} bad passages", flush=True)
    return weights, bias


def quantised(weights):
    scale = round(float(numpy.abs(weights).max()) / 127 * 2**24)
    return numpy.clip(numpy.rint(weights / (scale / 2**24)), -127, 127).astype(numpy.int8), scale


# --- calibration (Platt) and figures ---

def text_scores(passages, scores):
    """The score of a bad text is that of its worst passage."""
    best = numpy.full(passages.texts, -numpy.inf)
    numpy.maximum.at(best, numpy.array(passages.groups, int), scores)
    return best[numpy.isfinite(best)]


def calibration(honest, bad):
    """Slope and intercept, the classes weighted so that BAD_SHARE of the passages are bad."""
    scores = numpy.concatenate([honest, bad])
    labels = numpy.repeat([HONEST, BAD], [len(honest), len(bad)])
    shares = weights_of(honest, bad)
    model = LogisticRegression(C=1e6).fit(scores[:, None], labels, sample_weight=shares * len(scores))
    return float(model.coef_[0][0]), float(model.intercept_[0])


def weights_of(honest, bad):
    return numpy.concatenate([numpy.full(len(honest), (1 - BAD_SHARE) / len(honest)),
                              numpy.full(len(bad), BAD_SHARE / len(bad))])


def figures(honest, bad, slope, intercept):
    chance = 1 / (1 + numpy.exp(-(slope * numpy.concatenate([honest, bad]) + intercept)))
    labels = numpy.repeat([HONEST, BAD], [len(honest), len(bad)])
    shares = weights_of(honest, bad)
    edges = [0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0000001]
    table = []
    for low, high in zip(edges, edges[1:]):
        inside = (chance >= low) & (chance < high)
        if inside.any():
            share = shares[inside]
            table.append({"from": low, "to": min(high, 1.0), "passages": int(inside.sum()),
                          "said": round(float((chance[inside] * share).sum() / share.sum()), 4),
                          "was": round(float((labels[inside] * share).sum() / share.sum()), 4)})
    ranks = numpy.searchsorted(numpy.sort(honest), bad, "left") / len(honest)
    return {"honest_passages": len(honest), "bad_texts": len(bad),
            "brier": round(float((shares * (chance - labels) ** 2).sum()), 6),
            "brier_of_the_share_alone": round(BAD_SHARE * (1 - BAD_SHARE), 6),
            "area_under_curve": round(float(ranks.mean()), 5),
            "found_at_threshold": round(float((chance[labels == BAD] >= THRESHOLD).mean()), 4),
            "false_at_threshold": int((chance[labels == HONEST] >= THRESHOLD).sum()),
            "reliability": table}


# --- output ---

MAGIC = b"vbtext1\n"


def write_model(path, weights, scale, bias, slope, intercept):
    head = struct.pack("<8s6i", MAGIC, features.BITS, scale, *(
        round(value * 65536) for value in (bias, slope, intercept)), round(THRESHOLD * 1000000))
    path.write_bytes(head + weights.tobytes())


def write_check(path, weights):
    """Own passages with the number of their features and the sum of their weights."""
    lines = ["# features\tsum of weights\ttext (one unit)"]
    for text in examples.bad()[::250] + examples.good()[::250]:
        if "\n" in text:
            continue
        slots = features.features(features.normal(text.encode()))
        lines.append(f"{len(slots)}\t{int(weights[slots].astype(int).sum())}\t{text}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make(clones, output):
    (honest, bad), counts = collect(clones, "train")
    for text in examples.bad():
        bad.add(text.encode())
    for text in examples.good():
        honest.add(text.encode())
    counts.append({"repository": "tools/textmodel/examples.py", "part": "train",
                   "honest_texts": len(examples.good()), "bad_texts": len(examples.bad())})
    weights, bias = train(honest, bad)
    small, scale = quantised(weights)
    weights = small * numpy.float32(scale / 2**24)

    told = {}
    for part in ("calibrate", "test"):
        (honest, bad), more = collect(clones, part)
        counts += more
        scores = honest.scores(weights, bias), text_scores(bad, bad.scores(weights, bias))
        if part == "calibrate":
            slope, intercept = calibration(*scores)
        told[part] = figures(*scores, slope, intercept)
    write_model(output / "text.model", small, scale, bias, slope, intercept)
    write_check(output / "check.tsv", small)
    told = {"model": hashlib.sha256((output / "text.model").read_bytes()).hexdigest(),
            "bits": features.BITS, "threshold": THRESHOLD, "bad_share": BAD_SHARE,
            "weights_not_zero": int((small != 0).sum()), **told, "sources": counts}
    (output / "text.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({part: told[part] for part in ("calibrate", "test")}, indent=1))


# --- what is in the packages that are measured with ---

LONG = 40  # bytes: shorter units are anybody's


def long_units(path, text):
    return {digest(unit) for unit in (features.normal(unit) for unit in features.units_of(path, text))
            if len(unit) >= LONG}


def compare(clones, folder):
    measured = set()
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 2**20:
            measured |= long_units(path.name, path.read_bytes())
    lines = ["# repository\tpath of a file, or digest of a text: stands in what is measured with, too"]
    for source in sources.manifest():
        for path, text, _ in sources.samples(source, clones):
            if "LICEN" in path:
                continue  # stands everywhere
            units = long_units(path if source.reader == "honest" else "", text)
            common = len(units & measured)
            if common == 0 or (source.reader == "honest" and (common < 3 or common * 5 < len(units))):
                continue
            lines.append(f"{source.repository}\t{path if source.reader == 'honest' else digest(text)}")
    (sources.HERE / "left-out.tsv").write_text("\n".join(dict.fromkeys(lines)) + "\n", encoding="utf-8")
    print(f"{len(lines) - 1} texts are left out")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clones", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--measured", type=Path)
    given = parser.parse_args()
    if given.measured:
        compare(given.clones, given.measured)
    else:
        make(given.clones, given.output)


if __name__ == "__main__":
    main()
