//! One request, outside of any window: to set up, to ask for the first time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::Void;
use super::load::head_of;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends `request` over a connection of its own; status and body of the answer.
pub(crate) fn once(address: &str, request: &[u8]) -> Result<(u16, Vec<u8>), Void> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut part = vec![0; 1 << 14];
    loop {
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Err(Void::new("the connection was closed"));
        }
        answer.extend_from_slice(&part[..count]);
        if let Some((status, head, body)) = head_of(&answer)?
            && answer.len() >= head + body
        {
            return Ok((status, answer[head..head + body].to_vec()));
        }
    }
}
