use jiff::Timestamp;
use notify::{Notify, Readers};
use records::digest::sha256;
use records::recipe::Bill;
use records::split::SideName;
use stage::approval_file::{self, Answer, Basis, Decision, Facts, Question, Way, Why};
use stage::arrows::{AskEvent, Asked};
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, keys};
use store::{Class, Find, Get, Put, Swap, find_json, put_json};
use supabase::Models;

use crate::answer::{given, record, settle, unanswered};
use crate::link::Nonce;
use crate::notice;
use crate::ports::Workflow;

/// Who has answered by starting the run. Step Functions does not tell a run who that was; the account's trail does.
const STARTER: &str = "whoever started the run";

/// Whom a question is told to.
#[derive(Debug)]
pub struct Audience<'a, O, A> {
    /// Who may answer: they get the link.
    pub operators: &'a O,
    /// Who is told that the operators do not hear.
    pub alerts: &'a A,
    /// The run's bucket, for the command that answers without the link.
    pub bucket: &'a str,
}

/// Asks the operators about a dataset, unless its answer is there already.
///
/// It is when it was given, when it was given in advance, and when it was given for an earlier dataset of the run from which
/// this one differs by withdrawals alone.
/// A workflow that asks again, with another token, gets the answer that was recorded, or a question with another link.
/// Whatever a run asks later expires with its first question: the keys by which consent is read once more do not last longer.
/// Where the notices have no reader, whoever reads the alerts is told that.
///
/// # Errors
/// `DatasetRejected` when plan, manifest or withdrawals are not those of the dataset; `ApprovalExpired` when the run's first
/// question has expired; `SourceRefused`, `Throttled` and `Unavailable`.
pub async fn ask(
    event: AskEvent,
    now: Timestamp,
    store: &(impl Get + Find + Put + Swap),
    models: &impl Models,
    told: &Audience<'_, impl Notify + Readers, impl Notify>,
    workflow: &impl Workflow,
) -> Result<Asked, StageError> {
    let (run, operators, alerts, bucket) = (&event.run, told.operators, told.alerts, told.bucket);
    let dataset = Dataset::read(&event, store).await?;
    let earlier = find_json::<Question>(store, &keys::question(run)).await?;
    let (asked_at, expires_at) = match &earlier {
        Some(earlier) => (earlier.asked_at, earlier.expires_at),
        None => (now, approval_file::expires_at(now, dataset.plan.recipe.approval.hours)),
    };
    let key = keys::decision(run, &event.manifest_sha256);
    let decision = match find_json::<Decision>(store, &key).await? {
        Some(decision) => Some((decision, false)),
        None => match dataset.beforehand(earlier, now, store).await? {
            Some(decision) => Some(record(decision, store).await?),
            None => None,
        },
    };
    if let Some((decision, is_new)) = decision {
        settle(&decision, is_new, &event.token, &dataset.plan.recipe.name, store, workflow).await?;
        return Ok(Asked { run: event.run, waits: false, expires_at, unheard: false });
    }
    if now >= expires_at {
        return Err(StageError::new(ErrorName::ApprovalExpired, unanswered(expires_at)));
    }
    let purpose = dataset.plan.recipe.purpose.as_str();
    // What is asked is whether to spend: that it can't be said what would be replaced must not end the run.
    let live = models.live_models().await.unwrap_or_else(|error| {
        let name = error.name().as_str();
        tracing::warn!(error.name = name, error.message = error.chain(), "which model is live is not known");
        Vec::new()
    });
    let live = live.into_iter().find(|model| model.purpose == purpose);
    let (nonce, unheard) = (Nonce::draw()?, is_unheard(operators).await);
    let question = Question {
        run: run.clone(),
        manifest_sha256: event.manifest_sha256.clone(),
        basis: dataset.basis.clone(),
        nonce_sha256: nonce.sha256(),
        token: event.token.clone(),
        asked_at,
        expires_at,
        unheard,
        facts: dataset.facts(live.map(|model| model.name)),
    };
    let link = nonce.link(&event.url, run)?;
    store.put(&keys::question_withdrawn(run), dataset.withdrawn.into(), Class::Derived).await?;
    put_json(store, &keys::question_until(run), &expires_at).await?;
    put_json(store, &keys::question(run), &question).await?;
    // Somebody may have answered the question that this one replaces: its token is told nothing any more.
    if let Some(decision) = given(&question, store).await? {
        settle(&decision, false, &event.token, &question.facts.recipe, store, workflow).await?;
        return Ok(Asked { run: event.run, waits: false, expires_at, unheard: false });
    }
    operators.tell(&notice::subject(&question), &notice::text(&question, &link, bucket)).await?;
    if unheard {
        tracing::error!(run, expires_at = %expires_at, "the run waits, and its notice has no reader: confirm a subscription of ApprovalTopic");
        // It is asked all the same: an alert that fails must not ask it once more.
        let (subject, text) = notice::unheard(&question, bucket);
        if let Err(error) = alerts.tell(&subject, &text).await {
            let name = error.name().as_str();
            tracing::warn!(error.name = name, error.message = error.chain(), "nor could an alert be sent");
        }
    } else {
        tracing::info!(run, expires_at = %expires_at, "an operator is asked");
    }
    Ok(Asked { run: event.run, waits: true, expires_at, unheard })
}

