// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two senders at one port: what each sends arrives in the order in which it sent it; between the two there is no
//! order. A queue of five holds both back until the receiver takes.
//!
//! `cargo run -p cabotage --example mach_order`

use std::error::Error;
use std::thread;

use cabotage::mach::ReceiveRight;

const MESSAGES: u32 = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let port = ReceiveRight::new()?; // Its queue takes five messages, until told otherwise.
    let (red, blue) = (port.make_send()?, port.make_send()?);
    let senders = [("red", red), ("blue", blue)].map(|(name, send)| {
        thread::spawn(move || (1..=MESSAGES).try_for_each(|number| send.send(format!("{name} {number}"))))
    });

    let (mut reds, mut blues, mut changes) = (0, 0, 0);
    let mut last = String::new();
    for message in port.messages().take(2 * MESSAGES as usize) {
        let message = message?;
        let (name, number) = message.text()?.split_once(' ').ok_or("no number")?;
        let before = if name == "red" { &mut reds } else { &mut blues };
        if number.parse::<u32>()? != *before + 1 {
            return Err(format!("{name} {number} came after {before}").into());
        }
        *before += 1;
        changes += u32::from(last != name);
        last = name.to_owned();
    }
    for sender in senders {
        sender.join().map_err(|_| "a sender panicked")??;
    }
    println!("red sent 1 to {reds}, blue sent 1 to {blues}: each arrived in order");
    println!("which came next was left open: it changed {changes} times");
    Ok(())
}
