// SPDX-License-Identifier: MIT OR Apache-2.0
//! A receive right goes from process to process while others send to its port, and each of them may be killed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cabotage_mach::{Carried, Message, Outgoing, ReceiveRight};
use cabotage_os::object::unguessable;

use crate::support::{Harbour, Other, check_in, hear, look_up, next, role, say, soon};

const SENDERS: u32 = 3;
/// The number of each sender's first message: small ones are the kernel's.
const FIRST: i32 = 1000;
/// That of the notification of a send-once right that was destroyed.
const SEND_ONCE: i32 = 71;

/// The receive right that a message brought.
fn arrived(mut message: Message) -> ReceiveRight {
    let right = |carried| match carried {
        Carried::Right(right) => right.into_receive(),
        _ => None,
    };
    message.take_carried().into_iter().find_map(right).unwrap()
}

/// Has the port at first, and sends it to whoever is next.
fn play_old_owner() {
    let (port, heir) = (check_in("service"), look_up("heir"));
    say("ready");
    hear();
    match heir.send_within(Outgoing::new(1).with(port), soon()) {
        Ok(()) => say("moved"),
        Err(_) => say("stayed"),
    }
    hear();
}

/// Sends one numbered message after the other until it is told to stop, or the port is dead; says how many went.
fn play_sender() {
    let service = look_up("service");
    let stop = Arc::new(AtomicBool::new(false));
    let mut count = 0_i32;
    service.send(Outgoing::new(FIRST)).unwrap();
    say("sending");
    std::thread::spawn({
        let stop = stop.clone();
        move || {
            hear();
            stop.store(true, Ordering::Relaxed);
        }
    });
    let until = soon();
    while !stop.load(Ordering::Relaxed) && !service.is_dead() && !until.has_passed() {
        match service.send_within(Outgoing::new(FIRST + count + 1), Duration::from_millis(20)) {
            Ok(()) => count += 1,
            Err(unsent) => assert!(
                unsent.error() == cabotage_mach::SendError::TimedOut || service.is_dead(),
                "{unsent:?}"
            ),
        }
    }
    say(&format!("{count} {}", service.is_dead()));
    hear();
}

fn play() -> bool {
    match role().as_deref() {
        Some("old") => play_old_owner(),
        Some(_) => play_sender(),
        None => return false,
    }
    true
}

/// Who has received what: the numbers of each sender come in a row from 0.
#[derive(Default)]
struct Heard(HashMap<u32, i32>);

impl Heard {
    /// Messages that were queued before the move count as the old owner's, so they are told apart by what they say.
    fn note(&mut self, message: &Message) {
        let pid = message.audit_token().unwrap().0[5];
        let next = self.0.entry(pid).or_insert(message.id());
        assert_eq!(message.id(), *next, "from {pid}");
        *next += 1;
    }
}

/// Whether the sender finds its port dead, which ends it.
fn is_told(sender: &mut Other) -> bool {
    sender.hear().unwrap().ends_with("true")
}

#[test]
fn senders_that_go_on_lose_nothing_when_the_port_goes_to_another_process() {
    const TEST: &str = "moving::senders_that_go_on_lose_nothing_when_the_port_goes_to_another_process";
    if play() {
        return;
    }
    let harbour = Harbour::new();
    let door = harbour.check_in("heir");
    let mut old = harbour.start(TEST, "old", None);
    assert_eq!(old.hear().as_deref(), Some("ready"));
    let mut senders: Vec<_> = (0..SENDERS).map(|_| harbour.start(TEST, "sender", None)).collect();
    for sender in &mut senders {
        assert_eq!(sender.hear().as_deref(), Some("sending"));
    }
    old.tell("move");
    let port = arrived(next(&door));
    // What was queued before comes first, as its old owner handed it over.
    let mut queued = HashMap::<i32, u32>::new();
    let mut heard = Heard::default();
    for _ in 0..600 {
        let message = next(&port);
        if message.audit_token().unwrap().0[5] == old.pid() {
            *queued.entry(message.id()).or_default() += 1;
        } else {
            heard.note(&message);
        }
    }
    assert_eq!(old.hear().as_deref(), Some("moved"));
    old.kill();
    senders.iter_mut().for_each(|sender| sender.tell("stop"));
    // One may wait for room until somebody receives.
    while let Ok(message) = port.receive_within(Duration::from_millis(300)) {
        heard.note(&message);
    }
    let mut counts = Vec::new();
    for sender in &mut senders {
        let word = sender.hear().unwrap();
        counts.push((sender.pid(), word.split_once(' ').unwrap().0.parse::<i32>().unwrap()));
    }
    for (pid, count) in counts {
        assert_eq!(heard.0[&pid], FIRST + count + 1, "from {pid}");
    }
    // Each number was queued as often as there are senders who sent it before: those are the first of each.
    for id in FIRST..queued.keys().max().map_or(0, |last| last + 1) {
        assert!((1..=SENDERS).contains(&queued[&id]), "{queued:?}");
    }
}

