// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records survive the way, and every lie has its refusal.

use cabotage_os::sealed::Region;
use proptest::prelude::*;

use super::carried::{ENTRY_BYTES, Entry, kind};
use super::*;
use crate::right::{Disposition, Right};

const CLAIM: Claim = Claim { pid: 7, uid: 1000, port: 3, secret: 9 };

fn written(mut draft: Draft, body: &[u8]) -> Vec<u8> {
    draft.long(body, 5)
}

fn descriptor() -> std::os::fd::OwnedFd {
    std::fs::File::open("/dev/null").unwrap().into()
}

/// A message with everything in it.
fn laden() -> Vec<u8> {
    let mut draft = Draft::new(-3, To::Token(4), true);
    draft.reply(Carried::Send { claim: Some(CLAIM), fork: 8 }, Some(descriptor()));
    draft.right(Carried::Own, None);
    draft.memory(b"inline");
    draft.array(3, Disposition::MakeSendOnce);
    draft.right(Carried::Null(Right::SendOnce), None);
    draft.right(Carried::Token(11), None);
    draft.right(Carried::Once, Some(descriptor()));
    draft.file(descriptor());
    written(draft, b"body")
}

fn header(bytes: &[u8]) -> Header {
    value_of(&bytes[..HEADER_BYTES]).unwrap()
}

fn with_header(bytes: &[u8], change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let mut header = header(bytes);
    change(&mut header);
    [bytes_of(&header), &bytes[HEADER_BYTES..]].concat()
}

fn with_entry(bytes: &[u8], number: usize, change: impl FnOnce(&mut Entry)) -> Vec<u8> {
    let at = HEADER_BYTES + number * ENTRY_BYTES;
    let mut entry: Entry = value_of(&bytes[at..at + ENTRY_BYTES]).unwrap();
    change(&mut entry);
    [&bytes[..at], bytes_of(&entry), &bytes[at + ENTRY_BYTES..]].concat()
}

fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap()
}

fn refusal(bytes: &[u8]) -> WireError {
    Record::parse(bytes).unwrap_err()
}

#[test]
fn a_message_survives_the_way_with_everything_that_it_carries() {
    let bytes = laden();
    let record = Record::parse(&bytes).unwrap();
    assert_eq!((record.taken, record.descriptors), (5, 3));
    let Says::Message(message) = record.says else { panic!("{record:?}") };
    assert_eq!((message.id, message.is_complex, message.to), (-3, true, To::Token(4)));
    assert_eq!(message.reply, Carried::Send { claim: Some(CLAIM), fork: 8 });
    let array = vec![Carried::Null(Right::SendOnce), Carried::Token(11), Carried::Once];
    let items = vec![
        Item::Port(Carried::Own),
        Item::Inline(b"inline"),
        Item::Ports(array, Disposition::MakeSendOnce),
        Item::File,
    ];
    assert_eq!((message.items, message.body), (items, &b"body"[..]));
}

#[test]
fn a_plain_message_is_a_header_and_its_body() {
    for reply in [Carried::Null(Right::SendOnce), Carried::Token(1), Carried::Home(2)] {
        let mut draft = Draft::new(1, To::Port, false);
        draft.reply(reply, None);
        let bytes = written(draft, b"ahoy");
        assert_eq!(bytes.len(), HEADER_BYTES + 4);
        let Says::Message(message) = Record::parse(&bytes).unwrap().says else { panic!() };
        assert_eq!((message.reply, message.to, message.body), (reply, To::Port, &b"ahoy"[..]));
    }
}

#[test]
fn a_message_has_the_short_header_where_that_says_it_all() {
    let bytes = |change: &dyn Fn(&mut Draft), body: &[u8], is_complex| {
        let mut draft = Draft::new(1, To::Port, is_complex);
        change(&mut draft);
        draft.bytes(body, 5)
    };
    let (nothing, token) = (|_: &mut Draft| {}, |draft: &mut Draft| draft.reply(Carried::Token(1), None));
    for brief in [bytes(&nothing, b"ahoy", false), bytes(&token, b"ahoy", false)] {
        assert_eq!(brief.len(), BRIEF_BYTES + 4);
        let record = Record::parse(&brief).unwrap();
        assert!(
            matches!(record.says, Says::Message(Message { id: 1, body: b"ahoy", .. })) && record.taken == 5
        );
    }
    let home = |draft: &mut Draft| draft.reply(Carried::Home(2), None);
    let memory = |draft: &mut Draft| draft.memory(b"memory");
    let long = [
        bytes(&nothing, &[0; Plain::BODY_BYTES_MAX + 1], false),
        bytes(&nothing, b"", true),
        bytes(&home, b"", false),
        bytes(&memory, b"", true),
    ];
    assert!(long.iter().all(|bytes| bytes[0] == Word::Message.number() && Record::parse(bytes).is_ok()));
}

