//! What the layers in front of the RPCs have in common: one asynchronous function from a request to an answer, which
//! may ask the next one.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tokio::time::Instant;
use tonic::body::Body;
use tower::{Layer, Service};

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// When the request came to the first step. In the extensions of every request.
#[derive(Clone, Copy)]
pub(crate) struct Arrived(pub(crate) Instant);

/// One step on the way of a request.
pub(crate) trait Step: Clone + Send + Sync + 'static {
    /// Answers the request, by the next step or without it.
    fn handle(&self, request: Request<Body>, next: Next) -> impl Future<Output = Response<Body>> + Send;
}

/// The rest of the way.
pub(crate) struct Next(Box<dyn FnOnce(Request<Body>) -> Answer + Send>);

impl Next {
    /// Goes on.
    pub(crate) async fn run(self, request: Request<Body>) -> Response<Body> {
        match (self.0)(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// An end of the way for tests.
    #[cfg(test)]
    pub(crate) fn new<F>(answer: impl FnOnce(Request<Body>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        Self(Box::new(move |request| {
            let answer = answer(request);
            Box::pin(async move { Ok(answer.await) })
        }))
    }
}

/// A step as a tower layer.
#[derive(Clone)]
pub(crate) struct StepLayer<T>(pub(crate) T);

impl<T: Step, S> Layer<S> for StepLayer<T> {
    type Service = StepService<T, S>;

    fn layer(&self, inner: S) -> Self::Service {
        StepService { step: self.0.clone(), inner }
    }
}

/// A step in front of a service.
#[derive(Clone)]
pub(crate) struct StepService<T, S> {
    step: T,
    inner: S,
}

impl<T, S> Service<Request<Body>> for StepService<T, S>
where
    T: Step,
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // Here and not in the future, which may have to wait for its first turn.
        request.extensions_mut().get_or_insert_with(|| Arrived(Instant::now()));
        // The one that said it is ready is the one to call; the clone takes its place.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        let step = self.step.clone();
        let next = Next(Box::new(move |request| Box::pin(ready.call(request))));
        Box::pin(async move { Ok(step.handle(request, next).await) })
    }
}
