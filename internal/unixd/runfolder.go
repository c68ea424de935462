package unixd

import (
	"errors"
	"fmt"
	"os"
)

// RunFolder makes the folder of a pid file, which is missing after a boot that
// emptied /run. Root makes it with mode 0755, and missing parents too; for other
// users the error contains the command.
func RunFolder(dir string) error { return runFolder(dir, os.Geteuid()) }

func runFolder(dir string, uid int) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return nil //nolint:nilerr // its faults show when it is used
	}
	if uid != 0 {
		return fmt.Errorf("the folder %s does not exist; make it: sudo install -d -o %d -m 755 %s", dir, uid, dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755) // whatever the umask is
}
