package inode

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What is found in memory is what package os finds, or is left to it.
func TestAgainstOS(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	err := errors.Join(
		os.WriteFile(at("file"), []byte("text"), 0o640), os.Mkdir(at("folder"), 0o711|fs.ModeSticky), os.Symlink("file", at("link")),
		os.Symlink("nowhere", at("dangling")), os.Symlink("loop", at("loop")), syscall.Mkfifo(at("pipe"), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for _, name := range []string{"file", "folder", "folder/", "link", "dangling", "loop", "pipe", "none", "file/below", "loop/x", strings.Repeat("n", 300), "/dev/null"} {
		path := at(name)
		if name[0] == '/' {
			path = name
		}
		for _, follow := range []bool{true, false} {
			q := question{path, follow}
			want, wantErr := ask(context.Background(), q)
			got, err := inMemory(q)
			if err == errUnknown {
				continue
			}
			known++
			if got != want || (err == nil) != (wantErr == nil) || err != nil && errors.Unwrap(err) != errors.Unwrap(wantErr) {
				t.Errorf("%s, %v: %+v %v, want %+v %v", name, follow, got, err, want, wantErr)
			}
		}
	}
	t.Logf("%d of the looks need no disk", known)
}

// A file that was written is not the same.
func TestSame(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	var seen []Info
	for _, text := range []string{"one", "two", "three"} {
		if err := os.WriteFile(name+text, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+text, name); err != nil {
			t.Fatal(err)
		}
		info, err := Stat(nil, name)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Lstat(nil, name)
		if !info.Same(again) {
			t.Errorf("%+v is not %+v", info, again)
		}
		for _, was := range seen {
			if info.Same(was) {
				t.Errorf("%q looks unchanged", text)
			}
		}
		seen = append(seen, info)
	}
}
