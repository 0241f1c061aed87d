// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client that wants everything, and asks nonsense.

use std::time::Duration;

use cabotage_mach::bootstrap::Bootstrap;
use cabotage_mach::{Outgoing, ReceiveError, ReceiveRight};

use super::{World, how, serve};
use crate::support::{next, role, say, soon};

#[test]
fn one_who_registers_without_end_or_asks_nonsense_harms_nobody_else() {
    const TEST: &str = "bootstrap::floods::one_who_registers_without_end_or_asks_nonsense_harms_nobody_else";
    match role().as_deref() {
        Some("server") => serve(),
        Some("flood") => {
            let (bootstrap, port) = (Bootstrap::find(how()).unwrap(), ReceiveRight::new().unwrap());
            let (mut refused, mut ports) = (None, Vec::new());
            for number in 0..2000 {
                ports.push(ReceiveRight::new().unwrap());
                let right = ports[number].make_send().unwrap();
                if let Err(error) = bootstrap.register(&format!("flood{number}"), right) {
                    refused = Some(error.code());
                    break;
                }
            }
            assert_eq!(refused, Some(1105));
            // Questions whose answers are never taken, and what is no question.
            let right = bootstrap.into_right();
            let reply = ReceiveRight::new().unwrap();
            say("flooding");
            for number in 0_i32.. {
                let body = [&0_u32.to_ne_bytes()[..], b"nobody"].concat();
                let question = Outgoing::new(400 + number % 20).body(body);
                let question = question.reply_to(reply.make_send_once().unwrap());
                let _ = right.send_within(question.with(port.make_send().unwrap()), Duration::from_millis(1));
                let _ = right.try_send(vec![0xFF; 64 << 10]);
            }
        }
        _ => {}
    }
    let world = World::new(TEST);
    let bootstrap = world.bootstrap();
    let port = ReceiveRight::new().unwrap();
    bootstrap.register("mine", port.make_send().unwrap()).unwrap();
    let mut flood = world.start("flood");
    assert_eq!(flood.hear().as_deref(), Some("flooding"));
    for number in 0..100 {
        let found = bootstrap.look_up("mine").unwrap();
        found.send_within(Outgoing::new(1000 + number), soon()).unwrap();
        assert_eq!(next(&port).id(), 1000 + number);
    }
    flood.kill();
    let deadline = soon();
    while bootstrap.register("again", port.make_send().unwrap()).is_err() {
        assert!(!deadline.has_passed(), "what the flood took is free again");
    }
    assert!(matches!(port.try_receive(), Err(ReceiveError::TimedOut)));
}
