//! The refresh token: what is in it, and how it is sealed.

use std::fmt;

use aws_lc_rs::rand;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use msf_core::error::Error;
use zeroize::Zeroizing;

use super::key::KeyId;
use super::{Fingerprint, Generation, RefreshKey};

/// The longest subject in bytes: 255.
pub const MAX_SUBJECT: usize = 255;

/// What every token begins with, so that scanners for leaked secrets find it.
const PREFIX: &str = "msfr1.";
const VERSION: u8 = 1;
const RID: usize = 16;
const TAG: usize = 32;
/// Version, key id, length of the subject, rid, generation, tag.
const AROUND_SUBJECT: usize = 1 + size_of::<KeyId>() + 1 + RID + size_of::<u64>() + TAG;
const MAX_BYTES: usize = AROUND_SUBJECT + MAX_SUBJECT;
const MAX_TEXT: usize = PREFIX.len() + MAX_BYTES.div_ceil(3) * 4;

/// A refresh token, for the client that owns the session and for nobody else.
///
/// Opaque: `msfr1.` and base64url. Not shown by `Debug`, wiped when dropped; [`expose`](Self::expose) gives the text to send.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # #[cfg(feature = "sqlite")] {
/// # use msf_auth::refresh::{RefreshKey, SessionPolicy, Sessions, SqliteSessions};
/// # let folder = tempfile::tempdir().unwrap();
/// # let store = SqliteSessions::open(folder.path().join("sessions.db")).unwrap();
/// # let sessions = Sessions::new(store, RefreshKey::from_bytes([7; 32]), SessionPolicy::default(), Default::default());
/// let token = sessions.begin("ana").await.unwrap().token;
/// assert!(token.expose().starts_with("msfr1."));
/// assert_eq!(format!("{token:?}"), "RefreshToken([secret])");
/// # }
/// # });
/// ```
#[derive(Clone)]
pub struct RefreshToken(Zeroizing<String>);

/// What a token says, whose tag was right or is yet to be made.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) subject: String,
    pub(super) rid: Zeroizing<[u8; RID]>,
    pub(super) generation: Generation,
}

impl RefreshToken {
    /// The text, for the client.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken([secret])")
    }
}

