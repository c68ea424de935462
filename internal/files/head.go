package files

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/conditional"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

var (
	acceptRanges = []byte("Accept-Ranges")
	contentMD5   = []byte("Content-MD5")
	bytesUnit    = []byte("bytes")
	none         = []byte("none")
)

// head adds what is known of a file to the head in x.Resp, in httpd's order.
func (s *Sender) head(x *exchange.Exchange, f *file, rules *exchange.FileRules) error {
	h := &x.Resp.Header
	at := f.modified
	if f.info.Modified > x.Times.Start.UnixNano() { // httpd: ap_rationalize_mtime
		at = x.Times.Start.UTC().AppendFormat(x.Arena.Alloc(len(conditional.Fixdate)), conditional.Fixdate)
	}
	h.SetID(message.LastModified, at)
	if err := etag(x, f, rules.ETag); err != nil {
		return err
	}
	if rules.Ranges == 0 {
		h.Append(message.Other, acceptRanges, none)
	} else {
		h.Append(message.Other, acceptRanges, bytesUnit)
	}
	if f.info.Size > 0 || x.Req.Verb != message.HEAD { // httpd: a HEAD has no length of 0
		h.SetID(message.ContentLength, x.Arena.Int(f.info.Size))
	}
	if rules.Digest {
		sum, err := await(x, digest{file: f.File}, makeDigest)
		if err != nil {
			return err
		}
		h.Append(message.Other, contentMD5, base64.StdEncoding.AppendEncode(x.Arena.Alloc(24), sum))
	}
	return nil
}

// etag adds the ETag of a file. httpd: ap_make_etag; it is weak if the file was
// changed within the second before the request, as it may change again.
func etag(x *exchange.Exchange, f *file, parts exchange.ETagParts) error {
	if err := ownTag(x, f, parts); err != nil || x.Media.Variants == nil {
		return err
	}
	// httpd: ap_set_etag; a chosen variant has the tag of its set too.
	if tag, ok := x.Resp.Header.Get(message.ETag); ok {
		weak := bytes.HasPrefix(x.Media.Variants, []byte("W/"))
		set := bytes.TrimPrefix(x.Media.Variants, []byte("W/"))
		b := x.Arena.Alloc(len(tag) + len(set) + 3)
		if weak && tag[0] == '"' {
			b = append(b, "W/"...)
		}
		b = append(append(append(b, tag[:len(tag)-1]...), ';'), set[1:]...)
		x.Resp.Header.SetID(message.ETag, b)
	}
	return nil
}

// ownTag adds the ETag of the file alone.
func ownTag(x *exchange.Exchange, f *file, parts exchange.ETagParts) error {
	if parts&exchange.ETagDigest != 0 {
		sum, err := await(x, digest{f.File, true}, makeDigest)
		if err != nil {
			return err
		}
		b := base64.StdEncoding.AppendEncode(append(x.Arena.Alloc(30), '"'), sum)
		x.Resp.Header.SetID(message.ETag, append(b, '"'))
		return nil
	}
	switch {
	case parts == exchange.ETagNone: // httpd: another part has more weight
		return nil
	case parts == 0:
		parts = exchange.ETagMTime | exchange.ETagSize
	}
	b := x.Arena.Alloc(3*17 + 4)
	if x.Times.Start.UnixNano()-f.info.Modified < int64(time.Second) {
		b = append(b, "W/"...)
	}
	b = append(b, '"')
	for _, p := range [...]struct {
		part  exchange.ETagParts
		value uint64
	}{
		{exchange.ETagINode, f.info.Ino}, {exchange.ETagSize, uint64(f.info.Size)}, {exchange.ETagMTime, uint64(f.info.Modified / int64(time.Microsecond))},
	} {
		if parts&p.part == 0 {
			continue
		}
		if b[len(b)-1] != '"' {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, p.value, 16)
	}
	x.Resp.Header.SetID(message.ETag, append(b, '"'))
	return nil
}
