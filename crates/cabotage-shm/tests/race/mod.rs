// SPDX-License-Identifier: MIT OR Apache-2.0
//! The creation race: many processes want the same object, and some are killed on the way.
//!
//! In each round all workers open or create one name. Some are killed: before the n-th system call of theirs, or by
//! the supervisor after a random while. The survivors must agree on one winner, whose object is complete; and when
//! its name is removed the directory must be as it was. Shared by the test and by the example, which runs longer.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cabotage_os::object::Identity;
use cabotage_os::probe::{self, Feature, SwitchedOff};
use cabotage_os::seam;
use cabotage_shm::{Directory, Name, Object, ObjectError, Won};

/// How large the object is: more than a page, and no whole number of them.
const OBJECT_BYTES: usize = 10_000;

/// One more than the system calls of the longest way to create.
const CALLS_MAX: u64 = 24;

/// The features that a worker does without, by number: none, and then what older kernels and other file systems
/// lack.
const WAYS: [&[Feature]; 4] = [
    &[],
    &[Feature::LinkByDescriptor],
    &[Feature::UnnamedFiles],
    &[Feature::UnnamedFiles, Feature::RenameNoReplace],
];

/// Ways that leave nothing behind, whenever their process is killed.
const CLEAN_WAYS: usize = 2;

/// What happened in a race.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rounds: u64,
    pub(crate) kills: u64,
    /// Rounds that were won by a process that did not live to tell.
    pub(crate) won_by_the_dead: u64,
    /// Hidden files that killed processes left, all of them cleaned up.
    pub(crate) cleaned: usize,
}

/// Runs `rounds` rounds among `workers` processes, each started by `start`; panics at the first broken promise.
pub(crate) fn supervise(
    directory: &Path,
    rounds: u64,
    workers: usize,
    seed: u64,
    start: &dyn Fn() -> Command,
    progress: &mut dyn FnMut(&Tally),
) -> Tally {
    let objects = Directory::open(directory).unwrap();
    let name = Name::parse("prize").unwrap();
    let mut random = Random(seed);
    let mut crew: Vec<Worker> = (0..workers).map(|_| Worker::start(start())).collect();
    let mut tally = Tally::default();
    while tally.rounds < rounds {
        let all_clean = random.below(2) == 0;
        let victims = victims(&mut random, workers);
        for (number, worker) in crew.iter_mut().enumerate() {
            let way = random.below(if all_clean { CLEAN_WAYS } else { WAYS.len() } as u64);
            let kill_at = match victims.get(number) {
                Some(Death::AtCall(nth)) => *nth,
                _ => u64::MAX,
            };
            worker.tell(way, kill_at);
        }
        strike(&mut random, &mut crew, &victims);
        let answers: Vec<_> = crew.iter_mut().map(Worker::answer).collect();
        let context = format!("seed {seed}, round {}: {answers:?}", tally.rounds);

        let winner = agreed_winner(&answers, &crew).unwrap_or_else(|broken| panic!("{broken}; {context}"));
        tally.won_by_the_dead += u64::from(!answers.iter().flatten().any(|answer| answer.created));
        let prize = Object::options().directory(&objects).open(&name).expect(&context);
        assert_eq!(contents(&prize).expect(&context), winner, "{context}");

        for (number, answer) in answers.iter().enumerate() {
            if answer.is_none() || matches!(victims.get(number), Some(Death::After(_))) {
                tally.kills += 1;
                crew[number] = Worker::start(start());
            }
        }
        let cleaned = objects.clean().expect(&context);
        assert!(cleaned == 0 || !all_clean, "{cleaned} files were left behind; {context}");
        tally.cleaned += cleaned;
        prize.unlink_if_mine().expect(&context);
        let left: Vec<_> = std::fs::read_dir(directory).unwrap().collect();
        assert!(left.is_empty(), "{left:?}; {context}");
        tally.rounds += 1;
        progress(&tally);
    }
    tally
}

/// Kills a lone creator before each of its calls in turn, in each way; answers how many kills there were.
///
/// Whenever it dies, the object is complete or absent, and after a [clean](Directory::clean) nothing else is there.
pub(crate) fn kill_at_each_call(directory: &Path, start: &dyn Fn() -> Command) -> u64 {
    let objects = Directory::open(directory).unwrap();
    let name = Name::parse("prize").unwrap();
    let mut kills = 0;
    for (way, nth) in (0..WAYS.len()).flat_map(|way| (0..CALLS_MAX).map(move |nth| (way, nth))) {
        let mut creator = Worker::start(start());
        creator.tell(way as u64, nth);
        let is_dead = creator.answer().is_none();
        kills += u64::from(is_dead);
        let mark = creator.mark();
        drop(creator);
        let cleaned = objects.clean().unwrap();
        assert!(
            cleaned == 0 || way >= CLEAN_WAYS,
            "way {way} left {cleaned} files, killed before call {nth}"
        );
        match Object::options().directory(&objects).open(&name) {
            Ok(prize) => {
                assert_eq!(contents(&prize).unwrap(), mark);
                prize.unlink_if_mine().unwrap();
            }
            Err(ObjectError::Missing { .. }) if is_dead => {}
            Err(error) => panic!("way {way}, killed before call {nth}: {error}"),
        }
        assert_eq!(std::fs::read_dir(directory).unwrap().count(), 0, "way {way}, killed before call {nth}");
    }
    kills
}

