//! Notices for the front end to deliver: one file per RPC.

mod acknowledge_notices;
mod list_notices;

use fuldmagt_proto::v1::{self, notice_service_server};
use tonic::{Request, Response, Status};

use super::status::answer;
use crate::app::App;

/// `fuldmagt.v1.NoticeService`.
#[derive(Clone, Debug)]
pub(super) struct NoticeService(pub(super) App);

#[tonic::async_trait]
impl notice_service_server::NoticeService for NoticeService {
    async fn list_notices(
        &self,
        request: Request<v1::ListNoticesRequest>,
    ) -> Result<Response<v1::ListNoticesResponse>, Status> {
        answer(list_notices::handle(&self.0, request).await)
    }

    async fn acknowledge_notices(
        &self,
        request: Request<v1::AcknowledgeNoticesRequest>,
    ) -> Result<Response<v1::AcknowledgeNoticesResponse>, Status> {
        answer(acknowledge_notices::handle(&self.0, request).await)
    }
}
