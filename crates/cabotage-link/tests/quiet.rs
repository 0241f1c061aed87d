// SPDX-License-Identifier: MIT OR Apache-2.0
//! After warm-up, while both sides are awake: no allocation, and at most one system call in a thousand messages.
//!
//! Both sides are awake only if each has a processor. On a machine with other work that is not always so: then the
//! measurement is repeated, and says in the end what it saw.
#![forbid(unsafe_code)]

mod support;

use std::sync::Barrier;

use cabotage_link::{Link, Options};
use cabotage_os::heap::{self, CountedHeap};
use cabotage_os::seam;

use support::{alone, met_pair, soon};

#[global_allocator]
static HEAP: CountedHeap = CountedHeap;

const WARM_UP: u32 = 20_000;
const MESSAGES: u32 = 100_000;
const ATTEMPTS: u32 = 30;

/// What one side did since it was warm.
#[derive(Debug, Clone, Copy)]
struct Cost {
    allocations: u64,
    calls: u64,
}

/// Lets both sides act for each message, each on a thread of its own, and counts from the end of the warm-up.
fn measure(mut near: impl FnMut() + Send, mut far: impl FnMut() + Send) -> [Cost; 2] {
    let warm = Barrier::new(2);
    let run = |act: &mut (dyn FnMut() + Send)| {
        (0..WARM_UP).for_each(|_| act());
        warm.wait();
        let (allocations, calls) = (heap::allocations(), seam::calls());
        (0..MESSAGES).for_each(|_| act());
        Cost { allocations: heap::allocations() - allocations, calls: seam::calls() - calls }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(&mut far));
        let cost = run(&mut near);
        [cost, other.join().unwrap()]
    })
}

/// One of some attempts has to be quiet; no attempt may allocate.
fn must_be_quiet(what: &str, mut attempt: impl FnMut() -> [Cost; 2]) {
    let _alone = alone();
    let mut seen = Vec::new();
    for _ in 0..ATTEMPTS {
        let costs = attempt();
        assert!(costs.iter().all(|cost| cost.allocations == 0), "{what}: {costs:?} for {MESSAGES} messages");
        if costs.iter().all(|cost| cost.calls <= u64::from(MESSAGES) / 1000) {
            println!("{what}: {costs:?} for {MESSAGES} messages, at attempt {}", seen.len() + 1);
            return;
        }
        seen.push(costs.map(|cost| cost.calls));
    }
    panic!("{what}: system calls of both sides for {MESSAGES} messages, at each attempt: {seen:?}");
}

fn send(link: &mut Link, message: [u8; 64]) {
    link.send(&message, soon()).unwrap();
}

fn receive(link: &mut Link) {
    let mut message = [0; 64];
    assert_eq!(link.receive(soon()).unwrap().copy_to(&mut message), 64);
}

#[test]
fn a_ping_pong_is_quiet() {
    must_be_quiet("ping-pong", || {
        let (mut near, mut far) = met_pair(Options::new());
        measure(
            move || {
                send(&mut near, [1; 64]);
                receive(&mut near);
            },
            move || {
                receive(&mut far);
                send(&mut far, [2; 64]);
            },
        )
    });
}

#[test]
fn a_stream_is_quiet() {
    must_be_quiet("stream", || {
        let (mut near, mut far) = met_pair(Options::new());
        measure(move || send(&mut near, [1; 64]), move || receive(&mut far))
    });
}
