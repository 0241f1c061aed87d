// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tour as a visitor takes it: every mechanism carries the file, bad files are refused in words, and nothing
//! stays behind, however it ends.

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command};

use cabotage::os::process::{Pid, Pidfd, Signal};
use tempfile::{NamedTempFile, TempDir};

use support::{Outcome, cabotage, run, start, until};

const MECHANISMS: [&str; 14] = [
    "posix-shm",
    "shm-producer-consumer",
    "mapped-file",
    "anonymous-pipe",
    "windows-anonymous-pipe",
    "fifo",
    "named-pipe-byte",
    "named-pipe-message",
    "link",
    "mach",
    "mach-ool",
    "alpc-inline",
    "alpc-section",
    "alpc-direct",
];

fn file_of(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

/// What tours leave where this one may make something.
fn litter(temporary: &Path) -> Vec<String> {
    let names = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut found: Vec<_> = names(temporary).map(|name| name.to_string_lossy().into_owned()).collect();
    found.retain(|name| name.contains("cabotage"));
    found
}

fn tour_in(temporary: &Path, arguments: &[&str]) -> Command {
    let mut command = cabotage(arguments);
    command.env("TMPDIR", temporary);
    command
}

#[test]
fn every_mechanism_carries_the_file_and_says_so_in_json() {
    let file = file_of(&vec![7; 300_000]);
    let rows = run(&["tour", path(&file), "--json"]).expect(0).json();
    let names: Vec<_> = rows.iter().map(|row| row["mechanism"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, MECHANISMS);
    for row in rows {
        assert!(row["ok"] == true && row["bytes"] == 300_000, "{row}");
        for key in ["seconds", "gb_per_s", "rtt_p50_ns", "syscalls_per_message", "copies"] {
            assert!(row[key].is_number(), "{key} in {row}");
        }
        assert!(!row["steps"].as_array().unwrap().is_empty());
    }
}

#[test]
fn the_digest_is_the_one_that_everybody_computes() {
    let row = run(&["tour", path(&file_of(b"abc")), "--json", "--only", "fifo"]).expect(0).json().remove(0);
    assert_eq!(row["digest"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn an_empty_file_and_one_byte_travel_too() {
    for content in [&b""[..], b"x"] {
        let rows = run(&["tour", path(&file_of(content)), "--json"]).expect(0).json();
        assert!(rows.iter().all(|row| row["ok"] == true && row["bytes"] == content.len()), "{rows:?}");
    }
}

#[test]
fn of_a_huge_sparse_file_the_first_part_goes_and_the_visitor_is_told() {
    let file = file_of(b"");
    file.as_file().set_len(5 << 30).unwrap();
    let outcome = run(&["tour", path(&file), "--only", "anonymous-pipe"]).expect(0);
    assert!(outcome.errors().contains("--thorough"), "{}", outcome.errors());
}

#[test]
fn the_visitor_sees_steps_answers_a_table_and_what_to_try_next() {
    let text = run(&["tour", path(&file_of(b"cargo"))]).expect(0).text();
    for words in
        ["mkfifo", "unlink", "related processes only", "this machine only", "lives until", "Try next"]
    {
        assert!(text.contains(words), "{words} in\n{text}");
    }
}

#[test]
fn a_link_is_seen_from_its_first_word_to_its_last() {
    let rows =
        run(&["tour", path(&file_of(&vec![7; 3_000_000])), "--json", "--only", "link"]).expect(0).json();
    let steps: Vec<_> =
        rows[0]["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
    for (step, call) in [
        ("parent make a pair of ends", "socketpair"),
        ("parent say HELLO", "sendto"),
        ("child hear HELLO, answer beside ours", "sendto"),
        ("parent hear HELLO and the answer", "recvmsg"),
        ("parent take a block", "memfd_create"),
        ("child receive a block", "memfd_create"),
        ("parent fill it from the file", "read ×3"),
        ("child copy out ×3", ""),
        ("parent say BYE", "sendto"),
        ("child hear BYE", "recvmsg"),
    ] {
        let is_it = |seen: &&str| seen.starts_with(step) && seen.contains(call);
        assert!(steps.iter().any(is_it), "{step} with {call} in {steps:#?}");
    }
    assert_eq!(rows[0]["copies"], 1);
}

#[test]
fn a_port_of_mach_is_seen_from_its_allocation_to_the_end_of_its_last_sender() {
    let file = file_of(&vec![7; 300_000]);
    let rows = run(&["tour", path(&file), "--json", "--only", "mach"]).expect(0).json();
    let steps: Vec<_> =
        rows[0]["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
    for step in [
        "child allocate a port: get its receive right",
        "child register a name for it",
        "parent look the name up: get a send right",
        "parent send: the messages queue at the port",
        "child receive the messages, copy the bytes out",
        "parent drop the send right",
        "child be told that no sender is left",
    ] {
        assert!(steps.iter().any(|seen| seen.starts_with(step)), "{step} in {steps:#?}");
    }
}

#[test]
fn memory_moves_through_a_port_of_mach_and_nobody_copies_it() {
    let file = file_of(&vec![7; 300_000]);
    let rows = run(&["tour", path(&file), "--json", "--only", "mach-ool"]).expect(0).json();
    let steps: Vec<_> =
        rows[0]["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
    for step in [
        "child allocate a port: get its receive right",
        "child register a name for it",
        "parent look the name up: get a send right",
        "parent allocate memory",
        "parent have the file read into it",
        "parent let go of the memory: nobody can write it any more",
        "parent send: the message queues at the port, the memory goes along",
        "child receive a message",
        "child map the memory",
        "child read every byte where it lies",
        "parent drop the send right",
        "child be told that no sender is left",
    ] {
        assert!(steps.iter().any(|seen| seen.starts_with(step)), "{step} in {steps:#?}");
    }
    assert_eq!(rows[0]["copies"], 0);
    let told = run(&["tour", path(&file), "--only", "mach-ool"]).expect(0);
    assert!(told.text().contains("no copies"), "{}", told.text());
}

#[test]
fn a_channel_of_alpc_is_seen_from_its_port_to_its_close_and_each_technique_by_its_calls() {
    let file = file_of(&vec![7; 300_000]);
    for (technique, asks) in [
        ("alpc-inline", "parent request, with the bytes in the message"),
        ("alpc-section", "parent request, with the bytes in a view of a section"),
        ("alpc-direct", "parent request, with the bytes declared, and wait"),
    ] {
        let rows = run(&["tour", path(&file), "--json", "--only", technique]).expect(0).json();
        let steps: Vec<_> =
            rows[0]["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
        for step in [
            "child publish a connection port",
            "parent connect",
            "child receive the request to connect",
            "child accept: get the server communication port",
            "parent get the client communication port",
            asks,
            "parent close the client communication port",
            "child receive that the port was closed",
        ] {
            assert!(steps.iter().any(|seen| seen.starts_with(step)), "{step} in {steps:#?}");
        }
        let direct = |seen: &&str| seen.contains("client's memory") || seen.contains("client copy");
        assert_eq!(steps.iter().any(direct), technique == "alpc-direct", "{technique}: {steps:#?}");
    }
}

#[test]
fn a_windows_pipe_is_seen_to_be_inherited_and_broken() {
    let file = file_of(b"cargo");
    let arguments = ["tour", path(&file), "--json", "--only", "windows-anonymous-pipe"];
    let rows = run(&arguments).expect(0).json();
    let steps: Vec<_> =
        rows[0]["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
    for step in [
        "parent CreatePipe",
        "parent mark the child's handles inheritable",
        "child take the inherited handles",
        "parent WriteFile",
        "child ReadFile",
        "parent CloseHandle",
        "child find the pipe broken",
    ] {
        assert!(steps.iter().any(|seen| seen.starts_with(step)), "{step} in {steps:#?}");
    }
}

#[test]
fn a_named_pipe_of_each_type_is_seen_to_be_opened_broken_and_gone() {
    let file = file_of(b"cargo");
    for mechanism in ["named-pipe-byte", "named-pipe-message"] {
        let row = run(&["tour", path(&file), "--json", "--only", mechanism]).expect(0).json().remove(0);
        let steps: Vec<_> =
            row["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
        for step in [
            "parent CreateNamedPipe",
            "child CreateFile",
            "parent ConnectNamedPipe",
            "parent WriteFile",
            "child ReadFile",
            "parent CloseHandle",
            "child find the pipe broken",
            "child find its name gone",
        ] {
            assert!(steps.iter().any(|seen| seen.starts_with(step)), "{step} in {steps:#?}");
        }
    }
    let shown = run(&["tour", path(&file), "--only", "named-pipe-message"]).expect(0).text();
    assert!(shown.contains("messages · lives until its last handle is closed"), "{shown}");
}

#[test]
fn a_producer_and_a_consumer_are_seen_to_attach_wait_end_and_remove() {
    let file = file_of(&vec![7; 3_000_000]);
    let arguments = ["tour", path(&file), "--json", "--only", "shm-producer-consumer"];
    let rows = run(&arguments).expect(0).json();
    let steps: Vec<_> =
        rows[0]["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
    for step in [
        "parent create the bounded buffer /there, guarded",
        "child attach to /there as its consumer",
        "parent produce a record, if there is room",
        "child consume a record, if there is one",
        "parent close /there: the end of the stream",
        "child see the end of /there",
        "parent create /numbers in the trusting form",
        "child attach to /numbers, whose producer has ended",
        "child consume a number from /numbers ×10",
        "child remove /numbers and its objects",
    ] {
        assert!(steps.iter().any(|seen| seen.starts_with(step)), "{step} in {steps:#?}");
    }
    // Which of the two waits for the other, only the machine knows.
    let waits = ["parent find the buffer full: wait", "child find the buffer empty: wait"];
    assert!(steps.iter().any(|seen| waits.iter().any(|wait| seen.starts_with(wait))), "{steps:#?}");
    assert_eq!(rows[0]["copies"], 2);
}

#[test]
fn what_is_no_file_is_refused_with_words_and_a_code() {
    let folder = TempDir::new().unwrap();
    let fifo = folder.path().join("fifo");
    cabotage::pipe::fifo::create(&fifo).unwrap();
    let missing = folder.path().join("missing");
    for (path, code, words) in [
        (missing.as_path(), 3, "missing"),
        (folder.path(), 2, "is a directory"),
        (&fifo, 2, "is no regular file"),
        (Path::new("/dev/zero"), 2, "is no regular file"),
    ] {
        let outcome = run(&["tour", path.to_str().unwrap()]).expect(code);
        assert!(outcome.errors().contains(words), "{}", outcome.errors());
    }
    let outcome = run(&["tour", "--only", "teleport"]).expect(2);
    assert!(outcome.errors().contains("posix-shm"), "{}", outcome.errors());
}

#[test]
fn the_page_is_complete_in_itself_and_shows_every_mechanism() {
    let folder = TempDir::new().unwrap();
    let page = folder.path().join("tour.html");
    run(&["tour", path(&file_of(b"cargo")), "--html", page.to_str().unwrap()]).expect(0);
    let html = fs::read_to_string(&page).unwrap();
    assert_eq!(html.matches("<section").count(), MECHANISMS.len());
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
    assert!(!html.contains("http") && !html.contains("<script"), "the page fetches nothing");
}

#[test]
fn a_page_that_can_not_be_written_is_refused_before_the_tour() {
    let outcome = run(&["tour", "--html", "/nowhere/at/all.html"]).expect(2);
    assert!(outcome.stdout.is_empty(), "{}", outcome.text());
}

#[test]
fn two_tours_at_once_do_not_meet() {
    let file = file_of(&vec![1; 100_000]);
    let tours: Vec<_> = (0..2).map(|_| start(&mut cabotage(&["tour", path(&file), "--json"]))).collect();
    for tour in tours {
        assert!(Outcome::of(tour).expect(0).json().iter().all(|row| row["ok"] == true));
    }
}

#[test]
fn a_tour_that_is_interrupted_at_any_step_leaves_nothing() {
    // What tours that were killed have left on this machine is not ours.
    let before = litter(Path::new("/dev/shm"));
    let temporary = TempDir::new().unwrap();
    let file = file_of(&vec![1; 3_000_000]);
    let signals = [Signal::INT, Signal::TERM, Signal::HUP];
    for (lines, signal) in (0..18).zip(signals.into_iter().cycle()) {
        let mut tour = start(&mut tour_in(temporary.path(), &["tour", path(&file)]));
        wait_for_lines(&mut tour, 1 + lines % 6);
        Pidfd::of_child(&tour).unwrap().send_signal(signal).unwrap();
        let outcome = Outcome::of(tour);
        assert_eq!(outcome.status, Some(128 + signal.as_raw()), "{}", outcome.errors());
        assert_eq!(litter(temporary.path()), [""; 0], "after signal {}", signal.as_raw());
    }
    // A tour at work has made a directory, for an instant, before it opens it.
    until("only tours at work have names in memory", || {
        let rest = litter(Path::new("/dev/shm"));
        !rest.iter().any(|name| name.contains("tour") && !before.contains(name) && is_abandoned(name))
    });
}

/// Reads so many lines of what the tour says, so that it is under way.
fn wait_for_lines(tour: &mut Child, lines: usize) {
    let mut said = BufReader::new(tour.stdout.take().unwrap());
    for _ in 0..lines {
        said.read_line(&mut String::new()).unwrap();
    }
    // The rest is read away in the background: a tour whose listener is gone would end by itself.
    std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
}

/// Whether no process has the object, or the directory, open or mapped; other tests run tours at the same time.
fn is_abandoned(name: &str) -> bool {
    let object = File::open(Path::new("/dev/shm").join(name));
    object.is_ok_and(|object| cabotage::os::holders::of(&object).unwrap().processes.is_empty())
}

#[test]
fn a_tour_whose_child_is_killed_says_so_and_goes_on() {
    let temporary = TempDir::new().unwrap();
    let file = file_of(&vec![1; 3_000_000]);
    let tour = start(&mut tour_in(temporary.path(), &["tour", path(&file), "--json", "--thorough"]));
    let victim = first_child_of(tour.id());
    victim.send_signal(Signal::KILL).unwrap();
    // The other mechanisms would take long; what counts is that this one is over.
    let mut tour = tour;
    let mut row = String::new();
    BufReader::new(tour.stdout.take().unwrap()).read_line(&mut row).unwrap();
    Pidfd::of_child(&tour).unwrap().send_signal(Signal::INT).unwrap();
    let row: serde_json::Value = serde_json::from_str(&row).unwrap();
    assert!(row["ok"] == false && row["error"].is_string(), "{row}");
    Outcome::of(tour);
    assert_eq!(litter(temporary.path()), [""; 0]);
}

/// Waits until the process has a child.
fn first_child_of(parent: u32) -> Pidfd {
    let list = format!("/proc/{parent}/task/{parent}/children");
    loop {
        let children = fs::read_to_string(&list).unwrap();
        if let Some(child) = children.split_whitespace().next() {
            let pid = Pid::from_raw(child.parse().unwrap()).unwrap();
            return Pidfd::open(pid).unwrap().unwrap();
        }
        std::thread::yield_now();
    }
}
