//! Who wrote what: triggers in Postgres take down each write to a run, with the epoch at that
//! moment and the name of the connection that it came by. Groundcrew knows nothing of them.

use crate::fleet::sql;

/// The name of connections of commands; workers have others.
pub const COMMAND: &str = "command";

const TRIGGERS: &str = "
CREATE TABLE chaos_writes (
    n     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run   TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    who   TEXT NOT NULL,
    what  TEXT NOT NULL
);
CREATE FUNCTION chaos_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_writes (run, epoch, who, what) VALUES (NEW.id, NEW.epoch,
        current_setting('application_name'), CASE
            WHEN NEW.epoch NOT IN (OLD.epoch, OLD.epoch + 1) THEN 'jump'
            WHEN NEW.epoch > OLD.epoch AND NEW.status = 'installing' THEN 'claim'
            WHEN OLD.status = 'installing' THEN 'write'
            ELSE 'other' END);
    RETURN NULL;
END $$;
CREATE FUNCTION chaos_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_writes (run, epoch, who, what)
        SELECT id, epoch, current_setting('application_name'), 'write'
        FROM runs WHERE id = NEW.run_id;
    RETURN NULL;
END $$;
CREATE FUNCTION chaos_shrunk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_writes (run, epoch, who, what)
        VALUES (NEW.run_id, 0, current_setting('application_name'), 'jump');
    RETURN NULL;
END $$;
CREATE TRIGGER chaos AFTER UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION chaos_run();
CREATE TRIGGER chaos AFTER UPDATE ON run_steps FOR EACH ROW EXECUTE FUNCTION chaos_part();
CREATE TRIGGER chaos AFTER INSERT OR UPDATE ON run_attempts
    FOR EACH ROW EXECUTE FUNCTION chaos_part();
CREATE TRIGGER chaos AFTER INSERT ON run_output FOR EACH ROW EXECUTE FUNCTION chaos_part();
CREATE TRIGGER chaos_shrunk AFTER UPDATE ON run_attempts FOR EACH ROW
    WHEN (NOT starts_with(NEW.journal, OLD.journal) OR NEW.output < OLD.output)
    EXECUTE FUNCTION chaos_shrunk();
";

/// Of a run that is at work, only who claimed its epoch writes; each epoch is claimed once.
const BROKEN: &str = "
WITH claims AS (SELECT run, epoch, min(who) AS who, count(*) AS times FROM chaos_writes
    WHERE what = 'claim' GROUP BY 1, 2)
SELECT w.n, w.run, w.epoch, w.who, w.what, claims.who FROM chaos_writes AS w
LEFT JOIN claims ON claims.run = w.run AND claims.epoch = w.epoch
WHERE w.what = 'jump' OR claims.times > 1
    OR w.what = 'write' AND w.who <> 'command' AND w.who IS DISTINCT FROM claims.who
ORDER BY w.n LIMIT 20";

/// The address of the same database, for somebody of this name.
pub fn named(database: &str, name: &str) -> String {
    format!("{database}&application_name={name}")
}

/// Begins to take down.
pub fn begin(database: &str) {
    sql(database, TRIGGERS);
}

/// No write of a stale epoch landed (promise 4), and what was kept of a journal only grew.
#[track_caller]
pub fn nothing_stale(database: &str) {
    let claims = "SELECT count(*) > 0 FROM chaos_writes WHERE what = 'claim' AND who LIKE 'w%'";
    assert_eq!(sql(database, claims), "t", "nobody looked");
    let broken = sql(database, BROKEN);
    assert_eq!(broken, "", "writes of who has no right to (n|run|epoch|who|what|holder)");
}
