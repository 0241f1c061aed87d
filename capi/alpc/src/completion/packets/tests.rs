// SPDX-License-Identifier: MIT OR Apache-2.0
//! Packets in their order; and that whoever waits is told, whichever thread looks.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use super::*;

fn take(packets: &Packets, count_max: usize) -> Answer<Vec<usize>> {
    let taken = packets.take(count_max, Deadline::Now, |_| ())?;
    Ok(taken.into_iter().map(|packet| packet.key).collect())
}

#[test]
fn packets_come_in_their_order_and_as_many_as_are_wanted() {
    let (packets, queued) = (Packets::new().unwrap(), Arc::new(AtomicUsize::new(0)));
    for key in 1..=3 {
        packets.post(Packet { key, queued: Some(queued.clone()), ..Packet::default() });
    }
    assert_eq!(queued.load(Ordering::Relaxed), 3);
    assert_eq!(take(&packets, 2), Ok(vec![1, 2]));
    assert_eq!(queued.load(Ordering::Relaxed), 1);
    assert_eq!(take(&packets, 2), Ok(vec![3]));
    assert_eq!(take(&packets, 2), Err(Status::TIMEOUT));
}

#[test]
fn who_waits_is_told_of_a_packet_and_of_the_end() {
    let packets = Packets::new().unwrap();
    std::thread::scope(|scope| {
        let (packets, patience) = (&packets, Deadline::within(Duration::from_secs(60)));
        let waits = move || packets.take(1, patience, |_| ()).map(|taken| taken[0].key);
        let waiter = scope.spawn(waits);
        packets.post(Packet { key: 7, ..Packet::default() });
        assert_eq!(waiter.join().unwrap(), Ok(7));
        let waiter = scope.spawn(waits);
        packets.close();
        assert_eq!(waiter.join().unwrap(), Err(ABANDONED_WAIT));
    });
    packets.post(Packet::default());
    assert_eq!(take(&packets, 1), Err(ABANDONED_WAIT));
}

/// A port of bytes: each that is read is a packet. Asks for so many more looks.
#[derive(Debug)]
struct Bytes {
    packets: Arc<Packets>,
    reader: Mutex<std::io::PipeReader>,
    more: AtomicUsize,
}

impl Source for Bytes {
    fn look(&self, _: bool) -> Deadline {
        let mut byte = [0];
        let mut reader = self.reader.lock().unwrap();
        let ready = cabotage_os::poll::wait([(reader.as_fd(), Readiness::IN)], Deadline::Now).unwrap();
        if ready[0].contains(Readiness::IN) {
            reader.read_exact(&mut byte).unwrap();
            self.packets.post(Packet { key: byte[0].into(), ..Packet::default() });
        }
        let left = self.more.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |more| more.checked_sub(1));
        if left.is_ok() { Deadline::within(Duration::from_millis(1)) } else { Deadline::Never }
    }
}

fn source() -> (Arc<Packets>, Arc<Bytes>, std::io::PipeWriter, u64) {
    let packets = Arc::new(Packets::new().unwrap());
    let (reader, writer) = std::io::pipe().unwrap();
    let fd = reader.try_clone().unwrap();
    let (reader, more) = (Mutex::new(reader), AtomicUsize::new(0));
    let source = Arc::new(Bytes { packets: packets.clone(), reader, more });
    let weak: Weak<Bytes> = Arc::downgrade(&source);
    let token = packets.watch(fd.as_fd(), weak).unwrap();
    (packets, source, writer, token)
}

fn patiently(packets: &Packets) -> Answer<usize> {
    let taken = packets.take(1, Deadline::within(Duration::from_secs(60)), |_| ())?;
    Ok(taken[0].key)
}

#[test]
fn each_of_those_who_wait_gets_what_one_of_them_finds() {
    let (packets, _source, mut writer, _) = source();
    std::thread::scope(|scope| {
        let packets = &packets;
        let waiters: Vec<_> = (0..3).map(|_| scope.spawn(|| patiently(packets).unwrap())).collect();
        for byte in 1..=3 {
            writer.write_all(&[byte]).unwrap();
        }
        let mut got: Vec<_> = waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect();
        got.sort_unstable();
        assert_eq!(got, [1, 2, 3]);
    });
    assert_eq!(take(&packets, 1), Err(Status::TIMEOUT));
}

#[test]
fn who_does_not_wait_looks_all_the_same() {
    let (packets, _source, mut writer, token) = source();
    assert_eq!(take(&packets, 1), Err(Status::TIMEOUT));
    writer.write_all(&[7]).unwrap();
    assert_eq!(take(&packets, 1), Ok(vec![7]));
    // What was used while nobody slept is looked at before the next sleep, though its descriptor has told already.
    writer.write_all(&[8, 9]).unwrap();
    assert_eq!(take(&packets, 1), Ok(vec![8]));
    assert!(!packets.touch(token));
    assert_eq!(take(&packets, 1), Ok(vec![9]));
}

#[test]
fn what_asks_for_a_time_is_looked_at_then() {
    let (packets, source, _writer, token) = source();
    // More often than one looks before the first sleep.
    source.more.store(450, Ordering::Relaxed);
    packets.hurry(token, Deadline::within(Duration::from_millis(1)));
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| patiently(&packets));
        while source.more.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
        packets.post(Packet { key: 5, ..Packet::default() });
        assert_eq!(waiter.join().unwrap(), Ok(5));
    });
}

#[test]
fn what_was_left_is_looked_at_no_more() {
    let (packets, source, mut writer, token) = source();
    packets.touch(token);
    packets.leave(source.reader.lock().unwrap().as_fd(), token);
    assert!(packets.lock().touched.is_empty(), "ports come and go while nobody takes packets");
    writer.write_all(&[7]).unwrap();
    assert_eq!(take(&packets, 1), Err(Status::TIMEOUT));
}
