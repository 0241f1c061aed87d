// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bounded buffer of the figure, between two processes: a producer that waits while the buffer is full, a consumer
//! that waits while it is empty, and numbers in between.
//!
//! `cargo run -p cabotage --example bounded_buffer`
//! The figure's loops spin on `in` and `out`, and both processes write the memory of both. Here each end writes memory
//! of its own and looks at the other's; waiting looks for a while and then sleeps, and ends when the other does.

use std::env;
use std::error::Error;

use cabotage::Deadline;
use cabotage::pipe::Spawn;
use cabotage::shm::{Consumer, Name, Producer, ReceiveError, SendError};

const NUMBERS: u64 = 10_000;
const BUFFER_BYTES: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let name = Name::parse(arguments.next().as_deref().unwrap_or("/OS-bounded-buffer"))?;
    if arguments.next().as_deref() == Some("consumer") { consume(&name) } else { produce(&name) }
}

fn produce(name: &Name) -> Result<(), Box<dyn Error>> {
    let mut buffer = Producer::options().capacity_bytes(BUFFER_BYTES).create_trusting(name)?;
    let mut consumer = Spawn::new(env::current_exe()?).args([&name.to_string(), "consumer"]).spawn()?;

    let mut times_full = 0;
    for number in 1..=NUMBERS {
        match buffer.try_send(&number.to_le_bytes()) {
            Err(SendError::Full) => {
                times_full += 1;
                buffer.send_value(&number, Deadline::Never)?; // Waits while the buffer is full.
            }
            outcome => outcome?,
        }
    }
    println!("produced {NUMBERS} numbers; the buffer was found full: {}", times_full > 0);
    buffer.close();
    consumer.wait()?;
    Ok(())
}

fn consume(name: &Name) -> Result<(), Box<dyn Error>> {
    let mut buffer = Consumer::options().until_there(Deadline::Never).open_trusting(name)?;
    let (mut sum, mut last) = (0, 0);
    loop {
        match buffer.receive_value::<u64>(Deadline::Never) {
            // It has waited while the buffer was empty.
            Ok(number) => (sum, last) = (sum + number, number),
            Err(ReceiveError::Closed) => break,
            Err(error) => return Err(error.into()),
        }
    }
    println!("consumed the numbers up to {last}, their sum is {sum}");
    buffer.remove()?;
    Ok(())
}
