// SPDX-License-Identifier: MIT OR Apache-2.0
//! An operation that is under way on an overlapped handle, and what comes of it.

use cabotage_pipe::named::{Completed, Operation, PipeError};

use super::teller::Teller;
use crate::failure::{MORE_DATA, Outcome};
use crate::memory::Target;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: Operation,
    /// Where what is read goes.
    pub(super) target: Option<Target>,
    pub(super) teller: Teller,
}

/// What came of an operation; what it read is in its buffer then.
pub(super) fn outcome(result: Result<Completed, PipeError>, target: Option<&mut Target>) -> Outcome {
    match result {
        Ok(Completed::Read { data, is_more }) => {
            if let Some(target) = target {
                target.fill(&data);
            }
            let status = if is_more { MORE_DATA } else { 0 };
            Outcome { status, bytes: data.len() }
        }
        Ok(Completed::Written { bytes }) => Outcome::done(bytes),
        Ok(_) => Outcome::done(0),
        Err(error) => Outcome::failed(error.into()),
    }
}

/// What came of a read that went straight into its buffer.
pub(super) fn outcome_of_read(read: Result<usize, PipeError>) -> Outcome {
    match read {
        Ok(bytes) => Outcome::done(bytes),
        Err(PipeError::MoreData { got_bytes }) => Outcome { status: MORE_DATA, bytes: got_bytes },
        Err(error) => Outcome::failed(error.into()),
    }
}
