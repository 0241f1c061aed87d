// SPDX-License-Identifier: MIT OR Apache-2.0
//! A completion port: a queue of what came of operations, taken by whichever thread asks next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use cabotage_os::Deadline;

use crate::failure::{Answer, Failure, Outcome, WAIT_IO_COMPLETION};
use crate::thread::Thread;
use crate::wait::{Dispatcher, Reset, Signal, Verdict, Wish};

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) key: usize,
    /// The address of the operation's `OVERLAPPED`, or what was posted in its place.
    pub(crate) overlapped: usize,
    pub(crate) outcome: Outcome,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Port {
    packets: Mutex<VecDeque<Packet>>,
    /// Set once for each packet, after it has come.
    count: Arc<Signal>,
}

impl Port {
    pub(crate) fn new() -> Self {
        Self { packets: Mutex::default(), count: Arc::new(Signal::new(Reset::Counting, false)) }
    }

    pub(crate) fn post(&self, dispatcher: &Dispatcher, packet: Packet) {
        self.packets.lock().unwrap_or_else(PoisonError::into_inner).push_back(packet);
        dispatcher.set(&self.count);
    }

    /// Takes at most `count_max` packets, waiting for the first at most until `deadline`. An APC of `alertable` ends the
    /// wait; it is run before this returns.
    ///
    /// # Errors
    /// `WAIT_TIMEOUT`, `WAIT_IO_COMPLETION`; `ERROR_ABANDONED_WAIT_0` when the port is closed.
    pub(crate) fn take(
        &self,
        dispatcher: &Dispatcher,
        count_max: usize,
        alertable: Option<Arc<Thread>>,
        deadline: Deadline,
    ) -> Answer<Vec<Packet>> {
        let mut taken = Vec::new();
        while taken.len() < count_max {
            let (wish, deadline) = match taken.is_empty() {
                true => (Wish { alertable: alertable.clone(), ..Wish::one(&self.count) }, deadline),
                false => (Wish::one(&self.count), Deadline::Now),
            };
            match dispatcher.wait(wish, deadline) {
                Verdict::Signalled(_) => taken.extend(self.pop()),
                _ if !taken.is_empty() => break,
                Verdict::TimedOut => return Err(Failure::WAIT_TIMEOUT),
                Verdict::Closed | Verdict::Cancelled => return Err(Failure::ABANDONED_WAIT),
                Verdict::Apc => {
                    alertable.iter().for_each(|thread| thread.run_apcs());
                    return Err(WAIT_IO_COMPLETION);
                }
            }
        }
        Ok(taken)
    }

    /// The handle is closed: whoever waits is told.
    pub(crate) fn close(&self, dispatcher: &Dispatcher) {
        dispatcher.close(&self.count);
    }

    fn pop(&self) -> Option<Packet> {
        self.packets.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(key: usize) -> Packet {
        Packet { key, overlapped: 0, outcome: Outcome::done(key) }
    }

    #[test]
    fn packets_come_in_their_order_and_as_many_as_are_wanted() {
        let (dispatcher, port) = (Dispatcher::default(), Port::new());
        (1..=3).for_each(|key| port.post(&dispatcher, packet(key)));
        assert_eq!(port.take(&dispatcher, 2, None, Deadline::Now), Ok(vec![packet(1), packet(2)]));
        assert_eq!(port.take(&dispatcher, 2, None, Deadline::Now), Ok(vec![packet(3)]));
        assert_eq!(port.take(&dispatcher, 2, None, Deadline::Now), Err(Failure::WAIT_TIMEOUT));
    }

    #[test]
    fn whoever_waits_at_a_port_that_is_closed_is_told_and_so_is_who_has_an_apc() {
        let (dispatcher, port) = (Dispatcher::default(), Port::new());
        let thread = Arc::new(Thread::new(1));
        let (ran, runs) = std::sync::mpsc::channel();
        dispatcher.queue_apc(&thread, Box::new(move || ran.send(()).unwrap()));
        let answer = port.take(&dispatcher, 1, Some(thread), Deadline::Never);
        assert_eq!(answer, Err(WAIT_IO_COMPLETION));
        runs.try_recv().unwrap();
        port.close(&dispatcher);
        assert_eq!(port.take(&dispatcher, 1, None, Deadline::Never), Err(Failure::ABANDONED_WAIT));
    }
}
