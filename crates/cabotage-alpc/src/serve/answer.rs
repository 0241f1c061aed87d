// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a handler may return, and what of it the asker gets.

use std::borrow::Cow;
use std::fmt;
use std::os::fd::OwnedFd;

use cabotage_os::map::MapError;

use crate::error::SendError;
use crate::outgoing::Outgoing;
use crate::section::{Carrier, SecureViewMut, ViewMut};

/// The reply to a request, or that there is none.
#[derive(Debug, Default)]
pub struct Answer {
    pub(crate) body: Option<Cow<'static, [u8]>>,
    pub(crate) more: Option<Box<More>>,
}

impl Answer {
    /// A reply with this body.
    pub fn new(body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { body: Some(body.into()), more: None }
    }

    /// No reply: the asker is told at once that it is lost.
    pub fn none() -> Self {
        Self::default()
    }

    /// A reply whose body is written where its asker reads it: `fill` gets a plain view for `bytes` bytes when the port
    /// has memory for it, in the thread that sends the reply. If it fails, the reply is lost.
    ///
    /// ```no_run
    /// # use cabotage_alpc::{Answer, ConnectionPort};
    /// ConnectionPort::create("images")?.serve(|_| {
    ///     Answer::in_view(64 << 20, |image| image.write_at(0, b"the first line"))
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_view(
        bytes: usize,
        fill: impl FnOnce(&mut ViewMut) -> Result<(), MapError> + Send + Sync + 'static,
    ) -> Self {
        let view = Some(Filling::Unmade(bytes, Box::new(fill)));
        Self { body: Some(Cow::default()), more: Some(Box::new(More { view, handles: Vec::new() })) }
    }

    /// A reply whose body is what was written into this view, which nobody can change any more.
    pub fn in_secure_view(view: SecureViewMut) -> Self {
        let view = Some(Filling::Made(Carrier::Secure(view)));
        Self { body: Some(Cow::default()), more: Some(Box::new(More { view, handles: Vec::new() })) }
    }

    /// With a handle, of which the asker gets a copy, if it takes handles of this kind. One that takes fewer than
    /// there are loses the reply.
    #[must_use]
    pub fn with_handle(mut self, handle: impl Into<OwnedFd>) -> Self {
        self.more.get_or_insert_default().handles.push(handle.into());
        self
    }

    /// How many bytes it holds while it waits for room.
    pub(crate) fn bytes(&self) -> usize {
        let view = self.more.as_ref().and_then(|more| more.view.as_ref());
        let view_bytes = match view {
            Some(Filling::Made(carrier)) => carrier.bytes(),
            Some(Filling::Unmade(..)) | None => 0,
        };
        self.body.as_ref().map_or(0, |body| body.len()) + view_bytes
    }

    /// How many bytes of a view it wants to fill before it goes.
    pub(crate) fn wants_view(&self) -> Option<usize> {
        match self.more.as_ref()?.view.as_ref()? {
            Filling::Unmade(bytes, _) => Some(*bytes),
            Filling::Made(_) => None,
        }
    }

    /// Fills the view that it wants.
    ///
    /// # Errors
    /// It could not be filled, and so has no body any more.
    pub(crate) fn fill(&mut self, mut view: ViewMut) -> Result<(), SendError> {
        let more = self.more.get_or_insert_default();
        if let Some(Filling::Unmade(_, fill)) = more.view.take() {
            fill(&mut view).map_err(SendError::of_map)?;
            more.view = Some(Filling::Made(Carrier::Plain(view)));
        }
        Ok(())
    }

    /// Sends it by `send`, when it wants no view any more. What was not sent is here again.
    ///
    /// # Errors
    /// As `send`.
    pub(crate) fn send<E>(&mut self, send: impl FnOnce(&mut Outgoing<'_>) -> Result<(), E>) -> Result<(), E> {
        let body = self.body.as_deref().unwrap_or_default();
        let More { view, handles } = &mut **self.more.get_or_insert_default();
        let carrier = match view.take() {
            Some(Filling::Made(carrier)) => Some(carrier),
            _ => None,
        };
        let mut message = Outgoing { view: carrier, handles: std::mem::take(handles), ..Outgoing::new(body) };
        let sent = send(&mut message);
        (*view, *handles) = (message.view.map(Filling::Made), message.handles);
        sent
    }
}

/// What an answer is beside a body.
#[derive(Debug, Default)]
pub(crate) struct More {
    view: Option<Filling>,
    handles: Vec<OwnedFd>,
}

type Fill = Box<dyn FnOnce(&mut ViewMut) -> Result<(), MapError> + Send + Sync>;

/// A view, or how it comes to be.
enum Filling {
    Unmade(usize, Fill),
    Made(Carrier),
}

impl fmt::Debug for Filling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmade(bytes, _) => write!(f, "Unmade({bytes})"),
            Self::Made(carrier) => f.debug_tuple("Made").field(carrier).finish(),
        }
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
    fn requests_their_errors_and_answers_go_to_any_thread() {
        fn is_free<T: Send + Sync>() {}
        is_free::<Answer>();
        is_free::<crate::Request>();
        is_free::<crate::Unanswered>();
        is_free::<crate::Incoming>();
        is_free::<crate::SharedClient>();
        is_free::<crate::SharedMessage>();
    }

    #[test]
    fn nothing_and_an_error_are_no_reply() {
        assert_eq!(body(None::<Vec<u8>>), None);
        assert_eq!(body(Err::<Vec<u8>, _>("no")), None);
        assert_eq!(body(Ok::<_, &str>("yes")), Some(b"yes".to_vec()));
        assert_eq!(body(Answer::none()), None);
    }
}
