"""Requests that our code made are held against the provider's own API description, with `openapi-core`.

Argument: the description. Standard input: entries of the sandbox's request log, as JSON; a multipart request has its
raw body in `raw`, base64. At the end requests with a seeded fault must be refused, or the check would prove nothing.
"""

import base64
import copy
import json
import re
import sys
from email.parser import BytesParser
from urllib.parse import parse_qsl

from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from checks import check, refused


class Undeclared(OpenAPIError):
    """A field or parameter that the description does not have: the provider would ignore it or refuse it."""


def description(path):
    # The document calls itself 3.1 but is written with the words of 3.0 (`nullable`, a boolean `exclusiveMinimum`,
    # `format: binary`) except for the type null: read as 3.1 those words would mean nothing.
    def older(node):
        return {"enum": [None], "nullable": True} if node == {"type": "null"} else node

    with open(path, encoding="utf-8") as file:
        document = json.load(file, object_hook=older) | {"openapi": "3.0.3"}
    # The document itself is the provider's business, so it is not validated; fields it does not declare are refused.
    config = Config(spec_validator_cls=None, additional_properties_default_policy="forbid")
    return OpenAPI.from_dict(document, config=config)


def form_fields(content_type, raw):
    parts = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw)
    return {part.get_param("name", header="content-disposition") for part in parts.get_payload()}


def folded(content_type, raw):
    """A form whose fields `name[key]` are one field of JSON, which is how the description has an object in a form."""
    parts = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw).get_payload()
    names = [part.get_param("name", header="content-disposition") for part in parts]
    if not any("[" in name for name in names):
        return raw
    boundary = b"--" + re.search(r"boundary=(\S+)", content_type)[1].encode() + b"\r\n"
    kept, objects = [], {}
    for piece, name, part in zip(raw.split(boundary)[1:], names, parts):
        outer, _, key = name.partition("[")
        if key:
            value = part.get_payload()
            objects.setdefault(outer, {})[key.rstrip("]")] = int(value) if value.isdigit() else value
        else:
            kept.append(piece)
    for name, value in objects.items():
        head = f'Content-Disposition: form-data; name="{name}"\r\nContent-Type: application/json\r\n\r\n'
        kept.insert(0, f"{head}{json.dumps(value)}\r\n".encode())
    return b"".join(boundary + piece for piece in kept)


def hold(entry):
    """Raises unless the description has the request: path, method, parameters, credentials, body."""
    path, _, query = entry["path"].partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    content_type = entry["content_type"] or ""
    raw = folded(content_type, base64.b64decode(entry["raw"])) if "raw" in entry else None
    if entry["body"] is not None:
        raw = json.dumps(entry["body"]).encode()
    # The log has the names of credential headers, never their values.
    headers = {"Authorization": "Bearer left-out"} if "authorization" in entry["credentials"] else {}
    request = MockRequest(
        "https://api.openai.com", entry["method"].lower(), path, args=pairs, headers=headers, data=raw,
        content_type=content_type or "application/json",
    )
    result = api.unmarshal_request(request)
    result.raise_for_errors()
    # The library passes over parameters and form fields it does not know.
    if unknown := {name.partition("[")[0] for name, _ in pairs} - set(result.parameters.query):
        raise Undeclared(f"parameters {sorted(unknown)}")
    if content_type.startswith("multipart/") and (unknown := form_fields(content_type, raw) - set(result.body)):
        raise Undeclared(f"form fields {sorted(unknown)}")


def first(method, path):
    return copy.deepcopy(next(e for e in log if e["method"] == method and e["path"].partition("?")[0] == path))


def seeded(name, words, entry, **changes):
    """Checks that an entry is refused once it is changed, for the reason meant, and was not before."""
    with check(f"refuses {name}"):
        hold(entry)
        error = refused(OpenAPIError, lambda: hold(entry | changes))
        told = f"{type(error).__name__}: {error} {error.__cause__!r}"
        if words not in told:
            raise AssertionError(f"refused for another reason: {told}")


api = description(sys.argv[1])
log = json.load(sys.stdin)

calls = {}
for entry in log:
    path = re.sub(r"(ftjob-|ftevent-|file-|upload_|sandbox:[\w-]*:)\w+", r"\1…", entry["path"])
    calls.setdefault(f"{entry['method']} {path}", []).append(entry)
for call, entries in calls.items():
    with check(f"allows {call} ({len(entries)})"):
        for entry in entries:
            hold(entry)

begin = first("POST", "/v1/uploads")
part, done = (next(e for e in log if e["path"].endswith(end)) for end in ("/parts", "/complete"))
seeded("an upload without its size", "'bytes' is a required", begin, body={k: v for k, v in begin["body"].items() if k != "bytes"})
seeded("an upload of an unknown purpose", "is not one of", begin, body=begin["body"] | {"purpose": "training"})
seeded("a part under another name", "'data' is a required", part, raw=base64.b64encode(
    base64.b64decode(part["raw"]).replace(b'name="data"', b'name="file"', 1)).decode())
seeded("an upload completed without its parts", "'part_ids' is a required", done, body={"md5": done["body"]["md5"]})

create, listing = first("POST", "/v1/fine_tuning/jobs"), first("GET", "/v1/fine_tuning/jobs")
model, upload = first("GET", "/v1/models/openai%2Fgpt-oss-20b"), first("POST", "/v1/files")
body, raw = create["body"], base64.b64decode(upload["raw"])


def form(old, new):
    assert old in raw, old
    return base64.b64encode(raw.replace(old, new, 1)).decode()


supervised = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 51}}}
boundary = raw[: raw.index(b"\r\n") + 2]
extra = boundary + b'Content-Disposition: form-data; name="extra"\r\n\r\n1\r\n' + boundary

seeded("a suffix of 65 characters", "is too long", create, body=body | {"suffix": "x" * 65})
seeded("a job without its training file", "'training_file' is a required", create, body={"model": body["model"]})
seeded("a misspelt field", "'modle' was unexpected", create, body=body | {"modle": "zion"})
seeded("51 epochs", "51 is not valid", create, body=body | {"method": supervised})
seeded("metadata that is no text", "is not valid under any", create, body=body | {"metadata": {"zion_run": 1}})
seeded("an unknown path", "PathNotFound", create, path="/v1/fine-tuning/jobs")
seeded("an unknown method", "OperationNotFound", create, method="PUT")
seeded("a request without its key", "Security", create, credentials=[])
seeded("an undeclared parameter", "['order']", listing, path=listing["path"] + "&order=asc")
seeded("a limit that is no number", "limit", listing, path="/v1/fine_tuning/jobs?limit=all")
seeded("a model id with a bare slash", "PathNotFound", model, path="/v1/models/openai/gpt-oss-20b")
seeded("an unknown purpose", "'training' is not one of", upload, raw=form(b"\nfine-tune\r", b"\ntraining\r"))
seeded("an upload without its file", "'file' is a required", upload, raw=form(b'name="file"', b'name="data"'))
seeded("an expiry of a minute", "minimum", upload, raw=form(b"2592000", b"60"))
seeded("an expiry without an anchor", "'anchor' is a required", upload, raw=form(b"[anchor]", b"[anker]"))
seeded("an undeclared form field", "['extra']", upload, raw=form(boundary, extra))
