// SPDX-License-Identifier: MIT OR Apache-2.0
//! A started program finds the listed descriptors and the standard streams, whatever else happens here.
//!
//! The children are this test binary again: with `REPORT` set, [`report_descriptors`] prints what it finds open.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use cabotage_os::probe::{self, Feature};
use cabotage_os::seam::{self, Errno};
use cabotage_os::spawn::{Spawn, SpawnError};

const REPORT: &str = "CABOTAGE_TEST_REPORT_DESCRIPTORS";

/// Not a test of its own: what the children run. One line a descriptor: its number, and what it stands for.
#[test]
fn report_descriptors() {
    if std::env::var_os(REPORT).is_none() {
        return;
    }
    let mut lines = String::from("\n");
    // Listed first, looked at afterwards: by then the descriptor of the listing itself is gone.
    let paths: Vec<_> =
        std::fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in paths {
        if let Ok(target) = std::fs::read_link(&path) {
            lines += &format!("fd {} {}\n", path.file_name().unwrap().display(), target.display());
        }
    }
    print!("{lines}");
}

fn reporter() -> Spawn {
    let own_binary = std::env::current_exe().unwrap();
    let arguments = ["--exact", "report_descriptors", "--nocapture", "--test-threads=1"];
    Spawn::new(own_binary).args(arguments).env(REPORT, "1").stdin(Stdio::null()).stderr(Stdio::null())
}

/// Starts a reporter and answers what it found from number 3 up.
fn found_by(child: Spawn) -> BTreeMap<RawFd, String> {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut child = child.stdout(writer).spawn().unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    let found: BTreeMap<RawFd, String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("fd ")?.split_once(' '))
        .map(|(number, target)| (number.parse().unwrap(), target.to_owned()))
        .collect();
    assert!([0, 1, 2].iter().all(|number| found.contains_key(number)), "{text}");
    found.into_iter().filter(|(number, _)| *number > 2).collect()
}

fn target_of(fd: &OwnedFd) -> String {
    std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap().display().to_string()
}

fn pipe_end() -> OwnedFd {
    std::io::pipe().unwrap().1.into()
}

/// A descriptor that any child would inherit: its close-on-exec flag is not set.
fn careless() -> OwnedFd {
    // SAFETY: opens a new descriptor; the path is a C string.
    let number = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY) };
    assert!(number >= 0);
    // SAFETY: just opened, and owned by nobody else.
    unsafe { OwnedFd::from_raw_fd(number) }
}

#[test]
fn a_child_gets_the_listed_descriptors_and_nothing_that_was_left_open_carelessly() {
    let _left_open = careless();
    let (kept, named) = (pipe_end(), pipe_end());
    let number = kept.as_raw_fd();
    let expected = BTreeMap::from([(number, target_of(&kept)), (200, target_of(&named))]);
    assert_eq!(found_by(reporter().pass(kept).pass_as(named, 200)), expected);
}

#[test]
fn without_close_range_the_child_gets_the_same() {
    let _left_open = careless();
    let _missing = probe::without(Feature::CloseRange);
    let end = pipe_end();
    let expected = BTreeMap::from([(77, target_of(&end))]);
    assert_eq!(found_by(reporter().pass_as(end, 77)), expected);
}

#[test]
fn descriptors_may_swap_their_numbers() {
    let (one, two) = (pipe_end(), pipe_end());
    let (number_one, number_two) = (one.as_raw_fd(), two.as_raw_fd());
    let expected = BTreeMap::from([(number_one, target_of(&two)), (number_two, target_of(&one))]);
    assert_eq!(found_by(reporter().pass_as(one, number_two).pass_as(two, number_one)), expected);
}

#[test]
fn a_number_that_others_use_here_is_free_for_the_child() {
    let theirs = pipe_end();
    let end = pipe_end();
    let expected = BTreeMap::from([(theirs.as_raw_fd(), target_of(&end))]);
    let before = target_of(&theirs);
    assert_eq!(found_by(reporter().pass_as(end, theirs.as_raw_fd())), expected);
    assert_eq!(target_of(&theirs), before);
}

#[test]
fn what_was_passed_is_closed_here_so_the_end_of_file_comes() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut child = Spawn::new("/bin/sh").args(["-c", "echo hello >&9"]).pass_as(writer, 9).spawn().unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_list_that_cannot_be_is_refused_before_anything_starts() {
    let twice = reporter().pass_as(pipe_end(), 9).pass_as(pipe_end(), 9).spawn();
    assert!(matches!(twice, Err(SpawnError::Twice { number: 9 })), "{twice:?}");
    for number in [-1, 0, 2] {
        let standard = reporter().pass_as(pipe_end(), number).spawn();
        assert!(matches!(standard, Err(SpawnError::Standard { .. })), "{standard:?}");
    }
    let beyond = reporter().pass_as(pipe_end(), RawFd::MAX).spawn();
    assert!(matches!(beyond, Err(SpawnError::BeyondLimit { number: RawFd::MAX })), "{beyond:?}");
    let zero = Spawn::new("a\0b").spawn();
    assert!(matches!(zero, Err(SpawnError::NulByte)), "{zero:?}");
}

