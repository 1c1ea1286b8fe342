//! What holds for every text, as functions that panic where it does not. The ordinary tests use the same functions.

pub mod brush;
pub mod properties;
pub mod spelling;
pub mod verdict;
