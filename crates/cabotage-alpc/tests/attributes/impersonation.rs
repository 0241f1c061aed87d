// SPDX-License-Identifier: MIT OR Apache-2.0
//! Acting as a client: with privilege, its consent, and a pending request; and what a plain server does instead.

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;

use cabotage_alpc::{
    Client, ConnectionPort, ImpersonateError, Incoming, OpenError, Outgoing, PortOptions, Status,
};
use cabotage_link::names::Scope;
use cabotage_os::open_for::OpenForError;
use cabotage_os::process::{RunAs, RunAsError, Subject, Wish, own_uid};

use crate::copied::copy_of_this_program;
use crate::support::{Harbour, NAME, role, say, soon, their_options};

const STRANGER: u32 = 12_345;
const GROUP: u32 = 23_456;

fn stranger() -> Subject {
    Subject { uid: STRANGER, gid: GROUP, groups: Vec::new() }
}

/// Files of whom, in a folder in which everybody may search.
fn files(harbour: &Harbour) -> [std::path::PathBuf; 2] {
    let folder = harbour.path().join("files");
    fs::create_dir(&folder).unwrap();
    for path in [harbour.path(), &folder] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    ["theirs", "ours"].map(|name| {
        let path = folder.join(name);
        fs::write(&path, name).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        if name == "theirs" {
            chown(&path, Some(STRANGER), Some(GROUP)).unwrap();
        }
        path
    })
}

#[test]
fn a_request_without_consent_is_not_acted_for() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    client.send_request(b"", soon()).unwrap();
    let refused = crate::support::request(&mut port).impersonate().unwrap_err();
    assert_eq!((refused.status(), refused), (Status::ACCESS_DENIED, ImpersonateError::NoConsent));
}

#[test]
fn consent_is_given_for_a_channel_or_for_a_request() {
    const TEST: &str = "impersonation::consent_is_given_for_a_channel_or_for_a_request";
    if role().is_none() {
        // The first change of user marks a process: it is done in one of its own.
        return Harbour::new().start(TEST, "alone").finish();
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut plain, _) = harbour.client(&mut port, 0);
    let connecting = harbour.options().consent().begin(NAME).unwrap();
    crate::support::let_in(&mut port, 0);
    let mut willing = connecting.finish(soon()).unwrap();
    plain.send_request_as(&mut Outgoing::new(b"").consent(), soon()).unwrap();
    willing.send_request(b"", soon()).unwrap();
    for _ in 0..2 {
        let request = crate::support::request(&mut port);
        // The client is of our own user, as which everybody may act.
        let acting = request.impersonate().unwrap();
        assert_eq!(acting.token().identity().uid, own_uid());
        acting.end();
    }
    plain.send_request(b"", soon()).unwrap();
    assert_eq!(crate::support::request(&mut port).impersonate().unwrap_err(), ImpersonateError::NoConsent);
}

#[test]
fn a_request_that_is_not_pending_any_more_is_not_acted_for() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let refuses = |request: &cabotage_alpc::Request| {
        let refused = request.impersonate().unwrap_err();
        assert!(!request.is_awaited());
        assert_eq!((refused.status(), refused), (Status::ACCESS_DENIED, ImpersonateError::NotPending));
    };
    let ask = |client: &mut Client, port: &mut ConnectionPort| {
        let id = client.send_request_as(&mut Outgoing::new(b"").consent(), soon()).unwrap();
        let request = crate::support::request(port);
        assert!(request.is_awaited());
        (id, request)
    };
    let (id, canceled) = ask(&mut client, &mut port);
    client.cancel(id).unwrap();
    assert!(matches!(crate::support::next(&mut port), Incoming::Canceled { .. }));
    refuses(&canceled);
    // Another one is still open, and so is not over until the channel is.
    let (_, open) = ask(&mut client, &mut port);
    drop(canceled);
    client.close();
    assert!(matches!(crate::support::next(&mut port), Incoming::PortClosed { .. }));
    refuses(&open);
    let (mut client, named) = harbour.client(&mut port, 0);
    let (_, open) = ask(&mut client, &mut port);
    port.disconnect(named).unwrap();
    refuses(&open);
    let (mut client, _) = harbour.client(&mut port, 0);
    let (_, open) = ask(&mut client, &mut port);
    drop(port);
    refuses(&open);
}

