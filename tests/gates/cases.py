"""The seeded faults: for each gate what is changed, and words of the rejection that show it was for this reason."""

import json
import re
from dataclasses import dataclass
from typing import Callable

ROOT_MANIFEST = """[workspace]
resolver = "3"
members = ["functions/*", "shared/*"]

"""
LIBRARY = "//! A crate to seed faults into.\n"


def manifest(name, extra=""):
    """A member's Cargo.toml; extra goes to the end, behind an open [dependencies]."""
    return (
        f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2024"\nlicense = "Apache-2.0"\npublish = false\n\n'
        f"[lints]\nworkspace = true\n\n[dependencies]\n{extra}"
    )


@dataclass
class Case:
    """One fault: a name, what it does to a copy, words that the gate must say."""

    name: str
    words: str
    apply: Callable


def swap(path, old, new, words, name=None):
    """Replaces a pattern once; a pattern that is not there is a mistake in the case, not a pass."""

    def apply(target):
        text, count = re.subn(old, new, (target / path).read_text(), count=1)
        assert count, f"{path} has no {old!r}"
        (target / path).write_text(text)

    return Case(name or f"{old} -> {new}", words, apply)


def put(path, text, words, name):
    def apply(target):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text)

    return Case(name, words, apply)


def several(name, words, *parts):
    return Case(name, words, lambda target: [part.apply(target) for part in parts])


def states(name, words, edit):
    """Edits the parsed workflow."""

    def apply(target):
        path = target / "infra/workflow.asl.json"
        definition = json.loads(path.read_text())
        edit(definition["States"])
        path.write_text(json.dumps(definition))

    return Case(name, words, apply)


def template(old, new, words):
    return swap("template.yaml", old, new, words)


def code(text, words, name):
    return put("shared/pii/src/lib.rs", LIBRARY + text, words, name)


def uses(crate, dependency, path, licence="Apache-2.0"):
    """Adds a path dependency, and the crate itself where it does not exist yet."""

    def apply(target):
        own = target / crate / "Cargo.toml"
        up = "../" * (crate.count("/") + 1)
        own.write_text(own.read_text() + f'{dependency} = {{ path = "{up}{path}", version = "0.1.0" }}\n')
        if not (target / path).exists():
            (target / path / "src").mkdir(parents=True)
            stub = f'[package]\nname = "{dependency}"\nversion = "0.1.0"\nedition = "2024"\nlicense = "{licence}"\n'
            (target / path / "Cargo.toml").write_text(stub)
            (target / path / "src/lib.rs").write_text(LIBRARY)
            root = target / "Cargo.toml"
            root.write_text(root.read_text().replace('"shared/*"]', '"shared/*"]\nexclude = ["stubs"]'))

    return Case(f"{crate} uses {dependency}", "", apply)


def because(case, words):
    case.words = words
    return case


def jsonata(arguments, **more):
    """Makes Gather a JSONata state, the way a hurried change would."""

    def edit(all_states):
        task = all_states["Gather"]
        for field in ("Parameters", "ResultPath"):
            task.pop(field)
        for entry in task["Catch"]:
            entry.pop("ResultPath")
        task.update({"QueryLanguage": "JSONata", "Arguments": arguments, **more})

    return edit


WORKFLOW = [
    states("a Next that is nowhere", "MISSING_TRANSITION_TARGET", lambda s: s["Gather"].update(Next="Nowhere")),
    states("a state that nothing leads to", "is not reachable", lambda s: s.update(Orphan={"Type": "Succeed"})),
    states("MaxAttempts that is no number", "must be number", lambda s: s["Plan"]["Retry"][0].update(MaxAttempts="x")),
    states("ResultPath in a JSONata state", "SCHEMA_VALIDATION_FAILED", jsonata({"do": "gather"}, ResultPath="$.gathered")),
    states("unparsable JSONata", "/Arguments is invalid", jsonata("{% $merge([ %}")),
    states("a path that is none", "/SecondsPath is invalid", lambda s: s["WaitForJob"].update(SecondsPath="polled.wait_seconds")),
]

