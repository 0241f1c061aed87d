// SPDX-License-Identifier: MIT OR Apache-2.0
//! The C library under C: a program for each section of the rules of Windows pipes, as C11, as C++17, and watched by
//! the sanitizers; the examples; and the header's refusals.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use cabotage_c_tools::exports;
use cabotage_c_tools::library::{Library, root};
use cabotage_c_tools::toolbox::{Dialect, Toolbox};

fn toolbox() -> Option<Toolbox> {
    Toolbox::of(env!("CARGO_MANIFEST_DIR"))
}

fn conforms(section: &str) {
    if let Some(toolbox) = toolbox() {
        toolbox.conforms(&format!("tests/c/{section}.c"));
    }
}

#[test]
fn the_map_lists_what_the_sources_give_to_c() {
    exports::must_agree(env!("CARGO_MANIFEST_DIR")).unwrap();
}

#[test]
fn the_header_declares_what_the_library_exports_and_nothing_else() {
    let library = Library::in_folder(env!("CARGO_MANIFEST_DIR")).unwrap();
    let header = root().join("include/compat/win32/cabotage/win32pipe.h");
    let header = std::fs::read_to_string(header).unwrap();
    let after = |text: &str| text.split_once('(').map(|(name, _)| name.trim().to_owned());
    let declared: BTreeSet<String> = header.split(" WINAPI ").skip(1).filter_map(after).collect();
    assert_eq!(declared, exports::listed(&library).unwrap());
}

#[test]
fn section_2_1_codes() {
    conforms("codes");
}

#[test]
fn section_2_2_the_state_machine() {
    conforms("states");
}

#[test]
fn section_2_3_creation_names_and_instances() {
    conforms("creation");
}

#[test]
fn section_2_4_type_read_mode_peek_and_zero_length() {
    conforms("modes");
}

#[test]
fn section_2_5_quota_and_blocking() {
    conforms("quota");
}

#[test]
fn section_2_6_transactions_flushing_and_operations_under_way() {
    conforms("overlapped");
}

#[test]
fn section_2_7_identity_and_security() {
    conforms("identity");
}

#[test]
fn section_2_8_anonymous_pipes_and_inheritance() {
    conforms("inherit");
}

#[test]
fn waits_events_apcs_and_completion_ports() {
    conforms("waits");
}

#[test]
fn programs_of_either_width() {
    conforms("unicode");
}

#[test]
fn a_literal_of_the_wrong_width_does_not_compile_and_the_compiler_says_what_to_write() {
    let Some(toolbox) = toolbox() else { return };
    for dialect in [Dialect::C11, Dialect::Cxx17] {
        let (compiles, words) = toolbox.try_compile("tests/c/wide.c", dialect);
        assert!(!compiles && words.contains("write u"), "{dialect:?}: {words}");
    }
}

#[test]
fn separate_processes_ask_and_are_killed_and_the_server_goes_on() {
    conforms("crowd");
}

#[test]
fn threads_that_close_handles_under_each_other_meet_errors_and_nothing_else() {
    conforms("races");
}
