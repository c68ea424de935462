package module

import (
	"bytes"
	"context"
	"os"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/reactor"
)

// TextMap is a map in a text file (the txt: maps of mod_rewrite). The file is read on
// the first look-up, and again when its modification time has changed.
type TextMap struct {
	File    string
	current atomic.Pointer[textFile]
}

// textFile is the content of a file with its modification time.
type textFile struct {
	changed time.Time
	values  map[string][]byte
}

// filePatience is how long a request waits until the file has been read.
const filePatience = 10 * time.Second

// Values returns the current content of the file.
func (m *TextMap) Values(l reactor.Loop) (map[string][]byte, error) {
	info, err := os.Stat(m.File)
	if err != nil {
		return nil, err
	}
	if f := m.current.Load(); f != nil && f.changed.Equal(info.ModTime()) {
		return f.values, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), filePatience)
	defer cancel()
	f, err := reactor.Await(ctx, l, reactor.Files, m.File, readText)
	if err != nil {
		return nil, err
	}
	m.current.Store(f)
	return f.values, nil
}

func readText(_ context.Context, name string) (*textFile, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &textFile{info.ModTime(), parseText(data)}, nil
}

// parseText reads the lines of a map: a key, blanks, a value up to the next blank.
// If a key appears twice the first line counts. Lines that begin with # or a
// blank, and lines without a value, are ignored. httpd: lookup_map_txtfile.
func parseText(data []byte) map[string][]byte {
	values := make(map[string][]byte)
	for line := range bytes.Lines(data) {
		if line[0] == '#' || ascii.IsSpace(line[0]) {
			continue
		}
		fields := bytes.Fields(line)
		if len(fields) < 2 {
			continue
		}
		if _, ok := values[string(fields[0])]; !ok {
			values[string(fields[0])] = bytes.Clone(fields[1])
		}
	}
	return values
}
