"""Uploads a file as the official SDK does by itself: in its own parts, one after another, without a checksum.

Arguments: the file; bucket and key where it is on S3 still, from where boto3 then fetches it to that file, in several
ranges at a time as is its custom. Environment: PROVIDER_URL and PROVIDER_KEY, and what boto3 wants.
Prints bytes, seconds, seconds of a core and its own peak as one JSON line.
"""

import json
import os
import resource
import sys
import time

import boto3
from openai import OpenAI

path, *source = sys.argv[1:]
client = OpenAI(base_url=os.environ["PROVIDER_URL"], api_key=os.environ["PROVIDER_KEY"], timeout=600)
begun = time.monotonic()
if source:
    boto3.client("s3").download_file(*source, path)
upload = client.uploads.upload_file_chunked(file=path, mime_type="application/jsonl", purpose="fine-tune")
seconds = time.monotonic() - begun
if upload.status != "completed" or upload.bytes != os.path.getsize(path):
    sys.exit(f"the upload is {upload.status} with {upload.bytes} bytes")
client.files.delete(upload.file.id)
if source:
    os.remove(path)
used = resource.getrusage(resource.RUSAGE_SELF)
figures = {"seconds": seconds, "core_seconds": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}
print(json.dumps({"bytes": upload.bytes} | {name: round(figure, 2) for name, figure in figures.items()}))
