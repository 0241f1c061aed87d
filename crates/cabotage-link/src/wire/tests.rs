// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must hold for every message: it comes back as it went, cut or lengthened it is refused, and no bytes at all
//! make the decoder panic.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::quota::Resource;

const U16: [u16; 4] = [1, 2, u16::MAX - 1, u16::MAX];
const U32: [u32; 5] = [0, 1, 4096, u32::MAX - 1, u32::MAX];
const U64: [u64; 5] = [0, 1, 1 << 32, u64::MAX - 1, u64::MAX];

fn hello() -> Hello<'static> {
    Hello { versions: VERSIONS, flags: Flags::default(), message_bytes_max: 0, port: 0, first: None }
}

/// Every kind of message, with every field at its bounds.
fn at_the_bounds() -> Vec<Frame<'static>> {
    let mut frames = vec![Frame::Bell, Frame::Again, Frame::Bye];
    frames.extend(
        U16.map(|newest| Versions { oldest: 1, newest })
            .map(|versions| Frame::Hello(Hello { versions, ..hello() })),
    );
    frames.extend(
        U16.map(|at| Versions { oldest: at, newest: at })
            .map(|versions| Frame::Refused { reason: Refusal::Version(versions) }),
    );
    frames.extend(U32.map(|message_bytes_max| Frame::Hello(Hello { message_bytes_max, ..hello() })));
    frames.extend(U32.map(|port| Frame::Hello(Hello { port, ..hello() })));
    frames
        .extend([&[][..], &[0], &[9; First::BYTES_MAX - 1], &[9; First::BYTES_MAX]].map(|data| {
            Frame::Hello(Hello { first: First::new(data), flags: Flags::MEMBARRIER, ..hello() })
        }));
    frames.extend(U32.map(|bytes| Frame::Outbox { bytes }));
    for purpose in [Purpose::Ring, Purpose::Block] {
        frames.extend(U32.map(|number| Frame::Segment { number, purpose, bytes: 1 }));
        frames.extend(U64.map(|bytes| Frame::Segment { number: 1, purpose, bytes }));
    }
    frames.extend(U64.map(|sequence| Frame::Descriptors { sequence, count: 1 }));
    frames.extend([1, 2, 63, 64].map(|count| Frame::Descriptors { sequence: 0, count }));
    frames.extend(Resource::ALL.map(|what| Frame::Refused { reason: Refusal::Quota(what) }));
    frames.extend([Refusal::Unidentified, Refusal::Busy].map(|reason| Frame::Refused { reason }));
    frames
}

#[test]
fn every_message_comes_back_as_it_went() {
    for frame in at_the_bounds() {
        let message = frame.encode();
        assert_eq!(Frame::parse(&message), Ok(frame), "{message:?}");
        assert!((1..=FRAME_BYTES_MAX).contains(&message.len()), "{frame:?}");
    }
}

#[test]
fn every_truncation_of_every_message_is_refused() {
    for frame in at_the_bounds() {
        let message = frame.encode();
        for bytes in 0..message.len() {
            assert!(Frame::parse(&message[..bytes]).is_err(), "{frame:?} cut to {bytes} bytes");
        }
    }
}

#[test]
fn every_message_with_a_byte_too_many_is_refused() {
    for frame in at_the_bounds() {
        let message = [&frame.encode()[..], &[0]].concat();
        assert!(matches!(Frame::parse(&message), Err(WireError::Length { .. })), "{frame:?}");
    }
}

#[test]
fn only_a_hello_with_first_data_needs_the_heap() {
    for frame in at_the_bounds() {
        let has_data =
            matches!(frame, Frame::Hello(Hello { first: Some(first), .. }) if !first.bytes().is_empty());
        assert_eq!(matches!(frame.encode(), Encoded::Large(_)), has_data, "{frame:?}");
    }
}

#[test]
fn a_bell_is_one_byte_of_zero() {
    assert_eq!(*Frame::Bell.encode(), [0]);
    assert_eq!(Frame::parse(&[0]), Ok(Frame::Bell));
    assert_eq!(Frame::parse(&[0, 0]), Err(WireError::Length { frame: "BELL", bytes: 2 }));
}

