use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use stage::{ErrorName, StageError, usage};

use crate::ranges::Object;
use crate::{Body, Class, Delete, Find, Get, List, Put, Swap, Version};

/// One bucket of S3, or of anything that speaks its protocol.
#[derive(Debug, Clone)]
pub struct S3 {
    client: Client,
    bucket: String,
}

impl S3 {
    /// Connects with the process's own region and credentials.
    pub async fn new(bucket: impl Into<String>) -> Self {
        let config = aws_config::load_from_env().await;
        Self::with_client(Client::new(&config), bucket)
    }

    /// Takes a client with a region, credentials and an address of its own.
    pub fn with_client(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

fn tag(class: Class) -> Option<String> {
    match class {
        Class::Raw => Some("data=raw".to_owned()),
        Class::Keys => Some("data=keys".to_owned()),
        Class::Derived => None,
    }
}

/// Names a call that failed. What a policy refuses is no passing fault: retrying would only hide it.
pub(crate) fn failed<E, R>(what: &str, key: &str, error: &SdkError<E, R>) -> StageError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let refused = matches!(error.code(), Some("AccessDenied" | "NoSuchBucket" | "InvalidAccessKeyId"));
    let name = if refused { ErrorName::Internal } else { ErrorName::Unavailable };
    // Code and message alone: the SDK's full context quotes the raw answer.
    let (code, message) = (error.code().unwrap_or("no answer"), error.message().unwrap_or_default());
    StageError::new(name, format!("cannot {what} {key}: {code} {message}"))
}

impl Get for S3 {
    async fn open(&self, key: &str) -> Result<impl Body, StageError> {
        Object::open(self.client.clone(), &self.bucket, key).await
    }

    async fn get(&self, key: &str) -> Result<Bytes, StageError> {
        whole(Object::open(self.client.clone(), &self.bucket, key).await?).await
    }
}

impl S3 {
    async fn exists(&self, key: &str) -> Result<bool, StageError> {
        // Asked for by listing: a role that may list its prefix alone is answered 403 for a missing object, because
        // reading one carries no prefix that the policy's condition could match.
        usage::put(0);
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(key).max_keys(1);
        let list = list.send().await.map_err(|error| failed("look for", key, &error))?;
        Ok(list.contents().iter().any(|object| object.key() == Some(key)))
    }
}

impl Find for S3 {
    async fn find(&self, key: &str) -> Result<Option<Bytes>, StageError> {
        if !self.exists(key).await? {
            return Ok(None);
        }
        self.get(key).await.map(Some)
    }
}

impl Swap for S3 {
    async fn look(&self, key: &str) -> Result<Option<(Bytes, Version)>, StageError> {
        if !self.exists(key).await? {
            return Ok(None);
        }
        let object = Object::open(self.client.clone(), &self.bucket, key).await?;
        let tag = object.tag().map(str::to_owned);
        let tag = tag.ok_or_else(|| StageError::internal(format!("{key} was read without a tag")))?;
        Ok(Some((whole(object).await?, Version(tag))))
    }

    async fn swap(
        &self,
        key: &str,
        over: Option<&Version>,
        body: Bytes,
    ) -> Result<Option<Version>, StageError> {
        usage::put(body.len());
        let request = self.client.put_object().bucket(&self.bucket).key(key);
        let request = match over {
            Some(Version(tag)) => request.if_match(tag),
            None => request.if_none_match("*"),
        };
        let written = match request.body(body.into()).send().await {
            Ok(written) => written,
            Err(error) if LATE.contains(&error.code().unwrap_or_default()) => return Ok(None),
            Err(error) => return Err(failed("write", key, &error)),
        };
        let tag = written.e_tag;
        tag.map(|tag| Some(Version(tag)))
            .ok_or_else(|| StageError::internal(format!("{key} was written without a tag")))
    }
}

/// What S3 says when the object is another by now, is just being written by somebody else, or is gone.
const LATE: [&str; 3] = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"];

impl List for S3 {
    async fn list(&self, folder: &str) -> Result<Vec<String>, StageError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(folder).delimiter("/");
        let mut pages = list.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            usage::put(0);
            let page = page.map_err(|error| failed("list", folder, &error))?;
            names.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
            names.extend(
                page.common_prefixes().iter().filter_map(|folder| folder.prefix().map(str::to_owned)),
            );
        }
        names.sort();
        Ok(names)
    }
}

impl Delete for S3 {
    async fn delete(&self, key: &str) -> Result<(), StageError> {
        usage::put(0);
        let request = self.client.delete_object().bucket(&self.bucket).key(key);
        request.send().await.map(drop).map_err(|error| failed("delete", key, &error))
    }
}

async fn whole(mut object: Object) -> Result<Bytes, StageError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = object.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

impl Put for S3 {
    async fn put(&self, key: &str, body: Bytes, class: Class) -> Result<(), StageError> {
        usage::put(body.len());
        let request = self.client.put_object().bucket(&self.bucket).key(key).set_tagging(tag(class));
        request.body(body.into()).send().await.map(|_| ()).map_err(|error| failed("write", key, &error))
    }

    async fn begin(&self, key: &str, class: Class) -> Result<String, StageError> {
        usage::put(0);
        let request =
            self.client.create_multipart_upload().bucket(&self.bucket).key(key).set_tagging(tag(class));
        let answer = request.send().await.map_err(|error| failed("start", key, &error))?;
        answer.upload_id.ok_or_else(|| StageError::internal(format!("starting {key} gave no upload id")))
    }

    async fn part(&self, key: &str, upload: &str, number: i32, body: Bytes) -> Result<String, StageError> {
        usage::put(body.len());
        let request =
            self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload).part_number(number);
        let answer =
            request.body(body.into()).send().await.map_err(|error| failed("write a part of", key, &error))?;
        answer.e_tag.ok_or_else(|| StageError::internal(format!("part {number} of {key} got no tag")))
    }

    async fn complete(&self, key: &str, upload: &str, parts: Vec<String>) -> Result<(), StageError> {
        usage::put(0);
        let parts = (1..)
            .zip(parts)
            .map(|(number, tag)| CompletedPart::builder().part_number(number).e_tag(tag).build())
            .collect();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        request
            .multipart_upload(parts)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| failed("complete", key, &error))
    }
}
