//go:build !linux

package headers

// systemLoad is not known on this system.
func systemLoad() [3]float64 { return [3]float64{} }
