//! SQL for the clients of databases: a line that begins with a dot or a backslash is a command of the client, and some
//! functions and statements reach files, libraries and programs (sqlite3(1), psql(1), mysql(1), duckdb).

use super::{super::facts::Need, Found};

/// What a text does beside working on its database.
pub(in super::super) fn sql(text: &str) -> Vec<Found> {
    if only_tells(text) {
        return Vec::new();
    }
    let commands = text.contains('\\') || text.lines().any(|line| line.trim_start().starts_with(['.', '!']));
    let code = commands || text.split(';').any(|statement| reaches_out(&statement.to_ascii_lowercase()));
    if code { vec![Found::Need(Need::Code)] } else { Vec::new() }
}

/// Whether a text is one command of a client that tells about the database: `.tables`, `.schema t`, `\\dt`.
fn only_tells(text: &str) -> bool {
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let known = match words.next() {
        Some(".tables" | ".schema" | ".fullschema" | ".indexes" | ".databases" | ".dump" | ".show" | "\\l" | "\\l+") => true,
        Some(word) => word.strip_prefix("\\d").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'+' | b'S'))),
        None => false,
    };
    known && words.all(|word| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'%')))
}

/// Words that reach files, libraries or programs wherever they stand.
const ANYWHERE: &[&str] = &[
    "attach", "dblink", "dumpfile", "edit", "eval", "execute", "fsdir", "fts3_tokenizer", "load_extension", "load_file", "lo_export", "lo_import",
    "outfile", "prepare", "pg_execute_server_program", "pg_ls_dir", "pg_read_binary_file", "pg_read_file", "pg_stat_file", "pragma_module_list",
    "read_blob", "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_parquet", "read_text", "readfile", "sha1_query", "sha3_query", "sqlar_uncompress",
    "sys_eval", "sys_exec", "writefile", "xp_cmdshell", "zipfile",
];

/// Words that do so at the beginning of a statement.
const FIRST: &[&str] = &[
    "copy", "create extension", "delimiter", "do", "export", "import", "install", "load", "pager", "source", "system", "tee",
    "vacuum into",
];

fn reaches_out(statement: &str) -> bool {
    let words: Vec<&str> =
        statement.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let start = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
    let begins = |phrase: &str| start == phrase || start.strip_prefix(phrase).is_some_and(|rest| rest.starts_with(' '));
    // Words of a comment may stand before it.
    let commented = ["/*", "--", "#"].iter().any(|mark| statement.contains(mark));
    let all = format!(" {} ", words.join(" "));
    let holds = |phrase: &str| all.contains(&format!(" {phrase} "));
    FIRST.iter().any(|phrase| begins(phrase) || commented && holds(phrase))
        || words.iter().any(|word| ANYWHERE.contains(word))
        || words.first() == Some(&"vacuum") && words.contains(&"into")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_harmless_and_what_reaches_out_is_not() {
        for text in ["select count(*) from t;", "select 1; select 2;", "insert into t values ('a;b')", "select source from t", "vacuum", ".tables", ".schema t", "\\dt", "\\d+ t"] {
            assert!(sql(text).is_empty(), "{text}");
        }
        for text in [
            ".shell id", "select 1;\n.shell id", "\\! id", "select 1 \\! id", "select load_extension('./x')", "SELECT WriteFile('x', 'y')",
            "attach '/tmp/x' as x", "copy t to program 'id'", "COPY t FROM '/etc/passwd'", "vacuum into '/tmp/x'", "vacuum main into 'x'",
            "  .read x", "select 1; system id", "select * from read_csv('/etc/passwd')", "create extension x", "!id", ".tables\n.shell id", ".dump > x", "\\l ; \\! id", "\\lo_export 1 x", ".schema |id",
            "/*x*/copy t to program 'id'", "--x\ncopy t to program 'id'", "select sha3_query('select writef'||'ile(1,2)')",
            "prepare s from concat('sel', 'ect 1 into outf', 'ile 1')",
        ] {
            assert!(!sql(text).is_empty(), "{text}");
        }
    }
}
