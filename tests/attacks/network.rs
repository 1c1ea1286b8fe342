//! Attacks over sockets: abstract UNIX sockets of the host, TCP in every form, UDP. Rows 46, 47 and 49 of the catalogue.

use std::{
    io::ErrorKind,
    net::{TcpListener, UdpSocket},
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixDatagram, UnixListener},
    },
};

use stockade::policy::Network;

use crate::{
    everybody::as_everybody,
    jail::{Depth, Jail},
    outside::{baseline, marker},
};

/// Whatever holds for no network at all holds for a job with a loopback of its own.
const ALL: [(Depth, Network); 3] =
    [(Depth::Full, Network::None), (Depth::NoNamespaces, Network::None), (Depth::Full, Network::Loopback)];

fn jail((depth, network): (Depth, Network)) -> Jail {
    let mut jail = Jail::new(depth);
    jail.plan.network = network;
    jail
}

const CONNECT_ABSTRACT: &str = r#"
import socket, sys
name = "\0" + sys.argv[1]
for kind, do in ((socket.SOCK_STREAM, lambda s: s.connect(name)), (socket.SOCK_DGRAM, lambda s: s.sendto(b"hello", name + "-d"))):
    try: do(socket.socket(socket.AF_UNIX, kind))
    except OSError: pass
try:
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    a.sendto(b"hello", name + "-d")
except OSError: pass
"#;

#[test]
fn row_46_abstract_sockets_of_the_host_are_out_of_reach() {
    as_everybody("network::row_46_abstract_sockets_of_the_host_are_out_of_reach", || {
        let name = marker("abstract");
        let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let sink = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(format!("{name}-d")).unwrap()).unwrap();
        listener.set_nonblocking(true).unwrap();
        sink.set_nonblocking(true).unwrap();
        let heard = || (listener.accept().is_ok(), sink.recv(&mut [0; 16]).is_ok());
        for around in ALL {
            let mut jail = jail(around);
            baseline(CONNECT_ABSTRACT, &[&name], &jail.workspace());
            assert_eq!(heard(), (true, true), "the attack does not work outside");
            while heard() != (false, false) {}
            jail.python(CONNECT_ABSTRACT, &[&name]).run();
            assert_eq!(heard(), (false, false), "{around:?}");
        }
    });
}

const CONNECT_PATH: &str = r#"
import socket, sys
for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
    try: socket.socket(socket.AF_UNIX, kind).connect(sys.argv[1])
    except OSError: pass
"#;

/// A daemon anywhere but in the places that are granted, and not only in /run. Not as everybody: the place has to lie outside
/// of the temporary ones, which are covered in any case, and there an ordinary user has no place of his own.
#[test]
fn row_47_a_socket_with_a_path_outside_is_out_of_reach() {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = place.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut jail = Jail::new(Depth::Full);
    baseline(CONNECT_PATH, &[path.to_str().unwrap()], &jail.workspace());
    assert!(listener.accept().is_ok(), "the attack does not work outside");
    jail.python(CONNECT_PATH, &[path.to_str().unwrap()]).run();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// One way to connect for each word.
const CONNECT_TCP: &str = r#"
import socket, sys
way, port = sys.argv[1], int(sys.argv[2])
to = ("127.0.0.1", port)
try:
    if way == "plain": socket.create_connection(to, 2)
    elif way == "fastopen": socket.socket().sendto(b"hello", 0x20000000, to)
    elif way == "fastopen_connect":
        s = socket.socket(); s.setsockopt(6, 30, 1); s.connect(to); s.send(b"hello")
    elif way == "mptcp": socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).connect(to)
    elif way == "mapped": socket.socket(socket.AF_INET6).connect(("::ffff:127.0.0.1", port))
except OSError: pass
"#;

#[test]
fn row_49_no_form_of_tcp_reaches_a_port() {
    as_everybody("network::row_49_no_form_of_tcp_reaches_a_port", || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let accepted = || match listener.accept() {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                false
            }
        };
        for way in ["plain", "fastopen", "fastopen_connect", "mptcp", "mapped"] {
            for around in ALL {
                let mut jail = jail(around);
                baseline(CONNECT_TCP, &[way, &port], &jail.workspace());
                assert!(accepted(), "`{way}` does not work outside");
                jail.python(CONNECT_TCP, &[way, &port]).run();
                assert!(!accepted(), "{way} {around:?}");
            }
        }
    });
}

#[test]
fn row_50_no_datagram_leaves() {
    as_everybody("network::row_50_no_datagram_leaves", || {
        let sink = UdpSocket::bind("127.0.0.1:0").unwrap();
        sink.set_nonblocking(true).unwrap();
        let port = sink.local_addr().unwrap().port().to_string();
        let script = "import socket, sys\ntry: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', int(sys.argv[1])))\nexcept OSError: pass";
        for around in ALL {
            let mut jail = jail(around);
            baseline(script, &[&port], &jail.workspace());
            assert!(sink.recv(&mut [0; 16]).is_ok(), "the attack does not work outside");
            jail.python(script, &[&port]).run();
            assert!(sink.recv(&mut [0; 16]).is_err(), "{around:?}");
        }
    });
}

#[test]
fn row_52_no_port_is_opened() {
    as_everybody("network::row_52_no_port_is_opened", || {
        let script = r#"
import socket
for bind in (True, False):
    try:
        s = socket.socket()
        if bind: s.bind(("127.0.0.1", 0))
        s.listen()
        print("open", s.getsockname()[1])
    except OSError: pass
"#;
        for around in ALL {
            let mut jail = jail(around);
            assert_eq!(baseline(script, &[], &jail.workspace()).lines().count(), 2);
            let inside = jail.python(script, &[]).run().stdout;
            for line in inside.lines() {
                // In a network of its own a job may believe that it listens; nobody can reach it.
                assert_eq!(around.0, Depth::Full);
                let port: u16 = line.trim_start_matches("open ").parse().unwrap();
                assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
            }
        }
    });
}