#[test]
fn a_program_that_is_missing_is_named_although_its_report_would_lie_on_a_wanted_number() {
    for _ in 0..50 {
        let ends = [pipe_end(), pipe_end(), pipe_end()];
        // The lowest free numbers, or nearly: std's pipe for the report would get two of them.
        let free = [pipe_end(), pipe_end(), pipe_end()].map(|fd| fd.as_raw_fd());
        let spawn = ends
            .into_iter()
            .zip(free)
            .fold(Spawn::new("/no/such/program"), |spawn, (end, number)| spawn.pass_as(end, number));
        let answer = spawn.spawn();
        let Err(SpawnError::System(error)) = answer else { panic!("{answer:?}") };
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("/no/such/program"), "{error}");
    }
}

#[test]
fn a_thousand_children_started_side_by_side_get_exactly_their_own_list() {
    const THREADS: usize = 8;
    const CHILDREN: usize = 125;
    let _left_open = careless();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Opens and closes careless descriptors all the time, between any look and any fork.
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                drop((careless(), pipe_end(), careless()));
                std::thread::yield_now();
            }
        });
        let threads: Vec<_> =
            (0..THREADS).map(|_| scope.spawn(|| (0..CHILDREN).for_each(one_of_many))).collect();
        let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(outcomes.iter().all(Result::is_ok));
    });
}

fn one_of_many(index: usize) {
    let (kept, named) = (pipe_end(), pipe_end());
    let number = 600 + RawFd::try_from(index % 50).unwrap();
    let expected = BTreeMap::from([(kept.as_raw_fd(), target_of(&kept)), (number, target_of(&named))]);
    assert_eq!(found_by(reporter().pass(kept).pass_as(named, number)), expected);
}

#[test]
fn a_refusal_at_any_call_is_an_error_and_leaves_no_descriptor_behind() {
    // Alone in a process of its own, since other tests open descriptors too.
    const ALONE: &str = "CABOTAGE_TEST_SPAWN_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let own_binary = std::env::current_exe().unwrap();
        let name = "a_refusal_at_any_call_is_an_error_and_leaves_no_descriptor_behind";
        let status =
            Spawn::new(own_binary).args(["--exact", name, "--test-threads=1"]).env(ALONE, "1").spawn();
        assert!(status.unwrap().wait().unwrap().success());
        return;
    }
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    for errno in [Errno::MFILE, Errno::NOMEM] {
        for nth in 0.. {
            let (one, two) = (pipe_end(), pipe_end());
            let number = two.as_raw_fd();
            let spawn = Spawn::new("/bin/true").pass_as(one, number).pass_as(two, 99);
            let plan = seam::fail_nth(nth, errno);
            let answer = spawn.spawn();
            let struck = plan.has_struck();
            drop(plan);
            match answer {
                Ok(mut child) => assert!(child.wait().unwrap().success()),
                Err(SpawnError::System(error)) => assert_eq!(error.errno(), errno),
                Err(other) => panic!("{other}"),
            }
            assert_eq!(open(), before, "call {nth}");
            if !struck {
                break;
            }
        }
    }
}

#[test]
fn a_file_can_be_passed_and_written_by_the_shell() {
    let mut file = tempfile::tempfile().unwrap();
    let copy: File = file.try_clone().unwrap();
    file.write_all(b"first\n").unwrap();
    let mut child = Spawn::new("/bin/sh").args(["-c", "echo second >&5"]).pass_as(copy, 5).spawn().unwrap();
    assert!(child.wait().unwrap().success());
    let mut text = String::new();
    std::io::Seek::rewind(&mut file).unwrap();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "first\nsecond\n");
}

/// The parent's socket is closed in the child by the fork hook, before the child looks who has the number.
#[test]
fn a_number_that_a_descriptor_of_ours_has_here_may_be_given_to_a_child() {
    let (_near, far) = cabotage_os::socket::Socket::pair().unwrap();
    let number = std::os::fd::AsFd::as_fd(&far).as_raw_fd();
    let null = OwnedFd::from(File::open("/dev/null").unwrap());
    let found = found_by(reporter().pass_as(null, number));
    assert_eq!(found, BTreeMap::from([(number, "/dev/null".to_owned())]));
}
