//! Supabase as the source of rows and as the register of models.
//!
//! | module | holds |
//! |---|---|
//! | [`rows`] | the port to rows, and what a query asks for |
//! | [`models`] | the port to `model_versions` |
//! | [`operator`] | what operators decide about versions |
//! | [`gateway`] | both over the REST gateway |
//! | [`postgres`] | rows over a connection to the database itself |
//! | [`origin`] | either of them, as a deployment has it |
//! | [`pages`] | rows and keys, page by page |
//! | [`refusal`] | what refusals mean, with the fix |

mod cut;
#[cfg(test)]
mod fixture;
pub mod gateway;
mod key;
pub mod models;
pub mod operator;
pub mod origin;
pub mod pages;
mod patience;
pub mod postgres;
pub mod refusal;
pub mod rows;

pub use gateway::Gateway;
pub use models::{LiveModel, Models, NewVersion, Promotion, Registered};
pub use origin::Origin;
pub use pages::KeyPages;
pub use postgres::Postgres;
pub use rows::{Page, Range, Rows, Scan, Window};
