"""Checks the direction of the workspace's dependencies.

1. `pii` and `records` compile and test in seconds: nothing asynchronous, no HTTP, no AWS in their tree.
2. Arrows go down: functions -> consent -> {supabase, tuning, store, secrets, notify} -> stage -> records -> pii; no function
   uses another.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

PURE = {"pii", "records"}
NOT_IN_PURE = re.compile(r"^(tokio|hyper|reqwest|axum|lambda_runtime|aws-.*)$")
PORTS = {"supabase", "tuning", "store", "secrets", "notify"}
BASE = {"stage", "records", "pii"}


def metadata():
    host = re.search(r"host: (\S+)", subprocess.check_output(["rustc", "-vV"], text=True))[1]
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host]
    return json.loads(subprocess.check_output(command, text=True))


def main():
    data = metadata()
    names = {package["id"]: package["name"] for package in data["packages"]}
    root = Path(data["workspace_root"])
    members = set(data["workspace_members"])
    functions = {
        package["name"]
        for package in data["packages"]
        if package["id"] in members and (root / "functions") in Path(package["manifest_path"]).parents
    }
    # Normal dependencies only: a test may use what it likes.
    uses = {
        node["id"]: [dep["pkg"] for dep in node["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])]
        for node in data["resolve"]["nodes"]
    }

    def tree(start):
        seen, todo = set(), [start]
        while todo:
            for dep in uses[todo.pop()]:
                if dep not in seen:
                    seen.add(dep)
                    todo.append(dep)
        return seen

    faults = []
    for member in sorted(members):
        name = names[member]
        if name in PURE:
            found = sorted({names[dep] for dep in tree(member) if NOT_IN_PURE.match(names[dep])})
            faults += [f"{name} is pure, but has {dep} in its tree" for dep in found]
        inside = sorted(names[dep] for dep in uses[member] if dep in members)
        if name in functions:
            allowed = {"consent"} | PORTS | BASE
        elif name == "consent":
            allowed = {"store", "supabase"} | BASE
        elif name in PORTS:
            allowed = BASE
        elif name == "stage":
            allowed = PURE
        elif name == "records":
            allowed = {"pii"}
        elif name == "pii":
            allowed = set()
        else:
            continue
        faults += [f"{name} must not depend on {dep}" for dep in inside if dep not in allowed]
    print(*(f"dependencies: {fault}" for fault in faults), sep="\n", end="\n" if faults else "")
    print(f"dependencies: {len(functions)} functions, {len(members)} crates, {len(faults)} wrong")
    sys.exit(bool(faults))


main()
