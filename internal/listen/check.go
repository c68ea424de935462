package listen

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Check says why Open would fail for a, as far as that can be known without
// taking the port: no interface has the address, or the port is below 1024 and
// the process lacks the privilege. It does not check whether another process
// holds the port. The error is a *BindError.
func Check(a Addr) error {
	if a.Port < lowPorts(procRoot) && !mayBindLow(procRoot) {
		return bindError(a, syscall.EACCES, procRoot)
	}
	if !a.IP.IsValid() {
		return nil // every machine has the any-address
	}
	if _, err := bindOnce(netip.AddrPortFrom(a.IP, 0), false); err != nil {
		return bindError(a, err, procRoot)
	}
	return nil
}

// lowPorts is the first port that needs no privilege.
func lowPorts(root string) uint16 {
	const usual = 1024 // where the system has no such setting
	text, err := os.ReadFile(root + "/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil {
		return usual
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 16)
	if err != nil {
		return usual
	}
	return uint16(n)
}

// capNetBindService is the number of CAP_NET_BIND_SERVICE.
const capNetBindService = 10

// mayBindLow says whether this process may bind low ports.
func mayBindLow(root string) bool {
	text, err := os.ReadFile(root + "/self/status")
	if err != nil {
		return os.Geteuid() == 0
	}
	_, rest, _ := strings.Cut(string(text), "\nCapEff:")
	word, _, _ := strings.Cut(rest, "\n")
	set, err := strconv.ParseUint(strings.TrimSpace(word), 16, 64)
	if err != nil {
		return os.Geteuid() == 0
	}
	return set&(1<<capNetBindService) != 0
}
