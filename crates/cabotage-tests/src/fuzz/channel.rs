// SPDX-License-Identifier: MIT OR Apache-2.0
//! A channel whose objects somebody has written by hand: opening it refuses what is none, and reads what it may.

use std::fs;

use cabotage_os::Deadline;
use cabotage_shm::{ChannelOptions, Directory, Name};

use super::input::Input;

/// A page of head, control words and a small ring.
const BYTES_MAX: usize = 32 << 10;

/// The bytes are laid over the objects of a real channel, whose producer is gone: each run of them at its place.
pub(super) fn opened(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = Directory::open(folder.path()).expect("a directory");
    let name = Name::parse("fuzzed").expect("a name");
    let options = ChannelOptions::new().directory(&directory).capacity_bytes(4096);
    let mut producer = options.create_trusting(&name).expect("a channel");
    for record in [&b"one"[..], b"two", b"three"] {
        producer.send(record, Deadline::Now).expect("room");
    }
    drop(producer);
    let mut input = Input(data);
    for object in ["fuzzed", "fuzzed.reader"] {
        let path = folder.path().join(object);
        let Ok(mut image) = fs::read(&path) else { continue };
        if image.len() > BYTES_MAX {
            continue;
        }
        for _ in 0..input.u8() % 16 {
            let at = usize::from(input.u8()) * 8 + usize::from(input.u8() % 32) * 512;
            let bytes = input.take(usize::from(data.first().copied().unwrap_or(1) % 16 + 1));
            if let Some(target) = image.get_mut(at..at + bytes.len()) {
                target.copy_from_slice(bytes);
            }
        }
        let _ = fs::write(&path, image);
    }
    use_it(&options, &name);
}

fn use_it(options: &ChannelOptions, name: &Name) {
    if let Ok(mut consumer) = options.open_trusting(name) {
        for _ in 0..8 {
            let Ok(record) = consumer.receive(Deadline::Now) else { break };
            assert!(record.to_vec().len() <= 4096);
        }
    }
    if let Ok(mut producer) = options.create_trusting(name) {
        let _ = producer.send(b"more", Deadline::Now);
    }
}
