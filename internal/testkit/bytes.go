package testkit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Field is one header or trailer line, name and value as on the wire (optional white space trimmed).
type Field struct{ Name, Value string }

// String prints the field as a header line without its line end.
func (f Field) String() string { return f.Name + ": " + f.Value }

// Lookup returns the values of all fields called name, in order; the case of the name does not matter.
func Lookup(fields []Field, name string) []string {
	var vs []string
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			vs = append(vs, f.Value)
		}
	}
	return vs
}

// ErrTruncated says that the peer ended a message before its framing did.
var ErrTruncated = errors.New("message truncated")

// wireReader reads HTTP/1 text and keeps every byte it consumed in raw.
type wireReader struct {
	br  *bufio.Reader
	raw []byte
}

func newWireReader(r io.Reader) *wireReader {
	return &wireReader{br: bufio.NewReaderSize(r, 64<<10)}
}

// line returns the next line without its end. A line cut by EOF is returned with io.ErrUnexpectedEOF.
func (w *wireReader) line() (string, error) {
	s, err := w.br.ReadString('\n')
	w.raw = append(w.raw, s...)
	if err == io.EOF && s != "" {
		err = io.ErrUnexpectedEOF
	}
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r"), err
}

// fields reads header lines up to and including the empty one.
func (w *wireReader) fields() ([]Field, error) {
	var fs []Field
	for {
		l, err := w.line()
		if err != nil {
			return fs, fmt.Errorf("%w in a header block: %w", ErrTruncated, err)
		}
		if l == "" {
			return fs, nil
		}
		name, value, _ := strings.Cut(l, ":")
		fs = append(fs, Field{name, strings.Trim(value, " \t")})
	}
}

// Framing is how the end of a body is determined.
type Framing string

// The ways a body can be framed.
const (
	NoBody     Framing = "none"
	ByLength   Framing = "length"
	ByChunks   Framing = "chunked"
	UntilClose Framing = "close"
)

// bodyReader reads one body from a wireReader.
type bodyReader struct {
	w        *wireReader
	kind     Framing
	left     int64 // of the body (ByLength) or of the present chunk (ByChunks)
	begun    bool  // a first chunk head was read
	done     bool
	trailers []Field
}

// framed decides by the fields alone; a message without either field is framed by otherwise.
func framed(w *wireReader, fs []Field, otherwise Framing) *bodyReader {
	b := &bodyReader{w: w, kind: otherwise}
	if te := Lookup(fs, "Transfer-Encoding"); len(te) > 0 {
		b.kind = ByChunks
		return b
	}
	if cl := Lookup(fs, "Content-Length"); len(cl) > 0 {
		n, err := strconv.ParseInt(cl[0], 10, 64)
		if err == nil {
			b.kind, b.left = ByLength, n
		}
	}
	return b
}

// next reads the next piece. It returns io.EOF at the body's proper end, ErrTruncated when the peer stopped before.
func (b *bodyReader) next(p []byte) (int, error) {
	for {
		switch {
		case b.done || b.kind == NoBody || b.kind == ByLength && b.left == 0:
			b.done = true
			return 0, io.EOF
		case b.kind == ByChunks && b.left == 0:
			if err := b.chunkHead(); err != nil {
				return 0, err
			}
			continue
		}
		if b.kind != UntilClose && int64(len(p)) > b.left {
			p = p[:b.left]
		}
		n, err := b.w.br.Read(p)
		b.w.raw = append(b.w.raw, p[:n]...)
		if b.kind != UntilClose {
			b.left -= int64(n)
		}
		if err == nil {
			return n, nil
		}
		if err == io.EOF && b.kind == UntilClose {
			b.done = true
			return n, io.EOF
		}
		return n, fmt.Errorf("%w: %w", ErrTruncated, err)
	}
}

// chunkHead moves to the next chunk; after the last one it reads the trailers.
func (b *bodyReader) chunkHead() error {
	if b.begun {
		if l, err := b.w.line(); err != nil || l != "" {
			return fmt.Errorf("%w: no line end after a chunk (%q, %v)", ErrTruncated, l, err)
		}
	}
	b.begun = true
	l, err := b.w.line()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	size, _, _ := strings.Cut(l, ";")
	b.left, err = strconv.ParseInt(strings.TrimSpace(size), 16, 64)
	if err != nil {
		return fmt.Errorf("%w: bad chunk size %q", ErrTruncated, l)
	}
	if b.left == 0 {
		b.done = true
		b.trailers, err = b.w.fields()
	}
	return err
}
