// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every word of an outbox, with values that no honest peer writes: the counts by which a sender is told how far its
//! reader is, the sleeps it is to ring for, the blocks it gets back.

use cabotage_link::{Deadline, Link, LinkError, Parcel, ReceiveError, SendError};

use super::{assert_ended, met, patience};
use crate::support::hostile::{
    ARMED, CLOSED, CONSUMED, CONTROL_END, FILED, OUTBOX_BYTES, RETURNED, RING, RawPeer, WANTS_BLOCK,
    WANTS_ROOM,
};
use crate::support::{Random, alone, leaves_nothing, soon};

/// Values at the bounds of everything that a word may be.
pub(crate) fn boundary_values(random: &mut Random) -> Vec<u64> {
    let mut values = vec![0, 1, 2, 7, 8, 9, 63, 64, 511, 512, 513, 4095, 4096, 8191, 8192, 8193];
    values.extend([1 << 31, (1 << 31) - 1, u32::MAX.into(), 1 << 32, 1 << 62, 1 << 63, (1 << 63) - 1]);
    values.extend([u64::MAX, u64::MAX - 1, u64::MAX - 7, u64::MAX - 511]);
    values.extend((0..4).map(|_| random.next()));
    values
}

/// Uses everything that a link can do, for as long as it lasts; answers how it ended, if it has.
pub(crate) fn use_up(victim: &mut Link, rounds: usize) -> Option<LinkError> {
    for round in 0..rounds {
        let ended = match round % 5 {
            0 => sent_end(victim.send(&vec![1; round * 97 % 1200], Deadline::Now)),
            1 => {
                let parcel = Parcel::new(b"file").descriptor(std::fs::File::open("/dev/null").unwrap());
                sent_end(victim.send_parcel(parcel, Deadline::Now).map_err(|unsent| unsent.error))
            }
            2 => match victim.block(100_000, Deadline::Now) {
                Ok(block) => {
                    let parcel = Parcel::new(b"block").block(block);
                    sent_end(victim.send_parcel(parcel, Deadline::Now).map_err(|unsent| unsent.error))
                }
                Err(error) => sent_end(Err(error)),
            },
            3 => match victim.try_receive() {
                Ok(message) => {
                    message.map(cabotage_link::Message::into_letter);
                    None
                }
                Err(error) => Some(error),
            },
            _ => victim.trim().err(),
        };
        if let Some(error) = ended {
            assert_ended(victim, &error);
            return Some(error);
        }
    }
    None
}

