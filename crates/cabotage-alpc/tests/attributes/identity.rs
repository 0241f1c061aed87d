// SPDX-License-Identifier: MIT OR Apache-2.0
//! Context and token: there with every message, and nobody can withhold them.

use cabotage_alpc::{AttributeSet, Incoming, Outgoing, Token};

use crate::support::{Harbour, let_in, next, role, say, soon, their_client};

const ALWAYS: [AttributeSet; 2] = [AttributeSet::CONTEXT, AttributeSet::TOKEN];

#[test]
fn context_and_token_come_with_every_message_and_its_sequence_counts_from_one() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut first, _) = harbour.client(&mut port, 7);
    let (mut second, _) = harbour.client(&mut port, 8);
    // The request to connect was the first message of each.
    for sequence in 2..5 {
        first.send_datagram(b"", soon()).unwrap();
        match next(&mut port) {
            Incoming::Datagram(datagram) => {
                assert_eq!((datagram.context(), datagram.sequence()), (7, sequence));
                assert!(ALWAYS.iter().all(|always| datagram.attributes().contains(*always)));
            }
            other => panic!("{other:?}"),
        }
    }
    second.send_request(b"", soon()).unwrap();
    let request = crate::support::request(&mut port);
    assert_eq!((request.context(), request.sequence()), (8, 2));
    assert!(ALWAYS.iter().all(|always| request.attributes().contains(*always)));
}

#[test]
fn a_token_names_process_user_and_groups_in_the_kernels_words() {
    const TEST: &str = "identity::a_token_names_process_user_and_groups_in_the_kernels_words";
    if role().is_some() {
        let mut client = their_client();
        client.send_datagram(b"here", soon()).unwrap();
        say("sent");
        crate::support::hear();
        return;
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut other = harbour.start(TEST, "client");
    let_in(&mut port, 0);
    let token: Token = match next(&mut port) {
        Incoming::Datagram(datagram) => datagram.token().clone(),
        other => panic!("{other:?}"),
    };
    let mine = std::fs::metadata("/proc/self").map(|own| {
        use std::os::unix::fs::MetadataExt;
        (own.uid(), own.gid())
    });
    let (uid, gid) = mine.unwrap();
    let identity = token.identity();
    assert_eq!((identity.pid, identity.uid, identity.gid), (other.pid().cast_signed(), uid, gid));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let groups = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
    let groups: Vec<u32> = groups.split_whitespace().map(|gid| gid.parse().unwrap()).collect();
    let mut told = token.groups().unwrap().to_vec();
    told.sort_unstable();
    assert_eq!(told, groups);
    // The words stand when the process is gone.
    other.kill();
    assert!(matches!(next(&mut port), Incoming::ClientDied { .. }));
    assert_eq!(token.identity().pid, identity.pid);
}

#[test]
fn each_channel_has_a_token_of_its_own_that_stays_the_same() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let (mut client, _) = harbour.client(&mut port, 0);
        for _ in 0..2 {
            client.send_datagram(b"", soon()).unwrap();
            match next(&mut port) {
                Incoming::Datagram(datagram) => tokens.push(datagram.token().id()),
                other => panic!("{other:?}"),
            }
        }
        client.close();
        assert!(matches!(next(&mut port), Incoming::PortClosed { .. }));
    }
    assert_eq!(tokens, [1, 1, 2, 2, 3, 3]);
}

#[test]
fn security_comes_only_when_the_sender_has_attached_it() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    client.send_request(b"without", soon()).unwrap();
    client.send_request_as(&mut Outgoing::new(b"with").consent(), soon()).unwrap();
    let [without, with] = [(); 2].map(|()| crate::support::request(&mut port));
    assert!(!without.attributes().contains(AttributeSet::SECURITY));
    assert!(with.attributes().contains(AttributeSet::SECURITY));
    assert_eq!(with.body(), b"with");
}