GUARD = [
    template(r"Role: !GetAtt StatusRole.Arn", "Tags: {}", "function_has_its_own_role"),
    template(r"LoggingConfig: .*StatusLogs }", "Tags: {}", "function_logs_to_a_group_with_retention"),
    template(r"(CodeUri: target/lambda/status/)", r"\1\n      FunctionUrlConfig: { AuthType: NONE }", "function_is_not_public"),
    template(r"TargetFunctionArn: !Ref Approve", "TargetFunctionArn: !Ref Status", "only_the_approval_has_an_address"),
    template(r"Principal: events.amazonaws.com", 'Principal: "*"', "only_the_approval_s_address_may_be_asked_by_anybody"),
    template(r"      InvokedViaFunctionUrl: true\n", "", "only_the_approval_s_address_may_be_asked_by_anybody"),
    template(r"(CodeUri: target/lambda/status/)", r"\1\n      Environment: { Variables: { A: b } }", "function_has_no_environment_of_its_own"),
    template(r"PROVIDER_KEY_SECRET: .*", "PROVIDER_KEY: sk-1234", "environment_names_secrets_by_arn"),
    template(r"DATABASE_URL_SECRET: .*", 'DATABASE_URL_SECRET: !If [HasDatabase, "postgres://u:p@h/d", ""]', "environment_names_secrets_by_arn"),
    template(r"Action: secretsmanager:GetSecretValue", "Action: secretsmanager:*", "role_grants_no_wildcard_action"),
    template(r"Resource: !Ref SubjectKeySecret", 'Resource: "*"', "role_grants_no_wildcard_resource"),
    template(r"BlockPublicAcls: true", "BlockPublicAcls: false", "bucket_is_private_and_forgets"),
    template(r"ExpirationInDays: 7\b", "ExpirationInDays: 30", "raw rows expire within 7 days"),
    template(r"ExpirationInDays: 35\b", "ExpirationInDays: 60", "keys of rows expire within 35 days"),
    template(r"Sid: RawRowsForExportAndScrubAlone", "Sid: Other", "bucket_refuses_plain_connections_and_strangers_to_raw_rows"),
    template(r"Sid: RowKeysForConsentAndExportAlone", "Sid: Other", "bucket_refuses_plain_connections_and_strangers_to_raw_rows"),
    template(r"\[!GetAtt ExportRole.Arn, !GetAtt ScrubRole.Arn\]", "[!GetAtt ExportRole.Arn, !GetAtt ScrubRole.Arn, !GetAtt PlanRole.Arn]", "bucket_refuses_plain_connections_and_strangers_to_raw_rows"),
    template(r"(Sid: RawRows(.*\n){4}.*)/runs/\*/export/\*/\*", r"\1/runs/*/exports/*/*", "bucket_refuses_plain_connections_and_strangers_to_raw_rows"),
    template(r"!GetAtt AssembleRole.Arn, !GetAtt UploadRole.Arn\]", "!GetAtt AssembleRole.Arn, !GetAtt StatusRole.Arn]", "bucket_refuses_plain_connections_and_strangers_to_raw_rows"),
    template(r"(Sid: RowKeys(.*\n){4}.*)/runs/\*/keys/\*", r"\1/runs/*/key/*", "bucket_refuses_plain_connections_and_strangers_to_raw_rows"),
    template(r"(AWS::S3::BucketPolicy\n)    DeletionPolicy: .*\n", r"\1", "bucket_refuses_plain_connections_and_strangers_to_raw_rows"),
    template(r'"aws:SecureTransport": "false"', '"aws:SecureTransport": "true"', "bucket_refuses_plain_connections_and_strangers_to_raw_rows"),
    template(r"Action: bedrock:GetFoundationModel", "Action: bedrock:*", "managed_policy_grants_no_wildcard"),
    template(r"(Sid: LookUpBase(.*\n){3}.*Resource:).*", r'\1 "*"', "managed_policy_grants_no_wildcard"),
    template(r"Action: bedrock:ListModelCustomizationJobs", "Action: bedrock:StopModelCustomizationJob", "managed_policy_grants_no_wildcard"),
    template(r"GenerateSecretString: {.*", "SecretString: abc", "secret_value_is_not_in_the_template"),
    template(r"IncludeExecutionData: false", "IncludeExecutionData: true", "workflow_logs_no_data_and_is_traced"),
    template(r"DeadLetterConfig: .*", "", "schedule_loses_no_start"),
    template(r"    Condition: SupportScheduled\n", "", "retraining_waits_for_its_operator"),
    template(r"RetentionInDays: .*", "", "logs_expire"),
    template(r"AlarmActions: .*", "AlarmActions: []", "alarm_tells_somebody"),
    several(
        "no alarm is left to check",
        "nothing in the template is subject to this rule",
        *(template(r"AWS::CloudWatch::Alarm", "AWS::SNS::Topic", "") for _ in range(8)),
    ),
]

