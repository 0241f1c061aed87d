// SPDX-License-Identifier: MIT OR Apache-2.0
//! Of the messages that wait at a port, how many somebody was told of: one packet for each that no blocked thread
//! takes.
//!
//! A packet too many costs its taker a look; one too few leaves a message lying. So what is counted as told is never
//! more than what waits, and each message that is received counts as one of those that were told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cabotage_alpc::Deadline;

use super::list::List;
use super::packets::{Packet, Packets};
use crate::waiting::End;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Telling {
    association: Option<Association>,
    pub(crate) list: Option<List>,
    /// Threads that are blocked until any message comes.
    pub(crate) receivers: usize,
    told: usize,
    /// How many were received when that was looked at last.
    received: usize,
}

/// Who is told.
#[derive(Debug)]
pub(crate) struct Association {
    pub(crate) packets: Arc<Packets>,
    pub(crate) key: usize,
    /// How many of its packets are in the queue.
    pub(crate) queued: Arc<AtomicUsize>,
    /// The port's number at the completion port.
    pub(crate) token: u64,
}

impl Telling {
    pub(crate) fn is_associated(&self) -> bool {
        self.association.is_some()
    }

    /// From now on what waits is told, from the first message on.
    pub(crate) fn associate(&mut self, association: Association) {
        self.association = Some(association);
        self.told = 0;
    }

    /// Nobody is told any more.
    pub(crate) fn dissociate(&mut self) -> Option<Association> {
        self.association.take()
    }

    /// Its key, if there is one.
    pub(crate) fn key(&self) -> Option<usize> {
        self.association.as_ref().map(|association| association.key)
    }

    /// What was in a list that is gone is told anew.
    pub(crate) fn tell_again(&mut self) {
        self.told = 0;
    }

    /// Takes account of what was received since; before anything else is taken off the channel.
    pub(crate) fn note<E: End>(&mut self, end: &E) {
        let received = end.received().wrapping_sub(self.received);
        self.received = end.received();
        self.told = self.told.saturating_sub(received).min(end.pending());
    }

    /// Tells of what nobody was told of yet.
    pub(crate) fn announce<E: End>(&mut self, end: &E) {
        if self.association.is_none() {
            return;
        }
        self.note(end);
        let pending = end.pending();
        let untold = pending.saturating_sub(self.told + self.receivers);
        self.told += untold;
        // Workers of a list find what comes while they are at it.
        let is_wanted =
            |list: &List| list.is_run_down() || list.workers_wanted() > 0 || list.has_stranger(end);
        if self.list.as_ref().is_none_or(is_wanted) {
            self.post(untold, pending);
        }
    }

    /// Calls for workers of the list, if there is something for them.
    pub(crate) fn call_workers<E: End>(&self, end: &E) {
        let Some(list) = &self.list else { return };
        if list.has_next(end) {
            let pending = end.pending();
            self.post(pending.min(list.workers_wanted()), pending);
        }
    }

    /// Posts so many packets, as far as there are not enough in the queue.
    fn post(&self, count: usize, pending: usize) {
        let Some(Association { packets, key, queued, .. }) = &self.association else { return };
        let count = count.min(pending.saturating_sub(queued.load(Ordering::Relaxed)));
        for _ in 0..count {
            packets.post(Packet { key: *key, queued: Some(queued.clone()), ..Packet::default() });
        }
    }

    /// The port was used: whether it has to be armed, for who is told and sleeps.
    pub(crate) fn touch(&self) -> bool {
        self.association.as_ref().is_some_and(|told| told.packets.touch(told.token))
    }

    /// Who is told looks at the port by then.
    pub(crate) fn hurry(&self, by: Deadline) {
        if let Some(Association { packets, token, .. }) = &self.association
            && by != Deadline::Never
        {
            packets.hurry(*token, by);
        }
    }
}

#[cfg(test)]
mod tests {
    use cabotage_alpc::{Ready, Status};

    use super::*;
    use crate::layout::HEADER_BYTES;
    use crate::message::{Delivery, Got, Room};
    use crate::status::Answer;

    /// So many messages of no data wait, and so many were received.
    #[derive(Debug, Default)]
    struct Waiting {
        messages: usize,
        received: usize,
    }

    impl End for Waiting {
        fn ready(&mut self) -> Answer<Ready> {
            Ok(Ready::Armed)
        }
        fn wake_by(&self) -> Deadline {
            Deadline::Never
        }
        fn pull(&mut self) -> Answer<bool> {
            Ok(true)
        }
        fn receive(&mut self, _: Room, _: bool) -> Answer<Option<Got>> {
            if self.messages == 0 {
                return Ok(None);
            }
            (self.messages, self.received) = (self.messages - 1, self.received + 1);
            Ok(Some(Got::Message(Box::new(Delivery::new(3, 0, Vec::new())))))
        }
        fn pending(&self) -> usize {
            self.messages
        }
        fn received(&self) -> usize {
            self.received
        }
        fn next_bytes(&self, _: u32) -> Option<usize> {
            (self.messages > 0).then_some(HEADER_BYTES)
        }
        fn take_end(&mut self) -> Option<Box<Delivery>> {
            None
        }
    }

