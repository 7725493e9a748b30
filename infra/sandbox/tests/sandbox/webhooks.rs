//! Webhooks: who is told of a job's end, how often and in which order. Official SDKs judge the signatures in `tests`.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method};
use sandbox::server::Server;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const KEY: &str = "sk-of-the-webhooks";
/// Far beyond every wait of a delivery.
const PATIENCE: Duration = Duration::from_secs(10);

/// What arrived, and with which statuses the next ones are answered; 200 behind them.
#[derive(Default)]
struct Inbox {
    got: Vec<(HeaderMap, Value)>,
    answers: VecDeque<u16>,
}

struct World {
    client: Client,
    base: String,
    clock: Arc<AtomicI64>,
    inbox: Arc<Mutex<Inbox>>,
    address: String,
    file: String,
}

async fn receive(
    State(inbox): State<Arc<Mutex<Inbox>>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, HeaderMap) {
    let mut inbox = inbox.lock().unwrap();
    inbox.got.push((headers, serde_json::from_str(&body).unwrap()));
    let status = inbox.answers.pop_front().unwrap_or(200);
    let mut headers = HeaderMap::new();
    headers.insert("location", "/elsewhere".parse().unwrap());
    (StatusCode::from_u16(status).unwrap(), headers)
}

impl World {
    async fn start() -> Self {
        let clock = Arc::new(AtomicI64::new(1_800_000_000_000));
        let server = Server::of_provider(KEY.to_owned(), 1_000, clock.clone()).await.unwrap();
        let base = format!("http://{}", server.address());
        tokio::spawn(server.until(std::future::pending()));
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(receive)).with_state(inbox.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::builder().timeout(PATIENCE).build().unwrap();
        let mut world = Self { client, base, clock, inbox, address, file: String::new() };
        let line = |n: u32| json!({"messages": [{"role": "user", "content": n.to_string()}, {"role": "assistant", "content": "a"}]});
        let lines: String = (0..12).map(|n| line(n).to_string() + "\n").collect();
        let part = Part::bytes(lines.into_bytes()).file_name("train.jsonl");
        let form = Form::new().text("purpose", "fine-tune").part("file", part);
        let upload = world.client.post(format!("{}/v1/files", world.base)).bearer_auth(KEY).multipart(form);
        let file: Value = upload.send().await.unwrap().json().await.unwrap();
        world.file = file["id"].as_str().unwrap().to_owned();
        world
    }

    async fn turn(&self, change: Value) -> u16 {
        let url = format!("{}/_sandbox/provider", self.base);
        self.client.post(url).json(&change).send().await.unwrap().status().as_u16()
    }

