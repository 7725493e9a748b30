"""Scores the scrubber on labelled sets and prints Markdown tables: against the targets, by kind and set, leaks, scores.

LABELLED is a folder with `dev/*.jsonl` and `train/*.jsonl` of `{"id", "text", "spans": [{"start", "end", "label"}]}`
(code points, end exclusive), `<set>.meta.json` with the labels a set annotates, and its scorers `score.py` and
`score_cv.py`. Nothing of it is copied into the repository.

Usage: score.py LABELLED --spans COMMAND [--set dev/NAME …] [--json FILE] [--floors FILE] [--work FOLDER]

COMMAND reads `{"id", "text"}` lines and writes `{"id", "spans"}` lines: `zion scrub --spans -`, or anything else that
does. The exit code is 1 when a figure is below its floor or above its ceiling, and 2 when a set can't be scored.
"""

import argparse
import bisect
import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import tables

# Sets of train/ that targets are named for; the scrubber's tagger may have been trained on them.
TRAINED_ON = ["train/presidio-generated-large", "train/cerec-enron"]
BANDS = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01]


def lines_of(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def predict(command, gold, path):
    """Runs the command over a set's texts; answers the seconds it took."""
    texts = "".join(json.dumps({"id": doc["id"], "text": doc["text"]}) + "\n" for doc in gold)
    begun = time.monotonic()
    with open(path, "wb") as out:
        run = subprocess.run(shlex.split(command), input=texts.encode(), stdout=out, stderr=subprocess.PIPE)
    if run.returncode:
        sys.stderr.write(run.stderr.decode(errors="replace"))
        sys.exit(2)
    return time.monotonic() - begun


def scorer(labelled, script, *arguments):
    """Runs one of the set's own scorers and answers what it prints."""
    command = [sys.executable, str(labelled / script), *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.stderr.write(run.stderr)
        sys.exit(2)
    return run.stdout


def tagged(text, spans):
    """Redacts a text as the policy `tag` would."""
    clean, at = [], 0
    for span in sorted(spans, key=lambda span: span["start"]):
        clean += [text[at : span["start"]], f"[{span['label'].lower()}]"]
        at = span["end"]
    return "".join(clean) + text[at:]


def of_label(scored):
    precision, recall, f1, f2 = scored["relaxed"]
    return {"precision": precision, "recall": recall, "f1": f1, "f2": f2, "masked": scored["masked"]}


def leak_mode(labelled, gold_path, gold, pred, work):
    redacted = work / "redacted.jsonl"
    with open(redacted, "w", encoding="utf-8") as out:
        for doc in gold:
            text = tagged(doc["text"], pred.get(doc["id"], []))
            out.write(json.dumps({"id": doc["id"], "text": text}) + "\n")
    said = scorer(labelled, "score.py", "leak", gold_path, redacted)
    found = re.search(r"verbatim leak ([\d.]+)%.*docs leaking (\d+)/(\d+).*destroyed ([\d.-]+)%", said)
    verbatim, docs, of, destroyed = map(float, found.groups())
    return {"verbatim": verbatim / 100, "leaking_docs": docs, "docs": of, "destroyed": destroyed / 100}


def calibration(gold, pred, annotated):
    """Counts predictions, and those that touch a gold span of their label, by label and band of score."""
    counts = {}
    for doc in gold:
        spans = {}
        for span in doc["spans"]:
            spans.setdefault(span["label"], []).append((span["start"], span["end"]))
        for span in pred.get(doc["id"], []):
            if span["label"] not in annotated or span["score"] < BANDS[0]:
                continue
            band = bisect.bisect_right(BANDS, span["score"]) - 1
            right = any(start < span["end"] and span["start"] < end for start, end in spans.get(span["label"], []))
            count = counts.setdefault(span["label"], [[0, 0, 0.0] for _ in BANDS[:-1]])[band]
            count[0] += 1
            count[1] += right
            count[2] += span["score"]
    return counts


def score(labelled, name, command, work):
    gold_path = labelled / f"{name}.jsonl"
    gold, pred_path, report = lines_of(gold_path), work / "spans.jsonl", work / "report.json"
    annotated = set(json.loads((labelled / f"{name}.meta.json").read_text())["annotated"])
    seconds = predict(command, gold, pred_path)
    pred = {doc["id"]: doc["spans"] for doc in lines_of(pred_path)}
    scorer(labelled, "score.py", "spans", gold_path, pred_path, "--json", report)
    scored = json.loads(report.read_text())
    figures = {label: of_label(of) for label, of in scored["labels"].items() if label in annotated}
    for label, of in figures.items():
        of["gold"] = scored["labels"][label]["gold"]
    whole = scored["any"]
    figures["any"] = {
        "precision": whole["char"][0],
        "recall": whole["char"][1],
        "masked": whole["masked"],
        "leaking": whole["leaking_docs"],
        "hidden": whole["over_redacted"],
        "docs": whole["core_docs"],
    }
    figures["leak"] = leak_mode(labelled, gold_path, gold, pred, work)
    if "required" in next((span for doc in gold for span in doc["spans"]), {}):
        cv = json.loads(scorer(labelled, "score_cv.py", gold_path, pred_path))
        figures["cv"] = {
            "recall": cv["recall"],
            "precision": cv["precision"],
            "leaking_docs": cv["leak_docs"],
            "docs": cv["docs"],
        }
    bands = calibration(gold, pred, annotated)
    return {"figures": figures, "seconds": seconds, "bytes": gold_path.stat().st_size, "bands": bands}


def figure(sets, path):
    """`set:LABEL.measure` → the figure; none when it is not there."""
    name, _, rest = path.partition(":")
    label, _, measure = rest.partition(".")
    return sets.get(name, {}).get("figures", {}).get(label, {}).get(measure)


def gate(sets, floors):
    """Answers a line for each figure that has fallen below its floor or risen above its ceiling."""
    faults = []
    for kind, is_wrong in (("floor", lambda value, bound: value < bound), ("ceiling", lambda value, bound: value > bound)):
        for name, bounds in floors.get(kind, {}).items():
            for rest, bound in bounds.items():
                value = figure(sets, f"{name}:{rest}")
                if name in sets and (value is None or is_wrong(value, bound)):
                    faults.append(f"{name} {rest}: {value if value is None else round(value, 4)} against its {kind} {bound}")
    return faults


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--spans", required=True, metavar="COMMAND", help="reads texts, writes spans")
    parser.add_argument("--set", action="append", dest="sets", metavar="NAME", help="dev/NAME; all by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes every figure")
    parser.add_argument("--floors", type=Path, metavar="FILE", help="fails when a figure is below its floor")
    parser.add_argument("--write-floors", type=Path, metavar="FILE", help="writes the figures as floors, a point lower")
    return parser.parse_args()


def main():
    args = arguments()
    labelled = args.labelled.resolve()
    if not (labelled / "score.py").is_file():
        print(f"score: {labelled} holds no labelled sets: name their folder with LABELLED=…", file=sys.stderr)
        sys.exit(2)
    names = args.sets or [f"dev/{path.stem}" for path in sorted((labelled / "dev").glob("*.jsonl"))] + TRAINED_ON
    absent = [name for name in names if not (labelled / f"{name}.jsonl").is_file()]
    if absent:
        print(f"score: no such set in {labelled}: {', '.join(absent)}", file=sys.stderr)
        sys.exit(2)
    with tempfile.TemporaryDirectory() as work:
        sets = {name: score(labelled, name, args.spans, Path(work)) for name in names}
    print(tables.all_of(sets, figure, BANDS))
    if args.json:
        args.json.write_text(json.dumps(sets, indent=1) + "\n")
    if args.write_floors:
        args.write_floors.write_text(tables.floors(sets, figure))
    faults = gate(sets, tomllib.loads(args.floors.read_text())) if args.floors else []
    for fault in faults:
        print(f"score: {fault}", file=sys.stderr)
    sys.exit(bool(faults))


main()
