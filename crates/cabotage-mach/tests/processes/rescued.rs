// SPDX-License-Identifier: MIT OR Apache-2.0
//! A receive right that its holder destroys goes to whoever asked for that, in another process too: queue and all.

use cabotage_mach::{Carried, Message, Outgoing, ReceiveRight, SendRight, Task};

use crate::support::{GIVEN, Harbour, hear, next, role, say, soon};

/// The receive right that a message brought, which is the system's news of a right that was to be destroyed.
fn rescued(mut message: Message) -> ReceiveRight {
    assert_eq!(message.id(), 69);
    match message.take_carried().pop() {
        Some(Carried::Right(right)) => right.into_receive().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Gets a receive right from the parent, and lets go of it as it is told.
fn play(role: &str) {
    let parent = SendRight::inherited(GIVEN).unwrap();
    let mut answer = parent.request_within("a port, please", soon()).unwrap();
    let Some(Carried::Right(right)) = answer.take_carried().pop() else { panic!("a right") };
    let port = right.into_receive().unwrap();
    assert_eq!(next(&port).text(), Ok("before"));
    say("here");
    hear();
    match role {
        "drops" => {
            drop(port);
            // What is under way goes on with every call.
            parent.request_within("dropped", soon()).unwrap();
        }
        "destroys" => {
            Task::current().unwrap().names().destroy(port.into_raw()).unwrap();
            parent.request_within("destroyed", soon()).unwrap();
        }
        "exits" => std::process::exit(0),
        // At the end of main nothing is dropped that was forgotten.
        _ => std::mem::forget(port),
    }
}

fn comes_back(test: &str, role: &str) {
    let harbour = Harbour::new();
    let (door, notify) = (ReceiveRight::new().unwrap(), ReceiveRight::new().unwrap());
    let service = ReceiveRight::new().unwrap();
    let client = service.make_send().unwrap();
    client.send("before").unwrap();
    let mut other = harbour.start(test, role, Some(door.make_send().unwrap().to_end().unwrap()));
    let mut asked = next(&door);
    service.rescue_to(notify.make_send_once().unwrap()).unwrap();
    asked.reply(Outgoing::new(1).with(service)).unwrap();
    assert_eq!(other.hear().as_deref(), Some("here"));
    client.send_within("while it had the port", soon()).unwrap();
    other.tell("go");
    let back = rescued(next(&notify));
    client.send_within("after", soon()).unwrap();
    assert_eq!(next(&back).text(), Ok("while it had the port"));
    assert_eq!(next(&back).text(), Ok("after"));
    if matches!(role, "drops" | "destroys") {
        next(&door).reply("fine").unwrap();
    }
    other.finish();
    let told = ReceiveRight::new().unwrap();
    client.notify_when_dead(told.make_send_once().unwrap()).unwrap();
    drop(back);
    assert!(next(&told).into_notification().is_ok() && client.is_dead());
}

#[test]
fn a_receive_right_that_is_dropped_comes_back_with_its_queue() {
    const TEST: &str = "rescued::a_receive_right_that_is_dropped_comes_back_with_its_queue";
    match role() {
        Some(role) => play(&role),
        None => comes_back(TEST, "drops"),
    }
}

#[test]
fn a_receive_right_that_is_destroyed_by_its_name_comes_back() {
    const TEST: &str = "rescued::a_receive_right_that_is_destroyed_by_its_name_comes_back";
    match role() {
        Some(role) => play(&role),
        None => comes_back(TEST, "destroys"),
    }
}

#[test]
fn a_receive_right_comes_back_when_its_process_exits() {
    const TEST: &str = "rescued::a_receive_right_comes_back_when_its_process_exits";
    match role() {
        Some(role) => play(&role),
        None => comes_back(TEST, "exits"),
    }
}

#[test]
fn a_receive_right_comes_back_at_the_end_of_main() {
    const TEST: &str = "rescued::a_receive_right_comes_back_at_the_end_of_main";
    match role() {
        Some(role) => play(&role),
        None => comes_back(TEST, "returns"),
    }
}

#[test]
fn the_port_of_a_process_that_is_killed_is_dead() {
    const TEST: &str = "rescued::the_port_of_a_process_that_is_killed_is_dead";
    if let Some(role) = role() {
        return play(&role);
    }
    let harbour = Harbour::new();
    let (door, notify) = (ReceiveRight::new().unwrap(), ReceiveRight::new().unwrap());
    let service = ReceiveRight::new().unwrap();
    let client = service.make_send().unwrap();
    client.send("before").unwrap();
    let mut other = harbour.start(TEST, "killed", Some(door.make_send().unwrap().to_end().unwrap()));
    let mut asked = next(&door);
    service.rescue_to(notify.make_send_once().unwrap()).unwrap();
    asked.reply(Outgoing::new(1).with(service)).unwrap();
    assert_eq!(other.hear().as_deref(), Some("here"));
    let told = ReceiveRight::new().unwrap();
    client.notify_when_dead(told.make_send_once().unwrap()).unwrap();
    other.kill();
    assert_eq!(next(&notify).id(), 71, "the send-once right went unused");
    assert!(next(&told).into_notification().is_ok() && client.is_dead());
}
