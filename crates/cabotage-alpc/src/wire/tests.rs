// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any bytes, and headers that lie.

use proptest::prelude::*;

use super::*;

fn parse(header: &Header, bytes_in_all: usize) -> Result<Head, WireError> {
    Head::parse(header.bytes(), bytes_in_all)
}

#[test]
fn a_header_survives_the_way() {
    for word in Word::ALL {
        let header = Header { about: 3, valid: 9, flags: SYNC, ..Header::new(word, 7, 5) };
        let head = parse(&header, HEADER_BYTES + 5).unwrap();
        assert_eq!((head.word, head.id, head.about, head.valid), (word, 7, 3, 9));
        assert_eq!((head.body_at(), head.body_bytes, head.is_sync()), (HEADER_BYTES, 5, true));
    }
}

#[test]
fn lengths_are_checked_strictly() {
    let header = Header::new(Word::Request, 1, 5);
    for found in [0, HEADER_BYTES, HEADER_BYTES + 4, HEADER_BYTES + 6] {
        let expected = WireError::Length { told: HEADER_BYTES as u64 + 5, found };
        assert_eq!(parse(&header, found), Err(expected));
    }
    let vast = Header { attributes_bytes: u32::MAX - 7, body_bytes: u32::MAX, ..header };
    assert!(matches!(parse(&vast, HEADER_BYTES), Err(WireError::Length { .. })));
    assert_eq!(Head::parse(&header.bytes()[1..], HEADER_BYTES + 5), Err(WireError::Short));
}

#[test]
fn what_has_no_meaning_is_refused() {
    let header = Header::new(Word::Request, 1, 0);
    for word in [0, 12, u16::MAX] {
        assert_eq!(parse(&Header { word, ..header }, HEADER_BYTES), Err(WireError::Word(word)));
    }
    assert_eq!(parse(&Header { flags: 2, ..header }, HEADER_BYTES), Err(WireError::Reserved));
    let odd = Header { attributes_bytes: 4, ..header };
    assert_eq!(parse(&odd, HEADER_BYTES + 4), Err(WireError::Reserved));
}

#[test]
fn a_message_that_is_nothing_but_a_body_begins_with_one_word() {
    for (word, flags) in [(Word::Request, SYNC), (Word::Request, 0), (Word::Reply, 0), (Word::Datagram, 0)] {
        let header = Header { flags, ..Header::new(word, 7, 5) };
        let short = Short::of(&header).unwrap();
        let head = Head::parse(&short.0.to_ne_bytes(), SHORT_BYTES + 5).unwrap();
        assert_eq!(
            Head { header_bytes: HEADER_BYTES, ..head },
            parse(&header, HEADER_BYTES + 5).unwrap(),
            "{word:?}"
        );
        assert_eq!((head.body_at(), short.as_sync_request()), (SHORT_BYTES, (flags == SYNC).then_some(7)));
    }
    assert_eq!(Short::of(&Header::new(Word::Reply, 7, 0)), Some(Short::new(Word::Reply, 7)));
    let plain = Header::new(Word::Request, 7, 0);
    let said_at_length =
        [Header { about: 1, ..plain }, Header { valid: 1, ..plain }, Header { attributes_bytes: 8, ..plain }];
    for header in
        said_at_length.into_iter().chain([Header::new(Word::Cancel, 7, 0), Header { id: 1 << 56, ..plain }])
    {
        assert_eq!(Short::of(&header), None, "{header:?}");
    }
}

#[test]
fn what_has_no_meaning_in_one_word_is_refused() {
    let parse = |word: u64| Head::parse(&word.to_ne_bytes(), SHORT_BYTES);
    let request = Short::new(Word::Request, 1).0;
    assert!(parse(request).is_ok());
    for bit in [60, 61] {
        assert_eq!(parse(request | 1 << bit), Err(WireError::Reserved));
    }
    assert_eq!(parse(1 << 63), Err(WireError::Word(0)));
    assert_eq!(parse(0x8F << 56), Err(WireError::Word(15)));
    assert_eq!(Head::parse(&request.to_ne_bytes(), SHORT_BYTES - 1), Err(WireError::Short));
}

proptest! {
    #[test]
    fn any_bytes_are_a_header_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..64), all in any::<usize>()) {
        if let Ok(head) = Head::parse(&bytes, all) {
            prop_assert_eq!(head.body_at() + head.body_bytes, all);
        }
    }

    #[test]
    fn any_bytes_are_attributes_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut left = bytes.len();
        for attribute in Attributes::new(&bytes) {
            let Ok((_, content)) = attribute else { break };
            left = left.checked_sub(8 + content.len().next_multiple_of(8)).unwrap();
        }
    }
}

#[test]
fn attributes_are_taken_in_order_and_the_first_bad_one_ends_it() {
    let head = |kind: u16, bytes: u32| attributes::AttributeHead { kind, flags: 0, bytes };
    let mut room = bytes_of(&head(1, 3)).to_vec();
    room.extend([1, 2, 3, 0, 0, 0, 0, 0]);
    room.extend(bytes_of(&head(2, 0)));
    let found: Vec<_> = Attributes::new(&room).map(|found| found.unwrap()).collect();
    assert_eq!(found, [(head(1, 3), &[1, 2, 3][..]), (head(2, 0), &[][..])]);
    room.extend(bytes_of(&head(3, 1)));
    let found: Vec<_> = Attributes::new(&room).collect();
    assert_eq!(found.len(), 3);
    assert_eq!(found[2], Err(WireError::Attributes));
}
