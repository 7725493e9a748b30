//! Supabase as the source of rows and as the register of models.
//!
//! | module | holds |
//! |---|---|
//! | [`rows`] | the port to rows, and what a query asks for |
//! | [`models`] | the port to `model_versions` |
//! | [`gateway`] | both over the REST gateway |
//! | [`refusal`] | what the gateway's refusals mean, with the fix |

pub mod gateway;
mod key;
pub mod models;
pub mod refusal;
pub mod rows;

pub use gateway::Gateway;
pub use models::{Models, NewVersion, Promotion, Registered};
pub use rows::{Page, Range, Rows};
