// SPDX-License-Identifier: MIT OR Apache-2.0
//! Services that check in under names, and clients in other processes.

use cabotage_mach::{Outgoing, SendError};

use crate::support::{Harbour, check_in, hear, look_up, next, role, say, soon};

#[test]
fn a_client_in_another_process_finds_the_service_asks_and_is_answered() {
    const TEST: &str = "services::a_client_in_another_process_finds_the_service_asks_and_is_answered";
    if role().is_some() {
        let service = look_up("clerk");
        for number in 0..500 {
            let answer = service.request_within(format!("question {number}"), soon()).unwrap();
            assert_eq!(answer.text().unwrap(), format!("QUESTION {number}"));
        }
        service.send("done").unwrap();
        return;
    }
    let harbour = Harbour::new();
    let port = harbour.check_in("clerk");
    let other = harbour.start(TEST, "client", None);
    loop {
        let mut message = next(&port);
        assert_eq!(message.audit_token().unwrap().0[5], other.pid());
        if message.text() == Ok("done") {
            break;
        }
        let answer = message.text().unwrap().to_uppercase();
        message.reply(answer).unwrap();
    }
    other.finish();
}

#[test]
fn messages_of_each_client_keep_their_order_and_none_is_lost() {
    const TEST: &str = "services::messages_of_each_client_keep_their_order_and_none_is_lost";
    const MESSAGES: i32 = 300;
    if let Some(role) = role() {
        let service = look_up("log");
        for number in 0..MESSAGES {
            service.send_within(Outgoing::new(1000 + number).body(role.as_bytes()), soon()).unwrap();
        }
        return;
    }
    let harbour = Harbour::new();
    let port = harbour.check_in("log");
    let others: Vec<_> = ["0", "1", "2"].into_iter().map(|role| harbour.start(TEST, role, None)).collect();
    let mut expected = [0; 3];
    for _ in 0..3 * MESSAGES {
        let message = next(&port);
        let client = message.text().unwrap().parse::<usize>().unwrap();
        assert_eq!(message.id(), 1000 + expected[client], "of client {client}");
        expected[client] += 1;
    }
    others.into_iter().for_each(crate::support::Other::finish);
}

#[test]
fn a_service_that_is_killed_leaves_its_name_to_the_next_and_dead_rights_to_its_clients() {
    const TEST: &str =
        "services::a_service_that_is_killed_leaves_its_name_to_the_next_and_dead_rights_to_its_clients";
    if role().is_some() {
        let port = check_in("clerk");
        let mut asked = next(&port);
        asked.reply("here").unwrap();
        say("answered");
        hear();
        unreachable!("it is killed while it listens");
    }
    let harbour = Harbour::new();
    let mut first = harbour.start(TEST, "service", None);
    let right = harbour.look_up("clerk");
    assert_eq!(right.request_within("who?", soon()).unwrap().text(), Ok("here"));
    assert_eq!(first.hear().as_deref(), Some("answered"));
    let told = cabotage_mach::ReceiveRight::new().unwrap();
    right.notify_when_dead(told.make_send_once().unwrap()).unwrap();
    first.kill();
    assert!(next(&told).into_notification().is_ok());
    assert!(matches!(right.send("too late").unwrap_err().error(), SendError::InvalidDestination));
    let mut second = harbour.start(TEST, "service", None);
    let again = harbour.look_up("clerk");
    assert_eq!(again.request_within("who?", soon()).unwrap().text(), Ok("here"));
    second.kill();
}

#[test]
fn a_name_is_its_owners_and_each_mistake_has_the_code_of_machs_bootstrap() {
    let harbour = Harbour::new();
    let registry = harbour.registry();
    let port = harbour.check_in("clerk");
    let taken = cabotage_mach::bootstrap::CheckIn::new().registry(&registry).check_in("clerk");
    assert_eq!(taken.unwrap_err().code(), 1103);
    let look_up = |name: &str| cabotage_mach::bootstrap::LookUp::new().registry(&registry).look_up(name);
    for unknown in ["nobody", "", "a/b", &"x".repeat(128)] {
        assert_eq!(look_up(unknown).unwrap_err().code(), 1102, "{unknown}");
    }
    look_up("clerk").unwrap().send("hello").unwrap();
    assert_eq!(next(&port).text(), Ok("hello"));
    drop(port);
    assert_eq!(look_up("clerk").unwrap_err().code(), 1102);
}

#[test]
fn a_descriptor_of_a_port_tells_of_messages_from_other_processes() {
    const TEST: &str = "services::a_descriptor_of_a_port_tells_of_messages_from_other_processes";
    if role().is_some() {
        let service = look_up("polled");
        for number in 0..50 {
            hear();
            service.send_within(Outgoing::new(number), soon()).unwrap();
        }
        return;
    }
    let harbour = Harbour::new();
    let port = harbour.check_in("polled");
    let mut other = harbour.start(TEST, "client", None);
    for number in 0..50 {
        let mut has_asked = false;
        loop {
            if port.ready().unwrap() == cabotage_mach::Ready::Ready {
                if let Ok(message) = port.try_receive() {
                    assert_eq!(message.id(), number);
                    break;
                }
                continue;
            }
            if !std::mem::replace(&mut has_asked, true) {
                other.tell("send");
            }
            let watched = [(port.descriptor().unwrap(), cabotage_os::poll::Readiness::IN)];
            let [seen] = cabotage_os::poll::wait(watched, soon()).unwrap();
            assert!(!seen.is_empty(), "the descriptor never became readable");
        }
    }
    other.finish();
}
