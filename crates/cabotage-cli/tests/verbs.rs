// SPDX-License-Identifier: MIT OR Apache-2.0
//! The everyday verbs as scripts meet them: streams both ways, the shell's own tools at the other end, exit codes,
//! and nothing touched that was not named.

mod support;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{Object, Outcome, cabotage, fifo, run, run_with_input, start, tool, until};

const NONBLOCK: i32 = 0o4000;

fn pattern(bytes: usize) -> Vec<u8> {
    (0..=250).cycle().take(bytes).collect()
}

#[test]
fn a_stream_kept_in_shared_memory_comes_back_with_exactly_its_bytes() {
    for bytes in [1, 4096, (3 << 20) + 17] {
        let object = Object::new(&format!("exact-{bytes}"));
        run_with_input(&["send", &object.address], &pattern(bytes)).expect(0);
        assert_eq!(fs::read(&object.path).unwrap().len(), bytes);
        assert!(run(&["receive", &object.address]).expect(0).stdout == pattern(bytes));
    }
}

#[test]
fn an_object_appears_only_when_its_stream_has_ended() {
    let object = Object::new("late");
    let mut sender = start(cabotage(&["send", &object.address]).stdin(Stdio::piped()));
    let mut input = sender.stdin.take().unwrap();
    input.write_all(&pattern(2 << 20)).unwrap(); // more than a pipe holds, so it has begun
    run(&["receive", &object.address]).expect(3);
    let waiting = start(&mut cabotage(&["receive", &object.address, "--wait", "--timeout", "60"]));
    input.write_all(b"the end").unwrap();
    drop(input);
    assert!(sender.wait().unwrap().success());
    let received = Outcome::of(waiting).expect(0).stdout;
    assert!(received.len() == (2 << 20) + 7 && received.ends_with(b"the end"));
}

#[test]
fn a_taken_name_is_refused_unless_it_is_to_be_replaced() {
    let object = Object::new("taken");
    run_with_input(&["send", &object.address], b"old").expect(0);
    let refusal = run_with_input(&["send", &object.address], b"new").expect(1);
    assert!(refusal.errors().contains("--replace"), "{}", refusal.errors());
    assert_eq!(fs::read(&object.path).unwrap(), b"old");
    run_with_input(&["send", &object.address, "--replace", "--mode", "640"], b"new").expect(0);
    assert_eq!(fs::read(&object.path).unwrap(), b"new");
    assert_eq!(fs::metadata(&object.path).unwrap().permissions().mode() & 0o7022, 0);
}

#[test]
fn an_empty_stream_makes_no_object() {
    let object = Object::new("empty");
    run_with_input(&["send", &object.address], b"").expect(1);
    assert!(!object.path.exists());
}

#[test]
fn what_was_received_can_be_removed_at_once() {
    let object = Object::new("once");
    run_with_input(&["send", &object.address], b"x").expect(0);
    run(&["receive", &object.address, "--remove"]).expect(0);
    assert!(!object.path.exists());
    run(&["receive", &object.address]).expect(3);
}

#[test]
fn a_fifo_carries_a_stream_between_two_commands() {
    let (directory, address) = fifo();
    let file = directory.path().join("received");
    let receiver = start(&mut cabotage(&["receive", &address, "--output", file.to_str().unwrap()]));
    run_with_input(&["send", &address], &pattern(1 << 20)).expect(0);
    Outcome::of(receiver).expect(0);
    assert!(fs::read(file).unwrap() == pattern(1 << 20));
}

#[test]
fn cat_reads_what_is_sent_to_a_fifo() {
    let Some(cat) = tool("cat") else { return };
    let (directory, address) = fifo();
    let file = directory.path().join("received");
    let mut reader = Command::new(cat);
    let reader = start(reader.arg(directory.path().join("fifo")).stdout(File::create(&file).unwrap()));
    run_with_input(&["send", &address], &pattern(300_000)).expect(0);
    Outcome::of(reader).expect(0);
    assert!(fs::read(file).unwrap() == pattern(300_000));
}

