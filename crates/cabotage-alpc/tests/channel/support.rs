// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests share: names in a folder of their own, clients that run in other processes, and patience.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use cabotage_alpc::{
    Client, ClientId, ConnectOptions, ConnectionPort, Deadline, Incoming, PortOptions, Request,
};
use cabotage_link::names::Registry;
pub(crate) use cabotage_os::testing::Other;
use tempfile::TempDir;

/// Tells a process which part it plays, and where names are.
const ROLE: &str = "CABOTAGE_ALPC_ROLE";
const FOLDER: &str = "CABOTAGE_ALPC_FOLDER";
/// The name of every port here: each test has a folder of its own.
pub(crate) const NAME: &str = "port";

/// Long enough for anything that is to happen.
pub(crate) fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(30))
}

/// Long enough for what is not to happen.
pub(crate) fn shortly() -> Deadline {
    Deadline::within(Duration::from_millis(3))
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

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn registry(&self) -> Registry {
        registry(self.root.path())
    }

    pub(crate) fn port(&self) -> ConnectionPort {
        self.port_with(PortOptions::new())
    }

    pub(crate) fn port_with(&self, options: PortOptions) -> ConnectionPort {
        options.registry(&self.registry()).create(NAME).unwrap()
    }

    pub(crate) fn options(&self) -> ConnectOptions {
        ConnectOptions::new().registry(&self.registry()).deadline(soon())
    }

    /// A client in this process, and its name at the port, which gives it `context`.
    pub(crate) fn client(&self, port: &mut ConnectionPort, context: u64) -> (Client, ClientId) {
        let connecting = self.options().begin(NAME).unwrap();
        let id = let_in(port, context);
        (connecting.finish(soon()).unwrap(), id)
    }

    /// A process that plays `role` in the test named `test`.
    pub(crate) fn start(&self, test: &str, role: &str) -> Other {
        self.start_by(Command::new(std::env::current_exe().unwrap()), test, role)
    }

    /// The same by a command that runs this program.
    pub(crate) fn start_by(&self, mut command: Command, test: &str, role: &str) -> Other {
        command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
        command.env(ROLE, role).env(FOLDER, self.root.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Other::of(command.spawn().unwrap())
    }
}

/// The part that this process plays, if a test has started it.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Where names are for a process that plays a part.
pub(crate) fn their_registry() -> Registry {
    registry(Path::new(&std::env::var_os(FOLDER).unwrap()))
}

/// How a process that plays a part connects.
pub(crate) fn their_options() -> ConnectOptions {
    ConnectOptions::new().registry(&their_registry()).wait_for_name().deadline(soon())
}

/// A client in a process that plays a part.
pub(crate) fn their_client() -> Client {
    ConnectOptions::new().registry(&their_registry()).wait_for_name().deadline(soon()).connect(NAME).unwrap()
}

/// Waits until the test says something.
pub(crate) fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Says something to the test.
pub(crate) fn say(word: &str) {
    println!("\n> {word}");
}

/// What comes to the port next.
#[track_caller]
pub(crate) fn next(port: &mut ConnectionPort) -> Incoming {
    port.receive(soon()).unwrap()
}

/// Lets in who asks next.
#[track_caller]
pub(crate) fn let_in(port: &mut ConnectionPort, context: u64) -> ClientId {
    match next(port) {
        Incoming::ConnectionRequest(request) => port.accept(request, b"", context).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The request that comes next.
#[track_caller]
pub(crate) fn request(port: &mut ConnectionPort) -> Request {
    match next(port) {
        Incoming::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

/// Answers with what came, until the port of a client closes.
pub(crate) fn echo(port: &mut ConnectionPort) {
    loop {
        match next(port) {
            Incoming::ConnectionRequest(request) => drop(port.accept(request, b"", 0).unwrap()),
            Incoming::Request(request) => {
                let answer = request.body().to_vec();
                port.reply_within(request, &answer, soon()).unwrap();
            }
            Incoming::PortClosed { .. } => return,
            other => panic!("{other:?}"),
        }
    }
}

/// A client that does something in another thread, and comes back.
pub(crate) fn beside<T: Send + 'static>(
    mut client: Client,
    act: impl FnOnce(&mut Client) -> T + Send + 'static,
) -> std::thread::JoinHandle<(T, Client)> {
    std::thread::spawn(move || {
        let done = act(&mut client);
        (done, client)
    })
}
