//go:build unix && !linux

package listen

import "errors"

func freeBind(int, bool) error { return errors.ErrUnsupported }
