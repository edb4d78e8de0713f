//! Who may call what: one table, committed in readable form as `access.golden.txt`.

use crate::{
    app::Error,
    clients::{Client, Role},
};

/// Asks about delegations, for its own privileges.
const ASKS: &[Role] = &[Role::Authority];
/// Acts for a logged-in user.
const ACTS_FOR_A_USER: &[Role] = &[Role::FrontEnd];
/// Knows people by their numbers, from a login, a paper form or a register.
const KNOWS_PARTIES: &[Role] = &[Role::FrontEnd, Role::CaseworkerSystem, Role::RegisterFeed];
/// Feeds in registers.
const FEEDS_REGISTERS: &[Role] = &[Role::RegisterFeed];
/// Knows who is employed where, from a login, or a register.
const KNOWS_EMPLOYMENTS: &[Role] = &[Role::FrontEnd, Role::RegisterFeed];
/// Handles cases for people who do not use self-service.
const HANDLES_PAPER: &[Role] = &[Role::CaseworkerSystem];
/// Starts a paper delegation: a caseworker, or the representative at a front end.
const STARTS_PAPER: &[Role] = &[Role::CaseworkerSystem, Role::FrontEnd];
/// Keeps the catalogue: an authority its own part, an operator all.
const KEEPS_CATALOGUE: &[Role] = &[Role::Authority, Role::Operator];
/// Reads the catalogue.
const READS_CATALOGUE: &[Role] = &[Role::Authority, Role::Operator, Role::FrontEnd];

