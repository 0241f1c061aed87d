// SPDX-License-Identifier: MIT OR Apache-2.0
//! Peers that keep to no rule: each loses its own channel, with the rule that it broke, and harms nobody else.

use cabotage_alpc::{ChannelError, ChannelFault, ConnectionPort, Incoming, WireError};
use cabotage_link::names::{ConnectOptions, Kind, PublishOptions};
use cabotage_link::{Deadline, Link, Listener, Options, ReceiveError};

use crate::by_hand::{ACCEPT, CANCEL, CONNECT, DATAGRAM, LOST, REPLY, REQUEST, message, short};
use crate::support::{Harbour, NAME, beside, next, request, shortly, soon};

/// What each end says that it takes: messages as long as may be, and nothing else.
fn terms() -> Vec<u8> {
    let mut terms = vec![0; 40];
    terms[8..12].copy_from_slice(&0xFFEF_u32.to_ne_bytes());
    terms[12..16].copy_from_slice(&256_u32.to_ne_bytes());
    terms
}

fn reach(harbour: &Harbour) -> Link {
    let name = NAME.parse().unwrap();
    let how = ConnectOptions::new();
    Link::connect_to(Kind::Alpc, &harbour.registry(), &name, how, Options::new(), soon()).unwrap()
}

/// A liar that was let in.
fn liar(harbour: &Harbour, port: &mut ConnectionPort) -> Link {
    let mut link = reach(harbour);
    link.send(&message(CONNECT, 0, 0, &[], &terms()), soon()).unwrap();
    crate::support::let_in(port, 66);
    assert_eq!(link.receive(soon()).unwrap().to_vec()[28..30], ACCEPT.to_ne_bytes());
    link
}

/// The rule for which the liar lost its channel.
#[track_caller]
fn fault(port: &mut ConnectionPort) -> ChannelFault {
    match next(port) {
        Incoming::Disconnected { context: 66, error, .. } => match *error {
            ChannelError::Fault(fault) => fault,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn kinds_that_only_the_system_makes_can_not_be_sent() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    for word in [0, 40, 0x2005, u16::MAX] {
        let mut liar = liar(&harbour, &mut port);
        liar.send(&message(word, 1, 0, &[], b""), soon()).unwrap();
        assert_eq!(fault(&mut port), ChannelFault::Wire(WireError::Word(word)));
        assert!(matches!(liar.receive(soon()), Err(ReceiveError::Link(_))));
    }
}

#[test]
fn messages_out_of_turn_or_with_numbers_that_are_not_theirs_end_the_channel() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let forged = |what, id| ChannelFault::Forged { what, id };
    let lies = [
        (message(CONNECT, 0, 0, &[], &terms()), ChannelFault::OutOfTurn("a request to connect")),
        (message(ACCEPT, 0, 0, &[], &terms()), ChannelFault::OutOfTurn("an acceptance")),
        (message(REQUEST, 0, 0, &[], b""), forged("a request", 0)),
        (message(REPLY, 1, 0, &[], b""), forged("a reply", 1)),
        (message(LOST, 9, 0, &[], b""), forged("the loss of a reply", 9)),
        (message(CANCEL, 1, 0, &[], b""), forged("a cancel", 1)),
        (short(REQUEST.into(), 0, b"zero"), forged("a request", 0)),
        (short(0x40 | u64::from(REQUEST), 0, b"zero, and blocked"), forged("a request", 0)),
        (short(REPLY.into(), 1, b""), forged("a reply", 1)),
        (short(CANCEL.into(), 1, b""), forged("a cancel", 1)),
        (short(CONNECT.into(), 0, b""), ChannelFault::OutOfTurn("a request to connect")),
        (short(15, 1, b""), ChannelFault::Wire(WireError::Word(15))),
        (short(0x10 | u64::from(REQUEST), 1, b""), ChannelFault::Wire(WireError::Reserved)),
    ];
    for (lie, rule) in lies {
        let mut liar = liar(&harbour, &mut port);
        liar.send(&lie, soon()).unwrap();
        assert_eq!(fault(&mut port), rule);
    }
    let mut liar = liar(&harbour, &mut port);
    liar.send(&message(REQUEST, 7, 0, &[], b"first"), soon()).unwrap();
    liar.send(&message(REQUEST, 7, 0, &[], b"again"), soon()).unwrap();
    let _first = request(&mut port);
    assert_eq!(fault(&mut port), forged("a request", 7));
    let mut liar = self::liar(&harbour, &mut port);
    for body in [b"first", b"again"] {
        liar.send(&short(0x40 | u64::from(REQUEST), 7, body), soon()).unwrap();
    }
    let _first = request(&mut port);
    assert_eq!(fault(&mut port), forged("a request", 7));
}

#[test]
fn lengths_that_do_not_add_up_end_the_channel() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let whole = message(DATAGRAM, 0, 0, &[], b"body");
    let mut claims_more = whole.clone();
    claims_more[16] = 5;
    let mut claims_attributes = whole.clone();
    claims_attributes[20] = 8;
    for lie in [&whole[..31], &whole[..35], &claims_more, &claims_attributes, b"x"] {
        let mut liar = liar(&harbour, &mut port);
        liar.send(lie, soon()).unwrap();
        assert!(matches!(fault(&mut port), ChannelFault::Wire(WireError::Length { .. } | WireError::Short)));
    }
}

