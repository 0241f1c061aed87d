// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules about what library code leaves to its user: the screen, the environment, threads, time.

use crate::files::{Exception, File, keep, keep_except, places};

const PRINTS: [&str; 5] = ["print!", "println!", "eprint!", "eprintln!", "dbg!"];

/// What a library does not do behind its user's back, with the reason.
const BEHIND_THE_BACK: &[(&str, &str)] = &[
    ("env::var", "reads the environment: take the value as an argument"),
    ("env::var_os", "reads the environment: take the value as an argument"),
    ("thread::spawn", "spawns a thread: let the caller bring one"),
    ("thread::sleep", "sleeps and hopes: wait for the thing itself, with a deadline"),
    ("process::exit", "ends the process: return an error"),
];

/// Where the library does one of these all the same.
const EXCEPTIONS: &[Exception] = &[
    ("capi/win32/src/spawn/legacy.rs", "env::var", "a child finds there which handles it inherits"),
    (
        "crates/cabotage-link/src/names/environment.rs",
        "env::var_os",
        "two processes that know only a name agree on its place by what the system told both of them",
    ),
    (
        "crates/cabotage-mach/src/task/birth.rs",
        "env::var_os",
        "a child finds there which rights its creator gave it",
    ),
];

/// Where printing is the job. Tests print what they skip.
fn may_print(path: &str) -> bool {
    ["capi/tools/", "crates/cabotage-cli/", "crates/cabotage-tests/", "xtask/", "examples/"]
        .iter()
        .any(|at| path.starts_with(at))
        || path.contains("/tests/")
        || path.contains("/examples/")
}

fn prints(file: &File) -> Vec<String> {
    if !file.is_rust() || may_print(&file.path) {
        return Vec::new();
    }
    find(file, &PRINTS.map(|name| (name, "prints: only the command, examples and tests do")))
}

fn acts_behind_the_back(file: &File) -> Vec<String> {
    let is_c_library = file.path.starts_with("capi/")
        && file.path.contains("/src/")
        && !file.path.starts_with("capi/tools/");
    if file.is_library() || is_c_library && file.is_rust() { find(file, BEHIND_THE_BACK) } else { Vec::new() }
}

fn find(file: &File, banned: &[(&str, &str)]) -> Vec<String> {
    let places_of = |(name, why): &(&str, &str)| {
        let complaint = format!("`{name}` {why}");
        places(file.shipped(), name).into_iter().map(move |(at, _)| (at, complaint.clone()))
    };
    banned.iter().flat_map(places_of).map(|(at, complaint)| file.complain(at, &complaint)).collect()
}

#[test]
fn library_code_never_prints() {
    keep(prints);
}

#[test]
fn library_code_does_nothing_behind_the_back() {
    keep_except(EXCEPTIONS, acts_behind_the_back);
}

#[test]
fn a_stray_print_or_thread_is_found() {
    let file =
        File::new("crates/cabotage-shm/src/x.rs", "println!(\"x\");\nstd::thread::spawn(f);\nenv::vars_os()");
    assert_eq!(
        prints(&file),
        ["crates/cabotage-shm/src/x.rs:1: `println!` prints: only the command, examples and tests do"]
    );
    assert_eq!(acts_behind_the_back(&file).len(), 1);
    assert_eq!(prints(&File::new("xtask/src/x.rs", "println!()")).len(), 0);
}
