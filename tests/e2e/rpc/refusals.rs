//! Tables of refusals: one good request, and each way to spoil it with what the service must answer.

use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

struct Case<R> {
    refused: Refused,
    spoil: Box<dyn Fn(&mut R)>,
}

/// A good request and the ways to spoil it.
pub(crate) struct Refusals<R> {
    good: R,
    /// The message in the request that the fields are in; empty for the request itself.
    within: &'static str,
    cases: Vec<Case<R>>,
}

impl<R: Clone + 'static> Refusals<R> {
    pub(crate) fn of(good: R) -> Self {
        Self { good, within: "", cases: Vec::new() }
    }

    /// The fields that come now are in that message.
    pub(crate) fn within(self, message: &'static str) -> Self {
        Self { within: message, ..self }
    }

    /// Spoiled so, it is refused because of that field.
    pub(crate) fn field(self, path: &str, reason: &str, spoil: impl Fn(&mut R) + 'static) -> Self {
        let path = if self.within.is_empty() { path.to_owned() } else { format!("{}.{path}", self.within) };
        self.refused(Refused::field(&path, reason), spoil)
    }

    /// Spoiled so, it is refused for that reason, and no field is named.
    pub(crate) fn because(self, code: Code, reason: &str, spoil: impl Fn(&mut R) + 'static) -> Self {
        self.refused(Refused::because(code, reason), spoil)
    }

    pub(crate) fn refused(mut self, refused: Refused, spoil: impl Fn(&mut R) + 'static) -> Self {
        self.cases.push(Case { refused, spoil: Box::new(spoil) });
        self
    }

    /// Sends every spoiled request: each is refused as it must be, and nothing in the database changes. The good one
    /// comes last, and is not refused.
    pub(crate) async fn sent_by<A>(self, world: &World, send: impl AsyncFn(R) -> Result<A, Status>) {
        let before = world.snapshot().await;
        assert!(!self.cases.is_empty());
        for Case { refused, spoil } in self.cases {
            let mut request = self.good.clone();
            spoil(&mut request);
            let Err(status) = send(request).await else { panic!("not refused: {refused:?}") };
            assert_eq!(Refused::of(&status), refused);
            assert!(status.message().chars().count() < 300 && status.details().len() < 6_000);
            assert_eq!(world.snapshot().await, before, "something has changed: {refused:?}");
        }
        if let Err(status) = send(self.good).await {
            panic!("the request that was spoiled is not good itself: {status:?}");
        }
    }
}
