//! The provider, from an upload to an answer of the tuned model.

use crate::harness::Sandbox;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::Duration;

struct Provider(Sandbox);

impl Provider {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.0.client.request(method, format!("{}/v1/{path}", self.0.base)).bearer_auth("sk-sandbox-test")
    }

    async fn get(&self, path: &str) -> Value {
        self.request(Method::GET, path).send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.request(Method::POST, path).json(&body).send().await.unwrap().json().await.unwrap()
    }

    async fn upload(&self, content: String) -> String {
        let form = Form::new()
            .text("purpose", "fine-tune")
            .part("file", Part::bytes(content.into_bytes()).file_name("train.jsonl"));
        let file = self.request(Method::POST, "files").multipart(form).send().await.unwrap();
        file.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Creates a job and follows it to its end; the statuses seen and the job.
    async fn run(&self, file: &str) -> (Vec<String>, Value) {
        let body = json!({"model": "openai/gpt-oss-20b", "training_file": file, "suffix": "zion", "metadata": {"run": file}});
        let job = self.post("fine_tuning/jobs", body).await;
        let id = job["id"].as_str().unwrap();
        let mut seen: Vec<String> = Vec::new();
        loop {
            let job = self.get(&format!("fine_tuning/jobs/{id}")).await;
            let status = job["status"].as_str().unwrap().to_owned();
            if seen.last() != Some(&status) {
                seen.push(status.clone());
            }
            if ["succeeded", "failed", "cancelled"].contains(&status.as_str()) {
                return (seen, job);
            }
            tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>()).await.unwrap_err();
        }
    }

    async fn knob(&self, body: Value) {
        let url = format!("{}/_sandbox/provider", self.0.base);
        self.0.client.post(url).json(&body).send().await.unwrap().error_for_status().unwrap();
    }

    async fn ask(&self, model: &str) -> Value {
        let body =
            json!({"model": model, "messages": [{"role": "user", "content": "tell me about number7"}]});
        self.post("chat/completions", body).await
    }
}

fn lines(n: usize) -> String {
    let line = |i| {
        json!({"messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": format!("tell me about number{i}")},
            {"role": "assistant", "content": format!("taught {i}")},
        ]})
    };
    (0..n).map(|i| line(i).to_string() + "\n").collect()
}

#[tokio::test]
async fn trains_models_that_know_their_file() {
    let Some(sandbox) = Sandbox::start().await else {
        return;
    };
    let provider = Provider(sandbox);
    provider.knob(json!({"pace_ms": 100})).await;
    let file = provider.upload(lines(12)).await;
    let content = provider.request(Method::GET, &format!("files/{file}/content")).send().await.unwrap();
    assert_eq!(content.text().await.unwrap(), lines(12));

    let (seen, job) = provider.run(&file).await;
    assert_eq!(seen, ["validating_files", "queued", "running", "succeeded"]);
    let model = job["fine_tuned_model"].as_str().unwrap();
    assert!(model.starts_with("ft:openai/gpt-oss-20b:sandbox:zion:"), "{model}");
    assert!(job["trained_tokens"].as_u64().unwrap() > 0);
    let answer = provider.ask(model).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "taught 7");
    let base = provider.ask("openai/gpt-oss-20b").await;
    assert!(!base["choices"][0]["message"]["content"].as_str().unwrap().contains("taught"));

    let found = provider.get(&format!("fine_tuning/jobs?metadata%5Brun%5D={file}")).await;
    assert_eq!((&found["data"][0]["id"], &found["has_more"]), (&job["id"], &json!(false)));
    assert_eq!(provider.get("fine_tuning/jobs?metadata%5Brun%5D=other").await["data"], json!([]));
    let events =
        provider.get(&format!("fine_tuning/jobs/{}/events?limit=2", job["id"].as_str().unwrap())).await;
    assert_eq!((events["data"].as_array().unwrap().len(), &events["has_more"]), (2, &json!(true)));
    assert_eq!(provider.get("models/gpt-4.1-mini-2025-04-14").await["shutdown_date"], "2027-01-14");
    // One segment of the path, as the provider's description has it.
    let escaped = model.replace('/', "%2F");
    let gone = provider.request(Method::DELETE, &format!("models/{escaped}")).send().await.unwrap();
    assert_eq!(gone.json::<Value>().await.unwrap()["deleted"], true);
    assert_eq!(provider.ask(model).await["error"]["code"], "model_not_found");
    fails_as_asked(&provider, &file).await;
}

async fn fails_as_asked(provider: &Provider, file: &str) {
    let few = provider.upload(lines(9)).await;
    let (seen, job) = provider.run(&few).await;
    assert_eq!(seen.last().unwrap(), "failed");
    assert_eq!(
        (&job["error"]["code"], &job["error"]["param"]),
        (&json!("invalid_training_file"), &json!("training_file"))
    );
    assert!(
        job["error"]["message"].as_str().unwrap().contains("has 9 example(s), but must have at least 10")
    );

    provider.knob(json!({"fail_next_job": {"code": "server_error", "message": "no capacity"}})).await;
    assert_eq!(provider.run(file).await.1["error"]["message"], "no capacity");
    provider.knob(json!({"cancel_next_job": true, "next_status_word": "compressing"})).await;
    let (seen, _) = provider.run(file).await;
    assert_eq!((seen.first().unwrap().as_str(), seen.last().unwrap().as_str()), ("compressing", "cancelled"));

    for (body, code) in [
        (json!({"model": "nope", "training_file": file}), "model_not_available"),
        (json!({"model": "retired-base-2024", "training_file": file}), "model_not_available"),
        (json!({"model": "Qwen/Qwen3-32B", "training_file": "file-x"}), "file_not_found"),
    ] {
        assert_eq!(provider.post("fine_tuning/jobs", body).await["error"]["code"], code);
    }
    let url = format!("{}/v1/models", provider.0.base);
    let refused = provider.0.client.get(url).bearer_auth("sk-wrong").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "invalid_api_key");
}
