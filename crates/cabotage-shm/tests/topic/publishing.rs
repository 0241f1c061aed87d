// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is published comes to everybody, in order, by each way to publish it.

use cabotage_link::Ready;
use cabotage_os::Deadline;
use cabotage_shm::{ReceiveError, SendError, WhenSlow};

use super::topics::{BOTH, Place, body, check, drain, publish_to, soon};

#[test]
fn every_subscriber_gets_every_record_in_order() {
    for when_slow in BOTH {
        let place = Place::new();
        let mut publisher = place.publisher(when_slow);
        let mut subscribers = [place.subscriber(), place.subscriber(), place.subscriber()];
        for round in 1..=300 {
            publish_to(&mut publisher, 5 * round);
            for subscriber in &mut subscribers {
                assert_eq!(drain(subscriber), (5 * round - 4..=5 * round).collect::<Vec<_>>());
            }
        }
        assert!(subscribers.iter().all(|subscriber| subscriber.lost() == 0));
    }
}

#[test]
fn records_of_every_size_arrive_whole() {
    for when_slow in BOTH {
        let place = Place::new();
        let mut publisher = place.publisher(when_slow);
        let mut subscriber = place.subscriber();
        assert_eq!(subscriber.record_bytes_max(), publisher.record_bytes_max());
        for bytes in 0..=publisher.record_bytes_max() {
            let record: Vec<u8> = (0..bytes).map(|at| (at % 251).to_le_bytes()[0]).collect();
            publisher.publish(&record, soon()).unwrap();
            assert_eq!(subscriber.receive(soon()).unwrap().as_slice(), record);
        }
        let too_long = vec![0; publisher.record_bytes_max() + 1];
        let error = publisher.publish(&too_long, soon()).unwrap_err();
        assert!(matches!(error, SendError::TooLong { .. }), "{error}");
    }
}

#[test]
fn values_loans_and_batches_arrive_in_the_order_in_which_they_were_published() {
    for when_slow in BOTH {
        let place = Place::new();
        let mut publisher = place.publisher(when_slow);
        let mut subscriber = place.subscriber();
        publisher.publish_value(&7_u64, soon()).unwrap();
        assert_eq!(publisher.publish_all(["one", "two"], soon()).unwrap(), 2);
        let mut loan = publisher.loan(5, soon()).unwrap();
        assert_eq!((loan.bytes(), loan.write_at(0, b"three"), loan.write_at(3, b"xyz")), (5, 5, 2));
        loan.publish().unwrap();
        assert_eq!(publisher.loan(9, soon()).unwrap().write_at(0, b"given up"), 8);
        publisher.try_publish(b"end").unwrap();
        assert_eq!(subscriber.receive_value::<u64>(soon()).unwrap(), 7);
        for expected in ["one", "two", "thrxy", "end"] {
            assert_eq!(subscriber.receive(soon()).unwrap().as_slice(), expected.as_bytes());
        }
        assert!(subscriber.try_receive().unwrap().is_none());
    }
}

#[test]
fn a_batch_longer_than_the_ring_goes_in_parts() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Wait);
    let mut subscriber = place.subscriber();
    std::thread::scope(|scope| {
        scope.spawn(|| publisher.publish_all((1..=2_000).map(body), soon()).unwrap());
        for number in 1..=2_000 {
            assert_eq!(check(&subscriber.receive(soon()).unwrap()), number);
        }
    });
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Drop);
    assert_eq!(publisher.publish_all((1..=2_000).map(body), Deadline::Now).unwrap(), 2_000);
}

#[test]
fn a_value_of_another_size_is_told() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Drop);
    let mut subscriber = place.subscriber();
    publisher.publish(b"four", soon()).unwrap();
    let error = subscriber.receive_value::<u64>(soon()).unwrap_err();
    assert_eq!(error, ReceiveError::OtherSize { bytes: 4, expected: 8 });
    assert_eq!(subscriber.receive(Deadline::Now).unwrap_err(), ReceiveError::Nothing);
}

#[test]
fn whoever_sleeps_is_woken_by_each_record() {
    for when_slow in BOTH {
        let place = Place::new();
        let options = place.options().wait(cabotage_link::Wait::Block).when_slow(when_slow);
        let mut publisher = options.create_trusting(&place.name).unwrap();
        let mut subscribers = [(); 3].map(|()| options.subscribe_trusting(&place.name).unwrap());
        std::thread::scope(|scope| {
            for subscriber in &mut subscribers {
                scope.spawn(|| {
                    for number in 1..=500 {
                        let received = subscriber.receive(soon()).unwrap();
                        assert!(check(&received) >= number);
                        assert!(when_slow == WhenSlow::Drop || received.number() == number);
                        if received.number() == 500 {
                            break;
                        }
                    }
                });
            }
            publish_to(&mut publisher, 500);
        });
    }
}

#[test]
fn what_is_there_is_received_in_one_call_and_an_end_behind_it_by_the_next() {
    for when_slow in BOTH {
        let place = Place::new();
        let mut publisher = place.publisher(when_slow);
        let mut subscriber = place.subscriber();
        publish_to(&mut publisher, 10);
        let mut numbers = Vec::new();
        assert_eq!(subscriber.receive_each(4, |received| numbers.push(check(&received))), Ok(4));
        assert_eq!(subscriber.receive_each(99, |received| numbers.push(check(&received))), Ok(6));
        assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
        assert_eq!(subscriber.receive_each(99, |_| ()), Ok(0));
        publish_to(&mut publisher, 12);
        publisher.close();
        let mut successor = place.publisher(when_slow);
        publish_to(&mut successor, 13);
        assert_eq!(subscriber.receive_each(99, |_| ()), Ok(2));
        assert_eq!(subscriber.ready(), Ok(Ready::Ready));
        assert_eq!(subscriber.receive_each(99, |_| ()), Err(ReceiveError::Closed));
        assert_eq!(subscriber.receive_each(99, |received| assert_eq!(check(&received), 13)), Ok(1));
        assert_eq!(subscriber.generation(), 2);
    }
}
