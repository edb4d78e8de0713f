//! What the rules need to know for a command about delegations: read in one statement, so from one state.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::DelegationId,
    ending::Tree,
    identifier::{CprNumber, Identifier},
    package::PackageId,
    paper::{Case, Record},
    party::{Party, PartyId},
    privilege::PrivilegeUri,
    text::Name,
};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    get::SealedName,
    packages::{PackageFact, PackageFacts, Wanted},
    paper::PaperRow,
    row::{TreeRow, trees},
};
use crate::{
    Error, Result, SHARD, Store,
    catalogue::{CataloguePrivilege, CatalogueRow},
    crypt::{DataKey, Purpose},
    revision::Revision,
    rows::PartyRow,
    vault,
};

/// What a command needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The logged-in user.
    pub actor: Option<PartyId>,
    /// Further parties.
    pub parties: &'a [PartyId],
    /// Delegations, with their parties and with what was given on from them.
    pub delegations: &'a [DelegationId],
    /// Everything that lives between two parties.
    pub between: Between,
    /// Privileges.
    pub privileges: &'a [PrivilegeUri],
    /// Those that the delegations grant or ask for as well.
    pub their_privileges: bool,
    /// Packages, with the privileges that they hold.
    pub packages: Option<Wanted<'a>>,
    /// Identifiers of who signs.
    pub signer: &'a [Identifier],
    /// Whether names and numbers are needed, and keys to seal with.
    pub sealed: bool,
}

/// Between which two parties everything that lives is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// None.
    Nobody,
    /// A delegator and a representative.
    Both(PartyId, PartyId),
    /// The parties of the delegations that are asked for; their privileges are told as well.
    TheirParties,
    /// The delegator of the delegations that are asked for, and a representative; their privileges are told as well.
    TheirDelegatorAnd(PartyId),
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self {
            actor: None,
            parties: &[],
            delegations: &[],
            between: Between::Nobody,
            privileges: &[],
            their_privileges: false,
            packages: None,
            signer: &[],
            sealed: false,
        }
    }
}

/// What is known.
#[derive(Debug)]
pub struct Facts {
    /// The state that this is from.
    pub revision: Revision,
    /// Which party each of the signer's identifiers names, in order.
    pub signers: Vec<Option<PartyId>>,
    latest: Option<DateTime<Utc>>,
    parties: BTreeMap<PartyId, PartyFacts>,
    trees: BTreeMap<DelegationId, Tree>,
    papers: BTreeMap<DelegationId, Record>,
    privileges: BTreeMap<PrivilegeUri, CataloguePrivilege>,
    pub(super) packages: BTreeMap<PackageId, PackageFacts>,
}

/// A party, and what of it is sealed.
#[derive(Debug)]
pub struct PartyFacts {
    /// The party.
    pub party: Party,
    /// The party that it turned out to be, after a merge.
    pub merged_into: Option<PartyId>,
    /// The employer's name, if one is registered and sealed parts were asked for.
    pub employer_name: Option<Name>,
    name: Option<Vec<u8>>,
    cpr: Option<Vec<u8>>,
    key: Option<DataKey>,
}

impl Store {
    /// What a command needs to know. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn facts(&self, ask: Ask<'_>) -> Result<Facts> {
        let ids = |parties: &[PartyId]| parties.iter().map(|party| party.0).collect::<Vec<_>>();
        let delegations: Vec<Uuid> = ask.delegations.iter().map(|id| id.0).collect();
        let (delegator, representative, theirs) = match ask.between {
            Between::Nobody => (None, None, false),
            Between::Both(delegator, representative) => (Some(delegator.0), Some(representative.0), false),
            Between::TheirParties => (None, None, true),
            Between::TheirDelegatorAnd(representative) => (None, Some(representative.0), true),
        };
        let uris: Vec<String> = ask.privileges.iter().map(|uri| uri.as_str().to_owned()).collect();
        let packages = ask.packages.map_or(&[][..], |wanted| wanted.ids);
        let packages: Vec<String> = packages.iter().map(|id| id.as_str().to_owned()).collect();
        let packages_at = ask.packages.map(|wanted| wanted.at);
        let (kinds, indexes): (Vec<_>, Vec<_>) =
            ask.signer.iter().map(|identifier| self.finder(identifier)).unzip();
        let row = sqlx::query_file_as!(
            Row,
            "src/delegation/facts.sql",
            SHARD,
            ask.actor.map(|actor| actor.0),
            &ids(ask.parties),
            &delegations,
            delegator,
            representative,
            theirs,
            &uris,
            &kinds,
            &indexes,
            ask.sealed,
            ask.their_privileges,
            &packages,
            packages_at,
        )
        .fetch_one(&self.pool)
        .await?;
        self.read(row, packages_at)
    }

    fn read(&self, row: Row, packages_at: Option<DateTime<Utc>>) -> Result<Facts> {
        let mut parties = BTreeMap::new();
        for fact in row.parties.0 {
            parties.insert(PartyId(fact.party_id), self.party_facts(fact)?);
        }
        let mut privileges = BTreeMap::new();
        for fact in row.privileges.0 {
            let entry = CataloguePrivilege::try_from(fact)?;
            privileges.insert(entry.privilege.uri.clone(), entry);
        }
        let mut packages = BTreeMap::new();
        for fact in row.packages.0 {
            let package =
                fact.read(packages_at.ok_or(Error::Unreadable("packages that nobody asked for"))?)?;
            packages.insert(package.id.clone(), package);
        }
        Ok(Facts {
            revision: Revision { epoch: row.epoch, shard: SHARD, number: row.revision },
            signers: row.signers.0.into_iter().map(|party| party.map(PartyId)).collect(),
            latest: row.delegations.0.iter().map(|row| row.delegation.latest()).max(),
            parties,
            trees: trees(row.delegations.0)?,
            papers: row.papers.0.into_iter().map(PaperRow::record).collect::<Result<_>>()?,
            privileges,
            packages,
        })
    }

    fn party_facts(&self, fact: PartyFact) -> Result<PartyFacts> {
        let key = match (fact.key_id.as_deref(), fact.key.as_deref()) {
            (Some(key_id), Some(wrapped)) => Some(self.data_key(fact.party_id, key_id, &bytes(wrapped)?)?),
            _ => None,
        };
        let employer_name = match fact.organisation_id {
            Some(organisation) => self.name(PartyId(organisation), fact.employer.map(Json))?,
            None => None,
        };
        Ok(PartyFacts {
            merged_into: fact.merged_into.map(PartyId),
            employer_name,
            name: fact.name.as_deref().map(bytes).transpose()?,
            cpr: fact.cpr.as_deref().map(bytes).transpose()?,
            key,
            party: PartyRow {
                party_id: fact.party_id,
                kind: fact.kind,
                organisation_id: fact.organisation_id,
                standing: fact.standing,
                created_at: fact.created_at,
                version: fact.version,
            }
            .try_into()?,
        })
    }
}

