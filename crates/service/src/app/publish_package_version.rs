//! `PublishPackageVersion`: what a package holds, from now on or from later on.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use fuldmagt_domain::{package::PackageId, privilege::PrivilegeUri};
use fuldmagt_store::{
    package::{Found, Member, NewVersion, Package, PackageVersion},
    revision::Revision,
    usage::About,
};

use super::{
    App, Call, Error, Result,
    command::{Answer, Mode, Order},
    impact::{ChangedPackage, PackageImpact},
    put_system::{next_version, require_owner},
};

/// A version as it is to be.
#[derive(Clone, Debug)]
pub struct PublishVersion {
    /// The package.
    pub package: PackageId,
    /// What it is to hold, each once, in the order of the request.
    pub privileges: Vec<PrivilegeUri>,
    /// From when, where that is later than now.
    pub on: Option<DateTime<Utc>>,
    /// The package's version as the caller read it.
    pub expected_version: Option<i64>,
}

/// What comes of it.
struct Decided {
    changed: ChangedPackage,
    /// What is to be written; `None` when it is so already.
    version: Option<(PackageVersion, Vec<i32>)>,
    /// The state that this is decided by.
    revision: Revision,
}

impl App {
    /// Publishes a version of a package; what the latest version says already stays as it is. Four round trips to the
    /// database.
    ///
    /// # Errors
    /// [`Error::PackageNotFound`] when it is unknown or another authority's, [`Error::PrivilegeNotFound`] likewise,
    /// [`Error::NotForFollowers`], [`Error::EtagMismatch`], and those of every command.
    pub async fn publish_package_version(
        &self,
        order: Order,
        publish: PublishVersion,
        mode: Mode,
        encode: fn(&ChangedPackage) -> Vec<u8>,
    ) -> Result<Answer> {
        if mode == Mode::ValidateOnly {
            let decided = self.decide_version(&order.call, &publish).await?;
            return Ok(Answer { response: encode(&decided.changed), revision: decided.revision });
        }
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, publish) = (app.clone(), publish.clone());
            async move {
                let Decided { changed, version, .. } = app.decide_version(&order.call, &publish).await?;
                let (response, command) = (encode(&changed), order.command());
                let revision = match version {
                    Some((version, numbers)) => {
                        let new = NewVersion {
                            package: &publish.package,
                            number: version.number,
                            published_at: version.published_at,
                            privileges: &numbers,
                            package_version: changed.package.version,
                        };
                        app.store.publish_package_version(new, &response, &command).await?
                    }
                    None => app.store.remember(&command, About::default(), "unchanged", &response).await?,
                };
                Ok(Answer { response, revision })
            }
        })
        .await
    }

    async fn decide_version(&self, call: &Call, publish: &PublishVersion) -> Result<Decided> {
        let counts_from = publish.on.unwrap_or(call.at);
        let mut found = self.store.find_package(&publish.package, call.at, counts_from).await?;
        let mut package = found.package.take().ok_or(Error::PackageNotFound)?;
        require_owner(call, &package.authority, Error::PackageNotFound)?;
        let next_version = next_version(Some(package.version), publish.expected_version)?;
        let members = self.members(call, publish, counts_from).await?;
        let mut privileges = publish.privileges.clone();
        privileges.sort();
        let impact =
            PackageImpact { followed_by: found.followed_by, ..impact(&privileges, &members, &found.base) };
        if says_already(&found, &package, &privileges, counts_from) {
            let changed = ChangedPackage { package, impact };
            return Ok(Decided { changed, version: None, revision: found.revision });
        }
        // What is so already stays so: only what is new can be more than some may give.
        if let Some(place) = members.iter().position(|member| !member.fits_followers) {
            return Err(Error::NotForFollowers { place: Some(place) });
        }
        let number = found.latest.as_ref().map_or(0, |latest| latest.number) + 1;
        let version = PackageVersion { number, published_at: counts_from, privileges };
        package.version = next_version;
        if counts_from <= call.at {
            // It takes the place of every version that was to come.
            package.current = Some(version.clone());
            package.upcoming = None;
        } else if package.upcoming.as_ref().is_none_or(|upcoming| counts_from <= upcoming.published_at) {
            package.upcoming = Some(version.clone());
        }
        let numbers = members.iter().map(|member| member.number).collect();
        let changed = ChangedPackage { package, impact };
        Ok(Decided { changed, version: Some((version, numbers)), revision: found.revision })
    }

    /// The privileges, when all are there and the caller may put them into packages.
    async fn members(
        &self,
        call: &Call,
        publish: &PublishVersion,
        counts_from: DateTime<Utc>,
    ) -> Result<Vec<Member>> {
        let members = self.store.package_members(&publish.package, &publish.privileges, counts_from).await?;
        let known = |(index, member): (usize, Option<Member>)| {
            let not_found = || Error::privilege_not_found(format!("privileges[{index}]"));
            let member = member.ok_or_else(not_found)?;
            require_owner(call, &member.authority, not_found())?;
            Ok(member)
        };
        members.into_iter().enumerate().map(known).collect()
    }
}

/// Whether the latest version holds just this, is not hidden, and counts by then.
fn says_already(
    found: &Found,
    package: &Package,
    privileges: &[PrivilegeUri],
    counts_from: DateTime<Utc>,
) -> bool {
    found.latest.as_ref().is_some_and(|latest| {
        latest.privileges == privileges
            && latest.published_at <= counts_from
            && package.hidden.is_none_or(|(_, hidden)| hidden < latest.number)
    })
}

fn impact(privileges: &[PrivilegeUri], members: &[Member], base: &[PrivilegeUri]) -> PackageImpact {
    let (after, before): (HashSet<_>, HashSet<_>) = (privileges.iter().collect(), base.iter().collect());
    PackageImpact {
        privileges: after.len(),
        added: after.difference(&before).count(),
        removed: before.difference(&after).count(),
        unavailable: members.iter().filter(|member| !member.may_be_given).count(),
        followed_by: 0,
    }
}
