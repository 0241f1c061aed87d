// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fault injection: in each scenario every system call fails once, with each error that its man page allows; of many
//! equal ones in a row, with which somebody looks again and again, the first and the last.
//!
//! The scenarios run in one thread of a process of their own, since the seam's plans belong to a thread. Whatever
//! fails, the answer is an error or success: never a panic and never a wait without end; nothing that was told to be
//! sent is lost or comes twice unless an end says that it is over; nothing stays behind; and afterwards the same
//! scenario succeeds in the same place.

mod command;
mod dead;
mod driver;
mod errors;
mod ledger;
mod links;
mod named_pipes;
mod names;
mod objects;
mod pipes;
mod ports;
mod rights;
mod rights_memory;
mod rights_moving;
mod rights_waiting;
mod transports;

pub use command::Faults;
pub use driver::{Tally, play, run};

use crate::Wrong;
use crate::scratch::Scratch;

/// What a scenario answers.
type Answer = Result<(), Wrong>;

/// Something that a user does, in which every call may fail.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// A name for the tests and the command.
    pub name: &'static str,
    /// Does it, in this place. Panics when a promise is broken.
    act: fn(&Scratch) -> Answer,
}

/// Hands the names of all scenarios to a macro, each behind the file that it stands in.
#[macro_export]
macro_rules! fault_scenarios {
    ($act:ident) => {
        $act! {
            transports records_over_a_pair,
            transports records_by_a_name,
            transports records_through_a_pipe,
            transports records_through_a_fifo,
            transports records_through_shared_memory,
            transports records_through_a_topic,
            transports records_through_a_port,
            transports records_as_requests,
            transports records_through_a_named_pipe,
            transports long_records_over_a_pair,
            transports long_records_through_a_port,
            transports long_records_through_a_pipe,
            links descriptors_over_a_pair,
            links blocks_over_a_pair,
            links a_wait_on_the_descriptor,
            links halves_of_a_link,
            links a_set_with_a_listener,
            ports a_client_is_let_in_with_data_and_another_refused,
            ports requests_are_answered_canceled_and_let_go_of,
            ports a_blocked_client_is_called_back,
            rights a_port_of_mach_is_found_and_sent_to,
            rights rights_in_messages_of_mach_come_to_one_end_each,
            rights_moving a_receive_right_moves_with_its_queue,
            rights_memory long_messages_of_mach_arrive_whole,
            rights_memory memory_of_mach_goes_in_blocks_and_is_lent,
            rights_memory sealed_memory_of_mach_is_sent_and_becomes_ones_own,
            rights_waiting a_set_of_ports_is_waited_for,
            rights_waiting a_child_task_is_given_a_right_and_ends,
            names a_name_is_published_found_and_given_up,
            names a_name_of_a_dead_owner_is_taken_over,
            names names_are_listed_and_stale_ones_removed,
            pipes a_fifo_is_made_opened_and_removed,
            pipes a_fifo_server_sees_a_writer_come_and_go,
            pipes a_child_gets_exactly_one_end,
            named_pipes a_named_pipe_serves_a_client_and_then_another,
            named_pipes a_write_beyond_the_quota_of_a_named_pipe_is_taken_back,
            named_pipes a_client_of_a_named_pipe_waits_on_its_descriptor,
            named_pipes named_pipes_are_listed_and_shown,
            objects an_object_is_created_filled_read_grown_and_removed,
            objects an_object_is_listed_and_what_the_dead_left_is_cleaned,
            objects a_file_is_mapped_written_and_read,
            dead a_producer_goes_on_for_a_killed_one,
            dead a_consumer_goes_on_for_a_killed_one,
            dead a_channel_is_removed_by_its_consumer,
            dead what_killed_ends_left_is_found_and_swept,
        }
    };
}

macro_rules! table {
    ($($file:ident $name:ident,)*) => {
        /// Every scenario.
        pub const SCENARIOS: &[Scenario] = &[$(Scenario { name: stringify!($name), act: $file::$name },)*];
    };
}

fault_scenarios!(table);
