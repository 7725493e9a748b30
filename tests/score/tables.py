"""The tables of the scores, as Markdown that can be pasted into the documents."""

# What to reach, and what the best measured peer reaches; halves of Presidio's leaks and of the text it hides.
TARGETS = [
    ("PERSON F2, template sentences", "train/presidio-generated-large:PERSON.f2", ">=", 0.92, "78.5"),
    ("PERSON F2, mail and reviews", "dev/uner-ewt:PERSON.f2", ">=", 0.88, "76.6"),
    ("PERSON F2, mail threads", "train/cerec-enron:PERSON.f2", ">=", 0.96, "86.8"),
    ("CVs: recall", "dev/cv-dev:cv.recall", ">=", 0.98, "98.0"),
    ("CVs: precision", "dev/cv-dev:cv.precision", ">=", 0.93, "93.3"),
    ("CVs leaking, of 80", "dev/cv-dev:cv.leaking_docs", "<=", 16, "9 of 40"),
    ("hard CVs: recall", "dev/cv-devhard:cv.recall", ">=", 0.985, "96.7"),
    ("hard CVs: precision", "dev/cv-devhard:cv.precision", ">=", 0.93, "89.1"),
    ("hard CVs leaking, of 60", "dev/cv-devhard:cv.leaking_docs", "<=", 10, "15"),
    ("PHONE F1, every region", "dev/phone-formats:PHONE.f1", ">=", 0.98, "95"),
    ("PHONE F1, in sentences", "train/presidio-generated-large:PHONE.f1", ">=", 0.90, "80.5"),
    ("EMAIL recall, mail threads", "train/cerec-enron:EMAIL.recall", ">=", 0.995, "100"),
    ("EMAIL recall, template sentences", "train/presidio-generated-large:EMAIL.recall", ">=", 0.995, "100"),
    ("EMAIL recall, CVs", "dev/cv-dev:EMAIL.recall", ">=", 0.995, "–"),
    ("ADDRESS wholly masked", "train/presidio-generated-large:ADDRESS.masked", ">=", 0.85, "15.6"),
    ("documents leaking, template sentences", "train/presidio-generated-large:any.leaking", "<=", 0.207, "41.4"),
    ("text hidden beside them", "train/presidio-generated-large:any.hidden", "<=", 0.0225, "4.5"),
    ("documents leaking, mail and reviews", "dev/uner-ewt:any.leaking", "<=", 0.217, "43.4"),
    ("text hidden beside them", "dev/uner-ewt:any.hidden", "<=", 0.0525, "10.5"),
    ("documents leaking, noisy posts", "dev/wnut17:any.leaking", "<=", 0.2595, "51.9"),
    ("text hidden beside them", "dev/wnut17:any.hidden", "<=", 0.116, "23.2"),
    ("documents leaking, mail threads", "train/cerec-enron:any.leaking", "<=", 0.45, "90"),
    ("text hidden beside them", "train/cerec-enron:any.hidden", "<=", 0.097, "19.4"),
]
# Places, organisations, dates and titles at large are no personal data to the scrubber; of the CVs, home towns, universities
# and dates of birth are.
NOT_SOUGHT = {"LOCATION", "ORG", "DATE", "TITLE", "MISC"}
COUNTS = {"leaking_docs", "docs", "gold"}


def percent(value):
    return "–" if value is None else f"{100 * value:.1f}"


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head, rows):
    return "\n".join([row(*head), "|" + "---|" * len(head), *(row(*cells) for cells in rows)])


def against_targets(sets, figure):
    rows = []
    for what, path, sign, target, peer in TARGETS:
        value = figure(sets, path)
        if value is None:
            continue
        shown = (lambda it: f"{it:g}") if path.rpartition(".")[2] in COUNTS else percent
        met = value >= target if sign == ">=" else value <= target
        rows.append((what, path.partition(":")[0], shown(value), f"{sign} {shown(target)}", "yes" if met else "**no**", peer))
    head = ("what", "set", "measured", "target", "reached", "best peer")
    return "### Against the targets\n\n" + table(head, rows)


