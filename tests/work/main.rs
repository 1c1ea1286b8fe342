//! Real work, as agents and pipelines do it, through `stockade run` under the shipped policy `developer`: builds, tests,
//! scripts, archives, databases. Each passes with every layer of the sandbox in full, which every single run asserts, and
//! is asserted by what it leaves or prints.
//!
//! What is not installed on a machine cannot be tried there. Such a test says on standard error that it did not run.

#[cfg(test)]
mod archives;
#[cfg(test)]
mod git;
#[cfg(test)]
mod java;
#[cfg(test)]
mod native;
#[cfg(test)]
mod node;
#[cfg(test)]
mod place;
#[cfg(test)]
mod python;
#[cfg(test)]
mod rust;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod text;
