// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a handler may return, and what of it the asker gets.

use std::borrow::Cow;

/// The reply to a request, or that there is none.
#[derive(Debug, Default)]
pub struct Answer {
    pub(crate) body: Option<Cow<'static, [u8]>>,
}

impl Answer {
    /// A reply with this body.
    pub fn new(body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { body: Some(body.into()) }
    }

    /// No reply: the asker is told at once that it is lost.
    pub fn none() -> Self {
        Self::default()
    }
}

/// What a handler may return: bytes or text are the reply, and so is `()` with none; of `Option` and `Result` what is
/// inside. `None` and `Err` mean no reply, of which the asker is told: to say why, reply with words.
pub trait IntoAnswer {
    /// The answer.
    fn into_answer(self) -> Answer;
}

impl IntoAnswer for Answer {
    fn into_answer(self) -> Answer {
        self
    }
}

impl IntoAnswer for () {
    fn into_answer(self) -> Answer {
        Answer::new(&[][..])
    }
}

impl IntoAnswer for Vec<u8> {
    fn into_answer(self) -> Answer {
        Answer::new(self)
    }
}

impl IntoAnswer for &'static [u8] {
    fn into_answer(self) -> Answer {
        Answer::new(self)
    }
}

impl<const BYTES: usize> IntoAnswer for &'static [u8; BYTES] {
    fn into_answer(self) -> Answer {
        Answer::new(&self[..])
    }
}

impl<const BYTES: usize> IntoAnswer for [u8; BYTES] {
    fn into_answer(self) -> Answer {
        Answer::new(self.to_vec())
    }
}

impl IntoAnswer for Cow<'static, [u8]> {
    fn into_answer(self) -> Answer {
        Answer::new(self)
    }
}

impl IntoAnswer for String {
    fn into_answer(self) -> Answer {
        Answer::new(self.into_bytes())
    }
}

impl IntoAnswer for &'static str {
    fn into_answer(self) -> Answer {
        Answer::new(self.as_bytes())
    }
}

impl<A: IntoAnswer> IntoAnswer for Option<A> {
    fn into_answer(self) -> Answer {
        self.map_or_else(Answer::none, A::into_answer)
    }
}

impl<A: IntoAnswer, E> IntoAnswer for Result<A, E> {
    fn into_answer(self) -> Answer {
        self.ok().into_answer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(answer: impl IntoAnswer) -> Option<Vec<u8>> {
        answer.into_answer().body.map(Cow::into_owned)
    }

    #[test]
    fn bytes_and_text_are_the_reply() {
        assert_eq!(body(vec![1, 2]), Some(vec![1, 2]));
        assert_eq!(body([1, 2]), Some(vec![1, 2]));
        assert_eq!(body(b"ab"), Some(b"ab".to_vec()));
        assert_eq!(body("ab"), Some(b"ab".to_vec()));
        assert_eq!(body(String::from("ab")), Some(b"ab".to_vec()));
        assert_eq!(body(()), Some(Vec::new()));
    }

    #[test]
    fn nothing_and_an_error_are_no_reply() {
        assert_eq!(body(None::<Vec<u8>>), None);
        assert_eq!(body(Err::<Vec<u8>, _>("no")), None);
        assert_eq!(body(Ok::<_, &str>("yes")), Some(b"yes".to_vec()));
        assert_eq!(body(Answer::none()), None);
    }
}
