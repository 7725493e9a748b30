#!/usr/bin/env python3
"""Writes the numbering plan that the phone recogniser reads.

    pip install phonenumbers
    python3 infra/numbering/table.py >shared/pii/src/recognisers/phone/plan.txt

Source: libphonenumber's metadata (Apache-2.0, Google), as the Python package `phonenumbers` carries it. Each region's
patterns are reduced to what tells a number from other digits: how long a national number may be after its first three
digits, which of those are mobile numbers, which digits are dialled in front of it at home, and how it is grouped.
"""
import collections
import re
import sys

try:
    from re import _parser as parser  # Python 3.11 on
except ImportError:
    import sre_parse as parser

import phonenumbers
from phonenumbers import PhoneMetadata

TYPES = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan", "voicemail")
LONGEST = 15


def machine(pattern):
    """Returns a pattern of digits as a machine: its moves, its first and its last state."""
    moves = [[]]

    def state():
        moves.append([])
        return len(moves) - 1

    def join(nodes, start):
        for op, value in nodes:
            start = step(str(op), value, start)
        return start

    def step(op, value, start):
        if op in ("LITERAL", "IN"):
            end = state()
            moves[start].append((digits(op, value), end))
            return end
        if op == "SUBPATTERN":
            return join(value[3], start)
        if op == "BRANCH":
            end = state()
            for branch in value[1]:
                moves[join(branch, start)].append((None, end))
            return end
        if op == "MAX_REPEAT":
            least, most, nodes = value
            for _ in range(least):
                start = join(nodes, start)
            end = state()
            for _ in range(most - least):
                moves[start].append((None, end))
                start = join(nodes, start)
            moves[start].append((None, end))
            return end
        raise ValueError(op)

    def digits(op, value):
        if op == "LITERAL":
            return {chr(value)}
        chosen = set()
        for kind, item in value:
            if str(kind) == "LITERAL":
                chosen.add(chr(item))
            elif str(kind) == "RANGE":
                chosen.update(chr(code) for code in range(item[0], item[1] + 1))
            elif str(kind) == "CATEGORY":
                chosen.update("0123456789")
        return chosen

    return moves, join(parser.parse(pattern), 0)


def lengths(pattern):
    """Returns the lengths of the numbers that match, by their first three digits."""
    moves, last = machine(pattern)

    def close(states):
        todo, seen = list(states), set(states)
        while todo:
            for digit, to in moves[todo.pop()]:
                if digit is None and to not in seen:
                    seen.add(to)
                    todo.append(to)
        return frozenset(seen)

    def after(states, digit):
        return close({to for at in states for move, to in moves[at] if move and (digit is None or digit in move)})

    rests = {}
    def rest(states):
        if states not in rests:
            found, ahead, used = set(), states, 0
            while ahead and used <= LONGEST:
                if last in ahead:
                    found.add(used)
                ahead, used = after(ahead, None), used + 1
            rests[states] = found
        return rests[states]

    found = collections.defaultdict(set)
    start = close({0})
    for code in range(1000):
        states = start
        for digit in f"{code:03}":
            states = after(states, digit)
        if states:
            found[code] = {3 + more for more in rest(states) if 3 + more <= LONGEST}
    return found


def shapes(region):
    """Returns how a region groups its national numbers: the lengths of the groups, 12-345 as 23."""
    found = set()
    for form in region.number_format:
        sizes = []
        for group in re.findall(r"\(([^()]*)\)", form.pattern):
            size = [0, 0]
            for token, count in re.findall(r"(\[[^\]]*\]|\\d|\d)(\{[\d,]+\})?", group):
                least, _, most = count.strip("{}").partition(",") if count else ("1", "", "")
                size[0] += int(least)
                size[1] += int(most or least)
            sizes.append(range(size[0], size[1] + 1))
        order = [int(group) - 1 for group in re.findall(r"\\(\d)", form.format)]
        if order != sorted(order) or len(order) < 2:
            continue
        joined = re.sub(r"\\(\d)", lambda group: chr(ord("a") + int(group[1]) - 1), form.format)
        blocks = [[ord(c) - ord("a") for c in block] for block in re.findall(r"[a-i]+", joined)]
        forms = [[]]
        for block in blocks:
            widths = [0]
            for group in block:
                widths = [width + more for width in widths for more in sizes[group]]
            forms = [form + [width] for form in forms for width in widths]
        found.update("".join(map(str, form)) for form in forms if all(0 < width < 10 for width in form) and len(form) > 1)
    return found


def ranges(codes):
    """Writes sets of three leading digits in few words: 2 for 200 to 299, 30-34 for 300 to 349."""
    words, codes = [], sorted(codes)
    while codes:
        end = 1
        while end < len(codes) and codes[end] == codes[0] + end:
            end += 1
        low, high = codes[0], codes[end - 1]
        first, last = f"{low:03}", f"{high:03}"
        while len(first) > 1 and first[-1] == "0" and last[-1] == "9":
            first, last = first[:-1], last[:-1]
        words.append(first if first == last else f"{first}-{last}")
        codes = codes[end:]
    return " ".join(words)


def main():
    regions = [PhoneMetadata.metadata_for_region(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)]
    regions += [PhoneMetadata.metadata_for_nongeo_region(code) for code in (800, 808, 870, 878, 881, 882, 883, 888, 979)]
    plans = collections.defaultdict(list)
    for region in regions:
        plans[region.country_code].append(region)
    out = sys.stdout
    print(f"""# The world's numbering plans, from libphonenumber's metadata (Apache-2.0, Google; phonenumbers {phonenumbers.__version__}).
# Written by infra/numbering/table.py; do not edit.
# `+code trunk shapes`: the calling code, the digits dialled in front of a national number at home (or -), how national
# numbers are grouped. Then a line for each set of lengths: `lengths/mobile lengths: first three digits`.""", file=out)
    for code, plan in sorted(plans.items()):
        every, mobile = collections.defaultdict(set), collections.defaultdict(set)
        for region in plan:
            for kind in TYPES:
                described = getattr(region, kind)
                if described is None or not described.national_number_pattern:
                    continue
                for start, sizes in lengths(described.national_number_pattern).items():
                    every[start] |= sizes
                    if kind == "mobile":
                        mobile[start] |= sizes
        trunk = next((region.national_prefix for region in plan if region.national_prefix), "-")
        groups = sorted(set().union(*map(shapes, plan)))
        print(f"+{code} {trunk} {' '.join(groups)}".rstrip(), file=out)
        same = collections.defaultdict(set)
        for start, sizes in every.items():
            if sizes:
                same[tuple(sorted(sizes)), tuple(sorted(mobile[start]))].add(start)
        for (sizes, mobiles), starts in sorted(same.items()):
            print(f"{','.join(map(str, sizes))}/{','.join(map(str, mobiles))}: {ranges(starts)}", file=out)


if __name__ == "__main__":
    main()
