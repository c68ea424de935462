package dockerd

import (
	"fmt"
	"os"
)

// A daemon without a default bridge removes docker0, which may be that of another
// daemon of this machine. So it has a separate bridge.

// bridgeName is the name of this process's bridge.
func bridgeName() string { return fmt.Sprintf("hgd%d", os.Getpid()) }
