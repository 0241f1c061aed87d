// SPDX-License-Identifier: MIT OR Apache-2.0
//! The race: servers with instances, clients that connect, a referee that kills a server now and then and counts.
//!
//! Each client says nothing first: its instance greets it with its own number and turn, and the client reports that.
//! A greeting that comes twice is an instance that was given to two; one that does not come is a client lost.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use cabotage_link::names::{Registry, Scope};
use cabotage_os::Deadline;
use cabotage_os::socket::Socket;
use cabotage_pipe::named::place::{self, ConnectOptions, Instance, Rights};
use cabotage_pipe::named::rules::{Access, Asked, HandleState, PipeMode};
use cabotage_pipe::named::{PipeError, PipeName};

/// How the race goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// Connects in each round, all at once.
    pub(crate) connects: usize,
    /// Instances of all servers together.
    pub(crate) instances: usize,
    /// Processes.
    pub(crate) servers: usize,
    pub(crate) clients: usize,
    /// Whether a server is killed in every second round, and another comes.
    pub(crate) kills: bool,
}

/// How long anything may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a server's instance sends to its client.
const GREETING_BYTES: usize = 64;

/// Begins the lines that the referee reads.
const MARK: &str = "@ ";

/// Gives the command that plays a role in a process of its own.
pub(crate) type Start<'a> = &'a dyn Fn(&[String]) -> Command;

/// The referee.
pub(crate) struct Race<'a> {
    root: &'a Path,
    plan: Plan,
    start: Start<'a>,
    greetings: HashSet<String>,
}

impl<'a> Race<'a> {
    pub(crate) fn new(root: &'a Path, plan: Plan, start: Start<'a>) -> Self {
        Self { root, plan, start, greetings: HashSet::new() }
    }

    /// Answers how many clients were told of a killed server, and came again.
    pub(crate) fn run(mut self) -> usize {
        let mut servers: Vec<_> = (0..self.plan.servers).map(|at| self.server(at)).collect();
        let mut clients: Vec<_> = (0..self.plan.clients).map(|_| self.player("client", 0)).collect();
        let mut told = 0;
        for round in 0..self.plan.rounds {
            for (at, client) in clients.iter_mut().enumerate() {
                client.tell(&share(self.plan.connects, self.plan.clients, at).to_string());
            }
            if self.plan.kills && round % 2 == 1 {
                let at = round / 2 % self.plan.servers;
                servers[at] = self.server(at);
            }
            let before = self.greetings.len();
            for client in &mut clients {
                told += self.count(client, round);
            }
            assert_eq!(self.greetings.len() - before, self.plan.connects, "round {round}: a client is lost");
        }
        told
    }

    /// What one process of clients has to say of a round; answers how many of them were told of a killed server.
    fn count(&mut self, client: &mut Player, round: usize) -> usize {
        loop {
            let line = client.line();
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["greeted", greeting] => {
                    assert!(self.greetings.insert(greeting.into()), "round {round}: {greeting} came twice");
                }
                ["told", count] => return count.parse().unwrap(),
                _ => panic!("round {round}: {line}"),
            }
        }
    }

    /// A server that has its instances. The one that was there before is killed when the new one takes its place.
    fn server(&self, at: usize) -> Player {
        let mut server = self.player("server", share(self.plan.instances, self.plan.servers, at));
        assert_eq!(server.line(), "ready");
        server
    }

    fn player(&self, role: &str, count: usize) -> Player {
        let words = [role.into(), self.root.display().to_string(), count.to_string()];
        let mut command = (self.start)(&words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let orders = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Player { child, orders, lines }
    }
}

/// The part of `all` that the one at this place has.
fn share(all: usize, parts: usize, at: usize) -> usize {
    all / parts + usize::from(at < all % parts)
}

