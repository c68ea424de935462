//go:build linux

package load

import (
	"bytes"
	"strconv"
)

// body tracks the body of a message and drops it.
type body struct {
	left    int64 // bytes of the body, or of the chunk, still to come
	chunked bool
	state   chunkState
	line    []byte // the beginning of a line between chunks
}

type chunkState int

const (
	chunkSize chunkState = iota
	chunkData
	chunkEnd // the line end after the data
	trailer
)

// bodyOf returns the body that the head announces.
func bodyOf(head []byte) body {
	if bytes.HasPrefix(head, []byte("GET ")) {
		return body{}
	}
	if fieldIs(head, "transfer-encoding", "chunked") {
		return body{chunked: true}
	}
	n, _ := strconv.ParseInt(fieldOf(head, "content-length"), 10, 64)
	return body{left: n}
}

// take drops bytes of the body, and returns how many and whether the body has ended; ok is false when chunks
// are malformed.
func (b *body) take(data []byte) (n int, done, ok bool) {
	if !b.chunked {
		n = int(min(b.left, int64(len(data))))
		b.left -= int64(n)
		return n, b.left == 0, true
	}
	for n < len(data) {
		if b.state == chunkData {
			k := int(min(b.left, int64(len(data)-n)))
			n += k
			if b.left -= int64(k); b.left == 0 {
				b.state = chunkEnd
			}
			continue
		}
		end := bytes.IndexByte(data[n:], '\n')
		if end < 0 {
			b.line = append(b.line, data[n:]...)
			return len(data), false, len(b.line) < 4096
		}
		line := bytes.TrimSpace(append(b.line, data[n:n+end]...))
		b.line = b.line[:0]
		n += end + 1
		if done, ok = b.between(line); done || !ok {
			return n, done, ok
		}
	}
	return n, false, true
}

// between processes a line that is not data.
func (b *body) between(line []byte) (done, ok bool) {
	switch b.state {
	case chunkSize:
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseInt(string(bytes.TrimSpace(size)), 16, 64)
		if err != nil || n < 0 {
			return false, false
		}
		b.left, b.state = n, chunkData
		if n == 0 {
			b.state = trailer
		}
	case chunkEnd:
		b.state = chunkSize
		return false, len(line) == 0
	case trailer:
		return len(line) == 0, true
	}
	return false, true
}
