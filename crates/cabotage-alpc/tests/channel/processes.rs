// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server and clients that run in processes of their own.

use crate::support::{Harbour, echo, role, say, their_client};

#[test]
fn a_client_in_another_process_is_accepted_asks_and_is_answered() {
    const TEST: &str = "processes::a_client_in_another_process_is_accepted_asks_and_is_answered";
    if role().is_some() {
        let mut client = their_client();
        for length in [0, 1, 64, 256, 257, 4096, 65_519] {
            let question: Vec<u8> = (0..length).map(|at: usize| at.to_le_bytes()[0]).collect();
            for _ in 0..20 {
                assert_eq!(client.request(&question).unwrap().body(), question, "{length} bytes");
            }
        }
        say(&format!("server {}", client.server().pid));
        return;
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut other = harbour.start(TEST, "client");
    echo(&mut port);
    assert_eq!(other.hear(), Some(format!("server {}", std::process::id())));
    other.finish();
}
