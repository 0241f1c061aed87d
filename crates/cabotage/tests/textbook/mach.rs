// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs of Mach: the order of messages, a supervisor.

use crate::program::run;

#[test]
fn messages_of_each_sender_arrive_in_order() {
    let program = run("mach_order", &[]);
    assert!(program.is_success, "{}", program.said);
    assert!(program.said.starts_with("red sent 1 to 1000, blue sent 1 to 1000: each arrived in order\n"));
}

#[test]
fn a_supervisor_is_told_of_a_death_and_puts_another_in_its_place() {
    let program = run("mach_supervisor", &[]);
    assert!(program.is_success, "{}", program.said);
    let expected = "a worker has died: another takes its place\n\
                    59 of 60 jobs are done; the others took their worker with them\n";
    assert_eq!(program.said, expected);
}