/// Kills a process between a moment and 65 ms from now, each power of two as likely as the next.
fn kill_some_time(victim: &mut Other) {
    kill_within(9, victim);
}

/// The same with so many powers of two, the least of which is that of 512 µs.
fn kill_within(powers: u64, victim: &mut Other) {
    let random = unguessable().unwrap();
    std::thread::sleep(Duration::from_micros((random >> 8) % (1 << (8 + random % powers))));
    victim.kill();
}

/// Takes what comes, in a row from the sender's first: so many messages at most, since a sender goes on.
fn drain(port: &ReceiveRight, next: &mut i32, patience: Duration, messages_max: usize) {
    for _ in 0..messages_max {
        let Ok(message) = port.receive_within(patience) else { return };
        assert_eq!(message.id(), FIRST + *next);
        *next += 1;
    }
}

#[test]
fn a_killed_old_owner_takes_the_port_along_or_has_given_all_of_it_away() {
    const TEST: &str = "moving::a_killed_old_owner_takes_the_port_along_or_has_given_all_of_it_away";
    if play() {
        return;
    }
    let (mut went, mut died) = (0, 0);
    for _ in 0..50 {
        let harbour = Harbour::new();
        let door = harbour.check_in("heir");
        let mut old = harbour.start(TEST, "old", None);
        assert_eq!(old.hear().as_deref(), Some("ready"));
        let mut sender = harbour.start(TEST, "sender", None);
        assert_eq!(sender.hear().as_deref(), Some("sending"));
        old.tell("move");
        let door = std::thread::scope(|scope| {
            scope.spawn(|| kill_some_time(&mut old));
            door.receive_within(Duration::from_millis(200)).or_else(|_| door.try_receive())
        });
        let Ok(message) = door else {
            died += 1;
            assert!(is_told(&mut sender), "the sender is told that its port died");
            continue;
        };
        went += 1;
        let (port, mut heard) = (arrived(message), 0);
        drain(&port, &mut heard, Duration::from_millis(5), 200);
        sender.tell("stop");
        drain(&port, &mut heard, Duration::from_millis(60), usize::MAX);
        let word = sender.hear().unwrap();
        drain(&port, &mut heard, Duration::from_millis(20), usize::MAX);
        assert_eq!(word, format!("{} false", heard - 1));
    }
    println!("went {went}, died {died}");
}

#[test]
fn a_killed_new_owner_or_sender_harms_nobody_else() {
    const TEST: &str = "moving::a_killed_new_owner_or_sender_harms_nobody_else";
    if role().as_deref() == Some("heir") {
        let port = arrived(next(&check_in("heir")));
        loop {
            let _ = port.receive_within(soon());
        }
    }
    if play() {
        return;
    }
    for round in 0..50 {
        let harbour = Harbour::new();
        let port = harbour.check_in("service");
        let mut heir = harbour.start(TEST, "heir", None);
        let mut sender = harbour.start(TEST, "sender", None);
        let door = harbour.look_up("heir");
        assert_eq!(sender.hear().as_deref(), Some("sending"));
        let is_heir = round % 2 == 0;
        let victim = if is_heir { &mut heir } else { &mut sender };
        let sent = std::thread::scope(|scope| {
            scope.spawn(|| kill_some_time(victim));
            door.send_within(Outgoing::new(1).with(port), soon())
        });
        if !is_heir {
            // Whatever became of the sender, the port has gone.
            sent.unwrap();
            continue;
        }
        match sent {
            Ok(()) => assert!(is_told(&mut sender), "the port died with its new owner"),
            Err(unsent) => {
                let port =
                    unsent.into_message().unwrap().into_carried().into_iter().find_map(
                        |carried| match carried {
                            Carried::Right(right) => right.into_receive(),
                            _ => None,
                        },
                    );
                let (port, mut heard) = (port.unwrap(), 0);
                drain(&port, &mut heard, Duration::from_millis(5), 200);
                sender.tell("stop");
                drain(&port, &mut heard, Duration::from_millis(60), usize::MAX);
                let word = sender.hear().unwrap();
                drain(&port, &mut heard, Duration::from_millis(20), usize::MAX);
                assert_eq!(word, format!("{} false", heard - 1));
            }
        }
    }
}

