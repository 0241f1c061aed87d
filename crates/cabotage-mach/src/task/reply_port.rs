// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sending and receiving the answer in one call, by a reply port that each thread keeps.
//!
//! A port is kept only while nobody else can have a right to it: a request that has its answer leaves none, one that was
//! given up does, and its port is destroyed so that a late answer can't be taken for the next one.

use std::cell::Cell;

use cabotage_os::Deadline;

use super::Names;
use crate::code::KernError;
use crate::error::{ReceiveError, RequestError};
use crate::kernel::message::Sender;
use crate::kernel::messages::WhenFull;
use crate::message::{Message, Notification, Outgoing};
use crate::name::Name;
use crate::right::{Disposition, Right};
use crate::rights::ReceiveRight;

thread_local! {
    /// The reply port of the task for which this thread has asked last.
    static KEPT: Cell<Option<ReceiveRight>> = const { Cell::new(None) };
}

impl Names {
    /// Sends a request and waits for the answer until `deadline`.
    pub(crate) fn ask(
        self,
        message: Outgoing,
        destination: Name,
        deadline: Deadline,
    ) -> Result<Message, RequestError> {
        if message.has_reply_right() {
            return Err(RequestError::HasReplyRight);
        }
        let port = self.reply_port().map_err(RequestError::NoReplyPort)?;
        let by = (destination, Disposition::CopySend);
        if self.post_directly(&message, by, Some(port.name())) {
            message.sent();
        } else {
            self.post_request(message, by, port.name(), deadline)?;
        }
        let answer = port.receive_within(deadline).map_err(|error| match error {
            ReceiveError::TimedOut => RequestError::TimedOut,
            error => RequestError::NotReceived(error),
        })?;
        let _ = KEPT.try_with(|kept| kept.set(Some(port)));
        if answer.sender != Sender::Kernel {
            return Ok(answer);
        }
        match answer.into_notification() {
            Ok(Notification::SendOnce) => Err(RequestError::NoAnswer),
            Ok(_) => Err(RequestError::NotReceived(ReceiveError::PortChanged)),
            Err(answer) => Ok(*answer),
        }
    }

    fn post_request(
        self,
        message: Outgoing,
        (destination, disposition): (Name, Disposition),
        port: Name,
        deadline: Deadline,
    ) -> Result<(), RequestError> {
        let mut letter = self.check(message)?.into_letter(destination, disposition);
        letter.reply = (port, Some(Disposition::MakeSendOnce));
        self.send(letter, WhenFull::GiveBack, deadline).map(drop).map_err(|mut failed| {
            // The right to answer goes with the port.
            if let Some(letter) = &mut failed.letter {
                letter.reply = (Name::NULL, None);
            }
            self.came_back(*failed, (destination, disposition)).into()
        })
    }

    fn reply_port(self) -> Result<ReceiveRight, KernError> {
        let kept = KEPT.try_with(Cell::take).ok().flatten();
        match kept.filter(|port| port.names() == self) {
            Some(port) => Ok(port),
            None => Ok(ReceiveRight::own(self, self.allocate(Right::Receive)?)),
        }
    }
}
