// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels that nobody takes part in any more are found and removed, whole or in parts; those that somebody makes,
//! takes, holds or may still want to read are not.

mod common;

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use cabotage_os::{Deadline, Errno, seam};
use cabotage_shm::leavings::{Swept, Unread, What};
use cabotage_shm::{ChannelError, ChannelOptions, Consumer, Directory, Producer, ReceiveError};
use common::sweeps::{
    CALLS_MAX, found, killed_at_each_call, must_be_swept, play, removes, role, soon, started, starting,
    sweep, sweep_if_free, with_a_cleaner_in_each_gap, without_starts,
};
use common::{Scratch, has_program, name};

fn options(directory: &Directory) -> ChannelOptions {
    ChannelOptions::new().directory(directory).capacity_bytes(4096)
}

fn create(directory: &Directory) -> Result<Producer, ChannelError> {
    options(directory).create_trusting(&name("frames"))
}

fn open(directory: &Directory) -> Result<Consumer, ChannelError> {
    options(directory).open_trusting(&name("frames"))
}

fn left_alone(has_unread: bool) -> What {
    What::Channel { name: name("frames"), has_unread }
}

fn nothing(_: &Scratch) {}

fn full(scratch: &Scratch) {
    create(&scratch.directory).unwrap().send(b"x", Deadline::Now).unwrap();
}

