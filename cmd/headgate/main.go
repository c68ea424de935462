package main

import (
	"io"
	"os"
	"strings"

	"github.com/headgate/headgate/internal/privsep"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// process holds the parts of the process that a command may use.
type process struct {
	args           []string // without the program's name
	stdout, stderr io.Writer
	getenv         func(string) string
}

func main() {
	os.Exit(process{args: os.Args[1:], stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}.run())
}

// run tells the two command lines apart: httpd's begins with a flag of one
// letter, or is empty.
func (p process) run() int {
	if fd := p.getenv(privsep.Env); fd != "" {
		return p.helper(fd)
	}
	if len(p.args) == 0 || strings.HasPrefix(p.args[0], "-") && !strings.HasPrefix(p.args[0], "--") {
		return p.httpd()
	}
	return p.friendly()
}
