// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shell's own tools at the other end of our pipes and FIFOs.

use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use cabotage_pipe::fifo::{self, Fifo, Kind, Options, Peer};
use cabotage_pipe::{Spawn, WriteEnd};

const PATIENCE: Duration = Duration::from_secs(20);

/// Whether the tool is here; says so if it is not.
fn has(tool: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let is_here = std::env::split_paths(&paths).any(|directory| directory.join(tool).exists());
    if !is_here {
        eprintln!("skipped: this machine has no {tool}");
    }
    is_here
}

fn content() -> Vec<u8> {
    (0..1_000_000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect()
}

#[test]
fn cat_reads_a_fifo_that_we_write() {
    if !has("cat") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let fifo = fifo::create(directory.path().join("fifo")).unwrap();
    // cat waits in its own open, of which no event tells.
    let mut cat = Command::new("cat").arg(fifo.path()).stdout(Stdio::piped()).spawn().unwrap();
    let writer = fifo.writer(Peer::within(PATIENCE)).unwrap();
    let mut output = cat.stdout.take().unwrap();
    let got = std::thread::spawn(move || {
        let mut got = Vec::new();
        output.read_to_end(&mut got).map(|_| got)
    });
    writer.write_all_within(&content(), PATIENCE).unwrap();
    drop(writer);
    assert!(got.join().unwrap().unwrap() == content());
    assert!(cat.wait().unwrap().success());
}

#[test]
fn dd_writes_a_fifo_that_we_read() {
    if !has("dd") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("source");
    fs::write(&source, content()).unwrap();
    let fifo = fifo::create(directory.path().join("fifo")).unwrap();
    let operands = [("if=", source.as_path()), ("of=", fifo.path())];
    let operands = operands.map(|(operand, path)| format!("{operand}{}", path.display()));
    let mut dd = Command::new("dd")
        .args(operands)
        .args(["bs=5000", "conv=notrunc"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut got = Vec::new();
    fifo.reader(Peer::within(PATIENCE)).unwrap().read_to_end(&mut got).unwrap();
    assert!(got == content());
    assert!(dd.wait().unwrap().success());
}

#[test]
fn a_fifo_made_by_mkfifo_is_one_of_ours() {
    if !has("mkfifo") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fifo");
    assert!(Command::new("mkfifo").args(["-m", "0640"]).arg(&path).status().unwrap().success());
    assert_eq!(Fifo::at(&path).unwrap().mode(), 0o640);
    let (_, won) = Options::new().create_or_reuse(&path).unwrap();
    assert_eq!(won, fifo::Won::Reused);
    fifo::remove(&path).unwrap();
    assert!(!Path::new(&path).exists());
}

#[test]
fn a_row_of_tools_joined_by_our_pipes_works_as_in_a_shell() {
    if !(has("cat") && has("tr")) {
        return;
    }
    let (first, to_cat) = cabotage_pipe::anonymous().unwrap();
    let (second, to_tr) = cabotage_pipe::anonymous().unwrap();
    let (mut last, to_us) = cabotage_pipe::anonymous().unwrap();
    let mut cat = Spawn::new("cat").stdin(first).stdout(to_tr).spawn().unwrap();
    let mut tr = Spawn::new("tr").args(["a-z", "A-Z"]).stdin(second).stdout(to_us).spawn().unwrap();
    to_cat.write_all_within(b"shout\n", PATIENCE).unwrap();
    drop(to_cat);
    let mut text = String::new();
    last.read_to_string(&mut text).unwrap();
    assert_eq!(text, "SHOUT\n");
    assert!(cat.wait().unwrap().success() && tr.wait().unwrap().success());
}

#[test]
fn an_end_of_a_fifo_can_be_passed_to_a_child() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = fifo::create(directory.path().join("fifo")).unwrap();
    let mut reader = fifo.reader(Peer::Any).unwrap();
    let writer = fifo.writer(Peer::Required).unwrap();
    // Used without waiting, it has a second description, which must not stay behind here.
    writer.try_write(b"parent ").unwrap();
    let mut child = Spawn::new("/bin/sh")
        .args(["-c", "echo child >&7"])
        .pass_as(OwnedFd::from(writer), 7)
        .spawn()
        .unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "parent child\n");
    assert!(child.wait().unwrap().success());
    let Err(error) = Fifo::at(directory.path()) else { panic!("a directory is no FIFO") };
    assert!(error.to_string().contains(&Kind::Directory.to_string()), "{error}");
}
