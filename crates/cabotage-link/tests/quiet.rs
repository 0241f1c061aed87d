// SPDX-License-Identifier: MIT OR Apache-2.0
//! After warm-up, while both sides are awake: no allocation, and at most one system call in a thousand messages.
//!
//! Both sides are awake only if each has a processor. On a machine with other work that is not always so: then the
//! measurement is repeated, and says in the end what it saw.
#![forbid(unsafe_code)]

mod support;

use std::time::{Duration, Instant};

use cabotage_link::metered::{Framing, Metered, ReadMode, Shape};
use cabotage_link::{Link, Options};
use cabotage_os::heap::{self, CountedHeap};
use cabotage_os::{processor, seam};

use support::{alone, met_pair, soon};

#[global_allocator]
static HEAP: CountedHeap = CountedHeap;

const WARM_UP: u32 = 20_000;
/// Costs are counted by slices, since on a machine with other work both sides are awake only now and then.
const SLICES: usize = 100;
const SLICE_MESSAGES: u32 = 1_000;
const CALLS_MAX: u64 = SLICE_MESSAGES as u64 / 1000;
const TIME: Duration = Duration::from_secs(10);

/// What one side did in each slice.
type Costs = [Cost; SLICES];

#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    allocations: u64,
    calls: u64,
}

/// Lets both sides act for each message, each on a thread of its own, and counts from the end of the warm-up.
fn measure(mut near: impl FnMut() + Send, mut far: impl FnMut() + Send) -> [Costs; 2] {
    let run = |act: &mut (dyn FnMut() + Send), number: usize| {
        // Left to itself the kernel may put both on one processor, where nobody is awake while the other is.
        processor::pin(number).unwrap();
        (0..WARM_UP).for_each(|_| act());
        std::array::from_fn(|_| {
            let (allocations, calls) = (heap::allocations(), seam::calls());
            (0..SLICE_MESSAGES).for_each(|_| act());
            Cost { allocations: heap::allocations() - allocations, calls: seam::calls() - calls }
        })
    };
    let processors = processor::allowed().unwrap();
    let (one, other) = (processors[0], *processors.get(1).unwrap_or(&processors[0]));
    std::thread::scope(|scope| {
        let sides = [scope.spawn(|| run(&mut near, one)), scope.spawn(|| run(&mut far, other))];
        sides.map(|side| side.join().unwrap())
    })
}

/// In some slice both sides have to be quiet; no slice of any attempt may allocate.
fn must_be_quiet(what: &str, mut attempt: impl FnMut() -> [Costs; 2]) {
    let _alone = alone();
    if processor::allowed().unwrap().len() < 2 {
        println!("skipped: {what} needs two processors");
        return;
    }
    let begin = Instant::now();
    let mut quietest = Vec::new();
    while quietest.is_empty() || begin.elapsed() < TIME {
        let [near, far] = attempt();
        let allocations: u64 = near.iter().chain(&far).map(|cost| cost.allocations).sum();
        assert_eq!(allocations, 0, "{what}: allocations, in {SLICES} slices of {SLICE_MESSAGES} messages");
        let calls = near.iter().zip(&far).map(|(near, far)| near.calls.max(far.calls));
        let (least, quiet) =
            (calls.clone().min().unwrap(), calls.filter(|calls| *calls <= CALLS_MAX).count());
        quietest.push(least);
        if quiet > 0 {
            let attempts = quietest.len();
            println!(
                "{what}: {quiet} of {SLICES} slices with at most {CALLS_MAX} calls, at attempt {attempts}"
            );
            return;
        }
    }
    panic!(
        "{what}: no {SLICE_MESSAGES} messages with at most {CALLS_MAX} system calls; the least were, at each attempt, \
         {quietest:?}: are there two processors for this test?"
    );
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
        // More than the first ring holds: from now on there is the larger one.
        (0..600).for_each(|_| send(&mut near, [0; 64]));
        (0..600).for_each(|_| receive(&mut far));
        measure(move || send(&mut near, [1; 64]), move || receive(&mut far))
    });
}

/// Both ends of a link with quotas, over which something has gone each way.
fn metered_pair(framing: Framing, quota_bytes: u64) -> (Metered, Metered) {
    let shape = Shape { framing, out_quota_bytes: quota_bytes, in_quota_bytes: quota_bytes };
    let (near, far) = support::pair();
    let (mut near, mut far) = (Metered::over(near, shape), Metered::over(far, shape));
    for _ in 0..2 {
        write(&mut near);
        read(&mut far);
        write(&mut far);
        read(&mut near);
    }
    (near, far)
}

fn write(end: &mut Metered) {
    end.write(&[7; 64], soon()).unwrap();
}

fn read(end: &mut Metered) {
    assert_eq!(end.read(&mut [0; 64], ReadMode::Message, soon()).unwrap().bytes, 64);
}

#[test]
fn a_ping_pong_within_quotas_is_quiet() {
    must_be_quiet("ping-pong within quotas", || {
        let (mut near, mut far) = metered_pair(Framing::Messages, 4096);
        measure(
            move || {
                write(&mut near);
                read(&mut near);
            },
            move || {
                read(&mut far);
                write(&mut far);
            },
        )
    });
}

/// Each second write is above the quota and waits.
#[test]
fn a_stream_at_its_quota_is_quiet() {
    must_be_quiet("stream at its quota", || {
        let (mut near, mut far) = metered_pair(Framing::Messages, 100);
        measure(move || write(&mut near), move || read(&mut far))
    });
}
