//! File descriptors that a server keeps: under a name (`getfd`), or in sets that stand for files (`add-fd`).

use std::fmt;
use std::os::fd::OwnedFd;

use qapi_types::qmp::{AddfdInfo, FdsetInfo, commands};

use crate::error::Error;

/// A set of file descriptors that stands for a file, which the server can open by [path](Self::path) as long as the set
/// has a descriptor with the right access.
///
/// The server removes it when it is not in use and nobody is connected to a monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FdSet {
    id: i64,
}

impl FdSet {
    /// The set with this number, which the server knows.
    #[must_use]
    pub fn new(id: i64) -> Self {
        Self { id }
    }

    /// Its number.
    #[must_use]
    pub fn id(self) -> i64 {
        self.id
    }

    /// What is given to the server in place of a file's name.
    #[must_use]
    pub fn path(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for FdSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/dev/fdset/{}", self.id)
    }
}

/// For adding to `set`, or to a new one.
fn add(set: Option<FdSet>, opaque: &str) -> commands::AddFd {
    let mut add = commands::AddFd::new().opaque(opaque);
    add.fdset_id = set.map(FdSet::id);
    add
}

fn added(info: &AddfdInfo) -> FdSet {
    FdSet::new(info.fdset_id)
}

fn with_opaque(sets: Vec<FdsetInfo>, opaque: &str) -> Option<FdSet> {
    let is_wanted = |set: &FdsetInfo| {
        let mut fds = set.fds.iter();
        fds.any(|fd| fd.opaque.as_deref() == Some(opaque))
    };
    sets.into_iter()
        .find(is_wanted)
        .map(|set| FdSet::new(set.fdset_id))
}

impl crate::blocking::Client {
    /// Gives the server a descriptor under a name, which a later command refers to and uses up (`getfd`). One that had
    /// the name is closed.
    ///
    /// # Errors
    /// As for [`execute_with_fds`](Self::execute_with_fds).
    pub fn getfd(&self, name: &str, fd: impl Into<OwnedFd>) -> Result<(), Error> {
        self.execute_with_fds(commands::Getfd::new(name), [fd.into()])?;
        Ok(())
    }

    /// Gives the server a descriptor in a set (`add-fd`): a new one, or the one given. `opaque` says what it is for; by
    /// that, [`fd_set`](Self::fd_set) finds it later.
    ///
    /// # Errors
    /// As for [`execute_with_fds`](Self::execute_with_fds).
    pub fn add_fd(
        &self,
        set: Option<FdSet>,
        opaque: &str,
        fd: impl Into<OwnedFd>,
    ) -> Result<FdSet, Error> {
        let info = self.execute_with_fds(add(set, opaque), [fd.into()])?;
        Ok(added(&info))
    }

    /// The set that has a descriptor with this `opaque`, perhaps from an earlier connection.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn fd_set(&self, opaque: &str) -> Result<Option<FdSet>, Error> {
        let sets = self.execute(commands::QueryFdsets::new())?;
        Ok(with_opaque(sets, opaque))
    }

    /// Removes a set's descriptors (`remove-fd`). What was opened by its path stays open.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn remove_fd_set(&self, set: FdSet) -> Result<(), Error> {
        self.execute(commands::RemoveFd::new(set.id))?;
        Ok(())
    }
}

#[cfg(feature = "tokio")]
impl crate::Client {
    /// Gives the server a descriptor under a name, which a later command refers to and uses up (`getfd`). One that had
    /// the name is closed.
    ///
    /// # Errors
    /// As for [`execute_with_fds`](Self::execute_with_fds).
    pub async fn getfd(&self, name: &str, fd: impl Into<OwnedFd>) -> Result<(), Error> {
        let fds = [fd.into()];
        self.execute_with_fds(commands::Getfd::new(name), fds)
            .await?;
        Ok(())
    }

    /// Gives the server a descriptor in a set (`add-fd`): a new one, or the one given. `opaque` says what it is for; by
    /// that, [`fd_set`](Self::fd_set) finds it later.
    ///
    /// # Errors
    /// As for [`execute_with_fds`](Self::execute_with_fds).
    pub async fn add_fd(
        &self,
        set: Option<FdSet>,
        opaque: &str,
        fd: impl Into<OwnedFd>,
    ) -> Result<FdSet, Error> {
        let fds = [fd.into()];
        let info = self.execute_with_fds(add(set, opaque), fds).await?;
        Ok(added(&info))
    }

    /// The set that has a descriptor with this `opaque`, perhaps from an earlier connection.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub async fn fd_set(&self, opaque: &str) -> Result<Option<FdSet>, Error> {
        let sets = self.execute(commands::QueryFdsets::new()).await?;
        Ok(with_opaque(sets, opaque))
    }

    /// Removes a set's descriptors (`remove-fd`). What was opened by its path stays open.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub async fn remove_fd_set(&self, set: FdSet) -> Result<(), Error> {
        self.execute(commands::RemoveFd::new(set.id)).await?;
        Ok(())
    }
}
