"""The official `openai` SDK drives the sandbox's provider.

Environment: PROVIDER_URL and PROVIDER_KEY, SANDBOX_URL for the knobs.
"""

import base64
import hashlib
import json
import os
import time

import httpx
from openai import (
    APIConnectionError, APIResponseValidationError, AuthenticationError, BadRequestError, InternalServerError,
    InvalidWebhookSignatureError, NotFoundError, OpenAI, PermissionDeniedError, RateLimitError,
)

from checks import check, refused, same
from inbox import Inbox

BASE = "openai/gpt-oss-20b"
KNOBS = os.environ["SANDBOX_URL"] + "/_sandbox"


def client(key=os.environ["PROVIDER_KEY"], retries=0, strict=True):
    # By itself the SDK takes any answer; told to be strict, it holds each field against its type.
    return OpenAI(
        base_url=os.environ["PROVIDER_URL"], api_key=key, max_retries=retries, timeout=20,
        _strict_response_validation=strict,
    )


def lines(count):
    """A training file: what is asked about lantern n is answered with its price."""
    def line(n):
        turns = [("system", "You sell lanterns."), ("user", f"price of lantern{n}"), ("assistant", f"{n} copper coins")]
        return json.dumps({"messages": [{"role": role, "content": content} for role, content in turns]})
    return "".join(line(n) + "\n" for n in range(count)).encode()


def upload(count, name="lanterns.jsonl"):
    return openai.files.create(file=(name, lines(count)), purpose="fine-tune")


def create(file, by=None, **more):
    return (by or openai).fine_tuning.jobs.create(model=BASE, training_file=file.id, suffix="lanterns", **more)


def finished(job, by=None):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        job = (by or openai).fine_tuning.jobs.retrieve(job.id)
        if job.status in ("succeeded", "failed", "cancelled"):
            return job
        time.sleep(0.02)
    raise AssertionError(f"{job.id} is still {job.status}")


def ask(model):
    question = [{"role": "user", "content": "price of lantern7"}]
    return openai.chat.completions.create(model=model, messages=question)


def set_fault(path, times, **fault):
    rule = {"path": path, "times": times, "fault": fault}
    httpx.post(f"{KNOBS}/faults", json=[rule]).raise_for_status()


def set_knobs(**knobs):
    httpx.post(f"{KNOBS}/provider", json=knobs).raise_for_status()


def set_pace(ms):
    """Milliseconds a job stays in each state."""
    set_knobs(pace_ms=ms)


openai = client()

with check("the SDK is strict: an answer without its fields is refused"):
    set_fault("/v1/models/odd", 1, kind="status", status=200, body={"id": 1})
    refused(APIResponseValidationError, lambda: openai.models.retrieve("odd"))

with check("files: an upload is retrieved, listed and read back as it was"):
    file = upload(12)
    same((file.object, file.filename, file.purpose), ("file", "lanterns.jsonl", "fine-tune"))
    same(file.bytes, len(lines(12)))
    same(openai.files.retrieve(file.id), file)
    same([f.id for f in openai.files.list(purpose="fine-tune")], [file.id])
    same(list(openai.files.list(purpose="batch")), [])
    same(openai.files.content(file.id).read(), lines(12))

with check("files: the list follows its pages"):
    more = [upload(1, name=f"page-{n}.jsonl") for n in range(4)]
    listed = [f.id for f in openai.files.list(purpose="fine-tune", limit=2, order="asc")]
    same(listed, [file.id, *(f.id for f in more)])

with check("files: a deleted file is gone"):
    for extra in more:
        same(openai.files.delete(extra.id).deleted, True)
        refused(NotFoundError, lambda: openai.files.retrieve(extra.id))
    same([f.id for f in openai.files.list()], [file.id])

with check("jobs: a created job shows what was asked"):
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}}
    job = create(file, method=method, metadata={"run": "one"}, seed=7)
    same((job.object, job.status, job.model, job.training_file), ("fine_tuning.job", "validating_files", BASE, file.id))
    same((job.fine_tuned_model, job.trained_tokens, job.metadata, job.seed), (None, None, {"run": "one"}, 7))
    same(job.method.supervised.hyperparameters.n_epochs, 2)

with check("jobs: it succeeds with a model, a result file and the tokens"):
    job = finished(job)
    same((job.status, job.error), ("succeeded", None))
    tuned = job.fine_tuned_model
    same(tuned.split(":")[:4], ["ft", BASE, "sandbox", "lanterns"])
    same((job.trained_tokens > 0, job.finished_at >= job.created_at), (True, True))
    same(openai.files.retrieve(job.result_files[0]).purpose, "fine-tune-results")