#[test]
fn a_body_longer_than_the_port_takes_ends_the_channel() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(cabotage_alpc::PortOptions::new().message_bytes_max(300));
    let mut liar = liar(&harbour, &mut port);
    liar.send(&message(DATAGRAM, 0, 0, &[], &[0; 301]), soon()).unwrap();
    assert_eq!(fault(&mut port), ChannelFault::Wire(WireError::TooLong { bytes: 301, bytes_max: 300 }));
    let mut liar = self::liar(&harbour, &mut port);
    liar.send(&short(0x40 | u64::from(REQUEST), 1, &[0; 301]), soon()).unwrap();
    assert_eq!(fault(&mut port), ChannelFault::Wire(WireError::TooLong { bytes: 301, bytes_max: 300 }));
}

#[test]
fn who_does_not_ask_first_is_never_heard_of() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    for first in
        [message(REQUEST, 1, 0, &[], b""), message(CONNECT, 0, 0, &[], b"no terms"), b"junk".to_vec()]
    {
        let mut liar = reach(&harbour);
        liar.send(&first, soon()).unwrap();
        assert!(port.receive(shortly()).is_err());
        assert!(matches!(liar.receive(soon()), Err(ReceiveError::Link(_))));
    }
    let mut hasty = reach(&harbour);
    hasty.send(&message(CONNECT, 0, 0, &[], &terms()), soon()).unwrap();
    hasty.send(&message(REQUEST, 1, 0, &[], b""), soon()).unwrap();
    let Incoming::ConnectionRequest(asking) = next(&mut port) else { panic!("nobody asks") };
    assert!(port.receive(shortly()).is_err());
    assert!(port.accept(asking, b"", 0).is_err());
    assert_eq!(port.clients(), 0);
}

#[test]
fn a_liar_costs_the_others_nothing() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| client.request(b"").map(|reply| reply.to_vec()));
    let came = request(&mut port);
    let mut liar = liar(&harbour, &mut port);
    // Of another client's request.
    liar.send(&message(CANCEL, came.id(), 0, &[], b""), soon()).unwrap();
    assert!(matches!(fault(&mut port), ChannelFault::Forged { .. }));
    port.reply(came, b"undisturbed").unwrap();
    assert_eq!(asking.join().unwrap().0, Ok(b"undisturbed".to_vec()));
}

#[test]
fn a_client_takes_no_lies_of_its_server() {
    let lies = [
        (message(REPLY, 2, 0, &[], b""), "a reply that nobody asked for"),
        (message(REQUEST, 1, 5, &[], b""), "a callback about what was never asked"),
        (message(CONNECT, 0, 0, &[], b""), "a word that is a client's"),
        (message(77, 0, 0, &[], b""), "a word that is none"),
        (short(REPLY.into(), 2, b""), "a reply that nobody asked for, in one word"),
        (short(REPLY.into(), 1, &[0; 65_520]), "a reply longer than the port takes"),
        (short(15, 1, b""), "a word that is none, in one word"),
    ];
    for (lie, what) in lies {
        let harbour = Harbour::new();
        let name = NAME.parse().unwrap();
        let (how, options) = (PublishOptions::new(), Options::new());
        let listener =
            Listener::publish_as(Kind::Alpc, &harbour.registry(), &name, how, options, soon()).unwrap();
        let connecting = harbour.options().begin(NAME).unwrap();
        let mut link = listener.accept(soon()).unwrap();
        assert_eq!(link.receive(soon()).unwrap().to_vec()[28..30], CONNECT.to_ne_bytes());
        link.send(&message(ACCEPT, 0, 0, &[], &terms()), soon()).unwrap();
        let asking = beside(connecting.finish(soon()).unwrap(), |client| client.request(b"").map(|_| ()));
        assert_eq!(link.receive(soon()).unwrap().to_vec(), short(0x40 | u64::from(REQUEST), 1, b""));
        link.send(&lie, soon()).unwrap();
        let (refused, mut client) = asking.join().unwrap();
        assert!(refused.is_err(), "{what}");
        let error = client.send_datagram(b"", Deadline::Now).unwrap_err();
        assert!(
            matches!(error, cabotage_alpc::SendError::Channel(ChannelError::Fault(_))),
            "{what}: {error}"
        );
        // The liar is told at once that nobody listens to it any more.
        assert!(matches!(link.receive(soon()), Err(ReceiveError::Link(_))), "{what}");
    }
}
