// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests that were sent and whose answer somebody waits for, or will.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cabotage_link::Deadline;

use super::desk::{Called, Outcome};
use super::{Shared, SharedMessage};
use crate::error::{Loss, RequestError};

/// Nobody wakes the thread that reads for all others when its own request is canceled, so it looks up this often.
const LOOK_UP: Duration = Duration::from_millis(5);

/// A request of a [`SharedClient`](super::SharedClient) that waits for its answer. Any thread may wait for it, and
/// another cancel it by its number. Dropped, it is canceled.
#[derive(Debug)]
#[must_use = "dropped at once, the request is canceled at once"]
pub struct Waiting {
    shared: Arc<Shared>,
    id: u64,
    is_over: bool,
}

impl Waiting {
    pub(super) fn new(shared: Arc<Shared>, id: u64) -> Self {
        Self { shared, id, is_over: false }
    }

    /// The number of the request.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Waits for the answer at most until `deadline`; then the request is canceled.
    ///
    /// # Errors
    /// [`RequestError`]; [`RequestError::Canceled`] if another thread did so.
    pub fn wait(mut self, deadline: Deadline) -> Result<SharedMessage, RequestError> {
        self.is_over = true;
        self.shared.finish(self.id, deadline, Some(LOOK_UP), None)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.give_up(self.id);
        }
    }
}

/// What a look at a request finds.
enum Found {
    Called(Called),
    Over(Outcome),
}

impl Shared {
    /// Waits for the answer to a request, and answers what is asked about it meanwhile.
    pub(super) fn finish(
        &self,
        id: u64,
        deadline: Deadline,
        look_up: Option<Duration>,
        mut answerer: Option<&mut dyn FnMut(Called)>,
    ) -> Result<SharedMessage, RequestError> {
        loop {
            let found = self.wait(deadline, look_up, |desk| {
                let waiter = desk.waiting.get_mut(&id)?;
                if let Some(called) = waiter.called.pop_front() {
                    return Some(Found::Called(called));
                }
                waiter.thread.get_or_insert_with(thread::current);
                waiter.outcome.is_some().then(|| desk.waiting.remove(&id)?.outcome).flatten().map(Found::Over)
            });
            return match (found, &mut answerer) {
                (Ok(Found::Called(called)), Some(answerer)) => {
                    answerer(called);
                    continue;
                }
                // Only who answers is called.
                (Ok(Found::Called(_)), None) => continue,
                (Ok(Found::Over(Outcome::Reply(body))), _) => Ok(SharedMessage { body }),
                (Ok(Found::Over(Outcome::Lost(loss))), _) => Err(RequestError::Lost(loss)),
                (Ok(Found::Over(Outcome::Canceled)), _) => Err(RequestError::Canceled),
                (Err(None), _) => {
                    self.give_up(id);
                    Err(RequestError::TimedOut)
                }
                (Err(Some(error)), _) => {
                    self.desk().forget(id);
                    Err(RequestError::Lost(Loss::Gone(error)))
                }
            };
        }
    }
}