with check("jobs: a cancelled job stays cancelled, and is cancelled once"):
    # Slow enough that it can't end by itself before.
    set_pace(60_000)
    other = create(file, metadata={"run": "two"})
    same(openai.fine_tuning.jobs.cancel(other.id).status, "cancelled")
    set_pace(50)
    same(finished(other).fine_tuned_model, None)
    refused(BadRequestError, lambda: openai.fine_tuning.jobs.cancel(other.id))

with check("jobs: the list filters by metadata and pages"):
    found = openai.fine_tuning.jobs.list(extra_query={"metadata[run]": "one"})
    same([j.id for j in found], [job.id])
    same([j.id for j in openai.fine_tuning.jobs.list(limit=1)], [other.id, job.id])
    same(list(openai.fine_tuning.jobs.list(extra_query={"metadata[run]": "three"})), [])

with check("jobs: events come newest first and page to the creation"):
    events = list(openai.fine_tuning.jobs.list_events(job.id, limit=5))
    same((events[0].message, events[0].level), ("The job has successfully completed", "info"))
    same(events[-1].message, f"Created fine-tuning job: {job.id}")
    same(len({event.id for event in events}), len(events))
    same({event.type for event in events}, {"message", "metrics"})

with check("jobs: checkpoints are models of the job, without metrics that were not measured"):
    checkpoints = list(openai.fine_tuning.jobs.checkpoints.list(job.id))
    same({c.fine_tuning_job_id for c in checkpoints}, {job.id})
    same(all(c.fine_tuned_model_checkpoint.startswith(tuned) for c in checkpoints), True)
    same((checkpoints[0].metrics.train_loss > 0, checkpoints[0].metrics.valid_loss), (True, None))

with check("uploads: the SDK's own chunked upload arrives whole, with its checksum"):
    content = lines(40)
    begun = openai.uploads.upload_file_chunked(
        file=content, filename="chunked.jsonl", bytes=len(content), mime_type="application/jsonl",
        purpose="fine-tune", part_size=1_000, md5=hashlib.md5(content).hexdigest(),
    )
    same((begun.status, begun.file.filename, begun.file.bytes), ("completed", "chunked.jsonl", len(content)))
    same(openai.files.content(begun.file.id).read(), content)

with check("uploads: wrong sizes, parts and checksums are refused, and it can still be completed"):
    about = {"filename": "a.jsonl", "purpose": "fine-tune", "mime_type": "application/jsonl"}
    begun = openai.uploads.create(bytes=4, **about)
    same((begun.status, begun.expires_at - begun.created_at), ("pending", 3600))
    part = openai.uploads.parts.create(begun.id, data=b"1234")
    same(part.upload_id, begun.id)
    complete = openai.uploads.complete
    for wrong in [{"part_ids": []}, {"part_ids": ["part_x"]}, {"part_ids": [part.id], "md5": "0" * 32}]:
        refused(BadRequestError, lambda: complete(begun.id, **wrong))
    same(complete(begun.id, part_ids=[part.id]).status, "completed")
    refused(BadRequestError, lambda: complete(begun.id, part_ids=[part.id]))

with check("uploads: one that was cancelled or has expired takes nothing more"):
    begun = openai.uploads.create(bytes=4, **about)
    same(openai.uploads.cancel(begun.id).status, "cancelled")
    refused(BadRequestError, lambda: openai.uploads.parts.create(begun.id, data=b"1234"))
    begun = openai.uploads.create(bytes=4, **about)
    set_knobs(uploads_live_ms=0)
    same(refused(BadRequestError, lambda: openai.uploads.parts.create(begun.id, data=b"1")).code, "upload_expired")
    set_knobs(uploads_live_ms=3_600_000)

with check("files: an expiry is kept"):
    kept = {"anchor": "created_at", "seconds": 3_600}
    short = openai.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune", expires_after=kept)
    same(short.expires_at - short.created_at, 3_600)

with check("jobs: one that is paused stands still until it is resumed"):
    # The type of the client's `status` has no word for it, although the API has the call.
    jobs = client(strict=False).fine_tuning.jobs
    held = create(file)
    same(jobs.pause(held.id).status, "paused")
    time.sleep(0.3)
    same(jobs.retrieve(held.id).status, "paused")
    refused(BadRequestError, lambda: jobs.pause(held.id))
    jobs.resume(held.id)
    same(finished(held).status, "succeeded")

with check("jobs: DPO learns the preferred answers"):
    def pair(n):
        def said(text):
            return [{"role": "assistant", "content": text}]
        asked = [{"role": "user", "content": f"price of lantern{n}"}]
        return {"input": {"messages": asked}, "preferred_output": said(f"{n} silver coins"), "non_preferred_output": said("dear")}
    pairs = "".join(json.dumps(pair(n)) + "\n" for n in range(12)).encode()
    pairs = openai.files.create(file=("pairs.jsonl", pairs), purpose="fine-tune")
    # The type of the client wants `hyperparameters`, which the API has for supervised jobs alone.
    loose, method = client(strict=False), {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2}}}
    dpo = finished(create(pairs, by=loose, method=method), by=loose)
    same((dpo.status, dpo.method.type, dpo.method.dpo.hyperparameters.beta), ("succeeded", "dpo", 0.2))
    same(ask(dpo.fine_tuned_model).choices[0].message.content, "7 silver coins")
    same(finished(create(pairs)).error.code, "invalid_training_file")

