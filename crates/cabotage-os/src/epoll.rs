// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting on thousands of descriptors: the kernel keeps the list and tells only what has happened.
//!
//! A set watches open files, not numbers: one that another process still holds stays in the set after its
//! descriptor was closed here, and goes on to report. So [`Poller::remove`] a descriptor before it is closed or
//! given away.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use crate::deadline::Deadline;
use crate::error::{SystemError, attempt};
use crate::fork::SoleFd;
use crate::poll::Readiness;
use crate::seam::{self, Errno};

/// When a descriptor that stays ready is told of again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// At every wait, for as long as it is ready.
    Level,
    /// Only when something new has happened to it. Whoever uses this must try until nothing is left, or remember
    /// that something is; each new message counts, so a ready descriptor need not be read to be heard again.
    Edge,
}

/// A descriptor became ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What it was added with.
    pub token: u64,
    /// What it is ready for; hang-up and error are told unasked.
    pub readiness: Readiness,
}

/// The caller's room for events: one wait fills it with as many as it holds at most.
pub struct Events {
    found: Vec<epoll::Event>,
}

// SAFETY: the kernel's type is a union of a number and a pointer, which keeps it in one thread. Only numbers go in
// (`EventData::new_u64`), and only numbers are taken out.
unsafe impl Send for Events {}

impl Events {
    /// Room for `capacity` events, at least one.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { found: Vec::with_capacity(capacity.max(1)) }
    }

    /// What the last wait found.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Event> + '_ {
        self.found.iter().map(|event| {
            // Copied out first: the kernel's struct is packed.
            let (flags, data) = (event.flags, event.data);
            Event { token: data.u64(), readiness: readiness_of(flags) }
        })
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A set of watched descriptors. It is readable itself while one of them is ready, so sets can be nested and
/// waited on beside anything else.
///
/// A forked child has no part in it: there each call answers `EBADF`, since what a child takes out of a shared set
/// is missing in the parent's.
#[derive(Debug)]
pub struct Poller {
    fd: SoleFd,
}

/// The longest single wait; a longer one is a row of these.
const WAIT_MAX: Duration = Duration::from_secs(86_400);

impl Poller {
    /// An empty set.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// epoll_create1(2).
    pub fn new() -> Result<Self, SystemError> {
        let fd = SoleFd::made_by(|| {
            attempt("epoll_create1", "a set of descriptors", || epoll::create(CreateFlags::CLOEXEC))
        })?;
        Ok(Self { fd })
    }

    /// Whether this process may use the set: false in a forked child.
    #[inline]
    pub fn is_here(&self) -> bool {
        self.fd.is_here()
    }

