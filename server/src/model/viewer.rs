//! Whose runs somebody may see.

use super::RunRecord;

/// Who asks for runs. Every function of the store that finds one by what a caller sends takes it, so
/// that none can leave out whose runs they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// An account, by its id: its own runs exist for it, others do not.
    Account(String),
    /// An administrator, by its account's id: all runs exist for it.
    Administrator(String),
    /// Whoever has a signed address: the run that it is for exists. Made only where a signature was
    /// verified.
    SignedAddress,
}

impl Viewer {
    /// The account whose runs alone exist for the viewer; `None`: all do.
    pub fn only_account(&self) -> Option<&str> {
        match self {
            Self::Account(id) => Some(id),
            Self::Administrator(_) | Self::SignedAddress => None,
        }
    }

    /// The account of the viewer; `None`: it has none.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Account(id) | Self::Administrator(id) => Some(id),
            Self::SignedAddress => None,
        }
    }

    /// Whether a run of this account exists for the viewer.
    pub fn sees(&self, owner: &str) -> bool {
        self.only_account().is_none_or(|only| only == owner)
    }

    /// Whether the run is the viewer's own.
    pub fn owns(&self, run: &RunRecord) -> bool {
        self.account() == Some(&run.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn administrators_alone_see_the_runs_of_others() {
        let (ada, admin) = (
            Viewer::Account("u-1".into()),
            Viewer::Administrator("u-2".into()),
        );
        assert!(ada.sees("u-1") && !ada.sees("u-2"));
        assert!(admin.sees("u-1") && admin.sees("u-2"));
        assert_eq!(ada.only_account(), Some("u-1"));
        assert_eq!(admin.only_account(), None);
        assert_eq!(Viewer::SignedAddress.account(), None);
    }
}