fn sent_end(sent: Result<(), SendError>) -> Option<LinkError> {
    match sent {
        Err(SendError::Link(error)) => Some(error),
        Ok(()) | Err(SendError::Full) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Each word of the first page, each bad value: the victim may go on or find the lie, and nothing else.
#[test]
fn every_control_word_may_hold_anything() {
    let _alone = alone();
    let mut random = Random::of_today();
    for at in (0..CONTROL_END).step_by(8) {
        // All returned words are alike: some of them do.
        if at > RETURNED + 16 && random.below(8) != 0 {
            continue;
        }
        for value in boundary_values(&mut random) {
            leaves_nothing("a bad word", || {
                let (mut raw, mut victim) = met();
                raw.set(at, value);
                let ended = use_up(&mut victim, 25);
                raw.hear_all();
                let ended = ended.or_else(|| use_up(&mut victim, 25));
                assert!(matches!(ended, None | Some(LinkError::Fault(_))), "{value:#x} at {at}: {ended:?}");
            });
        }
    }
}

#[track_caller]
fn sender_finds(at: usize, values: &[u64], words: &str, prepare: impl Fn(&mut RawPeer, &mut Link)) {
    for value in values {
        leaves_nothing("a lie to a sender", || {
            let (mut raw, mut victim) = met();
            prepare(&mut raw, &mut victim);
            raw.set(at, *value);
            let ended = (0..10).find_map(|_| use_up(&mut victim, 5)).expect("the lie was not found");
            assert!(ended.to_string().contains(words), "{ended} does not say: {words}");
        });
    }
}

#[test]
fn counts_that_run_ahead_or_backwards_are_found() {
    let _alone = alone();
    let fill = |_: &mut RawPeer, victim: &mut Link| while victim.send(&[0; 500], patience()).is_ok() {};
    sender_finds(CONSUMED, &[1 << 20, u64::MAX, 1 << 63], "says it consumed", fill);
    let give = |_: &mut RawPeer, victim: &mut Link| {
        let block = victim.block(70_000, soon()).unwrap();
        victim.send_parcel(Parcel::new(b"").block(block), soon()).unwrap();
    };
    sender_finds(RETURNED, &[2, 77, u64::MAX], "gave block", give);
    let file = |_: &mut RawPeer, victim: &mut Link| {
        let file = std::fs::File::open("/dev/null").unwrap();
        victim.send_parcel(Parcel::new(b"").descriptor(file), soon()).unwrap();
    };
    sender_finds(FILED, &[100, u64::MAX], "messages with descriptors", file);
    // Back, after it was believed.
    let consume = |raw: &mut RawPeer, victim: &mut Link| {
        victim.send(&[0; 500], soon()).unwrap();
        raw.set(CONSUMED, 64);
        while victim.send(&[0; 500], patience()).is_ok() {}
    };
    sender_finds(CONSUMED, &[0, 1, 63], "says it consumed", consume);
}

#[test]
fn words_that_only_ring_cost_bells_and_nothing_else() {
    let _alone = alone();
    for at in [ARMED, WANTS_ROOM, WANTS_BLOCK, CLOSED] {
        leaves_nothing("sleeps that never end", || {
            let (mut raw, mut victim) = met();
            for round in 0..200_u64 {
                raw.set(at, if round % 2 == 0 { u64::MAX } else { round });
                raw.set(CONSUMED, 0);
                let _ = victim.send(b"x", Deadline::Now);
                if round < 100 {
                    raw.send(crate::support::hostile::PLAIN, b"y");
                    assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"y");
                }
            }
        });
    }
}

/// Every word of the ring, each bad value, both where the victim looks next and elsewhere.
#[test]
fn every_word_of_the_ring_may_hold_anything() {
    let _alone = alone();
    let mut random = Random::of_today();
    let mut tags = Vec::new();
    for tag in [0_u64, 1, 2, 3, 4, 15, 16, 17, 18, 19, 255] {
        for bytes in [0, 4, 8, 16, 24, 40, 1520, 1521, 4064, 4072, 4080, 4088, 1 << 31] {
            tags.push(tag << 32 | bytes);
        }
    }
    tags.extend(boundary_values(&mut random));
    for value in tags {
        leaves_nothing("a bad header", || {
            let (raw, mut victim) = met();
            // One header where the victim looks next, or the ring full of them.
            let words = if random.below(2) == 0 { 4..5 } else { 3..512 };
            for word in words {
                raw.set(RING + word * 8, value);
            }
            raw.set(RawPeer::word_at(3), value);
            raw.say(&[0]);
            let ended = use_up(&mut victim, 600);
            assert!(matches!(ended, None | Some(LinkError::Fault(_))), "{value:#x}: {ended:?}");
        });
    }
    assert_eq!(OUTBOX_BYTES, 8192);
}

#[test]
fn a_lie_that_one_half_finds_wakes_the_other_half_and_hangs_up() {
    let _alone = alone();
    leaves_nothing("a lie found by a sender", || {
        let (raw, victim) = met();
        let (sender, receiver) = victim.split();
        std::thread::scope(|scope| {
            let sleeping = scope.spawn(move || receiver.receive(soon()).map(drop));
            while raw.theirs.as_ref().unwrap().load_u64(ARMED).unwrap() == 0 {
                std::thread::yield_now();
            }
            raw.set(CONSUMED, u64::MAX);
            let error = (0..10_000).find_map(|_| sender.send(&[0; 100], patience()).err()).unwrap();
            let SendError::Link(error) = error else { panic!("{error}") };
            assert!(matches!(error, LinkError::Fault(_)), "{error}");
            assert_eq!(sleeping.join().unwrap().unwrap_err(), ReceiveError::Link(error));
            assert!(raw.socket.has_hung_up().unwrap());
        });
    });
}
