// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every kind of descriptor that there is to hand over, and what a victim says of it when it should be memory.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use cabotage_os::memfd::{IMMUTABLE, Memfd, ONE_WAY, Seals};
use tempfile::TempDir;

const O_PATH: i32 = 0o10_000_000;

/// One kind.
#[derive(Debug)]
pub struct Kind {
    /// What it is.
    pub name: &'static str,
    /// What a victim says that wants 8,192 bytes of sealed memory: any fault where this is empty.
    pub words: &'static str,
    descriptor: OwnedFd,
}

impl Kind {
    /// One of it.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// One of each kind.
#[derive(Debug)]
pub struct Kinds {
    kinds: Vec<Kind>,
    /// Where those lie that have a name.
    _folder: TempDir,
}

impl Kinds {
    /// Makes one of each.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut kinds = Self { kinds: Vec::new(), _folder: folder };
        kinds.memory();
        let folder = kinds._folder.path().to_owned();
        kinds.files(&folder);
        kinds.pipes_and_sockets(&folder);
        kinds
    }

    /// All of them.
    pub fn all(&self) -> &[Kind] {
        &self.kinds
    }

    fn add(&mut self, name: &'static str, descriptor: impl Into<OwnedFd>, words: &'static str) {
        self.kinds.push(Kind { name, words, descriptor: descriptor.into() });
    }

    fn memory(&mut self) {
        const UNSEALED: &str = "lacks seals";
        self.add("unsealed memory", memory(8192, Seals::empty()), UNSEALED);
        self.add("half-sealed memory", memory(8192, Seals::SHRINK | Seals::GROW), UNSEALED);
        self.add("memory that may grow", memory(8192, ONE_WAY - Seals::GROW), UNSEALED);
        self.add("memory that may shrink", memory(8192, ONE_WAY - Seals::SHRINK), UNSEALED);
        self.add("memory that may get other seals", memory(8192, ONE_WAY - Seals::SEAL), UNSEALED);
        self.add("immutable memory", memory(8192, IMMUTABLE), UNSEALED);
        self.add("one page", memory(4096, ONE_WAY), "has 4096 bytes");
        self.add("three pages", memory(12288, ONE_WAY), "has 12288 bytes");
        self.add("a byte less", memory(8191, ONE_WAY), "has 8191 bytes");
        self.add("shrunk memory", shrunk(), "has 4096 bytes");
        self.add("sparse memory", sparse(8192), "is sparse");
        self.add("a terabyte of nothing", sparse(1 << 40), "has 1099511627776 bytes");
        let write_only = reopened(&memory(8192, ONE_WAY), OpenOptions::new().write(true));
        self.add("memory for writing only", write_only, "cannot be read");
        let name = reopened(&memory(8192, ONE_WAY), OpenOptions::new().read(true).custom_flags(O_PATH));
        self.add("the name of memory", name, "no memory");
    }

    fn files(&mut self, folder: &Path) {
        let shared = format!("/dev/shm/cabotage-tests-{}", std::process::id());
        self.add("a file on a disk", unlinked(&folder.join("file")), "");
        self.add("a file in /dev/shm", unlinked(shared.as_ref()), "lacks seals");
        let mut by_name = OpenOptions::new();
        by_name.read(true).custom_flags(O_PATH);
        self.add("the name of a directory", by_name.open("/").expect("/"), "no memory");
        for (name, path) in
            [("a directory", "/"), ("/dev/zero", "/dev/zero"), ("a file of /proc", "/proc/self/maps")]
        {
            self.add(name, File::open(path).expect("a file"), "no memory");
        }
        if let Ok(huge) =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open("/dev/hugepages/x")
        {
            let _ = std::fs::remove_file("/dev/hugepages/x");
            self.add("a file of huge pages", huge, "");
        }
    }

    fn pipes_and_sockets(&mut self, folder: &Path) {
        let fifo = folder.join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().is_ok_and(|status| status.success()));
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let listener = std::os::unix::net::UnixListener::bind(folder.join("socket")).expect("a socket");
        let (stream, _) = std::os::unix::net::UnixStream::pair().expect("a socket");
        let (packets, _) = cabotage_os::socket::Socket::pair().expect("a socket");
        let datagrams = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let poller = cabotage_os::epoll::Poller::new().expect("an epoll");
        let fifo = OpenOptions::new().read(true).write(true).open(&fifo).expect("a FIFO");
        let named: [(&str, OwnedFd); 9] = [
            ("a pipe's end", reader.into()),
            ("a pipe's other end", writer.into()),
            ("a FIFO", fifo.into()),
            ("a listening socket", listener.into()),
            ("a stream", stream.into()),
            ("a socket of ours", packets.into_fd().expect("this is no child")),
            ("an internet socket", datagrams.into()),
            ("an epoll", poller.as_fd().try_clone_to_owned().expect("a descriptor")),
            ("a terminal's or null's", File::open("/dev/null").expect("/dev/null").into()),
        ];
        for (name, descriptor) in named {
            self.add(name, descriptor, "no memory");
        }
    }
}

impl Default for Kinds {
    fn default() -> Self {
        Self::new()
    }
}

fn memory(bytes: u64, seals: Seals) -> Memfd {
    let memory = Memfd::create("hostile", bytes).expect("memory");
    memory.seal(seals).expect("seals");
    memory
}

fn shrunk() -> OwnedFd {
    let file = File::from(OwnedFd::from(Memfd::create("hostile", 8192).expect("memory")));
    file.set_len(4096).expect("shorter memory");
    seal(&file);
    file.into()
}

/// Memory of so many bytes, of which only the first page has anything behind it.
fn sparse(bytes: u64) -> OwnedFd {
    let file = File::from(OwnedFd::from(Memfd::create("hostile", 4096).expect("memory")));
    file.set_len(bytes).expect("longer memory");
    seal(&file);
    file.into()
}

/// Seals memory that the library would not take: of its full size for a moment, to get at its seals.
fn seal(file: &File) {
    let bytes = file.metadata().expect("a file").len();
    file.set_len(4096).expect("shorter memory");
    let copy = file.as_fd().try_clone_to_owned().expect("a descriptor");
    let memory = Memfd::admit(copy, Seals::empty(), 4096).expect("memory");
    file.set_len(bytes).expect("longer memory");
    memory.seal(ONE_WAY).expect("seals");
}

/// Memory opened anew through /proc.
fn reopened(memory: &Memfd, options: &OpenOptions) -> OwnedFd {
    let number = memory.as_fd().as_raw_fd();
    options.open(format!("/proc/self/fd/{number}")).expect("memory once more").into()
}

/// A file of 8,192 bytes without a name.
fn unlinked(path: &Path) -> OwnedFd {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).open(path).expect("a file");
    std::fs::remove_file(path).expect("a file to remove");
    file.set_len(8192).expect("a longer file");
    file.into()
}
