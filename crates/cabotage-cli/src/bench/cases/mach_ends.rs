// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two tasks in the two processes of a measurement: the far one inherits a send right and answers with one of its own.

use std::os::fd::OwnedFd;

use cabotage::mach::{AnyRight, Carried, Outgoing, ReceiveRight, SendRight};

use crate::bench::case::Result;
use crate::bench::descriptors::expect;
use crate::exit::{Exit, Failure};

/// A port of the near end, and a right to it for the far end's process.
pub(super) fn near() -> Result<(ReceiveRight, Vec<OwnedFd>)> {
    let port = ReceiveRight::new()?;
    let end = port.make_send()?.to_end()?;
    Ok((port, vec![end]))
}

/// The right that the far end inherits.
pub(super) fn far(descriptors: Vec<OwnedFd>) -> Result<SendRight> {
    let [end] = expect(descriptors)?;
    Ok(SendRight::from_end(end)?)
}

/// Tells the near end of a port of the far one.
pub(super) fn introduce(near: &SendRight, port: &ReceiveRight) -> Result<()> {
    Ok(near.send(Outgoing::new(0).with(port.make_send()?))?)
}

/// The right that the far end has sent.
pub(super) fn introduced(port: &ReceiveRight) -> Result<SendRight> {
    match port.receive()?.take_carried().pop() {
        Some(Carried::Right(AnyRight::Send(right))) => Ok(right),
        other => Err(Failure::new(Exit::Failed, format!("no right to a port, but {other:?} came"))),
    }
}

/// A round trip's end was asked for what the other one does.
pub(super) fn other_end() -> Failure {
    Failure::usage("one end asks and the other answers")
}