# One that our own rules know nothing about: they run first.
CHECKOV = [template(r"(OwnershipControls:)", r"AccessControl: PublicRead\n      \1", "CKV_AWS_20")]

RUST = [
    ("fmt", [code("\nfn  f( ) {}\n", "Diff in", "code that rustfmt would change")]),
    ("tree", [
        because(uses("shared/pii", "tokio", "stubs/tokio"), "pii is pure, but has tokio in its tree"),
        because(uses("functions/plan", "status", "functions/status"), "plan must not depend on status"),
        because(uses("shared/pii", "records", "shared/records"), "pii must not depend on records"),
    ]),
    ("deny", [
        because(uses("shared/pii", "copyleft", "stubs/copyleft", "GPL-3.0-only"), "license is not explicitly allowed"),
        because(uses("shared/pii", "openssl-sys", "stubs/openssl-sys"), "is explicitly banned"),
    ]),
    ("machete", [because(uses("shared/pii", "unneeded", "stubs/unneeded"), "unneeded")]),
    ("pure", [code("\n#[test]\nfn fails() {\n    assert_eq!(1, 2);\n}\n", "fails", "a failing test of a pure crate")]),
    ("clippy", [
        code("\n/// Unwraps.\npub fn f(x: Option<u8>) -> u8 {\n    x.unwrap()\n}\n", "unwrap", "an unwrap outside a test"),
        code('\n/// Reads.\npub fn f() -> bool {\n    std::env::var("A").is_ok()\n}\n', "settings are read once", "a variable read past the settings"),
        code("\npub fn f() {}\n", "missing documentation", "a public item without a word"),
    ]),
    ("docs", [code("\n/// See [`Nowhere`].\npub fn f() {}\n", "unresolved link", "a link to nothing")]),
]

GATES = [
    *((gate, "rust", faults) for gate, faults in RUST),
    ("lines", "infrastructure", [
        put("long.sql", "select 1;\n" * 401, "long.sql: 401 lines", "a file of 401 lines without a reason"),
        several("a median over 150", "the median file has", *(put(f"{n}.sql", "select 1;\n" * 200, "", "") for n in range(40))),
    ]),
    ("typos", "infrastructure", [put("note.md", "We rec" + "ieve rows.\n", "rec" + "ieve", "a misspelling")]),
    ("workflow", "infrastructure", WORKFLOW),
    ("policy", "infrastructure", GUARD + CHECKOV),
    ("lint", "infrastructure", [template(r"!Ref Bucket\n", "!Ref Buckets\n", "E1")]),
    ("template", "infrastructure", [template(r"MemorySize: 128", "MemorySizes: 128", "MemorySizes")]),
]
