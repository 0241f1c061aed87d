// SPDX-License-Identifier: MIT OR Apache-2.0
//! Large memory goes through a port and is not copied: a painter gives pictures to a viewer in another process.
//!
//! `cargo run -p cabotage --example mach_memory`
//! The first picture moves: its painter has it no more. Of the second the painter keeps its own and paints on, which the
//! viewer does not see. Both are slices that nobody can change, and the viewer paints in one of them for itself. Then a
//! hundred frames go by the same two pieces of memory, which is the fast way; there the viewer copies out what it checks.

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use cabotage::mach::bootstrap::{self, LookUp};
use cabotage::mach::{Carried, Memory, Outgoing, ReceiveRight, Region};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

const BYTES: usize = 8 << 20;
const FRAMES: u8 = 100;
const PATIENCE: Duration = Duration::from_secs(10);

fn paint(name: &str) -> Outcome {
    let viewer = LookUp::new().wait(PATIENCE).look_up(name)?;

    let mut picture = Region::create("picture", BYTES)?;
    picture.fill(1);
    viewer.send_within(Outgoing::new(1).memory(picture.seal()?), PATIENCE)?;

    let mut picture = Region::create("picture", BYTES)?;
    picture.fill(2);
    viewer.send_within(Outgoing::new(2).memory(picture.snapshot()?), PATIENCE)?;
    picture.fill(3);

    for number in 0..FRAMES {
        let mut frame = viewer.loan(BYTES, PATIENCE)?.ok_or("the viewer gives no memory back")?;
        if !frame.write_at(0, &[number; 64]) {
            return Err("a frame is shorter than it was asked for".into());
        }
        viewer.send_within(Outgoing::new(3).lend(frame), PATIENCE)?;
    }
    Ok(())
}

/// The memory that the next message brings.
fn next(port: &ReceiveRight) -> Result<Memory, Box<dyn Error + Send + Sync>> {
    match port.receive_within(PATIENCE)?.take_carried().pop() {
        Some(Carried::Memory(memory)) => Ok(memory),
        other => Err(format!("no picture, but {other:?} came").into()),
    }
}

fn view(port: &ReceiveRight) -> Outcome {
    let moved = next(port)?.into_immutable()?;
    println!("a picture of {} bytes, all of them {}", moved.len(), moved[0]);

    let copied = next(port)?.into_immutable()?;
    let is_as_it_was = copied.iter().all(|byte| *byte == 2);
    println!("another, which its painter paints on; here it is as it was: {is_as_it_was}");
    let mut own = Memory::from(copied).into_region()?;
    own[0] = 9;
    println!("here somebody has painted in it, too: {:?}", &own[..3]);

    let mut right = 0;
    for number in 0..FRAMES {
        let (memory, mut line) = (next(port)?, [0; 64]);
        right += u32::from(memory.copy_at(0, &mut line) == 64 && line == [number; 64]);
    }
    println!("{right} of {FRAMES} frames came, each where it was painted");
    if moved.iter().all(|byte| *byte == 1) && is_as_it_was && right == u32::from(FRAMES) {
        Ok(())
    } else {
        Err("a picture is not the one that was painted".into())
    }
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().collect();
    if let [part, name] = arguments.get(1..).unwrap_or_default()
        && part == "paint"
    {
        return paint(name);
    }
    let name = format!("com.example.pictures-{}", std::process::id());
    let port = bootstrap::check_in(&name)?;
    let mut painter = Command::new(std::env::current_exe()?).args(["paint", &name]).spawn()?;
    let viewed = view(&port);
    painter.wait()?;
    viewed
}
