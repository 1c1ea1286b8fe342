//! Python: virtual environments, tests, processes and shared memory.

use crate::place::{everybody, installed};

/// As the starter policy for Python suggests it.
const OWN_PYTHON: &str = r#"
[[rule]]
id = "venv"
decision = "allow"
program = "venv/bin/python"
grants = ["any"]
reason = "the interpreter of the project's environment"
"#;
/// Packs a package that pip can install without a network.
const PACK: &str = r#"
import zipfile
files = {"small.py": "def twice(n): return n * 2\n",
    "small-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n",
    "small-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
with zipfile.ZipFile("small-1.0-py3-none-any.whl", "w") as wheel:
    for name, text in files.items(): wheel.writestr(name, text)
    wheel.writestr("small-1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in files))
"#;
const TESTS: &str = r#"
import pathlib, unittest, small
class Twice(unittest.TestCase):
    def test_twice(self):
        self.assertEqual(small.twice(21), 42)
        pathlib.Path("tested").write_text("with " + small.__file__)
"#;

#[test]
fn an_environment_is_made_filled_and_tested_in() {
    if !installed(&["python3"]) {
        return;
    }
    everybody(|place| {
        place.add(OWN_PYTHON);
        place.write("pack.py", PACK);
        place.write("tests/test_small.py", TESTS);
        place.does("python3 pack.py && python3 -m venv --system-site-packages venv");
        place.does("venv/bin/python -m pip install --no-index ./small-1.0-py3-none-any.whl");
        // pytest cannot be fetched in a job; where the machine has it, it is the one that is used.
        let runner = match place.run("venv/bin/python -c 'import pytest'").code {
            Some(0) => "pytest -q tests",
            _ => "unittest discover -v tests",
        };
        let done = place.run(&format!("venv/bin/python -m {runner}"));
        assert_eq!(done.code, Some(0), "{done:#?}");
        assert!(place.read("tested").ends_with("site-packages/small.py"), "{}", place.read("tested"));
        assert!(place.read("tested").contains("/venv/lib"));
    });
}

const PROCESSES: &str = r#"
import asyncio, multiprocessing as mp, os, tempfile
from multiprocessing.shared_memory import SharedMemory

def square(n): return n * n

def write(name):
    shared = SharedMemory(name)
    shared.buf[0] = 7
    shared.close()

async def ask():
    process = await asyncio.create_subprocess_exec("tr", "a-z", "A-Z", stdin=-1, stdout=-1)
    return (await process.communicate(b"quiet"))[0].decode()

if __name__ == "__main__":
    for how in ("fork", "spawn", "forkserver"):
        mp.set_start_method(how, force=True)
        with mp.Pool(2) as pool, mp.Manager() as manager:
            held = manager.dict(sum=sum(pool.map(square, range(10))))
            print(how, dict(held))
        shared = SharedMemory(create=True, size=1 << 20)
        writer = mp.Process(target=write, args=(shared.name,))
        writer.start(); writer.join()
        print("shared", shared.buf[0])
        shared.close(); shared.unlink()
    print(asyncio.run(ask()))
    with tempfile.NamedTemporaryFile() as file: print(os.path.dirname(file.name))
"#;

#[test]
fn processes_share_work_and_memory() {
    if !installed(&["python3"]) {
        return;
    }
    everybody(|place| {
        place.write("processes.py", PROCESSES);
        let each = ["fork", "spawn", "forkserver"].map(|how| format!("{how} {{'sum': 285}}\nshared 7\n")).concat();
        assert_eq!(place.does("python3 processes.py"), format!("{each}QUIET\n/tmp\n"));
    });
}
