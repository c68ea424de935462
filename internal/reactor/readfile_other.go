//go:build !linux

package reactor

// ReadCached reads from an open file what is in memory; this system cannot tell.
func ReadCached(int, []byte, int64) (n int, ok bool) { return 0, false }

// Cached reports whether a part of an open file is in memory; this system cannot tell.
func Cached(int, int64, int64) bool { return false }
