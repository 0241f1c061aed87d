// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sockets with names: who may listen, who may connect, and what each refusal says.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::directory::{Directory, Name, Rules, hidden_name};
use cabotage_os::probe::{self, Feature};
use cabotage_os::socket::{AcceptError, BindError, Claim, ConnectError, ListenOptions, Listener, Socket};

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn own_pid() -> i32 {
    std::process::id().cast_signed()
}

fn place() -> (tempfile::TempDir, Directory) {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    (root, directory)
}

#[test]
fn a_client_and_a_server_know_each_other_before_accept() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("echo"), ListenOptions::new()).unwrap();
    let client = Socket::connect_in(&directory, &name("echo"), Deadline::Now).unwrap();
    client.send(b"early", &[], Deadline::Now).unwrap();
    let served = listener.accept(soon()).unwrap();
    assert_eq!(served.receive(&mut [0; 8], soon()).unwrap().sender.unwrap().pid, own_pid());
    served.send(b"late", &[], Deadline::Now).unwrap();
    assert_eq!(client.receive(&mut [0; 8], soon()).unwrap().sender.unwrap().pid, own_pid());
    assert_eq!(client.peer().unwrap().pid, own_pid());
    assert_eq!(served.peer().unwrap().pid, own_pid());
}

#[test]
fn names_and_paths_of_any_length_work() {
    let (root, _) = place();
    let long = root.path().join("d".repeat(200)).join("e".repeat(200));
    std::fs::create_dir_all(&long).unwrap();
    let directory = Directory::open(&long, Rules::ours()).unwrap();
    let longest = name(&"n".repeat(255));
    let listener = Listener::bind(&directory, &longest, ListenOptions::new()).unwrap();
    let by_path = Socket::connect(&long.join(longest.as_path()), Deadline::Now).unwrap();
    let by_name = Socket::connect_in(&directory, &longest, Deadline::Now).unwrap();
    listener.accept(Deadline::Now).unwrap();
    listener.accept(Deadline::Now).unwrap();
    assert_eq!(directory.entries().unwrap().len(), 1, "no hidden name is left");
    drop((by_path, by_name));
}

#[test]
fn a_name_has_one_server() {
    for without in [None, Some(Feature::RenameNoReplace)] {
        let _guard = without.map(probe::without);
        let (root, directory) = place();
        std::fs::write(root.path().join("file"), "").unwrap();
        let listener = Listener::bind(&directory, &name("one"), ListenOptions::new()).unwrap();
        for taken in ["one", "file"] {
            let refused = Listener::bind(&directory, &name(taken), ListenOptions::new()).unwrap_err();
            assert_eq!(refused, BindError::Taken(name(taken)));
        }
        assert_eq!(directory.entries().unwrap().len(), 2, "nothing is left behind");
        assert_eq!(directory.inode(&name("one")).unwrap(), Some(listener.inode()));
        assert!(directory.remove_if_same(&name("one"), listener.inode()).unwrap());
        assert!(!directory.remove_if_same(&name("one"), listener.inode()).unwrap());
    }
}

#[test]
fn a_name_left_behind_is_replaced_on_demand_and_in_one_step() {
    let (_root, directory) = place();
    drop(Listener::bind(&directory, &name("one"), ListenOptions::new()).unwrap());
    let detour = hidden_name().unwrap();
    let options = ListenOptions::new();
    let _plan = cabotage_os::seam::before("renameat", {
        let again = Directory::open(directory.path(), Rules::ours()).unwrap();
        move || assert!(again.inode(&name("one")).unwrap().is_some(), "the old one, until it is the new one")
    });
    let listener = Listener::bind_by(&directory, &detour, &name("one"), Claim::Replacing, options).unwrap();
    assert_eq!(directory.inode(&name("one")).unwrap(), Some(listener.inode()));
    assert_eq!(directory.entries().unwrap().len(), 1);
    Socket::connect_in(&directory, &name("one"), Deadline::Now).unwrap();
}

#[test]
fn a_listener_stays_with_the_process_that_made_it() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("one"), ListenOptions::new()).unwrap();
    let refuses = || !listener.is_here() && listener.accept(soon()).unwrap_err() == AcceptError::Forked;
    assert!(cabotage_os::fork::child_answers(refuses, soon()).unwrap());
    Socket::connect_in(&directory, &name("one"), Deadline::Now).unwrap();
    listener.accept(soon()).unwrap();
}

#[test]
fn who_may_connect_does_not_depend_on_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let (root, directory) = place();
    for mode in [0o600, 0o666, 0o620] {
        let file = format!("m{mode:o}");
        let _listener = Listener::bind(&directory, &name(&file), ListenOptions::new().mode(mode)).unwrap();
        let found = std::fs::metadata(root.path().join(file)).unwrap().permissions().mode();
        assert_eq!(found & 0o7777, mode);
    }
}

#[test]
fn each_way_not_to_connect_has_its_own_answer() {
    let (root, directory) = place();
    std::fs::write(root.path().join("file"), "").unwrap();
    std::os::unix::fs::symlink("alive", root.path().join("link")).unwrap();
    let _stream = UnixListener::bind(root.path().join("stream")).unwrap();
    let _alive = Listener::bind(&directory, &name("alive"), ListenOptions::new()).unwrap();
    drop(Listener::bind(&directory, &name("stale"), ListenOptions::new()).unwrap());
    let refused = |text: &str| Socket::connect_in(&directory, &name(text), Deadline::Never).unwrap_err();
    let path = |text: &str| text.into();
    assert_eq!(refused("none"), ConnectError::Missing { path: path("none") });
    assert_eq!(refused("file"), ConnectError::NotASocket { path: path("file") });
    assert_eq!(refused("link"), ConnectError::NotASocket { path: path("link") });
    assert_eq!(refused("stream"), ConnectError::NotMessages { path: path("stream") });
    assert_eq!(refused("stale"), ConnectError::NobodyListens { path: path("stale") });
}

#[test]
fn a_listener_for_one_takes_one_and_the_next_waits_for_accept() {
    let (_root, directory) = place();
    let options = ListenOptions::new().waiting_max(1);
    let listener = Listener::bind(&directory, &name("one"), options).unwrap();
    assert_eq!(listener.accept(Deadline::Now).unwrap_err(), AcceptError::Nobody);
    let connect = |deadline| Socket::connect_in(&directory, &name("one"), deadline);
    let _first = connect(Deadline::Now).unwrap();
    let busy = ConnectError::Busy { path: "one".into() };
    assert_eq!(connect(Deadline::Now).unwrap_err(), busy);
    assert_eq!(connect(Deadline::within(Duration::from_millis(1))).unwrap_err(), busy);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| connect(soon()));
        listener.accept(soon()).unwrap();
        listener.accept(soon()).unwrap();
        second.join().unwrap().unwrap();
    });
}

#[test]
fn an_open_place_is_connected_to_after_its_name_is_gone() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("shy"), ListenOptions::new()).unwrap();
    let place = directory.open_file(&name("shy"), rustix::fs::OFlags::PATH, 0).unwrap();
    assert!(directory.remove_if_same(&name("shy"), listener.inode()).unwrap());
    Socket::connect_to(&place, Deadline::Now).unwrap();
    listener.accept(Deadline::Now).unwrap();
}
