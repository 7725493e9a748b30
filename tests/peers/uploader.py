"""Uploads a file as the official SDK does by itself: in its own parts, one after another.

Argument: the file. Environment: PROVIDER_URL and PROVIDER_KEY. Prints bytes, seconds and its own peak as one JSON line.
"""

import json
import os
import resource
import sys
import time

from openai import OpenAI

path = sys.argv[1]
client = OpenAI(base_url=os.environ["PROVIDER_URL"], api_key=os.environ["PROVIDER_KEY"], timeout=600)
begun = time.monotonic()
upload = client.uploads.upload_file_chunked(file=path, mime_type="application/jsonl", purpose="fine-tune")
seconds = time.monotonic() - begun
if upload.status != "completed" or upload.bytes != os.path.getsize(path):
    sys.exit(f"the upload is {upload.status} with {upload.bytes} bytes")
client.files.delete(upload.file.id)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"bytes": upload.bytes, "seconds": seconds, "peak_mib": round(peak, 2)}))
