// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every kind of descriptor in the place of memory: as an outbox, as a segment, as an attachment.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;

use cabotage_os::memfd::{IMMUTABLE, Memfd, ONE_WAY, Seals};

use super::{assert_fault, met, options};
use crate::support::hostile::{ATTACHED, RawPeer, frames, head};
use crate::support::{alone, leaves_nothing, soon};

const O_PATH: i32 = 0o10_000_000;

/// One kind of descriptor: what it is, one of it, and what a victim says of it.
type Kind = (&'static str, OwnedFd, &'static str);

fn memory(bytes: u64, seals: Seals) -> Memfd {
    let memory = Memfd::create("hostile", bytes).unwrap();
    memory.seal(seals).unwrap();
    memory
}

/// Memory of so many bytes, of which only the first page has anything behind it.
fn sparse(bytes: u64) -> OwnedFd {
    let file = File::from(OwnedFd::from(Memfd::create("hostile", 4096).unwrap()));
    file.set_len(bytes).unwrap();
    Memfd::admit(file.as_fd().try_clone_to_owned().unwrap(), Seals::empty(), bytes).unwrap_err();
    seal(&file);
    file.into()
}

/// Seals memory that this library would not take.
fn seal(file: &File) {
    let copy = Memfd::admit(file.as_fd().try_clone_to_owned().unwrap(), Seals::empty(), 4096);
    match copy {
        Ok(memory) => memory.seal(ONE_WAY).unwrap(),
        Err(_) => {
            // Of its full size for a moment, to get at its seals.
            let bytes = file.metadata().unwrap().len();
            file.set_len(4096).unwrap();
            let memory =
                Memfd::admit(file.as_fd().try_clone_to_owned().unwrap(), Seals::empty(), 4096).unwrap();
            file.set_len(bytes).unwrap();
            memory.seal(ONE_WAY).unwrap();
        }
    }
}

/// Memory opened anew through /proc.
fn reopened(memory: &Memfd, options: &OpenOptions) -> OwnedFd {
    let number = memory.as_fd().as_raw_fd();
    options.open(format!("/proc/self/fd/{number}")).unwrap().into()
}

fn kinds(directory: &std::path::Path) -> Vec<Kind> {
    let read = || {
        let mut options = OpenOptions::new();
        options.read(true);
        options
    };
    let path_only = |path: &str| -> OwnedFd { read().custom_flags(O_PATH).open(path).unwrap().into() };
    let file_in = |folder: &std::path::Path, name: &str| -> OwnedFd {
        let path = folder.join(name);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        file.set_len(8192).unwrap();
        std::fs::remove_file(path).unwrap();
        file.into()
    };
    let fifo = directory.join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let (reader, writer) = std::io::pipe().unwrap();
    let listener = std::os::unix::net::UnixListener::bind(directory.join("socket")).unwrap();
    let (stream, _) = std::os::unix::net::UnixStream::pair().unwrap();
    let (packets, _) = cabotage_os::socket::Socket::pair().unwrap();
    let shrunk = File::from(OwnedFd::from(Memfd::create("hostile", 8192).unwrap()));
    shrunk.set_len(4096).unwrap();
    seal(&shrunk);
    let write_only = reopened(&memory(8192, ONE_WAY), OpenOptions::new().write(true));
    let mut kinds: Vec<Kind> = vec![
        ("unsealed memory", memory(8192, Seals::empty()).into(), "lacks seals"),
        ("half-sealed memory", memory(8192, Seals::SHRINK | Seals::GROW).into(), "lacks seals"),
        ("memory that may grow", memory(8192, ONE_WAY - Seals::GROW).into(), "lacks seals"),
        ("memory that may shrink", memory(8192, ONE_WAY - Seals::SHRINK).into(), "lacks seals"),
        ("memory that may get other seals", memory(8192, ONE_WAY - Seals::SEAL).into(), "lacks seals"),
        ("immutable memory", memory(8192, IMMUTABLE).into(), "lacks seals"),
        ("one page", memory(4096, ONE_WAY).into(), "has 4096 bytes"),
        ("three pages", memory(12288, ONE_WAY).into(), "has 12288 bytes"),
        ("a byte less", memory(8191, ONE_WAY).into(), "has 8191 bytes"),
        ("shrunk memory", shrunk.into(), "has 4096 bytes"),
        ("sparse memory", sparse(8192), "is sparse"),
        ("a terabyte of nothing", sparse(1 << 40), "bytes, not the 8192"),
        ("memory for writing only", write_only, "cannot be read"),
        ("the name of memory", reopened(&memory(8192, ONE_WAY), read().custom_flags(O_PATH)), "no memory"),
        ("a file on a disk", file_in(directory, "file"), ""),
        ("a file in /dev/shm", file_in("/dev/shm".as_ref(), "cabotage-hostile"), "lacks seals"),
        ("a pipe's end", reader.into(), "no memory"),
        ("a pipe's other end", writer.into(), "no memory"),
        ("a FIFO", read().write(true).open(&fifo).unwrap().into(), "no memory"),
        ("a listening socket", listener.into(), "no memory"),
        ("a stream", stream.into(), "no memory"),
        ("a socket of ours", packets.into_fd().unwrap(), "no memory"),
        ("an internet socket", std::net::UdpSocket::bind("127.0.0.1:0").unwrap().into(), "no memory"),
        (
            "an epoll",
            cabotage_os::epoll::Poller::new().unwrap().as_fd().try_clone_to_owned().unwrap(),
            "no memory",
        ),
        ("the name of a directory", path_only("/"), "no memory"),
        ("a directory", File::open("/").unwrap().into(), "no memory"),
        ("/dev/zero", File::open("/dev/zero").unwrap().into(), "no memory"),
        ("a file of /proc", File::open("/proc/self/maps").unwrap().into(), "no memory"),
    ];
    if let Ok(huge) =
        OpenOptions::new().read(true).write(true).create(true).truncate(true).open("/dev/hugepages/x")
    {
        let _ = std::fs::remove_file("/dev/hugepages/x");
        kinds.push(("a file of huge pages", huge.into(), ""));
    } else {
        println!("skipped: no file system of huge pages here");
    }
    kinds
}

