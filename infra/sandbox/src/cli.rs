//! The command line.

use clap::Parser;
use std::net::SocketAddr;

/// Loopback stand-ins for Supabase's REST gateway and an OpenAI-compatible fine-tuning provider.
// No `Debug`: it holds keys.
#[derive(Parser, Clone)]
#[command(name = "sandbox", version)]
pub struct Cli {
    /// Address to listen on; anything but a loopback address is refused
    #[arg(long, default_value = "127.0.0.1:0", env = "SANDBOX_LISTEN")]
    pub listen: SocketAddr,
    /// `PostgreSQL` with the roles anon, authenticated and `service_role`
    #[arg(long, env = "SANDBOX_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Rows a page may have; more are cut off silently, as the hosted service does
    #[arg(long, default_value_t = 1000, env = "SANDBOX_MAX_ROWS")]
    pub max_rows: u64,
    /// Key of the role `service_role`, `sb_secret_…`
    #[arg(long, env = "SANDBOX_SECRET_KEY", hide_env_values = true)]
    pub secret_key: String,
    /// Key of the role anon, `sb_publishable_…`
    #[arg(long, env = "SANDBOX_PUBLISHABLE_KEY", hide_env_values = true)]
    pub publishable_key: Option<String>,
    /// HS256 secret of legacy keys and user tokens; without it no JWT is accepted
    #[arg(long, env = "SANDBOX_JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,
    /// Bearer key of the provider
    #[arg(long, env = "SANDBOX_PROVIDER_KEY", hide_env_values = true)]
    pub provider_key: String,
    /// Milliseconds a fine-tuning job stays in each state
    #[arg(long, default_value_t = 200, env = "SANDBOX_PACE_MS")]
    pub pace_ms: u64,
}
