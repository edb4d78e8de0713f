//! Indexes and constraints, taken away while rows are copied and put back as they were.
//!
//! What is put back is checked by Postgres against every row: the population is consistent, or it is not loaded.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection, PgPool};

/// For sorting what an index is made of; several are made, one after the other.
const MAINTENANCE_WORK_MEM: &str = "512MB";

/// Everything about the schema that loading could change, as sorted lines.
pub async fn describe(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select line from (
             select concat_ws(' ', 'column', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull)
             from pg_attribute where attnum > 0 and not attisdropped
             union all
             select concat_ws(' ', 'constraint', conrelid::regclass, conname, convalidated, condeferrable,
                              pg_get_constraintdef(oid))
             from pg_constraint
             union all
             select concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid) from pg_index
             union all
             select concat_ws(' ', pg_get_triggerdef(oid), tgenabled) from pg_trigger where not tgisinternal
             union all
             select concat_ws(' ', 'internal trigger', tgrelid::regclass, tgfoid::regproc, tgtype, tgenabled, count(*))
             from pg_trigger where tgisinternal group by tgrelid, tgfoid, tgtype, tgenabled
         ) as lines (line)
         where line !~ 'pg_(catalog|toast)\\.|information_schema|pg_[a-z_]+ '
         order by line",
    )
    .fetch_all(pool)
    .await
    .expect("the catalogue can be read")
}

/// What was taken from some tables: statements that put it back.
#[derive(Debug)]
pub(super) struct Taken {
    tables: &'static [&'static str],
    keys_and_indexes: Vec<String>,
    foreign_keys: Vec<String>,
}

/// The statements that take an index or constraint away and put it back, and whether it is a foreign key.
type Piece = (String, String, bool);

impl Taken {
    /// Takes keys, indexes and foreign keys off the tables, with the foreign keys by which other tables refer to them,
    /// and keeps their triggers from running. Of the tables of `besides` nothing is taken: they are taken as well.
    pub(super) async fn from(
        tables: &'static [&'static str],
        besides: &[&str],
        pool: &PgPool,
    ) -> sqlx::Result<Self> {
        let pieces: Vec<Piece> = sqlx::query_as(
            "select format('alter table %s drop constraint %I', conrelid::regclass, conname),
                    format('alter table %s add constraint %I %s', conrelid::regclass, conname,
                           pg_get_constraintdef(oid)),
                    contype = 'f'
             from pg_constraint
             where conrelid = any ($1::text[]::regclass[]) and contype in ('f', 'p', 'u', 'x')
                or contype = 'f' and confrelid = any ($1::text[]::regclass[])
                   and conrelid <> all ($2::text[]::regclass[])
             union all
             select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid), false
             from pg_index i where indrelid = any ($1::text[]::regclass[])
               and not exists (select from pg_constraint where conindid = i.indexrelid)
             -- Foreign keys first, because they hold on to what they refer to.
             order by 3 desc, 2",
        )
        .bind(tables)
        .bind(besides)
        .fetch_all(pool)
        .await?;
        for (take, _, _) in &pieces {
            pool.execute(AssertSqlSafe(take.clone())).await?;
        }
        for table in tables {
            pool.execute(AssertSqlSafe(format!("alter table {table} disable trigger user"))).await?;
        }
        let put_back =
            |foreign| pieces.iter().filter(move |piece| piece.2 == foreign).map(|piece| piece.1.clone());
        Ok(Self {
            tables,
            keys_and_indexes: put_back(false).collect(),
            foreign_keys: put_back(true).collect(),
        })
    }

    /// Puts keys and indexes back.
    pub(super) async fn restore_keys(&self, pool: &PgPool) -> sqlx::Result<()> {
        run(&self.keys_and_indexes, pool).await
    }

    /// Puts foreign keys and triggers back: when the keys of all tables are there.
    pub(super) async fn restore_rest(self, pool: &PgPool) -> sqlx::Result<()> {
        run(&self.foreign_keys, pool).await?;
        for table in self.tables {
            pool.execute(AssertSqlSafe(format!("alter table {table} enable trigger user"))).await?;
        }
        Ok(())
    }
}

async fn run(statements: &[String], pool: &PgPool) -> sqlx::Result<()> {
    let mut connection = pool.acquire().await?;
    let connection: &mut PgConnection = &mut connection;
    connection.execute(AssertSqlSafe(format!("set maintenance_work_mem = '{MAINTENANCE_WORK_MEM}'"))).await?;
    for statement in statements {
        connection.execute(AssertSqlSafe(statement.clone())).await?;
    }
    connection.execute("reset maintenance_work_mem").await?;
    Ok(())
}
