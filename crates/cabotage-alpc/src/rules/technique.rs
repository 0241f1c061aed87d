// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which way a body travels: by its size, by what both sides take, and by what the sender asks.

/// A way for the bytes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Technique {
    /// Copied through the queue, in and out.
    Inline,
    /// In a view of a section, which the receiver reads where the sender wrote it. The sender could rewrite it.
    Section,
    /// In a secure view: sealed, so that nobody can write it any more, and made anew for each message.
    SecureSection,
    /// Left with the sender, which waits, and read there by the receiver.
    Direct,
}

/// What both sides take, in bytes. A technique that is not to be had has a limit of 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Up to where a body goes through the queue by itself.
    pub(crate) inline_bytes_max: u64,
    /// Up to where it goes through the queue at all.
    pub(crate) message_bytes_max: u64,
    /// The largest section.
    pub(crate) section_bytes_max: u64,
    /// The largest body that is read directly.
    pub(crate) direct_bytes_max: u64,
    /// Whether the sender lets the receiver read its memory.
    pub(crate) is_declared: bool,
}

/// No way is left for a body of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoWay {
    pub(crate) bytes: u64,
    pub(crate) limits: Limits,
}

/// The way of a body of so many bytes; `forced` is what the sender asks for, if it does.
///
/// By itself, what fits the inline limit goes through the queue, and what is larger as a section. If that is too
/// large for the receiver's sections, or it takes none, the body is read directly where the sender has declared it;
/// else what the queue holds at all goes through the queue.
///
/// # Errors
/// [`NoWay`].
#[inline]
pub(crate) fn choose(bytes: u64, forced: Option<Technique>, limits: &Limits) -> Result<Technique, NoWay> {
    if forced.is_none() && bytes <= limits.inline_bytes_max {
        return Ok(Technique::Inline);
    }
    let fits = |technique: &Technique| match technique {
        Technique::Inline => bytes <= limits.message_bytes_max,
        Technique::Section | Technique::SecureSection => (1..=limits.section_bytes_max).contains(&bytes),
        Technique::Direct => limits.is_declared && bytes <= limits.direct_bytes_max,
    };
    let found = match forced {
        Some(technique) => Some(technique).filter(fits),
        None => [Technique::Section, Technique::Direct, Technique::Inline].into_iter().find(fits),
    };
    found.ok_or(NoWay { bytes, limits: *limits })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Technique::{Direct, Inline, Section, SecureSection};
    use super::*;

    const LIMITS: Limits = Limits {
        inline_bytes_max: 256,
        message_bytes_max: 0xFFEF,
        section_bytes_max: 1 << 20,
        direct_bytes_max: 1 << 24,
        is_declared: true,
    };

    #[test]
    fn up_to_the_inline_limit_a_body_is_copied_through_the_queue() {
        for bytes in [0, 1, 255, 256] {
            assert_eq!(choose(bytes, None, &LIMITS), Ok(Inline));
        }
    }

    #[test]
    fn from_257_bytes_on_a_body_goes_as_a_section_view() {
        for bytes in [257, 0xFFEF, 1 << 20] {
            assert_eq!(choose(bytes, None, &LIMITS), Ok(Section));
        }
    }

    #[test]
    fn above_the_section_cap_a_declared_body_is_read_directly() {
        assert_eq!(choose((1 << 20) + 1, None, &LIMITS), Ok(Direct));
        assert_eq!(choose(1 << 24, None, &LIMITS), Ok(Direct));
    }

    #[test]
    fn where_views_are_refused_a_declared_body_is_read_directly_and_another_copied_as_far_as_the_queue_holds_it()
     {
        let refused = Limits { section_bytes_max: 0, ..LIMITS };
        assert_eq!(choose(257, None, &refused), Ok(Direct));
        let undeclared = Limits { is_declared: false, ..refused };
        assert_eq!(choose(257, None, &undeclared), Ok(Inline));
        assert_eq!(choose(0xFFEF, None, &undeclared), Ok(Inline));
    }

    #[test]
    fn what_no_way_takes_is_refused_with_all_limits() {
        let undeclared = Limits { is_declared: false, ..LIMITS };
        let bytes = (1 << 20) + 1;
        assert_eq!(choose(bytes, None, &undeclared), Err(NoWay { bytes, limits: undeclared }));
        let bytes = (1 << 24) + 1;
        assert_eq!(choose(bytes, None, &LIMITS), Err(NoWay { bytes, limits: LIMITS }));
    }

    #[test]
    fn the_sender_can_force_each_technique_within_its_limit() {
        assert_eq!(choose(300, Some(Inline), &LIMITS), Ok(Inline));
        assert_eq!(choose(1, Some(Section), &LIMITS), Ok(Section));
        assert_eq!(choose(1, Some(SecureSection), &LIMITS), Ok(SecureSection));
        assert_eq!(choose(0, Some(Direct), &LIMITS), Ok(Direct));
        for (bytes, technique) in
            [(0xFFF0, Inline), ((1 << 20) + 1, Section), (0, Section), ((1 << 24) + 1, Direct)]
        {
            assert!(choose(bytes, Some(technique), &LIMITS).is_err(), "{bytes} {technique:?}");
        }
    }

    proptest! {
        #[test]
        fn no_choice_breaks_a_limit(
            bytes in 0..1_u64 << 26,
            inline_bytes_max in 0..0xFFF0_u64,
            section_bytes_max in 0..1_u64 << 26,
            direct_bytes_max in 0..1_u64 << 26,
            is_declared: bool,
        ) {
            let limits =
                Limits { inline_bytes_max, section_bytes_max, direct_bytes_max, is_declared, ..LIMITS };
            match choose(bytes, None, &limits) {
                Ok(Inline) => prop_assert!(bytes <= limits.message_bytes_max),
                Ok(Section) => prop_assert!(bytes <= section_bytes_max && bytes > inline_bytes_max),
                Ok(Direct) => prop_assert!(is_declared && bytes <= direct_bytes_max),
                Ok(SecureSection) => prop_assert!(false, "only when asked for"),
                Err(_) => prop_assert!(bytes > section_bytes_max && bytes > limits.message_bytes_max),
            }
        }
    }
}
