// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of fields is whole: each field of the sources has a row, the rows of a message leave no byte out, and
//! what the library really writes stands where the table says.
#![forbid(unsafe_code)]

mod sources;
mod written;

use cabotage_tests::hostile::alpc::fields::ALPC_FIELDS;
use cabotage_tests::hostile::alpc::server_fields::SERVER_FIELDS;
use cabotage_tests::hostile::channel::fields;
use cabotage_tests::hostile::field::Place;
use cabotage_tests::hostile::link_fields::{FIELDS, frame, tag};
use cabotage_tests::hostile::mach::fields::MACH_FIELDS;
use cabotage_tests::hostile::mach::owner_fields::OWNER_FIELDS;
use cabotage_tests::hostile::pipe::folder::BENDS;

/// Which source holds what a peer writes, and what the rows about it begin with.
const SOURCES: &[(&str, &str, &str)] = &[
    ("crates/cabotage-lane/src/control.rs", "Control", "control"),
    ("crates/cabotage-lane/src/block/mod.rs", "Sent", "sent"),
    ("crates/cabotage-link/src/parcel.rs", "Head", "head"),
    ("crates/cabotage-link/src/wire/mod.rs", "Frame", ""),
    ("crates/cabotage-shm/src/channel/guarded/words.rs", "Knock", "knock"),
    ("crates/cabotage-shm/src/channel/guarded/words.rs", "Answer", "answer"),
    ("crates/cabotage-alpc/src/wire/mod.rs", "Header", "header"),
    ("crates/cabotage-alpc/src/wire/terms.rs", "Terms", "terms"),
    ("crates/cabotage-alpc/src/wire/attributes.rs", "AttributeHead", "attributehead"),
    ("crates/cabotage-alpc/src/wire/attributes.rs", "ViewNote", "viewnote"),
    ("crates/cabotage-alpc/src/wire/attributes.rs", "HandlesNote", "handlesnote"),
    ("crates/cabotage-alpc/src/wire/copy.rs", "CopyWanted", "copywanted"),
    ("crates/cabotage-alpc/src/rules/ranges.rs", "Entry", "entry"),
    ("crates/cabotage-mach/src/carrier/wire/mod.rs", "Header", "mach.header"),
    ("crates/cabotage-mach/src/carrier/wire/plain.rs", "Brief", "mach.brief"),
    ("crates/cabotage-mach/src/carrier/wire/mod.rs", "Header", "owner.header"),
    ("crates/cabotage-mach/src/carrier/wire/mod.rs", "Welcome", "welcome"),
    ("crates/cabotage-mach/src/carrier/wire/carried.rs", "Entry", "mach.entry"),
    ("crates/cabotage-mach/src/carrier/wire/carried.rs", "Entry", "mach.passed"),
    ("crates/cabotage-mach/src/carrier/wire/carried.rs", "Entry", "given"),
];

/// The same of what servers of named pipes write into the folder of a pipe, as words.
const TEXTS: &[(&str, &str, &str)] = &[
    ("crates/cabotage-pipe/src/named/place/definition.rs", "Definition", "record"),
    ("crates/cabotage-pipe/src/named/place/post.rs", "Entry", "post"),
];

/// Types inside those, which are taken apart where they stand.
const PARTS: &[(&str, &str)] = &[
    ("crates/cabotage-lane/src/control.rs", "Calls"),
    ("crates/cabotage-lane/src/control.rs", "State"),
    ("crates/cabotage-lane/src/control.rs", "Withdrawal"),
    ("crates/cabotage-link/src/wire/hello.rs", "Hello"),
    ("crates/cabotage-link/src/wire/refusal.rs", "Refusal"),
    ("crates/cabotage-link/src/wire/version.rs", "Versions"),
    ("crates/cabotage-pipe/src/named/place/definition.rs", "Rights"),
    ("crates/cabotage-pipe/src/named/place/definition.rs", "Shape"),
];

fn has_row(name: &str) -> bool {
    let is_it = |row: &str| row == name || row.strip_prefix(name).is_some_and(|rest| rest.starts_with('['));
    let of_others = ALPC_FIELDS.iter().chain(SERVER_FIELDS).chain(MACH_FIELDS).chain(OWNER_FIELDS);
    fields::all().chain(of_others).any(|field| is_it(field.name))
}

#[test]
fn every_field_of_the_sources_has_a_row() {
    let known = sources::Known::read(PARTS);
    for (path, name, prefix) in SOURCES {
        let missing: Vec<_> =
            known.fields_of(path, name, prefix).into_iter().filter(|field| !has_row(field)).collect();
        assert!(
            missing.is_empty(),
            "{path}: add rows to src/hostile/link_fields.rs, or to the fields of channels, of ALPC or of Mach, for {missing:?}"
        );
    }
}

