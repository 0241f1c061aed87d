// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figures of the chapter on pipes.

use crate::program::{Program, run, start};

#[test]
fn the_child_reads_what_the_parent_wrote() {
    let program = run("pipe_parent_child", &[]);
    assert!(program.is_success, "{}", program.said);
    assert_eq!(program.said, "the child read: Greetings\n");
}

#[test]
fn the_child_reads_from_the_handle_that_it_inherited() {
    let program = run("windows_anonymous_pipe", &[]);
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

#[test]
fn reader_and_writer_of_a_fifo_start_in_either_order() {
    for order in [["fifo_reader", "fifo_writer"], ["fifo_writer", "fifo_reader"]] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fifo");
        let running = order.map(|name| start(name, &[path.to_str().expect("a path in UTF-8")]));
        for ending in running.map(Program::finish) {
            assert!(ending.is_success, "{}", ending.said);
            let expected = ["the reader read: Greetings\n", "the writer wrote 9 bytes\n"];
            assert!(expected.contains(&ending.said.as_str()), "{}", ending.said);
        }
        assert!(!path.exists(), "the FIFO was left behind");
    }
}

#[test]
fn a_fifo_without_writers_is_ready_until_we_keep_an_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fifo");
    let program = run("fifo_end_of_file", &[path.to_str().expect("a path in UTF-8")]);
    assert!(program.is_success, "{}", program.said);
    assert_eq!(program.said.matches("ready is true, read gives 0 bytes").count(), 3, "{}", program.said);
    assert!(program.said.contains("ready is false"), "{}", program.said);
    assert!(!path.exists(), "the FIFO was left behind");
}
