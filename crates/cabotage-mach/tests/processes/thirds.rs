// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights through three processes.

use cabotage_mach::{AnyRight, Outgoing, ReceiveRight, SendRight};

use crate::support::{
    GIVEN, Harbour, brought, check_in, hear, held, look_up, next, role, say, soon, until_held, until_unused,
    with,
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

/// Passes a right on so many times, each of which is used and dropped; none of the three has more afterwards.
fn pass_on(test: &str, times: u32) {
    match role().as_deref() {
        Some("holder") => {
            let (owner, third) = (look_up("owner"), look_up("third"));
            loop {
                match hear().as_str() {
                    "count" => say(&held()),
                    many => (0..many.parse().unwrap()).for_each(|_| {
                        third.send_within(with(1, owner.copy().unwrap()), soon()).unwrap();
                    }),
                }
            }
        }
        Some(_) => {
            let port = check_in("third");
            loop {
                let mut message = next(&port);
                if message.reply_right() != &AnyRight::Null {
                    message.reply(held()).unwrap();
                    continue;
                }
                let [right] = &brought(message)[..] else { panic!("no right came") };
                right.send(Outgoing::new(2)).unwrap();
            }
        }
        None => {}
    }
    let harbour = Harbour::new();
    let port = harbour.check_in("owner");
    let _third = harbour.start(test, "third", None);
    let mut holder = harbour.start(test, "holder", None);
    let third = harbour.look_up("third");
    let mut pass = |times: u32| {
        holder.tell(&times.to_string());
        (0..times).for_each(|_| assert_eq!(next(&port).id(), 2));
        holder.tell("count");
        holder.hear().unwrap()
    };
    let mut ask = || third.request_within("count", soon()).unwrap().text().unwrap().to_owned();
    // What the first ones leave for good is counted once.
    let at_first = (pass(200), ask());
    pass(times);
    until_held(|| pass(1), &at_first.0);
    until_held(&mut ask, &at_first.1);
}

#[test]
fn a_right_that_is_passed_on_and_dropped_a_thousand_times_leaves_nothing() {
    pass_on("thirds::a_right_that_is_passed_on_and_dropped_a_thousand_times_leaves_nothing", 1000);
}

#[test]
#[ignore = "takes minutes"]
fn a_right_that_is_passed_on_and_dropped_a_hundred_thousand_times_leaves_nothing() {
    pass_on("thirds::a_right_that_is_passed_on_and_dropped_a_hundred_thousand_times_leaves_nothing", 100_000);
}
