// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records through each transport, both ends in one process. The fault may come while an end is opened, while a record
//! goes or comes, or in between.

use cabotage_os::Deadline;

use super::Answer;
use super::ledger::Ledger;
use crate::scratch::Scratch;
use crate::transport;

/// Some records, of which several are under way at a time.
fn records(title: &str, place: &Scratch, sizes: &[usize]) -> Answer {
    let transport = transport::by_title(title).ok_or("no such transport")?;
    let opened = transport.open_both(place).map_err(|told| format!("{told:?}"));
    let (mut sender, mut receiver) = match opened {
        Ok(ends) => ends,
        Err(told) => {
            transport.clean(place);
            return Err(told.into());
        }
    };
    let mut ledger = Ledger::default();
    for bytes in sizes {
        ledger.send(&mut *sender, *bytes);
        ledger.send(&mut *sender, 24);
        ledger.receive(&mut *receiver, Deadline::Now);
    }
    let answer = ledger.settle(&mut *sender, &mut *receiver);
    sender.close();
    drop(receiver);
    transport.clean(place);
    answer
}

/// Enough to go over a link's socket first and then through its memory, and to be over a pipe's page.
const SHORT: [usize; 12] = [24; 12];

/// Such as need a larger ring, a block, many frames.
const LONG: [usize; 4] = [3_000, 9_000, 40_000, 100];

pub(super) fn records_over_a_pair(place: &Scratch) -> Answer {
    records("link_by_pair", place, &SHORT)
}

pub(super) fn records_by_a_name(place: &Scratch) -> Answer {
    records("link_by_name", place, &SHORT)
}

pub(super) fn records_through_a_pipe(place: &Scratch) -> Answer {
    records("anonymous_pipe", place, &SHORT)
}

pub(super) fn records_through_a_fifo(place: &Scratch) -> Answer {
    records("fifo", place, &SHORT)
}

pub(super) fn records_through_shared_memory(place: &Scratch) -> Answer {
    records("shm_trusting", place, &SHORT)
}

pub(super) fn records_through_a_topic(place: &Scratch) -> Answer {
    records("topic", place, &SHORT)
}

pub(super) fn records_through_a_port(place: &Scratch) -> Answer {
    records("alpc", place, &SHORT)
}

pub(super) fn records_as_requests(place: &Scratch) -> Answer {
    records("alpc_requests", place, &SHORT)
}

pub(super) fn long_records_through_a_port(place: &Scratch) -> Answer {
    records("alpc", place, &LONG)
}

pub(super) fn records_through_a_named_pipe(place: &Scratch) -> Answer {
    records("named_pipe", place, &SHORT)
}

pub(super) fn long_records_over_a_pair(place: &Scratch) -> Answer {
    records("link_by_pair", place, &LONG)
}

pub(super) fn long_records_through_a_pipe(place: &Scratch) -> Answer {
    records("anonymous_pipe", place, &LONG)
}
