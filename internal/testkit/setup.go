package testkit

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// setUp does what text files cannot hold, by lines with the name of a file below ${dir} as their last word:
//
//	folder NAME           make a folder
//	link TARGET NAME      make a symbolic link
//	mode 0640 NAME        set permissions
//	owner ID NAME         set the owner, of a link its own; only root can
//	fifo NAME             make a named pipe
//	long N NAME           a text of N bytes
//	size N NAME           a file of N bytes of Pattern
//	append N NAME         add N bytes of Pattern to a file
//	socket NAME           the socket of a listener that is gone
//	date WHEN NAME        set when it was changed: RFC 3339, or a duration from now
func (s *Server) setUp(text string) {
	s.t.Helper()
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		if len(w) < 2 {
			continue
		}
		path := filepath.Join(s.Dir, w[len(w)-1])
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = setUpOne(w, path)
		}
		if err != nil {
			s.t.Fatalf("setup: %s: %v", strings.TrimSpace(line), err)
		}
	}
}

func setUpOne(w []string, path string) error {
	switch w[0] {
	case "folder":
		return os.Mkdir(path, 0o755)
	case "link":
		return os.Symlink(w[1], path)
	case "fifo":
		return syscall.Mkfifo(path, 0o644)
	case "socket":
		return makeSocket(path)
	case "date":
		return setDate(path, w[1])
	}
	base := 10
	if w[0] == "mode" {
		base = 8
	}
	n, err := strconv.ParseInt(w[1], base, 32)
	if err != nil {
		return err
	}
	switch w[0] {
	case "mode":
		return os.Chmod(path, os.FileMode(n))
	case "owner":
		return os.Lchown(path, int(n), int(n))
	case "long":
		return os.WriteFile(path, []byte(strings.Repeat("x", int(n))), 0o644)
	case "size":
		return errors.Join(os.WriteFile(path, []byte(Pattern(int(n))), 0o644), os.Chtimes(path, longAgo, longAgo))
	case "append":
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return errors.Join(os.WriteFile(path, append(text, Pattern(int(n))...), 0o644), os.Chtimes(path, longAgo, longAgo))
	}
	return os.ErrInvalid
}

// setDate sets when a file was changed: a date, or a duration from now, such as -30s.
func setDate(path, when string) error {
	at, err := time.Parse(time.RFC3339Nano, when)
	if err != nil {
		d, derr := time.ParseDuration(when)
		if derr != nil {
			return err
		}
		at = time.Now().Add(d)
	}
	return os.Chtimes(path, at, at)
}

// makeSocket leaves the socket of a listener that is gone.
func makeSocket(path string) error {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	return l.Close()
}
