// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory out of line: by which of the ways it goes, what its receiver may rely on, and what outlives its sender.

use cabotage_os::sealed::{Region, SealedPart};

use super::machine::{Machine, carrying};
use crate::Disposition::CopySend;
use crate::Name;
use crate::carrier::rules::Amount;
use crate::kernel::message::{Item, Memory};
use crate::kernel::messages::WhenFull;

/// A machine with a port, and one with a send right to it; the two have met.
fn pair() -> (Machine, Name, Machine, Name) {
    let (owner, holder) = (Machine::new(), Machine::new());
    let port = owner.port();
    let right = owner.give(port, &holder);
    for _ in 0..20 {
        owner.look();
        holder.look();
    }
    (owner, port, holder, right)
}

fn region(bytes: usize) -> Region {
    let mut region = Region::create("test", bytes).unwrap();
    region.iter_mut().zip((0..=250).cycle()).for_each(|(byte, value)| *byte = value);
    region
}

fn sealed(bytes: usize) -> SealedPart {
    region(bytes).seal().unwrap()
}

/// Sends all of this in one message; what comes.
fn carry(holder: &Machine, right: Name, owner: &Machine, port: Name, memory: Vec<Memory>) -> Vec<Memory> {
    let mut sent = carrying(7, (right, CopySend), &[]);
    sent.items = memory.into_iter().map(Item::Memory).collect();
    holder.send(sent);
    let received = owner.until(|owner| {
        holder.look();
        owner.try_receive(port)
    });
    received.items.into_iter().map(memory_of).collect()
}

fn memory_of(item: Item) -> Memory {
    match item {
        Item::Memory(memory) => memory,
        other => panic!("{other:?}"),
    }
}

fn carry_one(ends: &(Machine, Name, Machine, Name), memory: Memory) -> Memory {
    let (owner, port, holder, right) = ends;
    carry(holder, *right, owner, *port, vec![memory]).pop().unwrap()
}

#[test]
fn sealed_memory_arrives_as_a_slice_that_nobody_can_change() {
    let ends = pair();
    let came = carry_one(&ends, sealed(100_001).into());
    assert!(matches!(came, Memory::Sealed(_)), "{came:?}");
    let immutable = came.into_immutable().unwrap();
    assert!(immutable.len() == 100_001 && immutable[..] == region(100_001)[..]);
    let again = carry_one(&ends, immutable.into());
    assert!(matches!(again, Memory::Sealed(_)), "it goes on as it is: {again:?}");
    let mut own = again.into_region().unwrap();
    own[3] = 99;
    assert_eq!(own[..5], [0, 1, 2, 99, 4]);
}

#[test]
fn a_part_of_sealed_memory_arrives_as_far_behind_a_page() {
    let ends = pair();
    let part = sealed(9000).part(4999, 2).unwrap().unwrap();
    let came = carry_one(&ends, part.into()).into_immutable().unwrap();
    assert_eq!((&came[..], came.as_ptr().addr() % 4096), (&region(9000)[4999..5001], 4999 % 4096));
}

#[test]
fn what_a_sender_writes_after_a_snapshot_does_not_arrive() {
    let ends = pair();
    let mut own = region(5000);
    let snapshot = own.snapshot().unwrap();
    own.fill(255);
    let came = carry_one(&ends, snapshot.into()).into_immutable().unwrap();
    assert!(came[..] == region(5000)[..]);
    assert!(own.iter().all(|byte| *byte == 255));
}

#[test]
fn no_bytes_arrive_as_no_bytes_however_they_are_sent() {
    let ends = pair();
    let (_, _, holder, right) = &ends;
    let away = holder.call(|kernel, space| kernel.look(space, *right).unwrap().held.sends()).unwrap();
    let loan = holder.until(|holder| {
        ends.0.look();
        holder.carrier.loan(&holder.kernel, away, 0).0.unwrap()
    });
    for memory in [Memory::Bytes(Vec::new()), sealed(0).into(), loan.into()] {
        let came = carry_one(&ends, memory);
        assert_eq!((came.bytes(), came.into_immutable().unwrap().len()), (0, 0));
    }
}

#[test]
fn one_message_carries_more_pieces_of_memory_than_blocks_and_descriptors() {
    let (owner, port, holder, right) = pair();
    let sizes = |number: usize| if number.is_multiple_of(2) { 20_000 + number } else { number };
    let bytes = (0..400).map(|number| Memory::Bytes(region(sizes(number)).to_vec()));
    let memory = bytes.chain((0..100).map(|number| sealed(1 + number).into())).collect();
    let came = carry(&holder, right, &owner, port, memory);
    let kinds = |is: fn(&Memory) -> bool| came.iter().filter(|memory| is(memory)).count();
    assert_eq!(kinds(|memory| matches!(memory, Memory::Block(_))), 16);
    assert_eq!(kinds(|memory| matches!(memory, Memory::Sealed(_))), 64);
    for (number, memory) in came.iter().enumerate() {
        let bytes = if number < 400 { sizes(number) } else { number - 399 };
        assert!(memory.to_vec() == region(bytes)[..], "{number}: {memory:?}");
    }
}

#[test]
fn memory_that_is_longer_than_any_block_goes_sealed() {
    let ends = pair();
    let came = carry_one(&ends, Memory::Bytes(vec![7; (256 << 20) + 1]));
    assert!(matches!(came, Memory::Sealed(_)), "{came:?}");
    assert_eq!((came.bytes(), came.into_immutable().unwrap()[256 << 20]), ((256 << 20) + 1, 7));
}

