// SPDX-License-Identifier: MIT OR Apache-2.0
//! Too much of everything, without end; and bells that never ring.

use std::cell::{Cell, RefCell};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cabotage_link::{Deadline, Event, Link, LinkSet, ReceiveError, Wait};
use cabotage_os::map::MapMut;
use cabotage_os::memfd::Memfd;
use cabotage_os::seam;

use super::{assert_fault, met, met_with, options, patience};
use crate::support::hostile::{CONTINUE, PLAIN, RETIRE, RawPeer, frames, header, sealed};
use crate::support::{alone, leaves_nothing, met_pair, soon};

/// What a victim does while a thread of its peer sends all the time: no call may take for ever.
fn flooded(flood: impl Fn(&RawPeer) -> bool + Sync, mut act: impl FnMut(&mut Link)) {
    let (raw, mut victim) = met();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (flood, done, raw) = (&flood, &done, &raw);
        for _ in 0..2 {
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    flood(raw);
                }
            });
        }
        act(&mut victim);
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn bells_that_never_stop_keep_nobody_beyond_a_deadline() {
    let _alone = alone();
    leaves_nothing("a flood of bells", || {
        flooded(
            |raw| raw.say(frames::BELL),
            |victim| {
                let begin = Instant::now();
                while begin.elapsed() < Duration::from_millis(500) {
                    assert_eq!(victim.receive(patience()).unwrap_err(), ReceiveError::Nothing);
                    assert!(victim.try_receive().unwrap().is_none());
                    victim.ready().unwrap();
                    let _ = victim.send(&[0; 1000], patience());
                    let _ = victim.block(100, patience());
                }
            },
        );
    });
}

#[test]
fn floods_of_words_that_may_come_once_end_the_link() {
    let _alone = alone();
    leaves_nothing("a flood of HELLOs", || {
        flooded(|raw| raw.say(&frames::hello()), |victim| assert_fault(victim, "said HELLO twice"));
    });
    leaves_nothing("a flood of descriptors", || {
        let file = std::fs::File::open("/dev/null").unwrap();
        flooded(
            |raw| raw.say_with(&frames::descriptors(1, 64), &[file.as_fd(); 64]),
            |victim| assert_fault(victim, "descriptors"),
        );
    });
}

#[test]
fn rings_and_retirements_without_end_keep_nobody_beyond_a_deadline() {
    let _alone = alone();
    leaves_nothing("a lane that leads on and on", || {
        // One ring under ever new numbers, whose first word leads to the next number, which is just being announced.
        let (mut raw, mut victim) = met();
        let (map, memory) = sealed(4096);
        raw.write(CONTINUE, &1_u32.to_le_bytes());
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (done, raw) = (&done, &raw);
            scope.spawn(move || {
                let mut number = 1_u32;
                while !done.load(Ordering::Relaxed) {
                    map.copy_from(8, &(number.wrapping_add(1)).to_le_bytes()).unwrap();
                    map.store_u64(0, header(CONTINUE, 4)).unwrap();
                    if raw.say_with(&frames::segment(number, frames::RING, 4096), &[memory.as_fd()]) {
                        number += 1;
                    }
                }
            });
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_millis(300) {
                if victim.receive(patience()).is_err_and(|error| error != ReceiveError::Nothing) {
                    break;
                }
            }
            done.store(true, Ordering::Relaxed);
        });
    });
    leaves_nothing("retirements", || {
        let (mut raw, mut victim) = met();
        for number in 1..=60_u32 {
            drop(raw.segment(number, frames::BLOCK, 4096));
            raw.write(RETIRE, &number.to_le_bytes());
        }
        raw.send(PLAIN, b"after them");
        assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"after them");
    });
}

/// Without a bell a sleeper sleeps until its deadline; whoever looks finds what is there.
#[test]
fn a_bell_that_never_rings_loses_nothing() {
    let _alone = alone();
    leaves_nothing("a silent peer", || {
        for wait in [Wait::Block, Wait::Adaptive, Wait::Spin] {
            let (mut raw, mut victim) = met_with(options().wait(wait));
            assert_eq!(victim.receive(patience()).unwrap_err(), ReceiveError::Nothing);
            raw.write(PLAIN, b"no bell");
            assert_eq!(victim.receive(Deadline::Now).unwrap().to_vec(), b"no bell");
            raw.write(PLAIN, b"no bell");
            assert_eq!(victim.try_receive().unwrap().unwrap().to_vec(), b"no bell");
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(Duration::from_millis(5));
                    raw.write(PLAIN, b"while it sleeps");
                });
                let received = victim.receive(Deadline::within(Duration::from_millis(300)));
                match received {
                    Ok(message) => assert_eq!(message.to_vec(), b"while it sleeps"),
                    Err(error) => panic!("{error}, though it looks once more at the deadline ({wait:?})"),
                }
            });
        }
    });
}

/// Before each look of the victim at its socket the peer does something: nobody is faster than that.
struct Always {
    raw: RawPeer,
    act: fn(&RawPeer, u32) -> bool,
    looks: Cell<u32>,
    /// Where it stops by itself, so that a victim without end is found.
    looks_max: u32,
}

