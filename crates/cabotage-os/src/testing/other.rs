// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that plays a part in a test: it is told words, a line each, and says words in lines that begin with `>`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout};

/// Another process, which does not outlive its test.
#[derive(Debug)]
pub struct Other {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Other {
    /// The process of a child that was started with pipes as its standard input and output.
    ///
    /// # Panics
    /// It has none.
    pub fn of(mut child: Child) -> Self {
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it was piped"));
        Self { child, orders, answers }
    }

    /// Says a word to it.
    ///
    /// # Panics
    /// It hears nothing any more: so do all calls here whose process does not do as agreed.
    pub fn tell(&mut self, word: &str) {
        writeln!(self.orders.as_mut().expect("it was piped"), "{word}").expect("a process that hears");
    }

    /// The next word of the process; `None` at its end.
    ///
    /// # Panics
    /// What it says is no text.
    pub fn hear(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.answers.read_line(&mut line).expect("text") == 0 {
                return None;
            }
            if let Some(word) = line.strip_prefix("> ") {
                return Some(word.trim_end().to_owned());
            }
        }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, and reaps it.
    ///
    /// # Panics
    /// The system's refusal.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child to kill");
        self.child.wait().expect("a child to reap");
    }

    /// Waits for its end, which must be a good one.
    ///
    /// # Panics
    /// It is a bad one.
    pub fn finish(mut self) {
        drop(self.orders.take());
        while self.hear().is_some() {}
        assert!(self.child.wait().expect("a child to reap").success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
