// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that publishes and connects as it is told, and is killed as its test likes.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use cabotage_link::names::{ConnectOptions, Kind, PublishOptions, Published, Registry, Scope};
use cabotage_os::testing::Role;
pub(crate) use cabotage_os::testing::Worker;
use cabotage_os::{Deadline, Errno, limits, seam};

use crate::{Harbour, in_system, name, own_uid, registry_in, soon};

/// Tells a process that it is a worker, and where.
const FOLDER: &str = "CABOTAGE_TEST_NAMES";
const TEST: &str = "worker::a_worker_does_as_it_is_told";

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
    const STRANGER: u32 = 65_534;
    if own_uid() != 0 {
        println!("skipped: only root can start a process of another user");
        return None;
    }
    // Where that user can reach it.
    drop(harbour.registry.publish(Kind::Link, &name("x"), in_system(), soon()).unwrap());
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
    let mut desk = Desk { registry: registry_in(Path::new(&root)), published: None };
    println!();
    for order in std::io::stdin().lines() {
        println!("@ {}", desk.obey(&order.unwrap()));
    }
    // As a killed one would: what it has published stays.
    std::mem::forget(desk);
}

/// What a worker has.
struct Desk {
    registry: Registry,
    published: Option<Published>,
}

impl Desk {
    /// Follows an order of one word, a name, and the number of the call at which to die.
    fn obey(&mut self, order: &str) -> String {
        let words: Vec<_> = order.split(' ').collect();
        let nth = words.last().and_then(|word| word.parse().ok()).unwrap_or(u64::MAX);
        let _death = seam::kill_nth(nth);
        match words[..] {
            ["publish", text, ..] => self.publish(text, PublishOptions::new()),
            ["publish-shared", text] => self.publish(text, in_system().mode(0o666)),
            ["connect", text] => self.connect(text),
            ["remove-shared", text] => {
                match self.registry.remove_stale(Kind::Link, &name(text), Scope::System, soon()) {
                    Ok(any) => format!("removed {any}"),
                    Err(error) => format!("{error:?}"),
                }
            }
            ["sweep", scope, ..] => self.sweep(if scope == "system" { Scope::System } else { Scope::User }),
            ["list"] => self.list(),
            ["fail-at-each-call"] => self.fail_at_each_call(),
            ["drop", ..] => {
                self.published = None;
                "dropped".into()
            }
            _ => panic!("what is {order:?}?"),
        }
    }

    fn publish(&mut self, text: &str, options: PublishOptions) -> String {
        match self.registry.publish(Kind::Link, &name(text), options, soon()) {
            Ok(published) => {
                if let Some(before) = self.published.replace(published) {
                    std::mem::forget(before);
                }
                "published".into()
            }
            Err(error) => format!("{error:?}"),
        }
    }

    fn connect(&self, text: &str) -> String {
        match self.registry.connect(Kind::Link, &name(text), ConnectOptions::new(), Deadline::Now) {
            Ok(socket) => format!("connected {}", socket.peer().unwrap().pid),
            Err(error) => format!("{error:?}"),
        }
    }

    fn sweep(&self, scope: Scope) -> String {
        match self.registry.remove_all_stale(Kind::Link, scope, soon()) {
            Ok(count) => format!("swept {count}"),
            Err(error) => format!("{error:?}"),
        }
    }

    /// One life of a name, again and again, with another call failing each time.
    fn fail_at_each_call(&self) -> String {
        self.live().unwrap();
        for errno in [Errno::MFILE, Errno::NOMEM, Errno::INTR, Errno::ACCESS, Errno::NOSPC] {
            for nth in 0.. {
                let before = limits::descriptors_in_use().unwrap();
                let plan = seam::fail_nth(nth, errno);
                // An error may own what comes back with it: only its text stays.
                let answer = self.live().map_err(|error| error.to_string());
                let struck = plan.has_struck();
                drop(plan);
                let case = format!("call {nth} fails with {errno}: {answer:?}");
                assert_eq!(limits::descriptors_in_use().unwrap(), before, "descriptors leak: {case}");
                self.registry.remove_all_stale(Kind::Link, Scope::User, soon()).unwrap();
                assert!(answer.is_ok() || struck, "{case}");
                // What could not be removed even so is gone after the next life.
                self.live().unwrap_or_else(|error| panic!("{error} after {case}"));
                if !struck {
                    break;
                }
            }
        }
        "every failure was told".into()
    }

    fn live(&self) -> Result<(), Box<dyn std::error::Error>> {
        let one = name("one");
        let published = self.registry.publish(Kind::Link, &one, PublishOptions::new(), soon())?;
        let options = ConnectOptions::new().wait_for_name().required_uid(own_uid());
        let client = self.registry.connect(Kind::Link, &one, options, soon())?;
        published.accept(soon())?.send(b"x", &[], soon())?;
        client.receive(&mut [0; 8], soon())?;
        self.registry.list(Kind::Link)?;
        published.unpublish()?;
        Ok(())
    }

    fn list(&self) -> String {
        let names = self.registry.list(Kind::Link).unwrap();
        let told: Vec<_> = names.iter().map(|one| format!("{}={:?}", one.name, one.alive)).collect();
        told.join(" ")
    }
}