impl Always {
    fn begin(this: Rc<Self>) {
        // The plan holds until it strikes, and then makes the next one.
        std::mem::forget(seam::before("recvmsg", move || {
            let look = this.looks.get() + 1;
            this.looks.set(look);
            if look < this.looks_max && (this.act)(&this.raw, look) {
                Self::begin(this);
            }
        }));
    }

    /// Nothing of it is left in this thread afterwards.
    fn end() {
        drop(seam::before("recvmsg", || {}));
    }
}

#[test]
fn a_socket_that_is_never_empty_keeps_nobody_beyond_a_deadline() {
    let _alone = alone();
    let (raw, mut victim) = met();
    let act = |raw: &RawPeer, _| raw.say(frames::BELL);
    let flood = Rc::new(Always { raw, act, looks: Cell::new(0), looks_max: 1_000_000 });
    Always::begin(flood.clone());
    assert!(victim.try_receive().unwrap().is_none());
    victim.ready().unwrap();
    assert_eq!(victim.receive(Deadline::Now).unwrap_err(), ReceiveError::Nothing);
    Always::end();
    let (looks, looks_max) = (flood.looks.get(), flood.looks_max);
    assert!(looks > 0 && looks < looks_max, "{looks} looks at the socket");
}

#[test]
fn a_lane_that_always_leads_on_keeps_nobody_beyond_a_deadline() {
    thread_local! {
        static RING: RefCell<Option<(Arc<MapMut>, Memfd)>> = const { RefCell::new(None) };
    }
    let _alone = alone();
    let (mut raw, mut victim) = met();
    let (map, memory) = sealed(4096);
    map.store_u64(0, header(CONTINUE, 4)).unwrap();
    RING.set(Some((map, memory)));
    raw.write(CONTINUE, &1_u32.to_le_bytes());
    // The victim looks twice for each segment: it finds it, then nothing.
    let act = |raw: &RawPeer, look: u32| {
        RING.with_borrow(|ring| {
            let (map, memory) = ring.as_ref().unwrap();
            let number = look.div_ceil(2);
            map.copy_from(8, &(number + 1).to_le_bytes()).unwrap();
            let announcement = frames::segment(number, frames::RING, 4096);
            look.is_multiple_of(2) || raw.say_with(&announcement, &[memory.as_fd()])
        })
    };
    let chain = Rc::new(Always { raw, act, looks: Cell::new(0), looks_max: 20_000 });
    Always::begin(chain.clone());
    assert!(victim.try_receive().unwrap().is_none());
    assert_eq!(victim.receive(Deadline::Now).unwrap_err(), ReceiveError::Nothing);
    Always::end();
    RING.set(None);
    let (looks, looks_max) = (chain.looks.get(), chain.looks_max);
    assert!(looks > 200 && looks < looks_max, "{looks} looks at the socket");
}

#[test]
fn one_who_rings_without_end_leaves_the_others_of_a_set_their_turns() {
    for wait in [Wait::Block, Wait::default()] {
        rings_beside_others(wait);
    }
}

fn rings_beside_others(wait: Wait) {
    thread_local! {
        static HONEST: RefCell<Option<Link>> = const { RefCell::new(None) };
    }
    let _alone = alone();
    let (raw, victim) = met();
    let (honest, other) = met_pair(options());
    HONEST.set(Some(honest));
    let mut set = LinkSet::new().unwrap();
    set.set_wait(wait);
    let rung = set.insert(victim).unwrap();
    let heard = set.insert(other).unwrap();
    assert!(set.try_receive().unwrap().is_none());
    raw.say(frames::BELL);
    // The other speaks when the set has begun to read bells.
    let act = |raw: &RawPeer, look: u32| {
        if look == 5 {
            let speak = |honest: &mut Option<Link>| honest.as_mut().unwrap().send(b"me too", soon());
            HONEST.with_borrow_mut(speak).unwrap();
        }
        raw.say(frames::BELL)
    };
    let flood = Rc::new(Always { raw, act, looks: Cell::new(0), looks_max: 100_000 });
    Always::begin(flood.clone());
    match set.receive(soon()).unwrap() {
        Event::Message(key, message) => {
            assert!(key == heard && key != rung);
            drop(message);
        }
        other => panic!("{other:?}"),
    }
    Always::end();
    HONEST.set(None);
    assert!(flood.looks.get() < 100, "{} looks at the socket of one who rings", flood.looks.get());
}

#[test]
fn a_message_behind_many_bells_is_heard_although_nothing_rings_any_more() {
    let _alone = alone();
    let (raw, victim) = RawPeer::with_victim(options());
    let mut set = LinkSet::new().unwrap();
    let key = set.insert(victim).unwrap();
    assert!(set.try_receive().unwrap().is_none());
    assert!(raw.say(&frames::hello()));
    (0..100).for_each(|_| assert!(raw.say(frames::BELL)));
    assert!(raw.say(b"\x08behind them"));
    match set.receive(soon()).unwrap() {
        Event::Message(from, message) => assert_eq!((from, message.to_vec()), (key, b"behind them".to_vec())),
        other => panic!("{other:?}"),
    }
}
