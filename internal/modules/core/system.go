package core

import (
	"os"
	"runtime"
)

// hostname names this machine.
func hostname() string {
	if h, err := os.Hostname(); err == nil && h != "" {
		return h
	}
	return "localhost"
}

// system is the word for the operating system in the Server field.
func system() string {
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		return "Unix"
	}
	return runtime.GOOS
}
