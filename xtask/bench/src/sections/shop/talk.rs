//! What is said to a shop, and which answers are expected.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::PASSWORD;
use crate::measure::{Answer, Script, Void, get, once, post};

/// Requests that differ from one to the next, and what each answer must say.
pub(in crate::sections) struct Talk {
    next: Box<dyn FnMut() -> Bytes>,
    check: Box<Check>,
    pause: Option<Duration>,
}

type Check = dyn FnMut(&Answer<'_>) -> Result<(), Void>;

/// What a login gives.
#[derive(Clone, Debug)]
pub(in crate::sections) struct Session {
    pub(in crate::sections) access: String,
    pub(in crate::sections) refresh: String,
}

/// A user that was filled in.
#[derive(Clone, Debug)]
pub(in crate::sections) struct Account {
    pub(in crate::sections) id: String,
    pub(in crate::sections) email: String,
}

// === impl Talk ===

impl Talk {
    /// `next` gives a request and a text that its answer contains, with this status.
    pub(in crate::sections) fn new(
        status: u16,
        mut next: impl FnMut() -> (Bytes, String) + 'static,
    ) -> Self {
        let expected = Rc::new(RefCell::new(String::new()));
        let told = Rc::clone(&expected);
        Self::of(
            move || {
                let (request, text) = next();
                *told.borrow_mut() = text;
                request
            },
            move |answer| says(answer, status, &expected.borrow()),
        )
    }

    /// The same request and the same text again and again, with status 200.
    pub(in crate::sections) fn same(request: Bytes, text: &str) -> Self {
        let text = text.to_owned();
        Self::of(
            move || request.clone(),
            move |answer| says(answer, 200, &text),
        )
    }

    /// A chain of refresh tokens: each answer has the next one.
    pub(in crate::sections) fn refresh(session: Session) -> Self {
        let token = Rc::new(RefCell::new(session.refresh));
        let used = Rc::clone(&token);
        Self::of(
            move || {
                let body = json!({ "refresh_token": *used.borrow() }).to_string();
                post("/api/v1/refresh-token", None, body.as_bytes())
            },
            move |answer| {
                let body = read(answer.status, answer.body, 200)?;
                let next = member(&body, "refresh_token")?;
                if next == token.replace(next.clone()) {
                    return Err(Void::new("a refresh token that was not replaced"));
                }
                Ok(())
            },
        )
    }

    /// Waits so long before each request but the first.
    pub(in crate::sections) fn every(mut self, pause: Duration) -> Self {
        self.pause = Some(pause);
        self
    }

    fn of(
        next: impl FnMut() -> Bytes + 'static,
        check: impl FnMut(&Answer<'_>) -> Result<(), Void> + 'static,
    ) -> Self {
        Self {
            next: Box::new(next),
            check: Box::new(check),
            pause: None,
        }
    }
}

impl Script for Talk {
    fn next(&mut self) -> Bytes {
        (self.next)()
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), Void> {
        (self.check)(answer)
    }

    fn pause(&self) -> Option<Duration> {
        self.pause
    }
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Talk").finish_non_exhaustive()
    }
}

fn says(answer: &Answer<'_>, status: u16, text: &str) -> Result<(), Void> {
    let text = text.as_bytes();
    let found = answer.body.windows(text.len()).any(|part| part == text);
    if answer.status == status && found {
        Ok(())
    } else {
        Err(answer.unexpected())
    }
}

// === asking once ===

/// The user of this number.
pub(in crate::sections) fn account(number: usize) -> Account {
    Account {
        id: user_id(number),
        email: format!("user-{number}@bench.example"),
    }
}

/// The id of the user, or the product, of this number.
pub(in crate::sections) fn user_id(number: usize) -> String {
    format!("01900000-0000-7000-8000-{number:012x}")
}

/// The request of a login.
pub(in crate::sections) fn login_request(email: &str) -> Bytes {
    let body = json!({ "email": email, "password": PASSWORD }).to_string();
    post("/api/v1/login", None, body.as_bytes())
}

/// Logs in, outside of any window.
pub(in crate::sections) fn login(gateway: &str, email: &str) -> Result<Session, Void> {
    let (status, body) = once(gateway, &login_request(email))?;
    let body = read(status, &body, 200)?;
    Ok(Session {
        access: member(&body, "access_token")?,
        refresh: member(&body, "refresh_token")?,
    })
}

/// A connection that asks who it is, of a user who logs in for it now.
pub(in crate::sections) fn who_am_i(gateway: &str, account: &Account) -> Result<Talk, Void> {
    let session = login(gateway, &account.email)?;
    let request = get("/api/v1/me", Some(&session.access));
    Ok(Talk::same(request, &format!("\"id\":\"{}\"", account.id)))
}

fn read(status: u16, body: &[u8], expected: u16) -> Result<Value, Void> {
    if status != expected {
        return Err(Answer { status, body }.unexpected());
    }
    serde_json::from_slice(body).map_err(|error| Void::new(error.to_string()))
}

fn member(body: &Value, name: &str) -> Result<String, Void> {
    let text = body[name].as_str().map(ToOwned::to_owned);
    text.ok_or_else(|| Void::new(format!("an answer without {name}")))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;
    use crate::measure::{Pace, Window, burst, load};

    fn answer(status: u16, body: &str) -> Answer<'_> {
        Answer {
            status,
            body: body.as_bytes(),
        }
    }

    /// A server with these answers, the last of which it gives for ever.
    fn server(answers: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let answers = answers.clone();
                thread::spawn(move || serve(stream.unwrap(), &answers));
            }
        });
        address
    }

    fn serve(mut stream: TcpStream, answers: &[String]) {
        let last = answers.last().into_iter().cycle();
        let mut request = vec![0; 1 << 12];
        for answer in answers.iter().chain(last) {
            if !stream.read(&mut request).is_ok_and(|count| count > 0) {
                return;
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
    }

    fn response(status: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}")
    }

    fn window(answers: Vec<String>) -> Result<Window, Void> {
        let talk = Talk::same(get("/api/v1/me", Some("t")), r#""id":"7""#);
        load(Pace::QUICK, &server(answers), vec![talk], &[])
    }

    #[test]
    fn one_refusal_voids_a_window() {
        let good = response("200 OK", r#"{"id":"7"}"#);
        assert!(window(vec![good.clone()]).unwrap().answered > 0);
        let mut answers = vec![good.clone(); 20];
        answers.extend([response("401 Unauthorized", r#"{"id":"7"}"#), good]);
        let void = window(answers).unwrap_err().to_string();
        assert!(void.starts_with("answer 401"), "{void}");
    }

    #[test]
    fn an_answer_of_somebody_else_voids_a_window() {
        let void = window(vec![response("200 OK", r#"{"id":"8"}"#)]).unwrap_err();
        assert_eq!(void.to_string(), r#"answer 200: {"id":"8"}"#);
    }

    #[test]
    fn each_request_has_the_token_of_the_answer_before() {
        let session = Session {
            access: String::new(),
            refresh: "r0".to_owned(),
        };
        let mut talk = Talk::refresh(session);
        let sent = |talk: &mut Talk| String::from_utf8(talk.next().to_vec()).unwrap();
        assert!(sent(&mut talk).ends_with(r#"{"refresh_token":"r0"}"#));
        let next = answer(200, r#"{"refresh_token":"r1"}"#);
        talk.check(&next).unwrap();
        assert!(sent(&mut talk).ends_with(r#"{"refresh_token":"r1"}"#));
        assert!(talk.check(&next).is_err(), "the same token again");
        assert!(talk.check(&answer(401, "{}")).is_err());
    }

    #[test]
    fn a_burst_tells_who_is_to_come_again() {
        let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\ncontent-length: 0\r\n\r\n";
        for (answer, expected) in [
            (busy.to_owned(), (503, true)),
            (response("503 Busy", ""), (503, false)),
            (response("200 OK", "{}"), (200, false)),
        ] {
            let requests = vec![login_request("a@b.c"); 20];
            let replies = burst(&server(vec![answer]), requests).unwrap();
            assert_eq!(replies.len(), 20);
            let told = |reply: &crate::measure::Reply| (reply.status, reply.retry_after);
            assert!(replies.iter().all(|reply| told(reply) == expected));
        }
    }
}