    /// The descriptor, for a call of this name.
    fn here(&self, call: &'static str) -> Result<BorrowedFd<'_>, SystemError> {
        if self.is_here() {
            return Ok(self.fd.as_fd());
        }
        Err(SystemError::new(call, "a set that stayed with the parent at the fork", Errno::BADF))
    }

    /// Watches `source` for `interest`; events come with `token`. What is ready already is told at the next wait,
    /// with either trigger.
    ///
    /// # Errors
    /// The system's refusal: `EEXIST` if it is in the set, `EPERM` for a regular file or directory (always
    /// ready), `ENOSPC` at the user's limit of watches (sysctl fs.epoll.max_user_watches).
    ///
    /// # Source
    /// epoll_ctl(2).
    pub fn add(
        &self,
        source: impl AsFd,
        token: u64,
        interest: Readiness,
        trigger: Trigger,
    ) -> Result<(), SystemError> {
        let fd = self.here("epoll_ctl")?;
        attempt("epoll_ctl", "a descriptor to watch", || {
            epoll::add(fd, &source, EventData::new_u64(token), flags_of(interest, trigger))
        })
    }

    /// Changes what `source` is watched for, and its token. Like adding it, this looks at once, so it also arms an
    /// edge anew.
    ///
    /// # Errors
    /// The system's refusal: `ENOENT` if it is not in the set.
    ///
    /// # Source
    /// epoll_ctl(2).
    pub fn modify(
        &self,
        source: impl AsFd,
        token: u64,
        interest: Readiness,
        trigger: Trigger,
    ) -> Result<(), SystemError> {
        let fd = self.here("epoll_ctl")?;
        attempt("epoll_ctl", "a watched descriptor", || {
            epoll::modify(fd, &source, EventData::new_u64(token), flags_of(interest, trigger))
        })
    }

    /// Watches `source` no longer. Events that an earlier wait has fetched still carry its token.
    ///
    /// # Errors
    /// The system's refusal: `ENOENT` if it is not in the set.
    ///
    /// # Source
    /// epoll_ctl(2).
    pub fn remove(&self, source: impl AsFd) -> Result<(), SystemError> {
        let fd = self.here("epoll_ctl")?;
        attempt("epoll_ctl", "a watched descriptor", || epoll::delete(fd, &source))
    }

    /// Waits until something has happened, at most until `deadline`; answers how many events lie in `events`,
    /// whose former content is gone. With thousands ready each gets its turn: what did not fit comes first next
    /// time. The kernel counts this wait in milliseconds, so it may end up to one late, never early.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// epoll_wait(2).
    pub fn wait(&self, events: &mut Events, deadline: Deadline) -> Result<usize, SystemError> {
        let fd = self.here("epoll_wait")?;
        loop {
            events.found.clear();
            let timeout = deadline.or_sooner(Deadline::within(WAIT_MAX)).timespec();
            let room = rustix::buffer::spare_capacity(&mut events.found);
            match seam::call("epoll_wait", || epoll::wait(fd, room, timeout.as_ref())) {
                Ok(0) if !deadline.has_passed() => {}
                Ok(count) => return Ok(count),
                Err(Errno::INTR) if deadline.has_passed() => return Ok(0),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(SystemError::new("epoll_wait", "a set of descriptors", errno)),
            }
        }
    }
}

impl AsFd for Poller {
    /// Readable while a wait would find something. In a forked child the number is stale.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Both calls number the conditions alike (poll(2), epoll_ctl(2)).
fn flags_of(interest: Readiness, trigger: Trigger) -> EventFlags {
    let flags = EventFlags::from_bits_retain(interest.bits().into());
    match trigger {
        Trigger::Level => flags,
        Trigger::Edge => flags | EventFlags::ET,
    }
}

fn readiness_of(flags: EventFlags) -> Readiness {
    // The kernel reports conditions only, and those lie in the low 16 bits; the way to watch lies above.
    Readiness::from_bits_retain(u16::try_from(flags.bits() & 0xffff).unwrap_or(0))
}

const _: () = {
    assert!(EventFlags::IN.bits() == Readiness::IN.bits() as u32);
    assert!(EventFlags::OUT.bits() == Readiness::OUT.bits() as u32);
    assert!(EventFlags::PRI.bits() == Readiness::PRI.bits() as u32);
    assert!(EventFlags::ERR.bits() == Readiness::ERR.bits() as u32);
    assert!(EventFlags::HUP.bits() == Readiness::HUP.bits() as u32);
    assert!(EventFlags::RDHUP.bits() == Readiness::RDHUP.bits() as u32);
};

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn wait(poller: &Poller, events: &mut Events) -> Vec<Event> {
        poller.wait(events, Deadline::Now).unwrap();
        events.iter().collect()
    }

    #[test]
    fn a_level_is_told_again_and_an_edge_once() {
        let mut events = Events::with_capacity(8);
        for (trigger, again) in [(Trigger::Level, 1), (Trigger::Edge, 0)] {
            let poller = Poller::new().unwrap();
            let (reader, mut writer) = std::io::pipe().unwrap();
            poller.add(&reader, u64::MAX, Readiness::IN, trigger).unwrap();
            assert!(wait(&poller, &mut events).is_empty());
            writer.write_all(b"x").unwrap();
            assert_eq!(wait(&poller, &mut events), [Event { token: u64::MAX, readiness: Readiness::IN }]);
            assert_eq!(wait(&poller, &mut events).len(), again, "{trigger:?}");
            writer.write_all(b"y").unwrap();
            assert_eq!(wait(&poller, &mut events).len(), 1, "something new has happened");
        }
    }

