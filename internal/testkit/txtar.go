package testkit

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// Archive is a text archive in Go's txtar form: a comment followed by named files, each begun by a "-- name --" line.
type Archive struct {
	Comment string
	Files   []File
}

// File is one named file of an Archive. Data ends with a newline unless it is empty.
type File struct {
	Name string
	Data string
}

// ParseArchive splits text into its comment and files. The format has no errors: a line that is not a marker is content.
func ParseArchive(text string) *Archive {
	a := &Archive{}
	into := &a.Comment
	for len(text) > 0 {
		line, rest, found := strings.Cut(text, "\n")
		text = rest
		if name, ok := marker(line); ok {
			a.Files = append(a.Files, File{Name: name})
			into = &a.Files[len(a.Files)-1].Data
			continue
		}
		*into += line
		if found || line != "" {
			*into += "\n"
		}
	}
	return a
}

// marker reports whether line begins a file, and the file's name.
func marker(line string) (string, bool) {
	name, ok := strings.CutPrefix(strings.TrimRight(line, "\r"), "-- ")
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, " --")
	name = strings.TrimSpace(name)
	return name, ok && name != ""
}

// ReadArchive parses the archive stored in the named file.
func ReadArchive(path string) (*Archive, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	return ParseArchive(string(text)), nil
}

// File returns the contents of the named file and whether the archive has it.
func (a *Archive) File(name string) (string, bool) {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data, true
		}
	}
	return "", false
}

// Format prints the archive; ParseArchive of the result is the archive again.
func (a *Archive) Format() []byte {
	var b bytes.Buffer
	b.WriteString(ended(a.Comment))
	for _, f := range a.Files {
		fmt.Fprintf(&b, "-- %s --\n%s", f.Name, ended(f.Data))
	}
	return b.Bytes()
}

func ended(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}
