//! A collector of traces and metrics (OTLP over gRPC) that keeps what it gets.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use fuldmagt_tests::output::note_output;

/// Ends with the test's runtime.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Received>>);

/// What came in.
#[derive(Default)]
pub(crate) struct Received {
    /// Every span.
    pub(crate) spans: Vec<Span>,
    /// The name of every metric, once.
    pub(crate) metrics: std::collections::BTreeSet<String>,
    /// What the senders called themselves.
    pub(crate) services: std::collections::BTreeSet<String>,
}

impl Collector {
    /// Listens on a free port, and tells where.
    pub(crate) fn start() -> (Self, String) {
        let collector = Self::default();
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let address = incoming.local_addr().expect("it has one");
        let server = Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .add_service(MetricsServiceServer::new(collector.clone()));
        tokio::spawn(server.serve_with_incoming(incoming));
        (collector, format!("http://{address}"))
    }

    /// What has come in so far.
    pub(crate) fn received(&self) -> std::sync::MutexGuard<'_, Received> {
        self.0.lock().expect("nobody panics with it")
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let request = request.into_inner();
        note_output("spans.program.txt", &format!("{request:?}"));
        let mut received = self.received();
        for resource in request.resource_spans {
            let attributes = resource.resource.into_iter().flat_map(|resource| resource.attributes);
            received.services.extend(
                attributes.filter(|each| each.key == "service.name").map(|each| format!("{:?}", each.value)),
            );
            received.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let request = request.into_inner();
        note_output("metrics.program.txt", &format!("{request:?}"));
        let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        self.received().metrics.extend(scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name));
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}
