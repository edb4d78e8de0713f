//! The gRPC services: proto in, proto out, and who may call.
//!
//! A folder is a service, a file is an RPC. Each reads its request into domain types, has the application do it, and
//! writes the answer as proto.

pub mod access;
pub mod caller;
pub mod from_proto;
pub mod status;
pub mod to_proto;

mod catalogue;
mod delegation;
mod notice;
mod paper;
mod party;
mod query;

use fuldmagt_proto::v1::{
    catalogue_service_server::CatalogueServiceServer, delegation_service_server::DelegationServiceServer,
    notice_service_server::NoticeServiceServer, paper_service_server::PaperServiceServer,
    party_service_server::PartyServiceServer, query_service_server::QueryServiceServer,
};
use tonic::service::Routes;

use crate::app::{App, Error, Result, command::Answer};

/// All services over one application.
pub fn routes(app: &App) -> Routes {
    Routes::default()
        .add_service(QueryServiceServer::new(query::QueryService(app.clone())))
        .add_service(DelegationServiceServer::new(delegation::DelegationService(app.clone())))
        .add_service(PaperServiceServer::new(paper::PaperService(app.clone())))
        .add_service(NoticeServiceServer::new(notice::NoticeService(app.clone())))
        .add_service(PartyServiceServer::new(party::PartyService(app.clone())))
        .add_service(CatalogueServiceServer::new(catalogue::CatalogueService(app.clone())))
}

/// The answer of a command as the message that it was encoded from: the first one, or the same again.
fn answered<T: prost::Message + Default>(answer: &Answer) -> Result<T> {
    T::decode(answer.response.as_slice()).map_err(|_| Error::Broken("a stored answer cannot be read"))
}
