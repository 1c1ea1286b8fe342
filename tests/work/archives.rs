//! Archives of each kind, packed and unpacked.

use crate::place::{Place, everybody, installed};

fn tree(place: &Place) {
    place.write("tree/one", "one\n");
    place.write("tree/sub/two", "two\n");
    place.does("ln -s ../one tree/sub/link && chmod 755 tree/one");
}

#[track_caller]
fn is_back(place: &Place) {
    assert_eq!((place.read("tree/one").as_str(), place.read("tree/sub/two").as_str()), ("one\n", "two\n"));
    assert_eq!(place.does("readlink tree/sub/link && stat -c %a tree/one"), "../one\n755\n");
}

#[test]
fn tar_packs_and_unpacks() {
    everybody(|place| {
        tree(place);
        for (flag, program) in [("", "tar"), ("z", "gzip"), ("j", "bzip2"), ("J", "xz")] {
            if installed(&["tar", program]) {
                place.does(&format!("tar -c{flag}f tree.tar tree && rm -r tree && tar -x{flag}f tree.tar"));
                is_back(place);
            }
        }
    });
}

/// Root would give files back to whoever owned them, and cannot in a job; the policy tells tar not to try.
#[test]
fn an_archive_with_files_of_others_is_unpacked() {
    if !installed(&["tar", "python3"]) {
        return;
    }
    everybody(|place| {
        let pack = "import io, tarfile\nwith tarfile.open('others.tar', 'w') as tar:\n  entry = tarfile.TarInfo('file')\n  \
            entry.size, entry.uid, entry.gid, entry.uname = 5, 1000, 1000, 'nobody-here'\n  tar.addfile(entry, io.BytesIO(b'text\\n'))\n";
        place.write("pack.py", pack);
        place.does("python3 pack.py && tar -xf others.tar");
        assert_eq!(place.read("file"), "text\n");
    });
}

#[test]
fn gzip_and_zip_pack_and_unpack() {
    everybody(|place| {
        tree(place);
        if installed(&["gzip"]) {
            place.does("gzip tree/one");
            assert!(place.has("tree/one.gz") && !place.has("tree/one"));
            assert_eq!(place.does("zcat tree/one.gz | tr a-z A-Z"), "ONE\n");
            place.does("gunzip tree/one.gz");
            is_back(place);
        }
        if installed(&["zip", "unzip"]) {
            place.does("zip -qry tree.zip tree && rm -r tree && unzip -q tree.zip");
            is_back(place);
        }
    });
}
