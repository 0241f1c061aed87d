// SPDX-License-Identifier: MIT OR Apache-2.0
//! A pipe into which anybody has written anything, read as one of framed messages.

use cabotage_os::Deadline;
use cabotage_pipe::framed::{Limits, Reader, Received};

/// What is written fits into a pipe.
const BYTES_MAX: usize = 60_000;
const MESSAGE_BYTES_MAX: usize = 5_000;

pub(super) fn pipe(data: &[u8]) {
    use std::io::Write;
    let (reader, mut writer) = cabotage_pipe::anonymous().expect("a pipe");
    writer.write_all(&data[..data.len().min(BYTES_MAX)]).expect("room");
    drop(writer);
    let limits = Limits { message_bytes_max: MESSAGE_BYTES_MAX, writers_max: 3 };
    let mut reader = Reader::with_limits(reader, limits);
    loop {
        match reader.receive(Deadline::Now) {
            Ok(Received::Message(message)) => assert!(message.body.len() <= MESSAGE_BYTES_MAX),
            Ok(Received::Lost(_)) => {}
            Ok(Received::End) | Err(_) => return,
        }
    }
}
