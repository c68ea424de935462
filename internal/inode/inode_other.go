//go:build !linux

package inode

import "io/fs"

// Of returns the Info of what package os has looked at, without owner and
// identity, which this system may not have.
func Of(info fs.FileInfo) Info {
	return Info{Mode: info.Mode(), Size: info.Size(), Modified: info.ModTime().UnixNano()}
}

// OfOpen cannot tell on this system what needs a disk.
func OfOpen(int) (Info, bool) { return Info{}, false }

// inMemory cannot tell on this system what needs a disk.
func inMemory(question) (Info, error) { return Info{}, errUnknown }
