// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests share: names in a folder of their own, and processes that play parts.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use cabotage_link::names::Registry;
use cabotage_mach::bootstrap::{CheckIn, LookUp};
use cabotage_mach::{Carried, Deadline, Message, Notification, Outgoing, ReceiveRight, SendRight};
use cabotage_os::object::unguessable;
use cabotage_os::spawn::Spawn;
pub(crate) use cabotage_os::testing::Other;
use tempfile::TempDir;

const ROLE: &str = "CABOTAGE_MACH_ROLE";
const FOLDER: &str = "CABOTAGE_MACH_FOLDER";
/// Where a process that plays a part finds the end that it was given.
pub(crate) const GIVEN: i32 = 9;

/// Long enough for anything that is to happen.
pub(crate) fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

fn registry(root: &Path) -> Registry {
    Registry::at(root.join("user"), root.join("system"))
}

/// A folder with names.
pub(crate) struct Harbour {
    root: TempDir,
}

impl Harbour {
    pub(crate) fn new() -> Self {
        Self { root: TempDir::new().unwrap() }
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn registry(&self) -> Registry {
        registry(self.root.path())
    }

    pub(crate) fn check_in(&self, name: &str) -> ReceiveRight {
        CheckIn::new().registry(&registry(self.root.path())).check_in(name).unwrap()
    }

    pub(crate) fn look_up(&self, name: &str) -> SendRight {
        LookUp::new().registry(&registry(self.root.path())).wait(soon()).look_up(name).unwrap()
    }

    /// A process that plays `role` in the test named `test`; it may get the end of a link.
    pub(crate) fn start(&self, test: &str, role: &str, given: Option<OwnedFd>) -> Other {
        self.start_as(Command::new(std::env::current_exe().unwrap()), test, role, given)
    }

    /// The same, by a command that was made ready: another copy of this program, another user.
    pub(crate) fn start_as(
        &self,
        mut command: Command,
        test: &str,
        role: &str,
        given: Option<OwnedFd>,
    ) -> Other {
        command.args([test, "--exact", "--nocapture", "--include-ignored", "--test-threads=1"]);
        command.env(ROLE, role).env(FOLDER, self.root.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let spawn = Spawn::from(command);
        let spawn = match given {
            Some(end) => spawn.pass_as(end, GIVEN),
            None => spawn,
        };
        Other::of(spawn.spawn().unwrap())
    }
}

/// The part that this process plays, if a test has started it.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// The folder of a process that plays a part.
pub(crate) fn their_folder() -> PathBuf {
    std::env::var_os(FOLDER).unwrap().into()
}

pub(crate) fn their_registry() -> Registry {
    registry(&their_folder())
}

/// What a process that plays a part looks up.
pub(crate) fn look_up(name: &str) -> SendRight {
    LookUp::new().registry(&their_registry()).wait(soon()).look_up(name).unwrap()
}

/// Under what a process that plays a part checks in.
pub(crate) fn check_in(name: &str) -> ReceiveRight {
    CheckIn::new().registry(&their_registry()).check_in(name).unwrap()
}

/// Waits until the test says something; at its end, for ever.
pub(crate) fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Says something to the test.
pub(crate) fn say(word: &str) {
    println!("\n> {word}");
}

/// Kills a process between a moment and 30 ms from now, each power of two as likely as the next.
pub(crate) fn kill_some_time(victim: &mut Other) {
    let random = unguessable().unwrap();
    let micros = (random >> 8) % (1 << (random % 15));
    std::thread::sleep(Duration::from_micros(micros));
    victim.kill();
}

/// How many descriptors and maps of shared memory this process has, and how many KiB of memory of its own.
pub(crate) fn held() -> String {
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().count();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let maps = maps.lines().filter(|line| line.contains("memfd:")).count();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    format!("{descriptors} {maps} {}", own.trim().trim_end_matches(" kB"))
}

/// How much more of each a process may have: rings may have grown, and the allocator keeps something.
const MORE: [usize; 3] = [0, 4, 4 << 10];

/// Asks until a process has no more than it had at first.
#[track_caller]
pub(crate) fn until_held(mut ask: impl FnMut() -> String, at_first: &str) {
    let numbers =
        |text: &str| -> Vec<usize> { text.split(' ').map(|number| number.parse().unwrap()).collect() };
    let (deadline, before) = (soon(), numbers(at_first));
    loop {
        let now = numbers(&ask());
        if now.iter().zip(before.iter().zip(MORE)).all(|(now, (before, more))| *now <= before + more) {
            return;
        }
        assert!(!deadline.has_passed(), "descriptors, maps and KiB: {now:?} are left of {before:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The next message of a port.
#[track_caller]
pub(crate) fn next(port: &ReceiveRight) -> Message {
    port.receive_within(soon()).unwrap()
}

/// The send rights that a message brought.
pub(crate) fn brought(mut message: Message) -> Vec<SendRight> {
    let right = |carried| match carried {
        Carried::Right(right) => right.into_send(),
        _ => None,
    };
    message.take_carried().into_iter().filter_map(right).collect()
}

/// A message with a send right in it.
pub(crate) fn with(id: i32, right: SendRight) -> Outgoing {
    Outgoing::new(id).with(right)
}

/// Waits until the kernel says that nobody can send to the port any more; answers how many messages came meanwhile. Each
/// of those counts as a sender until it is received.
#[track_caller]
pub(crate) fn until_unused(port: &ReceiveRight, told: &ReceiveRight) -> usize {
    port.notify_when_unused(0, told.make_send_once().unwrap()).unwrap();
    let (deadline, mut came) = (soon(), 0);
    loop {
        came += std::iter::from_fn(|| port.try_receive().ok()).count();
        match told.receive_within(Duration::from_millis(5)) {
            Ok(news) => {
                let news = news.into_notification().unwrap();
                assert!(matches!(news, Notification::NoSenders { .. }), "{news:?}");
                return came;
            }
            Err(error) => assert!(!deadline.has_passed(), "{error}"),
        }
    }
}
