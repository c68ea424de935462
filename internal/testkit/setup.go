package testkit

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// setUp does what text files cannot hold, by lines with the name of a file below ${dir} as their last word:
//
//	folder NAME           make a folder
//	link TARGET NAME      make a symbolic link
//	mode 0640 NAME        set permissions
//	owner ID NAME         set the owner, of a link its own; only root can
//	fifo NAME             make a named pipe
//	long N NAME           a text of N bytes
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
	}
	return os.ErrInvalid
}
