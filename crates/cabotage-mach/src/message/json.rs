// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values as bodies, by serde: JSON, which other languages read too.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Message, Outgoing};

/// A value that is no body, or a body that is no such value.
#[derive(Debug, thiserror::Error)]
#[error("the value and JSON do not fit: {0}")]
pub struct JsonError(#[from] serde_json::Error);

impl Outgoing {
    /// With this value as its inline data.
    ///
    /// # Errors
    /// JSON has no form for it, such as for a map with keys that are no text.
    pub fn json(self, value: &impl Serialize) -> Result<Self, JsonError> {
        Ok(self.body(serde_json::to_vec(value)?))
    }
}

impl Message {
    /// The value that its inline data are. Whoever has a send right can send anything, so the type's own rules must
    /// hold for whatever can be parsed.
    ///
    /// # Errors
    /// It is none of this type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReceiveRight;

    #[test]
    fn a_value_goes_as_the_body_of_a_message_and_another_is_refused() {
        let port = ReceiveRight::new().unwrap();
        let point = (1.5, Some("name".to_owned()));
        port.make_send().unwrap().send(Outgoing::new(4).json(&point).unwrap()).unwrap();
        let message = port.receive().unwrap();
        assert_eq!(message.json::<(f64, Option<String>)>().unwrap(), point);
        assert!(message.json::<u32>().is_err());
    }

    #[test]
    fn a_body_that_nests_without_end_is_refused() {
        let port = ReceiveRight::new().unwrap();
        port.make_send().unwrap().send("[".repeat(100_000)).unwrap();
        assert!(port.receive().unwrap().json::<serde_json::Value>().is_err());
    }
}
