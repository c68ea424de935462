package config

import (
	"io/fs"
	"os"
	"time"
)

// textFS is the operating system's files plus one that exists as text only.
type textFS struct{ name, text string }

// ReadFile implements source.FS.
func (t textFS) ReadFile(name string) ([]byte, error) {
	if name == t.name {
		return []byte(t.text), nil
	}
	return os.ReadFile(name)
}

// ReadDir implements source.FS.
func (t textFS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Stat implements source.FS.
func (t textFS) Stat(name string) (fs.FileInfo, error) {
	if name == t.name {
		return textInfo{t}, nil
	}
	return os.Stat(name)
}

// textInfo describes the file that is text.
type textInfo struct{ t textFS }

// The methods of fs.FileInfo.
func (i textInfo) Name() string       { return i.t.name }
func (i textInfo) Size() int64        { return int64(len(i.t.text)) }
func (i textInfo) Mode() fs.FileMode  { return 0o444 }
func (i textInfo) ModTime() time.Time { return time.Time{} }
func (i textInfo) IsDir() bool        { return false }
func (i textInfo) Sys() any           { return nil }
