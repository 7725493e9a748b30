//! The gateway over a real `PostgreSQL`.

use crate::harness::{Sandbox, header, parts};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

// One PostgreSQL for all: starting one takes seconds.
#[tokio::test]
async fn behaves_like_the_hosted_gateway() {
    let Some(gateway) = Sandbox::start().await else {
        return;
    };
    leaves_opted_out_subjects_out_by_an_inner_embed(&gateway).await;
    keeps_numbers_exact_and_caps_the_page(&gateway).await;
    counts_and_ranges(&gateway).await;
    filters_and_sorts(&gateway).await;
    applies_the_key_rules_grants_and_policies(&gateway).await;
    names_errors_as_postgrest_does(&gateway).await;
    writes_merges_and_deletes(&gateway).await;
    fills_in_defaults_when_asked(&gateway).await;
    calls_functions(&gateway).await;
    stops_slow_statements(&gateway).await;
    drops_truncates_and_records(&gateway).await;
}

async fn leaves_opted_out_subjects_out_by_an_inner_embed(gateway: &Sandbox) {
    let path = "job_posts?select=id,consent:profiles!inner(training_opt_out)&consent.training_opt_out=is.false&limit=3&order=id";
    let response = gateway.ask(Method::GET, path, &[("prefer", "count=exact")], None).await;
    assert_eq!(header(&response, "content-range"), "0-2/1200");
    let (_, rows) = parts(response).await;
    assert_eq!(rows[0], json!({"id": 1, "consent": {"training_opt_out": false}}));
    assert_eq!(rows[2]["id"], 3);
    let (_, left) =
        gateway.get("job_posts?select=id,owner:profiles(full_name)&owner.full_name=eq.nobody&limit=1").await;
    assert_eq!(left[0]["owner"], Value::Null);
    let (status, by_column) = gateway.get("job_posts?select=id,owner_id(full_name)&limit=1&order=id").await;
    assert_eq!((status, by_column[0]["owner_id"]["full_name"].as_str()), (200, Some("Person 2")));
}

async fn keeps_numbers_exact_and_caps_the_page(gateway: &Sandbox) {
    let text = gateway.ask(Method::GET, "job_posts?limit=1&order=id", &[], None).await.text().await.unwrap();
    assert!(text.contains("40500.10") && text.contains("12345678901234567890.12345"), "{text}");
    let response = gateway.ask(Method::GET, "job_posts?select=id&limit=5000", &[], None).await;
    assert_eq!((response.status(), header(&response, "content-range").as_str()), (StatusCode::OK, "0-999/*"));
    assert_eq!(parts(response).await.1.as_array().unwrap().len(), 1000);
}

async fn counts_and_ranges(gateway: &Sandbox) {
    let count = [("prefer", "count=exact")];
    let response = gateway.ask(Method::HEAD, "job_posts?select=id", &count, None).await;
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(header(&response, "content-range"), "0-999/1500");
    assert_eq!(header(&response, "preference-applied"), "count=exact");
    let response = gateway.ask(Method::GET, "job_posts?id=lt.0", &count, None).await;
    assert_eq!((response.status(), header(&response, "content-range").as_str()), (StatusCode::OK, "*/0"));
    let response =
        gateway.ask(Method::GET, "job_posts?select=id&order=id", &[("range", "10-14")], None).await;
    assert_eq!(header(&response, "content-range"), "10-14/*");
    let response = gateway.ask(Method::GET, "job_posts?offset=2000", &count, None).await;
    assert_eq!(header(&response, "content-range"), "*/1500");
    assert_eq!(parts(response).await.1["code"], "PGRST103");
    assert_eq!(gateway.get("job_posts?offset=2000").await, (200, json!([])));
}

async fn filters_and_sorts(gateway: &Sandbox) {
    let cases = [
        ("title=eq.Post%2C%207", 1),
        ("id=in.(1,2,\"3\")", 3),
        ("id=not.in.(1,2)&id=lte.5", 3),
        ("or=(id.eq.1,and(id.gt.3,id.lt.6))", 3),
        ("not.or=(id.gt.5,title.is.null)", 5),
        ("or=(title.eq.\"Post, 1\",title.eq.\"Post, 2\")", 2),
        ("updated_at=gte.2025-01-01T00:00:00%2B00:00&id=gt.1495", 5),
        ("skills=cs.{b9}", 1),
        ("title=like.*15", 15),
        ("title=ilike.post*149_", 10),
        ("currency=eq.EUR&salary=gt.40500.05&id=lt.3", 2),
        ("salary=neq.40500.1", 0),
        ("extra=not.is.null&id=eq.1", 1),
    ];
    for (filter, rows) in cases {
        let (status, found) = gateway.get(&format!("job_posts?select=id&{filter}")).await;
        assert_eq!((status, found.as_array().map(Vec::len)), (200, Some(rows)), "{filter}: {found}");
    }
    let (_, last) =
        gateway.get("job_posts?select=n:id&order=updated_at.asc.nullsfirst,id.desc&limit=2").await;
    assert_eq!(last, json!([{"n": 1500}, {"n": 1499}]));
}

