package files

import (
	"context"
	"crypto/md5"  //nolint:gosec // Content-MD5 is what it is
	"crypto/sha1" //nolint:gosec // httpd's ETag, not a proof
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/conditional"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/inode"
	"github.com/headgate/headgate/internal/reactor"
)

// errLink is the error of a file that links lead to where none is allowed.
var errLink = errors.New("a symbolic link is not allowed here")

// file is a regular file that is open.
type file struct {
	*os.File
	fd       int // of File; valid while it is open
	info     inode.Info
	name     string
	bare     int    // see exchange.LocalFile
	modified []byte // info.Modified as a Last-Modified field has it

	refs       atomic.Int32 // the requests that use it, and the store; closed by the last
	used, kept bool         // the store's
}

// release ends the use of a file.
func (f *file) release() {
	if f.refs.Add(-1) == 0 {
		_ = f.Close()
	}
}

// get opens the file that a walk has found, or takes it from the store of the loop;
// release it.
func (s *Sender) get(x *exchange.Exchange, at *exchange.LocalFile) (*file, error) {
	if s.unkept {
		return await(x, wants(at), open)
	}
	kept := s.stores.of(x.Loop)
	if f := kept.take(at); f != nil {
		return f, nil
	}
	f, err := await(x, wants(at), open)
	if err != nil {
		return nil, err
	}
	kept.keep(x.Loop, f)
	return f, nil
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
	f := &file{File: o, name: w.name, bare: w.bare}
	f.fd = int(o.Fd())
	f.refs.Store(1)
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
	f.modified = time.Unix(0, f.info.Modified).UTC().AppendFormat(nil, conditional.Fixdate)
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

// fetch reads a part of a file so that it is in memory. It may run on after its caller
// has left.
func fetch(ctx context.Context, p part) (struct{}, error) {
	b := make([]byte, min(chunk, p.size))
	for end := p.at + int64(p.size); p.at < end && ctx.Err() == nil; {
		n, err := p.file.ReadAt(b[:min(int64(len(b)), end-p.at)], p.at)
		p.at += int64(n)
		if errors.Is(err, io.EOF) {
			break // sending it finds that out
		}
		if err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, ctx.Err()
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
	h := md5.New() //nolint:gosec // as above
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
