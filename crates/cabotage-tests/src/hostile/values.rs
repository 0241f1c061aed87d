// SPDX-License-Identifier: MIT OR Apache-2.0
//! The values at the bounds of everything that a field may be.

use super::field::Field;

/// A lie, before it is known what the truth would have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Zero,
    /// One.
    One,
    /// One less than the truth.
    OneLess,
    /// The truth: a liar that happens to be right does no harm either.
    Truth,
    /// One more than the truth.
    OneMore,
    /// The greatest value but one.
    MaxLessOne,
    /// The greatest value.
    Max,
    /// Only the highest bit.
    Sign,
    /// The greatest value that means something.
    Cap,
    /// The name of the holder itself.
    Itself,
    /// Beside a border of words.
    Misaligned,
    /// Anything.
    Random(u64),
}

impl Value {
    /// Each of them, with one random number.
    pub fn all(random: u64) -> [Self; 12] {
        use Value::{
            Cap, Itself, Max, MaxLessOne, Misaligned, One, OneLess, OneMore, Random, Sign, Truth, Zero,
        };
        [Zero, One, OneLess, Truth, OneMore, MaxLessOne, Max, Sign, Cap, Itself, Misaligned, Random(random)]
    }

    /// What stands in `field` instead of `truth`; the field cuts off what does not fit.
    pub(super) fn instead_of(self, truth: u64, field: &Field) -> u64 {
        match self {
            Self::Zero => 0,
            Self::One => 1,
            Self::OneLess => truth.wrapping_sub(1),
            Self::Truth => truth,
            Self::OneMore => truth.wrapping_add(1),
            Self::MaxLessOne => field.max() - 1,
            Self::Max => field.max(),
            Self::Sign => 1 << (field.bits - 1),
            Self::Cap => field.cap,
            Self::Itself => field.itself,
            Self::Misaligned => truth.wrapping_add(3),
            Self::Random(number) => number,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Zero => "zero",
            Self::One => "one",
            Self::OneLess => "one-less",
            Self::Truth => "truth",
            Self::OneMore => "one-more",
            Self::MaxLessOne => "max-less-one",
            Self::Max => "max",
            Self::Sign => "sign",
            Self::Cap => "cap",
            Self::Itself => "itself",
            Self::Misaligned => "misaligned",
            Self::Random(number) => return write!(f, "random:{number}"),
        })
    }
}

impl std::str::FromStr for Value {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = match text.strip_prefix("random:") {
            Some(number) => number.parse().map_err(|_| format!("{text} has no number"))?,
            None => 0,
        };
        let found = Self::all(number).into_iter().find(|value| value.to_string() == text);
        found.ok_or_else(|| format!("{text} is no value of a lie"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostile::field::{Place, always};

    const BYTE: Field = Field::new("x.y", Place::Word { byte: 0 }, 8, "").cap(64).itself(7).found(always);

    #[test]
    fn values_are_cut_to_the_width_of_their_field() {
        let lies = Value::all(0x1_23).map(|value| BYTE.lie(0, value));
        assert_eq!(lies, [0, 1, 255, 0, 1, 254, 255, 128, 64, 7, 3, 0x23]);
    }

    #[test]
    fn a_value_that_happens_to_be_the_truth_is_no_lie() {
        assert!(!BYTE.is_found(1, Value::One) && BYTE.is_found(2, Value::One));
        assert!(!BYTE.is_found(9, Value::Truth));
    }

    #[test]
    fn a_value_is_read_back_from_what_it_is_called() {
        for value in Value::all(99) {
            assert_eq!(value.to_string().parse(), Ok(value));
        }
        assert!("many".parse::<Value>().is_err());
    }
}