async fn applies_the_key_rules_grants_and_policies(gateway: &Sandbox) {
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        parts(gateway.ask(Method::GET, path, headers, None).await).await
    };
    let (status, body) = ask("job_posts", &[("apikey", "")]).await;
    assert_eq!((status, body["message"].as_str()), (401, Some("No API key found in request")));
    let (status, _) = ask("job_posts", &[("apikey", ""), ("authorization", "Bearer sb_secret_test")]).await;
    assert_eq!(status, 401);
    let (status, body) = ask("job_posts", &[("authorization", "Bearer sb_secret_test")]).await;
    assert_eq!((status, body["code"].as_str()), (401, Some("PGRST301")));
    let (status, body) = ask("no_grant", &[]).await;
    assert_eq!((status, body["code"].as_str()), (403, Some("42501")));
    assert!(body["hint"].as_str().unwrap().contains("GRANT SELECT ON public.no_grant TO service_role"));
    let (status, body) = ask("job_posts", &[("apikey", "sb_publishable_test")]).await;
    assert_eq!((status, body["code"].as_str()), (401, Some("42501")));
    // {"role":"authenticated","sub":"u1"}, signed with the secret of the tests.
    let (_, rows) = ask("own_rows", &[("authorization", &format!("Bearer {}", user_token()))]).await;
    assert_eq!(rows, json!([{"id": 1, "subject": "u1"}]));
    assert_eq!(gateway.get("own_rows").await.1.as_array().unwrap().len(), 2);
}

fn user_token() -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{KeyInit as _, Mac as _};
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    let body = URL_SAFE_NO_PAD.encode(r#"{"role":"authenticated","sub":"u1"}"#);
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"a secret of the tests").unwrap();
    mac.update(format!("{head}.{body}").as_bytes());
    format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

async fn names_errors_as_postgrest_does(gateway: &Sandbox) {
    let cases = [
        ("nowhere", 404, "PGRST205"),
        ("job_posts?select=nothing", 400, "42703"),
        ("job_posts?nothing=eq.1", 400, "42703"),
        ("job_posts?id=wrong.1", 400, "PGRST100"),
        ("job_posts?id=eq.x", 400, "22P02"),
        ("job_posts?select=id,model_versions(name)", 400, "PGRST200"),
        ("job_posts?select=id&profiles.id=eq.1", 400, "PGRST108"),
        ("job_posts/1", 404, "PGRST125"),
    ];
    for (path, status, code) in cases {
        let (got, body) = gateway.get(path).await;
        assert_eq!((got, body["code"].as_str()), (status, Some(code)), "{path}: {body}");
    }
    let single = [("accept", "application/vnd.pgrst.object+json")];
    let response = gateway.ask(Method::GET, "job_posts?select=id&id=lt.3", &single, None).await;
    let (status, body) = parts(response).await;
    assert_eq!((status, body["code"].as_str()), (406, Some("PGRST116")));
    assert_eq!(body["details"], "The result contains 2 rows");
    let response = gateway.ask(Method::GET, "job_posts?select=id&id=eq.3", &single, None).await;
    assert_eq!(parts(response).await, (200, json!({"id": 3})));
}

async fn writes_merges_and_deletes(gateway: &Sandbox) {
    let rows = json!([{"name": "a-v1", "note": "it's \"new\""}, {"name": "b-v1", "note": null}]);
    let (status, made) =
        gateway.post("model_versions?select=name,version", "return=representation", rows).await;
    assert_eq!(
        (status, made),
        (201, json!([{"name": "a-v1", "version": 1}, {"name": "b-v1", "version": 1}]))
    );
    let again = json!({"name": "a-v1", "note": "other"});
    let (status, body) = gateway.post("model_versions", "", again.clone()).await;
    assert_eq!((status, body["code"].as_str()), (409, Some("23505")));
    let merge = "resolution=merge-duplicates,return=representation";
    let (status, body) = gateway.post("model_versions?on_conflict=name", merge, again).await;
    assert_eq!((status, body[0]["note"].as_str()), (201, Some("other")));
    let (status, body) = gateway.post("model_versions", "return=minimal", json!({"nam": 1})).await;
    assert_eq!((status, body["code"].as_str()), (400, Some("PGRST204")));
    let patch = [("prefer", "return=representation,count=exact")];
    let change = Some(json!({"active": true}));
    let response = gateway.ask(Method::PATCH, "model_versions?name=eq.b-v1", &patch, change.clone()).await;
    assert_eq!(header(&response, "content-range"), "0-0/1");
    assert_eq!(parts(response).await.1[0]["active"], true);
    let (status, body) = parts(gateway.ask(Method::PATCH, "model_versions", &[], change).await).await;
    assert_eq!((status, body["code"].as_str()), (400, Some("21000")));
    let response = gateway.ask(Method::DELETE, "model_versions?name=in.(a-v1,b-v1)", &[], None).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(gateway.get("model_versions").await.1, json!([]));
    let (status, body) = gateway.post("job_posts", "", json!({"title": "x"})).await;
    assert_eq!((status, body["code"].as_str()), (403, Some("42501")));
}