impl Facts {
    /// The instant of a command that is asked for at `at`: not before anything that it is decided from was given or ended,
    /// whatever two machines' clocks say, and whoever of two at once comes first.
    #[must_use]
    pub fn instant(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.latest.map_or(at, |latest| at.max(latest))
    }

    /// A party that was asked for, or is one of a delegation that was.
    #[must_use]
    pub fn party(&self, id: PartyId) -> Option<&Party> {
        self.parties.get(&id).map(|facts| &facts.party)
    }

    /// A party with what is sealed.
    #[must_use]
    pub fn party_facts(&self, id: PartyId) -> Option<&PartyFacts> {
        self.parties.get(&id)
    }

    /// A delegation that was asked for, with what was given on from it.
    #[must_use]
    pub fn tree(&self, id: DelegationId) -> Option<&Tree> {
        self.trees.get(&id)
    }

    /// A paper delegation that was asked for, whatever has become of it.
    #[must_use]
    pub fn paper_case(&self, id: DelegationId) -> Option<Case> {
        let (tree, record) = (self.trees.get(&id)?, self.papers.get(&id)?);
        Some(Case { delegation: tree.top.clone(), record: record.clone() })
    }

    /// Everything that lives between two parties, oldest first.
    #[must_use]
    pub fn between(&self, delegator: PartyId, representative: PartyId) -> Vec<Tree> {
        let is_between =
            |tree: &&Tree| tree.top.delegator == delegator && tree.top.representative == representative;
        self.trees.values().filter(is_between).filter(|tree| tree.top.lives()).cloned().collect()
    }

    /// A privilege that was asked for, or that a delegation that was asked for is about.
    #[must_use]
    pub fn privilege(&self, uri: &PrivilegeUri) -> Option<&CataloguePrivilege> {
        self.privileges.get(uri)
    }

    /// Every party that was read.
    pub fn parties(&self) -> impl Iterator<Item = &Party> {
        self.parties.values().map(|facts| &facts.party)
    }
}

impl PartyFacts {
    /// The name, if one is registered.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn name(&self) -> Result<Option<Name>> {
        let Some(sealed) = self.name.as_deref() else { return Ok(None) };
        let text = vault::open(self.key()?, Purpose::Name, self.party.id.0, sealed)?;
        Name::parse(&text).map(Some).map_err(|_| Error::Unreadable("name"))
    }

    /// The CPR number, if one is linked.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn cpr(&self) -> Result<Option<CprNumber>> {
        let Some(sealed) = self.cpr.as_deref() else { return Ok(None) };
        let opened = vault::open_identifier(self.key()?, self.party.id.0, "cpr", sealed)?;
        let Identifier::Cpr(cpr) = opened else { return Err(Error::Unreadable("CPR number")) };
        Ok(Some(cpr))
    }

    /// The data key, to seal with.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when it was not asked for or is not there.
    pub(crate) fn key(&self) -> Result<&DataKey> {
        self.key.as_ref().ok_or(Error::Unreadable("a party without a data key"))
    }
}

/// The bytes of their hexadecimal digits.
pub(crate) fn bytes(hex: &str) -> Result<Vec<u8>> {
    const DAMAGED: Error = Error::Unreadable("bytes");
    if !hex.len().is_multiple_of(2) {
        return Err(DAMAGED);
    }
    let pairs = hex.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| {
            std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or(DAMAGED)
        })
        .collect()
}

struct Row {
    epoch: Uuid,
    revision: i64,
    parties: Json<Vec<PartyFact>>,
    delegations: Json<Vec<TreeRow>>,
    privileges: Json<Vec<CatalogueRow>>,
    papers: Json<Vec<PaperRow>>,
    packages: Json<Vec<PackageFact>>,
    signers: Json<Vec<Option<Uuid>>>,
}

#[derive(Debug, Deserialize)]
struct PartyFact {
    party_id: Uuid,
    kind: String,
    organisation_id: Option<Uuid>,
    standing: String,
    created_at: DateTime<Utc>,
    version: i64,
    merged_into: Option<Uuid>,
    name: Option<String>,
    cpr: Option<String>,
    key_id: Option<String>,
    key: Option<String>,
    employer: Option<SealedName>,
}
