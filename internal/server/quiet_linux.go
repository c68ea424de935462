package server

import "golang.org/x/sys/unix"

// quiet makes a listening socket ignore new connections while handshakes that have begun still complete, so that
// closing it resets none. A client sends an ignored SYN again and is then refused.
func quiet(fd int) {
	const flags, syn, ack = 13, 0x02, 0x10 // of the TCP header, where the filter begins
	prog := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: flags},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: syn | ack},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: syn, Jt: 0, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
		{Code: unix.BPF_RET | unix.BPF_K, K: 1<<32 - 1},
	}
	// If the system refuses, the time without protection is as short as it can
	// be.
	_ = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]})
}

// loud undoes quiet.
func loud(fd int) {
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
}
