// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels of the trusting form, by what their users see.

#[path = "../common/mod.rs"]
mod common;

mod ends;
mod forked;
mod kills;
mod python;
mod records;
mod shrunk;
mod succession;
mod users;
mod waiting;

use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_shm::{ChannelOptions, Consumer, Producer};
use common::{Scratch, name};

/// For what is to happen: only a test that fails waits so long.
pub(crate) fn patience() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

/// Choices for a channel that no other test sees.
pub(crate) fn options(scratch: &Scratch) -> ChannelOptions {
    ChannelOptions::new().directory(&scratch.directory)
}

pub(crate) fn producer(scratch: &Scratch) -> Producer {
    options(scratch).create_trusting(&name("frames")).unwrap()
}

pub(crate) fn consumer(scratch: &Scratch) -> Consumer {
    options(scratch).open_trusting(&name("frames")).unwrap()
}

pub(crate) fn next(consumer: &mut Consumer) -> Vec<u8> {
    consumer.receive(patience()).unwrap().to_vec()
}
