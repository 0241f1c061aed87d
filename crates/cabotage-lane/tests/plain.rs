// SPDX-License-Identifier: MIT OR Apache-2.0
//! Structures of a crate that forbids unsafe code can be plain data all the same.
#![cfg(not(loom))]
#![forbid(unsafe_code)]

use cabotage_lane::{bytes_of, plain, value_of};

plain! {
    /// A header as a user would write it, the gap before the end named.
    #[derive(Debug, Default, PartialEq)]
    pub struct Header {
        /// Which one.
        pub number: u64,
        /// What kind.
        pub kind: u16,
        /// Nothing yet.
        pub reserved: [u8; 6],
    }
}

plain! {
    struct Nested {
        headers: [Header; 2],
        real: f32,
        rest: [i8; 4],
    }
}

#[test]
fn plain_structures_nest_and_keep_the_layout_of_c() {
    let header = Header { number: 0x0102, kind: 3, ..Header::default() };
    let nested = Nested { headers: [header, Header::default()], real: 1.0, rest: [-1; 4] };
    let bytes = bytes_of(&nested);
    assert_eq!(bytes.len(), 40);
    assert_eq!(value_of::<u64>(&bytes[..8]), Some(0x0102));
    assert_eq!(value_of::<u16>(&bytes[8..10]), Some(3));
    let back: Nested = value_of(bytes).unwrap();
    assert_eq!((back.headers[0], back.real.to_bits(), back.rest), (header, 1.0_f32.to_bits(), [-1; 4]));
}
