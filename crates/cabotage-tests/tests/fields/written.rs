// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the library really writes, read at the places of the table.

use std::os::fd::AsFd;
use std::sync::Arc;

use cabotage_lane::revoke::{Mark, Reader, Writer};
use cabotage_lane::{Control, MappedControls};
use cabotage_link::{Deadline, End, Link, Options, Parcel, Ready, Wait};
use cabotage_os::map::{Map, MapMut, MapOptions};
use cabotage_os::memfd::Memfd;
use cabotage_os::socket::Socket;
use cabotage_tests::hostile::field::Place;
use cabotage_tests::hostile::frames::{self, Purpose};
use cabotage_tests::hostile::liar::Liar;
use cabotage_tests::hostile::link_fields::{FIELDS, OUTBOX_BYTES, frame, tag, word};
use cabotage_tests::watchdog::{PATIENCE, soon};

fn field_in(message: &[u8], name: &str) -> u64 {
    let field = FIELDS.iter().find(|field| field.name == name).unwrap();
    let Place::Frame { kind, byte } = field.place else { panic!("{name} is in no message") };
    assert_eq!(message[0], kind, "{name}");
    let mut word = [0; 8];
    let bytes = field.bits as usize / 8;
    word[..bytes].copy_from_slice(&message[byte..byte + bytes]);
    u64::from_le_bytes(word)
}

/// Everything that a link says on its socket when it sends a message, a block, descriptors and goodbye.
#[test]
fn messages_have_their_fields_where_the_table_says() {
    let (ear, end) = Socket::pair().unwrap();
    let mut link = End::received(end.into_fd().unwrap()).unwrap().link(Options::new()).unwrap();
    link.send(b"first", soon()).unwrap();
    let mut answer = b"\x01cabotag\x12\0\x01\0\x01\0\0\0\0\0".to_vec();
    answer.extend((1_u32 << 20).to_le_bytes());
    answer.extend([0, 0, 0, 0, 0xFF, 0xFF]);
    ear.send(&answer, &[], soon()).unwrap();
    link.wait_for_peer(soon()).unwrap();
    let block = link.block(1 << 20, soon()).unwrap();
    link.send_parcel(Parcel::new(b"").block(block), soon()).unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    link.send_parcel(Parcel::new(b"").descriptor(file), soon()).unwrap();
    link.close();
    let mut said = Vec::new();
    let mut buffer = [0; 5000];
    while let Ok(arrival) = ear.receive(&mut buffer, Deadline::Now) {
        said.push(buffer[..arrival.bytes].to_vec());
    }
    let find = |kind: u8| said.iter().find(|message| message[0] == kind).unwrap();
    let hello = find(frame::HELLO);
    assert_eq!(field_in(hello, "hello.magic").to_le_bytes()[..7], *b"cabotag");
    assert_eq!(field_in(hello, "hello.field_bytes"), 18);
    assert_eq!([field_in(hello, "hello.oldest"), field_in(hello, "hello.newest")], [1, 1]);
    assert_eq!(field_in(hello, "hello.message_bytes_max"), 256 << 20);
    assert_eq!([field_in(hello, "hello.port"), field_in(hello, "hello.first_bytes")], [0, 5]);
    assert_eq!(field_in(hello, "hello.first"), u64::from(b'f'));
    assert_eq!(field_in(find(frame::OUTBOX), "outbox.bytes"), 8192);
    let segment = find(frame::SEGMENT);
    assert_eq!([field_in(segment, "segment.number"), field_in(segment, "segment.purpose")], [1, 1]);
    assert_eq!(field_in(segment, "segment.bytes"), 1 << 20);
    let descriptors = find(frame::DESCRIPTORS);
    assert_eq!(
        [field_in(descriptors, "descriptors.sequence"), field_in(descriptors, "descriptors.count")],
        [1, 1]
    );
    assert_eq!(field_in(find(frame::BYE), "bye.kind"), 7);
}

/// A page of our own and the same as the peer sees it.
fn page() -> (Arc<MapMut>, Arc<Map>) {
    let memory = Memfd::create("fields", OUTBOX_BYTES as u64).unwrap();
    let own = MapOptions::new().read_write(&memory, OUTBOX_BYTES).unwrap();
    (Arc::new(own), Arc::new(MapOptions::new().read_only(&memory, OUTBOX_BYTES).unwrap()))
}

