//! Both ways to rows, over the same real database.
//!
//! | module | tests |
//! |---|---|
//! | `same` | both give the same rows, whatever the types and the consent |
//! | `changed` | both give the same rows of a window, and know what time it is |
//! | `latest` | of a log of consents a person's latest row counts |
//! | `slices` | skewed keys are cut evenly; a scan outlives its connection and a table that changes |
//! | `reached` | consent is read by the key that leads to the row's person |
//! | `refused` | what the database refuses is named, with the fix and without a secret |
//! | `tls` | the server's certificate and name are verified |
//! | `whole` | a run over either way comes to the same dataset |

mod changed;
mod latest;
mod reached;
mod refused;
mod same;
mod slices;
mod tls;
mod whole;

use std::collections::BTreeMap;

use records::recipe::{Consent, LoggedConsent, NoConsent, OwnConsent, RelatedConsent, Source};
use secrecy::SecretString;
use stage::{StageError, http};
use supabase::{Gateway, Postgres, Range, Rows, Scan as _};
use zion::local::paths;

use crate::peers::services::{SECRET_KEY, Services};

/// The services, with the tables of these tests.
async fn services() -> Services {
    let services = Services::start().await;
    let tables = paths::root().unwrap().join("tests/src/source/types.sql");
    services.run(&std::fs::read_to_string(tables).unwrap()).await;
    services
}

fn gateway(services: &Services) -> Gateway {
    let key = SecretString::from(SECRET_KEY);
    Gateway::new(http::client().unwrap(), &services.url().parse().unwrap(), key).unwrap()
}

fn postgres(url: &str) -> Postgres {
    Postgres::new(&SecretString::from(url)).unwrap()
}

/// A source that reads these columns.
fn source(table: &str, columns: &[&str], consent: Consent) -> Source {
    Source {
        name: table.to_owned(),
        table: table.to_owned(),
        key: "key".to_owned(),
        subject: None,
        group: None,
        cursor: None,
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        identity: BTreeMap::new(),
        filter: BTreeMap::new(),
        consent,
        system: String::new(),
        prompt: "{{ key }}".to_owned(),
        completion: "{{ key }}".to_owned(),
    }
}

fn of_everyone() -> Consent {
    Consent::NotNeeded(NoConsent { not_needed: "made up for a test".to_owned() })
}

fn of_people() -> Consent {
    Consent::Related(RelatedConsent {
        table: "people".to_owned(),
        by: Some("person".to_owned()),
        opt_out: "training_opt_out".to_owned(),
        null_means_yes: None,
    })
}

fn of_the_row() -> Consent {
    Consent::Own(OwnConsent { opt_out: "a_boolean".to_owned(), null_means_yes: None })
}

fn log(table: &str, person: &str, latest_by: &str, opt_out: &str) -> LoggedConsent {
    LoggedConsent {
        table: table.to_owned(),
        person: person.to_owned(),
        latest_by: latest_by.to_owned(),
        opt_out: Some(opt_out.to_owned()),
        granted: None,
        filter: BTreeMap::new(),
        null_means_yes: None,
    }
}

async fn read(rows: &impl Rows, range: Range<'_>) -> Result<Vec<String>, StageError> {
    let (mut scan, mut lines) = (rows.scan(range), Vec::new());
    while scan.read(&mut lines).await? > 0 {}
    Ok(String::from_utf8(lines).unwrap().lines().map(str::to_owned).collect())
}