    async fn listen(&self) {
        let endpoint = json!({"url": self.address, "secret": "whsec_c2VjcmV0"});
        assert_eq!(self.turn(json!({"webhook": endpoint})).await, 204);
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request = self.client.request(method, format!("{}/v1/fine_tuning/jobs{path}", self.base));
        let request = request.bearer_auth(KEY);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Creates a job, and waits until its file was read.
    async fn create(&self) -> String {
        let body = json!({"model": "openai/gpt-oss-20b", "training_file": self.file});
        let job = self.ask(Method::POST, "", Some(body)).await;
        let id = job["id"].as_str().unwrap().to_owned();
        self.clock.fetch_add(1_000, Ordering::Relaxed);
        let begun = Instant::now();
        while self.ask(Method::GET, &format!("/{id}"), None).await["status"] == "validating_files" {
            assert!(begun.elapsed() < PATIENCE);
        }
        id
    }

    /// Lets a job end by the clock alone: nobody asks for it.
    async fn end(&self) -> String {
        let id = self.create().await;
        self.clock.fetch_add(4_000, Ordering::Relaxed);
        id
    }

    /// Waits for so many deliveries: message, type and job of each.
    async fn got(&self, count: usize) -> Vec<(String, String, String)> {
        let begun = Instant::now();
        while self.inbox.lock().unwrap().got.len() < count {
            assert!(begun.elapsed() < PATIENCE, "{} of {count}", self.inbox.lock().unwrap().got.len());
            pause(5).await;
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let of = |(headers, body): &(HeaderMap, Value)| {
            (
                headers["webhook-id"].to_str().unwrap().to_owned(),
                text(&body["type"]),
                text(&body["data"]["id"]),
            )
        };
        self.inbox.lock().unwrap().got.iter().map(of).collect()
    }

    fn answer(&self, statuses: &[u16]) {
        self.inbox.lock().unwrap().answers.extend(statuses);
    }
}

async fn pause(ms: u64) {
    tokio::time::timeout(Duration::from_millis(ms), std::future::pending::<()>()).await.unwrap_err();
}

#[tokio::test]
async fn tells_each_end_once_though_nobody_asks_for_the_job() {
    let world = World::start().await;
    let silent = world.end().await;
    world.listen().await;
    let succeeded = world.end().await;
    world.got(1).await;
    world.turn(json!({"fail_next_job": {"code": "server_error", "message": "no capacity"}})).await;
    let failed = world.end().await;
    world.got(2).await;
    let cancelled = world.create().await;
    world.ask(Method::POST, &format!("/{cancelled}/cancel"), None).await;
    let got = world.got(3).await;
    let told: Vec<_> = got.iter().map(|(_, kind, job)| (kind.as_str(), job)).collect();
    // The first had ended when the address was named.
    assert!(!told.iter().any(|(_, job)| **job == silent));
    assert_eq!(
        told,
        [
            ("fine_tuning.job.succeeded", &succeeded),
            ("fine_tuning.job.failed", &failed),
            ("fine_tuning.job.cancelled", &cancelled)
        ]
    );
    let (headers, body) = world.inbox.lock().unwrap().got[0].clone();
    assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
    assert_eq!((&body["object"], body["data"].as_object().unwrap().len()), (&json!("event"), 1));
    let finished = &world.ask(Method::GET, &format!("/{succeeded}"), None).await["finished_at"];
    assert_eq!(&body["created_at"], finished);

    assert_eq!(world.turn(json!({"webhook": null})).await, 204);
    world.end().await;
    pause(100).await;
    assert_eq!(world.inbox.lock().unwrap().got.len(), 3, "nobody is told any more");
}

#[tokio::test]
async fn sends_an_event_again_until_it_is_taken_and_gives_up_after_five_tries() {
    let world = World::start().await;
    world.listen().await;
    // A redirect is a failure, too, and is not followed.
    world.answer(&[500, 302]);
    let job = world.end().await;
    let got = world.got(3).await;
    assert!(got.iter().all(|it| it == &got[0]), "one message, three times: {got:?}");
    assert_eq!(got[0].2, job);
    world.answer(&[503; 9]);
    let begun = Instant::now();
    world.end().await;
    world.got(3 + 5).await;
    assert!(begun.elapsed() >= Duration::from_millis(100 + 200 + 400 + 800), "waits grow");
    pause(300).await;
    assert_eq!(world.got(8).await.len(), 8);
}

#[tokio::test]
async fn sends_twice_and_out_of_order_where_a_knob_says_so() {
    let world = World::start().await;
    world.listen().await;
    world.turn(json!({"webhooks_twice": true})).await;
    let job = world.end().await;
    let got = world.got(2).await;
    assert_eq!(got[0], got[1], "the same message");
    assert_eq!(got[0].2, job);

    world.turn(json!({"webhooks_twice": false, "webhooks_reordered": true})).await;
    let first = world.end().await;
    // Noticed, and held back.
    world.ask(Method::GET, &format!("/{first}"), None).await;
    pause(100).await;
    assert_eq!(world.got(2).await.len(), 2);
    let second = world.create().await;
    world.ask(Method::POST, &format!("/{second}/cancel"), None).await;
    let got = world.got(4).await;
    assert_eq!((&got[2].2, &got[3].2), (&second, &first));
}

#[tokio::test]
async fn refuses_an_address_elsewhere_and_a_secret_of_another_form() {
    let world = World::start().await;
    for (url, secret) in [("http://example.com/", "whsec_c2VjcmV0"), ("http://127.0.0.1:9/", "c2VjcmV0")] {
        assert_eq!(world.turn(json!({"webhook": {"url": url, "secret": secret}})).await, 400);
    }
    assert_eq!(world.turn(json!({"webhook": {"url": "http://127.0.0.1:9/"}})).await, 400);
}