#[test]
fn a_message_with_more_memory_than_one_carries_comes_back_with_it() {
    let (_owner, _, holder, right) = pair();
    let mut sent = carrying(7, (right, CopySend), &[]);
    sent.items = (0..50_000).map(|_| Item::Memory(Memory::Bytes(Vec::new()))).collect();
    let (error, letter) = holder.try_send(sent, WhenFull::GiveBack).unwrap_err();
    assert_eq!((error.code(), letter.unwrap().items.len()), (0x1000_000d, 50_000));
}

#[test]
fn memory_that_came_by_one_link_goes_on_by_another_and_outlives_both_its_senders() {
    let (giver, taker) = (pair(), pair());
    let (between, port, origin, right) = giver;
    let (last, door, _, _) = &taker;
    let to_last = last.give(*door, &between);
    let came = carry(
        &origin,
        right,
        &between,
        port,
        vec![Memory::Bytes(vec![5; 100_000]), sealed(70_000).into(), Memory::Bytes(vec![6; 10])],
    );
    assert!(matches!(came[..], [Memory::Block(_), Memory::Sealed(_), Memory::Bytes(_)]), "{came:?}");
    drop(origin);
    let arrived = carry(&between, to_last, last, *door, came);
    drop(between);
    let all: Vec<_> = arrived.into_iter().map(|memory| memory.into_immutable().unwrap()).collect();
    assert_eq!((all[0].len(), all[0][99_999], &all[2][..]), (100_000, 5, &[6; 10][..]));
    assert!(all[1][..] == region(70_000)[..]);
}

#[test]
fn memory_that_was_written_where_it_is_read_arrives_without_a_copy_and_is_used_again() {
    let (owner, port, holder, right) = pair();
    let away = holder.call(|kernel, space| kernel.look(space, right).unwrap().held.sends()).unwrap();
    for round in 0..20_u8 {
        let mut loan = holder.until(|holder| {
            owner.look();
            holder.carrier.loan(&holder.kernel, away, 1 << 20).0.unwrap()
        });
        assert!(loan.write_at(0, &[round; 64]) && loan.write_at((1 << 20) - 1, &[round]));
        assert!(!loan.write_at(1 << 20, &[round]), "beyond its end");
        let mut sent = carrying(7, (right, CopySend), &[]);
        sent.items = vec![Item::Memory(loan.into())];
        holder.send(sent);
        let mut received = owner.receive(port);
        let Some(Item::Memory(Memory::Block(block))) = received.items.pop() else { panic!("{received:?}") };
        let mut ends = [0; 2];
        block.copy_at(0, &mut ends[..1]).unwrap();
        block.copy_at((1 << 20) - 1, &mut ends[1..]).unwrap();
        assert_eq!(ends, [round; 2]);
    }
    let mut desk = holder.carrier.desk();
    let key = desk.set.keys().next().unwrap();
    assert!(desk.set.get_mut(key).unwrap().memory_bytes() < 4 << 20, "the same memory again");
}

#[test]
fn memory_of_one_link_that_goes_over_another_is_copied() {
    let (owner, port, holder, right) = pair();
    let other = owner.port();
    let right_to_other = owner.give(other, &holder);
    let away = holder.call(|kernel, space| kernel.look(space, right).unwrap().held.sends()).unwrap();
    let mut loan = holder.until(|holder| {
        owner.look();
        holder.carrier.loan(&holder.kernel, away, 100).0.unwrap()
    });
    assert!(loan.write_at(0, &[7; 100]));
    let mut sent = carrying(7, (right_to_other, CopySend), &[]);
    sent.items = vec![Item::Memory(loan.into())];
    holder.send(sent);
    let received = owner.receive(other);
    let [Item::Memory(memory)] = &received.items[..] else { panic!("{received:?}") };
    assert_eq!((memory.to_vec(), owner.send_rights(port)), (vec![7; 100], 1));
}

#[test]
fn so_much_sealed_memory_waits_at_a_port_and_the_rest_arrives_as_copies() {
    const PIECES: usize = 50;
    let (owner, port, holder, right) = pair();
    let send = |count| {
        let mut sent = carrying(7, (right, CopySend), &[]);
        sent.items = (1..=PIECES).map(|bytes| Item::Memory(sealed(bytes).into())).collect();
        // The ring is to grow first.
        let mut sent = Some(sent);
        holder.until(|holder| {
            owner.look();
            let refused = holder.try_send(sent.take()?, WhenFull::GiveBack).err();
            sent = refused.and_then(|(_, letter)| letter);
            sent.is_none().then_some(())
        });
        owner.until(|owner| (owner.queued_messages(port) == count).then_some(()));
    };
    let receive = || {
        let memory: Vec<_> = owner.receive(port).items.into_iter().map(memory_of).collect();
        for (memory, bytes) in memory.iter().zip(1..) {
            assert!(memory.to_vec() == region(bytes)[..], "{memory:?}");
        }
        memory.iter().filter(|memory| matches!(memory, Memory::Sealed(_))).count()
    };
    (1..=4).for_each(send);
    let most = Amount::MAX.pieces as usize;
    assert_eq!([(); 4].map(|()| receive()), [PIECES, PIECES, most - 2 * PIECES, 0]);
    // What was taken makes room, once the holder has heard of it.
    for _ in 0..20 {
        owner.look();
        holder.look();
    }
    send(1);
    assert_eq!(receive(), PIECES);
}
