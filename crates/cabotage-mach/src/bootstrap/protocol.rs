// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a bootstrap server is asked and answers, as bodies of messages. The server believes nothing of it.
//!
//! A request is a word of four bytes as this machine orders them, which few calls use, and a name; rights go beside it.
//! An answer is a code, 0 for done, and what the call answers. Numbers of calls are those of Mach's own interface where
//! it has the call.

use super::{BootstrapCode, NAME_BYTES_MAX};
pub(super) use crate::kernel::task_self::REPLY_ID_OFFSET;

/// How it is with a service: `bootstrap_status_t`.
///
/// # Source
/// launchd, servers/bootstrap.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Status {
    /// Nobody has it, and nobody would be started for it.
    Inactive = 0,
    /// A process has it.
    Active = 1,
    /// It is started when it is wanted.
    OnDemand = 2,
}

impl Status {
    fn from_raw(raw: u32) -> Option<Self> {
        [Self::Inactive, Self::Active, Self::OnDemand].into_iter().find(|status| *status as u32 == raw)
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request<'text> {
    /// The receive right of a service.
    CheckIn(&'text str),
    /// The send right in the message is to a service of this name.
    Register(&'text str),
    /// The name is taken back.
    Unregister(&'text str),
    /// A send right; one that is not there yet may come so many milliseconds later.
    LookUp(&'text str, u32),
    /// Send rights to all of these, separated by zero bytes.
    LookUpAll(&'text str),
    /// The bootstrap port of the namespace around.
    Parent,
    /// How it is with a service.
    Status(&'text str),
    /// All names of the namespace.
    List,
    /// A namespace in this one, for as long as the port of the right in the message lives.
    Subset,
    /// A service that nobody has yet, and a send right to it.
    Create(&'text str),
    /// The service is the sender's since before this server, by the send right in the message; whether it was checked
    /// in for.
    Renew(&'text str, bool),
}

impl<'text> Request<'text> {
    /// The number of the message.
    pub(super) fn id(self) -> i32 {
        match self {
            Self::CheckIn(_) => 402,
            Self::Register(_) => 403,
            Self::LookUp(..) => 404,
            Self::LookUpAll(_) => 405,
            Self::Parent => 406,
            Self::Status(_) => 407,
            Self::List => 408,
            Self::Subset => 409,
            Self::Create(_) => 410,
            Self::Unregister(_) => 411,
            Self::Renew(..) => 412,
        }
    }

    /// The body of the message.
    pub(super) fn body(self) -> Vec<u8> {
        let (word, text) = match self {
            Self::Parent | Self::List | Self::Subset => (0, ""),
            Self::CheckIn(text) | Self::Register(text) | Self::Unregister(text) => (0, text),
            Self::LookUpAll(text) | Self::Status(text) | Self::Create(text) => (0, text),
            Self::LookUp(text, word) => (word, text),
            Self::Renew(text, keeps_name) => (u32::from(keeps_name), text),
        };
        [&word.to_ne_bytes(), text.as_bytes()].concat()
    }

    /// Whether each name in it can be one.
    pub(super) fn is_sound(self) -> bool {
        match self {
            Self::Parent | Self::List | Self::Subset => true,
            Self::LookUpAll(names) => names_of(names).into_iter().all(is_name),
            Self::CheckIn(name) | Self::Register(name) | Self::Unregister(name) | Self::LookUp(name, _) => {
                is_name(name)
            }
            Self::Status(name) | Self::Create(name) | Self::Renew(name, _) => is_name(name),
        }
    }

    /// What a message asks; `None` if it makes no sense.
    pub(super) fn parse(id: i32, body: &'text [u8]) -> Option<Self> {
        let (word, text) = body.split_first_chunk()?;
        let (word, text) = (u32::from_ne_bytes(*word), std::str::from_utf8(text).ok()?);
        let request = match id {
            402 => Self::CheckIn(text),
            403 => Self::Register(text),
            404 => Self::LookUp(text, word),
            405 => Self::LookUpAll(text),
            406 => Self::Parent,
            407 => Self::Status(text),
            408 => Self::List,
            409 => Self::Subset,
            410 => Self::Create(text),
            411 => Self::Unregister(text),
            412 => Self::Renew(text, word != 0),
            _ => return None,
        };
        Some(request)
    }
}

/// Whether a service can have this name.
pub(super) fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The names of [`Request::LookUpAll`].
pub(super) fn names_of(list: &str) -> Vec<&str> {
    list.split('\0').collect()
}

/// The body of an answer.
pub(super) fn answer(outcome: Result<&[u8], BootstrapCode>) -> Vec<u8> {
    match outcome {
        Ok(rest) => [&0_i32.to_ne_bytes(), rest].concat(),
        Err(code) => (code as i32).to_ne_bytes().to_vec(),
    }
}

/// What an answer says beside its code; `None` if it is none.
pub(super) fn parse_answer(body: &[u8]) -> Option<Result<&[u8], BootstrapCode>> {
    let (code, rest) = body.split_first_chunk()?;
    match i32::from_ne_bytes(*code) {
        0 => Some(Ok(rest)),
        code => BootstrapCode::from_raw(code).map(Err),
    }
}

/// How it is with a service, as an answer says it.
pub(super) fn status_bytes(status: Status) -> [u8; 4] {
    (status as u32).to_ne_bytes()
}

pub(super) fn parse_status(rest: &[u8]) -> Option<Status> {
    Status::from_raw(u32::from_ne_bytes(rest.try_into().ok()?))
}

/// Names, and how it is with each, as an answer says it.
pub(super) fn list_bytes(list: &[(String, Status)]) -> Vec<u8> {
    let entry = |(name, status): &(String, Status)| {
        [status_bytes(*status).as_slice(), name.as_bytes(), b"\0"].concat()
    };
    list.iter().flat_map(entry).collect()
}

pub(super) fn parse_list(mut rest: &[u8]) -> Option<Vec<(String, Status)>> {
    let mut list = Vec::new();
    while let Some((word, after)) = rest.split_first_chunk() {
        let end = after.iter().position(|byte| *byte == 0)?;
        let name = std::str::from_utf8(&after[..end]).ok()?;
        list.push((name.to_owned(), Status::from_raw(u32::from_ne_bytes(*word))?));
        rest = &after[end + 1..];
    }
    rest.is_empty().then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_read_as_it_was_written_and_nonsense_is_none() {
        let requests = [
            Request::CheckIn("a"),
            Request::Register("b"),
            Request::Unregister("c"),
            Request::LookUp("d", 77),
            Request::LookUpAll("e\0f"),
            Request::Parent,
            Request::Status("g"),
            Request::List,
            Request::Subset,
            Request::Create("h"),
            Request::Renew("i", true),
        ];
        for request in requests {
            assert_eq!(Request::parse(request.id(), &request.body()), Some(request));
        }
        assert_eq!(Request::parse(401, &[0; 4]), None);
        assert_eq!(Request::parse(402, &[0; 3]), None);
        assert_eq!(Request::parse(402, &[0, 0, 0, 0, 0xFF]), None, "no text");
    }

    #[test]
    fn answers_say_their_code_and_what_was_asked() {
        assert_eq!(parse_answer(&answer(Ok(b"rest"))), Some(Ok(&b"rest"[..])));
        for code in BootstrapCode::ALL {
            assert_eq!(parse_answer(&answer(Err(code))), Some(Err(code)));
        }
        assert_eq!((parse_answer(b""), parse_answer(&7_i32.to_ne_bytes())), (None, None));
        let list = vec![("a".to_owned(), Status::Active), ("b c".to_owned(), Status::OnDemand)];
        assert_eq!(parse_list(&list_bytes(&list)), Some(list));
        assert_eq!((parse_list(b"1234name"), parse_list(b"12")), (None, None));
        assert_eq!(parse_status(&status_bytes(Status::OnDemand)), Some(Status::OnDemand));
    }

    #[test]
    fn a_name_is_text_of_1_to_127_bytes() {
        for good in ["a", "com.example.log", "with space", &"x".repeat(127)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "a\0b", "line\nbreak", &"x".repeat(128)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