#[test]
fn what_dd_writes_to_a_fifo_is_received() {
    let Some(dd) = tool("dd") else { return };
    let (directory, address) = fifo();
    let source = directory.path().join("source");
    fs::write(&source, pattern(300_000)).unwrap();
    let mut writer = Command::new(dd);
    writer.arg(format!("if={}", source.display())).arg(format!("of={}/fifo", directory.path().display()));
    let writer = start(writer.arg("bs=4096").stderr(Stdio::null()));
    assert!(run(&["receive", &address]).expect(0).stdout == pattern(300_000));
    Outcome::of(writer).expect(0);
}

#[test]
fn python_opens_our_objects_and_we_open_its() {
    let Some(python) = tool("python3") else { return };
    let (ours, its) = (Object::new("for-python"), Object::new("from-python"));
    run_with_input(&["send", &ours.address], b"ahoy").expect(0);
    let script = "import sys\n\
        from multiprocessing import shared_memory, resource_tracker\n\
        seen = shared_memory.SharedMemory(sys.argv[1])\n\
        made = shared_memory.SharedMemory(sys.argv[2], create=True, size=4)\n\
        made.buf[:4] = bytes(reversed(seen.buf[:4]))\n\
        for one in (seen, made): resource_tracker.unregister(one._name, 'shared_memory')\n";
    let mut command = Command::new(python);
    command.args(["-c", script, &ours.name, &its.name]).stderr(Stdio::piped());
    Outcome::of(start(&mut command)).expect(0);
    assert_eq!(run(&["receive", &its.address]).expect(0).stdout, b"yoha");
}

#[test]
fn a_sender_whose_reader_leaves_is_told_and_not_killed() {
    let (directory, address) = fifo();
    let sender = start(&mut cabotage(&["send", &address, "--input", "/dev/zero"]));
    let mut reader = File::open(directory.path().join("fifo")).unwrap();
    reader.read_exact(&mut [0; 100]).unwrap();
    drop(reader);
    let outcome = Outcome::of(sender).expect(5);
    assert!(outcome.errors().contains("left"), "{}", outcome.errors());
}

#[test]
fn waiting_for_the_other_side_ends_when_the_time_is_up() {
    let (_directory, address) = fifo();
    run(&["send", &address, "--input", "/dev/null", "--timeout", "0.05"]).expect(6);
    run(&["receive", &address, "--timeout", "0"]).expect(6);
    let object = Object::new("never");
    run(&["receive", &object.address, "--wait", "--timeout", "0.05"]).expect(6);
}

#[test]
fn an_address_that_cannot_be_meant_is_a_usage_error_with_the_fix() {
    for address in ["", "frames", "tcp:host", "fifo:", "shm:", "shm:/a/b", "shm:/..", "bus:chat"] {
        for verb in ["send", "receive", "show", "rm"] {
            let outcome = run(&[verb, address]).expect(2);
            assert!(!outcome.errors().contains("panicked"), "{}", outcome.errors());
        }
    }
    let long = format!("shm:/{}", "x".repeat(256));
    run(&["receive", &long]).expect(2);
    assert!(run(&["show", "frames"]).expect(2).errors().contains("shm:/NAME"));
    run(&["ls", "sockets"]).expect(2);
    run(&["receive", "shm:/x", "--json"]).expect(2);
    run(&["send", "shm:/x", "--mode", "9"]).expect(2);
    run(&["send", "shm:/x", "--input", "/"]).expect(2);
}

#[test]
fn what_is_missing_has_a_code_of_its_own() {
    let object = Object::new("missing");
    let (directory, _) = fifo();
    let nothing = format!("fifo:{}/nothing", directory.path().display());
    for address in [&object.address, &nothing] {
        for verb in ["receive", "show", "rm"] {
            run(&[verb, address]).expect(3);
        }
    }
    run(&["send", &nothing]).expect(3);
    run(&["send", &object.address, "--input", "/nothing/here"]).expect(3);
}

