//! A loopback of the job's own: what it is good for, and that it is nobody else's. The attacks of `network` run with it too.

use std::{
    fs,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream, UdpSocket},
    process::Command,
};

use stockade::{
    model::{
        enforcement::{Layer, Level},
        outcome::ExitStatus,
    },
    plan::Need,
    policy::{Network, StdinGrant},
    sandbox::Process,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::unix::pipe::{Receiver, Sender},
};

use crate::{
    everybody::{as_everybody, stockade},
    jail::{Depth, Jail, Ran, finish, launcher, runtime},
    outside::{baseline, without_networks},
};

fn jail() -> Jail {
    let mut jail = Jail::new(Depth::Full);
    jail.plan.network = Network::Loopback;
    jail
}

/// Servers and clients of one job: TCP and UDP, both families, by address and by name.
const TALK: &str = r#"
import http.server, socket, subprocess, sys, threading, time, urllib.request
for family, to in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    server = socket.create_server((to, 0), family=family)
    client = socket.create_connection(server.getsockname()[:2])
    client.sendall(b"over tcp")
    print(to, server.accept()[0].recv(16).decode())
    sink = socket.socket(family, socket.SOCK_DGRAM)
    sink.bind((to, 0))
    socket.socket(family, socket.SOCK_DGRAM).sendto(b"over udp", sink.getsockname())
    print(to, sink.recv(16).decode())
open("index.html", "w").write("over http")
try: socket.create_server(("127.0.0.1", 80)); print("a port of the system")
except PermissionError: pass
server = subprocess.Popen([sys.executable, "-m", "http.server", "8000"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
for attempt in range(200):
    try: print(urllib.request.urlopen("http://localhost:8000/").read().decode()); break
    except OSError: time.sleep(0.05)
server.kill()
"#;

#[test]
fn a_job_reaches_its_own_servers() {
    as_everybody("loopback::a_job_reaches_its_own_servers", || {
        let ran = jail().python(TALK, &[]).run();
        let want = "127.0.0.1 over tcp\n127.0.0.1 over udp\n::1 over tcp\n::1 over udp\nover http\n";
        assert_eq!((ran.stdout.as_str(), ran.exit), (want, ExitStatus::Code(0)), "{}", ran.stderr);
        assert_eq!(ran.enforcement.level(Layer::Network), Level::Full);
        let mut without = Jail::new(Depth::Full);
        let ran = without.python(TALK, &[]).run();
        assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(1)), "no loopback without a grant");
    });
}

/// Tries an address and port in one way.
const REACH: &str = r#"
import socket, sys
way, to, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ":" in to else socket.AF_INET
try:
    if way == "plain": socket.create_connection((to, port), 2)
    elif way == "fastopen": socket.socket(family).sendto(b"hello", 0x20000000, (to, port))
    elif way == "fastopen_connect":
        s = socket.socket(family); s.setsockopt(6, 30, 1); s.connect((to, port)); s.send(b"hello")
    elif way == "mptcp": socket.socket(family, socket.SOCK_STREAM, 262).connect((to, port))
    elif way == "datagram": socket.socket(family, socket.SOCK_DGRAM).sendto(b"hello", (to, port))
except OSError: pass
"#;

/// Every address that leads to this machine: more than one of its loopback's, and its own, where it has one.
fn addresses() -> Vec<IpAddr> {
    let mut all: Vec<IpAddr> =
        vec![Ipv4Addr::LOCALHOST.into(), Ipv4Addr::new(127, 1, 2, 3).into(), Ipv6Addr::LOCALHOST.into()];
    // Nothing is sent. The other end is an address for documentation (RFC 5737).
    let outward = UdpSocket::bind("0.0.0.0:0").unwrap();
    if outward.connect("192.0.2.1:9").is_ok() {
        all.push(outward.local_addr().unwrap().ip());
    }
    all
}

#[test]
fn no_listener_of_the_host_is_reached() {
    as_everybody("loopback::no_listener_of_the_host_is_reached", || {
        for address in addresses() {
            let listener = TcpListener::bind((address, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let sink = UdpSocket::bind((address, port)).unwrap();
            listener.set_nonblocking(true).unwrap();
            sink.set_nonblocking(true).unwrap();
            let heard = || match (listener.accept(), sink.recv(&mut [0; 16])) {
                (Err(one), Err(other)) => {
                    assert_eq!((one.kind(), other.kind()), (ErrorKind::WouldBlock, ErrorKind::WouldBlock));
                    false
                }
                (Ok(_), _) | (_, Ok(_)) => true,
            };
            for way in ["plain", "fastopen", "fastopen_connect", "mptcp", "datagram"] {
                let mut jail = jail();
                let args = [way, &address.to_string(), &port.to_string()];
                baseline(REACH, &args, &jail.workspace());
                assert!(heard(), "`{way}` does not reach {address} outside");
                jail.python(REACH, &args).run();
                assert!(!heard(), "{way} {address}");
            }
        }
    });
}

/// Opens a port everywhere, in both families, says so, and holds it until its input ends.
const LISTEN: &str = r#"
import socket, sys
port = int(sys.argv[1])
one, other = socket.socket(), socket.socket(socket.AF_INET6)
other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
for s, to in ((one, "0.0.0.0"), (other, "::")):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((to, port)); s.listen()
sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); sink.bind(("0.0.0.0", port))
print("listens", flush=True)
sys.stdin.read()
one.setblocking(False); other.setblocking(False); sink.setblocking(False)
for read in (one.accept, other.accept, lambda: sink.recv(16)):
    try: read(); print("heard")
    except BlockingIOError: pass
"#;

/// A job that listens at a port, and what it has said so far.
struct Listening {
    process: Process,
    stdin: Sender,
    said: BufReader<Receiver>,
}

impl Listening {
    async fn start(jail: &mut Jail, port: u16) -> Self {
        jail.python(LISTEN, &[&port.to_string()]).plan.stdin = StdinGrant::Any;
        let mut process = jail.spawn().await.unwrap();
        let stdin = Sender::from_owned_fd(process.take_stdin().unwrap()).unwrap();
        let mut said = BufReader::new(Receiver::from_owned_fd(process.take_stdout().unwrap()).unwrap());
        let mut line = String::new();
        said.read_line(&mut line).await.unwrap();
        assert_eq!(line, "listens\n");
        Self { process, stdin, said }
    }

    /// What it has heard.
    async fn end(mut self) -> String {
        drop(self.stdin);
        let mut text = String::new();
        while self.said.read_line(&mut text).await.unwrap() > 0 {}
        self.process.next().await;
        assert_eq!(self.process.reap().await, 0);
        text
    }
}

/// A port that the kernel gives to nobody who asks for any, and whoever has it.
fn taken() -> (TcpListener, u16) {
    let first = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (first..first + 1_000)
        .find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok().map(|listener| (listener, port)))
        .unwrap()
}