#[test]
fn words_of_withdrawals_lie_where_the_table_says() {
    let ((near, near_seen), (far, far_seen)) = (page(), page());
    let mut writer = Writer::new(MappedControls::new(near.clone(), far_seen).unwrap(), 0);
    let mut reader = Reader::new(MappedControls::new(far.clone(), near_seen).unwrap(), 0);
    reader.enter(10, Mark::Revocable { rest: 0 }).unwrap();
    let _ = reader.take(4).unwrap();
    assert_eq!(far.load_u64(word::TAKING).unwrap(), 4);
    let write = writer.append(10);
    let _ = writer.withdraw(write).unwrap();
    assert_eq!(near.load_u64(word::WITHDRAWN).unwrap(), 10);
    assert_eq!(near.load_u64(word::LAST).unwrap(), 4);
    assert_eq!(size_of::<Control>(), word::END);
}

/// A liar that tells the truth, and a link of the library that has met it.
fn met() -> (Liar, Link) {
    let (socket, end) = Socket::pair().unwrap();
    let end = End::received(end.into_fd().unwrap()).unwrap();
    let options = Options::new().wait(Wait::Block).message_bytes_max(1 << 20);
    let mut link = end.link(options).unwrap();
    let mut liar = Liar::new(socket, None, PATIENCE);
    liar.say(frames::hello(None), &[]);
    liar.hand_over();
    liar.send(tag::PLAIN, b"good morning");
    assert_eq!(link.receive(soon()).unwrap().to_vec(), b"good morning");
    link.send(b"hello", soon()).unwrap();
    liar.hear();
    (liar, link)
}

fn word(outbox: &Map, at: usize) -> u64 {
    outbox.load_u64(at).unwrap()
}

/// Waits until a word is not zero, which another thread sees to.
fn becomes(outbox: &Map, at: usize) {
    let deadline = soon();
    while word(outbox, at) == 0 {
        assert!(!deadline.has_passed(), "the word at {at} stays zero");
        std::thread::yield_now();
    }
}

#[test]
fn words_of_a_receiver_lie_where_the_table_says() {
    let (mut liar, mut link) = met();
    let outbox = liar.heard().outbox.clone().unwrap();
    assert_eq!(link.ready().unwrap(), Ready::Armed);
    assert!(word(&outbox, word::ARMED) > 0 && word(&outbox, word::CONSUMED) == 3);
    let (number, _map) = liar.segment(Purpose::Block);
    liar.send(tag::BLOCK, &frames::sent(number, 3, 9, 100));
    drop(link.receive(soon()).unwrap());
    assert_eq!(word(&outbox, word::RETURNED + 3 * 8), 9);
    let file = std::fs::File::open("/dev/null").unwrap();
    let sequence = liar.send_descriptors(&[file.as_fd()]);
    liar.send(tag::ATTACHED, &frames::head(sequence, 0));
    drop(link.receive(soon()).unwrap());
    assert_eq!(word(&outbox, word::FILED), 1);
    link.close();
    assert_eq!(word(&outbox, word::CLOSED), 1);
}

#[test]
fn words_of_a_sender_that_sleeps_lie_where_the_table_says() {
    let (mut liar, mut link) = met();
    let outbox = liar.heard().outbox.clone().unwrap();
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            // More than all rings hold.
            (0..200).try_for_each(|_| link.send(&[7; 1_000], soon()))
        });
        becomes(&outbox, word::WANTS_ROOM);
        while !sleeper.is_finished() {
            liar.hear();
            liar.ring();
        }
        sleeper.join().unwrap().unwrap();
    });
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            while let Ok(block) = link.block(1 << 20, Deadline::Now) {
                link.send_parcel(Parcel::new(b"").block(block), soon()).unwrap();
            }
            link.block(1 << 20, soon()).map(drop)
        });
        becomes(&outbox, word::WANTS_BLOCK);
        while !sleeper.is_finished() {
            liar.hear();
            liar.ring();
        }
        sleeper.join().unwrap().unwrap();
    });
}