#[test]
fn what_is_no_message_survives_the_way_too() {
    let welcome = Welcome { port: 3, secret: 4, limit: 5, sealed: 6, sealed_bytes: 7 };
    let limit = 7_u32;
    let records = [
        (bare(Word::Welcome, 0, 0, bytes_of(&welcome)), Says::Welcome(welcome)),
        (bare(Word::Taken, 0, 9, bytes_of(&limit)), Says::Taken { limit }),
        (bare(Word::Fork, 6, 0, &[]), Says::Fork { nonce: 6 }),
        (bare(Word::Release, 0, 0, &[]), Says::Release),
        (bare(Word::Died, 0, 0, &[]), Says::Died),
        (bare(Word::Unused, 2, 0, &[]), Says::Unused { token: 2 }),
        (bare(Word::Materialise, 2, 0, &[]), Says::Materialise { token: 2 }),
        (ahead(64, 0), Says::Ahead),
    ];
    for (bytes, says) in records {
        assert_eq!(Record::parse(&bytes).unwrap().says, says);
        assert!(matches!(refusal(&with_header(&bytes, |head| head.entries = 1)), WireError::Length { .. }));
        assert!(matches!(refusal(&[&bytes[..], b"x"].concat()), WireError::Length { .. }));
        assert_eq!(refusal(&with_header(&bytes, |head| head.flags = 1)), WireError::Reserved);
        assert_eq!(refusal(&with_header(&bytes, |head| head.reply = 1)), WireError::Reserved);
        assert_eq!(refusal(&with_header(&bytes, |head| head.id = 1)), WireError::Reserved);
        assert_eq!(refusal(&with_header(&bytes, |head| head.reply_token = 1)), WireError::Reserved);
        assert_eq!(refusal(&with_header(&bytes, |head| head.reserved = 1)), WireError::Reserved);
        let other_token = |head: &mut Header| head.token = u64::from(head.token == 0);
        assert_eq!(refusal(&with_header(&bytes, other_token)), WireError::Reserved);
        let other_count = |head: &mut Header| head.descriptors = u32::from(head.descriptors == 0);
        if says != Says::Ahead {
            assert_eq!(refusal(&with_header(&bytes, other_count)), WireError::Descriptors);
        }
        assert_eq!(refusal(&bytes[..HEADER_BYTES - 1]), WireError::Short);
    }
    assert!(matches!(refusal(&bare(Word::Welcome, 0, 0, b"short")), WireError::Length { .. }));
    assert!(matches!(refusal(&bare(Word::Taken, 0, 0, b"short")), WireError::Length { .. }));
    assert!(matches!(refusal(&bare(Word::Release, 0, 0, b"body")), WireError::Length { .. }));
}

#[test]
fn a_right_is_detached_by_its_number_or_as_the_link_itself() {
    for token in [0, 7] {
        let (asked, said) = (bare(Word::Detach, token, 0, &[]), bare(Word::Detached, token, 0, &[]));
        assert_eq!(Record::parse(&asked).unwrap().says, Says::Detach { token });
        assert_eq!(Record::parse(&said).unwrap().says, Says::Detached { token });
        let no_end = with_header(&asked, |head| head.descriptors = 0);
        assert_eq!(refusal(&no_end), WireError::Descriptors);
    }
}

#[test]
fn words_without_meaning_are_refused() {
    for word in [0, 22, u8::MAX] {
        assert_eq!(refusal(&with_header(&laden(), |head| head.word = word)), WireError::Word(word));
    }
}

