//! Processes that kill themselves at a crash point.

use std::os::unix::process::ExitStatusExt as _;

use crate::deployment::{Deployment, Part};
use crate::support::process::Process;

impl Deployment {
    /// Starts what passes the point anew, so that it ends at this passing of it.
    pub(crate) async fn arm(&mut self, point: &str, passing: u32) {
        let folder = self.folder.path().to_owned();
        let part = self.passing(point);
        part.running.take().unwrap().kill().await;
        let armed = format!("{point}:{passing}");
        let program = (part.program)().environment("MSF_CRASH_AT", armed);
        part.running = Some(Process::launch(&folder, program).await);
    }

    /// Waits until what was armed has killed itself.
    pub(crate) async fn crashed(&mut self, point: &str) {
        let mut process = self.passing(point).running.take().unwrap();
        let status = process.ended().await;
        assert_eq!(status.signal(), Some(9), "{status}");
    }

    /// The consumer passes the points after the effect, the publisher those before it.
    fn passing(&mut self, point: &str) -> &mut Part {
        let consumes = matches!(point, "after_effect" | "before_ack");
        let index = if consumes { self.parts.len() - 1 } else { 0 };
        &mut self.parts[index]
    }
}
