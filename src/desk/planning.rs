//! Finding out what a plan is made of: asked anew, because what is on the screen may be seconds old.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::catalog::Catalog;
use crate::model::id::OperationId;
use crate::model::operation::{Actor, Between, Lease, Plan, PlanRequest, Target};
use crate::model::release::{Changes, Instance, Release};
use crate::model::source::{Capability, FailureKind, Found, Source, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::operation::plan::{Facts, ROLL_BACK, plan, resolve};
use crate::operation::{Operation, migrations};
use crate::provider::engine::{Ask, Engine};
use crate::repository::Repository;
use crate::runtime::feeds::trouble;

/// A platform that takes longer to tell of releases is not waited for.
const WAIT: Duration = Duration::from_secs(20);

/// What plans are made with.
pub struct Planner {
    pub engine: Arc<Engine>,
    pub catalog: Arc<Catalog>,
    /// Where a repository may lie: beside the configuration, or where the user is.
    pub places: Vec<PathBuf>,
    pub read_only: bool,
    pub by: Actor,
}

/// What the journal says at the moment of planning.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub leases: Vec<(Lease, Option<Line>)>,
    /// The operation that is to be taken back.
    pub undoes: Option<Operation>,
}

impl Planner {
    /// Makes a plan.
    ///
    /// # Errors
    /// When the source is not known, or its credentials cannot be got.
    pub async fn plan(&self, request: &PlanRequest, known: Known, now: Timestamp) -> Result<Plan, Trouble> {
        let intent = &request.intent;
        let source = match &known.undoes {
            Some(operation) => operation.plan.source.clone(),
            None => self.source(intent)?,
        };
        let definition = self.engine.definition(&source).map_err(|failure| trouble(&failure))?;
        let values = self.engine.source_values(&source, &intent.params).await.map_err(|failure| trouble(&failure))?;
        let able = |capability| definition.readings.contains_key(&capability);
        let about_releases = matches!(intent.target, Target::Release(_) | Target::Service);
        let (releases, instances) = tokio::join!(
            self.read(&source, intent, Capability::Releases, about_releases && able(Capability::Releases)),
            self.read(&source, intent, Capability::Instances, about_releases && able(Capability::Instances)),
        );
        let releases: Option<Result<Vec<Release>, Trouble>> = releases.map(|read| {
            read.map(|found| match found {
                Found::Releases(releases) => releases,
                _ => Vec::new(),
            })
        });
        let instances: Option<Result<Vec<Instance>, Trouble>> = instances.map(|read| {
            read.map(|found| match found {
                Found::Instances(instances) => instances,
                _ => Vec::new(),
            })
        });
        let mut request = request.clone();
        if let Some(operation) = &known.undoes {
            request.intent.target = operation.plan.intent.target.clone();
            request.choose = false;
        }
        let asked = releases.as_ref().map(|read| read.as_ref().map(Vec::as_slice));
        let resolved = resolve(&request, asked, now);
        let between = match (&resolved.target, &resolved.current) {
            (Target::Release(target), Some(current)) if intent.action == ROLL_BACK && known.undoes.is_none() => {
                self.between(&source, &request, target, current, able(Capability::Changes)).await
            }
            _ => Between::default(),
        };
        let mut facts = Facts {
            id: OperationId::new(uuid::Uuid::now_v7().to_string()),
            by: self.by.clone(),
            now,
            read_only: self.read_only,
            request: &request,
            resolved,
            catalog: &self.catalog,
            source: &source,
            definition: &definition,
            values,
            instances,
            between,
            acting: None,
            undoes: known.undoes.as_ref(),
        };
        // Who acts is known by the place in the system, and that is known of a plan only.
        let key = crate::worker::lease_key(&Plan { ..plan(facts.clone()) });
        facts.acting = known.leases.into_iter().find(|(lease, _)| lease.key == key && lease.is_live(now));
        Ok(plan(facts))
    }

    fn source(&self, intent: &crate::model::operation::Intent) -> Result<Source, Trouble> {
        self.catalog.source(&intent.source).cloned().ok_or_else(|| Trouble {
            kind: FailureKind::Misconfigured,
            message: Line::from_text(&format!("there is no source {}", intent.source)),
            hint: Line::from_text("write it into the configuration: [sources.NAME]"),
        })
    }

    async fn read(
        &self,
        source: &Source,
        intent: &crate::model::operation::Intent,
        capability: Capability,
        wanted: bool,
    ) -> Option<Result<Found, Trouble>> {
        if !wanted {
            return None;
        }
        Some(self.ask(source, &intent.params, capability, &BTreeMap::new()).await)
    }

    async fn ask(
        &self,
        source: &Source,
        params: &BTreeMap<String, serde_json::Value>,
        capability: Capability,
        input: &BTreeMap<String, serde_json::Value>,
    ) -> Result<Found, Trouble> {
        let ask = Ask { source, capability, params, input, now: true };
        match tokio::time::timeout(WAIT, self.engine.read(&ask)).await {
            Ok(read) => read.map(|mapped| mapped.found).map_err(|failure| trouble(&failure)),
            Err(_) => Err(Trouble {
                kind: FailureKind::TimedOut,
                message: Line::from_text(&format!(
                    "{} did not tell its {capability} within {} s",
                    source.id,
                    WAIT.as_secs()
                )),
                hint: Line::from_text("try again; see the system's status page"),
            }),
        }
    }

    /// Finds out what lies between two releases: from the platform, else from a repository that is at hand.
    async fn between(
        &self,
        source: &Source,
        request: &PlanRequest,
        target: &Release,
        current: &Release,
        able: bool,
    ) -> Between {
        let mut told = None;
        let mut why = "neither release says its commit".to_owned();
        let named = target.commit.is_some() || current.commit.is_some();
        if able && named {
            let value = |release: &Release| serde_json::to_value(release).unwrap_or_default();
            let input = BTreeMap::from([("from".to_owned(), value(target)), ("to".to_owned(), value(current))]);
            match self.ask(source, &request.intent.params, Capability::Changes, &input).await {
                Ok(Found::Changes(changes)) => told = Some((changes, source.id.to_string())),
                Ok(_) => {}
                Err(trouble) => why = format!("{}: {}", source.id, trouble.message),
            }
        }
        let repositories: Vec<Repository> = self.places.iter().filter_map(|place| Repository::find(place)).collect();
        if let (None, Some(from), Some(to)) = (&told, &target.commit, &current.commit) {
            if repositories.is_empty() {
                why = "the platform does not tell, and there is no repository here; start crashcart in the project's"
                    .to_owned();
            }
            for repository in &repositories {
                match repository.between(to.as_str(), from.as_str()).await {
                    Ok(changes) => {
                        told = Some((changes, repository.to_string()));
                        break;
                    }
                    Err(error) => why = error.to_string(),
                }
            }
        }
        let Some((changes, by)) = told else {
            return migrations::between(None, Line::from_text(&why), &BTreeMap::new());
        };
        let texts = self.texts(&repositories, &changes, current).await;
        migrations::between(Some(changes), Line::from_text(&by), &texts)
    }

    /// Reads the migrations among the changed files, from a repository that has the live commit.
    async fn texts(
        &self,
        repositories: &[Repository],
        changes: &Changes,
        current: &Release,
    ) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        let Some(commit) = &current.commit else { return texts };
        for found in migrations::find_migrations(&changes.files) {
            for repository in repositories {
                if let Ok(Some(text)) = repository.text_at(commit.as_str(), found.path.as_str()).await {
                    texts.insert(found.path.to_string(), text);
                    break;
                }
            }
        }
        texts
    }
}
