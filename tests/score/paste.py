"""Puts standard input between `<!-- NAME -->` and `<!-- /NAME -->` of a file: paste.py FILE NAME < text."""

import sys
from pathlib import Path


def main():
    path, name = Path(sys.argv[1]), sys.argv[2]
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    text = path.read_text(encoding="utf-8")
    if begin not in text or end not in text:
        sys.exit(f"{path} has no {begin.strip()} … {end.strip()}")
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    path.write_text(head + begin + sys.stdin.read().strip() + "\n" + end + tail, encoding="utf-8")


main()