#[test]
fn the_lengths_of_a_message_add_up_exactly() {
    let bytes = laden();
    let is_length = |bytes: &[u8]| matches!(refusal(bytes), WireError::Length { .. });
    assert!(is_length(&[&bytes[..], b"x"].concat()));
    assert_eq!(refusal(&bytes[..bytes.len() - 1]), WireError::Memory);
    assert!(is_length(&with_header(&bytes, |head| head.body_bytes = narrow(BODY_BYTES_MAX))));
    assert!(is_length(&with_header(&bytes, |head| head.entries = narrow(ENTRIES_MAX))));
    assert!(is_length(&with_header(&bytes, |head| head.body_bytes -= 1)));
}

#[test]
fn nothing_is_longer_than_a_message_may_be() {
    let bytes = laden();
    let too_long = with_header(&bytes, |head| head.body_bytes = narrow(BODY_BYTES_MAX) + 1);
    assert_eq!(refusal(&too_long), WireError::TooMany);
    let too_many = with_header(&bytes, |head| head.entries = narrow(ENTRIES_MAX) + 1);
    assert_eq!(refusal(&too_many), WireError::TooMany);
    for (rights, is_taken) in [(PORTS_MAX, true), (PORTS_MAX + 1, false)] {
        let mut draft = Draft::new(1, To::Port, true);
        draft.reply(Carried::Own, None);
        (0..rights).for_each(|_| draft.right(Carried::Null(Right::Send), None));
        let bytes = written(draft, b"");
        assert_eq!(Record::parse(&bytes).err(), (!is_taken).then_some(WireError::TooMany));
    }
}

#[test]
fn the_reply_right_is_what_the_header_says() {
    let bytes = laden();
    for (reply, reply_token) in [(0, 1), (1, 0), (2, 0), (3, 1), (4, 0)] {
        let lie = with_header(&bytes, |head| (head.reply, head.reply_token) = (reply, reply_token));
        assert_eq!(refusal(&lie), WireError::Reserved, "{reply}");
    }
    let none = written(Draft::new(1, To::Port, true), b"");
    assert_eq!(refusal(&with_header(&none, |head| head.reply = 3)), WireError::Array);
    let memory = with_entry(&bytes, 0, |entry| *entry = Entry { kind: kind::INLINE, ..Entry::default() });
    assert_eq!(refusal(&memory), WireError::Entry(kind::INLINE));
}

#[test]
fn a_message_that_is_not_complex_carries_nothing() {
    assert_eq!(refusal(&with_header(&laden(), |head| head.flags = 0)), WireError::Reserved);
    assert_eq!(refusal(&with_header(&laden(), |head| head.flags = 3)), WireError::Reserved);
}

#[test]
fn descriptors_are_as_many_as_the_entries_need() {
    for descriptors in [0, 2, 4, u32::MAX] {
        let lie = with_header(&laden(), |head| head.descriptors = descriptors);
        assert_eq!(refusal(&lie), WireError::Descriptors);
    }
}

#[test]
fn entries_without_meaning_are_refused() {
    let bytes = laden();
    for unknown in [0, 15, u16::MAX] {
        assert_eq!(refusal(&with_entry(&bytes, 1, |entry| entry.kind = unknown)), WireError::Entry(unknown));
    }
    for number in 0..8 {
        assert_eq!(refusal(&with_entry(&bytes, number, |entry| entry.reserved = 1)), WireError::Reserved);
    }
    for number in [1, 2, 4, 5, 6, 7] {
        assert_eq!(refusal(&with_entry(&bytes, number, |entry| entry.secret = 1)), WireError::Reserved);
    }
    assert_eq!(refusal(&with_entry(&bytes, 0, |entry| entry.pid = 0)), WireError::Reserved);
    assert_eq!(refusal(&with_entry(&bytes, 0, |entry| entry.pid = u32::MAX)), WireError::Reserved);
    assert_eq!(refusal(&with_entry(&bytes, 1, |entry| entry.number = 1)), WireError::Reserved);
    assert_eq!(refusal(&with_entry(&bytes, 5, |entry| entry.number = 0)), WireError::Reserved);
    assert_eq!(refusal(&with_entry(&bytes, 7, |entry| entry.number = 1)), WireError::Reserved);
}

