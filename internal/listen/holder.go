package listen

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// procRoot is the folder of Linux's processes. Elsewhere it is absent, and no
// holder is found.
const procRoot = "/proc"

// Holder is the process that listens on the port in question.
type Holder struct {
	PID     int    // 0: not visible to this process
	Name    string // the process's short name
	Command string // its command line
	UID     int    // owner of the socket
	Self    bool   // it is this process
}

// String returns "held by nginx, pid 123".
func (h *Holder) String() string {
	switch {
	case h.Self:
		return "held by this very process: another Listen covers it"
	case h.PID != 0:
		return fmt.Sprintf("held by %s, pid %d", h.Name, h.PID)
	}
	who := fmt.Sprintf("uid %d", h.UID)
	if u, err := user.LookupId(strconv.Itoa(h.UID)); err == nil {
		who = "user " + u.Username
	}
	return "held by another process of " + who + "; run as root to see which"
}

// socket is one listening row of /proc/net/tcp.
type socket struct {
	at    netip.AddrPort
	uid   int
	inode string
}

// findHolder looks for a socket that conflicts with a; nil if there is none.
func findHolder(root string, a Addr) *Holder {
	uid, inodes := -1, map[string]bool{}
	for _, name := range [...]string{"net/tcp", "net/tcp6"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue
		}
		for _, s := range listening(text) {
			if s.at.Port() == a.Port && overlap(a.addrPort().Addr(), s.at.Addr()) {
				uid = s.uid
				inodes["socket:["+s.inode+"]"] = true
			}
		}
	}
	if uid < 0 {
		return nil
	}
	h := &Holder{UID: uid, PID: ownerOf(root, inodes)}
	if h.PID != 0 {
		h.Self = h.PID == os.Getpid()
		dir := filepath.Join(root, strconv.Itoa(h.PID))
		h.Name = cmp.Or(oneLine(readSome(dir, "comm")), "a process")
		h.Command = oneLine(readSome(dir, "cmdline"))
	}
	return h
}

// listening reads the rows in state LISTEN.
func listening(text []byte) []socket {
	var out []socket
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		if len(f) < 10 || f[3] != "0A" {
			continue
		}
		at, ok := parseLocal(f[1])
		uid, err := strconv.Atoi(f[7])
		if ok && err == nil {
			out = append(out, socket{at: at, uid: uid, inode: f[9]})
		}
	}
	return out
}

// parseLocal reads "0100007F:1F90": 32-bit words in the machine's byte order.
func parseLocal(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(host)
	n, perr := strconv.ParseUint(port, 16, 16)
	if err != nil || perr != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	ip, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), ok
}

// overlap reports whether sockets on the two addresses exclude each other. It
// assumes that an IPv6 wildcard accepts IPv4 too, which is the default.
func overlap(a, b netip.Addr) bool {
	a, b = a.Unmap().WithZone(""), b.Unmap().WithZone("")
	switch {
	case a == b, a == netip.IPv6Unspecified(), b == netip.IPv6Unspecified():
		return true
	case a == netip.IPv4Unspecified():
		return b.Is4()
	case b == netip.IPv4Unspecified():
		return a.Is4()
	}
	return false
}

// ownerOf finds the process that has one of the sockets open. If several have
// it, as a server's parent and children do, it returns the one whose parent
// does not.
func ownerOf(root string, inodes map[string]bool) int {
	dirs, err := os.ReadDir(root)
	if err != nil {
		return 0
	}
	holders := map[int]bool{}
	first := 0
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err == nil && holds(filepath.Join(root, d.Name(), "fd"), inodes) {
			holders[pid] = true
			first = cmp.Or(first, pid)
		}
	}
	if holders[os.Getpid()] {
		return os.Getpid()
	}
	for pid := range holders {
		if !holders[parentOf(root, pid)] {
			return pid
		}
	}
	return first
}

func holds(dir string, inodes map[string]bool) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false // not visible to this process
	}
	defer f.Close()
	names, _ := f.Readdirnames(-1)
	for _, n := range names {
		if to, err := os.Readlink(filepath.Join(dir, n)); err == nil && inodes[to] {
			return true
		}
	}
	return false
}

// parentOf reads the fourth field of stat; the second is in parentheses and may
// contain anything.
func parentOf(root string, pid int) int {
	text := readSome(filepath.Join(root, strconv.Itoa(pid)), "stat")
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 2 {
		return 0
	}
	ppid, _ := strconv.Atoi(f[1])
	return ppid
}

func readSome(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return string(b[:min(len(b), 4096)])
}

// oneLine makes the name that another process chose safe for a log line.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return ' '
		}
		return r
	}, s))
}
