//! Looks at a job that are refused, and say nothing of it.

use std::cell::Cell;

use jiff::Timestamp;
use records::recipe;
use stage::arrows::{JobState, StatusEvent};
use stage::{ErrorName, StageError};
use store::Memory;
use tuning::KeyRefused;

use super::fakes::Tuner;
use super::run::RUN;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn event() -> StatusEvent {
    StatusEvent {
        run: RUN.to_owned(),
        job: "job-0".to_owned(),
        submitted_at: time("2026-11-22T10:00:00Z"),
        deadline: time("2026-11-23T10:00:00Z"),
        provider: recipe::Provider::default(),
        host: None,
    }
}

#[tokio::test]
async fn a_look_that_is_refused_is_made_again_until_the_deadline() {
    let (store, tuner) = (Memory::default(), Tuner::default());
    let look = async |now: &str| status::handle(event(), time(now), &store, &tuner).await;
    *tuner.refuses_looks.lock().unwrap() = true;
    let refused = look("2026-11-22T11:00:00Z").await.unwrap_err();
    assert_eq!(refused.name(), ErrorName::Throttled, "so that it is tried again");
    assert!(refused.chain().contains("not this key"), "{}", refused.chain());
    let late = look("2026-11-23T10:00:00Z").await.unwrap_err();
    assert_eq!(late.name(), ErrorName::ProviderRefused, "but not for ever");
    *tuner.refuses_looks.lock().unwrap() = false;
    assert_eq!(look("2026-11-22T11:05:00Z").await.unwrap().state, JobState::Waiting);
    *tuner.forgetful.lock().unwrap() = true;
    let gone = look("2026-11-22T11:10:00Z").await.unwrap_err();
    assert_eq!(gone.name(), ErrorName::ProviderRefused, "what is forgotten does not come back");
    assert!(tuner.cancelled.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_key_is_read_again_and_tried_once_more_if_it_is_another() {
    let (store, tuner) = (Memory::default(), Tuner::default());
    for (rotated, looks, state) in [(true, 2, Some(JobState::Waiting)), (false, 1, None)] {
        *tuner.refuses_looks.lock().unwrap() = true;
        let looked = Cell::new(0);
        let look = async || {
            looked.set(looked.get() + 1);
            status::handle(event(), time("2026-11-22T11:00:00Z"), &store, &tuner).await
        };
        let renewed = async || {
            *tuner.refuses_looks.lock().unwrap() = !rotated;
            Ok(rotated)
        };
        let answer = tuning::with_fresh_key(look, renewed).await;
        assert_eq!((looked.get(), answer.ok().map(|polled| polled.state)), (looks, state));
    }
    // What else is refused says nothing of the key.
    let other = async || Err::<(), _>(StageError::new(ErrorName::ProviderRefused, "no credit"));
    let renewed = async || panic!("nobody asked for another key");
    assert!(!KeyRefused::caused(&tuning::with_fresh_key(other, renewed).await.unwrap_err()));
}
