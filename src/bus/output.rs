//! What a run wrote, as it goes over the wire: unlike a notification it carries its data, for a
//! page appends it as it comes. It may be lost all the same: its offsets show a gap, and what is
//! missing is fetched.

use serde::Serialize;

use crate::model::OutputEnds;

/// The event's name, as Laravel writes it: Echo listens to `RunOutput`.
pub const OUTPUT_EVENT: &str = r"App\Events\RunOutput";
/// So many bytes are sent along; more is fetched.
pub const MOST_TEXT: usize = 8192;

/// Some of what one step wrote, once it is stored. Offsets and lengths are in bytes of what is
/// kept, those of `GET /api/v1/runs/{id}/output`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunOutput {
    /// Whose output it is.
    pub run_id: String,
    /// Which step wrote it, by its number.
    pub step: i64,
    /// Where it begins in the run's output.
    pub offset: u64,
    /// Where it begins in the step's output.
    pub step_offset: u64,
    /// How many bytes. None at all says where the output ends by now.
    pub length: u64,
    /// The bytes, where they are UTF-8 and no more than [`MOST_TEXT`].
    pub text: Option<String>,
}

impl RunOutput {
    /// Says of each step that wrote something where its output ends: who has less fetches.
    pub fn ends(run: &str, ends: &OutputEnds) -> Vec<Self> {
        let whole = ends.whole();
        let end = |(&step, &end): (&i64, &u64)| Self {
            run_id: run.to_owned(),
            step,
            offset: whole,
            step_offset: end,
            length: 0,
            text: Some(String::new()),
        };
        ends.0.iter().map(end).collect()
    }

    /// Where it ends in the run's output.
    pub fn end(&self) -> u64 {
        self.offset + self.length
    }

    /// The name that clients know its channel by.
    pub fn channel(&self) -> String {
        output_channel_of(&self.run_id)
    }

    /// As clients get it.
    pub fn data(&self) -> String {
        serde_json::to_string(self).expect("plain fields become JSON")
    }
}

/// The name that clients know the channel of a run's output by.
pub fn output_channel_of(run: &str) -> String {
    format!("private-runs.{run}.output")
}