/// Says whether nobody would get a notice. Where that can't be told, somebody may.
async fn is_unheard(operators: &impl Readers) -> bool {
    match operators.readers().await {
        Ok(readers) => readers == 0,
        Err(error) => {
            let name = error.name().as_str();
            tracing::warn!(
                error.name = name,
                error.message = error.chain(),
                "who reads the notices is not known"
            );
            false
        }
    }
}

/// What is asked about.
struct Dataset {
    plan: PlanFile,
    manifest: Manifest,
    manifest_sha256: String,
    basis: Basis,
    why: Vec<Why>,
    withdrawn: Vec<u8>,
}

impl Dataset {
    async fn read(event: &AskEvent, store: &impl Get) -> Result<Self, StageError> {
        let run = &event.run;
        let (plan_bytes, bytes) =
            (store.get(&keys::plan(run)).await?, store.get(&keys::manifest(run)).await?);
        let shape = |error: serde_json::Error| {
            let problem = records::jsonl::problem(&error);
            StageError::internal(format!("plan or manifest of run {run} is {problem}"))
        };
        let plan: PlanFile = serde_json::from_slice(&plan_bytes).map_err(shape)?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(shape)?;
        let basis = Basis::of(&manifest);
        let withdrawn = match &basis.withdrawn_sha256 {
            Some(_) => store.get(&keys::withdrawn(run)).await?.to_vec(),
            None => Vec::new(),
        };
        let same = sha256(&bytes) == event.manifest_sha256
            && sha256(&plan_bytes) == manifest.plan_sha256
            && basis.withdrawn_sha256.as_ref().is_none_or(|hash| *hash == sha256(&withdrawn));
        if !same {
            let text = format!("run {run} has changed since its dataset was assembled: start a new run");
            return Err(StageError::new(ErrorName::DatasetRejected, text));
        }
        let why = approval_file::why(&plan, basis.most_usd);
        let manifest_sha256 = event.manifest_sha256.clone();
        Ok(Self { plan, manifest, manifest_sha256, basis, why, withdrawn })
    }

    /// Returns the answer that nobody has to be asked for.
    async fn beforehand(
        &self,
        earlier: Option<Question>,
        now: Timestamp,
        store: &impl Find,
    ) -> Result<Option<Decision>, StageError> {
        let approve = |by: String, how: Way| Decision {
            run: self.plan.run.clone(),
            manifest_sha256: self.manifest_sha256.clone(),
            answer: Answer::Approve,
            by,
            reason: String::new(),
            at: now,
            how,
            most_usd: self.basis.most_usd,
        };
        if self.plan.approval.approved_usd.is_some_and(|approved| self.basis.most_usd <= approved) {
            return Ok(Some(approve(STARTER.to_owned(), Way::InAdvance)));
        }
        let run = &self.plan.run;
        let Some(asked) = earlier else { return Ok(None) };
        let given = find_json::<Decision>(store, &keys::decision(run, &asked.manifest_sha256)).await?;
        let Some(given) = given.filter(|given| given.answer == Answer::Approve) else { return Ok(None) };
        let withdrawn = store.find(&keys::question_withdrawn(run)).await?.unwrap_or_default();
        let known = asked.basis.withdrawn_sha256.as_ref() == Some(&sha256(&withdrawn));
        let covered = known && asked.basis.covers(&self.basis, &withdrawn, &self.withdrawn);
        Ok(covered.then(|| approve(given.by, Way::Earlier)))
    }

    fn facts(&self, replaces: Option<String>) -> Facts {
        let (plan, manifest, recipe) = (&self.plan, &self.manifest, &self.plan.recipe);
        let opted_out = plan.sources.iter().map(|source| source.rows.saturating_sub(source.consented)).sum();
        let bill = manifest.bill.unwrap_or(Bill {
            epochs: recipe.model.epochs(manifest.lines(SideName::Train)),
            least_usd: manifest.usd,
            ..Bill::default()
        });
        Facts {
            recipe: recipe.name.clone(),
            model: plan.model.clone().unwrap_or_else(|| recipe.name.clone()),
            purpose: recipe.purpose.as_str().to_owned(),
            base_model: recipe.model.base.clone(),
            host: plan.host.clone(),
            features: recipe.approval.features(recipe.purpose),
            replaces,
            why: self.why.clone(),
            least_usd: bill.least_usd,
            most_usd: self.basis.most_usd,
            max_usd: recipe.price.max_usd,
            epochs: bill.epochs,
            billed_tokens: manifest.billed_tokens,
            rows: manifest.counts.rows,
            opted_out,
            withdrawn: manifest.counts.withdrawn,
            train: manifest.lines(SideName::Train),
            validation: manifest.lines(SideName::Validation),
            holdout: manifest.lines(SideName::Holdout),
            report_key: keys::report(&plan.run),
        }
    }
}
