// SPDX-License-Identifier: MIT OR Apache-2.0
//! After warm-up, while both sides are awake: a request and its reply cost no allocation, and a thousand of them at most
//! one system call.
//!
//! Both sides are awake only if each has a processor. On a machine with other work that is not always so: then the
//! measurement is repeated, and says in the end what it saw.
#![forbid(unsafe_code)]

#[path = "channel/support.rs"]
mod support;

use std::time::{Duration, Instant};

use cabotage_alpc::{Client, ConnectionPort, Incoming};
use cabotage_os::heap::{self, CountedHeap};
use cabotage_os::{processor, seam};

use support::{Harbour, soon};

#[global_allocator]
static HEAP: CountedHeap = CountedHeap;

const WARM_UP: u32 = 20_000;
/// Costs are counted by slices, since on a machine with other work both sides are awake only now and then.
const SLICES: usize = 50;
const SLICE_REQUESTS: u32 = 2_000;
/// A build that is not optimized takes so long for each request that the port also asks the kernel since time passes.
const CALLS_MAX: u64 = SLICE_REQUESTS as u64 / if cfg!(debug_assertions) { 200 } else { 1000 };
const TIME: Duration = Duration::from_secs(20);

/// What one side did in a slice.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    allocations: u64,
    calls: u64,
}

/// What one side does in each slice after the warm-up, on a processor of its own.
fn costs(number: usize, mut act: impl FnMut()) -> [Cost; SLICES] {
    // Left to itself the kernel may put both on one processor, where nobody is awake while the other is.
    processor::pin(number).unwrap();
    (0..WARM_UP).for_each(|_| act());
    std::array::from_fn(|_| {
        let (allocations, calls) = (heap::allocations(), seam::calls());
        (0..SLICE_REQUESTS).for_each(|_| act());
        Cost { allocations: heap::allocations() - allocations, calls: seam::calls() - calls }
    })
}

fn ask<const BYTES: usize>(client: &mut Client) {
    assert_eq!(client.request_within(&[7; BYTES], soon()).unwrap().body(), [8; BYTES]);
}

fn answer<const BYTES: usize>(port: &mut ConnectionPort) {
    match port.receive(soon()).unwrap() {
        Incoming::Request(request) => port.reply(request, &[8; BYTES]).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// What a client and the server do for requests of so many bytes.
fn measure<const BYTES: usize>() -> [[Cost; SLICES]; 2] {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 1);
    let processors = processor::allowed().unwrap();
    std::thread::scope(|scope| {
        let near = scope.spawn(|| costs(processors[0], || ask::<BYTES>(&mut client)));
        let far = scope.spawn(|| costs(processors[1], || answer::<BYTES>(&mut port)));
        [near, far].map(|side| side.join().unwrap())
    })
}

/// In some slice both sides have to be quiet; no slice of any attempt may allocate.
fn must_be_quiet(mut attempt: impl FnMut() -> [[Cost; SLICES]; 2]) {
    if processor::allowed().unwrap().len() < 2 {
        println!("skipped: this needs two processors");
        return;
    }
    let begin = Instant::now();
    let mut quietest = Vec::new();
    while quietest.is_empty() || begin.elapsed() < TIME {
        let [near, far] = attempt();
        let allocations: u64 = near.iter().chain(&far).map(|cost| cost.allocations).sum();
        assert_eq!(allocations, 0, "allocations in {SLICES} slices of {SLICE_REQUESTS} requests");
        let calls = near.iter().zip(&far).map(|(near, far)| near.calls.max(far.calls)).min().unwrap();
        if calls <= CALLS_MAX {
            println!("{SLICE_REQUESTS} requests with {calls} calls, after {quietest:?}");
            return;
        }
        quietest.push(calls);
    }
    panic!(
        "no {SLICE_REQUESTS} requests with at most {CALLS_MAX} system calls; the least were, at each attempt, \
         {quietest:?}: are there two processors for this test?"
    );
}

/// One test, since two at once would have no processors left.
#[test]
fn requests_and_replies_are_quiet() {
    must_be_quiet(measure::<64>);
    must_be_quiet(measure::<256>);
}
