// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server that hands each client a port of its own: what comes by it is that client's, whoever holds the right. When
//! the client ends, the server is told, and lets go of what it kept for it.
//!
//! `cargo run -p cabotage --example mach_client_ports`

use std::collections::HashMap;
use std::error::Error;
use std::process::{Child, Command};
use std::time::Duration;

use cabotage::mach::bootstrap::{self, LookUp};
use cabotage::mach::{Carried, Message, Name, Notification, Outgoing, PortSet, ReceiveRight};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

const CLIENTS: usize = 3;
const DEPOSITS: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(20);

/// What the server keeps for a client.
struct Account {
    port: ReceiveRight,
    sum: u32,
}

/// A new client: a port for it alone, and news when nobody can send there any more.
fn open(
    asked: &mut Message,
    set: &PortSet,
    news: &ReceiveRight,
) -> Result<Account, Box<dyn Error + Send + Sync>> {
    let port = ReceiveRight::new()?;
    set.insert(&port)?;
    asked.reply(Outgoing::new(0).with(port.make_send()?))?;
    port.notify_when_unused(1, news.make_send_once()?)?;
    Ok(Account { port, sum: 0 })
}

fn serve(door: &ReceiveRight) -> Outcome {
    let (set, news) = (PortSet::new()?, ReceiveRight::new()?);
    set.insert(door)?;
    set.insert(&news)?;
    let mut accounts: HashMap<Name, Account> = HashMap::new();
    let mut closed = 0;
    while closed < CLIENTS {
        let mut message = set.receive_within(PATIENCE)?;
        if message.port() == door.name() {
            let account = open(&mut message, &set, &news)?;
            accounts.insert(account.port.name(), account);
        } else if let Some(account) = accounts.get_mut(&message.port()) {
            account.sum += message.text()?.parse::<u32>()?;
        } else if let Ok(Notification::NoSenders { .. }) = message.into_notification() {
            // Whoever that was, nothing more can come: its port has no sender and no message.
            let is_over =
                |account: &Account| account.port.status().is_ok_and(|status| !status.has_send_rights);
            let over: Vec<Name> =
                accounts.iter().filter(|(_, account)| is_over(account)).map(|(name, _)| *name).collect();
            for account in over.iter().filter_map(|name| accounts.remove(name)) {
                println!("a client has left; its sum is {}", account.sum);
                closed += 1;
            }
        }
    }
    Ok(())
}

fn be_client(name: &str) -> Outcome {
    let bank = LookUp::new().wait(PATIENCE).look_up(name)?;
    let mut answer = bank.request_within("a port of my own, please", PATIENCE)?;
    let own = answer.take_carried().into_iter().find_map(|carried| match carried {
        Carried::Right(right) => right.into_send(),
        _ => None,
    });
    let own = own.ok_or("the server gave no port")?;
    for number in 1..=DEPOSITS {
        own.send_within(number.to_string(), PATIENCE)?;
    }
    Ok(())
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, name] = &arguments[..] {
        return be_client(name);
    }
    let name = format!("com.example.bank-{}", std::process::id());
    let door = bootstrap::check_in(&name)?;
    let start = |_| Command::new(std::env::current_exe()?).arg(&name).spawn();
    let mut clients = (0..CLIENTS).map(start).collect::<std::io::Result<Vec<Child>>>()?;
    serve(&door)?;
    for client in &mut clients {
        client.wait()?;
    }
    Ok(())
}
