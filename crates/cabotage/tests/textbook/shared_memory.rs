// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figures of the chapter on shared memory.

use cabotage::shm::{self, Name};

use crate::program::run;

/// A name that no other run of these tests uses, checked to be free again at the end.
struct Free(String);

impl Free {
    fn name(purpose: &str) -> Self {
        Self(format!("/cabotage-textbook-{purpose}-{}", std::process::id()))
    }
}

impl Drop for Free {
    fn drop(&mut self) {
        let left_behind = shm::unlink(&Name::parse(&self.0).expect("a name")).is_ok();
        assert!(!left_behind || std::thread::panicking(), "{} was left behind", self.0);
    }
}

#[test]
fn what_the_producer_writes_the_consumer_prints_and_unlinks() {
    let name = Free::name("figure");
    let producer = run("shm_producer", &[&name.0]);
    assert!(producer.is_success, "{}", producer.said);
    assert!(producer.said.contains("11 bytes wait"), "{}", producer.said);

    let consumer = run("shm_consumer", &[&name.0]);
    assert!(consumer.is_success, "{}", consumer.said);
    assert_eq!(consumer.said, "HelloWorld!\n");
}

#[test]
fn a_consumer_without_a_producer_is_told_what_to_do() {
    let name = Free::name("alone");
    let consumer = run("shm_consumer", &[&name.0]);
    assert!(!consumer.is_success && consumer.said.contains("start its creator first"), "{}", consumer.said);
}

#[test]
fn the_mode_passes_the_umask_unless_asked_exactly() {
    let name = Free::name("mode");
    let program = run("shm_mode", &[&name.0]);
    assert!(program.is_success, "{}", program.said);
    assert!(program.said.contains("asked for exactly 0666, got 0666"), "{}", program.said);
}

#[test]
fn an_unlinked_object_lives_on_beside_its_successor() {
    let name = Free::name("twice");
    let program = run("shm_two_objects", &[&name.0]);
    assert!(program.is_success, "{}", program.said);
    assert!(program.said.contains("the old map still reads \"old\""), "{}", program.said);
    assert!(program.said.contains("the name now leads to \"new\""), "{}", program.said);
    assert!(program.said.contains("may not unlink the new object"), "{}", program.said);
}

#[test]
fn a_killed_consumer_leaves_the_name_and_no_map() {
    let name = Free::name("killed");
    let program = run("shm_killed_consumer", &[&name.0]);
    assert!(program.is_success, "{}", program.said);
    assert!(program.said.contains("while the consumer lives, 1 other"), "{}", program.said);
    assert!(program.said.contains("when it was killed, 0 do"), "{}", program.said);
    assert!(program.said.contains("is still there (1 name)"), "{}", program.said);
}
