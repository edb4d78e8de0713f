//! What is to be agreed: the same for the command and for its preview.

use chrono::{DateTime, Utc};
use fuldmagt_proto::v1;

use super::{
    Violations,
    delegated_packages::choices,
    ids::{delegation_id, party_id},
    period::{stated, term},
    privileges::{filter, privileges},
};
use crate::app::{Actor, accept_delegation, create_delegation, renew_delegation, sub_delegate};

/// A gift. Here and below `actor` is as it was read, `None` when it was refused.
pub fn create(
    fields: &mut Violations,
    actor: Option<Actor>,
    proto: v1::CreateTerms,
    now: DateTime<Utc>,
) -> Option<create_delegation::Terms> {
    let delegator = fields.read("delegator_id", |fields| party_id(fields, &proto.delegator_id));
    let representative = fields.read("representative_id", |fields| {
        let representative = party_id(fields, &proto.representative_id)?;
        if delegator == Some(representative) {
            return fields.refuse("DELEGATOR_IS_REPRESENTATIVE", "must be another party than the delegator");
        }
        Some(representative)
    });
    let privileges = fields.read("privileges", |fields| {
        // A package is enough.
        if proto.packages.is_empty() {
            privileges(fields, &proto.privileges)
        } else {
            filter(fields, &proto.privileges)
        }
    });
    let packages = fields.read("packages", |fields| choices(fields, &proto.packages));
    let period = fields.read("period", |fields| stated(fields, proto.period, now));
    let (stated, period) = period?;
    Some(create_delegation::Terms {
        actor: actor?,
        delegator: delegator?,
        representative: representative?,
        privileges: privileges?,
        packages: packages?,
        stated,
        period,
        replace: proto.replace_existing,
    })
}

/// The acceptance of a request.
pub fn accept(
    fields: &mut Violations,
    actor: Option<Actor>,
    proto: v1::AcceptTerms,
    now: DateTime<Utc>,
) -> Option<accept_delegation::Terms> {
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &proto.delegation_id));
    let privileges = fields.read("privileges", |fields| filter(fields, &proto.privileges));
    let packages = fields.read("packages", |fields| choices(fields, &proto.packages));
    let (stated, term) = fields.read("period", |fields| term(fields, proto.period, now))?;
    Some(accept_delegation::Terms {
        actor: actor?,
        delegation: delegation?,
        privileges: privileges?,
        packages: packages?,
        stated,
        term,
        replace: proto.replace_existing,
    })
}

/// A renewal.
pub fn renew(
    fields: &mut Violations,
    actor: Option<Actor>,
    proto: v1::RenewTerms,
    now: DateTime<Utc>,
) -> Option<renew_delegation::Terms> {
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &proto.delegation_id));
    let (stated, period) = fields.read("period", |fields| stated(fields, proto.period, now))?;
    Some(renew_delegation::Terms { actor: actor?, delegation: delegation?, stated, period })
}

/// A part that is given on.
pub fn sub_delegate(
    fields: &mut Violations,
    actor: Option<Actor>,
    proto: v1::SubDelegateTerms,
    now: DateTime<Utc>,
) -> Option<sub_delegate::Terms> {
    let parent = fields.read("parent_id", |fields| delegation_id(fields, &proto.parent_id));
    let representative =
        fields.read("representative_id", |fields| party_id(fields, &proto.representative_id));
    let privileges = fields.read("privileges", |fields| privileges(fields, &proto.privileges));
    let (stated, period) = fields.read("period", |fields| stated(fields, proto.period, now))?;
    Some(sub_delegate::Terms {
        actor: actor?,
        parent: parent?,
        representative: representative?,
        privileges: privileges?,
        stated,
        period,
    })
}
