// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that creates instances and connects to them as it is told, and is killed as its test likes.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use cabotage_link::names::{Registry, Scope};
use cabotage_os::socket::Socket;
use cabotage_os::testing::Role;
pub(crate) use cabotage_os::testing::Worker;
use cabotage_os::{Deadline, seam};
use cabotage_pipe::named::PipeError;
use cabotage_pipe::named::place::{self, ConnectOptions, Creators, Instance, Patience, Rights};
use cabotage_pipe::named::rules::{Access, Asked};

use crate::{ASKED, Harbour, creation, failing, name, own_uid, registry_in, soon, sweep};

/// Tells a process that it is a worker, and where.
const FOLDER: &str = "CABOTAGE_TEST_PIPES";
const TEST: &str = "worker::a_worker_does_as_it_is_told";

/// A user that is nobody else here.
pub(crate) const STRANGER: u32 = 65_534;

/// What a worker in this folder is told.
pub(crate) fn role(root: &Path) -> Role {
    Role { test: TEST, variable: FOLDER, place: root.into() }
}

/// A worker there.
pub(crate) fn start(root: &Path) -> Worker {
    Worker::start(&role(root))
}

/// In a pid namespace of its own; `None`, where that cannot be had.
pub(crate) fn start_in_a_pid_namespace(root: &Path) -> Option<Worker> {
    let worker = Worker::start_in_a_pid_namespace(&role(root));
    if worker.is_none() {
        println!("skipped: making a pid namespace needs root and unshare");
    }
    worker
}

/// A worker of another user, who finds the system scope of `harbour` made; `None`, where that cannot be had.
pub(crate) fn stranger(harbour: &Harbour) -> Option<Worker> {
    if own_uid() != 0 {
        println!("skipped: only root can start a process of another user");
        return None;
    }
    drop(harbour.create_shared("x", Rights::default()).unwrap());
    // Where that user can reach it.
    let root = harbour.root.path();
    std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = root.join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(program);
    command.uid(STRANGER).gid(STRANGER).current_dir("/");
    Some(Worker::run(command, &role(root)))
}

#[test]
fn a_worker_does_as_it_is_told() {
    let Some(root) = std::env::var_os(FOLDER) else { return };
    let mut desk =
        Desk { registry: registry_in(Path::new(&root)), instances: Vec::new(), sockets: Vec::new() };
    println!();
    for order in std::io::stdin().lines() {
        println!("@ {}", desk.obey(&order.unwrap()));
    }
    // As a killed one would: what it has created stays.
    std::mem::forget(desk);
}

/// What a worker has.
struct Desk {
    registry: Registry,
    instances: Vec<Instance>,
    sockets: Vec<Socket>,
}

impl Desk {
    /// Follows an order of a word, perhaps a name, and perhaps the number of the call at which to die.
    fn obey(&mut self, order: &str) -> String {
        let words: Vec<_> = order.split(' ').collect();
        let nth = words.last().and_then(|word| word.parse().ok()).unwrap_or(u64::MAX);
        let _death = seam::kill_nth(nth);
        let answer = match words[..] {
            ["create", text, ..] => self.create(text, Scope::User, Rights::default(), false),
            ["create-first", text, ..] => self.create(text, Scope::User, Rights::default(), true),
            ["create-shared", text] => {
                self.create(text, Scope::System, Rights { mode: 0o666, ..Rights::default() }, false)
            }
            ["create-for-all", text] => {
                let rights = Rights { mode: 0o666, creators: Creators::Everyone, ..Rights::default() };
                self.create(text, Scope::System, rights, false)
            }
            ["connect", text, ..] => self.connect(text, Deadline::Now),
            ["wait-and-connect", text] => self.connect(text, soon()),
            ["wait", text] => {
                place::wait(&self.registry, &name(text), ConnectOptions::default(), Patience::Until(soon()))
                    .map(|()| "waited".into())
            }
            ["accept", ..] => self.accept(),
            ["listen", ..] => {
                self.instances.iter_mut().try_for_each(|one| one.listen(soon())).map(|()| "listening".into())
            }
            ["close", ..] => {
                self.instances.clear();
                Ok("closed".into())
            }
            ["sweep", "system"] => Ok(format!("swept {}", sweep(&self.registry, Scope::System))),
            ["sweep", ..] => Ok(format!("swept {}", sweep(&self.registry, Scope::User))),
            ["list"] => self.list(),
            ["fail-at-each-call"] => Ok(failing::fail_at_each_call(&self.registry)),
            _ => panic!("what is {order:?}?"),
        };
        answer.unwrap_or_else(|error: PipeError| format!("{error:?}").replace('\n', " "))
    }

    fn create(&mut self, text: &str, scope: Scope, rights: Rights, first: bool) -> Result<String, PipeError> {
        let creation = creation(Asked { first_instance: first, ..ASKED });
        self.instances.push(place::create(&self.registry, scope, &name(text), &creation, rights, soon())?);
        Ok("created".into())
    }

    fn connect(&mut self, text: &str, deadline: Deadline) -> Result<String, PipeError> {
        let options = ConnectOptions::default();
        let connection = place::connect(&self.registry, &name(text), Access::BOTH, options, deadline)?;
        let pid = connection.socket.peer()?.pid;
        self.sockets.push(connection.socket);
        Ok(format!("connected {pid}"))
    }

    fn accept(&mut self) -> Result<String, PipeError> {
        let mut pids = Vec::new();
        for instance in self.instances.iter_mut().filter(|one| one.is_listening()) {
            let client = instance.accept(soon())?;
            pids.push(client.peer()?.pid.to_string());
            self.sockets.push(client);
        }
        Ok(format!("accepted {}", pids.join(" ")))
    }

    fn list(&self) -> Result<String, PipeError> {
        let count =
            |open: &Option<_>| open.as_ref().map_or("closed".into(), |(_, n): &(_, usize)| n.to_string());
        let told = place::list(&self.registry)?;
        Ok(told.iter().map(|one| format!("{}={}", one.file, count(&one.open))).collect::<Vec<_>>().join(" "))
    }
}
