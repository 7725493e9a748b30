//! What the adapter makes of refusals, lost answers, odd lists and odd words.

use std::time::Instant;

use records::recipe;
use serde_json::{Value, json};
use stage::ErrorName;
use tuning::{Catalogue as _, Files as _, JobStatus, Jobs as _, OpenAi, Told, Watch as _};

use super::contract::{file, provider, send, spec, trained};
use super::services::Services;

const JOBS: &str = "/v1/fine_tuning/jobs";

fn plain(services: &Services) -> OpenAi {
    provider(&services.provider_url(), &recipe::Provider::default())
}

async fn fault(services: &Services, method: &str, path: &str, times: u32, fault: Value) {
    let rule = json!({"method": method, "path": path, "times": times, "fault": fault});
    services.set_faults(json!([rule])).await;
}

/// How often jobs were asked for.
async fn asked(services: &Services) -> usize {
    let log = services.requests().await;
    let creates = |entry: &&Value| entry["method"] == "POST" && entry["path"] == JOBS;
    log.as_array().unwrap().iter().filter(creates).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_a_job_has_its_name_and_only_patience_is_tried_again() {
    let services = Services::start().await;
    let provider = plain(&services);
    let spec = spec(send(&provider, "run-1.jsonl", 12).await);
    for (why, name) in [
        ("quota", ErrorName::ProviderRefused),
        ("daily_limit", ErrorName::DailyLimit),
        ("not_tunable", ErrorName::BaseModelUnusable),
        ("no_access", ErrorName::ProviderRefused),
    ] {
        let before = asked(&services).await;
        fault(&services, "POST", JOBS, 1, json!({"kind": "refuse", "why": why})).await;
        let error = provider.create_job(&spec).await.unwrap_err();
        assert_eq!(error.name(), name, "{why}: {}", error.chain());
        assert!(error.chain().contains("(request "), "{}", error.chain());
        assert_eq!(asked(&services).await, before + 1, "{why}: once");
    }
    // Longer than a function should wait.
    fault(&services, "POST", JOBS, 1, json!({"kind": "refuse", "why": "rate_limit", "retry_after": 60}))
        .await;
    assert_eq!(provider.create_job(&spec).await.unwrap_err().name(), ErrorName::Throttled);

    let (before, begun) = (asked(&services).await, Instant::now());
    fault(&services, "POST", JOBS, 1, json!({"kind": "refuse", "why": "rate_limit", "retry_after": 1})).await;
    fault(&services, "POST", JOBS, 1, json!({"kind": "refuse", "why": "not_ready"})).await;
    let job = provider.create_job(&spec).await.unwrap();
    assert_eq!(asked(&services).await, before + 3);
    assert!(begun.elapsed().as_millis() >= 1_300, "Retry-After is kept to, jitter comes on top");
    assert_eq!(provider.find_jobs(&spec).await.unwrap()[..], [provider.poll(&job.id).await.unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_never_asked_for_again_and_the_job_is_found_in_spite_of_the_list() {
    let services = Services::start().await;
    let provider = plain(&services);
    let spec = spec(send(&provider, "run-1.jsonl", 12).await);
    for lost in [json!({"kind": "drop_after"}), json!({"kind": "status", "status": 502, "after": true})] {
        let before = asked(&services).await;
        fault(&services, "POST", JOBS, 1, lost).await;
        assert_eq!(provider.create_job(&spec).await.unwrap_err().name(), ErrorName::Unavailable);
        assert_eq!(asked(&services).await, before + 1);
    }
    // Another run's job on the same account.
    let other = tuning::JobSpec { marks: vec![("zion_run", "run-2".to_owned())], ..spec.clone() };
    provider.create_job(&other).await.unwrap();

    services.turn(json!({"listed_after_ms": 60_000})).await;
    assert_eq!(provider.find_jobs(&spec).await.unwrap(), [], "not listed yet");
    services.turn(json!({"listed_after_ms": 0, "ignore_filters": true, "odd_items": true})).await;
    let found = provider.find_jobs(&spec).await.unwrap();
    assert_eq!(found.len(), 2, "both and nobody else's");
    assert!(found[0].created_at <= found[1].created_at);
    assert_eq!(
        provider.find_file(&file("run-1.jsonl", 12)).await.unwrap().as_deref(),
        Some(spec.training_file.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_is_no_proof_that_there_is_no_job() {
    let services = Services::start().await;
    let provider = plain(&services);
    let spec = spec(send(&provider, "run-1.jsonl", 12).await);
    let other =
        json!({"id": "ftjob-1", "created_at": 1_800_000_000, "status": "queued", "training_file": "another"});
    for (times, list) in [
        (1, json!({"data": [{"id": "ftjob-1", "created_at": "yesterday"}], "has_more": false})),
        // The host does not know `after`, and says that there is more.
        (2, json!({"data": [other], "has_more": true})),
    ] {
        let list = json!({"kind": "status", "status": 200, "body": list});
        fault(&services, "GET", "/v1/fine_tuning/jobs*", times, list).await;
        let error = provider.find_jobs(&spec).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::ProviderRefused, "{}", error.chain());
    }
    assert_eq!(provider.find_jobs(&spec).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_were_read_stay_when_the_next_page_fails_and_a_list_that_goes_on_says_so() {
    let services = Services::start().await;
    let provider = plain(&services);
    let spec = spec(send(&provider, "run-1.jsonl", 12).await);
    let job = provider.create_job(&spec).await.unwrap();
    let event = |id| json!({"id": id, "created_at": 1_800_000_000, "level": "info", "message": "m", "object": "fine_tuning.job.event"});
    let page = |data: Value| json!({"kind": "status", "status": 200, "body": {"object": "list", "data": data, "has_more": true}});
    let events = format!("{JOBS}/{}/events", job.id);
    for last in [
        json!({"kind": "status", "status": 400, "body": {}}),
        page(json!([event("c"), {"id": 5}, event("b")])),
    ] {
        fault(&services, "GET", &events, 1, page(json!([event("a"), event("b")]))).await;
        fault(&services, "GET", &events, 1, last).await;
        let mut told = Told::default();
        let read = provider.events(&job.id, None, &mut told).await;
        let ids: Vec<_> = told.items.iter().map(|event| event.id.as_str()).collect();
        match read {
            Err(error) => {
                assert_eq!(error.name(), ErrorName::ProviderRefused);
                assert_eq!((ids, told.more), (vec!["a", "b"], false));
            }
            // Its last event is the one that the page was asked for: the host goes round in a circle.
            Ok(()) => assert_eq!((ids, told.more, told.unreadable), (vec!["a", "b", "c", "b"], true, 1)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_goes_on_is_not_taken_for_cancelled() {
    let services = Services::start().await;
    let provider = plain(&services);
    services.turn(json!({"pace_ms": 600_000})).await;
    let spec = spec(send(&provider, "run-1.jsonl", 12).await);
    let job = provider.create_job(&spec).await.unwrap();
    let cancel = format!("{JOBS}/{}/cancel", job.id);
    fault(&services, "POST", &cancel, 1, json!({"kind": "status", "status": 400, "body": {}})).await;
    assert_eq!(provider.cancel(&job.id).await.unwrap_err().name(), ErrorName::ProviderRefused);
    provider.cancel(&job.id).await.unwrap();
    provider.cancel(&job.id).await.unwrap();
    assert_eq!(provider.poll(&job.id).await.unwrap().status, JobStatus::Cancelled);
    // A daily cap on requests is none on jobs: who only looks waits like for any other.
    let look = format!("{JOBS}/{}", job.id);
    fault(&services, "GET", &look, 5, json!({"kind": "refuse", "why": "daily_limit"})).await;
    assert_eq!(provider.poll(&job.id).await.unwrap_err().name(), ErrorName::Throttled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_s_words_are_ours_or_kept() {
    let services = Services::start().await;
    let provider = plain(&services);
    let spec = spec(send(&provider, "run-1.jsonl", 12).await);
    let job = provider.create_job(&spec).await.unwrap();
    for (word, status) in [
        ("a_word_of_2031", JobStatus::Unknown { word: "a_word_of_2031".to_owned() }),
        ("paused", JobStatus::Paused),
    ] {
        services.turn(json!({"next_status_word": word})).await;
        assert_eq!(provider.poll(&job.id).await.unwrap().status, status);
    }
    trained(&provider, &job.id).await;
    let failures = [
        (json!({"code": "server_error", "message": "no capacity"}), true),
        (json!({"code": "invalid_training_file", "message": "blocked by our moderation system"}), false),
    ];
    for (failure, helps) in failures {
        services.turn(json!({"fail_next_job": failure, "pace_ms": 0})).await;
        let job = provider.create_job(&spec).await.unwrap();
        let ended = async {
            loop {
                let job = provider.poll(&job.id).await.unwrap();
                if job.status.is_final() {
                    return job.status;
                }
            }
        };
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), ended).await.unwrap();
        let JobStatus::Failed { retry_helps, .. } = ended else { panic!("{ended:?}") };
        assert_eq!(retry_helps, helps);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_page_by_page_and_a_list_that_goes_on_says_so() {
    let services = Services::start().await;
    let provider = plain(&services);
    let item = |id: &str, name: &str| json!({"id": id, "object": "file", "filename": name, "bytes": 7});
    let page = |data: Value, more: bool| json!({"kind": "status", "status": 200, "body": {"object": "list", "data": data, "has_more": more}});
    let first = page(json!([item("file-1", "a.jsonl"), item("file-2", "b.jsonl")]), true);
    let ours = [("a.jsonl".to_owned(), 7), ("c.jsonl".to_owned(), 7)].into();
    for (last, copies, more) in [
        (page(json!([item("file-3", "c.jsonl"), {"shape": 5}, item("file-4", "a.jsonl")]), false), 3, false),
        // The host does not know `after`.
        (first.clone(), 1, true),
    ] {
        fault(&services, "GET", "/v1/files*", 1, first.clone()).await;
        fault(&services, "GET", "/v1/files?*after=file-2*", 1, last.clone()).await;
        let told = provider.copies(&ours).await.unwrap();
        assert_eq!((told.items.len(), told.more, told.unreadable), (copies, more, usize::from(!more)));
    }
    fault(&services, "GET", "/v1/files*", 1, first).await;
    let last = page(json!([item("file-3", "c.jsonl")]), false);
    fault(&services, "GET", "/v1/files?*after=file-2*", 1, last).await;
    let found =
        provider.find_file(&tuning::FileSpec { name: "c.jsonl".to_owned(), bytes: 7, md5: None }).await;
    assert_eq!(found.unwrap().as_deref(), Some("file-3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_model_is_unknown_when_the_provider_says_so_and_not_where_no_api_answers() {
    let services = Services::start().await;
    let provider = plain(&services);
    assert_eq!(provider.base_model("no/such-model").await.unwrap(), None);
    fault(
        &services,
        "GET",
        "/v1/models/*",
        1,
        json!({"kind": "status", "status": 404, "body": {"detail": "Not Found"}}),
    )
    .await;
    let error = provider.base_model("no/such-model").await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ProviderRefused);
    assert!(error.chain().contains("ProviderUrl"), "{}", error.chain());
}

/// Time is the runtime's own: what hangs takes none.
#[tokio::test(start_paused = true)]
async fn a_host_that_hangs_is_asked_for_less_than_a_minute() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(connection) = listener.accept().await {
            held.push(connection);
        }
    });
    let provider = provider(&address, &recipe::Provider::default());
    let begun = tokio::time::Instant::now();
    let error = provider.poll("ftjob-1").await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable);
    assert!((30..50).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    held.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_days_are_read_of_every_model() {
    let services = Services::start().await;
    let provider = plain(&services);
    services.turn(json!({"shutdown_dates": {"Qwen/Qwen3-32B": "2031-02-03"}})).await;
    let models = provider.models().await.unwrap();
    let day = |id: &str| models.iter().find(|model| model.id == id).unwrap().shutdown_date;
    assert_eq!(day("Qwen/Qwen3-32B"), Some("2031-02-03".parse().unwrap()));
    assert_eq!(day("openai/gpt-oss-20b"), None);
}