#[test]
fn a_dead_right_says_what_it_was() {
    for sort in [Right::Send, Right::Receive, Right::SendOnce] {
        let mut draft = Draft::new(1, To::Port, true);
        draft.reply(Carried::Dead(sort), None);
        let bytes = written(draft, b"");
        let Says::Message(message) = Record::parse(&bytes).unwrap().says else { panic!() };
        assert_eq!(message.reply, Carried::Dead(sort));
        assert_eq!(refusal(&with_entry(&bytes, 0, |entry| entry.detail = 3)), WireError::Reserved);
    }
}

#[test]
fn an_array_holds_rights_of_its_kind_and_no_more_than_there_are() {
    let bytes = laden();
    for detail in [0, 15, 22, u16::MAX] {
        assert_eq!(refusal(&with_entry(&bytes, 3, |entry| entry.detail = detail)), WireError::Array);
    }
    for number in [4, 6, u64::MAX] {
        assert_eq!(refusal(&with_entry(&bytes, 3, |entry| entry.number = number)), WireError::Array);
    }
    let send = Disposition::MoveSend as u16;
    assert_eq!(refusal(&with_entry(&bytes, 3, |entry| entry.detail = send)), WireError::Array);
}

#[test]
fn memory_in_the_record_is_as_long_as_it_says() {
    let bytes = laden();
    for number in [7, u64::MAX] {
        assert_eq!(refusal(&with_entry(&bytes, 2, |entry| entry.number = number)), WireError::Memory);
    }
    assert!(matches!(refusal(&with_entry(&bytes, 2, |entry| entry.number = 5)), WireError::Length { .. }));
}

#[test]
fn sealed_memory_lies_inside_its_object_and_there_are_so_many_pieces_at_most() {
    let part = |bytes| Region::create("test", bytes).unwrap().seal().unwrap();
    let with = |count: usize| {
        let mut draft = Draft::new(1, To::Port, true);
        (0..count).for_each(|_| draft.sealed(part(8)));
        written(draft, b"")
    };
    let bytes = with(SEALED_MAX);
    let Says::Message(message) = Record::parse(&bytes).unwrap().says else { panic!() };
    assert_eq!(message.items[0], Item::Sealed { object_bytes: 8, start: 0, bytes: 8 });
    assert_eq!(refusal(&with(SEALED_MAX + 1)), WireError::TooMany);
    for change in [(0, 0), (9, 0), (8, 1), (u64::MAX, 8), (1, u64::MAX)] {
        let lie = with_entry(&bytes, 0, |entry| (entry.number, entry.secret) = change);
        assert_eq!(refusal(&lie), WireError::Memory, "{change:?}");
    }
    assert_eq!(refusal(&with_entry(&bytes, 0, |entry| entry.uid = 1)), WireError::Reserved);
}

proptest! {
    #[test]
    fn any_bytes_are_a_record_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Record::parse(&bytes);
    }

    #[test]
    fn a_record_with_some_bytes_changed_is_taken_whole_or_refused(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = laden();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(Record { says: Says::Message(message), descriptors, .. }) = Record::parse(&bytes) {
            prop_assert!(message.body.len() <= bytes.len() && descriptors <= message.items.len() + 4);
        }
    }
}

#[test]
fn the_words_of_a_move_say_what_they_say_and_nothing_else() {
    let record = numbered(Word::Give, 7, 3);
    let parsed = Record::parse(&record).unwrap();
    assert_eq!((parsed.taken, parsed.descriptors, parsed.says), (3, 1, Says::Give { heard: 7 }));
    assert!(matches!(refusal(&bare(Word::Moved, 0, 0, b"short")), WireError::Length { .. }));
    assert!(matches!(refusal(&bare(Word::Pause, 0, 0, b"body")), WireError::Length { .. }));
    assert_eq!(refusal(&with_header(&record, |head| head.descriptors = 0)), WireError::Descriptors);
    for (guarding, guard) in [(8, 0), (2, 0), (0, 1)] {
        let odd = Whole { guarding, guard, ..Whole::default() };
        assert_eq!(refusal(&bare(Word::Whole, 0, 0, bytes_of(&odd))), WireError::Reserved);
    }
}