#[test]
fn messages_stay_as_they_are_on_the_wire() {
    let number = 0x0403_0201;
    let segment = Frame::Segment { number, purpose: Purpose::Block, bytes: 0x1122_3344_5566_7788 };
    let versions = Versions { oldest: 3, newest: 0x0504 };
    for (frame, expected) in [
        (Frame::Outbox { bytes: 8192 }, &[2, 0, 32, 0, 0][..]),
        (segment, &[3, 1, 2, 3, 4, 1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]),
        (Frame::Descriptors { sequence: 7, count: 64 }, &[4, 7, 0, 0, 0, 0, 0, 0, 0, 64]),
        (Frame::Refused { reason: Refusal::Version(versions) }, &[5, 1, 3, 0, 4, 5]),
        (Frame::Refused { reason: Refusal::Quota(Resource::Bytes) }, &[5, 2, 2]),
        (Frame::Refused { reason: Refusal::Unidentified }, &[5, 3]),
        (Frame::Refused { reason: Refusal::Busy }, &[5, 4]),
        (Frame::Again, &[6]),
        (Frame::Bye, &[7]),
        (Frame::Early(First::new(b"ab").unwrap()), &[8, b'a', b'b']),
    ] {
        assert_eq!(*frame.encode(), *expected, "{frame:?}");
    }
}

#[test]
fn kinds_and_codes_that_do_not_exist_are_refused() {
    assert_eq!(Frame::parse(&[]), Err(WireError::Empty));
    for kind in 9..=u8::MAX {
        assert_eq!(Frame::parse(&[kind]), Err(WireError::Kind { kind }));
    }
    for code in [0, 5, u8::MAX] {
        assert_eq!(Frame::parse(&[5, code]), Err(WireError::Code { frame: "REFUSED", code }));
    }
    for code in [0, 4, u8::MAX] {
        assert_eq!(Frame::parse(&[5, 2, code]), Err(WireError::Code { frame: "REFUSED", code }));
    }
    for code in [2, u8::MAX] {
        let message = [3, 0, 0, 0, 0, code, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Frame::parse(&message), Err(WireError::Code { frame: "SEGMENT", code }));
    }
    let impossible = WireError::Versions { oldest: 2, newest: 1 };
    assert_eq!(Frame::parse(&[5, 1, 2, 0, 1, 0]), Err(impossible));
    assert_eq!(impossible.fault(), Fault::Peer);
}

#[test]
fn a_message_carries_1_to_64_descriptors_or_exactly_what_its_kind_does() {
    for count in [0, 65, u8::MAX] {
        let message = Frame::Descriptors { sequence: 0, count }.encode();
        assert_eq!(Frame::parse(&message), Err(WireError::Count { count }));
    }
    for frame in at_the_bounds() {
        let expected = match frame {
            Frame::Outbox { .. } | Frame::Segment { .. } => 1,
            Frame::Descriptors { count, .. } => usize::from(count),
            _ => 0,
        };
        assert_eq!(frame.descriptors_expected(), expected, "{frame:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(kind in 0_u8..10, rest in vec(any::<u8>(), 0..80)) {
        let message = [&[kind][..], &rest].concat();
        if let Ok(frame) = Frame::parse(&message) {
            prop_assert!(Frame::parse(&frame.encode()) == Ok(frame));
            prop_assert!(frame.descriptors_expected() <= usize::from(DESCRIPTORS_MAX));
        }
    }

    #[test]
    fn no_change_to_a_message_makes_the_decoder_panic(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
        end in any::<prop::sample::Index>(),
    ) {
        let mut message = which.get(&at_the_bounds()).encode().to_vec();
        // The first bytes matter most: not every change may drown in first data.
        let place = at.index(message.len().min(40));
        message[place] = value;
        message.truncate(end.index(message.len() + 1).max(place));
        if let Ok(frame) = Frame::parse(&message) {
            prop_assert!(Frame::parse(&frame.encode()) == Ok(frame));
        }
    }

    #[test]
    fn a_hello_comes_back_as_it_went(
        oldest in 1..=u16::MAX, more in any::<u16>(), message_bytes_max in any::<u32>(), port in any::<u32>(),
        takes_part in any::<bool>(), data in prop::option::of(vec(any::<u8>(), 0..=First::BYTES_MAX)),
    ) {
        let hello = Hello {
            versions: Versions { oldest, newest: oldest.saturating_add(more) },
            flags: if takes_part { Flags::MEMBARRIER } else { Flags::default() },
            message_bytes_max,
            port,
            first: data.as_deref().and_then(First::new),
        };
        let message = Frame::Hello(hello).encode();
        prop_assert_eq!(Frame::parse(&message), Ok(Frame::Hello(hello)));
        prop_assert!(message.len() <= FRAME_BYTES_MAX);
    }
}
