// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rule of the one copy: bytes that another process can write are loaded by `copy_in` and by nothing else.
//!
//! An ordinary copy into a private buffer may be read again from the peer's memory by the optimiser, after the
//! check (docs/threats.md#racing-copy). So plain copies and slices are banned where maps live.

use crate::files::{Exception, File, keep_except, places};

const PLAIN: [&str; 10] = [
    "copy_nonoverlapping",
    "from_raw_parts",
    "from_raw_parts_mut",
    "ptr::copy",
    "ptr::read",
    "ptr::read_unaligned",
    "ptr::read_volatile",
    "ptr::write",
    "slice_from_raw_parts",
    "memcpy",
];

/// Places whose pointers do not lead into memory that another process can write, and one where the caller says so.
const EXCEPTIONS: &[Exception] = &[
    ("crates/cabotage-os/src/pages/mod.rs", "from_raw_parts_mut", "new pages that nobody else knows yet"),
    ("crates/cabotage-lane/src/plain.rs", "from_raw_parts", "private memory of this process"),
    (
        "crates/cabotage-lane/src/span.rs",
        "from_raw_parts",
        "`assume_frozen`: the caller vouches for the peer",
    ),
    ("crates/cabotage-os/src/fork/exempt.rs", "from_raw_parts", "private memory of this process"),
    (
        "crates/cabotage-os/src/raw/buffer.rs",
        "copy_nonoverlapping",
        "plain on purpose, for benchmarks among friends",
    ),
    (
        "crates/cabotage-os/src/sealed.rs",
        "from_raw_parts",
        "sealed against writing, for everybody and for good",
    ),
    (
        "crates/cabotage-os/src/sealed/region.rs",
        "from_raw_parts",
        "memory that no other process has or can write",
    ),
    (
        "crates/cabotage-os/src/sealed/region.rs",
        "from_raw_parts_mut",
        "memory that no other process has, or sees written",
    ),
    ("crates/cabotage-os/src/raw/sealed.rs", "from_raw_parts", "sealed, for benchmarks among friends"),
    ("crates/cabotage-os/src/raw/words.rs", "from_raw_parts", "atomics only, for benchmarks among friends"),
];

fn copies_plainly(file: &File) -> Vec<String> {
    if !file.is_library() {
        return Vec::new();
    }
    let find = |name: &'static str| places(file.shipped(), name).into_iter().map(move |(at, _)| (at, name));
    let complain = |(at, name)| {
        file.complain(at, &format!("`{name}` may read a peer's byte twice: use copy_in or copy_out"))
    };
    PLAIN.into_iter().flat_map(find).map(complain).collect()
}

#[test]
fn shared_memory_is_read_by_the_one_copy() {
    keep_except(EXCEPTIONS, copies_plainly);
}

#[test]
fn a_plain_copy_is_found() {
    let file = File::new("crates/cabotage-os/src/x.rs", "unsafe { std::ptr::copy_nonoverlapping(a, b, 3) }");
    assert_eq!(copies_plainly(&file).len(), 1);
    let test = File::new("crates/cabotage-os/src/x.rs", "\n#[cfg(test)]\nmod tests { ptr::read(a) }");
    assert_eq!(copies_plainly(&test).len(), 0);
}
