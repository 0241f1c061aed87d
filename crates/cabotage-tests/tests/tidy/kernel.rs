// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rule of the one door: in cabotage-os every system call stands inside a call of the seam.

use crate::files::{Exception, File, keep_except, places};

/// The functions of the seam, and those that lead straight to it.
const DOORS: [&str; 6] =
    ["call", "call_until_done", "attempt", "attempt_until_done", "through_kernel", "blocked"];

/// How many lines lie between a named closure and the door that it is handed to.
const CLOSURE_LINES_MAX: usize = 8;

/// Functions that need no door anywhere, each with the reason.
const NO_DOOR: &[(&str, &str)] = &[
    ("libc::__errno_location", "only memory"),
    ("libc::sigaddset", "only memory"),
    ("libc::sigemptyset", "only memory"),
    ("libc::sigfillset", "only memory"),
    ("libc::sigismember", "only memory"),
    ("rustix::buffer::spare_capacity", "only memory"),
    ("rustix::param::page_size", "only memory"),
    ("rustix::process::getegid", "always succeeds"),
    ("rustix::process::geteuid", "always succeeds"),
    ("rustix::process::getgid", "always succeeds"),
    ("rustix::process::getuid", "always succeeds"),
    ("rustix::thread::gettid", "always succeeds"),
    ("rustix::time::clock_gettime", "always succeeds, and mostly without entering the kernel"),
];

/// Calls that can't or must not pass the seam.
const BESIDE_THE_DOOR: &[Exception] = &[
    ("crates/cabotage-os/src/raw/", "", "the yardstick of the benchmarks: bare calls are its point"),
    ("crates/cabotage-os/src/raw.rs", "", "the yardstick of the benchmarks: bare calls are its point"),
    (
        "crates/cabotage-os/src/fork/hook.rs",
        "libc::pthread_atfork",
        "no system call: a table of the C library",
    ),
    (
        "crates/cabotage-os/src/fork/hook.rs",
        "libc::close",
        "runs between fork and return, where nothing may fail",
    ),
    ("crates/cabotage-os/src/fork/trial.rs", "libc::_exit", "does not return"),
    ("crates/cabotage-os/src/lock/extent.rs", "libc::fcntl", "a helper that its callers put inside the door"),
    ("crates/cabotage-os/src/map/mod.rs", "rustix::mm::munmap", "Drop: there is nobody to tell of a failure"),
    (
        "crates/cabotage-os/src/seam.rs",
        "rustix::process::kill_process",
        "the seam's own way to die for a test",
    ),
    ("crates/cabotage-os/src/seam.rs", "rustix::process::getpid", "the seam's own way to die for a test"),
    ("crates/cabotage-os/src/sigbus.rs", "rustix::mm::mmap_anonymous", "runs in a signal handler"),
    ("crates/cabotage-os/src/sigbus.rs", "libc::signal", "runs in a signal handler"),
    ("crates/cabotage-os/src/sigbus.rs", "libc::raise", "runs in a signal handler"),
    (
        "crates/cabotage-os/src/signals.rs",
        "libc::sigtimedwait",
        "a helper that its caller puts inside the door",
    ),
    ("crates/cabotage-os/src/signals.rs", "libc::time_t::try_from", "no system call: a number"),
    ("crates/cabotage-os/src/sigpipe.rs", "libc::sigtimedwait", "Drop: there is nobody to tell of a failure"),
    (
        "crates/cabotage-os/src/sigpipe.rs",
        "libc::pthread_sigmask",
        "Drop: a refusal that a test plans would leave the signal blocked; blocking it passes the door",
    ),
    (
        "crates/cabotage-os/src/spawn/child.rs",
        "",
        "runs in the child between fork and execve: no thread locals there",
    ),
];

/// Files of cabotage-os that use std's own files.
const STD_FILES: &[Exception] = &[];

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
            let is_inside = open_calls.contains(&true) || is_carried_in(code, at);
            if is_system_call(callee, &imported) && !is_inside {
                let advice = format!("`{callee}` passes by the seam: wrap it in `attempt` or `seam::call`");
                complaints.push(file.complain(at, &advice));
            }
            open_calls.push(DOORS.contains(&last(path_before(&line[..column]))));
        }
    }
    complaints
}

/// Whether line `at` belongs to a closure that gets a name (`let look = || …;`) and is handed to a door by it.
fn is_carried_in(code: &str, at: usize) -> bool {
    let lines: Vec<&str> = code.lines().collect();
    let named = lines[at.saturating_sub(CLOSURE_LINES_MAX)..=at].iter().rev().find_map(|line| {
        let (name, value) = line.trim().strip_prefix("let ")?.split_once(" = ")?;
        value.trim_start_matches("move ").starts_with('|').then_some(name.trim_start_matches("mut "))
    });
    let Some(name) = named else { return false };
    let below = &lines[at..lines.len().min(at + CLOSURE_LINES_MAX)];
    let hands_it = |line: &&&str| line.contains(&format!(", {name})"));
    below.iter().filter(hands_it).any(|line| DOORS.iter().any(|door| line.contains(&format!("{door}("))))
}

/// The path at the end of `text`.
fn path_before(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    &text[text.rfind(|c| !is_part(c)).map_or(0, |at| at + 1)..]
}

/// The function that is called when a parenthesis follows `text`; empty for methods and definitions.
fn callee(text: &str) -> &str {
    let path = path_before(text);
    let before = &text[..text.len() - path.len()];
    if before.ends_with('.') || before.ends_with("fn ") { "" } else { path }
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Whether this path names a function of rustix or libc, as far as a reader of one file can tell.
fn is_system_call(path: &str, imported: &[String]) -> bool {
    let first = path.split("::").next().unwrap_or(path);
    let is_foreign = ["rustix", "libc"].contains(&first) && path.contains("::");
    let is_function = !path.contains(|c: char| c.is_uppercase()) && last(path) != "from"; // else a type's own
    let is_exempt = NO_DOOR.iter().any(|(name, _)| *name == path);
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
    assert_eq!(complaints("let look = || rustix::fs::fstat(fd);\nattempt(\"fstat\", o, look)"), 0);
    assert_eq!(complaints("let look = || rustix::fs::fstat(fd);\nlook()"), 1);
    assert_eq!(complaints("fn f() { self.through_kernel(\"read\", || unsafe { libc::read(x) }) }"), 0);
    assert_eq!(complaints("use rustix::fs;\nfn f() { fs::fstat(fd) }\nfn open(x: u8) { y.open(1) }"), 1);
    assert_eq!(complaints("fn f() { rustix::event::PollFd::new(fd) }"), 0, "a value, no call");
}

#[test]
fn std_files_in_the_kernel_crate_are_found() {
    let file =
        File::new("crates/cabotage-os/src/x.rs", "use std::fs::File;\n#[cfg(test)]\nmod t { use std::fs; }");
    assert_eq!(uses_std_files(&file).len(), 1);
}