#[test]
fn a_missing_right_has_a_code_of_its_own() {
    let object = Object::new("secret");
    run_with_input(&["send", &object.address], b"x").expect(0);
    fs::set_permissions(&object.path, fs::Permissions::from_mode(0o000)).unwrap();
    let mut receive = cabotage(&["receive", &object.address]);
    if File::open(&object.path).is_ok() {
        receive.uid(65534).gid(65534); // root may open everything, nobody may not
    }
    match receive.spawn() {
        Ok(child) => assert_eq!(Outcome::of(child).status, Some(4)),
        Err(refusal) => eprintln!("skipped: the command cannot be run as another user: {refusal}"),
    }
}

#[test]
fn output_that_nobody_reads_any_more_is_a_quiet_end() {
    let object = Object::new("long");
    run_with_input(&["send", &object.address], &pattern(4 << 20)).expect(0);
    for arguments in [&["receive", &object.address][..], &["completions", "zsh"]] {
        let mut child = start(&mut cabotage(arguments));
        let mut output = child.stdout.take().unwrap();
        output.read_exact(&mut [0]).unwrap();
        drop(output);
        let outcome = Outcome::of(child).expect(0);
        assert_eq!(outcome.errors(), "");
    }
}

#[test]
fn only_what_the_address_says_is_removed() {
    let (directory, address) = fifo();
    let inside = |name: &str| directory.path().join(name);
    fs::write(inside("file"), b"precious").unwrap();
    fs::create_dir(inside("folder")).unwrap();
    symlink(inside("fifo"), inside("link")).unwrap();
    for name in ["file", "folder", "link"] {
        run(&["rm", "--force", &format!("fifo:{}", inside(name).display())]).expect(1);
        assert!(inside(name).symlink_metadata().is_ok(), "{name} is gone");
    }
    let object = Object::new("link");
    symlink(inside("file"), &object.path).unwrap();
    run(&["rm", "--force", &object.address]).expect(1);
    assert!(object.path.symlink_metadata().is_ok());
    run(&["rm", &address]).expect(0);
    assert!(!inside("fifo").exists());
}

#[test]
fn all_that_can_be_removed_is_and_force_forgives_what_is_gone() {
    let (here, gone) = (Object::new("here"), Object::new("gone"));
    run_with_input(&["send", &here.address], b"x").expect(0);
    run(&["rm", &gone.address, &here.address]).expect(3);
    assert!(!here.path.exists());
    let outcome = run(&["rm", "--json", "--force", &gone.address]).expect(0);
    assert_eq!(outcome.json()[0]["removed"], false);
}

#[test]
fn an_object_without_rights_or_size_can_be_removed_by_its_owner() {
    let object = Object::new("odd");
    File::create_new(&object.path).unwrap();
    fs::set_permissions(&object.path, fs::Permissions::from_mode(0o000)).unwrap();
    run(&["show", &object.address]).expect(0);
    run(&["rm", &object.address]).expect(0);
    assert!(!object.path.exists());
}

#[test]
fn objects_and_open_fifos_are_listed() {
    let object = Object::new("listed");
    run_with_input(&["send", &object.address], b"12345").expect(0);
    let (directory, address) = fifo();
    let path = directory.path().join("fifo");
    let _both = File::options().read(true).write(true).open(path).unwrap();
    let find = |address: &str| {
        let rows = run(&["ls", "--json"]).expect(0).json();
        rows.into_iter().find(|row| row["address"] == address).unwrap_or(Value::Null)
    };
    let row = find(&object.address);
    assert_eq!((row["bytes"].as_u64(), &row["mode"]), (Some(5), &"0600".into()));
    // A child that another test has just forked holds the FIFO too, until it runs its program.
    until("one process is listed at each end", || {
        let row = find(&address);
        (row["readers"].as_u64(), row["writers"].as_u64()) == (Some(1), Some(1))
    });
    let only_objects = run(&["ls", "shm"]).expect(0);
    assert!(only_objects.text().contains(&object.address) && !only_objects.text().contains("fifo:"));
}

