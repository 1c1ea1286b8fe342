//! The version of Landlock, which the landlock crate keeps to itself.

use std::io;

/// The ABI version that the kernel offers, 0 when it has no Landlock or it is switched off (landlock(7)).
pub fn abi_version() -> io::Result<u32> {
    // SAFETY: with the version flag the kernel takes a null pointer and a size of zero, and reads no memory.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<libc::c_void>(),
            0usize,
            CREATE_RULESET_VERSION,
        )
    };
    match u32::try_from(version) {
        Ok(version) => Ok(version),
        Err(_) => {
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::ENOSYS | libc::EOPNOTSUPP) => Ok(0),
                Some(_) | None => Err(error),
            }
        }
    }
}

/// `LANDLOCK_CREATE_RULESET_VERSION`
const CREATE_RULESET_VERSION: u32 = 1;