/// A process, seen by the referee; killed when it is dropped.
struct Player {
    child: Child,
    orders: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Player {
    fn tell(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.lines.read_line(&mut line).unwrap(),
                0,
                "a process has ended: its words stand above"
            );
            if let Some(line) = line.strip_prefix(MARK) {
                return line.trim_end().into();
            }
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Plays the role that these words say, until standard input ends.
pub(crate) fn play(role: &[String]) {
    let [role, root, count] = role else { panic!("which role is {role:?}?") };
    let registry = Registry::at(Path::new(root).join("user"), Path::new(root).join("system"));
    println!();
    match role.as_str() {
        "server" => serve(&registry, count.parse().unwrap()),
        "client" => {
            for order in std::io::stdin().lines() {
                connect_many(&registry, order.unwrap().parse().unwrap());
            }
        }
        role => panic!("which role is {role:?}?"),
    }
}

fn name() -> PipeName {
    "race".parse().unwrap()
}

/// A server with so many instances, a thread for each.
fn serve(registry: &Registry, count: usize) {
    let asked = Asked {
        access: Access::BOTH,
        pipe_mode: PipeMode::Message,
        handle: HandleState::CLIENT,
        instances_max: 255,
        in_quota_bytes: 4096,
        out_quota_bytes: 4096,
        default_timeout: Duration::ZERO,
        first_instance: false,
    };
    let create = || {
        let deadline = Deadline::within(PATIENCE);
        let creation = asked.check().unwrap();
        place::create(registry, Scope::User, &name(), &creation, Rights::default(), deadline).unwrap()
    };
    let instances: Vec<_> = (0..count).map(|_| create()).collect();
    println!("{MARK}ready");
    std::thread::scope(|scope| {
        for instance in instances {
            scope.spawn(|| serve_one_after_another(instance));
        }
    });
}

fn serve_one_after_another(mut instance: Instance) {
    let pid = std::process::id();
    for turn in 0_u64.. {
        let client = instance.accept(Deadline::Never).unwrap();
        let greeting = format!("{pid}.{}.{turn}", instance.id());
        // A client that has gone meanwhile is a client all the same.
        let _ = client.send(greeting.as_bytes(), &[], Deadline::within(PATIENCE));
        // It hangs up when it has read that.
        while client.receive(&mut [0; GREETING_BYTES], Deadline::within(PATIENCE)).is_ok() {}
        drop(client);
        instance.listen(Deadline::within(PATIENCE)).unwrap();
    }
}

/// So many clients at once; reports each greeting, and how many came again.
fn connect_many(registry: &Registry, count: usize) {
    let greeted: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..count).map(|_| scope.spawn(|| connect(registry))).collect();
        all.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let mut told = 0;
    for (greeting, times) in greeted {
        println!("{MARK}greeted {greeting}");
        told += times;
    }
    println!("{MARK}told {told}");
}

/// The greeting that came, and how often a server was killed before it.
fn connect(registry: &Registry) -> (String, usize) {
    for told in 0.. {
        let (options, deadline) = (ConnectOptions::default(), Deadline::within(PATIENCE));
        let socket = match place::connect(registry, &name(), Access::BOTH, options, deadline) {
            Ok(connection) => connection.socket,
            Err(PipeError::TimedOut) => panic!("a client hangs"),
            Err(error) => panic!("{error}"),
        };
        if let Some(greeting) = greeting_of(&socket) {
            return (greeting, told);
        }
    }
    unreachable!("a client comes until it is greeted")
}

/// `None` from a server that was killed.
fn greeting_of(socket: &Socket) -> Option<String> {
    use cabotage_os::socket::ReceiveError;

    let mut bytes = [0; GREETING_BYTES];
    match socket.receive(&mut bytes, Deadline::within(PATIENCE)) {
        Ok(arrival) => Some(String::from_utf8(bytes[..arrival.bytes].to_vec()).unwrap()),
        Err(ReceiveError::HungUp) => None,
        Err(error) => panic!("a client is lost: {error}"),
    }
}
