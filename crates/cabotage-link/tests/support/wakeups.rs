// SPDX-License-Identifier: MIT OR Apache-2.0
//! Request and acknowledge between two ends that both sleep nearly every time: a wake-up that is lost shows as a
//! deadline. Shared by the test and by the example, which runs longer.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use cabotage_link::{Deadline, Link, Options, Ready, ReceiveError, Wait};
use cabotage_os::poll::{self, Readiness};

use crate::support::Random;

/// Far longer than any round; whoever waits so long was not woken.
const LOST_AFTER: Duration = Duration::from_secs(20);

/// How the two ends wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// In the library.
    Block,
    /// In the library, after looking for a while.
    Adaptive,
    /// By `ready()` and poll.
    Poll,
    /// As the first, with messages of which few fit, sent in bursts, so that senders sleep for room.
    Room,
}

/// All ways, each with and without membarrier.
pub(crate) const WAYS: [(Way, bool); 8] = [
    (Way::Block, true),
    (Way::Block, false),
    (Way::Adaptive, true),
    (Way::Adaptive, false),
    (Way::Poll, true),
    (Way::Poll, false),
    (Way::Room, true),
    (Way::Room, false),
];

const BURST: u64 = 8;
const LONG_BYTES: usize = 20_000;

pub(crate) fn options(way: Way, membarrier: bool) -> Options {
    let wait = if way == Way::Adaptive { Wait::Adaptive } else { Wait::Block };
    let options = Options::new().wait(wait);
    if membarrier { options } else { options.without_membarrier() }
}

fn patience() -> Deadline {
    Deadline::within(LOST_AFTER)
}

/// The side that asks: `rounds` requests, each of which is acknowledged.
pub(crate) fn ask(link: &mut Link, way: Way, rounds: u64, random: &mut Random) {
    let mut long = vec![0; LONG_BYTES];
    for round in 0..rounds {
        if way == Way::Room {
            long[..8].copy_from_slice(&round.to_le_bytes());
            link.send(&long, patience()).expect("a wake-up for room was lost");
            if round % BURST != BURST - 1 {
                continue;
            }
        } else {
            link.send(&round.to_le_bytes(), patience()).expect("there is always room");
        }
        assert_eq!(next(link, way), round, "round {round} of {way:?}");
        dawdle(random);
    }
}

/// The side that acknowledges, until the other closes.
pub(crate) fn acknowledge(link: &mut Link, way: Way, random: &mut Random) {
    let mut expected = 0;
    while let Some(round) = next_or_end(link, way) {
        assert_eq!(round, expected, "{way:?}");
        expected += 1;
        dawdle(random);
        if way != Way::Room || round % BURST == BURST - 1 {
            link.send(&round.to_le_bytes(), patience()).expect("there is always room");
        }
    }
}

/// Some time, so that the moments at which one publishes and the other goes to sleep meet in every way.
fn dawdle(random: &mut Random) {
    let magnitude = random.below(10);
    for _ in 0..random.below(1 << magnitude) {
        std::hint::spin_loop();
    }
}

fn next(link: &mut Link, way: Way) -> u64 {
    next_or_end(link, way).expect("the peer has gone")
}

fn next_or_end(link: &mut Link, way: Way) -> Option<u64> {
    if way == Way::Poll {
        let begin = Instant::now();
        while link.ready().unwrap() == Ready::Armed {
            poll::wait([(link.as_fd(), Readiness::IN)], patience()).unwrap();
            assert!(begin.elapsed() < LOST_AFTER, "a wake-up was lost");
        }
    }
    match link.receive(patience()) {
        Ok(message) => {
            let mut round = [0; 8];
            message.copy_to(&mut round);
            Some(u64::from_le_bytes(round))
        }
        Err(ReceiveError::Nothing) => panic!("a wake-up was lost ({way:?})"),
        Err(_) => None,
    }
}
