// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory out of line: a copy of its own, a block that is read where its sender wrote it, or memory that nobody writes
//! any more.

use cabotage_link::Block;
use cabotage_os::sealed::SealedPart;

use crate::carrier::Loan;

/// Memory out of line.
#[derive(Debug)]
pub enum Memory {
    /// A copy of its own.
    Bytes(Vec<u8>),
    /// What another process has sent, where that wrote it, until this is dropped. **Its sender can rewrite it**: what is
    /// to be checked and then relied upon has to be copied first.
    Block(Block),
    /// What is to be sent to another process, written where that will read it.
    Loan(Loan),
    /// What nobody can change any more, its sender included.
    Sealed(SealedPart),
}

impl Memory {
    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Block(block) => block.bytes(),
            Self::Loan(loan) => loan.bytes(),
            Self::Sealed(part) => part.bytes(),
        }
    }

    /// Copies bytes from `offset` on, each loaded once; answers how many. In a forked child nothing is left of the blocks
    /// that its parent received.
    pub fn copy_at(&self, offset: usize, target: &mut [u8]) -> usize {
        let bytes = self.bytes().saturating_sub(offset).min(target.len());
        let target = &mut target[..bytes];
        let copied = match self {
            Self::Bytes(own) => {
                target.copy_from_slice(&own[offset.min(own.len())..][..bytes]);
                true
            }
            Self::Block(block) => block.copy_at(offset, target).is_ok(),
            Self::Loan(loan) => loan.copy_at(offset, target),
            Self::Sealed(part) => part.copy_at(offset, target).is_ok(),
        };
        if copied { bytes } else { 0 }
    }

    /// A copy of all of it.
    pub fn to_vec(&self) -> Vec<u8> {
        if let Self::Bytes(bytes) = self {
            return bytes.clone();
        }
        let mut copy = vec![0; self.bytes()];
        let bytes = self.copy_at(0, &mut copy);
        copy.truncate(bytes);
        copy
    }
}

impl From<Vec<u8>> for Memory {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Memory {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<const BYTES: usize> From<&[u8; BYTES]> for Memory {
    fn from(bytes: &[u8; BYTES]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<String> for Memory {
    fn from(text: String) -> Self {
        Self::Bytes(text.into_bytes())
    }
}

impl From<&str> for Memory {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

impl From<SealedPart> for Memory {
    fn from(part: SealedPart) -> Self {
        Self::Sealed(part)
    }
}

impl From<Loan> for Memory {
    fn from(loan: Loan) -> Self {
        loan.into_memory()
    }
}
