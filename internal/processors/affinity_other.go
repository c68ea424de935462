//go:build !linux

package processors

import "runtime"

func affinity() int { return runtime.NumCPU() }
