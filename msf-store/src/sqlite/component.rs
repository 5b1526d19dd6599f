//! The life of a database inside a service.

use msf_core::component::{Component, Life, Phase};
use msf_core::health::Check;
use msf_core::{BoxError, BoxFuture};

use super::database::Database;

/// Closes a database in the fifth step of a shutdown, and ends the service when its threads end by themselves.
pub(super) struct DatabaseComponent {
    database: Database,
}

impl DatabaseComponent {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }
}

impl Component for DatabaseComponent {
    fn name(&self) -> &str {
        self.database.name()
    }

    fn stops_in(&self) -> Phase {
        Phase::Pools
    }

    fn checks(&self) -> Vec<Check> {
        vec![self.database.check()]
    }

    fn run(self: Box<Self>, life: Life) -> BoxFuture<'static, Result<(), BoxError>> {
        Box::pin(async move {
            tokio::select! {
                biased;
                () = life.soft() => {}
                () = self.database.engine().ended() => {
                    return Err(format!("the threads of {} have ended", self.database.path().display()).into());
                }
            }
            self.database.close().await;
            Ok(())
        })
    }
}
