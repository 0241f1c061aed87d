// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules about `unsafe`: two crates, few files, and what C calls; each place argued where it stands.

use crate::files::{Exception, File, keep, keep_except, places};

/// The crates whose code may be unsafe. Every other one forbids it in its root.
const UNSAFE_CRATES: [&str; 2] = ["crates/cabotage-lane/", "crates/cabotage-os/"];

/// What the C libraries share to look at what C hands over.
const C_SUPPORT: &str = "capi/support/";

/// The files with unsafe code (tests aside), each with what it needs it for.
const UNSAFE_FILES: &[Exception] = &[
    ("crates/cabotage-lane/src/memory.rs", "", "atomic words in a peer's memory, bodies by the one copy"),
    ("crates/cabotage-lane/src/plain.rs", "", "values as their bytes, in private memory"),
    (
        "crates/cabotage-lane/src/span.rs",
        "",
        "a slice of a peer's memory for those who say that they trust it",
    ),
    ("crates/cabotage-os/src/c_errno.rs", "", "a word of the C library"),
    ("crates/cabotage-os/src/copy.rs", "", "the one copy, in assembly"),
    ("crates/cabotage-os/src/epoll.rs", "", "events go from thread to thread: they are numbers"),
    ("crates/cabotage-os/src/exit.rs", "", "the hook that runs when the process ends by itself"),
    ("crates/cabotage-os/src/fork/exempt.rs", "", "a borrowed list that the hook reads"),
    ("crates/cabotage-os/src/fork/hook.rs", "", "the hook that closes in a child"),
    ("crates/cabotage-os/src/fork/mod.rs", "", "a descriptor that is closed here or not at all"),
    ("crates/cabotage-os/src/fork/origin.rs", "", "a page that is wiped in a child"),
    ("crates/cabotage-os/src/fork/table.rs", "", "chunks that are never freed"),
    ("crates/cabotage-os/src/fork/trial.rs", "", "a forked child for tests"),
    ("crates/cabotage-os/src/heap.rs", "", "a heap that counts, for tests"),
    (
        "crates/cabotage-os/src/inherited.rs",
        "",
        "a number on the command line becomes an owned descriptor, once",
    ),
    ("crates/cabotage-os/src/lock/extent.rs", "", "lock calls that rustix lacks"),
    ("crates/cabotage-os/src/map/mod.rs", "", "maps: addresses that the kernel gave"),
    ("crates/cabotage-os/src/map/options.rs", "", "maps: asking for one"),
    ("crates/cabotage-os/src/map/words.rs", "", "atomic words inside a map"),
    ("crates/cabotage-os/src/pages/copy.rs", "", "addresses that a C program names"),
    ("crates/cabotage-os/src/pages/mod.rs", "", "pages that a C program uses by address"),
    ("crates/cabotage-os/src/pages/own.rs", "", "pages of a C program, by its word"),
    ("crates/cabotage-os/src/process/group.rs", "", "a call of which rustix expects too much"),
    ("crates/cabotage-os/src/process/run_as.rs", "", "user numbers of a thread, which rustix does not tell"),
    ("crates/cabotage-os/src/process/session.rs", "", "a call of which rustix expects too much"),
    ("crates/cabotage-os/src/process/user_name.rs", "", "the C library's list of users"),
    ("crates/cabotage-os/src/process_memory.rs", "", "a call that rustix lacks"),
    ("crates/cabotage-os/src/tokio.rs", "", "a promise to tokio's reactor that a descriptor stays open"),
    ("crates/cabotage-os/src/raw.rs", "", "the yardstick of the benchmarks: a bare map"),
    (
        "crates/cabotage-os/src/raw/buffer.rs",
        "",
        "the yardstick of the benchmarks: plain copies in a bare map",
    ),
    ("crates/cabotage-os/src/raw/foreign.rs", "", "the yardstick of the benchmarks: a bare call"),
    (
        "crates/cabotage-os/src/raw/sealed.rs",
        "",
        "the yardstick of the benchmarks: a bare map of sealed memory",
    ),
    ("crates/cabotage-os/src/raw/words.rs", "", "the yardstick of the benchmarks: atomics in a bare map"),
    ("crates/cabotage-os/src/sealed.rs", "", "a slice of memory that nobody can write any more"),
    ("crates/cabotage-os/src/sealed/region.rs", "", "slices of memory that no other process can write"),
    ("crates/cabotage-os/src/sigbus.rs", "", "a signal handler"),
    ("crates/cabotage-os/src/signals.rs", "", "signal sets and waits, which rustix lacks"),
    ("crates/cabotage-os/src/sigpipe.rs", "", "signal masks, which rustix lacks"),
    ("crates/cabotage-os/src/socket/credentials.rs", "", "descriptors that getsockopt gives"),
    ("crates/cabotage-os/src/socket/message.rs", "", "control messages, down to the last byte of room"),
    ("crates/cabotage-os/src/socket/option.rs", "", "options that rustix lacks"),
    ("crates/cabotage-os/src/spawn/child.rs", "", "what may be called between fork and execve"),
    ("crates/cabotage-os/src/spawn/mod.rs", "", "the hook that runs there"),
];

