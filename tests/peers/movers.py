"""What a user would pick instead: moves rows of job_posts into JSON lines and says how long that took.

Usage: movers.py PEER ROWS FOLDER. Environment: DATABASE_URL, SUPABASE_URL, SUPABASE_KEY.
The last line is one JSON object: {"rows": …, "seconds": …}.
"""

import json
import os
import subprocess
import sys
import time
from importlib import util
from pathlib import Path

COLUMNS = ["id", "owner_id", "title", "location", "skills", "description"]
PAGE = 1000


def postgrest(rows, out):
    """The official client, page by page behind the last key."""
    from postgrest import SyncPostgrestClient

    key = os.environ["SUPABASE_KEY"]
    client = SyncPostgrestClient(f"{os.environ['SUPABASE_URL']}/rest/v1", headers={"apikey": key}, timeout=60)
    columns = ",".join(COLUMNS) + ",consent:profiles!inner(training_opt_out)"
    begun, last = time.monotonic(), 0
    with (out / "posts.jsonl").open("w") as lines:
        while True:
            query = client.from_("job_posts").select(columns).is_("consent.training_opt_out", "false")
            page = query.eq("status", "published").gt("id", last).lte("id", rows).order("id").limit(PAGE).execute().data
            if not page:
                return time.monotonic() - begun
            lines.writelines(json.dumps(row) + "\n" for row in page)
            last = page[-1]["id"]


def select(rows):
    return (
        f"select {', '.join('s.' + name for name in COLUMNS)} from job_posts s join profiles p on p.id = s.owner_id "
        f"where p.training_opt_out is false and s.status = 'published' and s.id <= {rows}"
    )


def dlt(rows, out):
    """dlt's own way: a resource of dictionaries from a server-side cursor, into files."""
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR", "DATA_WRITER__DISABLE_COMPRESSION": "true"}
    import dlt as library
    import psycopg2
    from psycopg2.extras import RealDictCursor

    def posts():
        with psycopg2.connect(os.environ["DATABASE_URL"]) as connection:
            with connection.cursor("posts", cursor_factory=RealDictCursor) as cursor:
                cursor.itersize = 10_000
                cursor.execute(select(rows))
                while page := cursor.fetchmany(10_000):
                    yield [dict(row) for row in page]

    destination = library.destinations.filesystem(bucket_url=out.as_uri())
    pipeline = library.pipeline("movers", destination=destination, dataset_name="posts", pipelines_dir=str(out / "state"))
    begun = time.monotonic()
    pipeline.run(library.resource(posts, name="posts", max_table_nesting=0), loader_file_format="jsonl")
    return time.monotonic() - begun


def sling(rows, out):
    """sling's own program, out of its wheel."""
    package = Path(util.find_spec("sling_linux_amd64").origin).parent
    program = next(path for path in package.rglob("sling*") if path.is_file() and os.access(path, os.X_OK))
    environment = os.environ | {"SLING_DISABLE_TELEMETRY": "true", "HOME": str(out), "DB": os.environ["DATABASE_URL"] + "?sslmode=disable"}
    command = [program, "run", "--src-conn", "DB", "--src-stream", select(rows), "--tgt-object", f"file://{out}/posts.jsonl"]
    begun = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begun


def main():
    peer, rows, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    seconds = {"postgrest": postgrest, "dlt": dlt, "sling": sling}[peer](rows, out)
    files = [path for path in out.rglob("*.jsonl") if "state" not in path.parts and "_dlt" not in str(path.relative_to(out))]
    lines = sum(path.read_bytes().count(b"\n") for path in files)
    print(json.dumps({"rows": lines, "seconds": round(seconds, 3)}))


main()
