//! The listener. It drives connections itself because a fault may close one without an answer,
//! which a router alone can't do.

use crate::cli::Cli;
use crate::faults::Faults;
use crate::intercept::{self, Dropped};
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
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A bound, not yet stopped sandbox.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
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
        let router = router(&cli).await?;
        Ok(Self { listener, address, router })
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
                        connections.spawn(serve(stream, self.router.clone()));
                    }
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
        connections.shutdown().await;
    }
}

async fn router(cli: &Cli) -> Result<Router, StartError> {
    let faults = Arc::new(Faults::default());
    let recorder = Arc::new(Recorder::default());
    let gateway = gateway::router(cli).await?;
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
