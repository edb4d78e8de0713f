//! A bound on what is worked on at the same time. Who comes on top is told at once, rather than left to wait for an
//! answer that comes after its deadline.

use std::sync::Arc;

use http::{Request, Response};
use tokio::sync::Semaphore;
use tonic::body::Body;

use super::step::{Next, Step};
use super::{methods, refusal};

#[derive(Clone)]
pub(crate) struct Overload(Arc<Semaphore>);

impl Overload {
    pub(crate) fn new(max_concurrent_requests: usize) -> Self {
        Self(Arc::new(Semaphore::new(max_concurrent_requests)))
    }
}

impl Step for Overload {
    async fn handle(&self, request: Request<Body>, next: Next) -> Response<Body> {
        // A busy service is a healthy one: a supervisor that gets no answer would restart it.
        if methods::is_health(request.uri().path()) {
            return next.run(request).await;
        }
        match self.0.try_acquire() {
            Ok(_place) => next.run(request).await,
            Err(_) => refusal::response(refusal::overloaded()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::StatusExt as _;

    use super::*;

    fn request(path: &str) -> Request<Body> {
        Request::builder().uri(path).body(Body::empty()).unwrap()
    }

    fn answered() -> Next {
        Next::new(async |_| Response::new(Body::empty()))
    }

    #[tokio::test]
    async fn one_more_than_the_bound_is_refused_with_a_time_to_try_again_but_health_is_answered() {
        let overload = Overload::new(1);
        let running = overload.clone();
        let running = tokio::spawn(async move {
            running.handle(request("/x.Y/Z"), Next::new(|_| std::future::pending())).await
        });
        tokio::task::yield_now().await;
        let refused = overload.handle(request("/x.Y/Z"), answered()).await;
        let status = Status::from_header_map(refused.headers()).unwrap();
        assert_eq!(status.code(), Code::Unavailable);
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, refusal::OVERLOADED);
        assert!(details.retry_info().unwrap().retry_delay.is_some());

        let healthy = overload.handle(request("/grpc.health.v1.Health/Check"), answered()).await;
        assert!(Status::from_header_map(healthy.headers()).is_none());

        running.abort();
        assert!(running.await.is_err());
        let free = overload.handle(request("/x.Y/Z"), answered()).await;
        assert!(Status::from_header_map(free.headers()).is_none());
    }
}
