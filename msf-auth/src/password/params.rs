//! How much work one hash is.

use std::fmt;

use msf_core::error::Error;

/// How much work one argon2id hash is: memory, passes, lanes.
///
/// Default: 19 MiB, 2 passes, 1 lane. Of equal strength are 46 MiB with 1 pass, 12 MiB with 3, 9 MiB with 4 and 7 MiB with 5
/// (OWASP).
///
/// ```
/// use msf_auth::password::Params;
///
/// assert_eq!(Params::default().to_string(), "m=19456,t=2,p=1");
/// let larger = Params::new(46 * 1024, 1, 1).unwrap();
/// assert_eq!(larger.memory_kib(), 46 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Params {
    /// The most memory of one hash in KiB: 128 MiB. A stored hash that asks for more is refused, not computed.
    pub const MAX_MEMORY_KIB: u32 = 128 * 1024;
    /// The most passes of one hash. A stored hash that asks for more is refused, not computed.
    pub const MAX_PASSES: u32 = 10;

    /// Takes the memory in KiB, the passes over it, and the lanes it is divided into.
    ///
    /// Lanes are computed one after the other: more of them make nothing faster here, they only fit hashes from elsewhere.
    ///
    /// # Errors
    ///
    /// An internal error that says which bound is broken: the memory is 8 KiB per lane at least and [`Self::MAX_MEMORY_KIB`] at
    /// most, the passes are 1 to [`Self::MAX_PASSES`], lanes 1 at least.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, Error> {
        let params = Self {
            memory_kib,
            passes,
            lanes,
        };
        if memory_kib > Self::MAX_MEMORY_KIB {
            let max = Self::MAX_MEMORY_KIB;
            return Err(refused(format!(
                "argon2id with {params}: m must be at most {max} (KiB)"
            )));
        }
        if passes > Self::MAX_PASSES {
            let max = Self::MAX_PASSES;
            return Err(refused(format!(
                "argon2id with {params}: t must be at most {max}"
            )));
        }
        argon2::Params::new(memory_kib, passes, lanes, None)
            .map_err(|error| refused(format!("argon2id with {params}: {error}")))?;
        Ok(params)
    }

    /// The memory in KiB.
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// The passes over the memory.
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// The lanes that the memory is divided into.
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    /// Whether a hash of these has less memory or fewer passes than one of `wanted`.
    pub(super) fn is_weaker_than(self, wanted: Self) -> bool {
        self.memory_kib < wanted.memory_kib || self.passes < wanted.passes
    }

    pub(super) fn to_argon2(self, output: usize) -> Result<argon2::Params, Error> {
        argon2::Params::new(self.memory_kib, self.passes, self.lanes, Some(output))
            .map_err(|error| refused(error.to_string()))
    }
}

impl Default for Params {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
        }
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            memory_kib,
            passes,
            lanes,
        } = self;
        write!(f, "m={memory_kib},t={passes},p={lanes}")
    }
}

fn refused(why: String) -> Error {
    Error::internal(why)
}