#[test]
fn a_holder_is_shown_with_its_descriptor_and_access() {
    let object = Object::new("held");
    run_with_input(&["send", &object.address], b"12345").expect(0);
    let _held = File::open(&object.path).unwrap();
    let shown = &run(&["show", "--json", &object.address]).expect(0).json()[0];
    let me = shown["holders"].as_array().unwrap().iter().find(|holder| holder["pid"] == std::process::id());
    let me = me.unwrap_or_else(|| panic!("{shown}"));
    assert_eq!((&me["alive"], &me["descriptors"][0]["access"]), (&true.into(), &"reading".into()));
    assert!(run(&["show", &object.address]).expect(0).text().contains("held by pid"));
}

#[test]
fn the_fill_of_a_fifo_is_shown() {
    let (directory, address) = fifo();
    let idle = &run(&["show", "--json", &address]).expect(0).json()[0];
    let path = directory.path().join("fifo");
    let mut both = File::options().read(true).write(true).custom_flags(NONBLOCK).open(path).unwrap();
    both.write_all(b"12345").unwrap();
    let shown = &run(&["show", "--json", &address]).expect(0).json()[0];
    assert!(shown["holders"].as_array().unwrap().iter().any(|holder| holder["pid"] == std::process::id()));
    if shown["unread_bytes"].is_null() {
        eprintln!("skipped: this system keeps a process' descriptors from others (Yama, seccomp)");
    } else {
        assert_eq!((&shown["unread_bytes"], &shown["capacity_bytes"]), (&5.into(), &65536.into()));
    }
    assert!([&0.into(), &Value::Null].contains(&&idle["unread_bytes"]), "{idle}");
}

#[test]
fn looking_at_a_fifo_wakes_nobody_who_waits_in_an_open() {
    let (directory, address) = fifo();
    let sender = start(&mut cabotage(&["send", &address, "--input", "/proc/version"]));
    until("the sender waits in its open", || {
        let wait = fs::read_to_string(format!("/proc/{}/stat", sender.id())).unwrap();
        wait.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
    });
    run(&["show", &address]).expect(0);
    run(&["ls", "fifo"]).expect(0);
    let received = fs::read(directory.path().join("fifo")).unwrap();
    assert_eq!(received, fs::read("/proc/version").unwrap());
    Outcome::of(sender).expect(0);
}

#[test]
fn programs_get_a_record_of_what_moved() {
    let object = Object::new("record");
    let sent = &run_with_input(&["send", "--json", &object.address], b"12345").expect(0).json()[0];
    assert_eq!((&sent["verb"], &sent["bytes"]), (&"send".into(), &5.into()));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("out");
    let arguments = ["receive", "--json", &object.address, "--output", file.to_str().unwrap()];
    let received = &run(&arguments).expect(0).json()[0];
    assert_eq!((&received["address"], &received["bytes"]), (&object.address.as_str().into(), &5.into()));
    assert_eq!(fs::read(file).unwrap(), b"12345");
}

#[test]
fn completions_and_manual_pages_name_every_verb() {
    const VERBS: [&str; 11] =
        ["tour", "send", "receive", "ls", "show", "rm", "serve", "call", "bench", "completions", "man"];
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).expect(0);
        assert!(VERBS.iter().all(|verb| script.text().contains(verb)), "{shell}");
    }
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("man1");
    run(&["man", pages.to_str().unwrap()]).expect(0);
    for verb in VERBS {
        let page = fs::read_to_string(pages.join(format!("cabotage-{verb}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{verb}");
    }
    assert!(fs::read_to_string(pages.join("cabotage.1")).unwrap().contains("Exit codes"));
}
