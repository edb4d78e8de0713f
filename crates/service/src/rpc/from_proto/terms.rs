//! What is to be agreed: the same for the command and for its preview.

use chrono::{DateTime, Utc};
use fuldmagt_proto::v1;

use super::{Violations, ids::party_id, period::stated, privileges::privileges};
use crate::app::{Actor, create_delegation::Terms};

/// A gift. `actor`: as it was read, `None` when it was refused.
pub fn create(
    fields: &mut Violations,
    actor: Option<Actor>,
    proto: v1::CreateTerms,
    now: DateTime<Utc>,
) -> Option<Terms> {
    let delegator = fields.read("delegator_id", |fields| party_id(fields, &proto.delegator_id));
    let representative = fields.read("representative_id", |fields| {
        let representative = party_id(fields, &proto.representative_id)?;
        if delegator == Some(representative) {
            return fields.refuse("DELEGATOR_IS_REPRESENTATIVE", "must be another party than the delegator");
        }
        Some(representative)
    });
    let privileges = fields.read("privileges", |fields| privileges(fields, &proto.privileges));
    let period = fields.read("period", |fields| stated(fields, proto.period, now));
    let (stated, period) = period?;
    Some(Terms {
        actor: actor?,
        delegator: delegator?,
        representative: representative?,
        privileges: privileges?,
        stated,
        period,
        replace: proto.replace_existing,
    })
}
