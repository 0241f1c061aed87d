// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random and boundary words written over a whole outbox, control words too, while both ends are at work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cabotage_lane::ring::{Event, Sight, StageError};
use cabotage_lane::{Controls, PeerRing};
use cabotage_os::map::MapMut;

use super::lane::{
    Lane, MappedReceiver, MappedSender, OUTBOX_BYTES, PORT, RING_BYTES, Random, TAG, body, lane, next,
};

const RECORD_BYTES_MAX: usize = 1504;

/// Writes words anywhere in an outbox, `pause` turns of the processor apart.
fn scribble(outbox: &MapMut, over: &AtomicBool, seed: u64, pause: usize) {
    let mut random = Random(seed);
    while !over.load(Ordering::Relaxed) {
        outbox.store_u64(random.below(OUTBOX_BYTES / 8) * 8, random.word()).unwrap();
        for _turn in 0..pause {
            std::hint::spin_loop();
        }
    }
}

/// Ends a round when it is dropped, so that a failed check ends it too.
struct Round<'a>(&'a AtomicBool);

impl Drop for Round<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends by the rules until the round is over or the peer lies.
fn send_on(sender: &mut MappedSender, over: &AtomicBool) -> bool {
    for number in 0.. {
        loop {
            if over.load(Ordering::Relaxed) {
                return true;
            }
            match sender.stage(TAG, PORT, &body(number % 50)) {
                Ok(()) => break,
                Err(StageError::Full(_)) if sender.arm_for_room(700).is_ok() => sender.awake(),
                Err(_) => return false,
            }
        }
        let _ = sender.publish();
    }
    true
}

/// Receives whatever comes until the lane ends or the time is over; answers how many records and whether it ended.
fn receive_on(receiver: &mut MappedReceiver, spare: &PeerRing, until: Instant) -> (usize, bool) {
    let (mut records, mut buffer) = (0, vec![0; RECORD_BYTES_MAX]);
    while Instant::now() < until {
        for _look in 0..64 {
            let goes_on = match receiver.look() {
                Ok(Sight::Record(shape)) => {
                    assert_eq!(receiver.take().copy_to(&mut buffer), shape.bytes());
                    records += 1;
                    true
                }
                Ok(Sight::Continue { .. }) => receiver.continue_in(spare.clone()).is_ok(),
                Ok(Sight::Retire { .. }) => true,
                Ok(Sight::Empty) => receiver.arm().is_ok(),
                Err(_) => false,
            };
            let peer = receiver.controls().peer();
            let _ = (peer.is_closed(), peer.wants_room(), peer.admit_filed(0, 8));
            let _ = receiver.take_bell();
            receiver.disarm();
            // A ring that changed between two looks is no fault yet; whatever is one stays one.
            if !goes_on && receiver.has_news().is_err() {
                assert!(next(receiver).is_err());
                return (records, true);
            }
        }
    }
    (records, false)
}

#[test]
fn a_receiver_survives_a_whole_outbox_of_wild_words_while_records_come() {
    let (mut random, end) = (Random(0xD1B5_4A32_D192_ED03), Instant::now() + Duration::from_secs(2));
    let (mut records, mut ended) = (0, 0);
    while Instant::now() < end {
        let Lane { mut sender, mut receiver, outbox, outbox_seen, .. } = lane();
        let spare = PeerRing::new(outbox_seen, RING_BYTES, 8 << random.below(7)).unwrap();
        let (over, seed, pause) = (AtomicBool::new(false), random.next(), 1 << random.below(14));
        thread::scope(|scope| {
            scope.spawn(|| send_on(&mut sender, &over));
            scope.spawn(|| scribble(&outbox, &over, seed, pause));
            let (_round, until) = (Round(&over), end.min(Instant::now() + Duration::from_millis(20)));
            let (came, has_ended) = receive_on(&mut receiver, &spare, until);
            records += came;
            ended += usize::from(has_ended);
        });
    }
    assert!(records > 0 && ended > 0, "{records} records, {ended} lanes ended: nothing was tried");
}

#[test]
fn a_sender_survives_a_whole_outbox_of_wild_words_of_its_reader() {
    let (mut random, end) = (Random(0x2545_F491_4F6C_DD1D), Instant::now() + Duration::from_secs(1));
    let mut ended = 0;
    while Instant::now() < end {
        let Lane { mut sender, mut receiver, inbox, .. } = lane();
        let (over, seed, pause) = (AtomicBool::new(false), random.next(), 1 << random.below(14));
        thread::scope(|scope| {
            let sending = scope.spawn(|| send_on(&mut sender, &over));
            scope.spawn(|| scribble(&inbox, &over, seed, pause));
            let (round, until) = (Round(&over), end.min(Instant::now() + Duration::from_millis(10)));
            while Instant::now() < until && !sending.is_finished() {
                while matches!(receiver.receive(), Ok(Event::Record(_))) {}
            }
            drop(round);
            ended += usize::from(!sending.join().unwrap());
        });
        let told = sender.stage(TAG, PORT, b"x").is_err();
        assert!(told || sender.has_left(0).is_ok());
    }
    assert!(ended > 0, "no count was ever wrong: nothing was tried");
}
