package core

import (
	"os"
	"runtime"
)

// hostname returns the name of this machine.
func hostname() string {
	if h, err := os.Hostname(); err == nil && h != "" {
		return h
	}
	return "localhost"
}

// system returns the operating system's name for the Server field.
func system() string {
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		return "Unix"
	}
	return runtime.GOOS
}
