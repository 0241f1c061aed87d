// SPDX-License-Identifier: MIT OR Apache-2.0
//! A topic whose objects somebody has written by hand: who subscribes is refused, or gets what may be a record and is
//! told what is lost; who publishes is refused, or goes on.

use cabotage_os::Deadline;
use cabotage_shm::{Directory, Name, TopicOptions, WhenSlow};

use super::image;
use super::input::Input;

/// How many records are there before.
const BEFORE: u64 = 5;

/// The bytes are laid over the objects of a real topic, whose publisher is gone; the first says what the slow get.
pub(super) fn records(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = Directory::open(folder.path()).expect("a directory");
    let name = Name::parse("fuzzed").expect("a name");
    let mut input = Input(data);
    let when_slow = if input.u8() & 1 == 0 { WhenSlow::Drop } else { WhenSlow::Wait };
    let options = TopicOptions::new().directory(&directory).capacity_bytes(4096).subscribers_max(4);
    let options = options.when_slow(when_slow).history(BEFORE);
    let mut publisher = options.create_trusting(&name).expect("a topic");
    for number in 0..BEFORE {
        publisher.publish(&number.to_le_bytes(), Deadline::Now).expect("room");
    }
    drop(publisher);
    image::lay_over(folder.path(), &mut input);
    use_it(&options, &name);
}

fn use_it(options: &TopicOptions, name: &Name) {
    let mut subscriber = options.subscribe_trusting(name).ok();
    let mut publisher = options.create_trusting(name).ok();
    for _ in 0..4 {
        if let Some(publisher) = &mut publisher {
            let _ = publisher.publish(b"more", Deadline::Now);
        }
        let Some(subscriber) = &mut subscriber else { continue };
        let longest = subscriber.record_bytes_max();
        while let Ok(Some(received)) = subscriber.try_receive() {
            assert!(received.bytes() <= longest, "a record of {} bytes", received.bytes());
        }
    }
}
