//! The training and the validation file.

use records::split::SideName;
use stage::manifest::Manifest;
use stage::upload_file::UploadFile;
use stage::{StageError, keys};
use store::{Body as _, Get, Put, put_json};
use tuning::{FileSpec, Provider, chunks};

/// Uploads what the provider does not have yet. The hold-out stays here.
pub(crate) async fn ensure(
    run: &str,
    manifest: &Manifest,
    upload: &mut UploadFile,
    upload_key: &str,
    store: &(impl Get + Put),
    provider: &impl Provider,
) -> Result<(), StageError> {
    for side in [SideName::Train, SideName::Validation] {
        let known = match side {
            SideName::Validation => &upload.validation_file,
            _ => &upload.training_file,
        };
        let object = manifest.outputs.get(side.as_str()).filter(|object| object.lines > 0);
        let (None, Some(object)) = (known, object) else {
            continue;
        };
        // The name holds run and hash: with the size it identifies the content.
        let name = format!("{run}-{}-{}.jsonl", side.as_str(), &object.sha256[..object.sha256.len().min(16)]);
        let spec = FileSpec { name, bytes: object.bytes };
        let file = match provider.find_file(&spec).await? {
            Some(file) => file,
            None => send(&keys::dataset(run, side.as_str()), &spec, store, provider).await?,
        };
        match side {
            SideName::Validation => upload.validation_file = Some(file),
            _ => upload.training_file = Some(file),
        }
        put_json(store, upload_key, upload).await?;
    }
    Ok(())
}

/// Streams an object from the store to the provider, two chunks in memory.
async fn send(
    key: &str,
    spec: &FileSpec,
    store: &impl Get,
    provider: &impl Provider,
) -> Result<String, StageError> {
    let mut body = store.open(key).await?;
    let (sender, chunks) = chunks::channel();
    let fill = async move {
        loop {
            let chunk = match body.chunk().await {
                Ok(Some(chunk)) => Ok(chunk),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            let last = chunk.is_err();
            if !sender.send(chunk).await || last {
                break;
            }
        }
    };
    let ((), answer) = tokio::join!(fill, provider.upload(spec, chunks));
    answer
}
