// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that live, end, are reaped, and have their pid given to another.

use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cabotage_os::probe::{self, Feature};
use cabotage_os::process::{Exit, IdentityError, Pid, Pidfd, ProcessIdentity, Signal, session_of};
use cabotage_os::{Deadline, Errno, pipe};

mod support;

const PATIENCE: Duration = Duration::from_secs(60);

/// A child that ends when its standard input does.
fn cat() -> Child {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

fn end(child: &mut Child) {
    drop(child.stdin.take());
    let pidfd = Pidfd::of_child(child).unwrap();
    assert!(pidfd.wait(Deadline::within(PATIENCE)).unwrap());
}

/// Every way in which a kernel may know processes.
fn on_every_kernel(test: impl Fn()) {
    test();
    {
        let _guard = probe::without(Feature::PidfdNumber);
        test();
    }
    let _guard = probe::without(Feature::PidfdOpen);
    test();
}

#[test]
fn this_process_is_alive_and_itself() {
    on_every_kernel(|| {
        let own = ProcessIdentity::own().unwrap();
        assert_eq!(own.pid.as_raw_nonzero().get().unsigned_abs(), std::process::id());
        assert_eq!(own, ProcessIdentity::own().unwrap());
        assert!(own.is_alive().unwrap());
    });
}

#[test]
fn an_unreaped_child_has_ended() {
    let mut child = cat();
    let pid = Pid::from_child(&child);
    let identity = ProcessIdentity::of_pid(pid).unwrap();
    on_every_kernel(|| assert!(identity.is_alive().unwrap()));
    end(&mut child);
    on_every_kernel(|| {
        assert!(!identity.is_alive().unwrap());
        assert_eq!(ProcessIdentity::of_pid(pid), Err(IdentityError::Gone(pid)));
    });
    child.wait().unwrap();
    on_every_kernel(|| assert!(!identity.is_alive().unwrap()));
}

#[test]
fn whoever_has_the_pid_later_is_somebody_else() {
    let mut child = cat();
    let now = ProcessIdentity::of_pid(Pid::from_child(&child)).unwrap();
    // What a former owner of the same pid would have written down.
    let earlier = ProcessIdentity {
        start_time_ticks: now.start_time_ticks.saturating_sub(1),
        unique_number: now.unique_number.map(|number| number - 1),
        ..now
    };
    let before_restart = ProcessIdentity { boot: !now.boot, ..now };
    on_every_kernel(|| {
        assert!(now.is_alive().unwrap());
        assert!(!earlier.is_alive().unwrap());
        assert!(!before_restart.is_alive().unwrap());
    });
    end(&mut child);
    child.wait().unwrap();
}

#[test]
fn within_one_clock_tick_the_unique_number_decides() {
    let own = ProcessIdentity::own().unwrap();
    let Some(number) = own.unique_number else {
        eprintln!("skipped: this kernel does not number processes (Linux 6.9 does)");
        return;
    };
    let same_tick = ProcessIdentity { unique_number: Some(number - 1), ..own };
    assert!(!same_tick.is_alive().unwrap());
}

#[test]
fn the_end_of_a_child_is_told_once_and_exactly() {
    for (script, expected) in [("exit 7", Exit::Code(7)), ("kill -9 $$", Exit::Signal(9))] {
        let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        let pidfd = Pidfd::of_child(&child).unwrap();
        assert!(pidfd.wait(Deadline::within(PATIENCE)).unwrap());
        assert_eq!(pidfd.reap().unwrap(), Some(expected), "{script}");
        assert_eq!(pidfd.reap().unwrap_err().errno(), Errno::CHILD);
        assert!(!pidfd.send_signal(Signal::TERM).unwrap());
        assert!(pidfd.has_exited().unwrap());
        assert!(child.wait().is_err(), "reaped already");
    }
}

#[test]
fn a_running_child_is_not_reaped_and_waiting_for_it_ends_in_time() {
    let mut child = cat();
    let pidfd = Pidfd::of_child(&child).unwrap();
    assert_eq!(pidfd.reap().unwrap(), None);
    assert!(!pidfd.wait(Deadline::Now).unwrap());
    assert!(!pidfd.wait(Deadline::within(Duration::from_millis(1))).unwrap());
    assert!(pidfd.send_signal(Signal::KILL).unwrap());
    assert!(pidfd.wait(Deadline::within(PATIENCE)).unwrap());
    child.wait().unwrap();
}

#[test]
fn a_pid_without_a_process_opens_as_none() {
    let mut child = cat();
    let pid = Pid::from_child(&child);
    end(&mut child);
    assert!(Pidfd::open(pid).unwrap().is_some(), "not reaped yet");
    child.wait().unwrap();
    assert!(Pidfd::open(pid).unwrap().is_none());
}

#[test]
fn a_copied_descriptor_is_the_same_open_file() {
    let own = Pidfd::open(ProcessIdentity::own().unwrap().pid).unwrap().unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let copy = match own.copy_descriptor(reader.as_raw_fd()) {
        Err(refusal) if [Errno::PERM, Errno::NOSYS].contains(&refusal.errno()) => {
            return eprintln!("skipped: this system forbids it: {refusal}");
        }
        copy => copy.unwrap(),
    };
    drop(reader);
    writer.write_all(b"ahoy").unwrap();
    assert_eq!(pipe::unread_bytes(&copy).unwrap(), 4);
    assert_eq!(own.copy_descriptor(i32::MAX).unwrap_err().errno(), Errno::BADF);
}

const REUSE: &str = "a_pid_given_away_again_on_purpose_is_never_taken_for_its_former_owner";

#[test]
fn a_pid_given_away_again_on_purpose_is_never_taken_for_its_former_owner() {
    if support::role().is_some() {
        return reuse_pids();
    }
    in_a_pid_namespace(REUSE); // of its own, where nobody else takes the pids in between
}

/// Runs `test` once more, as the first process of a new pid namespace, where the system lets us.
fn in_a_pid_namespace(test: &str) {
    const UNSHARE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    let mut trial = Command::new("unshare");
    if !trial.args(UNSHARE).arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return eprintln!("skipped: making a pid namespace needs root and unshare");
    }
    support::start(test, "init of a pid namespace", |command| {
        let test = std::mem::replace(command, Command::new("unshare"));
        command.args(UNSHARE).arg(test.get_program()).args(test.get_args());
        command.envs(test.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::null());
    })
    .must_succeed();
}

