// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage-mach, as C programs see it: one for each section of what Mach's semantics are, in C11, in C++17, and
//! watched by the sanitizers.
#![forbid(unsafe_code)]

use cabotage_c_tools::exports;
use cabotage_c_tools::library::root;
use cabotage_c_tools::toolbox::{Dialect, Toolbox};

fn conforms(program: &str) {
    if let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) {
        toolbox.conforms(program);
    }
}

#[test]
fn the_map_lists_what_the_sources_give_to_c() {
    exports::must_agree(env!("CARGO_MANIFEST_DIR")).unwrap();
}

#[test]
fn layouts_and_numbers_are_those_of_xnu() {
    conforms("tests/c/layout.c");
}

#[test]
fn names_rights_and_references() {
    conforms("tests/c/rights.c");
}

#[test]
fn notifications() {
    conforms("tests/c/notifications.c");
}

#[test]
fn sending() {
    conforms("tests/c/send.c");
}

#[test]
fn a_full_queue() {
    conforms("tests/c/full_queue.c");
}

#[test]
fn receiving() {
    conforms("tests/c/receive.c");
}

#[test]
fn memory_out_of_line_and_by_address() {
    conforms("tests/c/memory.c");
}

#[test]
fn tasks_forks_and_services() {
    conforms("tests/c/tasks.c");
}

#[test]
fn code_that_mig_generates() {
    conforms("tests/c/mig.c");
}

/// Runs an example in each dialect; what it says holds these words.
fn example_says(name: &str, words: &[&str]) {
    let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) else { return };
    let source = root().join("examples/c").join(name);
    for dialect in [Dialect::C11, Dialect::C11Sanitized] {
        let Some(program) = toolbox.compile_path(&source, dialect) else { continue };
        let ended = program.run();
        ended.must_succeed();
        for words in words {
            assert!(ended.stdout.contains(words), "{name} says: {}", ended.stdout);
        }
    }
}

#[test]
fn the_examples_say_what_they_promise() {
    example_says("mach_hello.c", &["the service says: hello, world of process "]);
    example_says(
        "mach_out_of_line.c",
        &["8388608 bytes out of line, the last one is 0x5a", "the file says: "],
    );
    example_says("mach_notifications.c", &["the service is told 70", "the client is told 72"]);
    example_says("mach_mig.c", &["19 + 23 = 42, and the name has 8 letters"]);
}
