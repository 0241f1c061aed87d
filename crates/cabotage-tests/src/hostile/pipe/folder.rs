// SPDX-License-Identifier: MIT OR Apache-2.0
//! What stands in the folder of a pipe is its servers' word too: each word of it, written otherwise, and each thing in
//! it, replaced by another. A client that looks may refuse it, find nothing, or take it for what it says, and is well
//! in any case.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};

/// What is bent, and how.
pub type Bend = (&'static str, fn(&Path));

/// All of it. Every word of the record and of a post's name has its rows.
pub const BENDS: &[Bend] = &[
    ("record.version", |at| record(at, "pipe 1", "pipe 2")),
    ("record.version: none", |at| record(at, "cabotage named pipe 1\n", "")),
    ("record.direction: inbound", |at| record(at, "duplex", "inbound")),
    ("record.direction: outbound", |at| record(at, "duplex", "outbound")),
    ("record.direction: none", |at| record(at, "duplex ", "")),
    ("record.direction: long", |at| record(at, "duplex", &"duplex".repeat(1000))),
    ("record.instances_max: 0", |at| record(at, "instances 255", "instances 0")),
    ("record.instances_max: 1", |at| record(at, "instances 255", "instances 1")),
    ("record.instances_max: 256", |at| record(at, "instances 255", "instances 256")),
    ("record.default_timeout_ms: 0", |at| record(at, "timeout-ms 50", "timeout-ms 0")),
    ("record.default_timeout_ms: longest", |at| record(at, "timeout-ms 50", "timeout-ms 4294967295")),
    ("record.default_timeout_ms: too long", |at| record(at, "timeout-ms 50", "timeout-ms 4294967296")),
    ("record.default_timeout_ms: negative", |at| record(at, "timeout-ms 50", "timeout-ms -50")),
    ("record.mode: 0", |at| record(at, "mode 666", "mode 0")),
    ("record.mode: decimal", |at| record(at, "mode 666", "mode 999")),
    ("record.mode: too long", |at| record(at, "mode 666", "mode 7777777")),
    ("record.group", |at| record(at, "group -", "group 4294967295")),
    ("record.group: no number", |at| record(at, "group -", "group wheel")),
    ("record.creators: everyone", |at| record(at, "creators user", "creators everyone")),
    ("record.creators: nobody", |at| record(at, "creators user", "creators nobody")),
    ("record.name: another", |at| record(at, "\nlair", "\nanother")),
    ("record.name: none", |at| record(at, "\nlair", "")),
    ("record.name: longest", |at| record(at, "\nlair", &format!("\n{}", "x".repeat(10_000)))),
    ("record: nothing", |at| write(&at.join("record"), b"")),
    ("record: no text", |at| write(&at.join("record"), &[0xFF; 1024])),
    ("record: zeroes", |at| write(&at.join("record"), &[0; 5000])),
    ("record: gone", |at| drop(fs::remove_file(at.join("record")))),
    ("record: a directory", |at| instead(&at.join("record"), |path| fs::create_dir(path))),
    ("record: a link to itself", |at| instead(&at.join("record"), |path| symlink("record", path))),
    ("record: another's file", |at| instead(&at.join("record"), |path| symlink("/etc/passwd", path))),
    ("record: a socket", |at| instead(&at.join("record"), |path| UnixListener::bind(path).map(drop))),
    ("post.number: greatest", |at| post(at, 0, "18446744073709551615")),
    ("post.number: greater", |at| post(at, 0, "18446744073709551616")),
    ("post.number: none", |at| post(at, 0, "")),
    ("post.id", |at| post(at, 1, "0")),
    ("post.id: no number", |at| post(at, 1, "x")),
    ("post.pipe_mode: bytes", |at| post(at, 2, "b")),
    ("post.pipe_mode: unknown", |at| post(at, 2, "mm")),
    ("post.in_quota_bytes: 0", |at| post(at, 3, "0")),
    ("post.in_quota_bytes: greatest", |at| post(at, 3, "4294967295")),
    ("post.in_quota_bytes: greater", |at| post(at, 3, "4294967296")),
    ("post.out_quota_bytes: 0", |at| post(at, 4, "0")),
    ("post.out_quota_bytes: greatest", |at| post(at, 4, "4294967295")),
    ("post.out_quota_bytes: no number", |at| post(at, 4, "1e3")),
    ("post: a file", |at| posts_instead(at, |path| fs::write(path, b""))),
    ("post: a directory", |at| posts_instead(at, |path| fs::create_dir(path))),
    ("post: a link", |at| posts_instead(at, |path| symlink("/dev/zero", path))),
    ("post: a socket of streams", |at| {
        posts_instead(at, |path| UnixListener::bind(path).map(std::mem::forget))
    }),
    ("post: a socket of datagrams", |at| {
        posts_instead(at, |path| UnixDatagram::bind(path).map(std::mem::forget));
    }),
    ("posts: very many", |at| many(&at.join("listening"), "{}-1-m-2000-2000")),
    ("posts: gone", |at| drop(fs::remove_dir_all(at.join("listening")))),
    ("posts: a file", |at| instead(&at.join("listening"), |path| fs::write(path, b""))),
    ("posts: elsewhere", |at| instead(&at.join("listening"), |path| symlink("/", path))),
    ("signs: gone", |at| drop(fs::remove_dir_all(at.join("instances")))),
    ("signs: a file", |at| instead(&at.join("instances"), |path| fs::write(path, b""))),
    ("signs: elsewhere", |at| instead(&at.join("instances"), |path| symlink("/dev", path))),
    ("signs: very many", |at| many(&at.join("instances"), "{}-1")),
    ("signs: none, and no post", |at| {
        posts_instead(at, |_| Ok(()));
        instead(&at.join("instances"), |path| fs::create_dir(path));
    }),
    ("lock: gone", |at| drop(fs::remove_file(at.join("lock")))),
];

/// Writes the record otherwise.
fn record(folder: &Path, truth: &str, lie: &str) {
    let path = folder.join("record");
    let text = fs::read_to_string(&path).expect("the record of a pipe");
    assert!(text.contains(truth), "{text:?} says {truth:?} nowhere");
    write(&path, text.replacen(truth, lie, 1).as_bytes());
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a file of our own");
}

/// The names of the sockets at which instances listen.
fn posts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("listening")).expect("the posts of a pipe");
    entries.map(|entry| entry.expect("a post").path()).collect()
}

/// Has each post say this as its word of this number.
fn post(folder: &Path, number: usize, lie: &str) {
    for path in posts(folder) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let mut words: Vec<&str> = name.split('-').collect();
        words[number] = lie;
        fs::rename(&path, path.with_file_name(words.join("-"))).expect("a name of our own");
    }
}

/// Puts something else in the place of this.
fn instead(path: &Path, make: impl Fn(&Path) -> std::io::Result<()>) {
    let _ = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
    make(path).expect("a place of our own");
}

fn posts_instead(folder: &Path, make: impl Fn(&Path) -> std::io::Result<()>) {
    for path in posts(folder) {
        instead(&path, &make);
    }
}

/// Puts very many dead things before what is there.
fn many(folder: &Path, pattern: &str) {
    for number in 0..2_000 {
        // What lives there stays as it is.
        drop(fs::File::create_new(folder.join(pattern.replace("{}", &format!("{number:020}")))));
    }
}
