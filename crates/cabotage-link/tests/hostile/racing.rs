// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same words, rewritten by another thread while the victim uses them, as fast as it can.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cabotage_link::LinkError;

use super::memory::{boundary_values, use_up};
use super::met;
use crate::support::hostile::{
    ATTACHED, BLOCK, CONTINUE, CONTROL_END, OUTBOX_BYTES, PLAIN, RETIRE, RING, RawPeer, frames, head, header,
    sent,
};
use crate::support::{Random, alone, leaves_nothing};

/// How long all races of one kind take together.
const TIME: Duration = Duration::from_millis(1500);

/// Lets `write` write as long as a victim uses its link, again and again.
fn race(write: impl Fn(&RawPeer, &mut Random) + Sync) {
    let _alone = alone();
    let mut random = Random::of_today();
    let begin = Instant::now();
    let (mut links, mut ended) = (0, 0);
    while begin.elapsed() < TIME {
        leaves_nothing("a race", || {
            let (mut raw, mut victim) = met();
            let maps = [raw.segment(1, frames::BLOCK, 65536), raw.segment(2, frames::RING, 65536)];
            let done = AtomicBool::new(false);
            let mut seed = Random(random.next());
            let how = std::thread::scope(|scope| {
                let (raw, done, write) = (&raw, &done, &write);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        write(raw, &mut seed);
                        maps[1]
                            .store_u64(usize::try_from(seed.below(8192) * 8).unwrap(), seed.next())
                            .unwrap();
                    }
                });
                let how = use_up(&mut victim, 3_000);
                done.store(true, Ordering::Relaxed);
                how
            });
            raw.hear_all();
            links += 1;
            ended += usize::from(how.is_some());
            assert!(matches!(how, None | Some(LinkError::Fault(_))), "{how:?}");
        });
    }
    println!("{links} links, of which {ended} ended by a fault");
}

#[test]
fn control_words_that_change_all_the_time_do_no_harm() {
    race(|raw, random| {
        let at = usize::try_from(random.below(CONTROL_END as u64 / 8)).unwrap() * 8;
        let values = boundary_values(random);
        raw.set(at, values[usize::try_from(random.below(values.len() as u64)).unwrap()]);
        raw.set(at, random.below(8));
    });
}

#[test]
fn a_ring_that_changes_all_the_time_does_no_harm() {
    race(|raw, random| {
        let at = usize::try_from(random.below(512)).unwrap() * 8;
        raw.set(RING + at, random.next());
        raw.set(RING + at, 0);
    });
}

/// Headers that are right half of the time, over bodies that change under the victim's hands.
#[test]
fn good_records_with_changing_bodies_do_no_harm() {
    race(|raw, random| {
        let tag = [PLAIN, BLOCK, ATTACHED, CONTINUE, RETIRE][usize::try_from(random.below(5)).unwrap()];
        let bytes = [4, 8, 16, 24, 40, 64][usize::try_from(random.below(6)).unwrap()];
        let at = usize::try_from(random.below(500)).unwrap() * 8;
        let loan = random.below(100);
        let body = match random.below(3) {
            0 => sent(1, u32::try_from(random.below(65)).unwrap(), loan, random.below(70_000)),
            1 => [head(random.below(3), 1), sent(1, 1, loan, 8)].concat(),
            _ => u32::try_from(random.below(4)).unwrap().to_le_bytes().to_vec(),
        };
        let room = (OUTBOX_BYTES - RING - at - 8).min(body.len());
        raw.outbox.copy_from(RING + at + 8, &body[..room]).unwrap();
        raw.set(RING + at, header(tag, bytes));
    });
}
