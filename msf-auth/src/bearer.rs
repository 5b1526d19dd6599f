//! The token of a request: one header, one scheme, one token (RFC 6750, section 2.1).

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::token::{MAX_TOKEN, Reason};

const SCHEME: &[u8] = b"Bearer";
/// The scheme, and spaces enough for anybody.
const MAX_VALUE: usize = MAX_TOKEN + 64;

/// What stands behind the scheme: one token, if all is well.
///
/// It is not looked at here, so that a token that is remembered costs a hash and nothing else.
pub(crate) fn credentials(headers: &HeaderMap) -> Result<Option<&[u8]>, Reason> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Reason::Duplicate);
    }
    let value = value.as_bytes().trim_ascii();
    if value.len() > MAX_VALUE {
        return Err(Reason::Size);
    }
    let (scheme, rest) = value.split_at_checked(SCHEME.len()).ok_or(Reason::Scheme)?;
    let credentials = rest.trim_ascii_start();
    // Something has to separate the two.
    if !scheme.eq_ignore_ascii_case(SCHEME) || credentials.len() == rest.len() {
        return Err(Reason::Scheme);
    }
    Ok(Some(credentials))
}

/// The one token that the credentials are.
pub(crate) fn token(credentials: &[u8]) -> Result<&str, Reason> {
    // A comma separates two headers that a proxy made one; no token holds one.
    if credentials
        .iter()
        .any(|byte| matches!(byte, b' ' | b'\t' | b','))
    {
        return Err(Reason::Duplicate);
    }
    std::str::from_utf8(credentials).map_err(|_| Reason::Shape)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(values: &[&str]) -> Result<Option<String>, Reason> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                AUTHORIZATION,
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        let credentials = credentials(&headers)?;
        let token = credentials.map(token).transpose()?;
        Ok(token.map(str::to_owned))
    }

    #[test]
    fn one_header_one_scheme_one_token() {
        assert_eq!(of(&[]), Ok(None));
        for value in [
            "Bearer t",
            "bearer t",
            "BEARER  t",
            "Bearer\tt",
            "Bearer t ",
        ] {
            assert_eq!(of(&[value]), Ok(Some("t".to_owned())), "{value}");
        }
        for value in [
            "",
            "t",
            "Bearer",
            "Bearer ",
            "Bearert",
            "Basic dTpw",
            "Basic Bearer t",
            ", Bearer",
            "token t",
            "DPoP t",
        ] {
            assert_eq!(of(&[value]), Err(Reason::Scheme), "{value}");
        }
        for values in [
            &["Bearer t", "Bearer t"][..],
            &["Bearer t", "Basic dTpw"],
            &["Basic dTpw", "Bearer t"],
            &["", ""],
            &["Bearer t u"],
            &["Bearer t, Bearer u"],
            &["Bearer t,Bearer u"],
            &["Bearer t,u"],
            &["Bearer ,t"],
            &["Bearer t,"],
            &["Bearer t ,"],
        ] {
            assert_eq!(of(values), Err(Reason::Duplicate), "{values:?}");
        }
        let latin = HeaderValue::from_bytes(b"Bearer \xe4").unwrap();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, latin)]);
        assert_eq!(
            credentials(&headers).unwrap().map(token),
            Some(Err(Reason::Shape))
        );
        assert_eq!(
            of(&[&format!("Bearer {}", "a".repeat(1 << 20))]),
            Err(Reason::Size)
        );
    }
}
