// SPDX-License-Identifier: MIT OR Apache-2.0
//! What fuzz targets reach of this crate's decoders, which nobody else has to. Behind the feature `fuzzing`.

use crate::rules::{Access, Ranges, Wanted};
use crate::wire::{Attributes, CopyWanted, HEADER_BYTES, HandlesNote, Head, Note, Terms, ViewNote};

/// Takes a message of any bytes apart, as either end would.
///
/// # Panics
/// If what was admitted does not lie within the message, or allows a copy beyond a range.
pub fn message(data: &[u8]) {
    let Ok(head) = Head::parse(&data[..data.len().min(HEADER_BYTES)], data.len()) else { return };
    assert_eq!(head.body_at() + head.body_bytes, data.len(), "all of it is accounted for");
    let body = &data[head.body_at()..];
    let wanted = CopyWanted::parse(body);
    if let Some((_, rest)) = Terms::split(body) {
        assert!(rest.len() <= body.len());
    }
    for attribute in Attributes::new(&data[head.attributes_at()..head.body_at()]) {
        let Ok((kind, bytes)) = attribute else { return };
        match Note::of(kind.kind) {
            Some(Note::View) => drop(ViewNote::parse(bytes)),
            Some(Note::Handles) => drop(HandlesNote::parse(bytes)),
            Some(Note::Ranges) => ranges(bytes, wanted),
            _ => {}
        }
    }
}

fn ranges(list: &[u8], wanted: Option<Wanted>) {
    let Some(ranges) = Ranges::admit(list) else { return };
    let whole = |access| Wanted { range: 0, offset: 0, bytes: u64::MAX, access };
    for wanted in wanted.into_iter().chain([whole(Access::Read), whole(Access::Write)]) {
        if let Ok(entry) = ranges.check(wanted) {
            assert!(wanted.offset.checked_add(wanted.bytes).is_some_and(|end| end <= entry.bytes));
            assert_eq!(entry.access(), wanted.access);
        }
    }
}
