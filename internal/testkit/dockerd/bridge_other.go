//go:build !linux

package dockerd

import "errors"

func makeBridge() error { return errors.New("no bridges on this system") }

func dropBridge() {}