impl Claims {
    /// Those of the first token of a new session.
    pub(super) fn first(subject: &str) -> Result<Self, Error> {
        if subject.is_empty() || subject.len() > MAX_SUBJECT {
            let length = subject.len();
            return Err(Error::internal(format!(
                "the subject of a session has 1 to {MAX_SUBJECT} bytes, not {length}"
            )));
        }
        let mut rid = Zeroizing::new([0; RID]);
        rand::fill(&mut *rid).map_err(|_| Error::internal("the system gave no random bytes"))?;
        Ok(Self {
            subject: subject.to_owned(),
            rid,
            generation: Generation::FIRST,
        })
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&*self.rid)
    }

    /// The token of these claims: always the same.
    pub(super) fn seal(&self, key: &RefreshKey) -> Result<RefreshToken, Error> {
        let length = u8::try_from(self.subject.len()).map_err(Error::internal)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(PREFIX.len() + MAX_BYTES));
        bytes.extend_from_slice(PREFIX.as_bytes());
        bytes.push(VERSION);
        bytes.extend_from_slice(key.id());
        bytes.push(length);
        bytes.extend_from_slice(self.subject.as_bytes());
        bytes.extend_from_slice(&*self.rid);
        bytes.extend_from_slice(&self.generation.get().to_be_bytes());
        let tag = key.sign(&bytes);
        bytes.extend_from_slice(tag.as_ref());
        let mut text = Zeroizing::new(String::with_capacity(MAX_TEXT));
        text.push_str(PREFIX);
        BASE64_URL_SAFE_NO_PAD.encode_string(&bytes[PREFIX.len()..], &mut text);
        Ok(RefreshToken(text))
    }

    /// Reads a token that `key` has sealed. `None` for anything else.
    pub(super) fn open(text: &str, key: &RefreshKey) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let encoded = text.strip_prefix(PREFIX)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(PREFIX.len() + MAX_BYTES + 3));
        bytes.extend_from_slice(PREFIX.as_bytes());
        BASE64_URL_SAFE_NO_PAD
            .decode_vec(encoded, &mut bytes)
            .ok()?;
        let (signed, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        let rest = signed.strip_prefix(PREFIX.as_bytes())?;
        let rest = rest.strip_prefix(&[VERSION])?.strip_prefix(key.id())?;
        if !key.has_signed(signed, tag) {
            return None;
        }
        let (&length, rest) = rest.split_first()?;
        let (subject, rest) = rest.split_at_checked(length.into())?;
        let (rid, rest) = rest.split_first_chunk::<RID>()?;
        let generation = u64::from_be_bytes(rest.try_into().ok()?);
        Some(Self {
            subject: std::str::from_utf8(subject).ok()?.to_owned(),
            rid: Zeroizing::new(*rid),
            generation: Generation::new(generation)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> RefreshKey {
        RefreshKey::from_bytes([7; 32])
    }

    fn claims(subject: &str, generation: u64) -> Claims {
        let mut claims = Claims::first(subject).unwrap();
        claims.generation = Generation::new(generation).unwrap();
        claims
    }

    fn is_opened(text: &str) -> bool {
        Claims::open(text, &key()).is_some()
    }

    /// A token whose tag is right, of whatever bytes stand before the tag.
    fn sealed(signed: &[u8], key: &RefreshKey) -> String {
        let tag = key.sign(&[PREFIX.as_bytes(), signed].concat());
        let bytes = [signed, tag.as_ref()].concat();
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Computed with Python's hmac and base64.
    #[test]
    fn golden() {
        let mut claims = claims("ana", 3);
        claims.rid = Zeroizing::new(*b"0123456789abcdef");
        let expected = "msfr1.AYom5ygfbcnrA2FuYTAxMjM0NTY3ODlhYmNkZWYAAAAAAAAAA2m9wfNbpQXglR_OuFwzu-OLI7u7luH9FSo2WWtAUGwt";
        assert_eq!(claims.seal(&key()).unwrap().expose(), expected);
    }

    #[test]
    fn the_longest_subject_fits_and_a_longer_or_empty_one_is_refused() {
        let token = claims(&"x".repeat(MAX_SUBJECT), u64::from(u32::MAX))
            .seal(&key())
            .unwrap();
        assert!(token.expose().len() <= MAX_TEXT);
        assert!(is_opened(token.expose()));
        assert!(Claims::first("").is_err());
        assert!(Claims::first(&"x".repeat(MAX_SUBJECT + 1)).is_err());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let token = claims("ana", 3).seal(&key()).unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(&token.expose()[PREFIX.len()..])
            .unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let text = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(forged));
            assert!(!is_opened(&text), "bit {bit}");
        }
        for end in 0..token.expose().len() {
            assert!(!is_opened(&token.expose()[..end]), "cut at {end}");
        }
        for longer in ["A", "AA", "AAA", "AAAA", "=", ".", " ", "\n"] {
            assert!(
                !is_opened(&format!("{}{longer}", token.expose())),
                "{longer:?}"
            );
            assert!(
                !is_opened(&format!("{longer}{}", token.expose())),
                "{longer:?}"
            );
        }
        assert!(is_opened(token.expose()));
    }

    #[test]
    fn there_is_one_spelling_of_a_token() {
        for subject in ["a", "an", "ana", "anas"] {
            let token = claims(subject, 3).seal(&key()).unwrap();
            let (start, last) = token.expose().split_at(token.expose().len() - 1);
            let spellings = (0..128u8)
                .map(char::from)
                .filter(|other| is_opened(&format!("{start}{other}")));
            assert_eq!(spellings.collect::<String>(), last);
        }
    }

    #[test]
    fn a_right_tag_is_not_enough() {
        let key = key();
        let id = *key.id();
        let whole = |version: u8, id: KeyId, length: u8, subject: &[u8], generation: u64| {
            [
                &[version],
                &id[..],
                &[length],
                subject,
                &[9; RID],
                &generation.to_be_bytes(),
            ]
            .concat()
        };
        assert!(is_opened(&sealed(&whole(1, id, 3, b"ana", 0), &key)));
        let wrong = [
            whole(2, id, 3, b"ana", 0),
            whole(1, [0; 8], 3, b"ana", 0),
            whole(1, id, 2, b"ana", 0),
            whole(1, id, 4, b"ana", 0),
            whole(1, id, 255, b"ana", 0),
            whole(1, id, 3, b"\xff\xfe\xfd", 0),
            whole(1, id, 3, b"ana", u64::MAX),
            vec![],
            vec![1],
        ];
        for signed in wrong {
            assert!(!is_opened(&sealed(&signed, &key)), "{signed:?}");
        }
        let other = RefreshKey::from_bytes([8; 32]);
        assert!(!is_opened(claims("ana", 0).seal(&other).unwrap().expose()));
        assert!(!is_opened(&sealed(&whole(1, id, 3, b"ana", 0), &other)));
    }

    #[test]
    fn a_megabyte_is_refused() {
        assert!(!is_opened(&format!("{PREFIX}{}", "A".repeat(1 << 20))));
    }

    proptest! {
        #[test]
        fn what_is_sealed_is_opened(subject in "\\PC{1,60}", generation in 0..=Generation::LAST.get()) {
            let claims = claims(&subject, generation);
            let token = claims.seal(&key()).unwrap();
            prop_assert!(Claims::open(token.expose(), &key()).is_some_and(|opened| opened == claims));
        }

        #[test]
        fn no_text_panics_or_is_opened(text in "(msfr1\\.)?[A-Za-z0-9_=.-]{0,600}", any in ".*") {
            prop_assert!(!is_opened(&text));
            prop_assert!(!is_opened(&any));
        }
    }
}
