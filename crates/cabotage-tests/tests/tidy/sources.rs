// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules about the page of sources: each test that it names for a rule is there. A rule whose test was renamed or
//! removed would seem to be held, and would not be.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::files::{File, all, keep};

/// The page.
const PAGE: &str = "docs/sources.md";
/// Shorter words in code marks are no names of tests, which are sentences.
const WORDS_MIN: usize = 4;

/// The names of all tests, those that a macro makes of a property included.
fn tests() -> &'static BTreeSet<String> {
    static TESTS: LazyLock<BTreeSet<String>> =
        LazyLock::new(|| all().iter().filter(|file| file.is_rust()).flat_map(tests_in).collect());
    &TESTS
}

/// The functions that stand below an attribute of a test.
fn tests_in(file: &File) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in file.code.lines().map(str::trim) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let function = line.split("fn ").nth(1).filter(|_| is_test);
        if let Some(function) = function {
            names.push(function.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            is_test = false;
        }
    }
    names
}

fn names_no_test(file: &File) -> Vec<String> {
    if file.path != PAGE {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (at, line) in file.text.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        let marked = line.split('`').skip(1).step_by(2);
        let names = marked.map(|name| name.rsplit("::").next().unwrap_or_default());
        for name in names.filter(|name| is_sentence(name) && !tests().contains(*name)) {
            complaints.push(file.complain(at, &format!("there is no test `{name}`")));
        }
    }
    complaints
}

fn is_sentence(name: &str) -> bool {
    let is_name = name.chars().all(|c| c.is_lowercase() || c.is_ascii_digit() || c == '_');
    is_name && name.split('_').count() >= WORDS_MIN
}

#[test]
fn every_test_that_a_rule_names_is_there() {
    keep(names_no_test);
}

#[test]
fn a_rule_without_its_test_is_found() {
    let page = |text: &str| File::new(PAGE, text);
    let there = "| a rule | `a/b.rs` | `sources::a_rule_without_its_test_is_found` |";
    assert_eq!(names_no_test(&page(there)).len(), 0);
    assert_eq!(names_no_test(&page("| a rule | `a/b.rs` | `a_rule_that_nobody_has_kept` |")).len(), 1);
    assert_eq!(names_no_test(&page("| a rule | `some::short_name` | `MESSAGE_BYTES_MAX` |")).len(), 0);
    assert_eq!(tests_in(&File::new("x.rs", "#[test]\n#[ignore]\nfn a_b() {}\nfn c_d() {}")), ["a_b"]);
}
