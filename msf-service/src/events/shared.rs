//! The transport that the apps of a process share.

use std::sync::{Arc, Mutex, PoisonError};

use msf_bus::Transport;
use msf_core::clock::Clock;

use crate::EventBackend;
use crate::data_dir::DataDir;

/// The transport of a process, opened when it is first asked for. A clone is the same.
#[derive(Clone, Default)]
pub(crate) struct SharedTransport(Arc<Mutex<Option<Opened>>>);

struct Opened {
    transport: Arc<dyn Transport>,
    /// A temporary folder lasts as long as what lies in it.
    _data_dir: DataDir,
}

impl SharedTransport {
    /// The transport. The folder and the clock are those of whoever asks first.
    pub(crate) fn open(
        &self,
        backend: EventBackend,
        data_dir: &DataDir,
        clock: &Clock,
    ) -> crate::Result<Arc<dyn Transport>> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = &*opened {
            return Ok(Arc::clone(&opened.transport));
        }
        #[cfg(feature = "crash-points")]
        msf_bus::crash::check()?;
        let transport = match backend {
            EventBackend::Embedded => embedded(data_dir, clock)?,
        };
        let new = Opened {
            transport,
            _data_dir: data_dir.clone(),
        };
        Ok(Arc::clone(&opened.insert(new).transport))
    }

    /// The transport, where anybody has asked for it.
    pub(crate) fn opened(&self) -> Option<Arc<dyn Transport>> {
        let opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opened.as_ref().map(|opened| Arc::clone(&opened.transport))
    }
}

#[cfg(feature = "sqlite")]
fn embedded(data_dir: &DataDir, clock: &Clock) -> crate::Result<Arc<dyn Transport>> {
    let file = data_dir.path()?.join(super::BUS_FILE);
    Ok(Arc::new(msf_bus::EmbeddedTransport::open(
        file,
        clock.clone(),
    )?))
}

#[cfg(not(feature = "sqlite"))]
fn embedded(_: &DataDir, _: &Clock) -> crate::Result<Arc<dyn Transport>> {
    Err("`events.backend` is `embedded`, which is not compiled in: add the feature `sqlite` of msf-service".into())
}
