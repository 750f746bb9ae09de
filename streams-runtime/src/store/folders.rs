//! Where things lie in the folder of an application, `<state.dir>/<application.id>`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::topology::TaskId;

/// The folder of the global stores.
pub(super) const GLOBAL: &str = "global";
/// The folder of the files that processors keep, within that of their task; no store lies there.
pub(super) const FILES: &str = "files";

/// The folder of a task's own files, made if need be; the task of the global stores has no partition.
pub(crate) fn files_of(application: &Path, task: TaskId) -> io::Result<PathBuf> {
    let of_task = if task.partition < 0 { GLOBAL.to_owned() } else { task.to_string() };
    let folder = application.join(of_task).join(FILES);
    make_folder(&folder)?;
    Ok(folder)
}

/// Makes a folder, and those above it, for this user and group alone.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.create(path)
}
