//! Webhooks: the end of a job is posted to an address, signed as Standard Webhooks has it.
//!
//! Jobs end by the clock, so a task looks every few milliseconds while an address is set. It ends with the provider, or
//! when another address takes over: what has not arrived then is given up.

use super::fresh::{self, fresh_id, now_ms};
use super::state::Provider;
use crate::intercept::wait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::JoinSet;
use url::{Host, Url};

/// How often the task looks for jobs that have ended.
const LOOK_MS: u64 = 10;
/// Events on their way at a time; more wait for their turn.
const MOST_UNDER_WAY: usize = 32;
/// How often an event is sent in all. The original goes on for three days.
const TRIES: u32 = 5;
/// Wait behind the first try; each further one is twice as long.
const FIRST_WAIT_MS: u64 = 100;
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an event is held back at most for a younger one to overtake it.
const HELD_MS: i64 = 2_000;

/// Where events go. No `Debug`: it holds a key.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Asked")]
pub(crate) struct Endpoint {
    url: Url,
    key: Vec<u8>,
}

/// What a knob says of the address.
#[derive(Default, Deserialize)]
#[serde(from = "Option<Endpoint>")]
pub(crate) enum Target {
    /// Nothing: it stays.
    #[default]
    Unchanged,
    /// Null.
    Nowhere,
    /// Another one.
    To(Endpoint),
}

impl From<Option<Endpoint>> for Target {
    fn from(named: Option<Endpoint>) -> Self {
        named.map_or(Self::Nowhere, Self::To)
    }
}

/// What a knob names.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    url: String,
    secret: String,
}

impl TryFrom<Asked> for Endpoint {
    type Error = &'static str;

    fn try_from(asked: Asked) -> Result<Self, Self::Error> {
        // Not even `localhost`, whose address is somebody's word.
        let loopback = |url: &Url| match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(_)) | None => false,
        };
        let url = Url::parse(&asked.url).ok().filter(|url| url.scheme() == "http" && loopback(url));
        let url =
            url.ok_or("webhook.url must be http:// and a loopback address, as http://127.0.0.1:9000/")?;
        let key = asked.secret.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
        let key = key.filter(|key| !key.is_empty()).ok_or("webhook.secret must be whsec_ and base64")?;
        Ok(Self { url, key })
    }
}

impl Endpoint {
    /// The header `webhook-signature` of a message.
    fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        // An HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return String::new();
        };
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// Addresses, faults and what waits to be sent.
#[derive(Default)]
pub(crate) struct Webhooks {
    /// Set by a knob.
    pub(crate) twice: bool,
    /// Set by a knob.
    pub(crate) reordered: bool,
    waiting: Vec<Message>,
    /// One task while an address is set, aborted when it is replaced or dropped.
    courier: Option<JoinSet<()>>,
}

/// An event for an address.
#[derive(Debug, Clone)]
struct Message {
    /// `wh_…`, the same in every delivery.
    id: String,
    body: String,
    noticed_ms: i64,
}

impl Webhooks {
    /// Notes that a job has ended; without an address nobody is told.
    pub(crate) fn ended(&mut self, job: &str, status: &str, at_ms: i64) {
        if self.courier.is_none() {
            return;
        }
        let event = event(&fresh_id("evt_", 24), job, status, at_ms);
        let (id, noticed_ms) = (fresh_id("wh_", 24), now_ms());
        self.waiting.push(Message { id, body: event.to_string(), noticed_ms });
    }

    /// Sends what ends from now on to an address, or nowhere.
    pub(crate) fn go_to(&mut self, target: Target, provider: &Arc<Provider>) {
        let endpoint = match target {
            Target::Unchanged => return,
            Target::Nowhere => None,
            Target::To(endpoint) => Some(endpoint),
        };
        self.waiting.clear();
        self.courier = endpoint.map(|endpoint| {
            let mut courier = JoinSet::new();
            courier.spawn(fresh::by(fresh::clock(), deliver_all(Arc::downgrade(provider), endpoint)));
            courier
        });
    }

    /// Takes what may be sent now, each batch in the order in which it must arrive.
    fn take(&mut self, now: i64, room: usize) -> Vec<Vec<Message>> {
        let times = if self.twice { 2 } else { 1 };
        let copied =
            |messages: Vec<Message>| messages.into_iter().flat_map(|it| vec![it; times]).collect::<Vec<_>>();
        if !self.reordered {
            let ready = self.waiting.len().min(room);
            return self.waiting.drain(..ready).map(|message| copied(vec![message])).collect();
        }
        let held = self.waiting.first().is_some_and(|oldest| now < oldest.noticed_ms + HELD_MS);
        if room == 0 || self.waiting.is_empty() || (self.waiting.len() < 2 && held) {
            return vec![];
        }
        let mut batch = std::mem::take(&mut self.waiting);
        batch.reverse();
        vec![copied(batch)]
    }
}

