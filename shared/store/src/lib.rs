//! Ports to object storage.
//!
//! A handler asks for the narrowest port it needs, so that its signature is its IAM policy:
//!
//! | port | IAM action |
//! |---|---|
//! | [`Get`] | `s3:GetObject` |
//! | [`Find`] | `s3:GetObject` and `s3:ListBucket` on the prefix |
//! | [`Swap`] | those of [`Find`], and `s3:PutObject` |
//! | [`List`] | `s3:ListBucket` on the folder; the operator's, and `export`'s for what an earlier run has left |
//! | [`Put`] | `s3:PutObject` and `s3:AbortMultipartUpload`; `s3:PutObjectTagging` for raw objects |
//! | [`Delete`] | `s3:DeleteObject` |
//!
//! Three implementations: [`S3`], [`Memory`] and [`Failing`].

mod documents;
mod failing;
mod memory;
mod ports;
mod ranges;
mod s3;
mod writer;

pub use documents::{find_json, get_json, get_lines, look_json, put_canonical, put_json, swap_json};
pub use failing::Failing;
pub use memory::Memory;
pub use ports::{Body, Class, Delete, Find, Get, List, Put, Swap, Version};
pub use s3::S3;
pub use writer::{Closed, Writer};
