//! Work that starts servers, under a policy that grants jobs a loopback of their own.

use crate::place::{Place, everybody, installed};

const LOOPBACK: &str = "[sandbox]\nnetwork = \"loopback\"\n";

const NODE: &str = r#"
const http = require("http");
const server = http.createServer((request, response) => response.end("hello " + request.url));
server.listen(0, "localhost", async () => {
  const answer = await fetch(`http://localhost:${server.address().port}/x`);
  console.log(await answer.text());
  server.close();
});
"#;

#[test]
fn a_node_server_answers_its_client() {
    if !installed(&["node"]) {
        return;
    }
    everybody(|place| {
        place.write("server.js", NODE);
        assert!(place.fails("node server.js").contains("EACCES"), "without the grant there is no loopback");
        place.add(LOOPBACK);
        assert_eq!(place.does("node server.js"), "hello /x\n");
    });
}

const PYTHON: &str = r#"
import subprocess, sys, time, urllib.request
server = subprocess.Popen([sys.executable, "-m", "http.server", "8000", "--bind", "127.0.0.1"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for attempt in range(200):
    try: print(urllib.request.urlopen("http://127.0.0.1:8000/said").read().decode(), end=""); break
    except OSError: time.sleep(0.05)
server.kill()
"#;

#[test]
fn a_python_server_serves_the_workspace() {
    if !installed(&["python3"]) {
        return;
    }
    everybody(|place| {
        place.add(LOOPBACK);
        place.write("client.py", PYTHON);
        place.write("said", "over http\n");
        assert_eq!(place.does("python3 client.py"), "over http\n");
    });
}

const RUST: &str = r#"
use std::{io::{Read, Write}, net::{TcpListener, TcpStream, UdpSocket}};
#[test]
fn a_stream_and_a_datagram_arrive() {
    for to in ["127.0.0.1:0", "[::1]:0"] {
        let listener = TcpListener::bind(to).unwrap();
        TcpStream::connect(listener.local_addr().unwrap()).unwrap().write_all(b"stream").unwrap();
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        let sink = UdpSocket::bind(to).unwrap();
        UdpSocket::bind(to).unwrap().send_to(b"datagram", sink.local_addr().unwrap()).unwrap();
        let mut bytes = [0; 16];
        let length = sink.recv(&mut bytes).unwrap();
        assert_eq!((text.as_str(), &bytes[..length]), ("stream", b"datagram".as_slice()));
    }
}
"#;

#[test]
fn tests_of_a_crate_open_sockets() {
    let mut place = Place::at_home();
    place.write("Cargo.toml", "[package]\nname = \"served\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    place.write("src/lib.rs", "");
    place.write("tests/sockets.rs", RUST);
    place.fails("cargo test --offline");
    place.add(LOOPBACK);
    assert!(place.does("cargo test --offline").contains("a_stream_and_a_datagram_arrive ... ok"));
}