/// Has a send-once right to a port by a question, and answers when it is told to.
fn play_answerer() {
    let door = check_in("office");
    let mut question = next(&door);
    say("asked");
    // It looks after its links while it waits to be told.
    std::thread::spawn(move || {
        let _ = door.receive_within(soon());
    });
    hear();
    // Whoever is to have it may be dead.
    let _ = question.reply(Outgoing::new(77));
    say("answered");
    hear();
}

/// Asks an office, with the answer to a port that it then sends to the heir; ends when that has gone.
fn play_asker() {
    let (office, heir) = (look_up("office"), look_up("heir"));
    let port = ReceiveRight::new().unwrap();
    office.send(Outgoing::new(1).reply_to(port.make_send_once().unwrap())).unwrap();
    say("ready");
    hear();
    heir.send_within(Outgoing::new(1).with(port), soon()).unwrap();
    say("moved");
}

#[test]
fn an_answer_comes_to_the_process_that_has_the_port_by_then_and_the_one_that_asked_is_gone() {
    const TEST: &str =
        "moving::an_answer_comes_to_the_process_that_has_the_port_by_then_and_the_one_that_asked_is_gone";
    match role().as_deref() {
        Some("answerer") => return play_answerer(),
        Some(_) => return play_asker(),
        None => {}
    }
    let harbour = Harbour::new();
    let door = harbour.check_in("heir");
    let mut answerer = harbour.start(TEST, "answerer", None);
    let mut asker = harbour.start(TEST, "asker", None);
    assert_eq!(asker.hear().as_deref(), Some("ready"));
    assert_eq!(answerer.hear().as_deref(), Some("asked"));
    asker.tell("move");
    let port = arrived(next(&door));
    assert_eq!(asker.hear().as_deref(), Some("moved"));
    asker.kill();
    answerer.tell("answer");
    assert_eq!(answerer.hear().as_deref(), Some("answered"));
    assert_eq!(next(&port).id(), 77);
}

#[test]
fn whoever_is_killed_while_an_answer_is_owed_to_a_port_that_moves_the_port_hears_once() {
    const TEST: &str =
        "moving::whoever_is_killed_while_an_answer_is_owed_to_a_port_that_moves_the_port_hears_once";
    match role().as_deref() {
        Some("answerer") => return play_answerer(),
        Some(_) => return play_asker(),
        None => {}
    }
    let (mut answers, mut notices) = (0, 0);
    for round in 0..40 {
        let harbour = Harbour::new();
        let door = harbour.check_in("heir");
        let mut answerer = harbour.start(TEST, "answerer", None);
        let mut asker = harbour.start(TEST, "asker", None);
        assert_eq!(asker.hear().as_deref(), Some("ready"));
        assert_eq!(answerer.hear().as_deref(), Some("asked"));
        asker.tell("move");
        answerer.tell("answer");
        let victim = if round % 2 == 0 { &mut answerer } else { &mut asker };
        let came = std::thread::scope(|scope| {
            let killed = scope.spawn(|| kill_within(11, victim));
            while !killed.is_finished() {
                if let Ok(message) = door.receive_within(Duration::from_millis(20)) {
                    return Ok(message);
                }
            }
            door.receive_within(Duration::from_millis(50))
        });
        let Ok(message) = came else { continue };
        let port = arrived(message);
        // News that lay in the queue before the move count as the old owner's.
        match next(&port).id() {
            77 => answers += 1,
            id => {
                assert_eq!(id, SEND_ONCE);
                notices += 1;
            }
        }
        let more = port.receive_within(Duration::from_millis(2));
        assert!(more.is_err(), "in round {round}: {more:?}");
    }
    println!("answered {answers}, told {notices}");
}