    #[test]
    fn a_hang_up_is_told_unasked() {
        let poller = Poller::new().unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        poller.add(&reader, 3, Readiness::empty(), Trigger::Edge).unwrap();
        drop(writer);
        let mut events = Events::with_capacity(1);
        assert_eq!(wait(&poller, &mut events), [Event { token: 3, readiness: Readiness::HUP }]);
    }

    #[test]
    fn many_ready_descriptors_take_turns_in_little_room() {
        let poller = Poller::new().unwrap();
        let pipes: Vec<_> = (0..10_u64)
            .map(|token| {
                let (reader, mut writer) = std::io::pipe().unwrap();
                writer.write_all(b"x").unwrap();
                poller.add(&reader, token, Readiness::IN, Trigger::Level).unwrap();
                (reader, writer)
            })
            .collect();
        let mut events = Events::with_capacity(3);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..pipes.len() {
            seen.extend(wait(&poller, &mut events).iter().map(|event| event.token));
        }
        assert_eq!(seen.len(), pipes.len());
    }

    #[test]
    fn what_is_removed_or_changed_reports_no_more_as_before() {
        let poller = Poller::new().unwrap();
        let mut events = Events::with_capacity(4);
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        poller.add(&reader, 1, Readiness::IN, Trigger::Edge).unwrap();
        assert_eq!(poller.add(&reader, 1, Readiness::IN, Trigger::Edge).unwrap_err().errno(), Errno::EXIST);
        poller.modify(&reader, 2, Readiness::IN, Trigger::Edge).unwrap();
        assert_eq!(wait(&poller, &mut events)[0].token, 2);
        poller.remove(&reader).unwrap();
        assert_eq!(poller.remove(&reader).unwrap_err().errno(), Errno::NOENT);
        assert!(wait(&poller, &mut events).is_empty());
        reader.read_exact(&mut [0]).unwrap();
    }

    #[test]
    fn a_set_is_readable_itself_and_waits_until_the_deadline() {
        let poller = Poller::new().unwrap();
        let mut events = Events::with_capacity(1);
        let short = Deadline::within(Duration::from_millis(1));
        assert_eq!(poller.wait(&mut events, short).unwrap(), 0);
        assert!(short.has_passed());
        let (reader, mut writer) = std::io::pipe().unwrap();
        poller.add(&reader, 1, Readiness::IN, Trigger::Level).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| writer.write_all(b"x").unwrap());
            let deadline = Deadline::within(PATIENCE);
            let [found] = crate::poll::wait([(poller.as_fd(), Readiness::IN)], deadline).unwrap();
            assert_eq!(found, Readiness::IN);
        });
        assert_eq!(poller.wait(&mut events, Deadline::Never).unwrap(), 1);
    }

    #[test]
    fn a_forked_child_takes_nothing_out_of_its_parents_set() {
        let poller = Poller::new().unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        poller.add(&reader, 1, Readiness::IN, Trigger::Edge).unwrap();
        writer.write_all(b"x").unwrap();
        let is_refused = crate::fork::child_answers(
            || {
                let refused = [
                    poller.remove(&reader),
                    poller.wait(&mut Events::with_capacity(1), Deadline::Now).map(|_| ()),
                ];
                !poller.is_here() && refused.into_iter().all(|call| call.unwrap_err().errno() == Errno::BADF)
            },
            Deadline::within(PATIENCE),
        );
        assert!(is_refused.unwrap());
        assert_eq!(poller.wait(&mut Events::with_capacity(1), Deadline::Now).unwrap(), 1);
    }

    #[test]
    fn an_interrupted_wait_goes_on() {
        let poller = Poller::new().unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        poller.add(&reader, 1, Readiness::IN, Trigger::Level).unwrap();
        let _plan = seam::fail_nth(0, Errno::INTR);
        assert_eq!(poller.wait(&mut Events::with_capacity(1), Deadline::Never).unwrap(), 1);
    }
}
