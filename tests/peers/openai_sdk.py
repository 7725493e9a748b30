"""The official `openai` SDK drives the sandbox's provider.

Environment: PROVIDER_URL and PROVIDER_KEY, SANDBOX_URL for the knobs.
"""

import json
import os
import time

import httpx
from openai import (
    APIResponseValidationError, AuthenticationError, BadRequestError, InternalServerError, NotFoundError, OpenAI,
    RateLimitError,
)

from checks import check, refused, same

BASE = "openai/gpt-oss-20b"
KNOBS = os.environ["SANDBOX_URL"] + "/_sandbox"


def client(key=os.environ["PROVIDER_KEY"], retries=0):
    # By itself the SDK takes any answer; told to be strict, it holds each field against its type.
    return OpenAI(
        base_url=os.environ["PROVIDER_URL"], api_key=key, max_retries=retries, timeout=20,
        _strict_response_validation=True,
    )


def lines(count):
    """A training file: what is asked about lantern n is answered with its price."""
    def line(n):
        turns = [("system", "You sell lanterns."), ("user", f"price of lantern{n}"), ("assistant", f"{n} copper coins")]
        return json.dumps({"messages": [{"role": role, "content": content} for role, content in turns]})
    return "".join(line(n) + "\n" for n in range(count)).encode()


def upload(count, name="lanterns.jsonl"):
    return openai.files.create(file=(name, lines(count)), purpose="fine-tune")


def create(file, **more):
    return openai.fine_tuning.jobs.create(model=BASE, training_file=file.id, suffix="lanterns", **more)


def finished(job):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        job = openai.fine_tuning.jobs.retrieve(job.id)
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


def set_pace(ms):
    """Milliseconds a job stays in each state."""
    httpx.post(f"{KNOBS}/provider", json={"pace_ms": ms}).raise_for_status()


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

with check("errors: a 5xx is an InternalServerError"):
    set_fault("/v1/models", 1, kind="status", status=503)
    refused(InternalServerError, openai.models.list)
