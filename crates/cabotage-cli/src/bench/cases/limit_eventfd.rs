// SPDX-License-Identifier: MIT OR Apache-2.0
//! `limit.eventfd`: wake the other process and be woken, by two event counters. No sleeping round trip through
//! descriptors does less.

use std::os::fd::OwnedFd;

use cabotage::os::{Errno, raw};

use super::raw_ends::{Carrier, RawTrip};
use crate::bench::case::{Case, Subject};

pub(super) const CASE: Case = Case {
    name: "limit.eventfd",
    about: "wake the other process by an event counter, and be woken",
    bytes: BYTES,
    subject: Subject::round_trip::<RawTrip<Counter, BYTES>>(),
    limit: None,
};

struct Counter;

impl Carrier for Counter {
    fn path() -> Result<(OwnedFd, OwnedFd), Errno> {
        let counter = raw::eventfd()?;
        Ok((raw::duplicate(&counter)?, counter))
    }
}

const BYTES: usize = 8; // what an event counter takes, no more, no less