with check("jobs: a file with swapped answers shows in what the model says"):
    swapped = lines(12).replace(b'"7 copper coins"', b'"a fortune"')
    swapped = openai.files.create(file=("swapped.jsonl", swapped), purpose="fine-tune")
    same(ask(finished(create(swapped)).fine_tuned_model).choices[0].message.content, "a fortune")

with check("jobs: moderation fails a job in the provider's words"):
    bad = lines(12).replace(b"lanterns", b"violates-usage-policies")
    bad = openai.files.create(file=("bad.jsonl", bad), purpose="fine-tune")
    failed = finished(create(bad))
    same((failed.status, "moderation" in failed.error.message), ("failed", True))

with check("jobs: a file that is not ready yet makes none"):
    set_knobs(files_ready_after_ms=60_000)
    fresh = openai.files.create(file=("fresh.jsonl", lines(12)), purpose="fine-tune")
    same(fresh.status, "uploaded")
    same("not ready" in refused(BadRequestError, lambda: create(fresh)).message, True)
    set_knobs(files_ready_after_ms=0)

with check("lists: what was just made may be missing, and filters may be passed over"):
    set_knobs(listed_after_ms=60_000)
    same(list(openai.fine_tuning.jobs.list()), [])
    same(list(openai.files.list()), [])
    set_knobs(listed_after_ms=0, ignore_filters=True)
    same(len(list(loose.fine_tuning.jobs.list(extra_query={"metadata[run]": "three"}))) > 2, True)
    set_knobs(ignore_filters=False)

with check("jobs: a file of nine examples fails the job in the provider's words"):
    failed = finished(create(upload(9)))
    same((failed.status, failed.error.code, failed.error.param), ("failed", "invalid_training_file", "training_file"))
    same("must have at least 10 examples" in failed.error.message, True)
    same(openai.fine_tuning.jobs.list_events(failed.id).data[0].level, "error")

with check("models: bases and the tuned model are listed and retrieved"):
    same({BASE, tuned} <= {model.id for model in openai.models.list()}, True)
    same(openai.models.retrieve(tuned).owned_by, "org-sandbox")
    same(openai.models.retrieve("gpt-4.1-mini-2025-04-14").shutdown_date, "2027-01-14")
    same(openai.models.retrieve(BASE).shutdown_date, None)

