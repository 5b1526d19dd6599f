//! The memory of one thread, kept from hash to hash.

use argon2::{Algorithm, Argon2, Block, Version};
use msf_core::error::Error;
use zeroize::Zeroize;

use super::Params;

/// The blocks that argon2 fills: allocated at the first hash, kept for the next, wiped when dropped.
///
/// A stored hash of other parameters may need more: that is given back at once.
#[derive(Default)]
pub(super) struct Memory {
    blocks: Vec<Block>,
    kept: usize,
}

impl Memory {
    /// Keeps as many blocks as hashes of `params` need.
    pub(super) fn kept_for(params: Params) -> Result<Self, Error> {
        Ok(Self {
            blocks: Vec::new(),
            kept: params
                .to_argon2(argon2::Params::DEFAULT_OUTPUT_LEN)?
                .block_count(),
        })
    }

    /// Computes argon2id of `password` and `salt` into `output`.
    pub(super) fn argon2id(
        &mut self,
        params: Params,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), Error> {
        let params = params.to_argon2(output.len())?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        self.compute(&argon2, password, salt, output)
    }

    fn compute(
        &mut self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), Error> {
        let needed = argon2.params().block_count();
        self.grow(needed.max(self.kept))?;
        let computed = argon2
            .hash_password_into_with_memory(password, salt, output, &mut self.blocks[..needed])
            .map_err(|error| Error::internal(format!("argon2id: {error}")));
        self.shrink();
        computed
    }

    #[cfg(test)]
    pub(super) fn is_untouched(&self) -> bool {
        self.blocks.is_empty()
    }

    fn grow(&mut self, to: usize) -> Result<(), Error> {
        let missing = to.saturating_sub(self.blocks.len());
        self.blocks
            .try_reserve_exact(missing)
            .map_err(|error| Error::internal(format!("memory of a password hash: {error}")))?;
        self.blocks
            .resize(self.blocks.len() + missing, Block::new());
        Ok(())
    }

    fn shrink(&mut self) {
        if self.blocks.len() > self.kept {
            wipe(&mut self.blocks[self.kept..]);
            self.blocks.truncate(self.kept);
            self.blocks.shrink_to_fit();
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        wipe(&mut self.blocks);
    }
}

fn wipe(blocks: &mut [Block]) {
    for block in blocks {
        block.as_mut().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};

    use super::*;

    /// RFC 9106, 5.3, in memory that other hashes have left dirty.
    #[test]
    fn rfc_9106_argon2id() {
        let tag = [
            0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b,
            0x53, 0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9,
            0x6b, 0x01, 0xe6, 0x59,
        ];
        let params = ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let secret = [3; 8];
        let argon2 =
            Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut memory = Memory::kept_for(Params::new(64, 1, 1).unwrap()).unwrap();
        for dirt in [16, 64, 128] {
            let dirt = Params::new(dirt, 1, 1).unwrap();
            memory
                .argon2id(dirt, b"dirt", &[7; 16], &mut [0; 32])
                .unwrap();
            let mut output = [0; 32];
            memory
                .compute(&argon2, &[1; 32], &[2; 16], &mut output)
                .unwrap();
            assert_eq!(output, tag);
        }
    }

    #[test]
    fn memory_is_kept_for_the_parameters_of_the_pool_and_no_more() {
        let mut memory = Memory::kept_for(Params::new(64, 1, 1).unwrap()).unwrap();
        assert_eq!(memory.blocks.capacity(), 0);
        let mut output = [0; 32];
        for kib in [64, 8, 1024, 64] {
            let params = Params::new(kib, 1, 1).unwrap();
            memory
                .argon2id(params, b"password", &[7; 16], &mut output)
                .unwrap();
            assert_eq!((memory.blocks.len(), memory.blocks.capacity()), (64, 64));
        }
    }

    #[test]
    fn wiped_blocks_are_zero() {
        let mut memory = Memory::kept_for(Params::new(8, 1, 1).unwrap()).unwrap();
        let params = Params::new(8, 1, 1).unwrap();
        memory
            .argon2id(params, b"password", &[7; 16], &mut [0; 32])
            .unwrap();
        let is_zero = |block: &Block| block.as_ref().iter().all(|word| *word == 0);
        assert!(!memory.blocks.iter().any(is_zero));
        wipe(&mut memory.blocks);
        assert!(memory.blocks.iter().all(is_zero));
    }
}
