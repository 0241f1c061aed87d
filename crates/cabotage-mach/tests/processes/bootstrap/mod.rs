// SPDX-License-Identifier: MIT OR Apache-2.0
//! The server of names, in a process of its own, and what its clients see of it.

mod demand;
mod floods;
mod kills;
mod names;
mod restarts;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cabotage_mach::bootstrap::{Bootstrap, CheckIn, LookUp, ServerOptions};
use cabotage_mach::{BootstrapError, Deadline, ReceiveRight, SendRight};

use crate::support::{Harbour, Other, say, soon, their_folder, their_registry};

/// Waits for the server of the folder.
fn how() -> LookUp {
    LookUp::new().registry(&their_registry()).wait(soon())
}

fn services(root: &Path) -> PathBuf {
    root.join("services")
}

/// Serves names until it is killed.
fn serve() -> ! {
    let options = ServerOptions::new().check_in(CheckIn::new().registry(&their_registry()));
    let options = options.services(services(&their_folder())).grace(Duration::from_millis(300));
    let mut server = options.start().unwrap();
    server.run(Deadline::Never).unwrap();
    unreachable!("it serves until it is killed")
}

/// A folder, and a server in it.
struct World {
    harbour: Harbour,
    server: Other,
    test: &'static str,
}

impl World {
    fn new(test: &'static str) -> Self {
        let harbour = Harbour::new();
        fs::create_dir(services(harbour.root())).unwrap();
        let server = harbour.start(test, "server", None);
        Self { harbour, server, test }
    }

    fn bootstrap(&self) -> Bootstrap {
        Bootstrap::find(LookUp::new().registry(&self.harbour.registry()).wait(soon())).unwrap()
    }

    fn start(&self, role: &str) -> Other {
        self.harbour.start(self.test, role, None)
    }

    fn start_server_again(&mut self) {
        self.server.kill();
        self.server = self.start("server");
    }

    /// A service that is started on demand, in this role.
    fn declare(&self, name: &str, role: &str) {
        let program = std::env::current_exe().unwrap();
        let (program, root) = (program.display(), self.harbour.root().display());
        let text = format!(
            "program = {program}\nargument = {}\nargument = --exact\nargument = --nocapture\n\
             environment = CABOTAGE_MACH_ROLE={role}\nenvironment = CABOTAGE_MACH_FOLDER={root}\n",
            self.test
        );
        let path = services(self.harbour.root()).join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[track_caller]
fn code<T: std::fmt::Debug>(answer: Result<T, BootstrapError>) -> i32 {
    answer.unwrap_err().code()
}

/// Until a process is gone, its service is active.
fn check_in_soon(bootstrap: &Bootstrap, name: &str) -> ReceiveRight {
    let deadline = soon();
    loop {
        match bootstrap.check_in(name) {
            Ok(port) => return port,
            Err(error) if error.code() == 1103 && !deadline.has_passed() => {}
            Err(error) => panic!("{error}"),
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A service that echoes until it is told to stop, and then lets go of its port.
fn play_echo(name: &str) {
    let port = check_in_soon(&Bootstrap::find(how()).unwrap(), name);
    say("here");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                let mut asked = match port.receive_within(soon()) {
                    Ok(asked) => asked,
                    Err(error) => panic!("{error}"),
                };
                if asked.text() == Ok("stop") {
                    return;
                }
                let answer = asked.text().unwrap().to_uppercase();
                asked.reply(answer).unwrap();
            }
        });
    });
}

/// A thread that looks after the links of the process, as one does that waits for messages: so it hears of ports that
/// move. It ends with the right.
fn keep_looking() -> SendRight {
    let port = ReceiveRight::new().unwrap();
    let right = port.make_send().unwrap();
    std::thread::spawn(move || {
        let told = port.make_send_once().unwrap();
        port.notify_when_unused(1, told).unwrap();
        let _ = port.receive();
    });
    right
}

fn echoes(right: &SendRight, text: &str) {
    let answer = right.request_within(text, soon()).unwrap();
    assert_eq!(answer.text().unwrap(), text.to_uppercase());
}
