// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose memory may be read, and what comes of it when that process changes its mind, its map, or dies.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::fork::{child_answers, child_that};
use cabotage_os::process::{Exit, Pid, Pidfd};
use cabotage_os::process_memory::{ReadError, lends_no_power, read};
use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior};

const STRANGER: u32 = 12_345;
const BYTES: usize = 3 << 20;

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

/// Becomes another user, in a child on trial; an ordinary user stays who it is.
fn become_stranger() {
    // SAFETY: changes who this process is, and nothing else.
    let _ = unsafe { libc::setresgid(STRANGER, STRANGER, STRANGER) };
    // SAFETY: as above.
    let _ = unsafe { libc::setresuid(STRANGER, STRANGER, STRANGER) };
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// A child of this process that has its memory, says so, and does `act` when told.
fn willing(act: impl FnOnce()) -> (Pidfd, PipeWriter, PipeReader) {
    let (mut order, tell) = std::io::pipe().unwrap();
    let (hear, mut say) = std::io::pipe().unwrap();
    let child = child_that(|| {
        let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
        say.write_all(&[1]).unwrap();
        order.read_exact(&mut [0]).unwrap();
        act();
        say.write_all(&[2]).unwrap();
        order.read_exact(&mut [0]).unwrap();
        true
    });
    (child.unwrap(), tell, hear)
}

fn end(child: &Pidfd) {
    child.send_signal(Signal::KILL).unwrap();
    assert!(child.wait(soon()).unwrap());
    assert_eq!(child.reap().unwrap(), Some(Exit::Signal(9)));
}

#[test]
fn a_process_of_another_user_is_not_read() {
    let bytes = [7_u8; 64];
    let (target, needs_root) = match own_uid() {
        0 => (Pid::from_raw(i32::try_from(std::process::id()).unwrap()).unwrap(), false),
        _ => (Pid::INIT, true),
    };
    if needs_root
        && std::fs::metadata("/proc/1").is_ok_and(|init| {
            use std::os::unix::fs::MetadataExt;
            init.uid() == own_uid()
        })
    {
        return println!("skipped: there is no process of another user to try");
    }
    let is_refused = child_answers(
        || {
            become_stranger();
            let process = Pidfd::open(target).unwrap().unwrap();
            let mut copy = [1; 64];
            let refused = read(&process, bytes.as_ptr().addr() as u64, &mut copy);
            matches!(refused, Err(ReadError::Denied(_) | ReadError::Unavailable)) && copy == [0; 64]
        },
        soon(),
    );
    assert!(is_refused.unwrap());
}

#[test]
fn a_process_that_must_not_be_dumped_is_not_read() {
    let bytes = [7_u8; 64];
    let outcome = child_answers(
        || {
            become_stranger();
            let forbid = || set_dumpable_behavior(DumpableBehavior::NotDumpable).unwrap();
            let (child, mut tell, mut hear) = willing(forbid);
            let address = bytes.as_ptr().addr() as u64;
            let mut copy = [0; 64];
            hear.read_exact(&mut [0]).unwrap();
            let is_read = match read(&child, address, &mut copy) {
                Ok(count) => count == 64 && copy == [7; 64],
                Err(refused) => matches!(refused, ReadError::Denied(_) | ReadError::Unavailable),
            };
            tell.write_all(&[1]).unwrap();
            hear.read_exact(&mut [0]).unwrap();
            let refused = read(&child, address, &mut copy);
            end(&child);
            is_read && matches!(refused, Err(ReadError::Denied(_) | ReadError::Unavailable))
        },
        soon(),
    );
    assert!(outcome.unwrap());
}

#[test]
fn only_who_has_no_power_to_trace_or_is_root_among_roots_reads_what_it_is_told() {
    let is_so = child_answers(
        || {
            become_stranger();
            lends_no_power(own_uid()).unwrap() && lends_no_power(0).unwrap()
        },
        soon(),
    );
    assert!(is_so.unwrap());
    if own_uid() == 0 {
        assert!(lends_no_power(0).unwrap());
        let powers = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let powers = powers.lines().find_map(|line| line.strip_prefix("CapEff:\t")).unwrap();
        let may_trace = u64::from_str_radix(powers, 16).unwrap() & 1 << 19 != 0;
        assert_eq!(lends_no_power(STRANGER).unwrap(), !may_trace);
    }
}

/// A private mapping of a child, which it takes away and makes anew all the time.
#[test]
fn a_range_that_is_unmapped_under_the_copy_ends_it_there() {
    let prot = rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE;
    let flags = rustix::mm::MapFlags::PRIVATE;
    // SAFETY: a new mapping at a place that the kernel chooses.
    let start = unsafe { rustix::mm::mmap_anonymous(std::ptr::null_mut(), BYTES, prot, flags) }.unwrap();
    let address = start.addr();
    let unsettled = child_that(|| {
        loop {
            let place = std::ptr::without_provenance_mut(address);
            // SAFETY: takes away the child's copy of the mapping above, which nothing in the child refers to.
            let _ = unsafe { rustix::mm::munmap(place, BYTES) };
            let fixed = flags | rustix::mm::MapFlags::FIXED_NOREPLACE;
            // SAFETY: makes it anew at the same place, unless something else has come to lie there.
            let _ = unsafe { rustix::mm::mmap_anonymous(place, BYTES, prot, fixed) };
        }
    });
    let unsettled = unsettled.unwrap();
    let mut copy = vec![1; BYTES];
    for _ in 0..200 {
        match read(&unsettled, address as u64, &mut copy) {
            Ok(bytes) => assert!(copy[..bytes].iter().all(|byte| *byte == 0)),
            Err(ReadError::BadAddress { .. }) => {}
            Err(ReadError::Denied(_) | ReadError::Unavailable) => {
                println!("skipped: this sandbox does not let us read our own child");
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
    end(&unsettled);
    // SAFETY: the mapping made above, which nothing refers to.
    unsafe { rustix::mm::munmap(start, BYTES) }.unwrap();
}

#[test]
fn what_was_read_of_a_process_that_died_meanwhile_is_wiped() {
    let bytes = vec![7_u8; BYTES];
    let (child, _tell, mut hear) = willing(|| ());
    hear.read_exact(&mut [0]).unwrap();
    let killer = child.try_clone().unwrap();
    let mut copy = vec![1; BYTES];
    let first = read(&child, bytes.as_ptr().addr() as u64, &mut copy);
    if matches!(first, Err(ReadError::Denied(_) | ReadError::Unavailable)) {
        println!("skipped: this sandbox does not let us read our own child");
        return end(&child);
    }
    let killing = std::thread::spawn(move || killer.send_signal(Signal::KILL).unwrap());
    let refused = loop {
        match read(&child, bytes.as_ptr().addr() as u64, &mut copy) {
            // Its memory goes before it is known to have ended.
            Ok(_) | Err(ReadError::BadAddress { .. }) => {}
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, ReadError::Gone(child.pid()));
    assert!(copy.iter().all(|byte| *byte == 0));
    assert!(killing.join().unwrap());
    child.reap().unwrap();
}
