// SPDX-License-Identifier: MIT OR Apache-2.0
//! Going on with the operations under way, and being woken for the rest.

use std::sync::Weak;

use cabotage_link::Ready;
use cabotage_pipe::named::PipeError;

use super::request::{Request, outcome};
use super::{Cell, Pipe};
use crate::failure::{Answer, Failure, Outcome};
use crate::pump::Watched;

impl Pipe {
    /// Goes on with what is under way as far as possible now, and sees to it that the pump looks when more is.
    pub(super) fn settle(&self, cell: &mut Cell) {
        loop {
            self.harvest(cell);
            let ready = match cell.end.as_mut().filter(|end| end.is_busy()) {
                Some(end) => end.ready(),
                None => return,
            };
            match ready {
                Ok(Ready::Ready) => {}
                Ok(Ready::Armed) => {
                    if let Err(failure) = self.be_watched(cell) {
                        self.give_up(cell, failure);
                    }
                    return;
                }
                Err(error) => {
                    self.give_up(cell, error.into());
                    return;
                }
            }
        }
    }

    /// Tells of what is over, in the order in which it was begun.
    pub(super) fn harvest(&self, cell: &mut Cell) {
        let Cell { end: Some(end), requests, .. } = cell else { return };
        let mut at = 0;
        while let Some(request) = requests.get_mut(at) {
            match end.result(request.operation) {
                Err(PipeError::Incomplete) => at += 1,
                result => {
                    let over = outcome(result, request.target.as_mut());
                    self.tell_end(requests.remove(at).teller, over, false);
                }
            }
        }
    }

    fn be_watched(&self, cell: &mut Cell) -> Answer<()> {
        if cell.watched.is_none() {
            let own: Weak<dyn Watched> = self.own.clone();
            let token = self.runtime.pump.watch(cell.end()?.fd()?, own)?;
            cell.watched = Some(token);
        }
        Ok(())
    }

    /// Nobody would be told of them any more: they end now.
    fn give_up(&self, cell: &mut Cell, failure: Failure) {
        for Request { operation, teller, .. } in std::mem::take(&mut cell.requests) {
            if let Some(end) = cell.end.as_mut() {
                let _ = end.cancel(operation);
                let _ = end.result(operation);
            }
            self.tell_end(teller, Outcome::failed(failure), false);
        }
    }
}

impl Watched for Pipe {
    fn look(&self) {
        let cell = match self.is_overlapped {
            true => Ok(self.lock()),
            // Whoever waits in a call goes on with what is under way; the pump waits for nobody.
            false => self.cell.try_lock(),
        };
        if let Ok(mut cell) = cell {
            self.settle(&mut cell);
        }
    }
}
