// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads: an end goes from one to another, and its halves serve many at once.

use std::thread;

use super::{Case, body, soon};
use crate::record::{InOrder, Mark};
use crate::transport::{Ability, Told};

const THREADS: u64 = 3;
const EACH: u64 = 400;

pub(super) const fn an_end_serves_on_another_thread() -> Case {
    Case {
        sender: |player| {
            for number in 0..30 {
                let mut end = player.take_end();
                let sending = thread::spawn(move || {
                    end.send(&body(number), soon()).expect("room");
                    end
                });
                player.end = Some(sending.join().expect("a thread"));
            }
        },
        receiver: |player| {
            for number in 0..30 {
                let mut end = player.take_end();
                let receiving = thread::spawn(move || {
                    assert_eq!(end.receive(soon()), Ok(body(number)));
                    end
                });
                player.end = Some(receiving.join().expect("a thread"));
            }
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn many_threads_send_and_each_keeps_its_order() -> Case {
    Case {
        needs: &[Ability::Threads],
        sender: |player| {
            let (sender, _receiver) = player.take_end().split().expect("halves");
            thread::scope(|scope| {
                for stream in 0..THREADS {
                    let sender = &sender;
                    scope.spawn(move || {
                        for number in 0..EACH {
                            let record = Mark { stream, number }.record(200);
                            sender.send(&record, soon()).expect("room");
                        }
                    });
                }
            });
        },
        receiver: |player| {
            let mut orders: Vec<_> = (0..THREADS).map(|stream| InOrder::from(stream, 0)).collect();
            for _ in 0..THREADS * EACH {
                let record = player.receive();
                let stream = Mark::of(&record).expect("a whole record").stream;
                orders[usize::try_from(stream).expect("a stream")]
                    .take(&record)
                    .expect("the next of its thread");
            }
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn each_record_goes_to_one_of_many_receiving_threads() -> Case {
    Case {
        needs: &[Ability::Threads],
        sender: |player| player.send_numbers(0..THREADS * EACH),
        receiver: |player| {
            let (_sender, receiver) = player.take_end().split().expect("halves");
            let receive_all = || {
                let mut numbers = Vec::new();
                loop {
                    match receiver.receive(soon()) {
                        Ok(record) => numbers.push(Mark::of(&record).expect("a whole record").number),
                        Err(told) => {
                            assert_eq!(told, Told::Closed);
                            return numbers;
                        }
                    }
                }
            };
            let mut all = thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(receive_all)).collect();
                let numbers = threads.into_iter().map(|thread| thread.join().expect("a thread"));
                numbers
                    .inspect(|numbers| assert!(numbers.is_sorted(), "{numbers:?}"))
                    .flatten()
                    .collect::<Vec<_>>()
            });
            all.sort_unstable();
            assert!(all.into_iter().eq(0..THREADS * EACH), "each record once");
        },
        ..Case::PLAIN
    }
}