#[test]
fn a_privileged_server_opens_what_its_client_may_open_and_nothing_else() {
    const TEST: &str = "impersonation::a_privileged_server_opens_what_its_client_may_open_and_nothing_else";
    match role().as_deref() {
        None if own_uid() != 0 => return eprintln!("skipped: only root may act as another user"),
        None => return Harbour::new().start(TEST, "server").finish(),
        Some("client") => {
            let mut client = their_client();
            assert_eq!(client.request_within(b"open", soon()).unwrap().body(), b"done");
            return say("done");
        }
        Some(_) => {}
    }
    let harbour = Harbour::new();
    let [theirs, ours] = files(&harbour);
    let mut port = harbour.open_port();
    let program = tempfile::tempdir().unwrap();
    let mut command = Command::new(copy_of_this_program(program.path()));
    command.uid(STRANGER).gid(GROUP).current_dir("/");
    let mut other = harbour.start_by(command, TEST, "client");
    crate::support::let_in(&mut port, 0);
    let request = crate::support::request(&mut port);
    let subject = request.token().subject().unwrap();
    assert_eq!(subject, stranger());
    {
        let acting = request.impersonate().unwrap();
        File::open(&theirs).unwrap();
        assert_eq!(File::open(&ours).unwrap_err().kind(), ErrorKind::PermissionDenied);
        drop(acting);
    }
    File::open(&ours).unwrap();
    // What a server without privilege finds by asking the mode bits.
    let opened = request.token().open(&theirs, Wish::ReadWrite).unwrap();
    assert_eq!(File::from(opened).metadata().unwrap().uid(), STRANGER);
    let refused = request.token().open(&ours, Wish::Read).unwrap_err();
    assert!(matches!(refused, OpenError::OpenFor(OpenForError::Denied { uid: STRANGER, .. })));
    assert_eq!(refused.status(), Status::ACCESS_DENIED);
    port.reply(request, b"done").unwrap();
    assert_eq!(other.hear().as_deref(), Some("done"));
}

#[test]
fn a_plain_server_cannot_become_its_client_and_is_told_so() {
    const TEST: &str = "impersonation::a_plain_server_cannot_become_its_client_and_is_told_so";
    match role().as_deref() {
        None if own_uid() != 0 => return eprintln!("skipped: only root has clients of two users"),
        None => return Harbour::new().start(TEST, "server").finish(),
        Some("client") => {
            let mut client = their_client();
            client.request_within(b"", soon()).unwrap();
            return;
        }
        Some(_) => {}
    }
    let harbour = Harbour::new();
    let mut port = harbour.open_port();
    let other = harbour.start(TEST, "client");
    crate::support::let_in(&mut port, 0);
    let request = crate::support::request(&mut port);
    // This thread is a stranger's from here on, for which the client, who is root, is more than it.
    let guard = RunAs::begin(&stranger()).unwrap();
    let refused = request.impersonate().unwrap_err();
    assert!(
        matches!(refused, ImpersonateError::RunAs(RunAsError::Already | RunAsError::Upwards)),
        "{refused}"
    );
    assert_eq!(refused.status(), Status::ACCESS_DENIED);
    drop(guard);
    port.reply(request, b"").unwrap();
    other.finish();
}

/// A client in a process that plays a part, who consents.
fn their_client() -> Client {
    their_options().scope(Scope::System).consent().connect(NAME).unwrap()
}

impl Harbour {
    /// A port that every user may connect to.
    fn open_port(&self) -> ConnectionPort {
        fs::set_permissions(self.path(), Permissions::from_mode(0o755)).unwrap();
        self.port_with(PortOptions::new().scope(Scope::System).mode(0o666))
    }
}

#[test]
fn a_datagram_has_a_token_and_nothing_to_act_for() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    client.send_datagram(b"", soon()).unwrap();
    // That there is no `impersonate` on it the compiler sees to.
    match crate::support::next(&mut port) {
        Incoming::Datagram(datagram) => assert_eq!(datagram.token().identity().uid, own_uid()),
        other => panic!("{other:?}"),
    }
}
