//go:build !linux

package headers

// systemLoad returns zeros: this system has no source for it.
func systemLoad() [3]float64 { return [3]float64{} }
