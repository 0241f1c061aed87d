// SPDX-License-Identifier: MIT OR Apache-2.0
//! The examples of ALPC: a server and its client, a file server by all three techniques, an asynchronous client.

use crate::program::{run, start};

#[test]
fn an_echo_server_answers_its_clients_and_ends_with_the_last() {
    let name = format!("cabotage-textbook-echo-{}", std::process::id());
    let server = start("alpc_echo", &["serve", &name, "2"]);
    for _ in 0..2 {
        let client = run("alpc_echo", &["ask", &name, "good morning"]);
        assert!(client.is_success, "{}", client.said);
        assert_eq!(client.said, "GOOD MORNING\n");
    }
    let ending = server.finish();
    assert!(ending.is_success, "{}", ending.said);
}

#[test]
fn a_file_server_uses_all_three_techniques() {
    let program = run("alpc_files", &[]);
    assert!(program.is_success, "{}", program.said);
    let expected = "put: 3000000 bytes came by Section\nsize: 3000000\n\
                    get: 3000000 bytes are in your buffer, the same: true\n";
    assert_eq!(program.said, expected);
}

#[test]
fn an_asynchronous_client_gets_each_reply_in_its_epoll_loop() {
    let program = run("alpc_epoll", &[]);
    assert!(program.is_success, "{}", program.said);
    assert_eq!(program.said, "1000 replies came, each to its own request\n");
}
