//! Lists, a page at a time: `?cursor=&limit=`. What is added meanwhile moves nothing.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;

/// So many on a page, where nothing is said.
const LIMIT: u32 = 50;
/// So many at most.
const MOST: u32 = 200;

/// The longest cursor: the id of a run.
const LONGEST: usize = 36;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Where to go on: the `next_cursor` of the page before.
    #[param(max_length = 36, pattern = "^[0-9a-f-]+$")]
    cursor: Option<String>,
    /// How many at most; 50 where nothing is said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    items: Vec<T>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

impl PageQuery {
    /// The cursor; None for the first page.
    ///
    /// # Errors
    /// 400 if it is none.
    pub fn cursor<C: std::str::FromStr>(&self) -> Result<Option<C>, Problem> {
        let wrong =
            || Problem::malformed("cursor must be the `next_cursor` of a page of this list");
        match &self.cursor {
            None => Ok(None),
            Some(cursor) if cursor.len() > LONGEST => Err(wrong()),
            Some(cursor) => cursor.parse().map(Some).map_err(|_| wrong()),
        }
    }

    /// How many rows to read: one more than are wanted, which shows whether there are more.
    ///
    /// # Errors
    /// 400 if it is none.
    pub fn rows(&self) -> Result<i64, Problem> {
        match self.limit.unwrap_or(LIMIT) {
            limit @ 1..=MOST => Ok(i64::from(limit) + 1),
            _ => Err(Problem::malformed(format!("limit must be from 1 to {MOST}"))),
        }
    }
}

impl<T> Page<T> {
    /// The page of these rows, of which there are as many as were wanted, or fewer.
    pub fn of(mut items: Vec<T>, rows: i64, cursor: impl Fn(&T) -> String) -> Self {
        let is_last = (items.len() as i64) < rows;
        if !is_last {
            items.pop();
        }
        let next_cursor = items.last().filter(|_| !is_last).map(cursor);
        Self { items, next_cursor }
    }
}
