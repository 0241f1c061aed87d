// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking a name up: the two scopes, and each way not to be connected.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use cabotage_link::names::{ConnectError, ConnectOptions, Kind, PublishOptions, Scope};
use cabotage_os::{Deadline, Fault};

use crate::worker;
use crate::{Harbour, defaults, harbour, in_system, name, own_pid, own_uid, soon};

fn publish(harbour: &Harbour, text: &str, options: PublishOptions) -> cabotage_link::names::Published {
    harbour.registry.publish(Kind::Link, &name(text), options, soon()).unwrap()
}

/// Leaves a name behind, as a killed process does.
fn leave_behind(harbour: &Harbour, text: &str) {
    let mut worker = worker::start(harbour.root.path());
    assert_eq!(worker.ask(&format!("publish {text}")).unwrap(), "published");
    worker.kill();
}

#[test]
fn the_user_scope_comes_before_the_system_scope() {
    let harbour = harbour();
    let far = publish(&harbour, "one", in_system());
    harbour.connect("one").unwrap();
    far.accept(Deadline::Now).unwrap();
    let near = publish(&harbour, "one", defaults());
    harbour.connect("one").unwrap();
    near.accept(Deadline::Now).unwrap();
    let options = ConnectOptions::new().scope(Scope::System);
    harbour.registry.connect(Kind::Link, &name("one"), options, Deadline::Now).unwrap();
    far.accept(Deadline::Now).unwrap();
}

#[test]
fn a_name_left_behind_in_the_user_scope_hides_none_in_the_system_scope() {
    let harbour = harbour();
    leave_behind(&harbour, "one");
    let path = harbour.folder(Scope::User).join("one");
    assert_eq!(harbour.connect("one").unwrap_err(), ConnectError::Refused { path });
    let far = publish(&harbour, "one", in_system());
    harbour.connect("one").unwrap();
    far.accept(Deadline::Now).unwrap();
}

#[test]
fn each_way_not_to_connect_has_its_own_answer() {
    let harbour = harbour();
    let _full = publish(&harbour, "full", defaults().waiting_max(1));
    let _first = harbour.connect("full").unwrap();
    leave_behind(&harbour, "left");
    let folder = harbour.folder(Scope::User);
    std::fs::write(folder.join("file"), "").unwrap();
    std::os::unix::fs::symlink("full", folder.join("link")).unwrap();
    let _stream = UnixListener::bind(folder.join("stream")).unwrap();

    let searched = vec![harbour.root.path().join("user"), harbour.root.path().join("system")];
    let path = |text: &str| folder.join(text);
    for (text, expected, fault) in [
        ("none", ConnectError::Absent { name: name("none"), searched }, Fault::Caller),
        ("left", ConnectError::Refused { path: path("left") }, Fault::Peer),
        ("full", ConnectError::Busy { path: path("full") }, Fault::Peer),
        ("file", ConnectError::NotPublished { path: path("file") }, Fault::Caller),
        ("link", ConnectError::NotPublished { path: path("link") }, Fault::Caller),
        ("stream", ConnectError::NotPublished { path: path("stream") }, Fault::Caller),
    ] {
        let refused = harbour.connect(text).unwrap_err();
        assert_eq!(refused, expected);
        assert_eq!(refused.fault(), fault);
        assert!(refused.to_string().contains(text), "{refused}");
    }
    let short = Deadline::within(Duration::from_millis(5));
    let late = harbour.registry.connect(Kind::Link, &name("full"), ConnectOptions::new(), short);
    assert_eq!(late.unwrap_err(), ConnectError::Busy { path: path("full") });
}

#[test]
fn a_server_of_another_user_is_refused_where_one_is_demanded() {
    let harbour = harbour();
    let published = publish(&harbour, "one", defaults());
    let connect = |uid| {
        let options = ConnectOptions::new().required_uid(uid);
        harbour.registry.connect(Kind::Link, &name("one"), options, Deadline::Now)
    };
    connect(own_uid()).unwrap();
    let expected = ConnectError::WrongServer {
        path: published.path(),
        required: own_uid() + 1,
        uid: own_uid(),
        pid: own_pid(),
    };
    assert_eq!(connect(own_uid() + 1).unwrap_err(), expected);
    assert_eq!(expected.fault(), Fault::Peer);
}

#[test]
fn mode_decides_which_users_connect() {
    let harbour = harbour();
    let Some(mut stranger) = worker::stranger(&harbour) else { return };
    let _closed = publish(&harbour, "closed", in_system());
    let _open = publish(&harbour, "open", in_system().mode(0o666));
    assert_eq!(stranger.ask("connect open").unwrap(), format!("connected {}", own_pid()));
    let answer = stranger.ask("connect closed").unwrap();
    assert!(answer.starts_with("NoPermission"), "{answer}");
    let answer = stranger.ask("publish-shared open").unwrap();
    assert!(answer.starts_with(&format!("Taken {{ name: \"open\", uid: {}", own_uid())), "{answer}");
}
