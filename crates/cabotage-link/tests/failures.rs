// SPDX-License-Identifier: MIT OR Apache-2.0
//! Our own mistakes and the system's refusals: typed errors, with everything back, and the link still good where
//! nothing was lost.
#![forbid(unsafe_code)]

mod support;

use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cabotage_link::{
    BLOCKS_MAX, DESCRIPTORS_MAX, Deadline, Link, LinkError, Listener, Options, Parcel, ReceiveError,
    SendError, Wait,
};
use cabotage_os::seam::{self, Errno};
use cabotage_os::{Fault, limits};

use support::{alone, command, leaves_nothing, met_pair, pair, pair_with, role, shortly, soon};

fn null() -> File {
    File::open("/dev/null").unwrap()
}

#[test]
fn messages_of_no_bytes_and_of_the_most_go_and_longer_ones_do_not() {
    let _alone = alone();
    const MOST: usize = 3 << 20;
    let (mut near, mut far) = pair_with(Options::new().message_bytes_max(3 << 20));
    let too_long = SendError::TooLong { bytes: MOST + 1, bytes_max: MOST };
    assert_eq!(near.send(&vec![0; MOST + 1], soon()).unwrap_err(), too_long);
    let sending = std::thread::spawn(move || {
        for bytes in [0, MOST, 0, MOST] {
            near.send(&vec![7; bytes], soon()).unwrap();
        }
        assert_eq!(near.send(&vec![0; MOST + 1], soon()).unwrap_err(), too_long);
        assert_eq!(near.block(MOST + 1, soon()).unwrap_err(), too_long);
        assert_eq!(too_long.fault(), Fault::Caller);
        near
    });
    for bytes in [0, MOST, 0, MOST] {
        assert_eq!(far.receive(soon()).unwrap().to_vec(), vec![7; bytes]);
    }
    let mut near = sending.join().unwrap();
    near.send(b"", soon()).unwrap();
    assert_eq!(far.receive(soon()).unwrap().bytes(), 0);
}

#[test]
fn the_lower_of_both_limits_holds() {
    let _alone = alone();
    for (ours, theirs) in [(100, 5000), (5000, 100)] {
        let (near, end) = Link::pair(Options::new().message_bytes_max(ours)).unwrap();
        let (mut near, mut far) = (near, end.link(Options::new().message_bytes_max(theirs)).unwrap());
        for _ in 0..20 {
            far.send(b"met", soon()).unwrap();
            near.receive(soon()).unwrap();
            near.send(b"met", soon()).unwrap();
            assert_eq!(far.receive(soon()).unwrap().bytes(), 3);
        }
        for end in [&mut near, &mut far] {
            assert_eq!(
                end.send(&[0; 101], soon()).unwrap_err(),
                SendError::TooLong { bytes: 101, bytes_max: 100 }
            );
            let parcel = Parcel::new(&[0; 101]).descriptor(null());
            let unsent = end.send_parcel(parcel, soon()).unwrap_err();
            assert_eq!(unsent.error, SendError::TooLong { bytes: 101, bytes_max: 100 });
        }
    }
}

#[test]
fn a_parcel_with_too_much_or_with_a_strange_block_comes_back_whole() {
    let _alone = alone();
    leaves_nothing("parcels that do not go", || {
        let (mut near, mut far) = met_pair(Options::new());
        let (mut other, _peer) = met_pair(Options::new());
        let many = |count| (0..count).fold(Parcel::new(b"x"), |parcel, _| parcel.descriptor(null()));
        let unsent = near.send_parcel(many(DESCRIPTORS_MAX + 1), soon()).unwrap_err();
        assert!(matches!(unsent.error, SendError::TooManyDescriptors { given: 65, max: 64 }));
        assert_eq!(unsent.parcel.descriptors.len(), DESCRIPTORS_MAX + 1);

        let blocks = (0..=BLOCKS_MAX).map(|_| near.block(9, soon()).unwrap()).collect();
        let unsent = near.send_parcel(Parcel { blocks, ..Parcel::new(b"x") }, soon()).unwrap_err();
        assert!(matches!(unsent.error, SendError::TooManyBlocks { given: 17, max: 16 }));
        drop(unsent);

        let strange = other.block(9, soon()).unwrap();
        let unsent =
            near.send_parcel(Parcel::new(b"x").block(strange).descriptor(null()), soon()).unwrap_err();
        assert_eq!(unsent.error, SendError::StrangeBlock);
        assert_eq!((unsent.parcel.blocks.len(), unsent.parcel.descriptors.len()), (1, 1));
        other.send_parcel(Parcel { descriptors: Vec::new(), ..unsent.parcel }, soon()).unwrap();

        let long = vec![0; 100_000];
        let unsent = near.send_parcel(Parcel::new(&long).descriptor(null()), soon()).unwrap_err();
        assert!(matches!(unsent.error, SendError::TooLong { .. }), "{}", unsent.error);

        // The most of everything goes.
        let mut parcel = many(DESCRIPTORS_MAX);
        parcel.blocks = (0..BLOCKS_MAX).map(|_| near.block(9, soon()).unwrap()).collect();
        near.send_parcel(parcel, soon()).unwrap();
        // And then there is no room for one descriptor more before these are taken.
        let unsent = near.send_parcel(many(1), shortly()).unwrap_err();
        assert_eq!(unsent.error, SendError::Full);
        let letter = far.receive(soon()).unwrap().into_letter();
        assert_eq!((letter.blocks.len(), letter.descriptors.len()), (BLOCKS_MAX, DESCRIPTORS_MAX));
        near.send_parcel(unsent.parcel, soon()).unwrap();
        assert_eq!(far.receive(soon()).unwrap().take_descriptors().len(), 1);
    });
}