#[test]
fn only_sealed_memory_of_the_right_size_is_taken() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let kinds = kinds(directory.path());
    assert!(kinds.len() >= 24);
    for (what, descriptor, words) in &kinds {
        leaves_nothing(what, || {
            let (raw, mut victim) = RawPeer::with_victim(options());
            assert!(raw.say(&frames::hello()));
            assert!(raw.say_with(&frames::outbox(8192), &[descriptor.as_fd()]));
            assert_fault(&mut victim, words);
        });
        for purpose in [frames::RING, frames::BLOCK] {
            leaves_nothing(what, || {
                let (raw, mut victim) = met();
                assert!(raw.say_with(&frames::segment(1, purpose, 8192), &[descriptor.as_fd()]));
                assert_fault(&mut victim, words);
            });
        }
    }
}

/// An attachment may be anything: the library neither reads, writes nor waits on it, and hands it on or closes it.
#[test]
fn any_descriptor_may_be_attached_and_none_is_touched() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    for (what, descriptor, _) in &kinds(directory.path()) {
        leaves_nothing(what, || {
            let (mut raw, mut victim) = met();
            for sequence in 1..=3 {
                assert!(raw.say_with(&frames::descriptors(sequence, 1), &[descriptor.as_fd()]));
                raw.send(ATTACHED, &head(sequence, 0));
            }
            assert_eq!(victim.receive(soon()).unwrap().take_descriptors().len(), 1);
            drop(victim.receive(soon()).unwrap());
            // The third is never received.
        });
    }
}

#[test]
fn another_number_of_descriptors_than_one_is_no_memory() {
    let _alone = alone();
    for count in [0, 2, 64, 253] {
        for is_outbox in [true, false] {
            leaves_nothing("many descriptors", || {
                let memory = memory(8192, ONE_WAY);
                let descriptors = vec![memory.as_fd(); count];
                let (raw, mut victim) = RawPeer::with_victim(options());
                assert!(raw.say(&frames::hello()));
                let message = if is_outbox { frames::outbox(8192) } else { frames::segment(1, 0, 8192) };
                assert!(raw.say_with(&message, &descriptors));
                assert_fault(&mut victim, &format!("sent {count} descriptors in a message that has 1"));
            });
        }
    }
}