async fn fills_in_defaults_when_asked(gateway: &Sandbox) {
    let rows = json!([{"name": "c-v1", "version": 3}, {"name": "d-v1"}]);
    let path = "model_versions?select=version&columns=name,version";
    let prefer = "missing=default,return=representation";
    assert_eq!(gateway.post(path, prefer, rows).await, (201, json!([{"version": 3}, {"version": 1}])));
}

async fn calls_functions(gateway: &Sandbox) {
    let call = async |name: &str, body: Value| gateway.post(&format!("rpc/{name}"), "", body).await;
    assert_eq!(call("add_up", json!({"p_a": 2})).await, (200, json!(3)));
    assert_eq!(call("add_up", json!({"p_b": 2, "p_a": 2})).await, (200, json!(4)));
    let (status, row) = call("make_version", json!({"p_name": "f-v1", "p_note": "n"})).await;
    assert_eq!((status, &row["name"], &row["version"]), (200, &json!("f-v1"), &json!(1)));
    let (_, rows) = call("some_posts?select=id&order=id.desc&limit=2", json!({"p_below": 5})).await;
    assert_eq!(rows, json!([{"id": 4}, {"id": 3}]));
    assert_eq!(call("as_json", json!({"p_words": {"a": [1]}})).await.1["words"], json!({"a": [1]}));
    assert_eq!(call("nothing", json!({})).await.0, 204);
    let (status, body) = call("refuse", json!({})).await;
    assert_eq!(
        (status, body["code"].as_str(), body["message"].as_str()),
        (400, Some("P0001"), Some("not today"))
    );
    let (status, body) = call("add_up", json!({"p_c": 2})).await;
    assert_eq!((status, body["code"].as_str()), (404, Some("PGRST202")));
    // A function made after the start is found without a restart.
    gateway.postgres.run("create function late() returns int language sql as 'select 1'").await;
    assert_eq!(call("late", json!({})).await, (200, json!(1)));
}

async fn stops_slow_statements(gateway: &Sandbox) {
    let (status, body) = gateway.post("rpc/slow", "", json!({})).await;
    assert_eq!((status, body["code"].as_str()), (500, Some("57014")));
}

async fn drops_truncates_and_records(gateway: &Sandbox) {
    let knob = |path: &str| format!("{}/_sandbox/{path}", gateway.base);
    gateway.client.delete(knob("requests")).send().await.unwrap();
    let faults = json!([
        {"method": "POST", "path": "/rest/v1/model_versions", "times": 1, "fault": {"kind": "drop_after"}},
        {"path": "/rest/v1/job*", "times": 1, "fault": {"kind": "truncate", "bytes": 20}},
        {"path": "/rest/v1/job*", "skip": 1, "times": 1, "fault": {"kind": "status", "status": 429, "retry_after": 3}},
        {"path": "/rest/v1/rpc/make_version", "times": 1, "fault": {"kind": "status", "status": 503, "after": true}},
        {"path": "/rest/v1/profiles", "fault": {"kind": "drop_before"}},
    ]);
    let set = gateway.client.post(knob("faults")).json(&faults).send().await.unwrap();
    assert_eq!(set.json::<Value>().await.unwrap(), json!({"rules": 5}));
    let send = |method, path: &str| {
        gateway
            .client
            .request(method, format!("{}/rest/v1/{path}", gateway.base))
            .header("apikey", "sb_secret_test")
    };
    let lost = send(Method::POST, "model_versions").json(&json!({"name": "lost-v1"})).send().await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(
        gateway.get("model_versions?select=name&name=eq.lost-v1").await.1,
        json!([{"name": "lost-v1"}])
    );
    let cut = send(Method::GET, "job_posts?select=id").send().await.unwrap();
    assert!(cut.content_length().unwrap() > 20);
    assert!(cut.bytes().await.is_err());
    assert_eq!(gateway.get("job_posts?select=id&limit=1").await.0, 200);
    let busy = send(Method::GET, "job_posts?select=id").send().await.unwrap();
    assert_eq!((busy.status().as_u16(), header(&busy, "retry-after").as_str()), (429, "3"));
    let made = json!({"p_name": "hidden-v1", "p_note": null});
    assert_eq!(gateway.post("rpc/make_version", "", made).await.0, 503);
    let (_, kept) = gateway.get("model_versions?select=name&name=eq.hidden-v1").await;
    assert_eq!(kept, json!([{"name": "hidden-v1"}]));
    assert!(send(Method::GET, "profiles").send().await.is_err());
    gateway.client.delete(knob("faults")).send().await.unwrap();
    assert_eq!(gateway.get("profiles?select=id").await.0, 200);
    let log = gateway.client.get(knob("requests")).send().await.unwrap().text().await.unwrap();
    assert!(!log.contains("sb_secret_test"));
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log[0]["body"], json!({"name": "lost-v1"}));
    assert_eq!(
        (&log[0]["status"], &log[0]["fault"], &log[0]["credentials"]),
        (&Value::Null, &json!("drop_after"), &json!(["apikey"]))
    );
}
