// SPDX-License-Identifier: MIT OR Apache-2.0
//! A topic of several users: whoever its mode lets in takes part, as the publisher too, and whoever it does not is refused.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use cabotage_os::process::own_uid;
use cabotage_shm::{Directory, ReceiveError, TopicError, TopicOptions, WhenSlow};

use super::common::copied::copy_of_this_program;
use super::common::{Killed, name};
use super::topics::{BOTH, Place, check, publish_to, soon};

const MEMBER: u32 = 12_345;
const GROUP: u32 = 23_456;
const STRANGER_GROUP: u32 = 34_567;

#[test]
fn members_of_the_group_take_part_and_others_are_refused() {
    if own_uid() != 0 {
        return eprintln!("skipped: only root can start processes of other users");
    }
    for when_slow in BOTH {
        let place = Place::new();
        let directory = place.scratch.path.path();
        // With the bit by which what is made here belongs to the group.
        std::os::unix::fs::chown(directory, None, Some(GROUP)).unwrap();
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o2775)).unwrap();
        let options = place.options().when_slow(when_slow).mode(0o660);
        let mut publisher = options.create_trusting(&place.name).unwrap();
        // A copy of this program where others may run it.
        let program = tempfile::tempdir().unwrap();
        let copy = copy_of_this_program(program.path());
        let start = |part: &str, group: u32| {
            let mut command = Command::new(&copy);
            command.args(["users::role", "--exact", "--ignored", "--nocapture"]).uid(MEMBER).gid(group);
            command.env("TOPIC_USER", part).env("TOPIC_PLACE", directory).current_dir("/");
            Killed(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
        };
        assert!(start("stranger", STRANGER_GROUP).0.wait().unwrap().success(), "a stranger takes part");
        let mut subscribing = start("subscriber", GROUP);
        publisher.wait_for_subscriber(soon()).unwrap();
        publish_to(&mut publisher, 3);
        publisher.close();
        assert!(subscribing.0.wait().unwrap().success(), "a member received something else");
        let mut subscriber = place.subscriber();
        assert!(start("publisher", GROUP).0.wait().unwrap().success(), "a member cannot publish");
        assert_eq!(subscriber.receive(soon()).unwrap_err(), ReceiveError::Closed);
        assert_eq!(check(&subscriber.receive(soon()).unwrap()), 4);
    }
}

#[test]
#[ignore = "a part of the other test, in a process of another user"]
fn role() {
    let Ok(part) = std::env::var("TOPIC_USER") else { return };
    let directory = Directory::open(std::env::var("TOPIC_PLACE").unwrap()).unwrap();
    let (options, name) = (TopicOptions::new().directory(&directory), name("topic"));
    match part.as_str() {
        "subscriber" => {
            let mut subscriber = options.subscribe_trusting(&name).unwrap();
            (1..=3).for_each(|number| assert_eq!(check(&subscriber.receive(soon()).unwrap()), number));
            assert_eq!(subscriber.receive(soon()).unwrap_err(), ReceiveError::Closed);
        }
        "publisher" => {
            let mut publisher = options.when_slow(WhenSlow::Drop).create_trusting(&name).unwrap();
            publish_to(&mut publisher, 4);
        }
        "stranger" => {
            let refusals = [
                options.subscribe_trusting(&name).map(drop).unwrap_err(),
                options.create_trusting(&name).map(drop).unwrap_err(),
            ];
            assert!(refusals.iter().all(|error| matches!(error, TopicError::Object(_))), "{refusals:?}");
        }
        other => panic!("{other}"),
    }
}
