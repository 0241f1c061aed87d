// SPDX-License-Identifier: MIT OR Apache-2.0
//! The examples of links: a parent and its child, and a link in a loop with other descriptors.

use crate::program::run;

#[test]
fn the_child_answers_over_the_end_that_it_inherited() {
    let program = run("pair", &[]);
    assert!(program.is_success, "{}", program.said);
    let expected = "the child answered: ONE\nthe child answered: AND TWO\nthe child answered: AND THREE\n\
                    the kernel says that it is our child: true\n";
    assert_eq!(program.said, expected);
}

#[test]
fn one_loop_serves_a_link_and_a_pipe() {
    let program = run("epoll", &[]);
    assert!(program.is_success, "{}", program.said);
    assert_eq!(program.said, "1000 messages came over the link, and 20 bytes through the pipe\n");
}
