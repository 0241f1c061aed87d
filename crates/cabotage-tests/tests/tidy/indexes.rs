// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules about lists that must stay complete: the programs of the textbook, the decisions, the crates.

use crate::files::{File, all, keep};
use crate::layers::BELOW;

const PROGRAM_LINES_MAX: usize = 60;

/// A program of the textbook is short, declared, told about, and run by a test.
fn is_no_textbook_program(file: &File) -> Vec<String> {
    let Some(program) = file.path.strip_prefix("examples/textbook/") else { return Vec::new() };
    let name = program.trim_end_matches(".rs");
    let mut complaints = Vec::new();
    let lines = file.text.lines().count();
    if lines > PROGRAM_LINES_MAX {
        complaints.push(format!("{}: {lines} lines; a figure has at most {PROGRAM_LINES_MAX}", file.path));
    }
    for (place, what) in [
        ("crates/cabotage/Cargo.toml", format!("path = \"../../{}\"", file.path)),
        ("crates/cabotage/tests/textbook/", format!("\"{name}\"")),
        ("docs/textbook.md", format!("(../{})", file.path)),
    ] {
        let is_there = |page: &File| page.path.starts_with(place) && page.text.contains(&what);
        if !all().iter().any(is_there) {
            complaints.push(format!("{}: {place} lacks `{what}`", file.path));
        }
    }
    complaints
}

fn is_unlisted_decision(file: &File) -> Vec<String> {
    let Some(page) = file.path.strip_prefix("docs/decisions/") else { return Vec::new() };
    let index = all().iter().find(|file| file.path == "docs/decisions/README.md");
    if index.is_some_and(|index| page == "README.md" || index.text.contains(&format!("({page})"))) {
        return Vec::new();
    }
    vec![format!("{}: add it to the table in docs/decisions/README.md", file.path)]
}

#[test]
fn programs_of_the_textbook_are_short_declared_told_about_and_run() {
    keep(is_no_textbook_program);
}

#[test]
fn every_decision_is_in_the_index() {
    keep(is_unlisted_decision);
}

#[test]
fn the_architecture_page_has_a_paragraph_and_an_invariant_for_each_crate() {
    let page = all().iter().find(|file| file.path == "ARCHITECTURE.md").expect("ARCHITECTURE.md exists");
    for (krate, _) in BELOW {
        let heading = format!("\n### {krate}\n");
        let Some((_, section)) = page.text.split_once(&heading) else {
            panic!("ARCHITECTURE.md lacks a heading `### {krate}`");
        };
        let section = section.split("\n#").next().unwrap_or(section);
        assert!(section.contains("**Invariant"), "ARCHITECTURE.md states no **Invariant** of {krate}");
    }
}

#[test]
fn a_forgotten_program_or_decision_is_found() {
    let long = File::new("examples/textbook/forgotten.rs", &"\n".repeat(PROGRAM_LINES_MAX + 1));
    assert_eq!(is_no_textbook_program(&long).len(), 4);
    assert_eq!(is_unlisted_decision(&File::new("docs/decisions/9999-forgotten.md", "")).len(), 1);
}