#[test]
fn a_session_that_began_outside_our_pid_namespace_has_no_number() {
    if support::role().is_none() {
        return in_a_pid_namespace("a_session_that_began_outside_our_pid_namespace_has_no_number");
    }
    assert_eq!(session_of(ProcessIdentity::own().unwrap().pid).unwrap(), None);
}

fn reuse_pids() {
    let mut reused = 0;
    for _ in 0..100 {
        let mut former = cat();
        let pid = former.id();
        let identity = ProcessIdentity::of_pid(Pid::from_child(&former)).unwrap();
        end(&mut former);
        former.wait().unwrap();
        if let Err(refusal) = std::fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()) {
            eprintln!("skipped: this sandbox does not let root choose pids ({refusal})");
            return;
        }
        let mut latter = cat();
        if latter.id() == pid {
            reused += 1;
            let found = ProcessIdentity::of_pid(Pid::from_child(&latter)).unwrap();
            assert!(found.is_alive().unwrap());
            on_every_kernel(|| {
                // Without unique numbers, two owners within one clock tick look alike; that much is documented.
                if found.start_time_ticks != identity.start_time_ticks || allows_numbers(&identity) {
                    assert!(!identity.is_alive().unwrap());
                }
            });
        }
        end(&mut latter);
        latter.wait().unwrap();
    }
    assert!(reused > 50, "only {reused} pids were given away again");
}

fn allows_numbers(identity: &ProcessIdentity) -> bool {
    identity.unique_number.is_some()
        && probe::allows(Feature::PidfdNumber)
        && probe::allows(Feature::PidfdOpen)
}
