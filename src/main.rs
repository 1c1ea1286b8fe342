//! The thin binary: argument vector to exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    stockade::cli::main()
}
