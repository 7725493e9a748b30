//! Everything together, in the order it depends on each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use tempfile::TempDir;
use tokio_postgres::Client;

use super::deploy::{self, Build};
use super::emulator::REGION;
use super::{Bedrock, Emulator, Postgres, Sandbox, bedrock, paths};
use crate::database;
use crate::error::{Context as _, Error, Result};

/// How the stack is brought up.
#[derive(Debug, Clone)]
pub struct Options {
    /// A Python environment with the emulator; any below `.local` otherwise.
    pub environment: Option<PathBuf>,
    /// Which build of the functions and of the sandbox runs.
    pub build: Build,
    /// The recipe an execution with the input `{}` runs.
    pub default_recipe: String,
    /// Milliseconds a fine-tuning job stays in each state.
    pub pace_ms: u64,
    /// Factor of the state machine's waits and retry intervals.
    pub wait_scale: f64,
    /// Rows a page of the gateway may have.
    pub max_rows: u64,
    /// Whether rows are read from the database instead.
    pub database: bool,
    /// Whether recipes may train at Bedrock, or at what stands in for it.
    pub bedrock: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            environment: None,
            build: Build::default(),
            default_recipe: "zion-job-generator".to_owned(),
            pace_ms: 200,
            wait_scale: 0.02,
            max_rows: 1000,
            database: false,
            bedrock: false,
        }
    }
}

/// The running stack. Dropping it stops every process it started and removes its folder.
#[derive(Debug)]
pub struct Stack {
    // Dropped in this order: what depends on another goes first.
    emulator: Emulator,
    bedrock: Option<Bedrock>,
    sandbox: Sandbox,
    postgres: Postgres,
    s3: aws_sdk_s3::Client,
    workflow: aws_sdk_sfn::Client,
    outputs: BTreeMap<String, String>,
    root: PathBuf,
    folder: TempDir,
}

impl Stack {
    /// Brings the stack up, with the sample app's empty tables in its database. `told` is called with each step
    /// before it begins.
    ///
    /// # Errors
    /// When a part is not installed, not built or does not start.
    pub async fn up(options: &Options, mut told: impl FnMut(&'static str)) -> Result<Self> {
        let root = paths::root()?;
        let environment = options.environment.as_deref();
        let folder =
            tempfile::Builder::new().prefix("zion-").tempdir().context("create the stack's folder")?;
        told("package the functions");
        deploy::package(&root, options.build).await?;
        told("start PostgreSQL");
        let postgres = Postgres::any(&root, environment, folder.path()).await?;
        database::apply(&database::connect(&postgres.url()).await?, &root).await?;
        told("start the sandbox");
        let program = options.build.folder(&root).join("sandbox");
        let sandbox =
            Sandbox::start(&program, &postgres.url(), options.pace_ms, options.max_rows, folder.path())
                .await?;
        told("start the AWS emulator");
        let port = options.bedrock.then(Bedrock::port).transpose()?;
        let elsewhere = port.map(|port| ("AWS_ENDPOINT_URL_BEDROCK", bedrock::endpoint(port)));
        let emulator =
            Emulator::start(&root, environment, options.wait_scale, elsewhere, folder.path()).await?;
        let bedrock = match port {
            Some(port) => {
                told("start what stands in for Bedrock");
                Some(Bedrock::start_at(port, &root, Some(&emulator.endpoint()), folder.path()).await?)
            }
            None => None,
        };
        told("deploy the template");
        let parameters = [
            ("SupabaseUrl", sandbox.url()),
            ("ProviderUrl", sandbox.provider_url()),
            ("DefaultRecipe", options.default_recipe.clone()),
            ("ReadFromDatabase", yes(options.database)),
            ("UseBedrock", yes(options.bedrock)),
        ];
        let outputs = deploy::deploy(&root, environment, &emulator, &parameters, folder.path()).await?;
        told("set the secrets");
        let keys = sandbox.keys();
        let mut values =
            vec![("SupabaseKeySecret", keys.secret.clone()), ("ProviderKeySecret", keys.provider.clone())];
        if options.database {
            values.push(("DatabaseUrlSecret", postgres.url()));
        }
        set_secrets(&emulator, &outputs, values).await?;
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(credentials())
            .endpoint_url(emulator.endpoint())
            .force_path_style(true)
            .build();
        let workflow = aws_sdk_sfn::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(credentials())
            .endpoint_url(emulator.endpoint())
            .build();
        Ok(Self {
            emulator,
            bedrock,
            sandbox,
            postgres,
            s3: aws_sdk_s3::Client::from_conf(s3),
            workflow: aws_sdk_sfn::Client::from_conf(workflow),
            outputs,
            root,
            folder,
        })
    }

    /// The emulator.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// What stands in for Bedrock.
    ///
    /// # Errors
    /// When the stack was brought up without it.
    pub fn bedrock(&self) -> Result<&Bedrock> {
        self.bedrock.as_ref().ok_or_else(|| Error::new("the stack has nothing in Bedrock's place"))
    }

    /// The sandbox: Supabase's gateway and the provider.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The database server.
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// A new connection to the app's database, as its superuser.
    ///
    /// # Errors
    /// When the server has gone.
    pub async fn database(&self) -> Result<Client> {
        database::connect(&self.postgres.url()).await
    }

    /// A client of the emulator's S3.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        &self.s3
    }

    /// A client of the emulator's Step Functions.
    pub fn workflow(&self) -> &aws_sdk_sfn::Client {
        &self.workflow
    }

    /// An output of the template.
    ///
    /// # Errors
    /// When the template has no such output.
    pub fn output(&self, name: &str) -> Result<&str> {
        output(&self.outputs, name)
    }

    /// The project's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The stack's own folder: data, logs, the packaged template.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The function's name as deployed.
    pub fn function(&self, name: &str) -> String {
        format!("{}-{name}", deploy::STACK)
    }
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn output<'a>(outputs: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str> {
    outputs
        .get(name)
        .map(String::as_str)
        .ok_or_else(|| Error::new(format!("template.yaml has no output {name}")))
}

async fn set_secrets(
    emulator: &Emulator,
    outputs: &BTreeMap<String, String>,
    values: Vec<(&str, String)>,
) -> Result<()> {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials())
        .endpoint_url(emulator.endpoint())
        .build();
    let secrets = aws_sdk_secretsmanager::Client::from_conf(config);
    for (name, value) in values {
        let set =
            secrets.put_secret_value().secret_id(output(outputs, name)?).secret_string(value).send().await;
        set.context(format!("set {name}"))?;
    }
    Ok(())
}

fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "emulator")
}