/// Each RPC, and the roles that may call it. One role is enough.
const TABLE: &[(&str, &[Role])] = &[
    ("fuldmagt.v1.QueryService/CheckDelegation", ASKS),
    ("fuldmagt.v1.QueryService/BatchCheckDelegations", ASKS),
    ("fuldmagt.v1.QueryService/ListRepresentatives", ASKS),
    ("fuldmagt.v1.QueryService/ListDelegators", ASKS),
    ("fuldmagt.v1.DelegationService/PreviewDelegation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/CreateDelegation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/SubDelegate", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/RequestDelegation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/AcceptDelegation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/DeclineDelegation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/WithdrawRequest", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/RevokeDelegation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/RevokeAllDelegations", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/RenounceDelegation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/RenewDelegation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/DesignateEmployee", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/RemoveDesignation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/ListDesignations", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/GetDelegation", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/ListDelegations", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/ListDelegationEvents", ACTS_FOR_A_USER),
    ("fuldmagt.v1.DelegationService/GetReceipt", ACTS_FOR_A_USER),
    ("fuldmagt.v1.PaperService/StartPaperDelegation", STARTS_PAPER),
    ("fuldmagt.v1.PaperService/RegisterSignedForm", HANDLES_PAPER),
    ("fuldmagt.v1.PaperService/ApprovePaperDelegation", HANDLES_PAPER),
    ("fuldmagt.v1.PaperService/RejectPaperDelegation", HANDLES_PAPER),
    ("fuldmagt.v1.PaperService/ListPaperDelegations", HANDLES_PAPER),
    ("fuldmagt.v1.NoticeService/ListNotices", ACTS_FOR_A_USER),
    ("fuldmagt.v1.NoticeService/AcknowledgeNotices", ACTS_FOR_A_USER),
    ("fuldmagt.v1.PartyService/ResolveParty", KNOWS_PARTIES),
    ("fuldmagt.v1.PartyService/LinkIdentifier", KNOWS_PARTIES),
    ("fuldmagt.v1.PartyService/ImportCprSnapshot", FEEDS_REGISTERS),
    ("fuldmagt.v1.PartyService/GetCprImport", FEEDS_REGISTERS),
    ("fuldmagt.v1.PartyService/MergeParties", KNOWS_PARTIES),
    ("fuldmagt.v1.PartyService/EndEmployment", KNOWS_EMPLOYMENTS),
    ("fuldmagt.v1.PartyService/ResolveSuspension", HANDLES_PAPER),
    ("fuldmagt.v1.CatalogueService/PutSystem", KEEPS_CATALOGUE),
    ("fuldmagt.v1.CatalogueService/PutPrivilege", KEEPS_CATALOGUE),
    ("fuldmagt.v1.CatalogueService/PublishPrivilege", KEEPS_CATALOGUE),
    ("fuldmagt.v1.CatalogueService/HidePrivilege", KEEPS_CATALOGUE),
    ("fuldmagt.v1.CatalogueService/PutPackage", KEEPS_CATALOGUE),
    ("fuldmagt.v1.CatalogueService/PublishPackageVersion", KEEPS_CATALOGUE),
    ("fuldmagt.v1.CatalogueService/HidePackage", KEEPS_CATALOGUE),
    ("fuldmagt.v1.CatalogueService/ListSystems", READS_CATALOGUE),
    ("fuldmagt.v1.CatalogueService/ListPrivileges", READS_CATALOGUE),
    ("fuldmagt.v1.CatalogueService/ListPackages", READS_CATALOGUE),
];

/// Lets a client through to an RPC, `package.Service/Method`, that one of its roles may call. Nobody may call an RPC
/// that is not in the table.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn authorize(rpc: &str, client: &Client) -> Result<(), Error> {
    let allowed = TABLE.iter().filter(|(name, _)| *name == rpc).flat_map(|(_, roles)| *roles);
    if allowed.into_iter().any(|role| client.roles.contains(*role)) { Ok(()) } else { Err(Error::Forbidden) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use prost::Message as _;

    use super::*;
    use crate::clients::development_client;

    const CHECK_DELEGATION: &str = "fuldmagt.v1.QueryService/CheckDelegation";
    const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rpc/access.golden.txt");

    fn rpcs_of_the_api() -> Vec<String> {
        let files = prost_types::FileDescriptorSet::decode(fuldmagt_proto::FILE_DESCRIPTOR_SET).unwrap().file;
        let mut rpcs = Vec::new();
        for file in &files {
            for service in &file.service {
                let methods = service.method.iter();
                rpcs.extend(methods.map(|m| format!("{}.{}/{}", file.package(), service.name(), m.name())));
            }
        }
        rpcs.sort();
        rpcs
    }

    fn client(roles: &[Role]) -> Client {
        Client { roles: roles.iter().copied().collect(), ..development_client().unwrap() }
    }

    /// What [`authorize`] answers for every RPC and every role.
    fn matrix() -> String {
        let width = TABLE.iter().map(|(rpc, _)| rpc.len()).max().unwrap();
        let mut text = format!("{:width$}", "");
        for role in Role::ALL {
            let _ = write!(text, "  {role}");
        }
        text.push('\n');
        for (rpc, _) in TABLE {
            let _ = write!(text, "{rpc:width$}");
            for role in Role::ALL {
                let answer = if authorize(rpc, &client(&[role])).is_ok() { "yes" } else { "-" };
                let _ = write!(text, "  {answer:column$}", column = role.as_str().len());
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text
    }

    #[test]
    fn every_rpc_of_the_api_has_exactly_one_row() {
        let mut rows: Vec<_> = TABLE.iter().map(|(rpc, _)| (*rpc).to_owned()).collect();
        rows.sort();
        assert_eq!(rows, rpcs_of_the_api());
    }

    #[test]
    fn the_matrix_is_the_one_that_is_committed() {
        let matrix = matrix();
        if std::env::var_os("FULDMAGT_REGENERATE").is_some() {
            std::fs::write(GOLDEN, &matrix).unwrap();
        }
        let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
        assert_eq!(
            matrix, golden,
            "who may call what has changed: if that is meant, set FULDMAGT_REGENERATE=1"
        );
    }

    #[test]
    fn one_of_several_roles_is_enough_and_none_is_not() {
        assert!(authorize(CHECK_DELEGATION, &client(&[Role::Auditor, Role::Authority])).is_ok());
        assert!(matches!(authorize(CHECK_DELEGATION, &client(&[])), Err(Error::Forbidden)));
        assert!(matches!(authorize(CHECK_DELEGATION, &client(&[Role::Auditor])), Err(Error::Forbidden)));
    }

    #[test]
    fn what_is_not_in_the_table_is_forbidden_to_all() {
        for rpc in ["", "fuldmagt.v1.QueryService/Check", "/fuldmagt.v1.QueryService/CheckDelegation"] {
            assert!(matches!(authorize(rpc, &client(&Role::ALL)), Err(Error::Forbidden)));
        }
    }
}