def by_kind(sets):
    rows = []
    for name, of in sets.items():
        for label, figures in sorted(of["figures"].items()):
            if label in ("any", "leak", "cv") or not figures["gold"]:
                continue
            if label in NOT_SOUGHT and "cv" not in of["figures"]:
                continue
            cells = [percent(figures[measure]) for measure in ("precision", "recall", "f1", "f2", "masked")]
            rows.append((name, label, figures["gold"], *cells))
    head = ("set", "label", "spans", "precision", "recall", "F1", "F2", "wholly masked")
    return "### By set and label\n\nRelaxed: the same label, at least a character of overlap.\n\n" + table(head, rows)


def leaks(sets):
    rows = []
    for name, of in sets.items():
        any_of, leak, cv = of["figures"]["any"], of["figures"]["leak"], of["figures"].get("cv")
        survive = f"{leak['leaking_docs']:.0f} of {leak['docs']:.0f}"
        tokens = f"{percent(cv['recall'])} / {percent(cv['precision'])} / {cv['leaking_docs']} of {cv['docs']}" if cv else ""
        rows.append(
            (name, percent(any_of["masked"]), percent(any_of["leaking"]), percent(any_of["hidden"]))
            + (percent(leak["verbatim"]), survive, percent(leak["destroyed"]), tokens)
        )
    head = (
        "set",
        "spans wholly masked",
        "documents with one that is not",
        "other text hidden",
        "strings that survive",
        "documents with one",
        "other words destroyed",
        "CVs, by token: recall / precision / leaking",
    )
    return "### What leaks, and what is destroyed\n\n" + table(head, rows)


def calibration(sets, bands):
    dev = [of["bands"] for name, of in sets.items() if name.startswith("dev/")]
    counts = {}
    for bands_of in dev:
        for label, row_of in bands_of.items():
            into = counts.setdefault(label, [[0, 0, 0.0] for _ in row_of])
            for to, one in zip(into, row_of):
                to[:] = [a + b for a, b in zip(to, one)]
    everything = [[sum(row_of[at][part] for row_of in counts.values()) for part in range(3)] for at in range(len(bands) - 1)]
    head = ["label", *(f"{low:g} to {min(high, 1):g}" for low, high in zip(bands, bands[1:]))]
    rows = []
    for label, row_of in [*sorted(counts.items()), ("all", everything)]:
        rows.append([label, *(f"{percent(right / n)} of {n}, said {100 * said / n:.0f}" if n else "" for n, right, said in row_of)])
    return "### Scores\n\nOf the findings with a score in this band, this share was right on dev/.\n\n" + table(head, rows)


def all_of(sets, figure, bands):
    return "\n\n".join([against_targets(sets, figure), by_kind(sets), leaks(sets), calibration(sets, bands)])


FLOORS = """# What `make score` refuses to fall below or rise above, by set, where the sets are there. No targets: what the code does,
# less a little. After a change that makes figures better, write them anew: make score FLOORS=write
"""


def floors(sets, figure):
    """The figures of the targets as floors and ceilings, a point (a document, of counts) worse than they are."""
    bounds = {"floor": {}, "ceiling": {}}
    for _, path, sign, _, _ in TARGETS:
        value = figure(sets, path)
        name, _, rest = path.partition(":")
        if value is None:
            continue
        room = 1 if rest.rpartition(".")[2] in COUNTS else 0.01
        kind, bound = ("floor", value - room) if sign == ">=" else ("ceiling", value + room)
        bounds[kind].setdefault(name, []).append(f'"{rest}" = {max(round(bound, 3), 0):g}')
    tables = [
        f'\n[{kind}."{name}"]\n' + "\n".join(lines) + "\n" for kind, of in bounds.items() for name, lines in of.items()
    ]
    return FLOORS + "".join(tables)
