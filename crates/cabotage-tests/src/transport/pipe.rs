// SPDX-License-Identifier: MIT OR Apache-2.0
//! An anonymous pipe with framed messages, of which the far process inherits one end.

use crate::scratch::Scratch;
use std::io::{PipeReader, PipeWriter};
use std::os::fd::OwnedFd;

use super::framed::{MESSAGE_BYTES_MAX, Receiving, Sending, lacks};
use super::{Ability, BothEnds, End, Oversize, Side, StartFar, Told, Transport, other};

#[derive(Debug)]
pub(super) struct AnonymousPipe;

impl Transport for AnonymousPipe {
    fn title(&self) -> &'static str {
        "anonymous_pipe"
    }

    fn lacks(&self, ability: Ability) -> Option<&'static str> {
        lacks(ability)
    }

    fn record_bytes_max(&self) -> usize {
        MESSAGE_BYTES_MAX
    }

    fn oversize(&self) -> Oversize {
        Oversize::IsToldToTheReceiver
    }

    fn open(&self, _place: &Scratch, side: Side, start: StartFar<'_>) -> Box<dyn End> {
        let (reader, writer) = cabotage_pipe::anonymous().expect("a pipe");
        match side {
            Side::Sender => {
                start(Some(reader.into()));
                Box::new(Sending::over(writer).expect("random bytes"))
            }
            Side::Receiver => {
                start(Some(writer.into()));
                Box::new(Receiving::over(reader))
            }
        }
    }

    fn open_both(&self, _place: &Scratch) -> Result<BothEnds, Told> {
        let (reader, writer) = cabotage_pipe::anonymous().map_err(other)?;
        Ok((Box::new(Sending::over(writer).map_err(other)?), Box::new(Receiving::over(reader))))
    }

    fn join(&self, _place: &Scratch, side: Side, inherited: Option<OwnedFd>) -> Box<dyn End> {
        let end = inherited.expect("an end was passed");
        match side {
            Side::Sender => Box::new(Sending::over(PipeWriter::from(end)).expect("random bytes")),
            Side::Receiver => Box::new(Receiving::over(PipeReader::from(end))),
        }
    }
}