/// How a worker dies.
#[derive(Debug, Clone, Copy)]
enum Death {
    AtCall(u64),
    After(Duration),
}

/// Who is to die in this round, the first few of the crew; at least one worker always lives.
fn victims(random: &mut Random, workers: usize) -> Vec<Death> {
    let mut victims = Vec::new();
    while victims.len() + 1 < workers && random.below(2) == 0 {
        victims.push(match random.below(2) {
            0 => Death::AtCall(random.below(CALLS_MAX)),
            // From a microsecond to a millisecond, each power of two as likely as the next.
            _ => Death::After(Duration::from_nanos(1000 << random.below(11))),
        });
    }
    victims
}

/// Kills those whose time has come, in the order of their times.
fn strike(random: &mut Random, crew: &mut [Worker], victims: &[Death]) {
    let begin = Instant::now();
    let mut due = Vec::new();
    for (number, death) in victims.iter().enumerate() {
        if let Death::After(delay) = death {
            due.push((*delay + Duration::from_nanos(random.below(1000)), number));
        }
    }
    due.sort();
    for (delay, number) in due {
        while begin.elapsed() < delay {
            std::thread::yield_now();
        }
        crew[number].child.kill().unwrap();
    }
}

/// The mark of the one creator that all answers agree on.
fn agreed_winner(answers: &[Option<Answer>], crew: &[Worker]) -> Result<u64, String> {
    let told: Vec<_> =
        answers.iter().zip(crew).filter_map(|(answer, worker)| Some((answer.as_ref()?, worker))).collect();
    let first = told.first().ok_or("nobody lives")?.0;
    if told.iter().any(|(answer, _)| answer.identity != first.identity || answer.mark != first.mark) {
        return Err("the survivors hold different objects".into());
    }
    let winners: Vec<_> = told.iter().filter(|(answer, _)| answer.created).collect();
    match winners[..] {
        [(_, worker)] if worker.mark() == first.mark => Ok(first.mark),
        [] => {
            let dead = answers.iter().zip(crew).filter(|(answer, _)| answer.is_none());
            match dead.into_iter().any(|(_, worker)| worker.mark() == first.mark) {
                true => Ok(first.mark),
                false => Err(format!("nobody made the object marked {}", first.mark)),
            }
        }
        _ => Err(format!("{} processes created the object marked {}", winners.len(), first.mark)),
    }
}

/// What a worker said: whether it created, and what it saw.
#[derive(Debug)]
struct Answer {
    created: bool,
    identity: String,
    mark: u64,
}

/// A worker process, seen from the supervisor.
struct Worker {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, orders, answers }
    }

    /// What the worker writes into the objects it creates.
    fn mark(&self) -> u64 {
        self.child.id().into()
    }

    fn tell(&mut self, way: u64, kill_at: u64) {
        writeln!(self.orders, "{way} {kill_at}").unwrap();
    }

    /// The answer to an order, `None` from a dead worker.
    fn answer(&mut self) -> Option<Answer> {
        loop {
            let mut line = String::new();
            if self.answers.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let Some(answer) = line.strip_prefix("@ ") else { continue };
            let words: Vec<_> = answer.split_whitespace().collect();
            let [won, identity, mark] = words[..] else { panic!("a worker failed: {answer}") };
            let created = won == "created";
            return Some(Answer { created, identity: identity.into(), mark: mark.parse().unwrap() });
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The life of a worker: follows orders from stdin until it is killed or its supervisor is gone.
pub(crate) fn work(directory: &Path) {
    let directory = Directory::open(directory).unwrap();
    let name = Name::parse("prize").unwrap();
    println!();
    for order in std::io::stdin().lines() {
        let order = order.unwrap();
        let (way, kill_at) = order.split_once(' ').unwrap();
        let missing = WAYS[way.parse::<usize>().unwrap()];
        let _without: Vec<SwitchedOff> = missing.iter().copied().map(probe::without).collect();
        match compete(&directory, &name, kill_at.parse().unwrap()) {
            Ok((won, Identity { device, inode }, mark)) => {
                println!(
                    "@ {} {device}:{inode} {mark}",
                    if won == Won::Created { "created" } else { "opened" }
                );
            }
            Err(error) => println!("@ failed with {error:?}"),
        }
    }
}

fn compete(directory: &Directory, name: &Name, kill_at: u64) -> Result<(Won, Identity, u64), ObjectError> {
    let fill = |object: &Object| {
        let mark = u64::from(std::process::id()).to_ne_bytes();
        object.write_at(0, &mark)?;
        object.write_at(OBJECT_BYTES - mark.len(), &mark)
    };
    let options = Object::options().directory(directory);
    let death = seam::kill_nth(kill_at);
    let (object, won) = options.open_or_create_filled(name, OBJECT_BYTES, fill)?;
    drop(death);
    Ok((won, object.identity()?, contents(&object)?))
}

/// The mark at both ends of a complete object.
fn contents(object: &Object) -> Result<u64, ObjectError> {
    let mut ends = [[0; 8]; 2];
    object.read_at(0, &mut ends[0])?;
    object.read_at(OBJECT_BYTES - 8, &mut ends[1])?;
    assert_eq!(ends[0], ends[1], "half an object was seen");
    Ok(u64::from_ne_bytes(ends[0]))
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed gives the same race plan.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
