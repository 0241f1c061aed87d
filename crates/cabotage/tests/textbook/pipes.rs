// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figures of the chapter on pipes.

use crate::program::run;

#[test]
fn the_child_reads_what_the_parent_wrote() {
    let program = run("pipe_parent_child", &[]);
    assert!(program.is_success, "{}", program.said);
    assert_eq!(program.said, "the child read: Greetings\n");
}

#[test]
fn an_unused_write_end_is_found_and_named() {
    let program = run("pipe_unused_end", &[]);
    assert!(program.is_success, "{}", program.said);
    assert!(program.said.contains("read \"Greetings\""), "{}", program.said);
    assert!(program.said.contains("that is this process"), "{}", program.said);
    assert!(program.said.ends_with("the end of file\n"), "{}", program.said);
}