#[test]
fn whoever_is_killed_at_any_call_leaves_what_one_sweep_removes() {
    killed_at_each_call("as_a_producer", nothing, must_be_swept);
    killed_at_each_call("as_a_producer", full, must_be_swept);
    killed_at_each_call("as_a_consumer", full, must_be_swept);
    killed_at_each_call("as_a_remover", full, must_be_swept);
    killed_at_each_call("as_a_cleaner", full, must_be_swept);
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_producer() {
    let Some((directory, nth)) = role() else { return };
    let _death = seam::kill_nth(nth);
    let mut producer = create(&directory).unwrap();
    producer.send(b"x", Deadline::Now).unwrap();
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_consumer() {
    let Some((directory, nth)) = role() else { return };
    let _death = seam::kill_nth(nth);
    let mut consumer = open(&directory).unwrap();
    assert_eq!(consumer.receive(Deadline::Now).unwrap().to_vec(), b"x");
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_remover() {
    let Some((directory, nth)) = role() else { return };
    let _death = seam::kill_nth(nth);
    open(&directory).unwrap().remove().unwrap();
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_cleaner() {
    let Some((directory, nth)) = role() else { return };
    let _death = seam::kill_nth(nth);
    sweep(&directory);
}

#[test]
fn what_is_unread_waits_for_a_consumer_unless_it_may_go_too() {
    let _gate = without_starts();
    let scratch = Scratch::new();
    let mut producer = create(&scratch.directory).unwrap();
    assert_eq!(found(&scratch), []);
    producer.send(b"x", Deadline::Now).unwrap();
    drop(producer);
    assert_eq!(found(&scratch), [left_alone(true)]);
    let [left] = &scratch.directory.leavings().unwrap()[..] else { panic!("one leaving") };
    assert_eq!(left.pid, Some(std::process::id().cast_signed()));
    assert_eq!(left.path, scratch.path.path().join("frames"));
    assert_eq!(removes(&scratch.directory, left, Unread::Keep), Swept::Kept);
    assert_eq!(scratch.directory.clean().unwrap(), 0);

    let mut consumer = open(&scratch.directory).unwrap();
    assert_eq!(found(&scratch), [], "a consumer holds it");
    assert_eq!(removes(&scratch.directory, left, Unread::Remove), Swept::Gone);
    assert_eq!(consumer.receive(Deadline::Now).unwrap().to_vec(), b"x");
    assert_eq!(consumer.receive(Deadline::Now).unwrap_err(), ReceiveError::Closed);
    drop(consumer);
    assert_eq!(found(&scratch), [left_alone(false)]);
    assert_eq!(scratch.directory.clean().unwrap(), 0, "what has its name stays");
    assert_eq!(removes(&scratch.directory, left, Unread::Keep), Swept::Removed);
    assert_eq!(removes(&scratch.directory, left, Unread::Keep), Swept::Gone);
    assert_eq!(scratch.file_names(), [""; 0]);
}

#[test]
fn a_cleaner_in_any_gap_of_making_and_using_a_channel_finds_nothing() {
    let make_and_use = |scratch: &Scratch| {
        let mut producer = create(&scratch.directory)?;
        producer.send(b"x", Deadline::Now).unwrap();
        let mut consumer = open(&scratch.directory)?;
        assert_eq!(consumer.receive(Deadline::Now).unwrap().to_vec(), b"x");
        Ok::<_, ChannelError>((producer, consumer))
    };
    with_a_cleaner_in_each_gap(make_and_use, |scratch, ends, swept, gap| {
        let (producer, consumer) = ends.unwrap_or_else(|error| panic!("gap {gap}: {error}"));
        assert_eq!((swept, scratch.file_names().len()), (0, 4), "gap {gap}");
        drop(producer);
        consumer.remove().unwrap();
    });
}

#[test]
fn a_cleaner_in_any_gap_of_removing_a_channel_finishes_it_or_lets_it_finish() {
    let remove = |scratch: &Scratch| {
        let producer = create(&scratch.directory).unwrap();
        drop((open(&scratch.directory).unwrap().remove(), producer));
    };
    with_a_cleaner_in_each_gap(remove, |scratch, (), _, gap| {
        assert_eq!(scratch.file_names(), [""; 0], "gap {gap}");
    });
}

#[test]
fn a_newcomer_in_any_gap_of_a_cleaner_finds_the_channel_or_none_or_is_refused() {
    let _gate = without_starts();
    for nth in 0..CALLS_MAX {
        let scratch = Scratch::new();
        full(&scratch);
        let path = scratch.path.path().to_owned();
        let plan = seam::before_nth(nth, move || {
            let directory = Directory::open(path).unwrap();
            match open(&directory) {
                Ok(mut consumer) => {
                    assert_eq!(consumer.receive(Deadline::Now).unwrap().to_vec(), b"x", "gap {nth}");
                    std::mem::forget(consumer);
                }
                Err(ChannelError::Missing { .. } | ChannelError::Occupied { .. }) => {}
                Err(error) => panic!("gap {nth}: {error}"),
            }
        });
        let removed = sweep(&scratch.directory);
        let files = scratch.file_names().len();
        assert_eq!(files, if removed == 1 { 0 } else { 4 }, "gap {nth}: {:?}", scratch.file_names());
        if !plan.has_come() {
            assert!(nth > 20, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_second_cleaner_in_any_gap_of_the_first_leaves_nothing_either() {
    let _gate = without_starts();
    for nth in 0..CALLS_MAX {
        let scratch = Scratch::new();
        full(&scratch);
        let path = scratch.path.path().to_owned();
        let plan = seam::before_nth(nth, move || drop(sweep_if_free(&Directory::open(path).unwrap())));
        sweep_if_free(&scratch.directory);
        let has_come = plan.has_come();
        drop(plan);
        // Each may have found the other at work; never do both leave it for good.
        sweep(&scratch.directory);
        assert_eq!(scratch.file_names(), [""; 0], "gap {nth}");
        if !has_come {
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

const LIVES: u64 = 120;

/// Two cleaners that spare nothing stale and never rest, beside producers and consumers that are killed at one of their
/// calls. Those that live get what they want.
#[test]
fn beside_cleaners_that_never_rest_no_living_end_loses_anything() {
    let scratch = Scratch::new();
    let over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    sweep_if_free(&scratch.directory);
                }
            });
        }
        let lives = std::panic::catch_unwind(|| live_and_die(&scratch));
        over.store(true, Ordering::Relaxed);
        lives.unwrap();
    });
    let _gate = without_starts();
    sweep(&scratch.directory);
    assert_eq!(scratch.file_names(), [""; 0]);
}

fn live_and_die(scratch: &Scratch) {
    // The same plan each time: a step that has no common divisor with the number of calls.
    for life in 0..LIVES {
        let nth = life * 37 % 90;
        let mut victim = started(play("as_a_producer_of_its_own", scratch, nth));
        let steady = name(&format!("steady{life}"));
        let mut producer = options(&scratch.directory).create_trusting(&steady).unwrap();
        producer.send(b"x", Deadline::Now).unwrap();
        // A consumer that comes while the producer lives finds the channel, whoever cleans up.
        let mut consumer = options(&scratch.directory).open_trusting(&steady).unwrap();
        assert_eq!(consumer.receive(Deadline::Now).unwrap().to_vec(), b"x", "life {life}");
        drop(producer);
        assert_eq!(consumer.receive(soon()).unwrap_err(), ReceiveError::Closed, "life {life}");
        victim.0.wait().unwrap();
    }
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_producer_of_its_own() {
    let Some((directory, nth)) = role() else { return };
    let _death = seam::kill_nth(nth);
    let own = name(&format!("own{}", std::process::id()));
    let mut producer = options(&directory).create_trusting(&own).unwrap();
    producer.send(b"x", Deadline::Now).unwrap();
    let mut consumer = options(&directory).open_trusting(&own).unwrap();
    assert_eq!(consumer.receive(Deadline::Now).unwrap().to_vec(), b"x");
}

#[test]
fn a_living_end_keeps_its_bells_although_somebody_removed_the_name() {
    let _gate = without_starts();
    let scratch = Scratch::new();
    let producer = create(&scratch.directory).unwrap();
    std::fs::remove_file(scratch.path.path().join("frames")).unwrap();
    assert_eq!((found(&scratch), sweep(&scratch.directory)), (vec![], 0));
    drop(producer);
    assert_eq!(found(&scratch), [What::Beside { name: Some(name("frames")) }]);
    assert_eq!(scratch.directory.clean().unwrap(), 1);
    assert_eq!(scratch.file_names(), [""; 0]);
}

#[test]
fn what_another_has_put_under_the_name_stays() {
    let _gate = without_starts();
    let scratch = Scratch::new();
    full(&scratch);
    std::fs::remove_file(scratch.path.path().join("frames")).unwrap();
    std::fs::write(scratch.path.path().join("frames"), "mine").unwrap();
    std::fs::write(scratch.path.path().join(".cabotage-meeting-0123456789abcdef.reader"), "mine too")
        .unwrap();
    assert_eq!(found(&scratch), [What::Beside { name: Some(name("frames")) }]);
    assert_eq!(scratch.directory.clean().unwrap(), 1);
    assert_eq!(scratch.file_names(), [".cabotage-meeting-0123456789abcdef.reader", "frames"]);
}

#[test]
fn an_end_in_another_pid_namespace_is_seen_to_live() {
    let unshare = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    let mut probe = Command::new("unshare");
    probe.args(unshare).arg("true").stderr(Stdio::null());
    let has_unshare = {
        let _gate = starting();
        has_program("unshare", "a pid namespace")
    };
    if !has_unshare || !started(probe).0.wait().unwrap().success() {
        eprintln!("skipped: making a pid namespace needs root");
        return;
    }
    let scratch = Scratch::new();
    let played = play("as_a_patient_producer", &scratch, 0);
    let mut command = Command::new("unshare");
    command.args(unshare).arg(played.get_program()).args(played.get_args());
    command.env("CABOTAGE_TEST_DIRECTORY", scratch.path.path()).env("NTH", "0").stdout(Stdio::null());
    command.process_group(0);
    let mut process = started(command);
    let mut consumer =
        options(&scratch.directory).until_there(soon()).open_trusting(&name("frames")).unwrap();
    assert_eq!(consumer.receive(soon()).unwrap().to_vec(), b"x");
    drop(consumer);
    assert_eq!((found(&scratch), sweep(&scratch.directory)), (vec![], 0));
    process.0.kill().unwrap();
    process.0.wait().unwrap();
    let patience = soon();
    while sweep(&scratch.directory) == 0 {
        assert!(!patience.has_passed());
        std::thread::yield_now();
    }
    assert_eq!(scratch.file_names(), [""; 0]);
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_patient_producer() {
    let Some((directory, _)) = role() else { return };
    let mut producer = create(&directory).unwrap();
    producer.send(b"x", Deadline::Now).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn whichever_call_of_a_cleaner_is_refused_the_next_one_finishes() {
    let _gate = without_starts();
    for errno in [Errno::MFILE, Errno::NOMEM, Errno::ACCESS, Errno::IO, Errno::INTR] {
        for nth in 0..CALLS_MAX {
            let scratch = Scratch::new();
            full(&scratch);
            let plan = seam::fail_nth(nth, errno);
            for left in scratch.directory.leavings().unwrap_or_default() {
                let _refused = scratch.directory.remove_leaving(&left, Unread::Remove);
            }
            let has_struck = plan.has_struck();
            drop(plan);
            sweep(&scratch.directory);
            assert_eq!(scratch.file_names(), [""; 0], "call {nth} refused with {errno}");
            if !has_struck {
                assert!(nth > 20, "only {nth} calls");
                break;
            }
        }
    }
}
