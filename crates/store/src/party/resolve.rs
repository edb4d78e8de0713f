//! Finding the parties that identifiers name.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    identifier::{Identifier, IdentifierKind},
    party::Party,
};
use uuid::Uuid;

use super::identifier_kinds;
use crate::{Error, Result, SHARD, Store, revision::Revision, rows::PartyRow};

/// A party that at least one of the identifiers names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The party.
    pub party: Party,
    /// The kinds of all identifiers that it has, each once, sorted.
    pub identifier_kinds: Vec<IdentifierKind>,
    /// How many of the identifiers that were asked for name it: at least one. One that is asked for twice counts once.
    pub matched: usize,
}

/// What is known about identifiers, all from one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The parties that they name, each once, by id. More than one: they are not of one party.
    pub found: Vec<Found>,
    /// For employees' identifiers: the organisation of the first one's CVR number, if it is registered.
    pub organisation: Option<Party>,
    /// The state that this is from.
    pub revision: Revision,
}

impl Store {
    /// The parties that the identifiers name. Not logged: what is answered from it is. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn find_parties(&self, identifiers: &[Identifier]) -> Result<Resolved> {
        let (kinds, indexes): (Vec<_>, Vec<_>) =
            identifiers.iter().map(|identifier| self.finder(identifier)).unzip();
        let organisation = identifiers
            .iter()
            .find_map(Identifier::organisation)
            .map(|cvr| self.finder(&Identifier::Cvr(cvr)))
            .map(|(_, index)| index);
        let rows = sqlx::query_file_as!(Row, "src/party/resolve.sql", SHARD, &kinds, &indexes, organisation)
            .fetch_all(&self.pool)
            .await?;
        let first = rows.first().ok_or(Error::Unreadable("feed head"))?;
        let revision = Revision { epoch: first.epoch, shard: SHARD, number: first.revision };
        let mut resolved = Resolved { found: Vec::with_capacity(rows.len()), organisation: None, revision };
        for row in rows {
            row.add_to(&mut resolved)?;
        }
        Ok(resolved)
    }
}

/// A party that an identifier names (`matched` above 0), the employer (0), or nobody (none).
struct Row {
    epoch: Uuid,
    revision: i64,
    matched: Option<i64>,
    identifier_kinds: Vec<String>,
    party_id: Option<Uuid>,
    kind: Option<String>,
    organisation_id: Option<Uuid>,
    standing: Option<String>,
    created_at: Option<DateTime<Utc>>,
    version: Option<i64>,
}

impl Row {
    fn add_to(self, resolved: &mut Resolved) -> Result<()> {
        let Some(matched) = self.matched else {
            return Ok(());
        };
        let identifier_kinds = identifier_kinds(&self.identifier_kinds)?;
        let matched = usize::try_from(matched).map_err(|_| Error::Unreadable("count of identifiers"))?;
        let party = self.party()?;
        if matched == 0 {
            resolved.organisation = Some(party);
        } else {
            resolved.found.push(Found { party, identifier_kinds, matched });
        }
        Ok(())
    }

    fn party(self) -> Result<Party> {
        let row = || {
            Some(PartyRow {
                party_id: self.party_id?,
                kind: self.kind?,
                organisation_id: self.organisation_id,
                standing: self.standing?,
                created_at: self.created_at?,
                version: self.version?,
            })
        };
        row().ok_or(Error::Unreadable("party"))?.try_into()
    }
}
