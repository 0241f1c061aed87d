// SPDX-License-Identifier: MIT OR Apache-2.0
//! Large bodies: rules 1.6 of ALPC and those of views and direct access in 1.7, each test named after its rule.
#![forbid(unsafe_code)]

#[path = "../channel/by_hand.rs"]
mod by_hand;
mod direct;
mod hostile;
mod in_place;
mod sections;
#[path = "../channel/support.rs"]
mod support;
mod techniques;

use std::thread::{JoinHandle, spawn};

use cabotage_alpc::{Client, ConnectOptions, ConnectionPort, PortOptions};

use support::{Harbour, NAME, let_in, soon};

/// Bytes that differ from place to place.
fn pattern(bytes: usize) -> Vec<u8> {
    let mut pattern: Vec<u8> = (0..=250).cycle().take(bytes.min(100_000)).collect();
    while pattern.len() < bytes {
        let more = pattern.len().min(bytes - pattern.len());
        pattern.extend_from_within(..more);
    }
    pattern
}

/// A port, and a client that does this in a thread of its own.
fn meet<T: Send + 'static>(
    port: PortOptions,
    client: impl FnOnce(ConnectOptions) -> ConnectOptions,
    act: impl FnOnce(&mut Client) -> T + Send + 'static,
) -> (Harbour, ConnectionPort, JoinHandle<T>) {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(port);
    let connecting = client(harbour.options()).begin(NAME).unwrap();
    let acting = spawn(move || act(&mut connecting.finish(soon()).unwrap()));
    let_in(&mut port, 0);
    (harbour, port, acting)
}
