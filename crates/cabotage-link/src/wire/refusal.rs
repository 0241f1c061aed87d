// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why an end wants no link with its peer, as it tells it.

use crate::quota::Resource;
use crate::wire::fields::{Encoded, Fields};
use crate::wire::{Versions, WireError};

pub(super) const KIND: u8 = 5;
pub(super) const NAME: &str = "REFUSED";

const VERSION: u8 = 1;
const QUOTA: u8 = 2;
const UNIDENTIFIED: u8 = 3;
const BUSY: u8 = 4;

/// The reason of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The ends share no version; these are the refusing end's.
    Version(Versions),
    /// The peer, or its user, has as much of this as it may have.
    Quota(Resource),
    /// The kernel could not say who the peer is.
    Unidentified,
    /// There is no room for another link now.
    Busy,
}

impl Refusal {
    pub(super) fn encode(self) -> Encoded {
        let message = Encoded::new(KIND);
        match self {
            Self::Version(Versions { oldest, newest }) => {
                message.and([VERSION]).and(oldest.to_le_bytes()).and(newest.to_le_bytes())
            }
            Self::Quota(what) => message.and([QUOTA, resource_code(what)]),
            Self::Unidentified => message.and([UNIDENTIFIED]),
            Self::Busy => message.and([BUSY]),
        }
    }

    /// Reads what follows the kind.
    pub(super) fn decode(mut fields: Fields<'_>) -> Result<Self, WireError> {
        let refusal = match fields.u8()? {
            VERSION => {
                let (oldest, newest) = (fields.u16()?, fields.u16()?);
                let versions = Versions { oldest, newest };
                if !versions.is_possible() {
                    return Err(WireError::Versions { oldest, newest });
                }
                Self::Version(versions)
            }
            QUOTA => {
                let code = fields.u8()?;
                let named = Resource::ALL.into_iter().find(|what| resource_code(*what) == code);
                Self::Quota(named.ok_or(WireError::Code { frame: NAME, code })?)
            }
            UNIDENTIFIED => Self::Unidentified,
            BUSY => Self::Busy,
            code => return Err(WireError::Code { frame: NAME, code }),
        };
        fields.end()?;
        Ok(refusal)
    }
}

fn resource_code(what: Resource) -> u8 {
    match what {
        Resource::Links => 1,
        Resource::Bytes => 2,
        Resource::Descriptors => 3,
    }
}
