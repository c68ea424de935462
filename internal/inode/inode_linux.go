package inode

import (
	"io/fs"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Of returns the Info of what package os has looked at.
func Of(info fs.FileInfo) Info {
	i := Info{Mode: info.Mode(), Size: info.Size(), Modified: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		i.UID, i.GID, i.Dev, i.Ino = st.Uid, st.Gid, st.Dev, st.Ino
		i.Changed = st.Ctim.Nano()
	}
	return i
}

// resolveCached has openat2 fail with EAGAIN rather than wait (RESOLVE_CACHED, Linux 5.12).
const resolveCached = 0x20

// inMemory looks as far as the system can without a disk; errUnknown: it cannot.
func inMemory(q question) (Info, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: resolveCached}
	if !q.follow {
		how.Flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Openat2(unix.AT_FDCWD, q.name, &how)
	if err != nil {
		switch err {
		case unix.ENOENT, unix.ENOTDIR, unix.EACCES, unix.ELOOP, unix.ENAMETOOLONG:
			return Info{Mode: None}, &fs.PathError{Op: "stat", Path: q.name, Err: err}
		}
		return Info{}, errUnknown // among them: an old system, no descriptor left
	}
	info, ok := OfOpen(fd)
	_ = unix.Close(fd)
	if !ok {
		return Info{}, errUnknown
	}
	return info, nil
}

// OfOpen returns the Info of a file that is open, as far as the system knows it without
// waiting for a disk or another machine; false: it does not.
func OfOpen(fd int) (Info, bool) {
	var st unix.Statx_t
	var name [1]byte // empty; unix.Statx would allocate it
	_, _, e := syscall.RawSyscall6(unix.SYS_STATX, uintptr(fd), uintptr(unsafe.Pointer(&name)), unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC,
		unix.STATX_BASIC_STATS, uintptr(unsafe.Pointer(&st)), 0)
	if e != 0 {
		return Info{}, false
	}
	return Info{
		Mode: mode(uint32(st.Mode)), UID: st.Uid, GID: st.Gid, Size: int64(st.Size),
		Dev: unix.Mkdev(st.Dev_major, st.Dev_minor), Ino: st.Ino,
		Modified: st.Mtime.Sec*1e9 + int64(st.Mtime.Nsec), Changed: st.Ctime.Sec*1e9 + int64(st.Ctime.Nsec),
	}, true
}

// mode translates the system's bits of a mode.
func mode(bits uint32) fs.FileMode {
	m := fs.FileMode(bits & 0o777)
	switch bits & unix.S_IFMT {
	case unix.S_IFDIR:
		m |= fs.ModeDir
	case unix.S_IFLNK:
		m |= fs.ModeSymlink
	case unix.S_IFIFO:
		m |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		m |= fs.ModeSocket
	case unix.S_IFCHR:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFBLK:
		m |= fs.ModeDevice
	}
	if bits&unix.S_ISUID != 0 {
		m |= fs.ModeSetuid
	}
	if bits&unix.S_ISGID != 0 {
		m |= fs.ModeSetgid
	}
	if bits&unix.S_ISVTX != 0 {
		m |= fs.ModeSticky
	}
	return m
}
