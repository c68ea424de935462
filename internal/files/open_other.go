//go:build !linux

package files

import (
	"os"
	"syscall"
)

// openAt opens a file by its absolute name. From bare on no part of it may be a
// symbolic link; here only the last part is known to be none.
func openAt(name string, bare int) (*os.File, error) {
	flags := os.O_RDONLY | syscall.O_NONBLOCK
	if bare < len(name) {
		flags |= syscall.O_NOFOLLOW
	}
	return os.OpenFile(name, flags, 0)
}
