//! Node and npm.

use crate::place::{everybody, installed};

const PACKAGE: &str = r#"{
  "name": "small", "version": "1.0.0",
  "dependencies": { "dep": "file:./dep" },
  "scripts": { "build": "node build.js && dep built > said.txt", "test": "node --test" }
}"#;
const DEP: &str = r#"{ "name": "dep", "version": "1.0.0", "main": "index.js", "bin": { "dep": "bin.js" } }"#;

#[test]
fn a_package_is_installed_built_and_tested() {
    if !installed(&["node", "npm"]) {
        return;
    }
    everybody(|place| {
        place.write("package.json", PACKAGE);
        place.write("dep/package.json", DEP);
        place.write("dep/index.js", "module.exports = n => n * 2;\n");
        place.write("dep/bin.js", "#!/usr/bin/env node\nconsole.log(process.argv[2], require('.')(21));\n");
        place.write("build.js", "require('fs').writeFileSync('made.txt', String(require('dep')(4)));\n");
        let test = "const t = require('node:test'), a = require('assert');\nt('twice', () => a.equal(require('dep')(2), 4));\n";
        place.write("small.test.js", test);
        place.does("npm install");
        assert!(place.has("node_modules/dep/index.js") && place.has("package-lock.json"));
        place.does("npm run build");
        assert_eq!((place.read("made.txt").as_str(), place.read("said.txt").as_str()), ("8", "built 42\n"));
        let tested = place.does("npm test");
        assert!(tested.contains("# pass 1") || tested.contains("ℹ pass 1"), "{tested}");
        assert_eq!(place.does("npx dep again"), "again 42\n");
        place.does("rm -rf node_modules && npm ci");
        assert!(place.has("node_modules/dep/index.js"));
    });
}

const PARTS: &str = r#"
const { Worker, isMainThread, parentPort } = require("worker_threads");
const child = require("child_process");
if (process.argv[2] === "child") {
  process.send("child"); process.disconnect();
} else if (!isMainThread) {
  parentPort.postMessage("worker");
} else {
  new Worker(__filename).on("message", said => console.log(said)).on("exit", () =>
    child.fork(__filename, ["child"]).on("message", said => console.log(said)).on("exit", async () => {
      await WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
      console.log("wasm", child.execFileSync("cat", ["said"]).toString());
    }));
}
"#;

#[test]
fn workers_children_and_webassembly_work() {
    if !installed(&["node"]) {
        return;
    }
    everybody(|place| {
        place.write("parts.js", PARTS);
        place.write("said", "cat");
        assert_eq!(place.does("node parts.js"), "worker\nchild\nwasm cat\n");
    });
}
