package testkit

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// Gzipped returns gzip made as a text says: [[cut=N][,add=TEXT][,flip=N][,size=N][,pattern=N]@]TEXT.
// size repeats TEXT to so many bytes, pattern replaces it with so many of Pattern; of the result, cut takes the last bytes away,
// flip changes the byte so far from the end, and add appends.
func Gzipped(spec string) (string, error) {
	edits, text, ok := strings.Cut(spec, "@")
	if !ok {
		edits, text = "", spec
	}
	var add string
	cut, flip, size := 0, 0, -1
	for edit := range strings.SplitSeq(edits, ",") {
		if edit == "" {
			continue
		}
		name, value, _ := strings.Cut(edit, "=")
		n, err := strconv.Atoi(value)
		switch {
		case name == "add":
			add = value
		case err != nil:
			return "", fmt.Errorf("gzip: %q: %w", edit, err)
		case name == "cut":
			cut = n
		case name == "flip":
			flip = n
		case name == "pattern":
			text = Pattern(n)
		case name == "size":
			size = n
		default:
			return "", fmt.Errorf("gzip: unknown edit %q", edit)
		}
	}
	if size >= 0 {
		text = strings.Repeat(text, size/len(text)+1)[:size]
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	p := b.Bytes()[:b.Len()-cut]
	if flip > 0 {
		p[len(p)-flip] ^= 1
	}
	return string(p) + add, nil
}

// Decoded decodes a body by its Content-Encoding; false: it has none of those that
// are known, or is not valid.
func Decoded(encoding string, p []byte) (coding string, text []byte, ok bool) {
	last := encoding[strings.LastIndexByte(encoding, ',')+1:]
	var r io.Reader
	var err error
	switch coding = strings.TrimSpace(last); coding {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(bytes.NewReader(p))
	case "br":
		r = brotli.NewReader(bytes.NewReader(p))
	case "zstd":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(bytes.NewReader(p)); err == nil {
			defer d.Close()
			r = d
		}
	default:
		return "", nil, false
	}
	if err != nil {
		return "", nil, false
	}
	text, err = io.ReadAll(r) // what there is of one that has not ended is returned too
	return coding, text, err == nil
}
