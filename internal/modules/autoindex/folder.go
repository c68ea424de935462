package autoindex

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/reactor"
)

// What is read at most: entries of a folder, bytes of a header or readme, bytes of
// a page in which a title is looked for.
const (
	maxEntries = 1 << 19
	maxText    = 1 << 20
	maxTitle   = 8191
)

// patience limits the wait for the disk.
const patience = 30 * time.Second

// await reads something off the loop.
func await[Out any](x *exchange.Exchange, name string, read func(context.Context, string) (Out, error)) (Out, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return reactor.Await(ctx, x.Loop, reactor.Files, name, read)
}

// readNames returns the names in a folder and the infos of what they lead to.
// Those that lead nowhere are left out. It may run on after its caller has left.
func readNames(ctx context.Context, folder string) ([]fs.FileInfo, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var all []fs.FileInfo
	for len(all) < maxEntries && ctx.Err() == nil {
		list, err := f.ReadDir(1024)
		for _, e := range list {
			if info := target(folder, e); info != nil {
				all = append(all, info)
			}
		}
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return all, ctx.Err()
}

// target returns the info of what a name leads to, with that name; nil: it leads
// nowhere.
func target(folder string, e fs.DirEntry) fs.FileInfo {
	info, err := e.Info()
	if err != nil {
		return nil
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return info
	}
	to, err := os.Stat(filepath.Join(folder, e.Name()))
	if err != nil {
		return nil
	}
	return linked{to, e.Name()}
}

// linked is the info of what a link leads to.
type linked struct {
	fs.FileInfo
	name string
}

// Name implements fs.FileInfo.
func (l linked) Name() string { return l.name }

// readText returns the text of a file. A longer one is cut.
func readText(_ context.Context, name string) ([]byte, error) { return readStart(name, maxText) }

// readTitle returns the title of a page, "" if it has none.
func readTitle(_ context.Context, name string) (string, error) {
	text, err := readStart(name, maxTitle)
	return titleOf(text), err
}

func readStart(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fs.ErrInvalid, err)
	}
	return io.ReadAll(io.LimitReader(f, most))
}
