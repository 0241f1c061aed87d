// SPDX-License-Identifier: MIT OR Apache-2.0
//! A service is replaced by its next version while clients go on asking, and no question is lost.
//!
//! `cargo run -p cabotage --example mach_handover`
//! The old version sends its receive right to the new one. The queue goes along, and whoever has a send right follows:
//! the client here never looks the service up again. It asks 2,000 questions and gets 2,000 answers, first from the one,
//! then from the other process.

use std::error::Error;
use std::process::{Child, Command};
use std::time::Duration;

use cabotage::mach::bootstrap::{self, LookUp};
use cabotage::mach::{Carried, Outgoing, ReceiveRight};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

const QUESTIONS: u32 = 2000;
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers until nobody asks any more.
fn serve(port: &ReceiveRight, version: &str, questions: u32) -> Outcome {
    for _ in 0..questions {
        port.receive_within(PATIENCE)?.reply(version)?;
    }
    Ok(())
}

/// The old version: after a while it gives the service away.
fn old(name: &str) -> Outcome {
    let port = bootstrap::check_in(name)?;
    serve(&port, "old", QUESTIONS / 4)?;
    let next = LookUp::new().wait(PATIENCE).look_up(&format!("{name}-next"))?;
    next.send_within(Outgoing::new(1).with(port), PATIENCE)?;
    Ok(())
}

/// The new version: it gets the service from the old one.
fn new(name: &str) -> Outcome {
    let door = bootstrap::check_in(&format!("{name}-next"))?;
    let mut message = door.receive_within(PATIENCE)?;
    let right = message.take_carried().into_iter().find_map(|carried| match carried {
        Carried::Right(right) => right.into_receive(),
        _ => None,
    });
    let port = right.ok_or("the old version sent something else")?;
    serve(&port, "new", QUESTIONS - QUESTIONS / 4)
}

fn start(part: &str, name: &str) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?).args([part, name]).spawn()
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1..).unwrap_or_default() {
        [part, name] if part == "old" => return old(name),
        [part, name] if part == "new" => return new(name),
        _ => {}
    }
    let name = format!("handover-{}", std::process::id());
    let (mut old, mut new) = (start("old", &name)?, start("new", &name)?);
    let service = LookUp::new().wait(PATIENCE).look_up(&name)?;
    let mut answers = [0_u32; 2];
    for question in 0..QUESTIONS {
        let answer = service.request_within(format!("question {question}"), PATIENCE)?;
        answers[usize::from(answer.text()? == "new")] += 1;
    }
    println!("{} answers from the old version, {} from the new one", answers[0], answers[1]);
    assert!(old.wait()?.success() && new.wait()?.success());
    Ok(())
}
