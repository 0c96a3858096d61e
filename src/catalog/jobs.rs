//! The catalog for who runs for long: as the operator's folder is now, for a file that is
//! put there is to work at once.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Catalog, Mistakes};

/// The jobs, read anew each time they are asked for.
#[derive(Debug)]
pub struct Jobs {
    folder: Option<PathBuf>,
    /// As they were when all of them were sound.
    last: Mutex<Arc<Catalog>>,
}

impl Jobs {
    /// The built-in jobs, and those of the operator's folder.
    ///
    /// # Errors
    /// All mistakes of all files.
    pub fn open(folder: Option<&Path>) -> Result<Self, Mistakes> {
        let last = Mutex::new(Arc::new(Catalog::open(folder)?));
        Ok(Self { folder: folder.map(Path::to_owned), last })
    }

    /// As they were when they were asked for last.
    pub fn last(&self) -> Arc<Catalog> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether all files are sound as they are now.
    pub fn are_sound(&self) -> bool {
        self.folder.as_deref().is_none_or(|folder| Catalog::load(folder).is_ok())
    }

    /// As they are now; while a file is broken, as they were before.
    pub fn now(&self) -> Arc<Catalog> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &self.folder {
            match Catalog::load(folder) {
                Ok(catalog) => *last = Arc::new(catalog),
                Err(mistakes) => {
                    tracing::warn!("the job files are used as they were before: {mistakes}");
                }
            }
        }
        last.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_new_files_and_outlives_broken_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("mine.toml");
        let jobs = Jobs::open(Some(folder.path())).expect("sound");
        assert!(jobs.now().job("mine").is_err());
        let sound = "title = \"Mine\"\n[[steps]]\nname = \"a\"\ntitle = \"A\"\nassert = \"true\"\n";
        std::fs::write(&file, sound).expect("a file");
        assert!(jobs.now().job("mine").is_ok());
        std::fs::write(&file, "title = ").expect("a file");
        assert!(jobs.now().job("mine").is_ok(), "as it was before");
    }
}
