// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes are killed, before every system call and while others wait for them: the dead hold nobody, and what they
//! had published stays.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};

use cabotage_os::{Deadline, seam};
use cabotage_shm::{Directory, ReceiveError, TopicOptions, WhenSlow};

use super::common::{Killed, name, this_binary};
use super::topics::{Place, check, drain, publish_to, soon};

/// Starts this program again to play `part`; before its `nth` system call it kills itself.
fn start(place: &Place, part: &str, nth: u64) -> Killed {
    let mut command = this_binary("killed::role");
    command.env("TOPIC_PART", part).env("TOPIC_NTH", nth.to_string());
    command.env("TOPIC_PLACE", place.scratch.path.path());
    Killed(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
}

/// Waits until it says so, among what the test harness says.
fn hear(child: &mut Child, word: &str) {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains(word)), "it ended before it said {word}");
}

#[test]
#[ignore = "a part of the other tests, in a process of its own"]
fn role() {
    let Ok(part) = std::env::var("TOPIC_PART") else { return };
    let place = std::env::var("TOPIC_PLACE").unwrap();
    let nth = std::env::var("TOPIC_NTH").unwrap().parse().unwrap();
    let directory = Directory::open(Path::new(&place)).unwrap();
    let options = TopicOptions::new().directory(&directory).capacity_bytes(4096).history(1_000);
    let _plan = seam::kill_nth(nth);
    match part.as_str() {
        "publish" => publish(&options),
        "subscribe" => subscribe(&options),
        "sleep" => sleep(&options),
        "crowd" => crowd(&options),
        other => panic!("{other}"),
    }
}

fn publish(options: &TopicOptions) {
    let mut publisher = options.create_trusting(&name("topic")).unwrap();
    let last = publisher.published() + 3;
    publish_to(&mut publisher, last);
    publisher.close();
}

fn subscribe(options: &TopicOptions) {
    let mut subscriber = options.subscribe_trusting(&name("topic")).unwrap();
    let first = check(&subscriber.receive(Deadline::Now).unwrap());
    assert_eq!(check(&subscriber.receive(Deadline::Now).unwrap()), first + 1);
    let _ = subscriber.ready();
    let _ = subscriber.receive(Deadline::within(std::time::Duration::from_millis(1)));
}

fn sleep(options: &TopicOptions) {
    let subscriber = options.clone().history(0).subscribe_trusting(&name("topic")).unwrap();
    println!("subscribed");
    let _ = std::io::stdin().read_line(&mut String::new());
    drop(subscriber);
}

fn crowd(options: &TopicOptions) {
    let subscribe = || options.clone().history(0).subscribe_trusting(&name("topic")).unwrap();
    let mut subscribers: Vec<_> = (0..CROWD).map(|_| subscribe()).collect();
    println!("subscribed");
    for number in 1..=2 {
        for subscriber in &mut subscribers {
            assert_eq!(check(&subscriber.receive(soon()).unwrap()), number);
            assert!(subscriber.try_receive().unwrap().is_none());
        }
        println!("received {number}");
    }
}

/// How many subscribers one process has: each takes four of its 1,024 descriptors.
const CROWD: usize = 200;

#[test]
fn a_publisher_killed_before_any_system_call_has_a_successor_and_what_it_published_stays() {
    let place = Place::new();
    let mut published = 0;
    for nth in 0..500 {
        let status = start(&place, "publish", nth).0.wait().unwrap();
        let options = place.options().history(1_000);
        let mut successor = options.create_trusting(&place.name).unwrap();
        assert!((published..=published + 3).contains(&successor.published()), "call {nth}");
        let mut subscriber = options.subscribe_trusting(&place.name).unwrap();
        let last = successor.published() + 1;
        publish_to(&mut successor, last);
        let there = drain(&mut subscriber);
        assert_eq!(there, (there[0]..=last).collect::<Vec<_>>(), "call {nth}");
        published = last;
        if status.success() {
            assert!(nth > 20, "there are more system calls than {nth}");
            return;
        }
    }
    panic!("it never came to its end");
}

#[test]
fn a_subscriber_killed_before_any_system_call_holds_nobody() {
    let place = Place::new();
    let options = place.options().when_slow(WhenSlow::Wait).history(1_000);
    let mut publisher = options.create_trusting(&place.name).unwrap();
    for nth in 0..500 {
        let last = publisher.published() + 200;
        publish_to(&mut publisher, last);
        let status = start(&place, "subscribe", nth).0.wait().unwrap();
        publish_to(&mut publisher, last + 200);
        assert_eq!(publisher.subscribers().unwrap(), 0, "call {nth}");
        if status.success() {
            assert!(nth > 20, "there are more system calls than {nth}");
            return;
        }
    }
    panic!("it never came to its end");
}

#[test]
fn a_publisher_that_sleeps_for_a_subscriber_goes_on_when_that_is_killed() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Wait);
    let mut sleeper = start(&place, "sleep", u64::MAX);
    hear(&mut sleeper.0, "subscribed");
    assert_eq!(publisher.subscribers().unwrap(), 1);
    std::thread::scope(|scope| {
        let publishing = scope.spawn(|| publish_to(&mut publisher, 1_000));
        std::thread::yield_now();
        drop(sleeper);
        publishing.join().unwrap();
    });
}

#[test]
fn a_subscriber_is_told_of_a_killed_publisher_once_and_goes_on_with_the_next() {
    let place = Place::new();
    drop(place.publisher(WhenSlow::Drop));
    let mut subscriber = place.subscriber();
    // Far enough in for a record or two, not so far as to close.
    let status = start(&place, "publish", 60).0.wait().unwrap();
    let mut seen = drain(&mut subscriber);
    let mut ends = Vec::new();
    let mut successor = place.publisher(WhenSlow::Drop);
    let last = successor.published() + 1;
    publish_to(&mut successor, last);
    while seen.last() != Some(&last) {
        match subscriber.receive(soon()) {
            Ok(received) => seen.push(check(&received)),
            Err(end) => ends.push(end),
        }
    }
    assert_eq!(seen, (1..=last).collect::<Vec<_>>());
    assert!(ends.len() <= 2, "{ends:?}");
    let is_end = |end: &ReceiveError| matches!(end, ReceiveError::Died | ReceiveError::Closed);
    assert!(ends.iter().all(is_end), "{ends:?}, {status}");
}

#[test]
fn a_thousand_subscribers_are_woken_by_one_bell_and_those_that_are_killed_hold_nobody() {
    let place = Place::new();
    let options = place.options().when_slow(WhenSlow::Wait).subscribers_max(1_000);
    let mut publisher = options.create_trusting(&place.name).unwrap();
    let mut crowds: Vec<_> = (0..5).map(|_| start(&place, "crowd", u64::MAX)).collect();
    crowds.iter_mut().for_each(|crowd| hear(&mut crowd.0, "subscribed"));
    assert_eq!(publisher.subscribers().unwrap(), 5 * CROWD);
    publish_to(&mut publisher, 1);
    crowds.iter_mut().for_each(|crowd| hear(&mut crowd.0, "received 1"));
    crowds.truncate(3);
    publish_to(&mut publisher, 2);
    crowds.iter_mut().for_each(|crowd| hear(&mut crowd.0, "received 2"));
    publish_to(&mut publisher, 1_000);
    for crowd in &mut crowds {
        let _ = crowd.0.stdin.as_mut().unwrap().flush();
    }
}
