//! "Did you mean …?"

/// The sentence that asks for the nearest of some names, if one is near enough to be a slip.
pub fn did_you_mean<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let slips = (wrong.chars().count() / 3).max(1);
    let (distance, nearest) =
        names.map(|name| (strsim::damerau_levenshtein(wrong, name), name)).min()?;
    (distance <= slips).then(|| format!("did you mean `{nearest}`?"))
}