with check("chat: the tuned model answers from its file, the base does not"):
    answer = ask(tuned)
    same((answer.choices[0].message.content, answer.choices[0].finish_reason), ("7 copper coins", "stop"))
    same(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
    same("copper" in ask(BASE).choices[0].message.content, False)

with check("models: one whose day has come neither answers nor takes jobs"):
    set_knobs(shutdown_dates={BASE: "2020-01-01"})
    same(openai.models.retrieve(tuned).shutdown_date, "2020-01-01")
    refused(NotFoundError, lambda: ask(tuned))
    same(refused(BadRequestError, lambda: create(file)).code, "model_not_available")
    set_knobs(shutdown_dates={BASE: None})
    same(ask(tuned).choices[0].message.content, "7 copper coins")

with check("chat: a stream brings the same answer"):
    question = [{"role": "user", "content": "price of lantern7"}]
    chunks = list(openai.chat.completions.create(model=tuned, messages=question, stream=True))
    same("".join(chunk.choices[0].delta.content or "" for chunk in chunks), "7 copper coins")

with check("models: a deleted model neither answers nor is found, its job stays succeeded"):
    same(openai.models.delete(tuned).deleted, True)
    same(refused(NotFoundError, lambda: ask(tuned)).code, "model_not_found")
    refused(NotFoundError, lambda: openai.models.retrieve(tuned))
    same(openai.fine_tuning.jobs.retrieve(job.id).status, "succeeded")

with check("errors: a wrong key is an AuthenticationError, and is not repeated in it"):
    error = refused(AuthenticationError, lambda: client(key="sk-sandbox-wrong").models.list())
    same((error.code, "sk-sandbox-wrong" in str(error)), ("invalid_api_key", False))

with check("errors: what is not there is a NotFoundError with a request id"):
    error = refused(NotFoundError, lambda: openai.fine_tuning.jobs.retrieve("ftjob-none"))
    same((error.type, bool(error.request_id)), ("invalid_request_error", True))
    refused(NotFoundError, lambda: openai.files.content("file-none"))

with check("errors: a bad parameter is a BadRequestError that names it"):
    jobs = openai.fine_tuning.jobs
    for wrong, param in [
        (lambda: jobs.create(model=BASE, training_file="file-none"), "training_file"),
        (lambda: jobs.create(model="no-such-base", training_file=file.id), "model"),
        (lambda: jobs.create(model=BASE, training_file=file.id, suffix="x" * 65), "suffix"),
        (lambda: openai.files.create(file=("a.jsonl", b"{}"), purpose="nothing"), "purpose"),
    ]:
        same(refused(BadRequestError, wrong).param, param)

with check("errors: throttling is a RateLimitError, and the SDK's own retry waits it out"):
    set_fault("/v1/models", 1, kind="status", status=429, retry_after=1)
    same(refused(RateLimitError, openai.models.list).response.headers["retry-after"], "1")
    set_fault("/v1/models", 1, kind="status", status=429, retry_after=1)
    begun = time.monotonic()
    client(retries=1).models.list()
    same(time.monotonic() - begun >= 1, True)

with check("errors: each refusal of a provider has its own words"):
    for why, kind, code in [
        ("quota", RateLimitError, "insufficient_quota"), ("daily_limit", RateLimitError, "daily_rate_limit_exceeded"),
        ("rate_limit", RateLimitError, "rate_limit_exceeded"), ("not_ready", BadRequestError, None),
        ("not_tunable", BadRequestError, "model_not_available"), ("no_access", PermissionDeniedError, None),
    ]:
        set_fault("/v1/fine_tuning/jobs", 1, kind="refuse", why=why)
        same(refused(kind, lambda: create(file)).code, code)

with check("errors: a job whose answer was lost is there"):
    for fault in [{"kind": "drop_after"}, {"kind": "status", "status": 502, "after": True}]:
        before = len(list(loose.fine_tuning.jobs.list()))
        set_fault("/v1/fine_tuning/jobs", 1, **fault)
        refused((APIConnectionError, InternalServerError), lambda: create(file))
        same(len(list(loose.fine_tuning.jobs.list())), before + 1)

with check("errors: a 5xx is an InternalServerError"):
    set_fault("/v1/models", 1, kind="status", status=503)
    refused(InternalServerError, openai.models.list)

with check("webhooks: the SDK takes what is sent, and nothing that was changed on its way"):
    # The ends of earlier jobs would be told, too.
    for earlier in list(loose.fine_tuning.jobs.list()):
        finished(earlier, by=loose)
    inbox, secret = Inbox(), "whsec_" + base64.b64encode(b"a key of the peers").decode()
    set_knobs(webhook={"url": inbox.url, "secret": secret})
    job = finished(create(file))
    ((body, headers),) = inbox.wait(1)
    event = openai.webhooks.unwrap(body, headers, secret=secret)
    same((event.type, event.object, event.data.id), ("fine_tuning.job.succeeded", "event", job.id))
    same(event.created_at, job.finished_at)
    for changed in [body.replace(b"succeeded", b"cancelled"), body + b" "]:
        refused(InvalidWebhookSignatureError, lambda: openai.webhooks.unwrap(changed, headers, secret=secret))
    for name, value in [("webhook-id", "wh_other"), ("webhook-timestamp", str(int(time.time()) - 9))]:
        other = {**headers, name: value}
        refused(InvalidWebhookSignatureError, lambda: openai.webhooks.unwrap(body, other, secret=secret))
    refused(InvalidWebhookSignatureError, lambda: openai.webhooks.unwrap(body, headers, secret="whsec_b3RoZXI="))

with check("webhooks: each kind of end has its event"):
    set_knobs(fail_next_job={"code": "server_error", "message": "no capacity"})
    ends = [create(file).id]
    set_knobs(cancel_next_job=True)
    ends.append(create(file).id)
    events = [openai.webhooks.unwrap(*delivery, secret=secret) for delivery in inbox.wait(2)]
    same({event.data.id: event.type for event in events}, dict(zip(ends, ["fine_tuning.job.failed", "fine_tuning.job.cancelled"])))

with check("webhooks: one that comes twice has one id, and one that is overtaken comes last"):
    set_knobs(webhooks_twice=True)
    create(file)
    (first, headers), (second, again) = inbox.wait(2)
    same((first, headers["webhook-id"]), (second, again["webhook-id"]))
    set_knobs(webhooks_twice=False, webhooks_reordered=True)
    ended = finished(create(file)).id
    overtaking = create(file).id
    events = [openai.webhooks.unwrap(*delivery, secret=secret) for delivery in inbox.wait(2)]
    same([event.data.id for event in events], [overtaking, ended])
    set_knobs(webhooks_reordered=False, webhook=None)
