// SPDX-License-Identifier: MIT OR Apache-2.0
//! The descriptor of a port or set that somebody polls: made when it is first asked for.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cabotage_link::Ready;
use cabotage_os::Deadline;
use cabotage_os::epoll::{Poller, Trigger};
use cabotage_os::eventfd::EventFd;
use cabotage_os::poll::Readiness;
use cabotage_os::timer::Timer;

use crate::error::PollError;
use crate::kernel::Ticket;
use crate::name::Name;
use crate::task::Names;

/// The bell of one port or set. While it is armed, it waits in the kernel as a thread would, and hands its turn on when
/// it has rung. Boxed, since few have one, and rights move from hand to hand.
#[derive(Debug, Default)]
pub(super) struct Bell(OnceLock<Box<Rope>>);

/// What is polled: readable when the kernel rings, and when something comes from other processes, which whoever polls
/// then has to look after.
#[derive(Debug)]
struct Rope {
    armed: Mutex<Option<Armed>>,
    poller: Poller,
    eventfd: Arc<EventFd>,
    /// Made when somebody is to look though nothing has come.
    timer: OnceLock<Timer>,
}

impl Rope {
    /// Readable at this moment, too.
    fn wake_by(&self, deadline: Deadline) -> Result<(), PollError> {
        if self.timer.get().is_none() {
            if deadline == Deadline::Never {
                return Ok(());
            }
            // Those who poll one descriptor take turns at this.
            let timer = Timer::new()?;
            self.poller.add(&timer, 2, Readiness::IN, Trigger::Level)?;
            let _ = self.timer.set(timer);
        }
        Ok(self.timer.get().map_or(Ok(()), |timer| timer.set(deadline))?)
    }
}

/// A bell that waits in the kernel, until it is dropped.
#[derive(Debug)]
struct Armed {
    names: Names,
    ticket: Ticket,
}

impl Drop for Armed {
    fn drop(&mut self) {
        self.names.disarm(self.ticket);
    }
}

impl Bell {
    /// Whether there is a message; if not, the bell is armed.
    pub(super) fn ready(&self, names: Names, name: Name) -> Result<Ready, PollError> {
        let rope = self.rope(names)?;
        let eventfd = &rope.eventfd;
        let mut armed = rope.armed.lock().unwrap_or_else(PoisonError::into_inner);
        *armed = None;
        eventfd.silence()?;
        *armed = names.arm(name, eventfd)?.map(|ticket| Armed { names, ticket });
        if armed.is_some() {
            match names.arm_outside()? {
                Some(wake_by) => rope.wake_by(wake_by)?,
                None => *armed = None,
            }
        }
        Ok(if armed.is_some() { Ready::Armed } else { Ready::Ready })
    }

    /// What to poll.
    pub(super) fn descriptor(&self, names: Names) -> Result<BorrowedFd<'_>, PollError> {
        Ok(self.rope(names)?.poller.as_fd())
    }

    fn rope(&self, names: Names) -> Result<&Rope, PollError> {
        if let Some(rope) = self.0.get() {
            return Ok(rope);
        }
        let (poller, eventfd) = (Poller::new()?, Arc::new(EventFd::new()?));
        let fresh = Rope { armed: Mutex::default(), poller, eventfd, timer: OnceLock::new() };
        fresh.poller.add(&*fresh.eventfd, 0, Readiness::IN, Trigger::Level)?;
        fresh.poller.add(names.outside_bell()?, 1, Readiness::IN, Trigger::Level)?;
        Ok(self.0.get_or_init(|| Box::new(fresh)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cabotage_os::poll;

    use super::*;
    use crate::task::Task;

    fn is_readable(bell: &Bell, names: Names, deadline: Deadline) -> bool {
        let descriptor = bell.descriptor(names).unwrap();
        let [seen] = poll::wait([(descriptor, Readiness::IN)], deadline).unwrap();
        seen.contains(Readiness::IN)
    }

    #[test]
    fn whoever_only_polls_is_woken_at_the_moment_at_which_it_is_to_look_though_nothing_comes() {
        let names = Task::current().unwrap().names();
        let bell = Bell::default();
        assert!(!is_readable(&bell, names, Deadline::Now));
        let rope = bell.rope(names).unwrap();
        rope.wake_by(Deadline::Never).unwrap();
        assert!(rope.timer.get().is_none(), "it costs nothing until it is needed");
        rope.wake_by(Deadline::within(Duration::from_millis(1))).unwrap();
        assert!(is_readable(&bell, names, Deadline::within(Duration::from_secs(20))));
        rope.wake_by(Deadline::Never).unwrap();
        assert!(!is_readable(&bell, names, Deadline::Now));
    }
}
