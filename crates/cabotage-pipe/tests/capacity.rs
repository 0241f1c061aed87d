// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asking a pipe for room: what is granted, and the reason when that is another number.

use cabotage_pipe::{PipeEnd, Reason, WriteEnd};

#[test]
fn capacity_is_granted_in_powers_of_two_of_pages() {
    let (_reader, writer) = cabotage_pipe::anonymous().unwrap();
    for (asked, granted, reason) in [
        (4096, 4096, Reason::AsAsked),
        (0, 4096, Reason::RoundedUp),
        (5000, 8192, Reason::RoundedUp),
        (100_000, 131_072, Reason::RoundedUp),
        (65_536, 65_536, Reason::AsAsked),
    ] {
        let capacity = writer.set_capacity(asked).unwrap();
        assert_eq!((capacity.granted_bytes, capacity.reason), (granted, reason));
        assert_eq!(writer.capacity_bytes().unwrap(), granted);
    }
}

#[test]
fn a_pipe_does_not_shrink_below_its_unread_bytes_and_says_so() {
    let (reader, writer) = cabotage_pipe::anonymous().unwrap();
    writer.try_write(&[0; 10_000]).unwrap();
    let capacity = reader.set_capacity(4096).unwrap();
    assert_eq!(capacity.granted_bytes, 65_536);
    assert_eq!(capacity.reason, Reason::UnreadData { unread_bytes: 10_000 });
    assert!(capacity.to_string().contains("read first"), "{capacity}");
}

#[test]
fn an_impossible_capacity_is_answered_with_what_there_is() {
    let (_reader, writer) = cabotage_pipe::anonymous().unwrap();
    for asked in [usize::MAX, 1 << 31, 1 << 40] {
        let capacity = writer.set_capacity(asked).unwrap();
        assert_eq!(capacity.granted_bytes, writer.capacity_bytes().unwrap());
        assert!(capacity.granted_bytes < asked);
        assert!(matches!(capacity.reason, Reason::TooLarge | Reason::UserBudget { .. }), "{capacity}");
    }
}

#[test]
fn without_privilege_the_machines_limit_is_granted_and_named() {
    let limit = std::fs::read_to_string("/proc/sys/fs/pipe-max-size").unwrap();
    let max_bytes: usize = limit.trim().parse().unwrap();
    let (_reader, writer) = cabotage_pipe::anonymous().unwrap();
    let capacity = writer.set_capacity(2 * max_bytes).unwrap();
    match capacity.reason {
        Reason::AsAsked => eprintln!("skipped: this process may have pipes of any capacity"),
        Reason::MachineLimit { max_bytes: named } => {
            assert_eq!((capacity.granted_bytes, named), (max_bytes, max_bytes));
            assert!(capacity.to_string().contains("fs.pipe-max-size"), "{capacity}");
        }
        other => panic!("{other:?}"),
    }
}
