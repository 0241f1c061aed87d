// SPDX-License-Identifier: MIT OR Apache-2.0
//! `limit.socket`: 64 bytes to and fro over one pair of SEQPACKET sockets, which is what links ring their bells
//! with.

use std::os::fd::OwnedFd;

use cabotage::os::{Errno, raw};

use super::raw_ends::{Carrier, RawTrip};
use crate::bench::case::{Case, Subject};

pub(super) const CASE: Case = Case {
    name: "limit.socket",
    about: "64 bytes to and fro over a pair of SEQPACKET sockets",
    bytes: BYTES,
    subject: Subject::round_trip::<RawTrip<Socket, BYTES>>(),
    limit: None,
};

/// A pair of sockets.
pub(super) struct Socket;

impl Carrier for Socket {
    fn path() -> Result<(OwnedFd, OwnedFd), Errno> {
        raw::socket_pair()
    }

    fn both_ways() -> Result<[OwnedFd; 4], Errno> {
        let (near, far) = raw::socket_pair()?;
        Ok([raw::duplicate(&near)?, near, raw::duplicate(&far)?, far])
    }
}

const BYTES: usize = 64;
