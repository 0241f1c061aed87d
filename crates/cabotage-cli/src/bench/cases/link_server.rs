// SPDX-License-Identifier: MIT OR Apache-2.0
//! The server of `link.idle`: answers whoever speaks, and counts what it holds.

use std::fs;
use std::os::fd::OwnedFd;

use cabotage::link::{Deadline, Event, Key, Link, LinkSet};
use cabotage::os::limits;

use super::link_connect::publish;
use crate::bench::case::{Far, Holdings, Result};
use crate::bench::meeting::Meeting;

/// How long a message is. What it begins with says what is wanted: by default the same back.
pub(super) const BYTES: usize = 64;
/// The server's [`Totals`].
pub(super) const MEASURE: u8 = 1;
/// The end of the round.
pub(super) const LAST: u8 = 2;

/// What a process holds, and the kernel for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    bytes: u64,
    descriptors: u64,
    slab_bytes: u64,
}

impl Totals {
    fn look() -> Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let own = ["RssAnon", "RssShmem", "VmPTE"].map(|name| kilobytes(&status, name));
        let system = fs::read_to_string("/proc/meminfo")?;
        Ok(Self {
            bytes: own.iter().sum::<u64>() << 10,
            descriptors: limits::descriptors_in_use()? as u64,
            slab_bytes: kilobytes(&system, "Slab") << 10,
        })
    }

    fn write(self, message: &mut [u8; BYTES]) {
        let numbers = [self.bytes, self.descriptors, self.slab_bytes];
        for (place, number) in message.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
    }

    /// As the server's answer tells them.
    pub(super) fn parse(message: &[u8; BYTES]) -> Self {
        let mut numbers = message.chunks_exact(8).map(|place| place.try_into().map_or(0, u64::from_le_bytes));
        let mut next = || numbers.next().unwrap_or_default();
        Self { bytes: next(), descriptors: next(), slab_bytes: next() }
    }

    /// What came since then; memory may also have gone.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(before.bytes),
            descriptors: self.descriptors.saturating_sub(before.descriptors),
            slab_bytes: self.slab_bytes.saturating_sub(before.slab_bytes),
        }
    }

    /// Each link's share.
    pub(super) fn among(self, links: u32) -> Holdings {
        let share = |total: u64| total as f64 / f64::from(links);
        Holdings {
            links,
            bytes_per_link: share(self.bytes),
            descriptors_per_link: share(self.descriptors),
            slab_bytes_per_link: share(self.slab_bytes),
        }
    }
}

/// A line such as `RssAnon:     123 kB`; 0 where it is missing.
fn kilobytes(text: &str, name: &str) -> u64 {
    let values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let mut numbers = values.filter_map(|value| value.trim().strip_suffix(" kB")?.parse().ok());
    numbers.next().unwrap_or(0)
}

/// Holds the busy link and those of the clients.
pub(super) struct Server {
    /// Dropped first: letting go of all links may take longer than is left to a far end.
    _meeting: Meeting,
    set: LinkSet,
    busy: Key,
}

impl Server {
    /// With its busy link, and the descriptor of the meeting at which it publishes itself.
    pub(super) fn new(busy: Link, meeting: OwnedFd) -> Result<Self> {
        let meeting = Meeting::hold(meeting)?;
        let mut set = LinkSet::new()?;
        let busy = set.insert(busy)?;
        set.listen(publish(meeting.path())?)?;
        Ok(Self { set, busy, _meeting: meeting })
    }

    /// The next message, and whose it is.
    #[inline]
    fn next(&mut self, message: &mut [u8; BYTES]) -> Result<Key> {
        loop {
            match self.set.receive(Deadline::Never)? {
                Event::Message(from, came) => {
                    came.copy_to(message);
                    return Ok(from);
                }
                Event::Ended(key, end) if key == self.busy => return Err(end.into()),
                Event::ListenerFailed(_, refusal) => return Err(refusal.into()),
                _ => {}
            }
        }
    }
}

impl Far for Server {
    fn round(&mut self, _operations: u32) -> Result<Vec<u32>> {
        let mut message = [0; BYTES];
        loop {
            let from = self.next(&mut message)?;
            let is_last = message[0] == LAST;
            if message[0] == MEASURE {
                Totals::look()?.write(&mut message);
            }
            if let Some(link) = self.set.get_mut(from) {
                link.send(&message, Deadline::Never)?;
            }
            if is_last {
                return Ok(Vec::new());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_survive_the_way_and_are_shared_out() {
        let before = Totals { bytes: 4096, descriptors: 7, slab_bytes: 1 << 40 };
        let mut message = [0; BYTES];
        before.write(&mut message);
        assert_eq!(Totals::parse(&message), before);
        let after = Totals { bytes: 4096 + 20_480, descriptors: 17, slab_bytes: 0 };
        let shares = after.since(before).among(10);
        assert_eq!((shares.bytes_per_link, shares.descriptors_per_link), (2048.0, 1.0));
        assert_eq!(shares.slab_bytes_per_link, 0.0);
    }

    #[test]
    fn a_line_of_the_kernel_is_found_by_its_whole_name() {
        assert_eq!(kilobytes("RssAnonymous:\t 9 kB\nRssAnon:\t     123 kB\n", "RssAnon"), 123);
        assert_eq!(kilobytes("", "RssAnon"), 0);
    }
}
