//! Pages of packages.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{identifier::CvrNumber, package::PackageId};
use uuid::Uuid;

use super::{
    Package,
    entry::{PackageRow, VersionRow},
};
use crate::{
    Result, SHARD, Store,
    catalogue::{Page, TextsRow, one_more, page},
};

impl Store {
    /// The packages after a given one, an authority's or all, and on demand only those that may be given at the
    /// instant: at most `page_size`. One round trip.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`], [`crate::Error::Unreadable`].
    pub async fn list_packages(
        &self,
        owner: Option<&CvrNumber>,
        (published_only, at): (bool, DateTime<Utc>),
        after: Option<&PackageId>,
        page_size: u16,
    ) -> Result<Page<Package>> {
        let rows = sqlx::query_file_as!(
            Listed,
            "src/package/list.sql",
            SHARD,
            owner.map(CvrNumber::expose),
            published_only,
            at,
            after.map_or("", PackageId::as_str),
            one_more(page_size),
        )
        .fetch_all(&self.pool)
        .await?;
        let rows = rows.into_iter().map(|row| ((row.epoch, row.revision), row.columns()));
        page(rows, page_size)
    }
}

struct Listed {
    epoch: Uuid,
    revision: i64,
    package_id: Option<String>,
    authority_cvr: Option<String>,
    title_da: Option<String>,
    title_en: Option<String>,
    description_da: Option<String>,
    description_en: Option<String>,
    min_age_years: Option<i16>,
    max_age_years: Option<i16>,
    hidden_at: Option<DateTime<Utc>>,
    hidden_version: Option<i32>,
    version: Option<i64>,
    current_number: Option<i32>,
    current_published_at: Option<DateTime<Utc>>,
    current_uris: Option<Vec<String>>,
    upcoming_number: Option<i32>,
    upcoming_published_at: Option<DateTime<Utc>>,
    upcoming_uris: Option<Vec<String>>,
}

impl Listed {
    fn columns(self) -> Option<PackageRow> {
        Some(PackageRow {
            package_id: self.package_id?,
            authority_cvr: self.authority_cvr?,
            texts: TextsRow {
                title_da: self.title_da?,
                title_en: self.title_en?,
                description_da: self.description_da?,
                description_en: self.description_en?,
            },
            ages: (self.min_age_years, self.max_age_years),
            hidden: (self.hidden_at, self.hidden_version),
            current: VersionRow {
                number: self.current_number,
                published_at: self.current_published_at,
                uris: self.current_uris,
            },
            upcoming: VersionRow {
                number: self.upcoming_number,
                published_at: self.upcoming_published_at,
                uris: self.upcoming_uris,
            },
            version: self.version?,
        })
    }
}
