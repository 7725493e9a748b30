"""Stands in for Amazon Bedrock's model customisation on this machine: moto, and what moto leaves out.

moto keeps jobs and custom models: unique names, tags, S3 addresses, list, get, stop. It neither trains, nor deploys, nor
knows base models, and its times are none of the API's. Added here, after the API reference:

- base models (`GetFoundationModel`, `ListFoundationModels`): one that can be tuned, one that can't, one that ends soon;
- a job's end: at the second look its file is read from S3, each line must be of its base model's form, and the job is
  `Completed` or `Failed` with the first line that is not;
- deployments on demand, `Active` at the second look; one that is deleted is there until somebody looks or is refused,
  and its model can't be deleted before;
- times as RFC 3339, a job's model under the name that was asked for, no failure without one;
- knobs: `POST /_knobs` with `[{"match": "POST /model-customization-jobs", "status": 500, "code": "…", "message": "…",
  "after": true, "times": 1}]` answers so, before or after the request was carried out. `GET /_knobs` lists what was asked.

Nobody checks here: IAM and the role's trust, quotas, hyperparameters by base model, request tokens (moto ignores them;
the unique name is what refuses a second job), prices, the model itself.

    bedrock.py PORT [address of the S3 that holds the files; its own by default]
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote, urlparse

import boto3
from moto.bedrock import models, responses
from moto.bedrock.exceptions import BedrockClientError, ResourceNotFoundException
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple

PORT = int(sys.argv[1])
S3 = sys.argv[2] if len(sys.argv) > 2 else f"http://127.0.0.1:{PORT}"

TUNABLE, FIXED, ENDING = "amazon.nova-micro-v1:0:128k", "amazon.nova-premier-v1:0", "amazon.titan-text-lite-v1"
DEPLOYMENTS = {}


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---------------------------------------------------------------- base models
def base_model(model_id):
    soon = (datetime.now(timezone.utc) + timedelta(days=20)).strftime("%Y-%m-%dT00:00:00Z")
    return {
        "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model_id}",
        "modelId": model_id,
        "customizationsSupported": [] if model_id == FIXED else ["FINE_TUNING"],
        "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": soon} if model_id == ENDING else {"status": "ACTIVE"},
    }


def get_foundation_model(self):
    model_id = unquote(self.path.split("/")[-1])
    if model_id not in (TUNABLE, FIXED, ENDING):
        raise ResourceNotFoundException(f"The model {model_id} was not found")
    return json.dumps({"modelDetails": base_model(model_id)})


def list_foundation_models(self):
    wanted = self._get_param("byCustomizationType")
    known = [base_model(model_id) for model_id in (TUNABLE, FIXED, ENDING)]
    return json.dumps({"modelSummaries": [it for it in known if not wanted or wanted in it["customizationsSupported"]]})


# ---------------------------------------------------------------- jobs
def texts(message):
    (part,) = message["content"]
    return message["role"], part["text"]


def check_line(line):
    """A line of the form that the Converse API's messages have; Nova's reserved words end a real job too."""
    example = json.loads(line)
    assert set(example) <= {"schemaVersion", "system", "messages"}, "unknown key"
    assert example["schemaVersion"] == "bedrock-conversation-2024", "schemaVersion"
    said = [texts(message) for message in example["messages"]]
    assert [role for role, _ in said] == ["user", "assistant"], "roles"
    for text in [text for _, text in said] + [part["text"] for part in example.get("system", [])]:
        assert text.strip(), "empty text"
        for word in ("system:", "user:", "bot:", "assistant:", "thought:", "[eos]", "<image>", "<video>", "<unk>"):
            assert word not in text.lower(), f"reserved word {word}"


def problem(uri):
    where = urlparse(uri)
    client = boto3.client(
        "s3", endpoint_url=S3, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    try:
        body = client.get_object(Bucket=where.netloc, Key=where.path.lstrip("/"))["Body"]
        number = 0
        for number, line in enumerate(body.iter_lines(), 1):
            try:
                check_line(line)
            except (AssertionError, KeyError, TypeError, ValueError) as error:
                return f"Line {number} of {uri} is not of the base model's form: {type(error).__name__} {error}"
        return None if number >= 8 else f"{uri} has {number} records, at least 8 are needed"
    except client.exceptions.ClientError as error:
        return f"{uri} can't be read: {error.response['Error']['Code']}"


class Job(models.ModelCustomizationJob):
    # moto keeps its models by the package that they stand in.
    __module__ = models.__name__

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.looks = 0
        self.output_model_name = self.custom_model_name
        self.creation_time = self.last_modified_time = now()
        self.end_time = self.failure_message = None
        self.output_model_arn = self.job_arn.rsplit(":", 1)[0] + f":custom-model/{self.custom_model_name}"

    def look(self):
        self.looks += 1
        if self.status == "InProgress" and self.looks > 1:
            files = [self.training_data_config["s3Uri"]]
            files += [it["s3Uri"] for it in (self.validation_data_config or {}).get("validators", [])]
            wrong = [problem(files[0])] + [said for said in map(problem, files[1:]) if said and "at least 8" not in said]
            self.failure_message = next((said for said in wrong if said), None)
            self.status, self.end_time = "Failed" if self.failure_message else "Completed", now()

    def to_dict(self):
        said = super().to_dict()
        if self.status != "Completed":
            said = {key: value for key, value in said.items() if key not in ("trainingMetrics", "validationMetrics")}
        else:
            said["trainingMetrics"] = {"trainingLoss": 0.5}
        return said


class Model(models.CustomModel):
    __module__ = models.__name__

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.creation_time = now()


def get_model_customization_job(self):
    job = self.bedrock_backend.get_model_customization_job(job_identifier=unquote(self.path.split("/")[-1]))
    job.look()
    return json.dumps(job.to_dict())


# ---------------------------------------------------------------- deployments
class InUse(BedrockClientError):
    def __init__(self, text):
        super().__init__("ConflictException", text)


def deployment(identifier):
    found = [it for it in DEPLOYMENTS.values() if identifier in (it["modelDeploymentName"], it["customModelDeploymentArn"])]
    if not found:
        raise ResourceNotFoundException(f"The deployment {identifier} was not found")
    return found[0]


def create_custom_model_deployment(self):
    asked = json.loads(self.body)
    name = asked["modelDeploymentName"]
    self.bedrock_backend.get_custom_model(model_identifier=asked["modelArn"])
    if name in DEPLOYMENTS:
        raise InUse(f"A deployment {name} exists already")
    arn = f"arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/{len(DEPLOYMENTS):012d}"
    DEPLOYMENTS[name] = {
        "modelDeploymentName": name,
        "customModelDeploymentArn": arn,
        "modelArn": asked["modelArn"],
        "createdAt": now(),
        "status": "Creating",
    }
    return 202, {}, json.dumps({"customModelDeploymentArn": arn})


def get_custom_model_deployment(self):
    found = deployment(unquote(self.path.split("custom-model-deployments/")[-1]))
    answer = json.dumps({key: value for key, value in found.items() if key != "deleted"})
    found["status"] = "Active"
    forget(found)
    return answer


def delete_custom_model_deployment(self):
    deployment(unquote(self.path.split("custom-model-deployments/")[-1]))["deleted"] = True
    return json.dumps({})


def forget(found):
    """Forgets a deployment that was deleted."""
    if found.get("deleted"):
        del DEPLOYMENTS[found["modelDeploymentName"]]


def delete_custom_model(self):
    model = self.bedrock_backend.get_custom_model(model_identifier=unquote(self.path.split("custom-models/")[-1]))
    deployed = [it for it in DEPLOYMENTS.values() if it["modelArn"] == model.model_arn]
    if deployed:
        forget(deployed[0])
        raise InUse(f"The model {model.model_name} has a deployment")
    del self.bedrock_backend.custom_models[model.model_name]
    return json.dumps({})


# ---------------------------------------------------------------- knobs
class Knobs:
    def __init__(self, app):
        self.app, self.rules, self.asked = app, [], []

    def __call__(self, environ, start_response):
        request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        if environ["PATH_INFO"] == "/_knobs":
            if environ["REQUEST_METHOD"] == "POST":
                self.rules = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            answer = json.dumps(self.asked).encode()
            self.asked = [] if environ["REQUEST_METHOD"] == "POST" else self.asked
            start_response("200 OK", [("content-type", "application/json")])
            return [answer]
        self.asked.append(request)
        rule = next((rule for rule in self.rules if rule["match"] == request and rule["times"] > 0), None)
        if not rule:
            return self.app(environ, start_response)
        rule["times"] -= 1
        if rule.get("after"):
            list(self.app(environ, lambda *_: None))
        start_response(
            f"{rule['status']} said so", [("content-type", "application/json"), ("x-amzn-errortype", rule["code"])]
        )
        return [json.dumps({"message": rule["message"]}).encode()]


models.ModelCustomizationJob, models.CustomModel = Job, Model
for action in (
    get_foundation_model,
    list_foundation_models,
    get_model_customization_job,
    create_custom_model_deployment,
    get_custom_model_deployment,
    delete_custom_model_deployment,
    delete_custom_model,
):
    setattr(responses.BedrockResponse, action.__name__, action)


class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        pass


run_simple(
    "127.0.0.1", PORT, Knobs(DomainDispatcherApplication(create_backend_app)), threaded=True, request_handler=Quiet
)