#[test]
fn every_word_in_the_folder_of_a_pipe_has_a_row() {
    let known = sources::Known::read(PARTS);
    let has_row = |name: &String| BENDS.iter().any(|(row, _)| row.split(':').next() == Some(name));
    for (path, name, prefix) in TEXTS {
        let fields = known.fields_of(path, name, prefix);
        let missing: Vec<_> = fields.iter().filter(|field| !has_row(field)).collect();
        assert!(!fields.is_empty() && missing.is_empty(), "add rows to pipe/folder.rs for {missing:?}");
    }
}

#[test]
fn every_type_that_lies_in_shared_memory_is_among_the_sources() {
    let listed = |name: &str| {
        // A frame around one word, without a field of its own.
        name == "Line"
            || SOURCES.iter().any(|(_, known, _)| *known == name)
            || PARTS.iter().any(|(_, known)| *known == name)
    };
    for folder in ["crates/cabotage-lane/src", "crates/cabotage-link/src", "crates/cabotage-alpc/src"] {
        let strays: Vec<_> =
            sources::shared_types(folder).into_iter().filter(|(_, name)| !listed(name)).collect();
        assert!(strays.is_empty(), "a peer writes these, and the table has no rows: {strays:?}");
    }
}

#[test]
fn a_field_without_a_row_is_found() {
    let mut known = sources::Known::read(PARTS);
    let text = "pub struct Control { /// Words.\n pub(crate) consumed: u64, more: Line<State>, news: u8 }";
    known.pretend("x.rs", text);
    let fields = known.fields_of("x.rs", "Control", "control");
    assert_eq!(
        fields,
        [
            "control.consumed",
            "control.filed",
            "control.closed",
            "control.wants_block",
            "control.taken",
            "control.news"
        ]
    );
    assert!(!has_row("control.news") && has_row("control.returned"));
    known.pretend("x.rs", "enum Frame<'a> { Bell, New { bytes: u32 }, Refused { reason: Refusal } }");
    let fields = known.fields_of("x.rs", "Frame", "");
    let refused = ["refused.kind", "refused.code", "refused.oldest", "refused.newest", "refused.resource"];
    assert_eq!(fields[..3], ["bell.kind", "new.kind", "new.bytes"]);
    assert_eq!(fields[3..], refused);
}

/// The rows of one message or record, from its first byte or bit on, without a gap.
#[track_caller]
fn assert_whole(what: &str, mut rows: Vec<(usize, usize)>) {
    rows.sort_unstable();
    let mut end = 0;
    for (begin, length) in rows {
        assert!(begin <= end, "{what}: nothing tells of {end} to {begin}");
        end = end.max(begin + length);
    }
    assert!(end > 0, "{what}: there are no rows");
}

#[test]
fn no_byte_of_a_message_and_no_bit_of_a_header_is_left_out() {
    let places = || FIELDS.iter().map(|field| (field.place, field.bits as usize));
    for wanted in frame::BELL..=frame::EARLY {
        let rows = places().filter_map(|(place, bits)| match place {
            Place::Frame { kind, byte } if kind == wanted => Some((byte, bits / 8)),
            _ => None,
        });
        assert_whole(&format!("message {wanted}"), rows.collect());
    }
    for wanted in [tag::BLOCK, tag::ATTACHED, tag::CONTINUE, tag::RETIRE] {
        let rows = places().filter_map(|(place, bits)| match place {
            Place::Body { tag, byte } if tag == wanted => Some((byte, bits / 8)),
            _ => None,
        });
        assert_whole(&format!("record {wanted}"), rows.collect());
    }
    // Of ALPC and Mach those about the header and what stands behind it, whoever says it.
    for (what, fields, behind) in [
        ("a client's message", ALPC_FIELDS, 64),
        ("a server's message", SERVER_FIELDS, 64),
        ("a holder's record", MACH_FIELDS, 80),
        ("an owner's record", OWNER_FIELDS, 72),
    ] {
        let rows: Vec<_> = fields
            .iter()
            .filter_map(|field| match field.place {
                Place::Body { tag: tag::PLAIN, byte } => Some((byte, field.bits as usize / 8)),
                _ => None,
            })
            .collect();
        assert_eq!(rows.iter().map(|(byte, bytes)| byte + bytes).max(), Some(behind), "{what}");
        assert_whole(what, rows);
    }
    let rows = places().filter_map(|(place, bits)| match place {
        Place::Header { tag: tag::PLAIN, bit } => Some((bit as usize, bits)),
        _ => None,
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.iter().map(|(_, bits)| bits).sum::<usize>(), 64);
    assert_whole("the header of a record", rows);
}
