// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights on their way between two processes, and the entries that stand for them.

use super::WireError;
use crate::right::Right;

cabotage_lane::plain! {
    /// What stands for one thing that is carried.
    #[derive(Debug, PartialEq, Eq, Default)]
    pub(crate) struct Entry {
        /// Of a right: its token, or the number of its fork. Of memory: its bytes. Of an array: its rights.
        pub(crate) number: u64,
        /// The claim: the owner's number of the port. Of sealed memory: the bytes of its object.
        pub(crate) port: u64,
        /// The claim: the secret of the port. Of sealed memory: where it begins in its object.
        pub(crate) secret: u64,
        /// The claim: the owner's process.
        pub(crate) pid: u32,
        /// The claim: the owner's user.
        pub(crate) uid: u32,
        /// What it is.
        pub(crate) kind: u16,
        /// Of an array: the disposition of its rights.
        pub(crate) detail: u16,
        /// Nothing.
        pub(crate) reserved: u32,
    }
}

pub(crate) const ENTRY_BYTES: usize = size_of::<Entry>();

/// Numbers of kinds.
pub(super) mod kind {
    pub(in super::super) const NULL: u16 = 1;
    pub(in super::super) const DEAD: u16 = 2;
    pub(in super::super) const SEND: u16 = 3;
    pub(in super::super) const ONCE: u16 = 4;
    pub(in super::super) const TOKEN: u16 = 5;
    pub(in super::super) const HOME: u16 = 6;
    pub(in super::super) const OWN: u16 = 7;
    pub(in super::super) const PORTS: u16 = 8;
    pub(in super::super) const INLINE: u16 = 9;
    pub(in super::super) const BLOCK: u16 = 10;
    pub(in super::super) const FILE: u16 = 11;
    pub(in super::super) const RECEIVE: u16 = 12;
    pub(in super::super) const SEALED: u16 = 13;
    pub(in super::super) const OWN_ONCE: u16 = 14;
}

/// Which port a right is to, as whoever passes it says. It proves nothing but that its sender knows the secret, which
/// everybody knows who ever held a right to the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    /// The owner's process.
    pub(crate) pid: i32,
    /// The owner's user.
    pub(crate) uid: u32,
    /// The owner's number of the port.
    pub(crate) port: u64,
    /// The secret of the port.
    pub(crate) secret: u64,
}

/// A right in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    /// None, where one of this kind might be.
    Null(Right),
    /// One of this kind to a port that has died.
    Dead(Right),
    /// A send right: the end of a link of its own comes as a descriptor. `fork` is the number of the fork by which
    /// the owner knows it, 0 if the owner itself sends it.
    Send { claim: Option<Claim>, fork: u64 },
    /// A send-once right of a third party: the end of a link comes as a descriptor.
    Once,
    /// A send-once right to a port of the sender's, used over this link.
    Token(u64),
    /// A send-once right that the receiver granted, and gets back.
    Home(u64),
    /// A send right to the port of this very link, for its owner.
    Own,
    /// A send-once right to the port that moves over this very link.
    OwnOnce,
    /// A receive right, all of which was handed over before, under this number.
    Receive(u64),
}

impl Carried {
    /// Whether a descriptor comes with it.
    pub(crate) fn has_descriptor(self) -> bool {
        matches!(self, Self::Send { .. } | Self::Once)
    }

    /// Whether it may stand in an array of this kind.
    pub(super) fn is(self, right: Right) -> bool {
        match self {
            Self::Null(sort) | Self::Dead(sort) => right == sort,
            Self::Send { .. } | Self::Own => right == Right::Send,
            Self::Once | Self::Token(_) | Self::Home(_) | Self::OwnOnce => right == Right::SendOnce,
            Self::Receive(_) => right == Right::Receive,
        }
    }

    pub(super) fn entry(self) -> Entry {
        let of = |kind, number| Entry { kind, number, ..Entry::default() };
        match self {
            Self::Null(sort) => Entry { detail: detail(sort), ..of(kind::NULL, 0) },
            Self::Dead(sort) => Entry { detail: detail(sort), ..of(kind::DEAD, 0) },
            Self::Send { claim, fork } => {
                let entry = of(kind::SEND, fork);
                claim.map_or(entry, |claim| Entry {
                    port: claim.port,
                    secret: claim.secret,
                    pid: claim.pid.unsigned_abs(),
                    uid: claim.uid,
                    ..entry
                })
            }
            Self::Once => of(kind::ONCE, 0),
            Self::Token(token) => of(kind::TOKEN, token),
            Self::Home(token) => of(kind::HOME, token),
            Self::Own => of(kind::OWN, 0),
            Self::OwnOnce => of(kind::OWN_ONCE, 0),
            Self::Receive(number) => of(kind::RECEIVE, number),
        }
    }

    /// The right that an entry stands for; `None` if it stands for something else.
    pub(super) fn of(entry: &Entry) -> Result<Option<Self>, WireError> {
        let claim = Claim {
            pid: i32::try_from(entry.pid).map_err(|_| WireError::Reserved)?,
            uid: entry.uid,
            port: entry.port,
            secret: entry.secret,
        };
        let has_claim = claim != Claim { pid: 0, uid: 0, port: 0, secret: 0 };
        let right = match entry.kind {
            kind::NULL => Self::Null(sort_of(entry.detail)?),
            kind::DEAD => Self::Dead(sort_of(entry.detail)?),
            // A process is somebody, so its number is not 0.
            kind::SEND if has_claim && claim.pid == 0 => return Err(WireError::Reserved),
            kind::SEND => Self::Send { claim: has_claim.then_some(claim), fork: entry.number },
            kind::ONCE => Self::Once,
            kind::TOKEN => Self::Token(entry.number),
            kind::HOME => Self::Home(entry.number),
            kind::OWN => Self::Own,
            kind::OWN_ONCE => Self::OwnOnce,
            kind::RECEIVE => Self::Receive(entry.number),
            _ => return Ok(None),
        };
        let names_token = matches!(right, Self::Token(_) | Self::Home(_) | Self::Receive(_));
        let may_number = names_token || matches!(right, Self::Send { .. });
        let has_detail = matches!(right, Self::Null(_) | Self::Dead(_));
        let is_clean = (has_detail || entry.detail == 0)
            && entry.reserved == 0
            && (matches!(right, Self::Send { .. }) || !has_claim)
            && (may_number || entry.number == 0)
            && (!names_token || entry.number != 0);
        if is_clean { Ok(Some(right)) } else { Err(WireError::Reserved) }
    }
}

/// How an entry says what a right would be.
fn detail(sort: Right) -> u16 {
    u16::try_from(sort as u32).unwrap_or(u16::MAX)
}

fn sort_of(detail: u16) -> Result<Right, WireError> {
    let sorts = [Right::Send, Right::Receive, Right::SendOnce];
    sorts.get(usize::from(detail)).copied().ok_or(WireError::Reserved)
}
