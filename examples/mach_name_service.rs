// SPDX-License-Identifier: MIT OR Apache-2.0
//! The textbook's bootstrap server at work: a service registers with it, a client looks the service up; then the service
//! is replaced by its next version, and after that the server itself is killed. The client goes on asking by the right
//! that it got at the beginning, and no question is lost.
//!
//! `cargo run -p cabotage --example mach_name_service`

use std::error::Error;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use cabotage::link::names::Registry;
use cabotage::mach::bootstrap::{Bootstrap, CheckIn, Keeper, LookUp, ServerOptions};
use cabotage::mach::{Deadline, SendRight};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

const SERVICE: &str = "com.example.clock";
const PATIENCE: Duration = Duration::from_secs(20);

/// Names in a place of this example's own, so that it meets no other server.
fn registry(place: &str) -> Registry {
    Registry::at(Path::new(place).join("user"), Path::new(place).join("system"))
}

fn how(place: &str) -> LookUp {
    LookUp::new().registry(&registry(place)).wait(PATIENCE)
}

/// The server of names.
fn serve_names(place: &str) -> Outcome {
    let options = ServerOptions::new().check_in(CheckIn::new().registry(&registry(place)));
    Ok(options.start()?.run(Deadline::Never)?)
}

/// One version of the service: it answers some questions, and at its end its port goes back to the server, by itself.
fn clock(place: &str, version: &str, questions: u32) -> Outcome {
    let keeper = Keeper::start(how(place))?;
    let deadline = Deadline::within(PATIENCE);
    let port = loop {
        match keeper.check_in(SERVICE) {
            Ok(port) => break port,
            // The version before still has it.
            Err(error) if error.code() == 1103 && !deadline.has_passed() => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    };
    for _ in 0..questions {
        port.receive_within(PATIENCE)?.reply(version)?;
    }
    Ok(())
}

fn start(part: &str, place: &str) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?).args([part, place]).spawn()
}

/// Asks so many questions, and counts the answers of the first version.
fn ask(clock: &SendRight, questions: u32) -> Result<u32, Box<dyn Error + Send + Sync>> {
    let mut of_first = 0;
    for _ in 0..questions {
        let answer = clock.request_within("what time is it?", PATIENCE)?;
        of_first += u32::from(answer.text()? == "first");
    }
    Ok(of_first)
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1..).unwrap_or_default() {
        [part, place] if part == "names" => return serve_names(place),
        [part, place] => return clock(place, part, 100),
        _ => {}
    }
    let place = std::env::temp_dir().join(format!("cabotage-names-{}", std::process::id()));
    std::fs::create_dir(&place)?;
    let at = place.to_str().ok_or("a path that is no text")?;

    let mut names = start("names", at)?;
    let bootstrap = Bootstrap::find(how(at))?;
    let clock = bootstrap.create_service(SERVICE)?;
    let mut versions = [start("first", at)?, start("second", at)?];

    let of_first = ask(&clock, 150)?;
    println!("150 answers: {of_first} of one version and {} of the other", 150 - of_first);
    names.kill()?;
    names.wait()?;
    ask(&clock, 20)?;
    println!("20 more while there is no server of names");
    let mut names = start("names", at)?;
    let again = Bootstrap::find(how(at))?.look_up_within(SERVICE, PATIENCE)?;
    ask(&again, 30)?;
    println!("30 more by a right that the next server has given");
    for version in &mut versions {
        version.wait()?;
    }
    names.kill()?;
    names.wait()?;
    Ok(std::fs::remove_dir_all(&place)?)
}
