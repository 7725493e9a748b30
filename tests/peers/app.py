"""The app, in short: it asks the database for the live model of a purpose and the provider for an answer of it.

Environment: SANDBOX_URL with SUPABASE_KEY, PROVIDER_URL with PROVIDER_KEY; PURPOSE, BASE and QUESTION.
Prints JSON: the model's id, its answer, and the base's answer to the same question.
"""

import json
import os

from openai import OpenAI
from postgrest import SyncPostgrestClient

env = os.environ
database = SyncPostgrestClient(f"{env['SANDBOX_URL']}/rest/v1", headers={"apikey": env["SUPABASE_KEY"]})
provider = OpenAI(base_url=env["PROVIDER_URL"], api_key=env["PROVIDER_KEY"], max_retries=0, timeout=20)


def answer(model):
    question = [{"role": "user", "content": env["QUESTION"]}]
    return provider.chat.completions.create(model=model, messages=question).choices[0].message.content


live = database.from_("model_versions").select("id").eq("purpose", env["PURPOSE"]).eq("active", True)
live = live.order("version", desc=True).limit(1).single().execute().data["id"]
print(json.dumps({"model": live, "answer": answer(live), "base_answer": answer(env["BASE"])}))
