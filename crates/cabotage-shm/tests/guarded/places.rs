// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who may have a name, who may come in, and what is left of a name.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cabotage_link::Wait;
use cabotage_link::names::Scope;
use cabotage_link::quota::{Limits, Quota};
use cabotage_os::{Deadline, seam};
use cabotage_shm::{ChannelError, Name, Presence, Role};

use crate::copied::copy_of_this_program;
use crate::support::{Harbour, name, number, record, role, shortly, soon};

#[test]
fn a_second_producer_is_refused_with_who_holds_the_place() {
    let harbour = Harbour::new();
    let first = harbour.producer();
    let own = Some(std::process::id().cast_signed());
    for until in [Deadline::Now, shortly()] {
        match harbour.options().until_there(until).create(&name()).unwrap_err() {
            ChannelError::Occupied { role: Role::Producer, holder: Presence::Here { pid, .. }, .. } => {
                assert_eq!(pid, own);
            }
            other => panic!("{other}"),
        }
    }
    std::thread::scope(|scope| {
        let second = scope.spawn(|| harbour.options().until_there(soon()).create(&name()).unwrap());
        std::thread::sleep(Duration::from_millis(1));
        drop(first);
        assert_eq!(second.join().unwrap().generation(), 1);
    });
}

#[test]
fn a_producer_that_waits_for_room_looks_for_newcomers_when_one_has_come() {
    const RECORDS: u64 = 3_000;
    let harbour = Harbour::new();
    let options = harbour.options().wait(Wait::Block).capacity_bytes(4096);
    let mut producer = options.create(&name()).unwrap();
    let mut consumer = harbour.consumer(&mut producer);
    std::thread::scope(|scope| {
        let sending = scope.spawn(move || {
            let (began, trace) = (Instant::now(), seam::trace());
            (0..RECORDS).for_each(|number| producer.send(&record(number), soon()).unwrap());
            let calls = trace.finish();
            // One who never waits looks by the clock, four times a second.
            let by_the_clock = u64::try_from(began.elapsed().as_millis()).unwrap() / 250;
            producer.wait_until_consumed(soon()).unwrap();
            (calls, by_the_clock)
        });
        // The producer sleeps by now, or will: either way it finds who has come.
        let refused = harbour.options().until_there(Deadline::Now).open(&name()).unwrap_err();
        assert!(matches!(refused, ChannelError::Occupied { role: Role::Consumer, .. }), "{refused}");
        (0..RECORDS).for_each(|at| assert_eq!(number(&consumer.receive(soon()).unwrap().to_vec()), at));
        let (calls, by_the_clock) = sending.join().unwrap();
        let count =
            |name| calls.iter().filter(|(call, _)| *call == name).map(|(_, times)| times).sum::<u64>();
        let (accepts, sleeps) = (count("accept4"), count("ppoll") + count("poll"));
        // The newcomer came, said something, and there was no other: a few looks each.
        assert!(accepts <= 8 + by_the_clock, "{accepts} looks in {sleeps} sleeps");
    });
}

#[test]
fn names_follow_the_rules_of_links() {
    let harbour = Harbour::new();
    let hidden = Name::parse("/.hidden").unwrap();
    let refused = harbour.options().create(&hidden).unwrap_err();
    assert!(matches!(refused, ChannelError::LinkName(_)), "{refused}");
    assert_eq!(refused.fault(), cabotage_os::Fault::Caller);
}

#[test]
fn a_consumer_removes_what_a_killed_producer_left_and_no_living_ones_name() {
    const TEST: &str = "places::a_consumer_removes_what_a_killed_producer_left_and_no_living_ones_name";
    if let Some((_, options)) = role() {
        let mut producer = options.create(&name()).unwrap();
        producer.wait_for_consumer(soon()).unwrap();
        std::thread::sleep(Duration::from_secs(600));
        return;
    }
    let harbour = Harbour::new();
    let files = || std::fs::read_dir(harbour.path("user/channel")).unwrap().count();
    let mut child = harbour.start(TEST, "producer");
    let consumer = harbour.options().until_there(soon()).open(&name()).unwrap();
    let refused = consumer.remove().unwrap_err();
    assert!(matches!(refused, ChannelError::Occupied { role: Role::Producer, .. }), "{refused}");
    child.kill();
    assert_eq!(files(), 2);
    let mut child = harbour.start(TEST, "producer");
    let consumer = harbour.options().until_there(soon()).open(&name()).unwrap();
    child.kill();
    consumer.remove().unwrap();
    assert_eq!(files(), 0);
}

#[test]
fn a_consumer_above_its_quota_is_refused_and_the_producer_goes_on() {
    let harbour = Harbour::new();
    let quota = Quota::new(Limits::within(0)).unwrap();
    let mut producer = harbour.options().quota(&quota).create(&name()).unwrap();
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| harbour.options().open(&name()).unwrap_err());
        let came = producer.wait_for_consumer(Deadline::within(Duration::from_millis(300)));
        assert!(came.is_err());
        let refused = opening.join().unwrap();
        assert!(matches!(refused, ChannelError::Link(_) | ChannelError::Missing { .. }), "{refused}");
    });
    producer.send(b"kept", soon()).unwrap();
}

#[test]
fn processes_of_two_users_meet_in_the_system_scope() {
    const TEST: &str = "places::processes_of_two_users_meet_in_the_system_scope";
    const STRANGER: u32 = 12_345;
    if let Some((_, options)) = role() {
        let mut consumer = options.scope(Scope::System).open(&name()).unwrap();
        assert_eq!(consumer.receive(soon()).unwrap().to_vec(), b"for anybody");
        assert!(matches!(consumer.producer().unwrap(), Presence::Here { uid: 0, .. }));
        return;
    }
    if cabotage_os::process::own_uid() != 0 {
        println!("skipped: only root can start a process of another user");
        return;
    }
    let harbour = Harbour::new();
    std::os::unix::fs::chown(harbour.path("."), Some(0), Some(0)).unwrap();
    std::fs::set_permissions(harbour.path("."), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // As one of the group that the name is for.
    let options = harbour.options().scope(Scope::System).mode(0o660).group(STRANGER);
    let mut producer = options.create(&name()).unwrap();
    producer.send(b"for anybody", soon()).unwrap();
    // A copy of this program where the stranger may run it.
    let mut command = Command::new(copy_of_this_program(&harbour.path(".")));
    command.args([TEST, "--exact", "--nocapture", "--test-threads=1"]).uid(STRANGER).gid(STRANGER);
    command.env("CABOTAGE_GUARDED_ROLE", "stranger").env("CABOTAGE_GUARDED_ROOT", harbour.path("."));
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    let child = crate::support::Watched(command.spawn().unwrap());
    producer.wait_for_consumer(soon()).unwrap();
    assert!(matches!(producer.consumer().unwrap(), Presence::Here { uid: STRANGER, pid: Some(_) }));
    producer.wait_until_consumed(soon()).unwrap();
    child.must_succeed();
}
