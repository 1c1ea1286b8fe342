//! Sockets: TCP in every form, datagrams, and sockets of the host by name and by path.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, UdpSocket},
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{self as unix, UnixDatagram, UnixStream},
    },
    time::Duration,
};

use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, ipproto, sendto, socket, socketpair,
};

use crate::doctor::{
    act::{Act, Effect, Group, Holder, NAMESPACES, NETWORK, Proof, SECCOMP},
    wire::{DATAGRAM, Ports, STREAM, Targets},
};

use super::{first_of, gained};

const TCP: &[Holder] = &[NETWORK, Holder::Landlock(4), Holder::NoSockets];
const ODD_TCP: &[Holder] = &[NETWORK, SECCOMP];
const UDP: &[Holder] = &[NETWORK, Holder::NoSockets];
const ABSTRACT: &[Holder] = &[NETWORK, Holder::Landlock(6)];
const PATH: &[Holder] = &[NAMESPACES, Holder::Landlock(9)];
const PAIR: &[Holder] = &[NAMESPACES, SECCOMP, Holder::Landlock(9)];

const GROUP: Group = Group::Network;

pub(super) const ACTS: &[Act] = &[
    GROUP.act("tcp", "connect to a port of the host", TCP, Proof::Seen(Effect::Tcp), tcp),
    GROUP.act(
        "tcp-fast-open",
        "send with the first packet of a connection",
        ODD_TCP,
        Proof::Seen(Effect::FastOpen),
        fast_open,
    ),
    GROUP.act("mptcp", "connect by MPTCP", ODD_TCP, Proof::Seen(Effect::Mptcp), mptcp),
    GROUP.act("udp", "send a datagram", UDP, Proof::Seen(Effect::Udp), udp),
    GROUP.act("socket-name", "connect to an abstract socket", ABSTRACT, Proof::Seen(Effect::AbstractSocket), by_name),
    GROUP.act("socket-path", "connect to a socket by its path", PATH, Proof::Seen(Effect::SocketWithPath), by_path),
    GROUP.act("socket-pair", "send from a datagram pair to a path", PAIR, Proof::Seen(Effect::DatagramPair), pair),
    GROUP.act("socket-family", "make a socket of a rare family", &[SECCOMP], Proof::Gained, family),
];

fn ports(at: &Targets) -> io::Result<Ports> {
    at.ports.ok_or_else(|| io::Error::other("no port can be opened on 127.0.0.1"))
}

fn local(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

fn sent() -> String {
    "sent".to_owned()
}

fn tcp(at: &Targets) -> io::Result<String> {
    TcpStream::connect_timeout(&SocketAddr::V4(local(ports(at)?.tcp)), PATIENCE).map(|_| "connected".to_owned())
}

fn fast_open(at: &Targets) -> io::Result<String> {
    let port = ports(at)?.fast_open;
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    Ok(sendto(&socket, b"x", SendFlags::from_bits_retain(FAST_OPEN), &local(port)).map(|_| sent())?)
}

fn mptcp(at: &Targets) -> io::Result<String> {
    let port = ports(at)?.mptcp;
    let socket = socket(AddressFamily::INET, SocketType::STREAM, Some(ipproto::MPTCP))?;
    Ok(connect(&socket, &local(port)).map(|()| "connected".to_owned())?)
}

fn udp(at: &Targets) -> io::Result<String> {
    let port = ports(at)?.udp;
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?.send_to(b"x", local(port)).map(|_| sent())
}

fn by_name(at: &Targets) -> io::Result<String> {
    let name = unix::SocketAddr::from_abstract_name(&at.socket_name)?;
    UnixStream::connect_addr(&name).map(|_| "connected".to_owned())
}

fn by_path(at: &Targets) -> io::Result<String> {
    UnixStream::connect(at.outside.join(STREAM)).map(|_| "connected".to_owned())
}

fn pair(at: &Targets) -> io::Result<String> {
    let path = at.outside.join(DATAGRAM);
    first_of(&[
        &|| {
            let (one, _other) = socketpair(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
            Ok(sendto(&one, b"x", SendFlags::empty(), &SocketAddrUnix::new(&path)?).map(|_| sent())?)
        },
        &|| UnixDatagram::unbound()?.send_to(b"x", &path).map(|_| sent()),
    ])
}

fn family(_: &Targets) -> io::Result<String> {
    let families = [
        ("alg", AddressFamily::from_raw(ALG), SocketType::SEQPACKET),
        ("vsock", AddressFamily::VSOCK, SocketType::STREAM),
        ("packet", AddressFamily::PACKET, SocketType::DGRAM),
    ];
    let made = families.into_iter().filter(|(_, family, kind)| socket(*family, *kind, None).is_ok());
    gained(made.map(|(name, ..)| name.to_owned()).collect(), "the kernel has none of them for this user")
}

/// On the loopback address an answer comes at once.
const PATIENCE: Duration = Duration::from_millis(300);
/// `AF_ALG`, the same on every processor.
const ALG: u16 = 38;
/// `MSG_FASTOPEN`
const FAST_OPEN: u32 = 0x2000_0000;
