package files

import (
	"context"
	"crypto/md5"  //nolint:gosec // Content-MD5 is what it is
	"crypto/sha1" //nolint:gosec // httpd's ETag, not a proof
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/inode"
	"github.com/headgate/headgate/internal/reactor"
)

// errLink is the error of a file that links lead to where none is allowed.
var errLink = errors.New("a symbolic link is not allowed here")

// file is a regular file that is open.
type file struct {
	*os.File
	fd   int // of File; valid while it is open
	info inode.Info
}

// patience limits each wait for a disk, which may hang.
const patience = 10 * time.Second

// await does work with a file off the loop.
func await[In, Out any](x *exchange.Exchange, in In, f func(context.Context, In) (Out, error)) (Out, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return reactor.Await(ctx, x.Loop, reactor.Files, in, f)
}

// wanted names a file that is to be opened.
type wanted struct {
	name string
	bare int    // see exchange.LocalFile
	ino  uint64 // it must be this inode of that device; 0: any
	dev  uint64
}

// wants names the file that a walk has found.
func wants(at *exchange.LocalFile) wanted {
	w := wanted{name: string(at.Name), bare: at.Bare}
	if at.Owned {
		w.ino, w.dev = at.Info.Ino, at.Info.Dev
	}
	return w
}

// open opens a regular file. It may run on after its caller has left.
func open(_ context.Context, w wanted) (*file, error) {
	o, err := openAt(w.name, w.bare)
	if err != nil {
		return nil, err
	}
	f := &file{File: o, fd: int(o.Fd())}
	err = f.look()
	if err == nil && w.ino != 0 && (w.ino != f.info.Ino || w.dev != f.info.Dev) {
		err = errLink // it was another file whose owner was looked at
	}
	if err != nil {
		_ = o.Close()
		return nil, err
	}
	return f, nil
}

// look finds out what the file is now.
func (f *file) look() error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fs.ErrInvalid
	}
	f.info = inode.Of(info)
	return nil
}

// part names a part of a file.
type part struct {
	file *os.File
	at   int64
	size int
}

// readPart reads a part. It may run on after its caller has left: a file that is closed
// meanwhile is so once the read has ended.
func readPart(_ context.Context, p part) ([]byte, error) {
	b := make([]byte, p.size)
	n, err := p.file.ReadAt(b, p.at)
	if n == p.size {
		return b, nil
	}
	if errors.Is(err, io.EOF) {
		err = errShorter
	}
	return nil, err
}

// errShorter is the error of a file that is shorter than it was.
var errShorter = errors.New("the file has become shorter")

// digest names the digest of a file that is to be made.
type digest struct {
	file *os.File
	sha  bool // SHA-1 and not MD5
}

// makeDigest reads a whole file. It may run on after its caller has left.
func makeDigest(ctx context.Context, d digest) ([]byte, error) {
	var h hash.Hash = md5.New() //nolint:gosec // as above
	if d.sha {
		h = sha1.New() //nolint:gosec // as above
	}
	b := make([]byte, chunk)
	for at := int64(0); ; {
		n, err := d.file.ReadAt(b, at)
		_, _ = h.Write(b[:n])
		at += int64(n)
		switch {
		case errors.Is(err, io.EOF):
			return h.Sum(nil), nil
		case err == nil:
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
	}
}
