// SPDX-License-Identifier: MIT OR Apache-2.0
//! A completion port: a queue of packets, taken by whichever thread asks next.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use cabotage_alpc::{Deadline, Status};

use crate::status::{ABANDONED_WAIT, Answer};

/// One entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packet {
    pub(crate) key: usize,
    /// What was posted in place of an operation's context; 0 when a port tells of a message.
    pub(crate) context: usize,
    pub(crate) status: i32,
    pub(crate) information: usize,
    /// Counts those of one source that are in the queue.
    pub(crate) queued: Option<Arc<AtomicUsize>>,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Packets {
    queue: Mutex<Queue>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    packets: VecDeque<Packet>,
    is_closed: bool,
}

impl Packets {
    pub(crate) fn post(&self, packet: Packet) {
        let mut queue = self.lock();
        if queue.is_closed {
            return;
        }
        if let Some(queued) = &packet.queued {
            queued.fetch_add(1, Ordering::Relaxed);
        }
        queue.packets.push_back(packet);
        drop(queue);
        self.came.notify_one();
    }

    /// Takes at most `count_max` packets, waiting for the first at most until `deadline`. `note` sees each before
    /// anybody can find that it is in the queue no more.
    ///
    /// # Errors
    /// [`Status::TIMEOUT`]; [`ABANDONED_WAIT`] when the port is closed.
    pub(crate) fn take(
        &self,
        count_max: usize,
        deadline: Deadline,
        mut note: impl FnMut(&Packet),
    ) -> Answer<Vec<Packet>> {
        let mut queue = self.lock();
        while queue.packets.is_empty() && !queue.is_closed {
            if deadline.has_passed() {
                return Err(Status::TIMEOUT);
            }
            queue = self.sleep(queue, deadline);
        }
        if queue.is_closed {
            return Err(ABANDONED_WAIT);
        }
        let count = count_max.min(queue.packets.len());
        let taken: Vec<Packet> = queue.packets.drain(..count).collect();
        for packet in &taken {
            note(packet);
            if let Some(queued) = &packet.queued {
                queued.fetch_sub(1, Ordering::Relaxed);
            }
        }
        Ok(taken)
    }

    /// Its handle is closed: what is in it is gone, and whoever waits is told.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.is_closed = true;
        queue.packets.clear();
        drop(queue);
        self.came.notify_all();
    }

    fn sleep<'q>(&'q self, queue: MutexGuard<'q, Queue>, deadline: Deadline) -> MutexGuard<'q, Queue> {
        match deadline.remaining() {
            Some(left) => self.came.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0,
            None => self.came.wait(queue).unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn take(packets: &Packets, count_max: usize) -> Answer<Vec<usize>> {
        let taken = packets.take(count_max, Deadline::Now, |_| ())?;
        Ok(taken.into_iter().map(|packet| packet.key).collect())
    }

    #[test]
    fn packets_come_in_their_order_and_as_many_as_are_wanted() {
        let (packets, queued) = (Packets::default(), Arc::new(AtomicUsize::new(0)));
        for key in 1..=3 {
            packets.post(Packet { key, queued: Some(queued.clone()), ..Packet::default() });
        }
        assert_eq!(queued.load(Ordering::Relaxed), 3);
        assert_eq!(take(&packets, 2), Ok(vec![1, 2]));
        assert_eq!(queued.load(Ordering::Relaxed), 1);
        assert_eq!(take(&packets, 2), Ok(vec![3]));
        assert_eq!(take(&packets, 2), Err(Status::TIMEOUT));
    }

    #[test]
    fn who_waits_is_told_of_a_packet_and_of_the_end() {
        let packets = Packets::default();
        std::thread::scope(|scope| {
            let (packets, patience) = (&packets, Deadline::within(Duration::from_secs(60)));
            let waits = move || packets.take(1, patience, |_| ()).map(|taken| taken[0].key);
            let waiter = scope.spawn(waits);
            packets.post(Packet { key: 7, ..Packet::default() });
            assert_eq!(waiter.join().unwrap(), Ok(7));
            let waiter = scope.spawn(waits);
            packets.close();
            assert_eq!(waiter.join().unwrap(), Err(ABANDONED_WAIT));
        });
        packets.post(Packet::default());
        assert_eq!(take(&packets, 1), Err(ABANDONED_WAIT));
    }
}
