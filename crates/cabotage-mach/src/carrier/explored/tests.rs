// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is explored, and which weakened rule is caught by what.

use super::right::Act::{Ask, Pass, Release, Send};
use super::world::{Scenario, World};
use super::{Mutant, explore};

/// One sender, and a port that moves.
const MOVE: Scenario = Scenario {
    first: &[Send, Send, Release],
    second: &[],
    are_two: false,
    errand: None,
    keeps: false,
    moves: 1,
    deaths: 1,
    stops: 0,
};
/// Two senders.
const TWO: Scenario = Scenario { first: &[Send], second: &[Send], are_two: true, ..MOVE };
/// A question, whose answer may be given by either owner.
const ASK: Scenario = Scenario { first: &[Ask, Release], ..MOVE };
/// A right that is passed on while the port moves.
const PASS: Scenario = Scenario { first: &[Pass], second: &[Send], ..MOVE };
/// Somebody has a send-once right to the port, and uses it or gives it back.
const ANSWER: Scenario = Scenario { first: &[Send], errand: Some(true), ..MOVE };
const WAIVE: Scenario = Scenario { errand: Some(false), ..ANSWER };
/// The old owner has one itself.
const KEEP: Scenario = Scenario { first: &[Send], keeps: true, ..MOVE };
/// The same without a move.
const STAY: Scenario =
    Scenario { first: &[Send, Pass, Ask, Release], second: &[Ask, Release], moves: 0, ..MOVE };

fn stopped(scenario: Scenario) -> Scenario {
    Scenario { deaths: 0, stops: 1, ..scenario }
}

fn holds(scenario: Scenario) {
    match explore(&World::new(scenario, None)) {
        Ok(found) => {
            println!("{found:?}");
            assert!(found.last > 0, "no end was reached");
        }
        Err(fault) => panic!("{fault}"),
    }
}

#[test]
fn a_sender_loses_nothing_when_the_port_moves() {
    holds(MOVE);
}

#[test]
fn a_sender_waits_for_nobody_but_the_owner_when_the_port_moves() {
    holds(stopped(MOVE));
}

#[test]
fn a_sender_that_says_nothing_follows_too() {
    holds(Scenario { second: &[], ..TWO });
}

#[test]
#[ignore = "a million states: run it with --release"]
fn two_senders_lose_nothing_when_the_port_moves() {
    holds(TWO);
}

#[test]
#[ignore = "300,000 states: run it with --release"]
fn two_senders_do_not_wait_for_each_other_when_the_port_moves() {
    holds(stopped(TWO));
}

#[test]
fn a_question_ends_once_when_the_port_moves() {
    holds(ASK);
}

#[test]
fn a_question_waits_for_nobody_but_who_has_it() {
    holds(stopped(ASK));
}

#[test]
#[ignore = "200,000 states: run it with --release"]
fn a_right_that_is_passed_on_follows_the_port() {
    holds(PASS);
}

#[test]
fn a_right_that_is_passed_on_waits_for_nobody_but_the_owner() {
    holds(stopped(PASS));
}

#[test]
fn a_send_once_right_to_a_port_that_moves_gives_one_message_or_one_notification() {
    holds(ANSWER);
    holds(WAIVE);
    holds(KEEP);
}

#[test]
fn whoever_holds_a_send_once_right_holds_nobody_up_but_the_move() {
    holds(stopped(ANSWER));
    holds(stopped(KEEP));
}

#[test]
#[ignore = "a million states: run it with --release"]
fn send_once_rights_of_the_old_owner_and_of_another_end_once_each() {
    holds(Scenario { keeps: true, ..ANSWER });
}

#[test]
fn rights_and_questions_end_as_mach_says_without_a_move() {
    holds(STAY);
    holds(stopped(STAY));
}

#[test]
fn a_weakened_rule_is_caught() {
    let caught = [
        (Mutant::NeverLooks, MOVE),
        (Mutant::SwitchesAtPause, MOVE),
        (Mutant::AlwaysAgain, MOVE),
        (Mutant::NeverAgain, MOVE),
        (Mutant::DiesWithOldLink, MOVE),
        (Mutant::DiesWithNewLink, MOVE),
        (Mutant::ClosesWithRight, ASK),
        (Mutant::PassesBeforeFork, STAY),
        (Mutant::LooksBeforePause, MOVE),
        (Mutant::SkipsLastLook, MOVE),
        (Mutant::TakesAfterLast, MOVE),
        (Mutant::PausesBeforeReady, MOVE),
        (Mutant::DecidesBeforeCustody, MOVE),
        (Mutant::KeepsNothing, ASK),
        (Mutant::TokensStay, ASK),
        (Mutant::SaysNotMoved, ASK),
        (Mutant::NeverResumes, MOVE),
        (Mutant::HangsUpAtOnce, MOVE),
        (Mutant::DropsAtHangUp, MOVE),
        (Mutant::WelcomesAtCustody, MOVE),
        (Mutant::QueueStays, MOVE),
        (Mutant::LeavesTokens, ANSWER),
        (Mutant::LeavesAsked, ANSWER),
        (Mutant::DetachesBeforeReady, ANSWER),
        (Mutant::PausesWhileAsked, ANSWER),
        (Mutant::AnswersByToken, ANSWER),
        (Mutant::OnceEndsStay, ANSWER),
        (Mutant::TakesLinksBack, ANSWER),
        (Mutant::KeptAreForgotten, KEEP),
    ];
    for (mutant, scenario) in caught {
        match explore(&World::new(scenario, Some(mutant))) {
            Err(fault) => println!("{mutant:?}: {fault}\n"),
            Ok(found) => panic!("{mutant:?} is not caught in {} states", found.states),
        }
    }
}
