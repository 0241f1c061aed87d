// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules about how a file begins and how long it may be.

use crate::files::{Exception, File, keep, keep_except};

const LICENCE: &str = "SPDX-License-Identifier: MIT OR Apache-2.0";
const LINES_MAX: usize = 400;

/// Files longer than [`LINES_MAX`], each with the reason why it is one idea all the same.
const LONG: &[Exception] = &[];

fn comment_sign(path: &str) -> Option<&'static str> {
    let (_, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name.rsplit_once('.').map(|(_, kind)| kind) {
        Some("rs" | "c" | "h") => Some("//"),
        Some("toml" | "sh" | "py" | "yml") => Some("#"),
        None if path.starts_with(".ci/") => Some("#"),
        _ => None,
    }
}

fn lacks_licence(file: &File) -> Vec<String> {
    let Some(sign) = comment_sign(&file.path) else { return Vec::new() };
    let wanted = format!("{sign} {LICENCE}");
    let first = file.text.lines().find(|line| !line.starts_with("#!/"));
    if first == Some(&wanted) {
        return Vec::new();
    }
    vec![file.complain(0, &format!("begin the file with `{wanted}`"))]
}

fn lacks_head(file: &File) -> Vec<String> {
    let second = file.text.lines().nth(1).unwrap_or_default();
    if !file.is_rust() || second.starts_with("//! ") {
        return Vec::new();
    }
    vec![file.complain(1, "say after the licence line, in `//! …`, why this file exists")]
}

fn is_too_long(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    if !file.is_rust() || lines <= LINES_MAX {
        return Vec::new();
    }
    vec![format!(
        "{}: {lines} lines, more than {LINES_MAX}: split it by idea, or list it with a reason",
        file.path
    )]
}

#[test]
fn every_source_names_its_licence_first() {
    keep(lacks_licence);
}

#[test]
fn every_source_says_why_it_exists() {
    keep(lacks_head);
}

#[test]
fn long_files_have_a_reason() {
    keep_except(LONG, is_too_long);
}

#[test]
fn a_missing_licence_or_head_is_found() {
    assert_eq!(lacks_licence(&File::new("a.toml", "[package]\n")).len(), 1);
    assert_eq!(lacks_licence(&File::new(".ci/run", "#!/usr/bin/env bash\nset -e\n")).len(), 1);
    assert_eq!(lacks_licence(&File::new("a.sh", &format!("#!/bin/sh\n# {LICENCE}\n"))).len(), 0);
    assert_eq!(lacks_head(&File::new("a.rs", &format!("// {LICENCE}\nuse std::io;\n"))).len(), 1);
    assert_eq!(is_too_long(&File::new("a.rs", &"\n".repeat(LINES_MAX + 1))).len(), 1);
}
