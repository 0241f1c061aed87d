// SPDX-License-Identifier: MIT OR Apache-2.0
//! Peers that are other processes: this program, started once more to say a word and wait for its end.

use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::directory::Name;
use cabotage_os::socket::{ListenOptions, Listener};

use super::*;

const SPEAKER: &str = "CABOTAGE_TEST_PEER";
const INHERITED: &str = "inherited";

/// Another process, killed and reaped with the guard.
struct Speaker(Child);

impl Speaker {
    /// Starts one that speaks on the socket it inherits as standard input, or connects to `path`.
    fn start(path: &str, stdin: impl Into<Stdio>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "peer::tests::another_process_speaks", "--nocapture"]);
        Self(command.env(SPEAKER, path).stdin(stdin).stdout(Stdio::null()).spawn().unwrap())
    }

    fn pid(&self) -> i32 {
        self.0.id().cast_signed()
    }

    fn end(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The other process's part; nothing when the tests run as usual.
#[test]
fn another_process_speaks() {
    let Ok(path) = std::env::var(SPEAKER) else { return };
    let socket = if path == INHERITED {
        Socket::admit(std::io::stdin().as_fd().try_clone_to_owned().unwrap()).unwrap()
    } else {
        Socket::connect(Path::new(&path), soon()).unwrap()
    };
    socket.send(b"hello", &[], soon()).unwrap();
    let _ = socket.receive(&mut [0; 8], soon());
}

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(30))
}

fn hear(socket: &Socket) -> Stamp {
    let mut hello = socket.receive(&mut [0; 8], soon()).unwrap();
    Stamp::take(&mut hello).unwrap().expect("the kernel names a process of ours")
}

/// Another process that connected to us, our end, and its stamp.
fn connected() -> (Speaker, Socket, Stamp) {
    let folder = tempfile::tempdir().unwrap();
    let directory = std::fs::File::open(folder.path()).unwrap();
    let name = Name::parse("name").unwrap();
    let listener = Listener::bind(&directory, &name, ListenOptions::new()).unwrap();
    let speaker = Speaker::start(folder.path().join("name").to_str().unwrap(), Stdio::null());
    let socket = listener.accept(soon()).unwrap();
    let stamp = hear(&socket);
    (speaker, socket, stamp)
}

/// Another process that was handed its end, our end, and its stamp.
fn handed_on(ask: bool) -> (Speaker, Socket, Stamp) {
    let (here, there) = Socket::pair().unwrap();
    if ask {
        here.ask_for_pidfds(true).unwrap();
    }
    let speaker = Speaker::start(INHERITED, there.into_fd().unwrap());
    let stamp = hear(&here);
    (speaker, here, stamp)
}

fn own_groups() -> Vec<u32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let groups = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
    let mut groups: Vec<u32> = groups.split_whitespace().map(|group| group.parse().unwrap()).collect();
    groups.sort_unstable();
    groups
}

#[test]
fn a_process_that_connected_is_known_by_number_user_and_groups() {
    let (speaker, socket, stamp) = connected();
    let peer = Peer::new(&stamp, &socket);
    assert_eq!((peer.pid(), peer.uid()), (speaker.pid(), process::own_uid()));
    let mut groups = peer.groups().unwrap().expect("it made its end");
    groups.sort_unstable();
    assert_eq!(groups, own_groups());
}

#[test]
fn the_pidfd_tells_of_the_peers_end_and_afterwards_there_is_none() {
    for is_newer in [true, false] {
        let _guard = (!is_newer).then(|| probe::without(Feature::PeerPidfd));
        let (mut speaker, socket, stamp) = connected();
        let peer = Peer::new(&stamp, &socket);
        let pidfd = peer.pidfd().unwrap().expect("it runs");
        assert!(pidfd.pid().as_raw_nonzero().get() == speaker.pid() && !pidfd.has_exited().unwrap());
        speaker.end();
        assert!(pidfd.has_exited().unwrap());
        assert!(peer.pidfd().unwrap().is_none());
    }
}

#[test]
fn whoever_was_handed_its_end_is_found_but_has_not_the_makers_groups() {
    let (mut speaker, socket, stamp) = handed_on(false);
    let peer = Peer::new(&stamp, &socket);
    assert_eq!(peer.pid(), speaker.pid());
    assert_eq!(peer.groups().unwrap(), None);
    let pidfd = peer.pidfd().unwrap().expect("it runs");
    speaker.end();
    assert!(pidfd.has_exited().unwrap() && peer.pidfd().unwrap().is_none());
}

#[test]
fn a_pidfd_that_came_with_the_hello_stays_that_processs_after_its_end() {
    let (mut speaker, socket, stamp) = handed_on(true);
    if stamp.pidfd.is_none() {
        return eprintln!("skipped: this kernel sends no pidfds (before Linux 6.5)");
    }
    let peer = Peer::new(&stamp, &socket);
    assert!(!peer.pidfd().unwrap().unwrap().has_exited().unwrap());
    speaker.end();
    assert!(peer.pidfd().unwrap().unwrap().has_exited().unwrap());
}

#[test]
fn a_process_that_started_after_the_hello_is_not_taken_for_the_peer() {
    let (_speaker, socket, stamp) = handed_on(false);
    let before_it_started = Stamp { received_ticks: 0, ..stamp };
    assert!(Peer::new(&before_it_started, &socket).pidfd().unwrap().is_none());
}

#[test]
fn without_pidfds_the_refusal_is_told() {
    let (_speaker, socket, stamp) = handed_on(false);
    let _guard = probe::without(Feature::PidfdOpen);
    let refusal = Peer::new(&stamp, &socket).pidfd().unwrap_err();
    assert!(matches!(refusal, PeerError::System(_)) && refusal.fault() == Fault::System, "{refusal}");
}

#[test]
fn a_sender_without_a_number_or_a_user_of_ours_is_unidentified() {
    let own_uid = process::own_uid();
    let overflow = process::overflow_uid().unwrap();
    for (pid, uid, expected) in [
        (1, own_uid, true),
        (i32::MAX, overflow.wrapping_add(1), true),
        (0, own_uid, false),
        (-1, own_uid, false),
        (i32::MIN, 0, false),
        (1, overflow, own_uid == overflow),
        (0, overflow, false),
    ] {
        let sender = Credentials { pid, uid, gid: 0 };
        assert_eq!(is_identified(&sender), Ok(expected), "{sender:?}");
        let mut hello = Arrival { sender: Some(sender), ..Arrival::default() };
        assert_eq!(Stamp::take(&mut hello).unwrap().is_some(), expected, "{sender:?}");
    }
    assert!(Stamp::take(&mut Arrival::default()).unwrap().is_none());
}
