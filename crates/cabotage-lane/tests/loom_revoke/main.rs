// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every interleaving of a withdrawal with taking, explored by loom, and every step at which either end may die.
//!
//! The ring is modelled by one header and one word for each byte, all atomics. An end that is dead goes on
//! running, but its stores go into a grave. At the end the accounts of both must agree: each byte of which the
//! writer knows the fate was taken, or was not.
#![cfg(loom)]

mod lane;

use lane::{Case, STEPS, WriterEnd};

fn withdraw_one(end: &mut WriterEnd) {
    let write = end.write(3);
    end.withdraw(write);
}

fn withdraw_two(end: &mut WriterEnd) {
    for _ in 0..2 {
        let write = end.write(2);
        end.withdraw(write);
    }
}

/// The later of two writes first: then the gap grows at its front.
fn withdraw_backwards(end: &mut WriterEnd) {
    let first = end.write(2);
    let second = end.write(2);
    end.withdraw(second);
    end.withdraw(first);
}

fn withdraw_then_write(end: &mut WriterEnd) {
    withdraw_one(end);
    let _ = end.write(1);
}

fn withdraw_around_what_stands(end: &mut WriterEnd) {
    let first = end.write(3);
    end.withdraw(first);
    let _firm = end.write(1);
    let second = end.write(3);
    end.withdraw(second);
}

/// The last of three waiting writes, then the first: the one between them is to be published again if the first was
/// withdrawn, and stands if it was not.
fn withdraw_around_what_waits(end: &mut WriterEnd) {
    let (first, _between, third) = (end.write(2), end.write(1), end.write(1));
    end.withdraw(third);
    end.withdraw(first);
}

#[test]
fn a_byte_is_taken_or_withdrawn() {
    for piece in [1, 2, 3] {
        Case::new(0, piece, withdraw_one).explore();
    }
}

#[test]
fn a_write_that_the_quota_covers_in_the_end_stands_as_a_whole() {
    for piece in [1, 2] {
        Case::new(2, piece, withdraw_one).explore();
    }
}

#[test]
fn a_second_withdrawal_is_not_taken_for_the_first() {
    for piece in [1, 2] {
        Case::new(0, piece, withdraw_two).explore();
        Case::new(1, piece, withdraw_two).explore();
    }
}

#[test]
fn a_write_is_withdrawn_after_the_one_behind_it() {
    for piece in [1, 2] {
        for quota in [0, 1] {
            Case::new(quota, piece, withdraw_backwards).explore();
        }
    }
}

#[test]
fn what_is_written_after_a_withdrawal_arrives() {
    for piece in [1, 3] {
        Case::new(1, piece, withdraw_then_write).explore();
    }
}

#[test]
fn what_waits_between_two_withdrawn_writes_stands_or_is_written_again() {
    for piece in [1, 2] {
        Case::new(0, piece, withdraw_around_what_waits).explore();
        Case::new(1, piece, withdraw_around_what_waits).explore();
    }
}

#[test]
fn what_stands_between_two_withdrawals_arrives() {
    Case::new(1, 2, withdraw_around_what_stands).explore();
}

#[test]
fn a_writer_may_die_at_any_step_of_a_withdrawal() {
    for piece in [1, 2] {
        Case::new(0, piece, withdraw_one).explore_deaths_of_the_writer(0..=STEPS);
    }
}

#[test]
fn a_writer_may_die_between_a_withdrawal_and_the_end_of_the_next_write() {
    for piece in [1, 3] {
        Case::new(1, piece, withdraw_then_write).explore_deaths_of_the_writer(STEPS..=STEPS + 2);
    }
}

#[test]
fn a_writer_may_die_at_any_step_of_a_second_withdrawal_read_in_pieces() {
    Case::new(0, 1, withdraw_two).explore_deaths_of_the_writer(STEPS..=2 * STEPS);
}

#[test]
fn a_writer_may_die_at_any_step_of_a_second_withdrawal() {
    Case::new(0, 2, withdraw_two).explore_deaths_of_the_writer(STEPS..=2 * STEPS);
    Case::new(0, 2, withdraw_backwards).explore_deaths_of_the_writer(STEPS..=2 * STEPS);
}

#[test]
fn a_reader_may_die_at_any_step() {
    Case::new(0, 2, withdraw_one).explore_deaths_of_the_reader(1..=6);
    Case::new(0, 2, withdraw_two).explore_deaths_of_the_reader(1..=8);
}
