//! Keys of the session keyring, which every process that comes from this one inherits (session-keyring(7)).

use std::{ffi::CString, io};

/// add_key(2): puts a key of the type `user` into the session keyring. It is gone with the last process that has the keyring.
pub fn add_key(name: &str, payload: &[u8]) -> io::Result<()> {
    let name = CString::new(name)?;
    // SAFETY: type and name are NUL-terminated and the payload is as long as is said; all live through the call, which reads
    // them alone.
    let id = unsafe {
        libc::syscall(
            libc::SYS_add_key,
            USER.as_ptr(),
            name.as_ptr(),
            payload.as_ptr(),
            payload.len(),
            libc::KEY_SPEC_SESSION_KEYRING,
        )
    };
    if id >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// keyctl(2) `KEYCTL_SEARCH` and `KEYCTL_READ`: what a key of the session keyring holds, as far as the room reaches.
pub fn read_key(name: &str) -> io::Result<Vec<u8>> {
    let name = CString::new(name)?;
    // SAFETY: type and name are NUL-terminated and live through the call, which reads them alone; no keyring takes the key.
    let id = unsafe {
        libc::syscall(
            libc::SYS_keyctl,
            libc::KEYCTL_SEARCH,
            libc::KEY_SPEC_SESSION_KEYRING,
            USER.as_ptr(),
            name.as_ptr(),
            0,
        )
    };
    if id < 0 {
        return Err(io::Error::last_os_error());
    }
    let mut payload = vec![0; ROOM];
    // SAFETY: the kernel writes at most as many bytes as it is told, which is the length of the buffer.
    let length =
        unsafe { libc::syscall(libc::SYS_keyctl, libc::KEYCTL_READ, id, payload.as_mut_ptr(), payload.len(), 0) };
    let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
    payload.truncate(length);
    Ok(payload)
}

const USER: &std::ffi::CStr = c"user";
const ROOM: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_there_is_an_error() {
        assert!(read_key("stockade-no-such-key").is_err());
        assert!(read_key("with\0nul").is_err());
    }
}
