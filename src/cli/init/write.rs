//! Doing what is planned: one file after the other, each as a whole.

use std::{fs::DirBuilder, io, os::unix::fs::DirBuilderExt as _, path::Path};

use crate::{
    cli::{
        connect::Client,
        replace::{create, replace},
    },
    diagnostic::{Code, Diagnostic},
};

use super::{
    plan::{Fate, Purpose, Refusal, Step, without_text},
    policy,
};

/// Does one step.
pub(super) fn write(step: &Step) -> Result<(), Refusal> {
    let done = match &step.fate {
        Fate::Create(text) => {
            directory(&step.path, step.purpose).and_then(|()| create(&step.path, text, file_mode(step.purpose)))
        }
        Fate::Change(text) => replace(&step.path, text),
        Fate::Stay | Fate::ByHand(_) => Ok(()),
    };
    done.map_err(|error| vec![without_text(unwritable(&step.path, &error))])?;
    match (step.purpose, &step.fate) {
        (Purpose::Policy, Fate::Create(_)) => policy::read_back(&step.path),
        _ => Ok(()),
    }
}

/// Makes the directory of a file. What the user keeps at home is nobody else's.
fn directory(file: &Path, purpose: Purpose) -> io::Result<()> {
    let Some(directory) = file.parent() else { return Ok(()) };
    DirBuilder::new().recursive(true).mode(if is_private(purpose) { 0o700 } else { 0o777 }).create(directory)
}

fn file_mode(purpose: Purpose) -> u32 {
    if is_private(purpose) { 0o600 } else { 0o666 }
}

fn is_private(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Policy | Purpose::Client(Client::Codex) => true,
        Purpose::Client(Client::ClaudeCode | Client::Cursor | Client::VsCode) => false,
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::NotWritten, format!("`{}` cannot be written: {error}", path.display()))
        .with_hint("what is listed before it is done; run the command again when it can be written")
}
