// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights through three processes.

use cabotage_mach::{Outgoing, ReceiveRight, SendRight};

use crate::support::{
    GIVEN, Harbour, brought, check_in, hear, look_up, next, role, say, soon, until_unused, with,
};

#[test]
fn a_right_that_two_others_pass_on_comes_back_under_its_own_name() {
    const TEST: &str = "thirds::a_right_that_two_others_pass_on_comes_back_under_its_own_name";
    match role().as_deref() {
        Some("second") => {
            let (given, third) = (SendRight::inherited(GIVEN).unwrap(), look_up("third"));
            given.send("I have it").unwrap();
            assert_eq!(hear(), "pass");
            third.send(with(7, given)).unwrap();
            hear();
            return;
        }
        Some(_) => {
            let port = check_in("third");
            let [right] = &brought(next(&port))[..] else { panic!("no right came") };
            let own = ReceiveRight::new().unwrap();
            right.send(Outgoing::new(8).with(right.copy().unwrap()).with(own.make_send().unwrap())).unwrap();
            let answer = next(&own);
            assert_eq!(answer.text(), Ok("thanks"));
            say("answered");
            hear();
            return;
        }
        None => {}
    }
    let harbour = Harbour::new();
    let port = ReceiveRight::new().unwrap();
    let end = port.make_send().unwrap().to_end().unwrap();
    let mut third = harbour.start(TEST, "third", None);
    let mut second = harbour.start(TEST, "second", Some(end));
    assert_eq!(next(&port).text(), Ok("I have it"));
    second.tell("pass");
    let message = next(&port);
    assert_eq!((message.id(), message.audit_token().unwrap().0[5]), (8, third.pid()));
    let rights = brought(message);
    assert_eq!((rights[0].name(), rights.len()), (port.name(), 2), "the owner knows its own port");
    rights[1].send("thanks").unwrap();
    assert_eq!(third.hear().as_deref(), Some("answered"));
    drop(rights);
    third.kill();
    let told = ReceiveRight::new().unwrap();
    let left = until_unused_after(&port, &told, second);
    assert_eq!(left, 0);
}

/// Ends the last process that has a right, and waits until nobody has one.
fn until_unused_after(port: &ReceiveRight, told: &ReceiveRight, other: crate::support::Other) -> usize {
    other.finish();
    until_unused(port, told)
}

#[test]
fn a_request_is_answered_by_a_third_process() {
    const TEST: &str = "thirds::a_request_is_answered_by_a_third_process";
    match role().as_deref() {
        Some("front") => {
            let (port, back) = (check_in("front"), look_up("back"));
            for _ in 0..100 {
                let mut asked = next(&port);
                let reply = asked.take_reply_right();
                let body = asked.into_body();
                back.send_within(Outgoing::new(1).body(body).reply_to(reply), soon()).unwrap();
            }
            hear();
            return;
        }
        Some(_) => {
            let port = check_in("back");
            for _ in 0..100 {
                let mut asked = next(&port);
                let answer = asked.text().unwrap().to_uppercase();
                asked.reply(answer).unwrap();
            }
            hear();
            return;
        }
        None => {}
    }
    let harbour = Harbour::new();
    let back = harbour.start(TEST, "back", None);
    let front = harbour.start(TEST, "front", None);
    let service = harbour.look_up("front");
    for number in 0..100 {
        let answer = service.request_within(format!("question {number}"), soon()).unwrap();
        assert_eq!(answer.text().unwrap(), format!("QUESTION {number}"));
        assert_eq!(answer.audit_token().unwrap().0[5], back.pid());
    }
    front.finish();
    back.finish();
}
