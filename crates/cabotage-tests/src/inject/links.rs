// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a link does besides records: descriptors, blocks, waits, halves, sets.

use std::fs::File;
use std::time::Duration;

use cabotage_link::{
    Event, Key, Link, LinkSet, Listener, Options, Parcel, Ready, ReceiveError, SetError, Wait,
};
use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};

use super::Answer;
use super::ledger::shortly;
use crate::scratch::Scratch;
use crate::watchdog::soon;

fn options() -> Options {
    Options::new().wait(Wait::Block)
}

/// Both ends of a link that have spoken with each other.
fn pair() -> Result<(Link, Link), crate::Wrong> {
    let (mut near, far) = Link::pair(options())?;
    let mut far = far.link(options())?;
    near.send(b"ahoy", shortly())?;
    far.receive(shortly())?;
    far.send(b"ahoy", shortly())?;
    near.receive(shortly())?;
    Ok((near, far))
}

pub(super) fn descriptors_over_a_pair(_: &Scratch) -> Answer {
    let (mut near, mut far) = pair()?;
    for number in 0..3_u8 {
        let mut parcel = Parcel::new(std::slice::from_ref(&number));
        parcel = parcel.descriptor(File::open("/dev/null")?).descriptor(File::open("/dev/null")?);
        if let Err(unsent) = near.send_parcel(parcel, shortly()) {
            assert_eq!(unsent.parcel.descriptors.len(), 2, "what was not sent comes back");
            near.send_parcel(unsent.parcel, shortly()).map_err(|unsent| unsent.error)?;
        }
        let letter = far.receive(shortly())?.into_letter();
        assert_eq!((&letter.bytes[..], letter.descriptors.len()), (&[number][..], 2));
    }
    Ok(())
}

pub(super) fn blocks_over_a_pair(_: &Scratch) -> Answer {
    let (mut near, mut far) = pair()?;
    for number in 0..3_u8 {
        let mut block = near.block(50_000 << number, shortly())?;
        block.write_at(0, &[number; 9])?;
        if let Err(unsent) = near.send_parcel(Parcel::new(&[number]).block(block), shortly()) {
            assert_eq!(unsent.parcel.blocks.len(), 1, "what was not sent comes back");
            near.send_parcel(unsent.parcel, shortly()).map_err(|unsent| unsent.error)?;
        }
        let mut message = far.receive(shortly())?;
        let block = message.take_block().ok_or("no block")?;
        assert_eq!(block.read::<[u8; 9]>(0)?, [number; 9]);
        drop((block, message));
        near.trim()?;
    }
    Ok(())
}

pub(super) fn a_wait_on_the_descriptor(_: &Scratch) -> Answer {
    let (mut near, mut far) = pair()?;
    for number in 0..4_u8 {
        if far.ready()? == Ready::Armed {
            near.send(&[number], shortly())?;
            let fd = std::os::fd::AsFd::as_fd(&far);
            let [found] = poll::wait([(fd, Readiness::IN)], soon())?;
            assert!(!found.is_empty(), "a message was sent, and nobody rang");
        }
        assert_eq!(far.receive(shortly())?.to_vec(), [number]);
    }
    Ok(())
}

pub(super) fn halves_of_a_link(_: &Scratch) -> Answer {
    let (near, mut far) = pair()?;
    let (sender, receiver) = near.split();
    for number in 0..4_u8 {
        sender.send(&[number], shortly())?;
        assert_eq!(far.receive(shortly())?.to_vec(), [number]);
        far.send(&[number], shortly())?;
        assert_eq!(receiver.receive(shortly())?.bytes, [number]);
    }
    drop(sender);
    far.send(b"last", shortly())?;
    assert_eq!(receiver.receive(shortly())?.bytes, b"last");
    Ok(())
}

pub(super) fn a_set_with_a_listener(place: &Scratch) -> Answer {
    use cabotage_link::names::{ConnectOptions, PublishOptions};
    let (registry, name) = (place.registry(), "set".parse()?);
    let listener = Listener::publish_in(&registry, &name, PublishOptions::new(), options(), shortly())?;
    let mut set = LinkSet::new()?;
    set.set_wait(Wait::Block);
    set.listen(listener).map_err(|refused| refused.to_string())?;
    let mut client = Link::connect_in(&registry, &name, ConnectOptions::new(), options(), shortly())?;
    client.send(b"order", shortly())?;
    let mut received = 0;
    while received < 3 {
        let Some((key, order)) = next_order(&mut set, &mut client)? else { continue };
        assert_eq!(order, b"order");
        received += 1;
        let link = set.get_mut(key).ok_or("the link is gone")?;
        link.send(b"answer", shortly())?;
        assert_eq!(client.receive(shortly())?.to_vec(), b"answer");
        client.send(b"order", shortly())?;
    }
    Ok(())
}

/// A set tries again a tenth of a second after it could not accept.
const LONG_ENOUGH: Duration = Duration::from_secs(2);

/// The next message that comes to the set; `None` for other events.
fn next_order(set: &mut LinkSet, client: &mut Link) -> Result<Option<(Key, Vec<u8>)>, crate::Wrong> {
    match set.receive(Deadline::within(LONG_ENOUGH)) {
        Ok(Event::Message(key, message)) => Ok(Some((key, message.to_vec()))),
        Ok(Event::Ended(_, why)) => Err(why.into()),
        Ok(_) => Ok(None),
        Err(SetError::Nothing) => match client.receive(shortly()) {
            // The set could not take it and said so; then the client is told as well.
            Err(ReceiveError::Link(why)) => Err(why.into()),
            other => panic!("an order was sent, the set sleeps on, and the client knows nothing: {other:?}"),
        },
        Err(error) => Err(error.into()),
    }
}
