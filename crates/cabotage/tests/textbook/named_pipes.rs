// SPDX-License-Identifier: MIT OR Apache-2.0
//! The examples of named pipes.

use crate::program::{Program, run, start};

fn name(purpose: &str) -> String {
    format!("cabotage-textbook-{purpose}-{}", std::process::id())
}

#[test]
fn the_calculator_answers_each_client_and_leaves_no_name() {
    let name = name("calculator");
    let server = start("calculator", &[&name, "serve", "3"]);
    for (sum, said) in [
        (["6", "x", "7"], "6 x 7 = 42\n"),
        (["1", "-", "2"], "1 - 2 = -1\n"),
        (["1", "/", "0"], "1 / 0 = that is no sum\n"),
    ] {
        let client = run("calculator", &[&name, sum[0], sum[1], sum[2]]);
        assert!(client.is_success, "{}", client.said);
        assert_eq!(client.said, said);
    }
    assert!(server.finish().is_success);
    let error = cabotage::pipe::named::ClientOptions::new().open(&name).unwrap_err();
    assert_eq!(error, cabotage::pipe::named::PipeError::NotFound);
}

#[test]
fn what_one_guest_of_the_chat_says_is_heard() {
    let name = name("chat");
    let server = start("chat_server", &[&name, "3"]);
    let guests = ["Ahab", "Starbuck", "Ishmael"].map(|nick| {
        let words = [name.as_str(), "as", nick, "ahoy", "fair winds"];
        (nick, start("chat_server", &words))
    });
    for (nick, guest) in guests {
        let ending = guest.finish();
        assert!(ending.is_success, "{}", ending.said);
        let own = format!("{nick}: ahoy\n");
        assert!(ending.said.contains(&own), "{}", ending.said);
        assert!(ending.said.ends_with(&format!("{nick}: fair winds\n")), "{}", ending.said);
    }
    let ending = Program::finish(server);
    assert_eq!((ending.is_success, ending.said.as_str()), (true, "3 guests have come and gone\n"));
}

#[test]
fn a_service_on_tokio_answers_each_client() {
    let name = name("tokio");
    let server = start("tokio_pipe", &["serve", "3", &name]);
    for (words, answer) in [("ahoy", "AHOY\n"), ("fair winds", "FAIR WINDS\n"), ("x", "X\n")] {
        let client = run("tokio_pipe", &["say", words, &name]);
        assert!(client.is_success, "{}", client.said);
        assert_eq!(client.said, answer);
    }
    let ending = server.finish();
    assert_eq!((ending.is_success, ending.said.as_str()), (true, "3 clients were served\n"));
}
