//! Where a context is read from and written to: HTTP headers, gRPC metadata, the attributes of an event.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};

/// Something that carries text by name and can be read.
///
/// ```
/// use msf_core::context::Carrier;
/// let headers = http::HeaderMap::from_iter([("x-request-id".parse().unwrap(), "7".parse().unwrap())]);
/// assert_eq!(Carrier::get(&headers, "x-request-id"), Some("7"));
/// ```
pub trait Carrier {
    /// The value under `name`, if there is one and it is text.
    fn get(&self, name: &str) -> Option<&str>;
}

/// Something that carries text by name and can be written.
pub trait CarrierMut {
    /// Puts `value` under `name`, in place of what is there. Text that the carrier cannot hold is left out.
    fn set(&mut self, name: &'static str, value: &str);
}

/// The names that a context has on a wire, ready to be looked up.
static NAMES: [HeaderName; 6] = [
    HeaderName::from_static(super::CORRELATION_ID),
    HeaderName::from_static(super::REQUEST_ID),
    HeaderName::from_static(super::TRACEPARENT),
    HeaderName::from_static(super::TRACESTATE),
    HeaderName::from_static(super::GRPC_TIMEOUT),
    HeaderName::from_static(super::DEADLINE_MS),
];

/// Takes out of `headers` what a context reads there, so that only what is injected next is said.
///
/// ```
/// let mut headers = http::HeaderMap::from_iter([("x-request-id".parse().unwrap(), "7".parse().unwrap())]);
/// msf_core::context::strip(&mut headers);
/// assert!(headers.is_empty());
/// ```
pub fn strip(headers: &mut HeaderMap) {
    for name in &NAMES {
        headers.remove(name);
    }
}

/// `name` as one of those: to parse it anew for each header of each request costs more than to look it up.
fn known(name: &str) -> Option<&'static HeaderName> {
    NAMES.iter().find(|known| known.as_str() == name)
}

impl Carrier for HeaderMap {
    fn get(&self, name: &str) -> Option<&str> {
        let value = match known(name) {
            Some(name) => Self::get(self, name),
            None => Self::get(self, name),
        };
        value?.to_str().ok()
    }
}

impl CarrierMut for HeaderMap {
    fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            let known = known(name).cloned();
            self.insert(
                known.unwrap_or_else(|| HeaderName::from_static(name)),
                value,
            );
        }
    }
}

impl Carrier for MetadataMap {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name)?.to_str().ok()
    }
}

impl CarrierMut for MetadataMap {
    fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = AsciiMetadataValue::try_from(value) {
            self.insert(AsciiMetadataKey::from_static(name), value);
        }
    }
}

impl Carrier for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name).map(String::as_str)
    }
}

impl CarrierMut for BTreeMap<String, String> {
    fn set(&mut self, name: &'static str, value: &str) {
        self.insert(name.to_owned(), value.to_owned());
    }
}