/// The body: thin, the job is to be asked for.
fn event(id: &str, job: &str, status: &str, at_ms: i64) -> Value {
    json!({
        "id": id, "object": "event", "created_at": at_ms / 1000,
        "type": format!("fine_tuning.job.{status}"), "data": {"id": job},
    })
}

/// Looks for ends and sends them, for as long as there is a provider.
async fn deliver_all(provider: Weak<Provider>, endpoint: Endpoint) {
    // No proxy: its environment is none of ours. No redirect: the original takes one for a failure.
    let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE).build();
    let Ok(client) = client else { return };
    let mut under_way = JoinSet::new();
    loop {
        wait(LOOK_MS).await;
        while under_way.try_join_next().is_some() {}
        let room = MOST_UNDER_WAY - under_way.len();
        let Some(provider) = provider.upgrade() else { return };
        let batches = provider.state().webhooks.take(now_ms(), room);
        drop(provider);
        for batch in batches {
            let (client, endpoint) = (client.clone(), endpoint.clone());
            under_way.spawn(fresh::by(fresh::clock(), async move {
                for message in batch {
                    deliver(&client, &endpoint, &message).await;
                }
            }));
        }
    }
}

/// Sends an event until it is taken, a few times at most. Any 2xx takes it.
async fn deliver(client: &Client, endpoint: &Endpoint, message: &Message) {
    for n in 0..TRIES {
        if n > 0 {
            wait(FIRST_WAIT_MS << (n - 1)).await;
        }
        // Anew for each try: a receiver refuses what is older than five minutes.
        let timestamp = now_ms() / 1000;
        let sent = client
            .post(endpoint.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", endpoint.sign(&message.id, timestamp, &message.body))
            .body(message.body.clone())
            .send()
            .await;
        if sent.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str, secret: &str) -> Result<Endpoint, String> {
        serde_json::from_value(json!({"url": url, "secret": secret}))
            .map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn signs_as_the_example_of_standard_webhooks() {
        let endpoint = endpoint("http://127.0.0.1:1/", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            endpoint.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn takes_loopback_addresses_alone_and_repeats_no_secret() {
        for url in ["http://127.0.0.1:9000/hook", "http://[::1]:9000/"] {
            assert!(endpoint(url, "whsec_AAAA").is_ok(), "{url}");
        }
        for url in [
            "https://127.0.0.1:9000/",
            "http://example.com/",
            "http://localhost:9000/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://10.0.0.1/",
            "nowhere",
        ] {
            assert!(endpoint(url, "whsec_AAAA").is_err(), "{url}");
        }
        for secret in ["AAAA", "whsec_", "whsec_?secret?"] {
            let error = endpoint("http://127.0.0.1:9000/", secret).err().unwrap();
            assert!(error.contains("webhook.secret") && !error.contains("?secret?"), "{error}");
        }
    }

    fn waiting(jobs: &[(&str, i64)]) -> Webhooks {
        let message = |(id, noticed_ms): &(&str, i64)| Message {
            id: (*id).to_owned(),
            body: String::new(),
            noticed_ms: *noticed_ms,
        };
        Webhooks { waiting: jobs.iter().map(message).collect(), ..Webhooks::default() }
    }

    fn ids(batches: Vec<Vec<Message>>) -> Vec<Vec<String>> {
        batches.into_iter().map(|batch| batch.into_iter().map(|message| message.id).collect()).collect()
    }

    #[test]
    fn takes_no_more_than_there_is_room_for() {
        let mut webhooks = waiting(&[("a", 0), ("b", 0), ("c", 0)]);
        assert_eq!(ids(webhooks.take(0, 2)), [["a"], ["b"]]);
        webhooks.twice = true;
        assert_eq!(ids(webhooks.take(0, 2)), [["c", "c"]]);
        assert!(webhooks.take(0, 2).is_empty());
    }

    #[test]
    fn holds_an_event_back_until_a_younger_one_overtakes_it() {
        let mut webhooks = waiting(&[("a", 0)]);
        webhooks.reordered = true;
        assert!(webhooks.take(HELD_MS - 1, 9).is_empty());
        let mut alone = waiting(&[("a", 0)]);
        alone.reordered = true;
        assert_eq!(ids(alone.take(HELD_MS, 9)), [["a"]], "nothing came");
        webhooks.waiting.extend(waiting(&[("b", 5)]).waiting);
        assert!(webhooks.take(5, 0).is_empty(), "no room");
        assert_eq!(ids(webhooks.take(5, 9)), [["b", "a"]]);
    }
}
