"""The official `postgrest` client drives the sandbox's gateway over the sample app's database.

Environment: SANDBOX_URL, the keys SECRET_KEY and PUBLISHABLE_KEY, JWT_SECRET, and MAX_ROWS as the gateway has it.
"""

import base64
import hashlib
import hmac
import json
import os
import uuid

from postgrest import APIError, CountMethod, ReturnMethod, SyncPostgrestClient

from checks import check, refused, same

PAGE = int(os.environ["MAX_ROWS"])
ROWS = 2 * PAGE + PAGE // 2
PEOPLE = [str(uuid.UUID(int=n)) for n in range(1, 6)]
OPTED_OUT = PEOPLE[0]


def client(apikey, bearer=None):
    headers = {"apikey": apikey} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    return SyncPostgrestClient(f"{os.environ['SANDBOX_URL']}/rest/v1", headers=headers, timeout=20)


def token(**claims):
    """A token signed as Supabase's legacy keys and user tokens are."""
    def encode(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    signed = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    digest = hmac.new(os.environ["JWT_SECRET"].encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encode(digest)}"


def code(query):
    """The code of the error a query must raise."""
    return refused(APIError, query.execute).code


SECRET, PUBLISHABLE = os.environ["SECRET_KEY"], os.environ["PUBLISHABLE_KEY"]
service, anon = client(SECRET), client(PUBLISHABLE)

with check("insert: answers the rows when asked, with generated columns"):
    people = [
        {"id": person, "full_name": f"Person {n}", "training_opt_out": person == OPTED_OUT}
        for n, person in enumerate(PEOPLE)
    ]
    same(service.from_("profiles").insert(people, returning=ReturnMethod.minimal).execute().data, [])
    post = {"owner_id": PEOPLE[1], "title": 'Welder, "first" of all', "salary_min": 40500.1, "skills": ["tig", "mig"]}
    made = service.from_("job_posts").insert(post).execute().data
    same((len(made), made[0]["id"], made[0]["status"], made[0]["skills"]), (1, 1, "draft", ["tig", "mig"]))
    posts = [{"owner_id": PEOPLE[n % 5], "title": f"Post {n}", "status": "published"} for n in range(2, ROWS + 1)]
    same(service.from_("job_posts").insert(posts, count=CountMethod.exact).execute().count, ROWS - 1)

with check("insert: columns missing in some of the rows get their default when asked"):
    rows = [{"content_type": "faq", "published": False}, {"content_type": "faq"}]
    made = service.from_("seo_contents").insert(rows, default_to_null=False).execute().data
    same([row["published"] for row in made], [False, True])

with check("select: an inner embed under an alias leaves opted-out subjects out, and is filtered by the alias"):
    columns = "id,title,consent:profiles!inner(training_opt_out)"
    query = service.from_("job_posts").select(columns, count=CountMethod.exact)
    answer = query.is_("consent.training_opt_out", "false").order("id").limit(3).execute()
    same(answer.count, ROWS * 4 // 5)
    same(answer.data[0], {"id": 1, "title": 'Welder, "first" of all', "consent": {"training_opt_out": False}})
    same(len(answer.data), 3)

with check("select: a plain embed keeps rows without a match"):
    query = service.from_("job_posts").select("name:title,owner:profiles(full_name)").eq("owner.full_name", "Person 0")
    same(query.eq("id", 1).execute().data, [{"name": 'Welder, "first" of all', "owner": None}])

with check("select: filters mean what they mean to Postgres"):
    def ids(build):
        query = build(service.from_("job_posts").select("id"))
        return [row["id"] for row in query.order("id", desc=True).execute().data]
    same(ids(lambda q: q.eq("title", 'Welder, "first" of all')), [1])
    same(ids(lambda q: q.in_("title", ['Welder, "first" of all', "Post 2"])), [2, 1])
    same(ids(lambda q: q.gt("id", 3).lte("id", 5).neq("id", 4)), [5])
    same(ids(lambda q: q.or_("id.eq.1,and(id.gt.3,id.lt.6)")), [5, 4, 1])
    same(ids(lambda q: q.not_.in_("status", ["published"])), [1])
    same(ids(lambda q: q.ilike("title", "post 1_").lt("id", 12)), [11, 10])
    same(ids(lambda q: q.contains("skills", ["mig"])), [1])
    same(ids(lambda q: q.is_("skills", "null").gte("id", ROWS)), [ROWS])

with check("select: the page is capped silently, the count is not"):
    posts = service.from_("job_posts")
    answer = posts.select("id", count=CountMethod.exact).order("id").limit(10 * PAGE).execute()
    same((len(answer.data), answer.count), (PAGE, ROWS))
    same(posts.select("id", count=CountMethod.exact, head=True).execute().count, ROWS)

with check("select: ranges page to the end, and past it is an error only when counted"):
    def page(first, last, count=None):
        return posts.select("id", count=count).order("id").range(first, last)
    same([row["id"] for row in page(1, 3).execute().data], [2, 3, 4])
    same(len(page(2 * PAGE, 3 * PAGE - 1).execute().data), PAGE // 2)
    same(page(ROWS + 5, ROWS + 6).execute().data, [])
    same(code(page(ROWS + 5, ROWS + 6, CountMethod.exact)), "PGRST103")

with check("select: one row as an object, none as none, two as an error"):
    same(posts.select("id").eq("id", 2).single().execute().data, {"id": 2})
    same(posts.select("id").eq("id", -1).maybe_single().execute(), None)
    same(code(posts.select("id").lt("id", 3).single()), "PGRST116")

with check("upsert: merges duplicates, or leaves them alone"):
    person = {"id": PEOPLE[2], "full_name": "Renamed"}
    merged = service.from_("profiles").upsert(person, on_conflict="id").execute().data
    same((merged[0]["full_name"], merged[0]["training_opt_out"]), ("Renamed", False))
    again = {"id": PEOPLE[2], "full_name": "Ignored"}
    same(service.from_("profiles").upsert(again, ignore_duplicates=True).execute().data, [])
    kept = service.from_("profiles").select("full_name").eq("id", PEOPLE[2]).single().execute().data
    same(kept, {"full_name": "Renamed"})

with check("update and delete: change the rows meant, and refuse to change all"):
    closed = posts.update({"status": "closed"}).in_("id", [2, 3]).execute().data
    same(sorted(row["id"] for row in closed), [2, 3])
    same([row["id"] for row in posts.delete().eq("id", 3).execute().data], [3])
    same(posts.select("id").eq("id", 3).execute().data, [])
    same(code(posts.update({"status": "closed"})), "21000")
    same(code(posts.delete()), "21000")

with check("rpc: a version is registered once a run, started and promoted"):
    run = {"p_run_id": "run-1", "p_family": "zion-job-generator", "p_purpose": "job",
           "p_base_model": "openai/gpt-oss-20b", "p_provider": "openai"}
    registered = service.rpc("register_model_version", run).execute().data
    same((registered["name"], registered["training_status"]), ("zion-job-generator-v1", "queued"))
    same(service.rpc("register_model_version", run).execute().data, registered)
    start = {"p_run_id": "run-1", "p_job_id": "ftjob-1", "p_dataset_sha256": "00", "p_manifest_uri": "s3://b/m"}
    same(service.rpc("start_model_version", start).execute().data["training_status"], "running")
    promote = {"p_run_id": "run-1", "p_provider_model": "ft:one", "p_metrics": {"examples": 10}, "p_reason": "trained"}
    promoted = service.rpc("promote_model_version", promote).execute().data
    same(promoted, {"id": "ft:one", "name": "zion-job-generator-v1", "purpose": "job", "version": 1, "previous": None})
    same(service.rpc("promote_model_version", promote).execute().data, promoted)
    second = service.rpc("register_model_version", run | {"p_run_id": "run-2"}).execute().data
    same((second["version"], second["base_shutdown_date"]), (2, None))

with check("the app's own query answers the live model, to a visitor, a user and the service"):
    user = client(PUBLISHABLE, token(role="authenticated", sub=PEOPLE[1]))
    for app in (anon, user, service):
        query = app.from_("model_versions").select("id").eq("purpose", "job").eq("active", True)
        same(query.order("version", desc=True).limit(1).execute().data, [{"id": "ft:one"}])

with check("a user reads of models what the app shows, and no more"):
    shown = "id,version,purpose,base_model,active,training_status,error_message,created_at"
    same(user.from_("model_versions").select(shown).eq("active", True).execute().data[0]["id"], "ft:one")
    for hidden in ("metrics", "manifest_uri", "error_cause", "*"):
        same(code(user.from_("model_versions").select(hidden)), "42501")

with check("keys: a legacy key needs both headers, a new key the one"):
    legacy = token(role="service_role", iss="supabase")
    same(len(client(legacy, legacy).from_("profiles").select("id").execute().data), 5)
    same(client(legacy).from_("profiles").select("id").execute().data, [])
    same(code(client(SECRET, SECRET).from_("profiles").select("id")), "PGRST301")
    expired = token(role="service_role", exp=1)
    same(code(client(PUBLISHABLE, expired).from_("profiles").select("id")), "PGRST303")
    error = refused(APIError, client("sb_secret_wrong").from_("profiles").select("id").execute)
    same((error.message, "sb_secret_wrong" in str(error)), ("Invalid API key", False))

with check("row-level security: a user sees their own profile and published posts"):
    same([row["id"] for row in user.from_("profiles").select("id").execute().data], [PEOPLE[1]])
    same({row["status"] for row in anon.from_("job_posts").select("status").execute().data}, {"published"})

with check("errors: codes are PostgREST's and Postgres's own"):
    for query, wanted in [
        (service.from_("nowhere").select("*"), "PGRST205"),
        (posts.select("nothing"), "42703"),
        (posts.select("id").eq("nothing", 1), "42703"),
        (posts.select("id").filter("id", "equals", 1), "PGRST100"),
        (posts.select("id").eq("id", "x"), "22P02"),
        (posts.select("id,model_versions(name)"), "PGRST200"),
        (posts.insert({"titel": "x"}), "PGRST204"),
        (posts.insert({"owner_id": PEOPLE[0], "status": "unheard"}), "23514"),
        (posts.insert({"owner_id": str(uuid.UUID(int=99))}), "23503"),
        (service.from_("profiles").insert({"id": PEOPLE[0]}), "23505"),
        (service.rpc("nothing", {}), "PGRST202"),
        (service.rpc("register_model_version", run | {"p_family": "Not A Family"}), "22023"),
        (service.from_("model_versions").update({"active": False}).eq("name", "x"), "42501"),
        (anon.from_("model_promotions").select("*"), "42501"),
        (anon.rpc("register_model_version", run), "42501"),
    ]:
        same(code(query), wanted)
