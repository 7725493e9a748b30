//! The certificate and the name of the database's server are verified, and what is wrong with them is named.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use stage::ErrorName;
use supabase::{Range, Rows as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{of_everyone, postgres, read, services, source};
use crate::peers::services::Services;

/// An authority that nobody's system knows.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.as_ref().pem()
    }

    /// A server that shows a certificate for `name`.
    fn server(&self, name: &str, last_year: i32) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(last_year, 12, 31);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Speaks TLS in front of the database, as a pooler does; ends with the test's runtime.
struct Front {
    port: u16,
    believed: Arc<AtomicUsize>,
}

impl Front {
    async fn start(services: &Services, server: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, believed) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let (behind, count) = (services.database_port(), Arc::clone(&believed));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (server, count) = (server.clone(), Arc::clone(&count));
                tokio::spawn(async move {
                    // Its length, and the code of a request for TLS.
                    let mut request = [0; 8];
                    client.read_exact(&mut request).await.unwrap();
                    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47], "nothing is said in the clear");
                    client.write_all(b"S").await.unwrap();
                    let Ok(mut client) = server.accept(client).await else { return };
                    count.fetch_add(1, Ordering::Relaxed);
                    let mut database = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
                    // How it ends is the client's to say.
                    drop(copy_bidirectional(&mut client, &mut database).await);
                });
            }
        });
        Self { port, believed }
    }

    /// The secret of an operator who believes that authority.
    fn secret(&self, services: &Services, mode: &str, authority: &str) -> String {
        let url = services.database_url();
        let url = url
            .replace(&format!("127.0.0.1:{}", services.database_port()), &format!("localhost:{}", self.port));
        format!("{url}?sslmode={mode}\n{authority}")
    }
}

#[tokio::test]
async fn rows_come_over_tls_from_a_server_of_an_authority_in_the_secret() {
    let services = services().await;
    let authority = Authority::new();
    let front = Front::start(&services, authority.server("localhost", 2_090)).await;
    let source = source("by_uuid", &["a_text"], of_everyone());
    let clear = read(&postgres(&services.database_url()), Range::all(&source)).await.unwrap();
    for mode in ["require", "verify-full"] {
        let rows = postgres(&front.secret(&services, mode, &authority.pem()));
        assert_eq!(read(&rows, Range::all(&source)).await.unwrap(), clear);
    }
    assert!(!clear.is_empty() && front.believed.load(Ordering::Relaxed) >= 2);
}

#[tokio::test]
async fn a_server_that_is_not_to_be_believed_is_refused_with_the_setting_to_mend() {
    let services = services().await;
    let (authority, other) = (Authority::new(), Authority::new());
    let source = source("by_uuid", &["a_text"], of_everyone());
    let below = "below the connection string in the database secret";
    for (what, server, believed, words) in [
        ("another authority", authority.server("localhost", 2_090), other.pem(), below),
        ("those of the system", authority.server("localhost", 2_090), String::new(), below),
        ("expired", authority.server("localhost", 2_020), authority.pem(), "has expired"),
        (
            "another host",
            authority.server("db.example.com", 2_090),
            authority.pem(),
            "is for another host than the connection string in the database secret names",
        ),
    ] {
        let front = Front::start(&services, server).await;
        let secret = front.secret(&services, "require", &believed);
        let error = postgres(&secret).count(Range::all(&source), false).await.unwrap_err();
        let text = error.chain();
        assert_eq!(error.name(), ErrorName::SourceRefused, "{what}: {text}");
        assert!(text.contains(words), "{what}: {text}");
        assert!(!text.contains("@localhost"), "{what}: {text}");
        assert_eq!(front.believed.load(Ordering::Relaxed), 0, "{what}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to() {
    let services = services().await;
    let source = source("by_uuid", &["a_text"], of_everyone());
    let url = format!("{}?sslmode=require", services.database_url());
    let error = postgres(&url).count(Range::all(&source), false).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::SourceRefused, "{}", error.chain());
    assert!(error.chain().contains("speaks no TLS"), "{}", error.chain());
}
