// SPDX-License-Identifier: MIT OR Apache-2.0
//! What ports cost that nobody else has a right to: no descriptor. Alone in its process, since it counts them all.

use cabotage_mach::{PortSet, ReceiveRight};

/// The open descriptors of this process, but that of the directory in which they are counted.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

#[test]
fn ports_sets_and_messages_have_no_descriptor_until_a_right_leaves() {
    let before = descriptors();
    let set = PortSet::new().unwrap();
    let ports: Vec<ReceiveRight> = (0..1000).map(|_| ReceiveRight::new().unwrap()).collect();
    for port in &ports {
        set.insert(port).unwrap();
        port.make_send().unwrap().send("hello").unwrap();
        assert_eq!(set.receive().unwrap().text().unwrap(), "hello");
    }
    assert_eq!(descriptors(), before);
    let end = ports[0].make_send().unwrap().to_end().unwrap();
    assert!(descriptors() > before, "a right to one of them has left");
    drop(end);
}
