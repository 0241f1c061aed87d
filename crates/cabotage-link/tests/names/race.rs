// SPDX-License-Identifier: MIT OR Apache-2.0
//! Eight processes want one name, and some are killed on the way: never two owners, never none who could be.

use std::time::{Duration, Instant};

use cabotage_link::names::{Kind, PublishError, Scope};

use crate::random::Random;
use crate::worker::{self, Worker};
use crate::{Harbour, defaults, harbour, name, soon};

const WORKERS: usize = 8;
const ROUNDS: u64 = 40;

/// Somewhat more than the calls that publishing makes.
const CALLS: u64 = 48;

#[test]
fn of_eight_processes_one_gets_the_name() {
    let harbour = harbour();
    let mut crew: Vec<_> = (0..WORKERS).map(|_| worker::start(harbour.root.path())).collect();
    for _ in 0..20 {
        crew.iter_mut().for_each(|worker| worker.tell("publish one"));
        let answers: Vec<_> = crew.iter_mut().map(|worker| worker.answer().unwrap()).collect();
        let owners: Vec<_> = (0..WORKERS).filter(|at| answers[*at] == "published").collect();
        let [owner] = owners[..] else { panic!("{answers:?}") };
        let pid = format!("pid: Some({})", crew[owner].pid());
        let refusals = answers.iter().filter(|text| text.starts_with("Taken") && text.contains(&pid));
        assert_eq!(refusals.count(), WORKERS - 1, "{pid}: {answers:?}");
        assert_eq!(crew[owner].ask("drop").unwrap(), "dropped");
        assert!(harbour.files(Scope::User).is_empty());
    }
}

#[test]
fn of_eight_processes_that_are_killed_at_random_never_two_have_the_name() {
    let harbour = harbour();
    let mut random = Random(0x0c0f_fee0);
    let mut crew: Vec<_> = (0..WORKERS).map(|_| worker::start(harbour.root.path())).collect();
    for round in 0..ROUNDS {
        // Half of them die by themselves at one of their calls, one in four by our hand.
        let deaths: Vec<_> = (0..WORKERS).map(|_| random.below(4)).collect();
        for (worker, death) in crew.iter_mut().zip(&deaths) {
            let nth = if *death < 2 { random.below(CALLS) } else { u64::MAX };
            worker.tell(&format!("publish one {nth}"));
        }
        strike(&mut random, &mut crew, &deaths);
        let answers: Vec<_> = crew.iter_mut().map(Worker::answer).collect();
        let context = format!("round {round}: {answers:?}");
        let owners: Vec<_> = (0..WORKERS)
            .filter(|at| answers[*at].as_deref() == Some("published") && deaths[*at] != 2)
            .collect();
        assert!(owners.len() <= 1, "{context}");
        for answer in answers.iter().flatten() {
            assert!(answer == "published" || answer.starts_with("Taken"), "{answer}; {context}");
        }
        settle(&harbour, &mut crew, owners.first().copied(), &context);
        for (worker, answer) in crew.iter_mut().zip(&answers) {
            if answer.is_none() || worker.is_dead() {
                *worker = worker::start(harbour.root.path());
            }
        }
        harbour.registry.remove_all_stale(Kind::Link, Scope::User, soon()).expect(&context);
        assert!(harbour.files(Scope::User).is_empty(), "{:?}; {context}", harbour.files(Scope::User));
    }
}

/// What is true after a round: the living owner has the name, or anybody may have it.
fn settle(harbour: &Harbour, crew: &mut [Worker], owner: Option<usize>, context: &str) {
    let mine = harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon());
    let Some(owner) = owner else {
        mine.expect(context);
        return;
    };
    let pid = crew[owner].pid();
    let refused = mine.expect_err(context);
    assert!(
        matches!(refused, PublishError::Taken { pid: Some(told), .. } if told == pid),
        "{refused}; {context}"
    );
    assert_eq!(harbour.connect("one").expect(context).peer().unwrap().pid, pid, "{context}");
    assert_eq!(crew[owner].ask("drop").unwrap(), "dropped", "{context}");
}

/// Kills those who are to die by our hand, each after a moment of its own.
fn strike(random: &mut Random, crew: &mut [Worker], deaths: &[u64]) {
    let begin = Instant::now();
    for (worker, _) in crew.iter_mut().zip(deaths).filter(|(_, death)| **death == 2) {
        let delay = Duration::from_micros(1 << random.below(11));
        while begin.elapsed() < delay {
            std::thread::yield_now();
        }
        worker.kill();
    }
}
