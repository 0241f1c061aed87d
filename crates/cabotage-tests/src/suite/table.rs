// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every case, in one list, from which the table and the tests are made.

use super::Case;
use crate::transport::{self, Transport};

/// Hands the names of all cases to a macro, behind what the caller says first:
/// `conformance_cases!(act, fifo)` is `act! { fifo; order records_arrive…, … }`, each name behind its subject.
#[macro_export]
macro_rules! conformance_cases {
    ($act:ident, $($first:tt)*) => {
        $act! { $($first)*;
            order records_arrive_whole_once_and_in_order,
            order both_ways_keep_their_order_at_once,
            sizes every_size_from_nothing_to_the_most_arrives,
            sizes one_byte_more_than_the_most_does_not_go_and_harms_nothing,
            deadlines a_receiver_without_patience_is_answered_at_once,
            deadlines a_receiver_waits_as_long_as_it_says,
            deadlines a_sender_without_patience_is_answered_at_once,
            deadlines a_sender_waits_as_long_as_it_says,
            close what_was_sent_before_the_close_comes_and_then_the_end,
            close a_wait_for_a_record_ends_when_the_sender_closes,
            close a_sender_is_told_that_its_receiver_has_closed,
            close a_wait_for_room_ends_when_the_receiver_closes,
            death what_was_sent_before_a_death_comes_and_then_the_news,
            death a_wait_for_a_record_ends_when_the_sender_is_killed,
            death a_sender_is_told_that_its_receiver_was_killed,
            death a_wait_for_room_ends_when_the_receiver_is_killed,
            backpressure a_full_transport_loses_nothing_and_goes_on_when_there_is_room,
            backpressure long_records_pass_a_slow_receiver_whole,
            loss who_is_slow_is_told_what_it_lost_and_gets_the_rest_in_order,
            descriptors descriptors_come_with_their_record,
            descriptors descriptors_that_nobody_takes_are_closed,
            blocks blocks_come_with_their_record_and_are_used_again,
            waiting no_record_is_missed_in_any_gap_before_a_wait,
            waiting who_asks_before_each_wait_sees_every_record,
            waiting a_wait_on_the_descriptor_ends_with_the_last_news,
            waiting one_poller_serves_several_ends,
            waiting one_set_serves_several_ends,
            fork a_forked_child_is_refused_and_its_parent_goes_on,
            fork a_forked_child_that_drops_its_copy_harms_nobody,
            fork a_child_that_lives_does_not_hide_a_close,
            threads an_end_serves_on_another_thread,
            threads many_threads_send_and_each_keeps_its_order,
            threads each_record_goes_to_one_of_many_receiving_threads,
            places a_place_whose_users_were_killed_serves_again,
            places a_second_sender_is_refused_while_the_first_lives,
            places a_second_receiver_is_refused_while_the_first_lives,
            takeover a_new_sender_goes_on_for_a_killed_one,
            takeover a_new_receiver_goes_on_where_a_killed_one_was,
        }
    };
}

macro_rules! table {
    (all; $($subject:ident $name:ident,)*) => {
        /// Every case.
        pub const CASES: &[Case] = &[$(Case { name: stringify!($name), ..super::$subject::$name() },)*];
    };
}

conformance_cases!(table, all);

/// The case of this name.
pub fn case(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}

/// How many cases a transport has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// That run.
    pub run: usize,
    /// That need what it lacks.
    pub not_applicable: usize,
}

/// How many cases each transport has.
pub fn count() -> Vec<(&'static dyn Transport, Count)> {
    let count_one = |transport: &'static dyn Transport| {
        let run = CASES.iter().filter(|case| case.is_not_applicable(transport).is_none()).count();
        (transport, Count { run, not_applicable: CASES.len() - run })
    };
    transport::all().into_iter().map(count_one).collect()
}
