// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every way of serving does with what comes to a port: requests go to the caller, all else is seen to here.

use std::time::Duration;

use cabotage_os::Deadline;

use super::{Admission, Answer, ServeError, Server};
use crate::port::{ConnectionRequest, Incoming, Request};
use crate::{Ready, ReceiveError};

/// How often a server that is stopping looks whether all is answered.
const LOOK_AROUND: Duration = Duration::from_millis(2);

/// A port that is being served.
#[derive(Debug)]
pub(super) struct Desk<'h> {
    server: Server<'h>,
    /// Until when it is to stop, once somebody has asked.
    stop_by: Option<Deadline>,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Turn {
    /// This is to be answered.
    Request(Request),
    /// Serving is over.
    Over(Result<(), ServeError>),
}

impl<'h> Desk<'h> {
    pub(super) fn new(server: Server<'h>) -> Self {
        Self { server, stop_by: None }
    }

    /// Waits for the next request.
    pub(super) fn turn(&mut self) -> Turn {
        loop {
            let received = match self.stop_by {
                None => self.server.port.receive(Deadline::Never).map(Some),
                Some(by) => self.receive_the_last(by),
            };
            match received {
                Ok(Some(Incoming::Request(request))) => return Turn::Request(request),
                Ok(Some(incoming)) => self.see_to(incoming),
                Ok(None) => return Turn::Over(Ok(())),
                Err(ReceiveError::Nothing) => {}
                Err(error) => return Turn::Over(Err(ServeError::of(error))),
            }
        }
    }

    #[cold]
    fn see_to(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::ConnectionRequest(request) => self.admit(request),
            Incoming::Stop { by } => {
                self.server.port.unpublish();
                self.stop_by = Some(by);
            }
            news => (self.server.notice)(news),
        }
    }

    fn admit(&mut self, request: ConnectionRequest) {
        let admission = match self.stop_by {
            None => (self.server.admit)(&request),
            Some(_) => Admission::Refuse { data: Vec::new() },
        };
        // Who is gone before it was answered has asked for nothing, and one that can't be answered is refused when
        // its request is dropped.
        let _ = match admission {
            Admission::Accept { data, context } => self.server.port.accept(request, &data, context).map(drop),
            Admission::Refuse { data } => self.server.port.refuse(request, &data),
        };
    }

    /// What is left to do before the end; `None` when there is nothing, or no time.
    fn receive_the_last(&mut self, by: Deadline) -> Result<Option<Incoming>, ReceiveError> {
        if by.has_passed() {
            return Ok(None);
        }
        let port = &mut self.server.port;
        if let Some(incoming) = port.try_receive()? {
            return Ok(Some(incoming));
        }
        if port.is_settled() && port.ready()? == Ready::Armed {
            return Ok(None);
        }
        port.receive(Deadline::within(LOOK_AROUND).or_sooner(by)).map(Some)
    }

    /// Answers a request; without an answer, its asker is told so.
    #[inline]
    pub(super) fn reply(&mut self, request: Request, answer: Answer) {
        self.server.port.answer_or_keep(request, answer);
    }
}
