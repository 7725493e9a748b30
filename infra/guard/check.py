"""Runs template.guard over a template with AWS CloudFormation Guard: one line for each broken rule, and why."""

import json
import re
import sys
from pathlib import Path

from cfn_guard_rs import run_checks
from samtranslator.yaml_helper import yaml_parse


def messages(node):
    """Yields the messages of a report, whatever clause they sit in."""
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from messages(item)
    elif hasattr(node, "__dict__"):
        for name, value in vars(node).items():
            if name == "messages":
                yield value
            else:
                yield from messages(value)


def verdict(template, rule):
    """Answers PASS, FAIL or SKIP and the messages, for one rule with the variables before it."""
    try:
        report = run_checks(template, rule)
    except json.JSONDecodeError:
        # The binding cannot cut its own answer out of some failing reports; it never fails so on a pass.
        return "FAIL", ["the report of this rule is unreadable; the rule's text says what it wants"]
    return report.status, [text for broken in report.not_compliant for text in messages(broken.Rule.checks)]


def main():
    path = sys.argv[1]
    template = yaml_parse(Path(path).read_text())
    # One by one, so that an unreadable report still has a name. Comments go first: the parser minds some of them.
    text = re.sub(r"(?m)^\s*#.*\n", "", Path(__file__).with_name("template.guard").read_text())
    variables, *rules = re.split(r"(?m)^(?=rule )", text)
    broken = 0
    for rule in rules:
        status, why = verdict(template, variables + rule)
        if status == "PASS":
            continue
        broken += 1
        # A rule that finds nothing to check would hold for ever after its resources were renamed.
        why = why if status == "FAIL" else ["nothing in the template is subject to this rule any more"]
        print(f"{path}: {rule.split()[1]}", *(f"    {line}" for line in why), sep="\n")
    print(f"guard: {len(rules) - broken} of {len(rules)} rules hold")
    sys.exit(bool(broken))


main()
