// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random operations of both ends, compared with a second, deliberately simple model of the state table.
#![cfg(feature = "named")]
#![forbid(unsafe_code)]

mod model;
mod rules;
mod shell;
mod subject;

use cabotage_pipe::named::PipeMode;
use proptest::collection::vec;
use proptest::prelude::*;

use model::{Act, End};
use rules::Rules;
use shell::Shell;
use subject::compare;

fn mode() -> impl Strategy<Value = PipeMode> {
    prop_oneof![Just(PipeMode::Byte), Just(PipeMode::Message)]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Server), Just(End::Client)]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Open),
        1 => Just(Act::CloseClient),
        1 => Just(Act::CloseServer),
        2 => Just(Act::Listen),
        2 => Just(Act::Disconnect),
        6 => (end(), 1_usize..40).prop_map(|(end, bytes)| Act::Read(end, bytes)),
        6 => (end(), 1_usize..40).prop_map(|(end, bytes)| Act::Write(end, bytes)),
        2 => end().prop_map(Act::Peek),
        2 => end().prop_map(Act::Transact),
        2 => end().prop_map(Act::Flush),
        1 => end().prop_map(Act::Inform),
        1 => end().prop_map(Act::Identify),
        2 => (end(), mode()).prop_map(|(end, mode)| Act::ReadMode(end, mode)),
    ]
}

proptest! {
    #[test]
    fn the_rules_answer_as_the_table_says(mode in mode(), acts in vec(act(), 1..60)) {
        compare::<Rules>(mode, &acts);
    }

    #[test]
    fn a_pipe_answers_as_the_table_says(mode in mode(), acts in vec(act(), 1..60)) {
        compare::<Shell>(mode, &acts);
    }
}

/// Found once by the one above.
#[test]
fn a_server_that_closes_before_it_has_answered_is_known_at_the_next_write() {
    use Act::{CloseServer, Listen, Open, Write};
    let client = End::Client;
    let acts = [Open, Listen, Listen, Open, Write(client, 1), CloseServer, Write(client, 1)];
    compare::<Shell>(PipeMode::Byte, &acts);
    compare::<Rules>(PipeMode::Byte, &acts);
}
