// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading the memory of a child that says where to look.

use std::io::{BufRead, BufReader, Read, Write};

use cabotage_os::probe::{self, Feature};
use cabotage_os::process::{Pid, Pidfd};
use cabotage_os::process_memory::{PIECE_BYTES_MAX, ReadError, read};

mod support;

const TEST: &str = "bytes_of_a_willing_child_are_read_until_it_ends";

/// More than two pieces, and not a whole number of them.
const BYTES: usize = 2 * PIECE_BYTES_MAX + 12_345;

fn pattern() -> Vec<u8> {
    (0..251_u8).cycle().take(BYTES).collect()
}

/// The child: tells where its bytes are, followed by a page that cannot be read, and waits.
fn show_bytes() {
    let page = rustix::param::page_size();
    let span = BYTES.next_multiple_of(page);
    let map = |bytes, protection| {
        // SAFETY: a new anonymous mapping at a place the kernel chooses disturbs nothing.
        unsafe {
            rustix::mm::mmap_anonymous(std::ptr::null_mut(), bytes, protection, rustix::mm::MapFlags::PRIVATE)
        }
        .unwrap()
    };
    let start = map(span + page, rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE).cast::<u8>();
    let bytes = pattern();
    // SAFETY: the mapping just made has at least `BYTES` bytes, and nothing else points into it.
    unsafe { start.copy_from_nonoverlapping(bytes.as_ptr(), BYTES) };
    let guard = start.wrapping_add(span);
    // SAFETY: the last page of the mapping just made; nobody reads it in this process.
    unsafe { rustix::mm::mprotect(guard.cast(), page, rustix::mm::MprotectFlags::empty()) }.unwrap();
    println!("\n@{} {}", start.addr(), span);
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn bytes_of_a_willing_child_are_read_until_it_ends() {
    if support::role().is_some() {
        return show_bytes();
    }
    let mut child = support::start(TEST, "shows its bytes", |_| {});
    let mut output = BufReader::new(child.0.stdout.take().unwrap());
    let line = output.by_ref().lines().map(Result::unwrap).find(|line| line.starts_with('@')).unwrap();
    let (start, span) = line[1..].split_once(' ').unwrap();
    let (start, span): (u64, usize) = (start.parse().unwrap(), span.parse().unwrap());
    let pidfd = Pidfd::of_child(&child.0).unwrap();
    let mut target = vec![0; BYTES];
    match read(&pidfd, start, &mut target) {
        Ok(bytes) => assert_eq!(bytes, BYTES),
        Err(ReadError::Denied(_) | ReadError::Unavailable) => {
            eprintln!("skipped: this sandbox does not let us read our own child");
            return;
        }
        Err(other) => panic!("{other}"),
    }
    assert!(target == pattern());

    let mut beyond = vec![0; span + 100];
    assert_eq!(read(&pidfd, start, &mut beyond).unwrap(), span, "up to the page that cannot be read");
    let guard = start + span as u64;
    let one_piece = guard - PIECE_BYTES_MAX as u64;
    assert_eq!(read(&pidfd, one_piece, &mut vec![0; PIECE_BYTES_MAX + 8]).unwrap(), PIECE_BYTES_MAX);
    let refused = ReadError::BadAddress { pid: pidfd.pid(), address: guard };
    assert_eq!(read(&pidfd, guard, &mut [0; 8]), Err(refused));
    assert!(matches!(read(&pidfd, u64::MAX, &mut [0; 8]), Err(ReadError::BadAddress { .. })));
    assert_eq!(read(&pidfd, start, &mut []), Ok(0));
    {
        let _guard = probe::without(Feature::ProcessMemory);
        assert_eq!(read(&pidfd, start, &mut target), Err(ReadError::Unavailable));
    }
    let pid = Pid::from_child(&child.0);
    child.must_succeed();
    assert_eq!(read(&pidfd, start, &mut target), Err(ReadError::Gone(pid)));
}
