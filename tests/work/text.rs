//! Pipelines over files, and a database in one.

use crate::place::{Place, everybody, installed};

fn sources(place: &Place) {
    for (name, text) in [("a.c", "int a;\n"), ("b c.c", "int b;\nint c;\n"), ("sub/d.c", "x\ny\nz\n"), ("e.h", "\n")] {
        place.write(&format!("src/{name}"), text);
    }
}

#[test]
fn what_find_finds_is_worked_on_by_several_at_once() {
    everybody(|place| {
        sources(place);
        let counted = place.does("find src -name '*.c' -print0 | xargs -0 -P 4 -n 1 wc -l | sort");
        assert_eq!(counted, "1 src/a.c\n2 src/b c.c\n3 src/sub/d.c\n");
        place.does("find src -name '*.c' -exec cp -t . {} +");
        assert!(place.has("a.c") && place.has("b c.c") && place.has("d.c"));
        place.does("find src -name '*.h' -delete; find src -type f | xargs -I {} sh -c 'wc -c < \"{}\" > \"{}.size\"'");
        assert_eq!((place.read("src/b c.c.size").as_str(), place.has("src/e.h")), ("14\n", false));
    });
}

#[test]
fn text_is_searched_changed_and_counted() {
    everybody(|place| {
        sources(place);
        assert_eq!(place.does("grep -rhow int src | sort | uniq -c | awk '{ print $1, $2 }'"), "3 int\n");
        place.does("sed -i 's/int/long/' src/*.c && diff src/a.c - <<< 'long a;'");
        assert_eq!(place.does("cat src/*.c | tee all.txt | wc -l"), "3\n");
        assert_eq!(place.read("all.txt"), "long a;\nlong b;\nint c;\n".replace("int c", "long c"));
        let lines = place.does("seq 100000 | sort -rn | head -n 3 | paste -sd,");
        assert_eq!(lines, "100000,99999,99998\n");
    });
}

#[test]
fn a_database_is_made_filled_and_asked() {
    if !installed(&["sqlite3"]) {
        return;
    }
    everybody(|place| {
        place.does("sqlite3 x.db 'pragma journal_mode = wal; create table t(n); insert into t values (1), (2), (3)'");
        assert_eq!(place.does("sqlite3 x.db 'select sum(n) from t'"), "6\n");
        // Several writers, which lock the file and share a map of it.
        place.does("seq 20 | xargs -P 4 -I {} sqlite3 -cmd '.timeout 20000' x.db 'insert into t values ({})'");
        assert_eq!(place.does("sqlite3 x.db 'select count(*) from t; pragma integrity_check'"), "23\nok\n");
    });
}
