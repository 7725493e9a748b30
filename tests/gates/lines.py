"""Checks file lengths: none over 400 lines without a reason at its head, the median at or under 150.

The reason is a comment that says `lines on purpose` within the first ten lines, as template.yaml has.
"""

import statistics
import subprocess
import sys
from pathlib import Path

SOURCES = {".rs", ".py", ".js", ".sh", ".sql", ".toml", ".yaml", ".yml", ".guard"}
LONGEST = 400
MEDIAN = 150


def tracked():
    """Files that git knows or would add: build output and private environments are neither."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return [Path(line) for line in subprocess.check_output(listing, text=True).splitlines()]


def main():
    lengths, faults = [], []
    for path in tracked():
        if path.suffix not in SOURCES or not path.is_file():
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        lengths.append(len(lines))
        if len(lines) > LONGEST and not any("lines on purpose" in line for line in lines[:10]):
            faults.append(f"{path}: {len(lines)} lines; split it, or say at its head why it is over {LONGEST} lines on purpose")
    median = statistics.median(lengths) if lengths else 0
    if median > MEDIAN:
        faults.append(f"the median file has {median} lines, more than {MEDIAN}")
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"lines: {len(lengths)} files, median {median:g}, longest {max(lengths, default=0)}, {len(faults)} wrong")
    sys.exit(bool(faults))


main()