    /// A port that is told, and how to take so many of its packets.
    fn told() -> (Telling, Waiting, impl Fn() -> usize) {
        let (packets, queued, key, token) = (Arc::new(Packets::new().unwrap()), Arc::default(), 7, 0);
        let mut telling = Telling::default();
        telling.associate(Association { packets: packets.clone(), key, queued, token });
        let count = move || match packets.take(usize::MAX, Deadline::Now, |_| ()) {
            Ok(taken) => taken.len(),
            Err(status) => {
                assert_eq!(status, Status::TIMEOUT);
                0
            }
        };
        (telling, Waiting::default(), count)
    }

    fn receive(waiting: &mut Waiting) {
        assert!(matches!(waiting.receive(Room { bytes: 0, attributes: 0 }, true), Ok(Some(_))));
    }

    #[test]
    fn each_message_is_told_once() {
        let (mut telling, mut waiting, packets) = told();
        waiting.messages = 2;
        telling.announce(&waiting);
        telling.announce(&waiting);
        assert_eq!(packets(), 2);
        waiting.messages += 1;
        telling.announce(&waiting);
        assert_eq!(packets(), 1);
    }

    #[test]
    fn whom_a_blocked_thread_will_receive_nobody_is_told_of_unless_it_goes() {
        let (mut telling, mut waiting, packets) = told();
        telling.receivers = 1;
        waiting.messages = 1;
        telling.announce(&waiting);
        assert_eq!(packets(), 0);
        waiting.messages = 3;
        telling.announce(&waiting);
        assert_eq!(packets(), 2);
        telling.receivers = 0;
        telling.announce(&waiting);
        assert_eq!(packets(), 1);
    }

    #[test]
    fn what_comes_while_one_that_was_told_is_received_is_told_too() {
        let (mut telling, mut waiting, packets) = told();
        waiting.messages = 1;
        telling.announce(&waiting);
        assert_eq!(packets(), 1);
        receive(&mut waiting);
        telling.note(&waiting);
        waiting.messages += 1;
        telling.announce(&waiting);
        assert_eq!(packets(), 1);
    }

    #[test]
    fn packets_that_nobody_takes_do_not_grow_without_end() {
        let (mut telling, mut waiting, packets) = told();
        for _ in 0..100 {
            waiting.messages += 1;
            telling.announce(&waiting);
            receive(&mut waiting);
        }
        assert_eq!(packets(), 1);
    }

    #[test]
    fn a_list_calls_for_as_many_workers_as_it_wants() {
        let (mut telling, mut waiting, packets) = told();
        telling.list = List::new(0, 4096, 2, 0);
        waiting.messages = 1;
        telling.announce(&waiting);
        assert_eq!(packets(), 1);
        for _ in 0..2 {
            assert!(telling.list.as_mut().unwrap().enter(&waiting));
        }
        waiting.messages = 5;
        telling.announce(&waiting);
        assert_eq!(packets(), 0, "those who are at it find them");
        assert!(!telling.list.as_mut().unwrap().leave(&waiting));
        telling.list = None;
        telling.tell_again();
        telling.announce(&waiting);
        assert_eq!(packets(), 5);
    }

    #[test]
    fn a_list_that_is_full_calls_when_there_is_room_again() {
        let (mut telling, mut waiting, packets) = told();
        let mut list = List::new(0, 128, 1, 0).unwrap();
        waiting.messages = 4;
        let places: Vec<usize> = (0..2).map(|_| list.take(&mut waiting, true).unwrap().message_at).collect();
        assert!(list.take(&mut waiting, true).is_none() && !list.has_next(&waiting));
        assert_eq!(list.outstanding(waiting.messages), 4);
        telling.list = Some(list);
        telling.call_workers(&waiting);
        assert_eq!(packets(), 0);
        assert!(telling.list.as_mut().unwrap().free(places[1]));
        assert!(!telling.list.as_mut().unwrap().free(places[1]), "it is free");
        telling.call_workers(&waiting);
        assert_eq!(packets(), 1);
    }

    #[test]
    fn a_list_that_is_run_down_has_what_was_there() {
        let (mut telling, mut waiting, packets) = told();
        let mut list = List::new(0, 4096, 1, 0).unwrap();
        waiting.messages = 1;
        list.run_down(waiting.messages);
        waiting.messages = 2;
        assert!(list.take(&mut waiting, true).is_some() && list.take(&mut waiting, true).is_none());
        assert!(list.has_stranger(&waiting) && !list.enter(&waiting));
        telling.list = Some(list);
        telling.announce(&waiting);
        assert_eq!(packets(), 1);
    }
}
