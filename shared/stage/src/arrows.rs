//! One event and one answer for each arrow of the workflow.
//!
//! Field names are read by `JSONPath` in `infra/workflow.asl.json`; a test compares both.

mod approve;
mod assemble;
mod export;
mod plan;
mod promote;
mod scrub;
mod status;
mod sunset;
mod upload;

pub use approve::{AnswerEvent, ApproveAnswer, ApproveEvent, AskEvent, Asked, Told, WebAnswer, WebEvent};
pub use assemble::{Approval, AssembleEvent, Assembled, Side};
pub use export::{Carried, ExportAnswer, ExportEvent, Exported, Gathered, PartRef, SliceRef};
pub use plan::{Estimate, PlanEvent, PlanInput, Planned};
pub use promote::{PromoteAnswer, PromoteEvent, Promoted, Recorded};
pub use scrub::{ScrubEvent, Scrubbed};
pub use status::{JobState, Polled, Progress, StatusEvent};
pub use sunset::{SunsetChecked, SunsetEvent};
pub use upload::{
    ClearEvent, Cleared, Ended, Left, SubmitEvent, Submitted, SweepEvent, Swept, UploadAnswer, UploadEvent,
};
