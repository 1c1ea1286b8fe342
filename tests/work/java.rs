//! A Java program, which is many threads and much reserved memory.

use crate::place::{everybody, installed};

const HELLO: &str = r#"
import java.util.concurrent.*;
public class Hello {
    public static void main(String[] args) throws Exception {
        var pool = Executors.newFixedThreadPool(4);
        System.out.println("hello " + pool.submit(() -> 42).get());
        pool.shutdown();
        var child = new ProcessBuilder("echo", "child").start();
        System.out.print(new String(child.getInputStream().readAllBytes()));
    }
}
"#;

#[test]
fn a_program_is_compiled_packed_and_run() {
    if !installed(&["java", "javac", "jar"]) {
        return;
    }
    everybody(|place| {
        place.write("Hello.java", HELLO);
        place.does("javac -d out Hello.java && jar --create --file hello.jar --main-class Hello -C out .");
        assert!(place.has("out/Hello.class"));
        assert_eq!(place.does("java -cp out Hello"), "hello 42\nchild\n");
        assert_eq!(place.does("java -jar hello.jar"), "hello 42\nchild\n");
    });
}
