//! One connection, and what every statement on it may rely on.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Connection};

/// Settings of the session. Statements end by themselves and write nothing; a policy that would hide rows is an error
/// instead of fewer rows; texts of values do not depend on the server's settings.
const SETTINGS: &str = "\
set statement_timeout = '5min'; \
set lock_timeout = '30s'; \
set default_transaction_read_only = on; \
set row_security = off; \
set standard_conforming_strings = on; \
set timezone = 'UTC'; \
set intervalstyle = 'postgres'; \
set bytea_output = 'hex'; \
set extra_float_digits = 1";

/// A connection. It is closed when dropped, whatever the server is sending.
pub(super) struct Session {
    pub(super) client: Client,
    driver: JoinHandle<()>,
}

impl Session {
    pub(super) fn new<S, T>(client: Client, connection: Connection<S, T>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // What the connection fails with, the client's own call reports.
        let driver = tokio::spawn(async move {
            let _reported_there = connection.await;
        });
        Self { client, driver }
    }

    pub(super) async fn set_up(&self) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute(SETTINGS).await
    }

    /// Ends the connection; statements under way fail.
    pub(super) fn close(&self) {
        self.driver.abort();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed() || self.driver.is_finished()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close();
    }
}
