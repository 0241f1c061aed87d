// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a meeting could not be made or taken part in, of whichever kind it is: each kind has its own words for it.

use cabotage_os::SystemError;
use cabotage_os::map::MapError;

use crate::error::ObjectError;

/// See the [module](self).
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nothing has the name.
    Missing,
    /// What has the name is no meeting of this kind, or not whole any more, for this reason.
    Stranger(&'static str),
    /// It is laid out in another version.
    Version(u32),
    /// It needs membarrier, which this process may not call.
    NoMembarrier,
    /// Others made and removed it so often while we looked.
    Unsettled(u32),
    /// An object of it was shrunk.
    Truncated,
    /// It stayed with the parent process.
    Forked,
    /// An object of it refused.
    Object(ObjectError),
    /// The kernel refused.
    System(SystemError),
}

impl Refusal {
    pub(crate) const NOT_WHOLE: Self = Self::Stranger("an object of it is missing");
}

impl From<ObjectError> for Refusal {
    fn from(error: ObjectError) -> Self {
        Self::Object(error)
    }
}

impl From<SystemError> for Refusal {
    fn from(refusal: SystemError) -> Self {
        Self::System(refusal)
    }
}

impl From<MapError> for Refusal {
    fn from(error: MapError) -> Self {
        match error {
            MapError::System(refusal) => Self::System(refusal),
            MapError::Forked => Self::Forked,
            _ => Self::Truncated,
        }
    }
}

/// Gives the error of a kind of meeting `of`, which says a refusal in its words: `stranger` is its variant for what is
/// no such meeting.
macro_rules! refusals_in_words {
    ($error:ident, $stranger:ident) => {
        impl $error {
            /// What the meeting `name` refused, in our words.
            pub(crate) fn of(
                name: &$crate::Name,
                refusal: impl Into<$crate::meeting::refusal::Refusal>,
            ) -> Self {
                use $crate::meeting::refusal::Refusal;
                let name = name.clone();
                match refusal.into() {
                    Refusal::Missing => Self::Missing { name },
                    Refusal::Stranger(why) => Self::$stranger { name, why },
                    Refusal::Version(version) => Self::Version { name, version },
                    Refusal::NoMembarrier => Self::NoMembarrier { name },
                    Refusal::Unsettled(tries) => Self::Unsettled { name, tries },
                    Refusal::Truncated => Self::Truncated { name },
                    Refusal::Forked => Self::Forked,
                    Refusal::Object(error) => Self::Object(error),
                    Refusal::System(refusal) => Self::System(refusal),
                }
            }
        }
    };
}

pub(crate) use refusals_in_words;
