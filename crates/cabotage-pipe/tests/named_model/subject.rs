// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is compared with the model, and how.

use cabotage_pipe::named::{PipeError, PipeMode};

use crate::model::{Act, Answer, Model};

/// A pipe with one instance, and a client now and then.
pub(crate) trait Subject {
    /// A new one, whose server reads as it writes.
    fn new(mode: PipeMode) -> Self;

    /// Does it, without waiting.
    fn act(&mut self, act: Act) -> Answer;
}

/// Does the acts that make sense to a subject and to the model; their answers must be the same.
pub(crate) fn compare<S: Subject>(mode: PipeMode, acts: &[Act]) {
    let (mut model, mut subject) = (Model::new(mode), S::new(mode));
    let mut done = Vec::new();
    for &act in acts {
        if model.allows(act) {
            let expected = model.act(act);
            assert_eq!(subject.act(act), expected, "{act:?} after {done:?}");
            done.push(act);
        }
    }
}

/// The word of the table for this error.
pub(crate) fn refused(error: &PipeError) -> Answer {
    let word = match error.status() {
        0xC000_00B3 => "LISTENING",
        0xC000_00B2 => "CONNECTED",
        0xC000_00B0 => "DISCONNECTED",
        0xC000_00B1 => "CLOSING",
        0xC000_014B => "BROKEN",
        0xC000_00AD => "INVALID_PIPE_STATE",
        0xC000_00B4 => "INVALID_READ_MODE",
        0xC000_00AE => "PIPE_BUSY",
        0xC000_0225 => "NOT_FOUND",
        0xC000_000D => "INVALID_PARAMETER",
        // What does not wait says so.
        0xC000_00D9 | 0xC000_00B5 => return Answer::Waits,
        _ => panic!("no cell of the table has this: {error:?}"),
    };
    Answer::Refused(word)
}
