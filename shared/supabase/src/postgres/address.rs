//! What the database secret holds: where the database is, who asks, and whom to believe.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use stage::{ErrorName, StageError};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::session::Session;

/// The pooler that hands a connection to another client after each transaction.
const TRANSACTION_POOLER: u16 = 6543;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A server that has gone is noticed by these, also while nothing is sent.
const KEEPALIVE: Duration = Duration::from_secs(30);
const UNANSWERED: Duration = Duration::from_mins(1);

/// A database's address. It holds the password and prints nothing.
pub(super) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    /// Reads a connection string in the first line, and below it, if need be, the certificate of the authority that
    /// signed the server's own, as PEM.
    ///
    /// The server's certificate and name are always verified, whatever `sslmode` says. On loopback, TLS is left out
    /// unless the string asks for it.
    pub(super) fn parse(secret: &str) -> Result<Self, StageError> {
        let (url, authority) = secret.trim().split_once('\n').unwrap_or((secret.trim(), ""));
        // The parser's own words may quote the password.
        let mut config: Config = verified(url.trim()).parse().map_err(|_| {
            refused("holds no connection string that can be read: put your project's session pooler string there, without options of other clients")
        })?;
        if config.get_user().is_none() || config.get_hosts().is_empty() {
            return Err(refused("names no user or no host"));
        }
        if config.get_ports().contains(&TRANSACTION_POOLER) {
            return Err(refused(
                "names the transaction pooler (port 6543), which ends long reads: use the session pooler, port 5432",
            ));
        }
        let local = config.get_hosts().iter().all(is_local);
        let asked = config.get_ssl_mode();
        if asked == SslMode::Disable && !local {
            return Err(refused("turns TLS off: rows would travel in the clear, remove sslmode=disable"));
        }
        let tls = if local && asked != SslMode::Require { None } else { Some(verify(authority)?) };
        config
            .ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable })
            .application_name("zion")
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives_idle(KEEPALIVE)
            .tcp_user_timeout(UNANSWERED);
        Ok(Self { config, tls })
    }

    /// Who asks, for the grants in messages.
    pub(super) fn user(&self) -> &str {
        // A pooler's user carries the project behind a dot: `postgres.abcdefgh`.
        self.config.get_user().unwrap_or_default().split('.').next().unwrap_or_default()
    }

    /// Opens a connection.
    pub(super) async fn connect(&self) -> Result<Session, tokio_postgres::Error> {
        if let Some(tls) = &self.tls {
            let (client, connection) = self.config.connect(tls.clone()).await?;
            return Ok(Session::new(client, connection));
        }
        let (client, connection) = self.config.connect(NoTls).await?;
        Ok(Session::new(client, connection))
    }
}

fn refused(problem: &str) -> StageError {
    StageError::new(ErrorName::SourceRefused, format!("the database secret {problem}"))
}

/// Translates what this client does anyway into the words that its parser knows.
fn verified(url: &str) -> String {
    url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require")
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => matches!(name.as_str(), "127.0.0.1" | "localhost" | "::1"),
        Host::Unix(_) => true,
    }
}

/// Believes the authority that is given, or those of the system.
fn verify(authority: &str) -> Result<MakeRustlsConnect, StageError> {
    let mut roots = RootCertStore::empty();
    if authority.trim().is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    } else {
        let unreadable = || refused("holds something below its first line that is no certificate in PEM");
        for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            roots.add(certificate.map_err(|_| unreadable())?).map_err(|_| unreadable())?;
        }
        if roots.is_empty() {
            return Err(unreadable());
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StageError::internal("cannot set up TLS").caused_by(error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(secret: &str) -> String {
        let error = Address::parse(secret).err().unwrap();
        assert_eq!(error.name(), ErrorName::SourceRefused);
        let text = error.chain();
        assert!(!text.contains("hunter2"), "{text}");
        text
    }

    #[test]
    fn tls_is_left_out_on_loopback_alone() {
        let tls = |secret| Address::parse(secret).unwrap().tls.is_some();
        assert!(!tls("postgresql://postgres:hunter2@127.0.0.1:5432/postgres"));
        assert!(tls("postgresql://postgres:hunter2@localhost/postgres?sslmode=require"));
        assert!(tls("postgresql://postgres.abc:hunter2@aws-0.pooler.example.com:5432/postgres"));
        assert!(tls("postgresql://postgres.abc:hunter2@db.example.com/postgres?sslmode=verify-full"));
        assert!(
            refusal("postgresql://p:hunter2@db.example.com/postgres?sslmode=disable")
                .contains("in the clear")
        );
        assert!(
            refusal("postgresql://p:hunter2@127.0.0.1,db.example.com/postgres?sslmode=disable")
                .contains("in the clear")
        );
    }

    #[test]
    fn a_secret_that_was_never_set_is_named_with_the_fix() {
        assert!(refusal("hunter2hunter2").contains("session pooler"));
        assert!(refusal("postgresql://p:hunter2@h/postgres?pgbouncer=true").contains("other clients"));
        assert!(refusal("postgresql://p:hunter2@h:6543/postgres").contains("5432"));
        assert!(refusal("postgresql://p:hunter2@h/postgres\nhunter2").contains("no certificate"));
    }

    #[test]
    fn the_project_is_no_part_of_the_role() {
        assert_eq!(Address::parse("postgresql://reader.abc:x@h/postgres").unwrap().user(), "reader");
    }
}
