//! The end of a service: what runs is finished, what is new is refused.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body::{Frame, SizeHint};
use tokio::sync::Notify;
use tonic::Status;
use tonic::body::Body;

use super::step::{Next, Step};
use super::{methods, refusal};

/// Whether the service is ending, and how many RPCs still run. Shared by all connections.
#[derive(Clone, Default)]
pub(crate) struct Drain(Arc<State>);

#[derive(Default)]
struct State {
    draining: AtomicBool,
    running: AtomicUsize,
    idle: Notify,
}

impl Drain {
    /// From now on, new RPCs are refused.
    pub(crate) fn begin(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Waits until no RPC runs. Returns how many are left when the time is up.
    pub(crate) async fn wait(&self, limit: Duration) -> usize {
        let idle = async {
            loop {
                let notified = self.0.idle.notified();
                if self.running() == 0 {
                    return;
                }
                notified.await;
            }
        };
        // Either way, what is left is what counts.
        let _ = tokio::time::timeout(limit, idle).await;
        self.running()
    }

    fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }

    /// Counted before it is asked whether the service is ending, so that none slips through in between.
    fn enter(&self) -> Option<Running> {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        let running = Running(Arc::clone(&self.0));
        (!self.0.draining.load(Ordering::SeqCst)).then_some(running)
    }
}

struct Running(Arc<State>);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

impl Step for Drain {
    async fn handle(&self, request: Request<Body>, next: Next) -> Response<Body> {
        // Health answers to the end (that we do not serve any more), and who watches it must not hold us up.
        if methods::is_health(request.uri().path()) {
            return next.run(request).await;
        }
        let Some(running) = self.enter() else {
            return refusal::response(refusal::shutting_down());
        };
        let response = next.run(request).await;
        response.map(|inner| Body::new(Guarded { inner, _running: running }))
    }
}

/// The body of an answer: the RPC runs until it is sent.
struct Guarded {
    inner: Body,
    _running: Running,
}

impl http_body::Body for Guarded {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt as _;

    use super::*;

    #[tokio::test]
    async fn what_runs_is_waited_for_and_what_is_new_is_refused() {
        let drain = Drain::default();
        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        let running = drain.clone();
        let running = tokio::spawn(async move {
            let next = Next::new(async move |_| {
                finished.await.unwrap();
                Response::new(Body::empty())
            });
            drop(running.handle(Request::new(Body::empty()), next).await);
        });
        tokio::task::yield_now().await;
        drain.begin();
        let next = Next::new(async |_| Response::new(Body::empty()));
        let refused = drain.handle(Request::new(Body::empty()), next).await;
        let status = Status::from_header_map(refused.headers()).unwrap();
        assert_eq!(status.get_error_details().error_info().unwrap().reason, refusal::SHUTTING_DOWN);
        assert!(status.get_error_details().retry_info().is_some());

        assert_eq!(drain.wait(Duration::from_millis(10)).await, 1);
        finish.send(()).unwrap();
        assert_eq!(drain.wait(Duration::from_secs(5)).await, 0);
        running.await.unwrap();
    }
}
