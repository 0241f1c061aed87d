// SPDX-License-Identifier: MIT OR Apache-2.0
//! A Python program takes part by the documented layout alone: docs/channels.md.

use std::process::Command;
use std::time::Duration;

use crate::common::{Scratch, Watchdog, has_program};
use crate::{patience, producer};

/// Takes the consumer's end of the channel and prints its records, by nothing but the page's words.
const CONSUMER: &str = "\
import fcntl, mmap, os, struct, sys
directory, name = sys.argv[1], sys.argv[2]
def word(memory, at):
    return struct.unpack_from('<Q', memory, at)[0]
def opened(file, flags, protection):
    fd = os.open(os.path.join(directory, file), flags)
    return fd, mmap.mmap(fd, os.fstat(fd).st_size, mmap.MAP_SHARED, protection)
_, main = opened(name, os.O_RDONLY, mmap.PROT_READ)
assert main[0:8] == b'CABOTAGE', main[0:8]
assert struct.unpack_from('<II', main, 8) == (1, 1)
beside = '.cabotage-meeting-%016x.reader' % word(main, 16)
fd, own = opened(beside, os.O_RDWR, mmap.PROT_READ | mmap.PROT_WRITE)
fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
assert struct.unpack_from('<II', own, 8) == (1, 2)
ring, words = word(main, 24), word(main, 32) // 8
position = word(own, 1024)
while True:
    header = word(main, ring + position % words * 8)
    if header == 0:
        break
    size, tag = header & 0xffffffff, header >> 32 & 0xff
    start = ring + position % words * 8 + 8
    if tag == 16:
        print(bytes(main[start:start + size]).decode())
    position += 1 + (size + 7) // 8
    struct.pack_into('<Q', own, 1024, position)
";

#[test]
fn python_reads_what_we_send_and_we_see_how_far_it_is() {
    if !has_program("python3", "interoperation with Python") {
        return;
    }
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let scratch = Scratch::new();
    let mut producer = producer(&scratch);
    let mut expected = String::new();
    for round in 0..3 {
        for number in 0..200 {
            let line = format!("record {number} of round {round}{}", "!".repeat(number));
            producer.send(line.as_bytes(), patience()).unwrap();
            expected.push_str(&line);
            expected.push('\n');
        }
        let arguments = [scratch.path.path().as_os_str(), "frames".as_ref()];
        let output = Command::new("python3").args(["-c", CONSUMER]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
        producer.wait_until_consumed(patience()).unwrap();
        expected.clear();
    }
}
