// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects are bare bytes: C and Python find ours where they look, and we find theirs.

mod common;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cabotage_shm::{Name, Object, ObjectError};
use common::{Watchdog, has_program, name};

/// An object of /dev/shm, where other languages look; removed with the value.
struct Public(Name);

impl Public {
    fn new(text: &str) -> Self {
        Self(name(&format!("cabotage-{text}-{}", std::process::id())))
    }
}

impl Drop for Public {
    fn drop(&mut self) {
        let _ = cabotage_shm::unlink(&self.0);
    }
}

#[test]
fn python_reads_and_writes_what_we_create() {
    if !python_has_shared_memory() {
        return;
    }
    let public = Public::new("to-python");
    let object = Object::create(&public.0, 5000).unwrap();
    object.write_at(0, b"from rust").unwrap();
    python(
        &public.0,
        "shm = SharedMemory(name)\n\
         assert shm.size == 5000, shm.size\n\
         assert bytes(shm.buf[:9]) == b'from rust'\n\
         shm.buf[4990:5000] = b'frompython'\n\
         forget(shm)\n\
         shm.close()\n",
    );
    let mut bytes = [0; 10];
    object.read_at(4990, &mut bytes).unwrap();
    assert_eq!(&bytes, b"frompython");
    assert!(object.is_linked().unwrap());
    object.unlink_if_mine().unwrap();
}

#[test]
fn we_read_what_python_creates_and_python_may_remove_it() {
    if !python_has_shared_memory() {
        return;
    }
    let public = Public::new("from-python");
    python(
        &public.0,
        "shm = SharedMemory(name, create=True, size=6000)\n\
         shm.buf[:11] = b'from python'\n\
         forget(shm)\n\
         shm.close()\n",
    );
    let object = Object::open(&public.0).unwrap();
    assert_eq!(object.bytes().unwrap(), 6000);
    let mut bytes = [0; 11];
    object.map_read_only().unwrap().copy_to(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"from python");
    python(&public.0, "shm = SharedMemory(name)\nshm.close()\nshm.unlink()\n");
    assert!(!object.is_linked().unwrap());
}

#[test]
fn pythons_resource_tracker_removes_what_it_only_attached_to_unless_told_otherwise() {
    if !python_has_shared_memory() {
        return;
    }
    let public = Public::new("tracked");
    let object = Object::create(&public.0, 100).unwrap();
    python(&public.0, "shm = SharedMemory(name)\nshm.close()\n");
    // Pythons before 3.13 always do so, later ones unless `track=False`: a holder of the object can tell, and goes on.
    if !object.is_linked().unwrap() {
        assert!(matches!(object.unlink_if_mine(), Err(ObjectError::Missing { .. })));
    }
    object.write_at(0, b"alive").unwrap();
}

/// Runs `script`, in which `name` is the object's name and `forget` keeps Python's resource tracker off it.
fn python(name: &Name, script: &str) {
    const PRELUDE: &str = "\
import sys
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
name = sys.argv[1]
def forget(shm):
    resource_tracker.unregister(shm._name, 'shared_memory')
";
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let argument = str::from_utf8(name.file_name()).unwrap();
    let output =
        Command::new("python3").args(["-c", &format!("{PRELUDE}{script}"), argument]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn python_has_shared_memory() -> bool {
    if !has_program("python3", "interoperation with Python") {
        return false;
    }
    let import = Command::new("python3").args(["-c", "import multiprocessing.shared_memory"]).output();
    let has_module = import.is_ok_and(|output| output.status.success());
    if !has_module {
        eprintln!("skipped: this python3 has no multiprocessing.shared_memory");
    }
    has_module
}

const C_PROGRAM: &str = r#"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int creates = strcmp(argv[1], "create") == 0;
    int fd = shm_open(argv[2], creates ? O_CREAT | O_EXCL | O_RDWR : O_RDWR, 0600);
    if (fd < 0) { perror("shm_open"); return 1; }
    if (creates && ftruncate(fd, 7000) < 0) { perror("ftruncate"); return 1; }
    struct stat st;
    if (fstat(fd, &st) < 0) { perror("fstat"); return 1; }
    char *bytes = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) { perror("mmap"); return 1; }
    printf("%lld %.9s\n", (long long)st.st_size, bytes);
    memcpy(bytes + st.st_size - 6, "from C", 6);
    return munmap(bytes, st.st_size) < 0;
}
"#;

#[test]
fn a_c_program_reads_and_writes_what_we_create_and_we_what_it_creates() {
    let directory = tempfile::tempdir().unwrap();
    let Some(program) = compiled(directory.path()) else { return };
    let run = |role: &str, name: &Name| {
        let output = Command::new(&program).args([role, &name.to_string()]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };

    let ours = Public::new("to-c");
    let object = Object::create(&ours.0, 5000).unwrap();
    object.write_at(0, b"from rust").unwrap();
    assert_eq!(run("open", &ours.0), "5000 from rust\n");
    let mut bytes = [0; 6];
    object.read_at(4994, &mut bytes).unwrap();
    assert_eq!(&bytes, b"from C");

    let theirs = Public::new("from-c");
    run("create", &theirs.0);
    let object = Object::open(&theirs.0).unwrap();
    assert_eq!(object.bytes().unwrap(), 7000);
    object.read_at(6994, &mut bytes).unwrap();
    assert_eq!(&bytes, b"from C");
}

fn compiled(directory: &Path) -> Option<std::path::PathBuf> {
    if !has_program("cc", "interoperation with C") {
        return None;
    }
    let (source, program) = (directory.join("peer.c"), directory.join("peer"));
    std::fs::write(&source, C_PROGRAM).unwrap();
    // Before glibc 2.34 shm_open was in librt.
    let output = Command::new("cc").arg(&source).arg("-o").arg(&program).arg("-lrt").output().unwrap();
    if !output.status.success() {
        eprintln!("skipped: cc cannot compile here: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    Some(program)
}
