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

impl Carrier for HeaderMap {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name)?.to_str().ok()
    }
}

impl CarrierMut for HeaderMap {
    fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.insert(HeaderName::from_static(name), value);
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
