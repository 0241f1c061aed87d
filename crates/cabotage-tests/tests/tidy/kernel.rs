// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rule of the one door: in cabotage-os every system call stands inside a call of the seam.

use crate::files::{File, keep, keep_except, places};

/// The functions of the seam, and those that lead straight to it.
const DOORS: [&str; 4] = ["call", "call_until_done", "attempt", "attempt_until_done"];

/// Functions of rustix and libc that need no door, each with the reason.
const NO_DOOR: &[(&str, &str)] = &[("page_size", "answered from memory, without the kernel")];

/// Files with calls that can't pass the seam, each with the reason.
const BESIDE_THE_DOOR: &[(&str, &str)] = &[];

/// Files of cabotage-os that use std's own files, each with the reason.
const STD_FILES: &[(&str, &str)] = &[];

fn is_kernel_crate(file: &File) -> bool {
    file.is_rust() && file.path.starts_with("crates/cabotage-os/src/")
}

/// Calls of rustix or libc that no function of the seam surrounds.
fn goes_beside_the_door(file: &File) -> Vec<String> {
    if !is_kernel_crate(file) {
        return Vec::new();
    }
    let code = file.shipped();
    let imported = imported(code);
    let mut complaints = Vec::new();
    let mut open_calls: Vec<bool> = Vec::new(); // for each open parenthesis: is it the door's?
    for (at, line) in code.lines().enumerate() {
        for (column, character) in line.char_indices() {
            if character == ')' {
                open_calls.pop();
            }
            if character != '(' {
                continue;
            }
            let callee = callee(&line[..column]);
            if is_system_call(callee, &imported) && !open_calls.contains(&true) {
                let advice = format!("`{callee}` passes by the seam: wrap it in `attempt` or `seam::call`");
                complaints.push(file.complain(at, &advice));
            }
            open_calls.push(DOORS.contains(&last(callee)));
        }
    }
    complaints
}

/// The path that is called when a parenthesis follows `text`; empty for methods, definitions and macros.
fn callee(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let start = text.rfind(|c| !is_part(c)).map_or(0, |at| at + 1);
    let is_free = !text[..start].ends_with('.') && !text[..start].ends_with("fn ");
    if is_free { &text[start..] } else { "" }
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Whether this path names a function of rustix or libc, as far as a reader of one file can tell.
fn is_system_call(path: &str, imported: &[String]) -> bool {
    let first = path.split("::").next().unwrap_or(path);
    let is_foreign = ["rustix", "libc"].contains(&first) && path.contains("::");
    let is_function = !path.contains(|c: char| c.is_uppercase()); // neither a constructor nor a method of a type
    let is_exempt = NO_DOOR.iter().any(|(name, _)| *name == last(path));
    is_function && !is_exempt && (is_foreign || imported.iter().any(|name| name == first))
}

/// The functions and modules that `use rustix::…` and `use libc::…` bring into the file.
fn imported(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for statement in code.split(';') {
        let Some(at) = statement.find("use rustix::").or_else(|| statement.find("use libc::")) else {
            continue;
        };
        let leaves = statement[at..].split(['{', '}', ',', '\n', ' ']).map(last);
        names.extend(leaves.filter(|leaf| leaf.starts_with(char::is_lowercase)).map(str::to_owned));
    }
    names
}

/// Std's own files: their system calls can't be counted or made to fail.
fn uses_std_files(file: &File) -> Vec<String> {
    if !is_kernel_crate(file) {
        return Vec::new();
    }
    let complain =
        |(at, _)| file.complain(at, "std::fs goes to the kernel beside the seam: use rustix inside it");
    places(file.shipped(), "std::fs").into_iter().map(complain).collect()
}

#[test]
fn system_calls_pass_the_seam() {
    keep_except(BESIDE_THE_DOOR, goes_beside_the_door);
}

#[test]
fn the_kernel_crate_leaves_std_files_alone() {
    keep_except(STD_FILES, uses_std_files);
}

#[test]
fn a_call_beside_the_door_is_found() {
    let complaints = |text| goes_beside_the_door(&File::new("crates/cabotage-os/src/x.rs", text)).len();
    assert_eq!(complaints("fn f() { rustix::fs::fstat(fd) }"), 1);
    assert_eq!(complaints("fn f() { attempt(\"fstat\", o, || rustix::fs::fstat(fd)) }"), 0);
    assert_eq!(complaints("fn f() { attempt(\"close\", o, || g()); unsafe { libc::close(3) } }"), 1);
    assert_eq!(complaints("use rustix::event::{PollFd, poll};\nfn f() { poll(x) }"), 1);
    assert_eq!(complaints("use rustix::event::poll;\nfn f() { seam::call(\"poll\", || {\npoll(x) }) }"), 0);
    assert_eq!(complaints("use rustix::fs;\nfn f() { fs::fstat(fd) }\nfn open(x: u8) { y.open(1) }"), 1);
    assert_eq!(complaints("fn f() { rustix::event::PollFd::new(fd) }"), 0, "a value, no call");
}

#[test]
fn std_files_in_the_kernel_crate_are_found() {
    let file =
        File::new("crates/cabotage-os/src/x.rs", "use std::fs::File;\n#[cfg(test)]\nmod t { use std::fs; }");
    assert_eq!(uses_std_files(&file).len(), 1);
}
