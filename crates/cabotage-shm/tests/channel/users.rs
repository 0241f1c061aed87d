// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels between users: the permission bits say who may take part, and nothing else does.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use cabotage_shm::{ChannelError, ChannelOptions, Directory, ObjectError, Presence, ReceiveError};

use crate::common::copied::copy_of_this_program;
use crate::common::{Scratch, name};
use crate::{options, patience};

const TEST: &str = "users::whoever_the_mode_lets_in_takes_part_and_nobody_else";
const STRANGER: u32 = 12_345;
/// Where the channels of the stranger lie; only its process has this.
const PLACE: &str = "CABOTAGE_CHANNELS_OF_USERS";

/// The stranger's part: it consumes from one channel, produces into another, and may not so much as open the third.
fn take_part(place: &std::ffi::OsStr) {
    let options =
        || ChannelOptions::new().directory(&Directory::open(place).unwrap()).until_there(patience());
    let mut consumer = options().open_trusting(&name("there")).unwrap();
    let mut producer = options().create_trusting(&name("back")).unwrap();
    while let Ok(record) = consumer.receive(patience()).map(|record| record.to_vec()) {
        producer.send(&record, patience()).unwrap();
    }
    let closed = options().open_trusting(&name("closed")).unwrap_err();
    assert!(matches!(closed, ChannelError::Object(ObjectError::Denied { .. })), "{closed:?}");
    let readable = options().open_trusting(&name("readable")).unwrap_err();
    assert!(matches!(readable, ChannelError::Object(ObjectError::Denied { .. })), "{readable:?}");
    options().look_trusting(&name("readable")).unwrap();
}

#[test]
fn whoever_the_mode_lets_in_takes_part_and_nobody_else() {
    if let Some(place) = std::env::var_os(PLACE) {
        return take_part(&place);
    }
    if cabotage_os::process::own_uid() != 0 {
        return println!("skipped: only root can start a process of another user");
    }
    let scratch = Scratch::new();
    std::fs::set_permissions(scratch.path.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let create = |text, mode| options(&scratch).mode(mode).create_trusting(&name(text)).unwrap();
    let mut producer = create("there", 0o666);
    // The stranger takes the producer's place here.
    drop(create("back", 0o666));
    let _others = (create("closed", 0o600), create("readable", 0o644));
    let mut consumer = options(&scratch).open_trusting(&name("back")).unwrap();

    // A copy of this program where the stranger may run it.
    let program_place = tempfile::tempdir().unwrap();
    let mut command = Command::new(copy_of_this_program(program_place.path()));
    command.args([TEST, "--exact", "--nocapture", "--test-threads=1"]).uid(STRANGER).gid(STRANGER);
    command.env(PLACE, scratch.path.path()).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    let mut stranger = command.spawn().unwrap();

    producer.wait_for_consumer(patience()).unwrap();
    assert!(matches!(producer.consumer().unwrap(), Presence::Here { uid: STRANGER, .. }));
    for number in 0..5_000_u32 {
        producer.send_value(&number, patience()).unwrap();
        let seen = loop {
            match consumer.receive_value::<u32>(patience()) {
                // Of the one that made the channel.
                Err(ReceiveError::Closed) if number == 0 => {}
                seen => break seen.unwrap(),
            }
        };
        assert_eq!(seen, number);
    }
    assert!(matches!(consumer.producer().unwrap(), Presence::Here { uid: STRANGER, .. }));
    producer.close();
    assert!(stranger.wait().unwrap().success());
}
