// SPDX-License-Identifier: MIT OR Apache-2.0
//! A forked child has no part in its parent's links: every call says so, drops do nothing, and nobody notices.
#![forbid(unsafe_code)]

mod support;

use std::process::{Command, Stdio};

use cabotage_link::metered::{
    Begun, Framing, Interest, Metered, ReadError, ReadMode, Shape, WriteError, WriteId,
};
use cabotage_link::{
    Block, BlockMut, Link, LinkError, Message, Options, Parcel, Ready, ReceiveError, Receiver, SendError,
    Sender, Wait,
};
use cabotage_os::fork::child_answers;

use support::{alone, met_pair, pair, shortly, soon};

/// What a call of a child is to answer.
fn refuses<T, E: PartialEq>(answer: Result<T, E>, error: E) -> bool {
    answer.err() == Some(error)
}

fn link_refuses(link: &mut Link) -> bool {
    let forked = || SendError::Link(LinkError::Forked);
    refuses(link.send(b"x", soon()), forked())
        && refuses(link.try_send(&[0; 100_000]), forked())
        && refuses(link.send_parcel(Parcel::new(b""), soon()).map_err(|unsent| unsent.error), forked())
        && refuses(link.block(8, soon()), forked())
        && refuses(link.receive(soon()).map(drop), ReceiveError::Link(LinkError::Forked))
        && refuses(link.try_receive().map(drop), LinkError::Forked)
        && refuses(link.ready(), LinkError::Forked)
        && refuses(link.wait_for_peer(soon()), ReceiveError::Link(LinkError::Forked))
        && refuses(link.trim(), LinkError::Forked)
}

fn halves_refuse(sender: &Sender, receiver: &Receiver) -> bool {
    let forked = || SendError::Link(LinkError::Forked);
    refuses(sender.send(b"x", soon()), forked())
        && refuses(sender.try_send(b"x"), forked())
        && refuses(sender.send_parcel(Parcel::new(b""), soon()).map_err(|unsent| unsent.error), forked())
        && refuses(sender.block(8, soon()), forked())
        && refuses(receiver.receive(soon()).map(drop), ReceiveError::Link(LinkError::Forked))
        && refuses(receiver.try_receive().map(drop), LinkError::Forked)
}

/// The link works as before.
fn goes_on(near: &mut Link, far: &mut Link) {
    for number in 0..2_000_u32 {
        near.send(&number.to_le_bytes(), soon()).unwrap();
        assert_eq!(far.receive(soon()).unwrap().to_vec(), number.to_le_bytes());
    }
}

#[test]
fn every_call_of_a_child_is_refused_and_the_parents_link_goes_on() {
    let _alone = alone();
    for has_met in [false, true] {
        let (near, mut far) = if has_met { met_pair(Options::new()) } else { pair() };
        let mut near = Some(near);
        let in_child = || {
            let mut link = near.take().unwrap();
            let answer = link_refuses(&mut link);
            drop(link);
            answer
        };
        assert!(child_answers(in_child, soon()).unwrap());
        let mut near = near.unwrap();
        // The child's drop was no hang-up.
        assert_eq!(far.receive(shortly()).unwrap_err(), ReceiveError::Nothing);
        goes_on(&mut near, &mut far);
        goes_on(&mut far, &mut near);
    }
}

#[test]
fn the_halves_of_a_link_are_as_strict() {
    let _alone = alone();
    let (near, mut far) = met_pair(Options::new());
    let mut halves = Some(near.split());
    let in_child = || {
        let (sender, receiver) = halves.take().unwrap();
        halves_refuse(&sender, &receiver)
    };
    assert!(child_answers(in_child, soon()).unwrap());
    let (sender, receiver) = halves.unwrap();
    sender.send(b"after", soon()).unwrap();
    assert_eq!(far.receive(soon()).unwrap().to_vec(), b"after");
    far.send(b"answer", soon()).unwrap();
    assert_eq!(receiver.receive(soon()).unwrap().bytes, b"answer");
}