#[test]
fn a_port_of_a_job_is_no_port_of_the_host_and_none_of_another_job() {
    as_everybody("loopback::a_port_of_a_job_is_no_port_of_the_host_and_none_of_another_job", || {
        runtime().block_on(async {
            // Taken by the host, which keeps the job from nothing.
            let (taken, port) = taken();
            let mut first = jail();
            let first = Listening::start(&mut first, port).await;
            let mut second = jail();
            let second = Listening::start(&mut second, port).await;
            drop(taken);
            for address in addresses() {
                let refused = TcpStream::connect((address, port)).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{address}");
                drop(TcpListener::bind((address, port)).unwrap());
                let socket = UdpSocket::bind((address, 0)).unwrap();
                // To where nobody is: the answer is that nobody is there.
                let _ = socket.send_to(b"hello", (address, port));
                let mut third = jail();
                for way in ["plain", "datagram"] {
                    third.python(REACH, &[way, &address.to_string(), &port.to_string()]);
                    let mut process = third.spawn().await.unwrap();
                    let Ran { exit, .. } = finish(&mut process).await;
                    assert_eq!(exit, ExitStatus::Code(0));
                }
            }
            assert_eq!((first.end().await, second.end().await), (String::new(), String::new()));
        });
    });
}

/// A plan that leaves the layer out, as if by a mistake, and one that would rather have it.
fn careless() -> [Jail; 2] {
    let (mut without, mut preferred) = (jail(), jail());
    without.plan.layers.retain(|(layer, _)| *layer != Layer::Network);
    for (layer, need) in &mut preferred.plan.layers {
        if *layer == Layer::Network {
            *need = Need::Preferred;
        }
    }
    [without, preferred]
}

#[test]
fn a_loopback_comes_with_a_network_of_its_own_whatever_the_plan_says_of_the_layer() {
    as_everybody("loopback::a_loopback_comes_with_a_network_of_its_own_whatever_the_plan_says_of_the_layer", || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        for mut jail in careless() {
            let ran = jail.python(REACH, &["plain", "127.0.0.1", &port]).run();
            assert_eq!(ran.enforcement.level(Layer::Network), Level::Full);
            assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        }
    });
}

/// Without a network of its own a job's loopback would be the host's, and there is no lesser form.
#[test]
fn where_no_network_can_be_made_a_loopback_is_refused() {
    as_everybody("loopback::where_no_network_can_be_made_a_loopback_is_refused", || {
        without_networks(|| {
            assert_eq!(launcher().probe().unwrap().level(Layer::Network).as_str(), "none");
            let [mut without, mut preferred] = careless();
            for jail in [&mut self::jail(), &mut without, &mut preferred] {
                let error = jail.command("/bin/true", &[]).fails();
                assert!(error.contains("enter namespaces") && error.contains("EPERM"), "{error}");
            }
            // It is the network alone that is missing.
            preferred.plan.network = Network::None;
            let report = preferred.run().enforcement;
            assert_eq!(report.level(Layer::Network).as_str(), "partial");
            assert_eq!(report.level(Layer::Namespaces), Level::Full);
        });
    });
}

#[test]
fn a_policy_that_grants_a_loopback_does_not_start_where_there_can_be_none() {
    as_everybody("loopback::a_policy_that_grants_a_loopback_does_not_start_where_there_can_be_none", || {
        let place = tempfile::tempdir().unwrap();
        let run = |network: &str| {
            let policy = place.path().join("policy.toml");
            let rule = "[[rule]]\nid = 'r'\ndecision = 'allow'\nprogram = 'echo'\nreason = 'r'\n";
            fs::write(&policy, format!("version = 1\n{rule}[sandbox]\nnetwork = '{network}'\n")).unwrap();
            let mut command = Command::new(stockade());
            command.args(["run", "--policy", policy.to_str().unwrap(), "--", "echo ran"]).current_dir("/usr");
            let state = [("XDG_STATE_HOME", place.path()), ("HOME", place.path())];
            let output = command.envs(state).output().unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            (output.status.code(), text(output.stdout), text(output.stderr))
        };
        assert_eq!(run("loopback").1, "ran\n");
        without_networks(|| {
            assert_eq!(run("none").1, "ran\n");
            let (code, stdout, stderr) = run("loopback");
            assert_eq!((code, stdout.as_str()), (Some(125), ""), "{stderr}");
            for part in ["layer-missing", "the policy grants the network `loopback`", "hint: "] {
                assert!(stderr.contains(part), "{stderr}");
            }
        });
    });
}
