//! From the database of one test to an empty one for the next.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::url_of;

/// Everything goes that a test can have written, triggers or not. What the migrations write comes back.
const EMPTY: &str = "
    do $$
    declare
        found regclass;
        sequence regclass;
    begin
        perform set_config('session_replication_role', 'replica', true);
        for found in
            select inhrelid from pg_inherits where inhparent in ('usage_log'::regclass, 'cpr_record'::regclass)
        loop
            execute format('drop table %s', found);
        end loop;
        for found in
            select oid from pg_class
            where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> '_sqlx_migrations'
        loop
            execute format('delete from %s', found);
        end loop;
        for sequence in
            select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S'
        loop
            perform setval(sequence, 1, false);
        end loop;
    end $$;
    insert into feed_head (shard, epoch, revision) values (0, gen_random_uuid(), 0)";

/// What must be the same in a fresh database and an emptied one: columns, constraints, indexes, triggers, functions,
/// and the rows of each table by number.
const FINGERPRINT: &str = "
    select concat_ws(';',
        (select string_agg(format('%s.%s %s %s', a.attrelid::regclass, a.attname, a.atttypid::regtype, a.attnotnull),
                           ',' order by a.attrelid::regclass::text, a.attnum)
         from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'public'::regnamespace and not a.attisdropped and a.attnum > 0),
        (select string_agg(pg_get_constraintdef(oid), ',' order by conrelid::regclass::text, conname)
         from pg_constraint where connamespace = 'public'::regnamespace),
        (select string_agg(pg_get_triggerdef(oid) || tgenabled::text, ',' order by tgrelid::regclass::text, tgname)
         from pg_trigger where not tgisinternal),
        (select string_agg(oid::regprocedure::text || md5(prosrc), ',' order by oid::regprocedure::text)
         from pg_proc where pronamespace = 'public'::regnamespace),
        (select string_agg(format('%s %s', oid::regclass,
                                  (xpath('/row/n/text()', query_to_xml('select count(*) as n from '
                                   || oid::regclass::text, true, true, '')))[1]), ',' order by oid::regclass::text)
         from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')))";

/// Knows what an empty database is like.
#[derive(Debug)]
pub(super) struct Recycling {
    template_url: String,
    fingerprint: String,
}

impl Recycling {
    /// To be called before anything is copied from the template: nobody may be connected to it then.
    pub(super) async fn of(template_url: &str) -> sqlx::Result<Self> {
        let mut template = PgConnection::connect(template_url).await?;
        let fingerprint = sqlx::query_scalar(FINGERPRINT).fetch_one(&mut template).await?;
        template.close().await?;
        Ok(Self { template_url: template_url.to_owned(), fingerprint })
    }

    /// Empties a database under another name, so that nobody who knows the old one gets in. False when what comes out
    /// is not as a fresh one: a test has changed the schema, or the migrations write rows that are not known here.
    pub(super) async fn recycle(&self, name: &str, next_name: &str) -> sqlx::Result<bool> {
        let mut admin = PgConnection::connect(&url_of(&self.template_url, "postgres")).await?;
        // Only possible while nobody is connected; who comes in between has it dropped instead.
        let rename = format!(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{name}';
             alter database {name} rename to {next_name}"
        );
        admin.execute(AssertSqlSafe(rename)).await?;
        admin.close().await?;
        let mut database = PgConnection::connect(&url_of(&self.template_url, next_name)).await?;
        database.execute(EMPTY).await?;
        let fingerprint: String = sqlx::query_scalar(FINGERPRINT).fetch_one(&mut database).await?;
        database.close().await?;
        Ok(fingerprint == self.fingerprint)
    }
}
