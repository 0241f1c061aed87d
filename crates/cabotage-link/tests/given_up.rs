// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory of blocks that an end gives up while its peer reads nothing: what the peer is told of it waits in the ring,
//! and new memory is announced on the socket, which the peer may see first.
#![forbid(unsafe_code)]

use std::time::Duration;

use cabotage_link::{Deadline, Link, Options, Parcel, ReceiveError, SendError};

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

#[test]
fn who_gives_up_blocks_again_and_again_announces_no_more_than_its_peer_keeps() {
    let (mut near, far) = Link::pair(Options::new()).unwrap();
    let mut far = far.link(Options::new()).unwrap();
    for _ in 0..50 {
        near.send(b"there", soon()).unwrap();
        far.receive(soon()).unwrap();
        far.send(b"and back", soon()).unwrap();
        near.receive(soon()).unwrap();
    }
    // The record that is not taken keeps everything behind it unread.
    near.send(b"the first", soon()).unwrap();
    let mut made = 0;
    for _ in 0..200 {
        match near.block(40_000, Deadline::Now) {
            Ok(block) => drop(block),
            Err(SendError::Full) => break,
            Err(error) => panic!("{error}"),
        }
        made += 1;
        near.trim().unwrap();
        // An end that says something hears what is on its socket, and takes nothing from the ring.
        far.send(b"I am here", soon()).unwrap();
        let _ = far.with_peer(|peer| peer.pid());
        near.receive(soon()).unwrap();
    }
    assert!((64..200).contains(&made), "{made} times");
    assert_eq!(far.receive(soon()).unwrap().to_vec(), b"the first");
    match far.receive(Deadline::Now).map(|message| message.to_vec()) {
        Err(ReceiveError::Nothing) => {}
        other => panic!("{other:?}"),
    }
    let mut block = near.block(40_000, soon()).unwrap();
    block.write_at(0, b"in a block").unwrap();
    near.send_parcel(Parcel::new(b"").block(block), soon()).unwrap();
    let block = far.receive(soon()).unwrap().take_block().unwrap();
    assert_eq!(block.read::<[u8; 10]>(0).unwrap(), *b"in a block");
}
