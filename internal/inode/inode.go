// Package inode finds out what the file system has under a name, without
// letting a loop wait for a disk.
//
// The system is asked on the loop for what it knows without input or output; only
// where that is not enough the question goes to another thread.
//
// Imports reactor.
package inode

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// Info is what the file system says of a name.
type Info struct {
	Mode     fs.FileMode // type and permissions
	UID, GID uint32      // owner and group
	Dev, Ino uint64      // identity
	Size     int64       // bytes
	Modified int64       // nanoseconds since 1970
	Changed  int64       // likewise, of the inode: no program can set it
}

// None is the Mode of a name under which there is nothing.
const None = fs.ModeIrregular

// Same reports whether two Infos are of one file that has not been written in
// between.
func (i Info) Same(other Info) bool {
	return i.Dev == other.Dev && i.Ino == other.Ino && i.Size == other.Size && i.Modified == other.Modified && i.Changed == other.Changed
}

// patience limits the wait for a disk.
const patience = 10 * time.Second

// Stat returns what is under an absolute name, where it is a symbolic link what that
// leads to. l is the loop of the caller; nil: it runs on none.
func Stat(l reactor.Loop, name string) (Info, error) { return look(l, question{name, true}) }

// Lstat is Stat for a link itself.
func Lstat(l reactor.Loop, name string) (Info, error) { return look(l, question{name, false}) }

// question is what a look is for.
type question struct {
	name   string
	follow bool
}

// errUnknown says that an answer needs a disk.
var errUnknown = errors.New("not in memory")

func look(l reactor.Loop, q question) (Info, error) {
	if l == nil {
		return ask(context.Background(), q)
	}
	info, err := inMemory(q)
	if err != errUnknown {
		return info, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return reactor.Await(ctx, l, reactor.Files, q, ask)
}

// ask looks, however long it takes.
func ask(_ context.Context, q question) (Info, error) {
	stat := os.Lstat
	if q.follow {
		stat = os.Stat
	}
	info, err := stat(q.name)
	if err != nil {
		return Info{Mode: None}, err
	}
	return Of(info), nil
}
