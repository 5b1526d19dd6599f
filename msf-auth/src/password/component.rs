//! Ends the pool with the service.

use msf_core::component::{Component, Life, Phase};
use msf_core::{BoxError, BoxFuture};

use super::PasswordPool;

/// Ends a [`PasswordPool`] with the service: no new hashes are taken, those in hand are finished, the memory is wiped.
///
/// ```
/// use msf_auth::password::{Params, PasswordPool};
/// use msf_core::component::{Component, Phase};
///
/// let pool = PasswordPool::new(Params::default()).unwrap();
/// assert_eq!(pool.component().stops_in(), Phase::Pools);
/// ```
#[derive(Debug)]
pub struct PasswordPoolComponent {
    pool: PasswordPool,
}

impl PasswordPoolComponent {
    pub(super) fn new(pool: PasswordPool) -> Self {
        Self { pool }
    }
}

impl Component for PasswordPoolComponent {
    fn name(&self) -> &'static str {
        "password-pool"
    }

    fn stops_in(&self) -> Phase {
        Phase::Pools
    }

    fn run(self: Box<Self>, life: Life) -> BoxFuture<'static, Result<(), BoxError>> {
        Box::pin(async move {
            life.soft().await;
            self.pool.close();
            if let Some(mut ended) = self.pool.ended() {
                ended.recv().await;
            }
            Ok(())
        })
    }
}
