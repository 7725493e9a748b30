"""Named checks: the first one that fails ends the script with its name and a non-zero status."""

import sys
import traceback
from contextlib import contextmanager


@contextmanager
def check(name):
    """Runs a block under a name."""
    try:
        yield
    except Exception:
        traceback.print_exc()
        print(f"FAILED: {name}", file=sys.stderr)
        sys.exit(1)
    print(f"ok: {name}")


def same(found, wanted):
    """Fails unless both are equal, and shows both."""
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")


def refused(kind, call):
    """The error of the class `kind` that a call must raise."""
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"{kind} was expected, the answer was {answer!r}")
