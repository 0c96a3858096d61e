//! What the bootstrap script calls back. One transaction a callback; what is refused changes
//! nothing, and what was taken is answered again in the same words.

use std::time::Duration;

use sqlx::any::{Any, AnyRow};
use sqlx::{Row, Transaction};

use super::{Result, Store, rows, storable};
use crate::model::{Callback, Called, Changed, Status};

/// How a callback stands to what is known.
enum Standing {
    /// To be taken; with the first step, a fresh go of the script begins.
    Legal,
    Not(Called),
}

impl Store {
    /// Takes a callback whose signature is good.
    ///
    /// Any `failed` makes the server's provisioning failed. Step 1 begins a fresh go, only from
    /// pending or failed, and pins the key that signed; step 3 completed lets a worker do step 4.
    pub async fn call_back(&self, callback: &Callback) -> Result<Called> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let called = match self.standing(&mut tx, callback).await? {
                Standing::Not(called) => {
                    let _ = tx.rollback().await;
                    return Ok(called);
                }
                Standing::Legal => self.take_callback(&mut tx, callback).await?,
            };
            tx.commit().await?;
            Ok(called)
        })
        .await
    }

    /// Forgets callbacks that are older than this: nobody repeats them any more.
    pub async fn forget_callbacks(&self, age: Duration) -> Result<()> {
        self.again(|| async {
            let sql = "DELETE FROM callbacks WHERE (server_id, provision, sequence) IN \
                (SELECT server_id, provision, sequence FROM callbacks \
                    WHERE at < (SELECT {now}) - $1 ORDER BY at LIMIT $2)";
            self.forget(sql, age).await
        })
        .await
    }

    async fn standing(
        &self,
        tx: &mut Transaction<'static, Any>,
        callback: &Callback,
    ) -> Result<Standing> {
        // First this row: two at the same moment stand in line here.
        let sql = "SELECT *, CASE WHEN expires_at <= {now} THEN 1 ELSE 0 END AS expired \
            FROM joins WHERE server_id = $1 {for_update}";
        let join = self.query(sql).bind(callback.server_id).fetch_optional(&mut **tx).await?;
        let Some(join) = join else {
            return Ok(Standing::Not(Called::Stranger("no server waits for this")));
        };
        if let Some(problem) = stranger(&join, callback)? {
            return Ok(Standing::Not(Called::Stranger(problem)));
        }
        let sql = "SELECT body_digest, answer FROM callbacks \
            WHERE server_id = $1 AND provision = $2 AND sequence = $3";
        let before = self.query(sql).bind(callback.server_id).bind(callback.provision.clone());
        let before = before.bind(callback.sequence).fetch_optional(&mut **tx).await?;
        // Steps before the server, as everybody locks them.
        let sql =
            "SELECT status FROM provision_steps WHERE server_id = $1 AND number = $2 {for_update}";
        let step = self.query(sql).bind(callback.server_id).bind(callback.step);
        let step = rows::status(&step.fetch_one(&mut **tx).await?, "status")?;
        let sql = "SELECT provision_status FROM servers WHERE id = $1 {for_update}";
        let server = self.query(sql).bind(callback.server_id).fetch_one(&mut **tx).await?;
        let provision_status = rows::status(&server, "provision_status")?;

        let conflict = |problem| Standing::Not(Called::Conflict { problem, provision_status });
        if let Some(before) = before {
            if before.try_get::<String, _>("body_digest")? != callback.body_digest {
                return Ok(conflict("this sequence number was used for something else"));
            }
            let provision_status = rows::status(&before, "answer")?;
            return Ok(Standing::Not(Called::Stored { provision_status }));
        }
        let current = join.try_get::<Option<String>, _>("provision")?;
        let is_current = current.as_deref() == Some(&callback.provision);
        let last: i64 = join.try_get("sequence")?;
        Ok(match callback.step {
            1 if is_current || callback.sequence != 1 => conflict("step 1 comes first, and once"),
            1 => match provision_status {
                Status::Pending | Status::Failed => Standing::Legal,
                Status::Completed => conflict("the server has joined already"),
                _ => conflict(
                    "the server is being provisioned; wait for that, or get a fresh line by a retry",
                ),
            },
            _ if !is_current => conflict("this go of the script is over; another one was begun"),
            _ if callback.sequence != last + 1 => conflict("this is out of order"),
            _ if step != Status::Installing => conflict("this step is not the one at work"),
            _ => Standing::Legal,
        })
    }

    async fn take_callback(
        &self,
        tx: &mut Transaction<'static, Any>,
        callback: &Callback,
    ) -> Result<Called> {
        let Callback { server_id, step, .. } = *callback;
        if step == 1 {
            self.clear_steps(tx, server_id).await?;
        }
        let sql = "UPDATE joins SET provision = $2, sequence = $3, heard_at = {now} \
            WHERE server_id = $1";
        self.query(sql)
            .bind(server_id)
            .bind(callback.provision.clone())
            .bind(callback.sequence)
            .execute(&mut **tx)
            .await?;
        let (status, kind, error) = match &callback.failed {
            None => (Status::Completed, None, None),
            Some((kind, error)) => {
                let error = storable(error).into_owned();
                (Status::Failed, Some(kind.word()), Some(error))
            }
        };
        let sql = "UPDATE provision_steps SET status = $3, error_kind = $4, error = $5, \
            started_at = COALESCE(started_at, {now}), finished_at = {now} \
            WHERE server_id = $1 AND number = $2";
        self.query(sql)
            .bind(server_id)
            .bind(step)
            .bind(status.as_str())
            .bind(kind)
            .bind(error)
            .execute(&mut **tx)
            .await?;
        if callback.failed.is_none() && step < 3 {
            let sql = "UPDATE provision_steps SET status = 'installing', started_at = {now} \
                WHERE server_id = $1 AND number = $2";
            self.query(sql).bind(server_id).bind(step + 1).execute(&mut **tx).await?;
        }
        if callback.failed.is_none() && step == 1 {
            self.enroll(tx, callback).await?;
        }
        self.learn(tx, server_id, &callback.facts).await?;
        let provision_status = match callback.failed {
            None => Status::Installing,
            Some(_) => Status::Failed,
        };
        let sql = "INSERT INTO callbacks (server_id, provision, sequence, body_digest, answer, at) \
            VALUES ($1, $2, $3, $4, $5, {now})";
        self.query(sql)
            .bind(server_id)
            .bind(callback.provision.clone())
            .bind(callback.sequence)
            .bind(callback.body_digest.clone())
            .bind(provision_status.as_str())
            .execute(&mut **tx)
            .await?;
        let changed: Changed = self.raise(tx, server_id, Some(provision_status)).await?;
        Ok(Called::Taken { changed, provision_status })
    }

    /// From now on only this host may call back, and its key is pinned (promise 9).
    async fn enroll(&self, tx: &mut Transaction<'static, Any>, callback: &Callback) -> Result<()> {
        let sql = "UPDATE joins SET enrolled_key = $2, enrolled_from = $3, \
            enrolled_at = COALESCE(enrolled_at, {now}) WHERE server_id = $1";
        self.query(sql)
            .bind(callback.server_id)
            .bind(callback.signed_by.clone())
            .bind(callback.from.clone())
            .execute(&mut **tx)
            .await?;
        let sql = "UPDATE servers SET host_key = $2, host_key_offered = NULL, \
            connection = 'pending' WHERE id = $1";
        self.query(sql)
            .bind(callback.server_id)
            .bind(callback.signed_by.clone())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

/// Why a callback comes from nobody who may make it.
fn stranger(join: &AnyRow, callback: &Callback) -> Result<Option<&'static str>> {
    let enrolled: Option<String> = join.try_get("enrolled_key")?;
    let token: Vec<u8> = join.try_get("token_hash")?;
    let shows_token = callback.token_hash.as_ref() == Some(&token);
    Ok(match enrolled {
        Some(key) if key != callback.signed_by => {
            Some("another host has enrolled with this line; a retry gives a fresh one")
        }
        _ if callback.step == 1 && !shows_token => {
            Some("this line is not the server's last one; a retry gives a fresh one")
        }
        None if callback.step == 1 && rows::flag(join, "expired")? => {
            Some("this line has expired; a retry gives a fresh one")
        }
        None if callback.step > 1 => Some("no host has enrolled"),
        _ => None,
    })
}