#[test]
fn blocks_run_out_and_come_back() {
    let _alone = alone();
    let (mut near, mut far) = met_pair(Options::new());
    let mut held: Vec<_> = (0..64).map(|_| near.block(100, soon()).unwrap()).collect();
    assert_eq!(near.block(100, shortly()).unwrap_err(), SendError::Full);
    near.send_parcel(Parcel::new(b"").block(held.pop().unwrap()), soon()).unwrap();
    let block = far.receive(soon()).unwrap().take_block().unwrap();
    assert_eq!(near.block(100, shortly()).unwrap_err(), SendError::Full);
    let giving = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        drop(block);
    });
    held.push(near.block(100, soon()).unwrap());
    giving.join().unwrap();
    held.pop();
    near.block(100, soon()).unwrap();
}

/// Everything that a link does, once: a name, a connection, messages of all kinds in both directions, an end.
fn whole_life(directory: &std::path::Path) -> Result<(), String> {
    use cabotage_link::names::{ConnectOptions, PublishOptions, Registry};
    fn told<T, E: std::fmt::Display>(answer: Result<T, E>) -> Result<T, String> {
        answer.map_err(|error| error.to_string())
    }
    let registry = Registry::at(directory.join("user"), directory.join("system"));
    let name = "life".parse().unwrap();
    let options = || Options::new().wait(Wait::Block);
    let short = || Deadline::within(Duration::from_millis(50));
    let listener = told(Listener::publish_in(&registry, &name, PublishOptions::new(), options(), short()))?;
    let mut near = told(Link::connect_in(&registry, &name, ConnectOptions::new(), options(), short()))?;
    told(near.send(b"first", short()))?;
    let mut far = told(listener.accept(short()))?;
    expect(&mut far, b"first")?;
    told(far.send(b"one", short()))?;
    told(far.send(b"two", short()))?;
    expect(&mut near, b"one")?;
    expect(&mut near, b"two")?;
    told(near.send(b"three", short()))?;
    expect(&mut far, b"three")?;
    for _ in 0..17 {
        // Over the socket first, then by memory.
        told(near.send(b"more", short()))?;
        expect(&mut far, b"more")?;
        told(far.send(b"more", short()))?;
        expect(&mut near, b"more")?;
    }
    told(far.ready())?;
    let mut block = told(near.block(70_000, short()))?;
    told(block.write_at(0, b"block"))?;
    let parcel = Parcel::new(b"four").block(block).descriptor(null());
    told(near.send_parcel(parcel, short()))?;
    let letter = told(far.receive(short()))?.into_letter();
    if letter.bytes != b"four" || letter.blocks.len() != 1 || letter.descriptors.len() != 1 {
        return Err("half a parcel".into());
    }
    drop(letter);
    told(near.send(&[5; 20_000], short()))?;
    expect(&mut far, &[5; 20_000])?;
    told(near.send(&[6; 100_000], short()))?;
    expect(&mut far, &[6; 100_000])?;
    told(near.trim())?;
    near.close();
    match far.receive(short()) {
        Err(ReceiveError::Link(LinkError::Closed)) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

fn expect(link: &mut Link, bytes: &[u8]) -> Result<(), String> {
    let message =
        link.receive(Deadline::within(Duration::from_millis(50))).map_err(|error| error.to_string())?;
    assert_eq!(message.to_vec(), bytes);
    Ok(())
}

/// Each system call of a whole life fails once, by each of these errors: what follows is an error or nothing at all.
#[test]
fn every_system_call_may_fail() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    whole_life(directory.path()).unwrap();
    let (mut errors, mut unharmed) = (0, 0);
    for errno in [Errno::MFILE, Errno::NOMEM, Errno::NOBUFS, Errno::INTR, Errno::PERM, Errno::NOSPC] {
        for nth in 0.. {
            let begin = Instant::now();
            let (answer, has_struck) = leaves_nothing("a failed call", || {
                let plan = seam::fail_nth(nth, errno);
                let answer = whole_life(directory.path());
                (answer, plan.has_struck())
            });
            assert!(begin.elapsed() < Duration::from_secs(20), "call {nth} with {errno} took too long");
            if !has_struck {
                answer.unwrap();
                break;
            }
            match answer {
                Ok(()) => unharmed += 1,
                Err(_) => errors += 1,
            }
        }
    }
    println!("{errors} errors, {unharmed} lives unharmed");
    whole_life(directory.path()).unwrap();
    assert!(errors > 100);
}

/// A call that fails once, in the middle of a conversation, loses nothing that was said to be sent.
#[test]
fn a_shortage_that_passes_loses_no_message() {
    let _alone = alone();
    for errno in [Errno::NOMEM, Errno::NOBUFS] {
        for nth in 0..60 {
            let (mut near, mut far) = pair_with(Options::new().wait(Wait::Block));
            let plan = seam::fail_nth(nth, errno);
            let mut sent = Vec::new();
            let mut received = Vec::new();
            for number in 0..12_u8 {
                if near.send(&[number; 64], shortly()).is_ok() {
                    sent.push(number);
                }
                let _ = far.try_send(b"x");
                let _ = near.try_receive();
                if number % 3 == 0 {
                    received.extend(far.try_receive().ok().flatten().map(|message| message.to_vec()[0]));
                }
            }
            let has_struck = plan.has_struck();
            drop(plan);
            loop {
                match far.receive(Deadline::Now) {
                    Ok(message) => received.push(message.to_vec()[0]),
                    Err(ReceiveError::Nothing) => break,
                    // What was lost was lost with the link, and that is told.
                    Err(ReceiveError::Link(LinkError::System(_))) => return,
                    Err(error) => panic!("call {nth} with {errno}: {error}"),
                }
                let _ = near.try_receive();
            }
            assert_eq!(received, sent, "call {nth} with {errno}");
            if !has_struck {
                break;
            }
        }
    }
}

/// A process whose table of descriptors is full.
#[test]
fn without_a_free_descriptor_nothing_leaks_and_the_error_says_why() {
    const TEST: &str = "without_a_free_descriptor_nothing_leaks_and_the_error_says_why";
    if role().is_none() {
        let run = command(TEST, "starved");
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""]).arg(run.get_program()).args(run.get_args());
        for (name, value) in run.get_envs() {
            shell.env(name, value.unwrap());
        }
        shell.stdin(Stdio::null()).stdout(Stdio::null());
        support::Watched(shell.spawn().unwrap()).must_succeed();
        return;
    }
    let (mut near, mut far) = met_pair(Options::new());
    for _ in 0..3 {
        near.send_parcel(Parcel::new(b"x").descriptor(null()), soon()).unwrap();
    }
    let mut block = near.block(100_000, soon()).unwrap();
    block.write_at(0, b"x").unwrap();
    near.send_parcel(Parcel::new(b"y").block(block), soon()).unwrap();
    let fill: Vec<OwnedFd> = std::iter::from_fn(|| File::open("/dev/null").ok().map(OwnedFd::from)).collect();

    // Sending needs none; making a block needs one, and says so.
    near.send(b"z", soon()).unwrap();
    let refused = near.block(5_000_000, soon()).unwrap_err();
    assert_eq!(refused.fault(), Fault::System);
    assert!(Link::pair(Options::new()).is_err());
    let error = loop {
        match far.receive(soon()) {
            Ok(message) => drop(message),
            Err(ReceiveError::Link(error)) => break error,
            Err(error) => panic!("{error}"),
        }
    };
    let LinkError::System(refusal) = &error else { panic!("{error}") };
    assert_eq!(refusal.errno(), Errno::MFILE);
    assert_eq!(far.receive(soon()).unwrap_err(), ReceiveError::Link(error));
    drop(fill);
    let (held, _) = support::holdings();
    drop((near, far));
    let (left, maps) = support::holdings();
    assert!(left < held && maps == 0, "{held} descriptors, then {left}; {maps} maps");
    assert!(limits::descriptors().unwrap().soft == 64);
    drop(pair());
}
