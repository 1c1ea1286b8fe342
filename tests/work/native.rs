//! Compilers, make and sanitizers.

use crate::place::{everybody, installed};

#[test]
fn make_builds_with_two_jobs_at_once() {
    if !installed(&["make", "cc", "ar"]) {
        return;
    }
    everybody(|place| {
        let makefile = "all: main\nmain: main.o libtwo.a\n\tcc -o $@ main.o -L. -ltwo\nlibtwo.a: two.o\n\tar rcs $@ $^\n\
            check: all\n\t./main > $@.txt\nclean:\n\trm -f *.o *.a main\n";
        place.write("Makefile", makefile);
        place.write(
            "main.c",
            "#include <stdio.h>\nint two(void);\nint main(void) { printf(\"%d\\n\", two()); return 0; }\n",
        );
        place.write("two.c", "int two(void) { return 2; }\n");
        place.does("make -j2 check");
        assert_eq!(place.read("check.txt"), "2\n");
        place.does("make clean");
        assert!(!place.has("main") && !place.has("two.o") && place.has("two.c"));
        place.write("two.c", "int two(void) { return }\n");
        assert!(place.fails("make -j2").contains("error: "));
    });
}

const FAULTY: &str = r#"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
    char *block = malloc(8);
    int sum = INT_MAX;
    if (argc > 1) block[argc + 6] = 1;
    if (argc > 2) sum += argc;
    printf("%s %d\n", "ran", sum == INT_MAX);
    free(block);
    return 0;
}
"#;

#[test]
fn undefined_behaviour_is_found() {
    if !installed(&["gcc"]) {
        return;
    }
    everybody(|place| {
        place.write("faulty.c", FAULTY);
        place.does("gcc -g -fsanitize=undefined -fno-sanitize-recover -o faulty faulty.c");
        assert_eq!(place.does("bash -c ./faulty"), "ran 1\n");
        assert!(place.fails("bash -c './faulty a b'").contains("signed integer overflow"));
    });
}

/// The sanitizer reserves terabytes of addresses, which count against the limit on memory: whoever uses it takes the limit
/// away. Its search for leaks traces the process, which no job may; the policy switches it off.
#[test]
fn misuse_of_memory_is_found_where_memory_has_no_limit() {
    if !installed(&["gcc"]) {
        return;
    }
    everybody(|place| {
        place.write("faulty.c", FAULTY);
        place.does("gcc -g -fsanitize=address -o faulty faulty.c");
        assert!(place.fails("bash -c ./faulty").contains("failed to allocate"));
        place.add("[limits]\nmemory = \"0B\"\n");
        assert_eq!(place.does("bash -c ./faulty"), "ran 1\n");
        let found = place.fails("bash -c './faulty a'");
        assert!(found.contains("heap-buffer-overflow") && found.contains("faulty.c:8"), "{found}");
    });
}
