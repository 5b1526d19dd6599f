//! One hash to compute, and who waits for it.

use argon2::password_hash::phc::Output;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use msf_core::error::Error;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::hash::new_salt;
use super::memory::Memory;
use super::{Params, Password, PasswordHash};

/// One hash to compute. The caller holds the other ends of `begun` and `done`; it has gone away, or waited long enough, when
/// `begun` is closed.
pub(super) struct Job {
    pub(super) password: Password,
    pub(super) work: Work,
    pub(super) begun: oneshot::Sender<()>,
}

pub(super) enum Work {
    Hash {
        params: Params,
        done: oneshot::Sender<Result<PasswordHash, Error>>,
    },
    Verify {
        stored: PasswordHash,
        done: oneshot::Sender<Result<bool, Error>>,
    },
    /// Whatever a test wants to happen on the thread.
    #[cfg(test)]
    Other(Box<dyn FnOnce(&mut Memory) + Send>),
}

impl Job {
    /// Computes the hash, unless nobody waits for it any more.
    pub(super) fn run(self, memory: &mut Memory) {
        if self.begun.send(()).is_err() {
            return;
        }
        // A caller that has gone away since then is not told; the hash was computed all the same.
        match self.work {
            Work::Hash { params, done } => {
                let _ = done.send(hash(&self.password, params, memory));
            }
            Work::Verify { stored, done } => {
                let _ = done.send(verify(&self.password, &stored, memory));
            }
            #[cfg(test)]
            Work::Other(work) => work(memory),
        }
    }
}

fn hash(password: &Password, params: Params, memory: &mut Memory) -> Result<PasswordHash, Error> {
    let salt = new_salt()?;
    let mut output = [0; argon2::Params::DEFAULT_OUTPUT_LEN];
    memory.argon2id(params, password.as_bytes(), &salt, &mut output)?;
    let output = Output::new(&output).map_err(|error| Error::internal(error.to_string()))?;
    PasswordHash::new(params, salt, output)
}

fn verify(password: &Password, stored: &PasswordHash, memory: &mut Memory) -> Result<bool, Error> {
    let mut output = Zeroizing::new([0; Output::MAX_LENGTH]);
    let output = &mut output[..stored.output().len()];
    memory.argon2id(stored.params(), password.as_bytes(), stored.salt(), output)?;
    Ok(verify_slices_are_equal(output, stored.output()).is_ok())
}
