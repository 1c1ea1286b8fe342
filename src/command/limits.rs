//! How much the language takes. Over a limit is a refusal, never "take what fits": a judge that looks at the first so
//! many words or commands of a longer text has been used to pass the rest unseen.

/// Bytes of text. Bounds the time and the memory of one parse, and keeps every argument below the kernel's limit for one
/// (`MAX_ARG_STRLEN`, 128 KiB, execve(2)), so that a judged command cannot fail on it.
pub const MAX_TEXT: usize = 64 * 1024;

/// Words of a text: of all its commands, values and targets. Bounds what one-letter words cost in memory and in matching.
pub const MAX_WORDS: usize = 4096;

/// Commands of a text, a subshell counting as one beside those inside it. Bounds what judging and recording them costs.
pub const MAX_COMMANDS: usize = 256;

/// Subshells and lists in words inside each other. Bounds the stack of every function that follows the tree.
pub const MAX_DEPTH: usize = 32;
