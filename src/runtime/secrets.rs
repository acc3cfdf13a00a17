//! The bridge from the keeper of secrets to the engine that needs them: neither knows the other.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::redaction;
use crate::clock::Clock;
use crate::model::secret::{Secret, SecretRef};
use crate::provider::engine::{NoSecret, Secrets};
use crate::secret::Keeper;

/// A keeper, and what time it is.
#[derive(Clone, Debug)]
pub struct Kept {
    pub keeper: Keeper,
    pub clock: Clock,
}

impl Secrets for Kept {
    fn get<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, NoSecret>> {
        Box::pin(async move {
            let secret = self.keeper.get(place, self.clock.now()).await;
            redaction::know(Arc::new(self.keeper.redactor()));
            secret.map_err(|error| NoSecret { why: error.to_string(), hint: error.hint() })
        })
    }

    fn forget(&self, place: &SecretRef) {
        self.keeper.forget(place);
    }

    fn learn(&self, secret: &Secret) {
        self.keeper.learn(secret);
        redaction::know(Arc::new(self.keeper.redactor()));
    }
}
