"""Proves that each static gate bites: puts one fault at a time into a copy and asks the same `make check-…` about it.

Gates over infrastructure files get a copy of those files. Gates over Rust get a workspace of four empty crates under
the repository's own lints and configuration, so a proof compiles in a second. Each clean copy must pass first.

Usage: faults.py [gate …]    all gates without an argument
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cases

REPO = Path(__file__).resolve().parents[2]
CONFIGURATION = ["Makefile", "_typos.toml", "deny.toml", "clippy.toml", "rustfmt.toml"]
INFRASTRUCTURE = ["template.yaml", "infra/workflow.asl.json", "infra/guard", "infra/local", "tests/gates"]


def copy(target, paths):
    for path in paths:
        source, to = REPO / path, target / path
        to.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, to)
    # The tools are the ones that `make check` uses. Times are kept, so nothing is installed again.
    (target / ".local").symlink_to(REPO / ".local")


def infrastructure(target):
    copy(target, CONFIGURATION + INFRASTRUCTURE)


def workspace(target):
    """Four crates where the real ones are, and the real lint tables."""
    copy(target, CONFIGURATION + ["infra/local", "tests/gates"])
    manifest = (REPO / "Cargo.toml").read_text()
    lints = manifest[manifest.index("[workspace.lints.rust]") : manifest.index("[profile.dev]")]
    (target / "Cargo.toml").write_text(cases.ROOT_MANIFEST + lints)
    for crate in ["shared/pii", "shared/records", "functions/plan", "functions/status"]:
        (target / crate / "src").mkdir(parents=True)
        (target / crate / "Cargo.toml").write_text(cases.manifest(Path(crate).name))
        (target / crate / "src/lib.rs").write_text(cases.LIBRARY)


def make(target, gate):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CARGO_TARGET", "MAKE", "MFLAGS"))}
    environment["CARGO_NET_OFFLINE"] = "true"
    if (target / "Cargo.toml").exists():
        subprocess.run(["cargo", "generate-lockfile", "--offline", "--quiet"], cwd=target, env=environment, check=True)
    run = subprocess.run(
        ["make", f"check-{gate}"], cwd=target, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return run.returncode, run.stdout


def proof(gate, case, build):
    """Answers None when the gate rejected the fault in the expected words, else what it said."""
    with tempfile.TemporaryDirectory(prefix="gate-") as directory:
        target = Path(directory)
        build(target)
        subprocess.run(["git", "init", "--quiet"], cwd=target, check=True)
        if case is None:
            code, said = make(target, gate)
            return None if code == 0 else f"the clean copy is rejected:\n{said}"
        case.apply(target)
        code, said = make(target, gate)
        if code == 0:
            return f"accepted:\n{said}"
        return None if case.words in said else f"rejected, but not for {case.words!r}:\n{said}"


def main():
    wanted = set(sys.argv[1:])
    unknown = wanted - {gate for gate, _, _ in cases.GATES}
    if unknown:
        sys.exit(f"no such gate: {', '.join(sorted(unknown))}")
    start, proved, missed = time.monotonic(), 0, 0
    for gate, kind, faults in cases.GATES:
        if wanted and gate not in wanted:
            continue
        from_ = time.monotonic()
        for case in [None, *faults]:
            problem = proof(gate, case, workspace if kind == "rust" else infrastructure)
            if problem:
                missed += 1
                print(f"{gate}: {case.name if case else 'no fault'}: {problem}")
            else:
                proved += case is not None
        print(f"   {gate}: {len(faults)} faults, {time.monotonic() - from_:.1f} s", flush=True)
    print(f"gates: {proved} seeded faults rejected, {missed} not as expected, {time.monotonic() - start:.0f} s")
    sys.exit(bool(missed))


main()
