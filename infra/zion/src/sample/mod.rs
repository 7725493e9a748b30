//! A sample app's data, made from a seed: the same seed gives the same rows, byte for byte, on every machine.
//!
//! Job adverts, résumés, support conversations and SEO texts in plain prose. They name fictional people, and a few
//! per cent are what real tables hold too: exact copies, empty fields, odd line ends. Rows are made and loaded as a
//! stream, so that a million of them need no more memory than a thousand.

mod copy;
mod grammar;
mod labelled;
mod person;
mod planted;
mod tables;
mod texts;

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio_postgres::Client;

pub use labelled::{Kind, load_labelled};
pub use planted::Planted;
pub use texts::{conversations, texts};

use crate::error::{Context as _, Result};
use grammar::{Facts, Grammar};
use person::Person;

/// The seed of the demo.
pub const SEED: u64 = 20_261_122;

/// People outside the app whom texts mention.
const OTHERS: u64 = 5_000;
/// Members of the support desk.
const AGENTS: u64 = 40;

static GRAMMAR: LazyLock<Sources> = LazyLock::new(|| Sources {
    people: Grammar::parse(&[include_str!("grammar/people.txt")]),
    jobs: Grammar::parse(&[include_str!("grammar/jobs.txt"), include_str!("grammar/fields.txt")]),
    resumes: Grammar::parse(&[
        include_str!("grammar/resumes.txt"),
        include_str!("grammar/fields.txt"),
        // Companies and towns are shared with the adverts.
        include_str!("grammar/jobs.txt"),
    ]),
    support: Grammar::parse(&[include_str!("grammar/support.txt"), include_str!("grammar/fields.txt")]),
    seo: Grammar::parse(&[include_str!("grammar/seo.txt")]),
});

struct Sources {
    people: Grammar,
    jobs: Grammar,
    resumes: Grammar,
    support: Grammar,
    seo: Grammar,
}

/// How many rows of what, from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Seed of everything.
    pub seed: u64,
    /// People with an account.
    pub profiles: u64,
    /// Rows of `job_posts`.
    pub job_posts: u64,
    /// Rows of `resumes`.
    pub resumes: u64,
    /// Rows of `support_logs`.
    pub support_logs: u64,
    /// Rows of `seo_contents`.
    pub seo_contents: u64,
}

impl Sample {
    /// `rows` over the three tables of user data, with the profiles and SEO texts that go with them.
    pub fn of(rows: u64) -> Self {
        let third = rows.div_ceil(3);
        let people = (rows / 4).max(20);
        Self {
            seed: SEED,
            profiles: people,
            job_posts: third,
            resumes: third,
            support_logs: third,
            seo_contents: rows.div_ceil(8),
        }
    }

    /// All rows, profiles left out.
    pub fn rows(&self) -> u64 {
        self.job_posts + self.resumes + self.support_logs + self.seo_contents
    }

    fn person(&self, profile: u64) -> Person {
        Person::make(&GRAMMAR.people, profile, &mut self.source(Stream::Profiles, profile))
    }

    /// Somebody from outside, whom a text mentions.
    fn other(&self, random: &mut impl Rng) -> Person {
        let number = random.random_range(0..OTHERS);
        Person::make(&GRAMMAR.people, number, &mut self.source(Stream::Others, number))
    }

    fn agent(&self, random: &mut impl Rng) -> Person {
        let number = random.random_range(0..AGENTS);
        Person::make(&GRAMMAR.people, number, &mut self.source(Stream::Agents, number))
    }

    /// The random source of one row: independent of every other row's.
    fn source(&self, stream: Stream, index: u64) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(((stream as u64) << 48) | index);
        random
    }
}

/// Which rows a random source belongs to.
#[derive(Clone, Copy)]
enum Stream {
    Profiles = 1,
    Others,
    Agents,
    JobPosts,
    Resumes,
    SupportLogs,
    SeoContents,
    /// Decisions about a row, apart from its text: is it a copy, is a field missing.
    Fate,
}

/// Loads the sample; the tables should be empty of it. With `plant` the personal data in its texts is listed,
/// which costs memory in proportion to the rows.
///
/// # Errors
/// When the database refuses a row: with the same seed a second time, because the profiles are there already.
pub async fn load(client: &Client, sample: Sample, plant: bool) -> Result<Planted> {
    let mut planted = Planted::default();
    copy::stream(
        client,
        "profiles (id, full_name, email, phone, training_opt_out, created_at, updated_at)",
        move |rows| {
            tables::profiles(&sample, rows);
        },
    )
    .await
    .map_err(|error| {
        error.hint("the sample may be loaded already: use an empty database, or another seed")
    })?;
    let job_posts = "job_posts (owner_id, title, description, location, salary_min, salary_max, currency, skills, status, created_at, updated_at)";
    planted.add(copy::stream(client, job_posts, move |rows| tables::job_posts(&sample, plant, rows)).await?);
    let resumes = "resumes (id, user_id, summary, skills, experience, created_at, updated_at)";
    planted.add(copy::stream(client, resumes, move |rows| tables::resumes(&sample, plant, rows)).await?);
    let support_logs = "support_logs (user_id, question, answer, training_opt_out, created_at, updated_at)";
    planted.add(
        copy::stream(client, support_logs, move |rows| tables::support_logs(&sample, plant, rows)).await?,
    );
    let seo_contents =
        "seo_contents (content_type, topic, keywords, body, published, created_at, updated_at)";
    copy::stream(client, seo_contents, move |rows| {
        tables::seo_contents(&sample, rows);
    })
    .await?;
    client.batch_execute("analyze").await.context("analyze the sample")?;
    Ok(planted)
}

/// When a row was made: one a minute from the start of 2024 on.
fn made_at(index: u64) -> Timestamp {
    let start = Timestamp::constant(1_704_067_200, 0);
    let minutes = i64::try_from(index).unwrap_or(0);
    start.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(start)
}