#[test]
fn a_child_drops_what_it_cannot_use() {
    let _alone = alone();
    let (mut near, mut far) = met_pair(Options::new());
    let mut sent = near.block(100_000, soon()).unwrap();
    sent.write_at(0, b"block").unwrap();
    near.send_parcel(Parcel::new(&[7; 1400]).block(sent), soon()).unwrap();
    let mut message: Message<'_> = far.receive(soon()).unwrap();
    let block: Block = message.take_block().unwrap();
    let loan: BlockMut = near.block(100_000, soon()).unwrap();
    let mut all = Some((message, block, loan));
    let in_child = || {
        let (message, block, mut loan) = all.take().unwrap();
        let copies_nothing = message.copy_to(&mut [0; 2000]) == 0 && message.to_vec() == [0; 1400];
        let refuses = block.copy_to(&mut [0; 5]).is_err() && loan.write_at(0, b"x").is_err();
        drop((message, block, loan));
        copies_nothing && refuses
    };
    assert!(child_answers(in_child, soon()).unwrap());
    let (message, block, loan) = all.unwrap();
    assert_eq!(message.to_vec(), [7; 1400]);
    assert_eq!(block.read::<[u8; 5]>(0).unwrap(), *b"block");
    drop((message, block, loan));
    goes_on(&mut near, &mut far);
}

fn metered_refuses(end: &mut Metered, pending: WriteId) -> bool {
    let forked = || WriteError::Link(LinkError::Forked);
    refuses(end.write(b"x", soon()), forked())
        && refuses(end.write(&[0; 5000], soon()), forked())
        && refuses(end.write_beyond_quota(b"x", soon()), forked())
        && refuses(end.try_write(b"x"), forked())
        && refuses(end.begin_write(b"x"), forked())
        && refuses(end.cancel_write(pending), forked())
        && refuses(end.wait_until_read(soon()), LinkError::Forked)
        && refuses(end.unread_bytes(), LinkError::Forked)
        && refuses(end.read(&mut [0; 9], ReadMode::Message, soon()), ReadError::Link(LinkError::Forked))
        && refuses(end.peek(&mut [0; 9]), LinkError::Forked)
        && refuses(end.ready(Interest::Both), LinkError::Forked)
        && refuses(end.ending(), LinkError::Forked)
        && refuses(end.wait_for_peer(soon()), ReadError::Link(LinkError::Forked))
}

#[test]
fn a_child_withdraws_nothing_of_its_parents_and_discards_nothing() {
    let _alone = alone();
    let shape = Shape { framing: Framing::Messages, out_quota_bytes: 10, in_quota_bytes: 10 };
    let (near, far) = pair();
    let (mut near, mut far) = (Metered::over(near, shape), Metered::over(far, shape.reversed()));
    far.write(b"unread", soon()).unwrap();
    let Begun::Pending(pending) = near.begin_write(&[7; 50]).unwrap() else { panic!("complete") };
    for discards in [false, true] {
        let mut end = Some(near);
        let in_child = || {
            let mut end = end.take().unwrap();
            let answer = metered_refuses(&mut end, pending);
            let last = if discards { end.discard() } else { Ok(()) };
            answer && last.is_ok() != discards
        };
        assert!(child_answers(in_child, soon()).unwrap());
        near = end.unwrap();
    }
    let mut target = [0; 90];
    assert_eq!(far.read(&mut target, ReadMode::Message, soon()).unwrap().bytes, 50);
    assert!(near.is_complete(pending).unwrap());
    assert_eq!(near.read(&mut target, ReadMode::Message, soon()).unwrap().bytes, 6);
}

/// The child keeps running, and holds nothing that would keep the end of the parent's link from being told.
#[test]
fn a_hang_up_comes_although_a_child_lives() {
    let _alone = alone();
    for wait in [Wait::Block, Wait::Adaptive] {
        let (mut near, mut far) = met_pair(Options::new().wait(wait));
        assert_eq!(far.ready().unwrap(), Ready::Armed);
        // One that was forked, and has not executed anything yet, for as long as the check runs; and one that has.
        let mut other = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let (told, tell) = std::io::pipe().unwrap();
        let child = std::thread::spawn(move || {
            let mut told = told;
            let waits = || std::io::Read::read(&mut told, &mut [0]).is_ok();
            child_answers(waits, soon()).unwrap()
        });
        // Long enough for the fork; if not, the test is easier, not wrong.
        std::thread::sleep(std::time::Duration::from_millis(20));
        near.send(b"last", soon()).unwrap();
        near.close();
        assert_eq!(far.receive(soon()).unwrap().to_vec(), b"last");
        assert_eq!(far.receive(soon()).unwrap_err(), ReceiveError::Link(LinkError::Closed));
        std::io::Write::write_all(&mut { tell }, b"x").unwrap();
        assert!(child.join().unwrap());
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
