//! The listener. It drives connections itself because a fault may close one without an answer,
//! which a router alone can't do.

use crate::cli::Cli;
use crate::faults::Faults;
use crate::intercept::{self, Dropped};
use crate::provider::fresh;
use crate::recorder::Recorder;
use crate::start::StartError;
use crate::{gateway, knobs, provider};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A bound, not yet stopped sandbox.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    clock: Option<Arc<AtomicI64>>,
}

impl Server {
    /// Binds the address and reaches the database once.
    ///
    /// # Errors
    /// [`StartError`], see its variants.
    pub async fn start(cli: Cli) -> Result<Self, StartError> {
        if !cli.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(cli.listen));
        }
        let listener = TcpListener::bind(cli.listen).await.map_err(|e| StartError::Listen(cli.listen, e))?;
        let address = listener.local_addr().map_err(|e| StartError::Listen(cli.listen, e))?;
        let router = router(gateway::router(&cli).await?, &cli)?;
        Ok(Self { listener, address, router, clock: None })
    }

    /// Binds a free address for the provider alone, which lives by a clock of the caller's, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`StartError`], see its variants.
    pub async fn of_provider(key: String, pace_ms: u64, clock: Arc<AtomicI64>) -> Result<Self, StartError> {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let cli = Cli {
            listen,
            database_url: String::new(),
            max_rows: 0,
            secret_key: String::new(),
            publishable_key: None,
            jwt_secret: None,
            provider_key: key,
            pace_ms,
        };
        let listener = TcpListener::bind(listen).await.map_err(|e| StartError::Listen(listen, e))?;
        let address = listener.local_addr().map_err(|e| StartError::Listen(listen, e))?;
        let router = router(Router::new(), &cli)?;
        Ok(Self { listener, address, router, clock: Some(clock) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` resolves; open connections are closed then.
    pub async fn until(self, stop: impl Future<Output = ()>) {
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        connections.spawn(fresh::by(self.clock.clone(), serve(stream, self.router.clone())));
                    }
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
        connections.shutdown().await;
    }
}

fn router(gateway: Router, cli: &Cli) -> Result<Router, StartError> {
    let faults = Arc::new(Faults::default());
    let recorder = Arc::new(Recorder::default());
    let (provider, control) = provider::router(cli)?;
    let watched = Router::new()
        .merge(gateway)
        .nest("/v1", provider)
        .layer(axum::middleware::from_fn_with_state((faults.clone(), recorder.clone()), intercept::watch));
    Ok(watched.nest("/_sandbox", knobs::router(faults, recorder, control)))
}

/// One connection. An error of the service makes hyper close it without an answer.
async fn serve(stream: TcpStream, router: Router) {
    // Small answers on loopback: without this each waits for the peer's delayed acknowledgement.
    stream.set_nodelay(true).unwrap_or_default();
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let inner = inner.clone();
        async move {
            let Ok(response) = inner.call(request.map(Body::new)).await;
            if response.extensions().get::<Dropped>().is_some() {
                return Err(io::Error::other("connection dropped by a fault"));
            }
            Ok(response)
        }
    });
    // A peer that goes away is its own business; a dropped connection is what the fault asked for.
    hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await
        .unwrap_or_default();
}