/// How far above an unsafe place its argument may begin.
const ARGUMENT_LINES_MAX: usize = 12;

fn may_be_unsafe(file: &File) -> bool {
    UNSAFE_CRATES.iter().any(|krate| file.path.starts_with(krate)) || is_called_by_c(file)
}

/// Whether this is the thin layer of a C library that C calls, or what that copies in and out by, or what those layers
/// share.
fn is_called_by_c(file: &File) -> bool {
    let is_border = || file.path.ends_with("/border.rs") || file.text.contains("extern \"C\" fn ");
    file.path.starts_with(C_SUPPORT) || is_capi(file) && is_border()
}

fn is_capi(file: &File) -> bool {
    file.path.starts_with("capi/") && file.path.contains("/src/") && !file.path.starts_with("capi/tools/")
}

fn unsafe_places(file: &File) -> Vec<usize> {
    if !file.is_rust() {
        return Vec::new();
    }
    let code = file.code.replace(NAMED_FOR_C, ""); // exports.map, which a test compares, says that it is the only one
    places(&code, "unsafe").into_iter().map(|(at, _)| at).collect()
}

/// What gives a function its name for C.
const NAMED_FOR_C: &str = "#[unsafe(no_mangle)]";

fn forgets_to_forbid(file: &File) -> Vec<String> {
    let is_root = file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs");
    if !is_root || may_be_unsafe(file) || is_capi(file) || file.code.contains("#![forbid(unsafe_code)]") {
        return Vec::new();
    }
    vec![file.complain(0, "a crate root says `#![forbid(unsafe_code)]`")]
}

fn is_unsafe_abroad(file: &File) -> Vec<String> {
    if may_be_unsafe(file) {
        return Vec::new();
    }
    let complain =
        |at| file.complain(at, "unsafe code lives in cabotage-os, or in a file of functions that C calls");
    unsafe_places(file).into_iter().map(complain).collect()
}

fn is_unsafe(file: &File) -> Vec<String> {
    if !may_be_unsafe(file) || !file.is_library() {
        return Vec::new();
    }
    let first = places(file.shipped(), "unsafe").into_iter().next();
    let complain = |(at, _)| file.complain(at, "unsafe code in a file that UNSAFE_FILES does not list");
    first.map(complain).into_iter().collect()
}

fn is_unargued(file: &File) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let is_argued = |at: usize| {
        let above = &lines[at.saturating_sub(ARGUMENT_LINES_MAX)..=at];
        above.iter().any(|line| line.contains("SAFETY") || line.contains("# Safety"))
    };
    let complain = |at| file.complain(at, "say in `// SAFETY:` right above which fact makes this sound");
    unsafe_places(file).into_iter().filter(|&at| !is_argued(at)).map(complain).collect()
}

#[test]
fn safe_crates_forbid_unsafe_code() {
    keep(forgets_to_forbid);
    keep(is_unsafe_abroad);
}

#[test]
fn files_with_unsafe_code_are_listed() {
    keep_except(UNSAFE_FILES, is_unsafe);
}

#[test]
fn unsafe_code_is_argued_where_it_stands() {
    keep(is_unargued);
}

#[test]
fn unsafe_code_is_found_in_code_only() {
    let os = |text| File::new("crates/cabotage-os/src/x.rs", text);
    assert_eq!(is_unsafe(&os("fn f() { unsafe { g() } }")).len(), 1);
    assert_eq!(is_unsafe(&os("// unsafe\nconst A: &str = \"unsafe\";")).len(), 0);
    assert_eq!(is_unargued(&os("unsafe impl Send for A {}")).len(), 1);
    assert_eq!(is_unargued(&os("// SAFETY: it is so\nunsafe impl Send for A {}")).len(), 0);
    assert_eq!(is_unsafe_abroad(&File::new("crates/cabotage-shm/src/x.rs", "unsafe fn f() {}")).len(), 1);
    assert_eq!(forgets_to_forbid(&File::new("crates/cabotage-shm/src/lib.rs", "//! x\n")).len(), 1);
    let capi = |text| is_unsafe_abroad(&File::new("capi/mach/src/x.rs", text)).len();
    assert_eq!(capi("unsafe fn f() {}"), 1, "what C does not call is safe");
    assert_eq!(capi("pub unsafe extern \"C\" fn f() {}"), 0);
    let named = File::new("capi/mach/src/x.rs", "#[unsafe(no_mangle)]\npub extern \"C\" fn f() {}");
    assert_eq!(is_unargued(&named).len(), 0);
}
