// SPDX-License-Identifier: MIT OR Apache-2.0
//! What fuzz targets reach of this crate's decoders, which nobody else has to. Behind the feature `fuzzing`.

use crate::carrier::wire::{Item, Record, Says};

/// Takes a record of any bytes apart.
///
/// # Panics
/// If what was admitted is more than came.
pub fn record(data: &[u8]) {
    let Ok(Record { says: Says::Message(message), .. }) = Record::parse(data) else { return };
    let inline = |item: &Item<'_>| if let Item::Inline(memory) = item { memory.len() } else { 0 };
    let bytes = message.body.len() + message.items.iter().map(inline).sum::<usize>();
    assert!(bytes <= data.len(), "nothing lies outside the record");
}
