package discover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/filewatch"
	"github.com/headgate/headgate/internal/lock"
)

// mostFile limits a file of members in bytes.
const mostFile = 8 << 20

// files is the source of HeadgateDiscover file. A file that cannot be read or
// understood keeps what it had.
type files struct {
	patterns []string

	mu     lock.Mutex // guards what follows
	health health
	known  map[string]membersFile // by path
}

// membersFile is what a file said when it could last be understood.
type membersFile struct {
	text     string
	members  map[string][]memberLine
	problems []Problem
}

func newFiles(s Spec) *files {
	return &files{patterns: strings.Split(s.Paths, "\n"), known: map[string]membersFile{}}
}

// Run implements Source.
func (f *files) Run(ctx context.Context, tell func()) {
	f.look()
	tell()
	w := filewatch.New(func() {
		if f.look() {
			tell()
		}
	})
	defer w.Close()
	folders := map[string]bool{}
	for _, p := range f.patterns {
		folders[filepath.Dir(p)] = true
		if real, err := filepath.EvalSymlinks(p); err == nil {
			folders[filepath.Dir(real)] = true
		}
	}
	w.Follow(slices.Sorted(maps.Keys(folders)))
	if f.look() { // it changed before it was watched
		tell()
	}
	<-ctx.Done()
}

// look reads the files. It reports whether something is new.
func (f *files) look() bool {
	names, err := f.names()
	f.mu.Lock()
	defer f.mu.Unlock()
	changed := false
	for name := range f.known {
		if !slices.Contains(names, name) && f.gone(name) {
			delete(f.known, name)
			changed = true
		}
	}
	for _, name := range names {
		fresh, why := f.read(name)
		changed = changed || fresh
		err = errors.Join(err, why)
	}
	if err != nil {
		return f.health.fail(time.Now(), oneLine(err)) || changed
	}
	return f.health.ok(time.Now()) || changed
}

// gone reports whether a file counts no more: one that a pattern with wildcards
// found. A file that is named, and is missing, may come back.
func (f *files) gone(name string) bool { return !slices.Contains(f.patterns, name) }

// names are the files there are; the error names those that are missing.
func (f *files) names() (names []string, err error) {
	for _, p := range f.patterns {
		found, _ := filepath.Glob(p) // Parse has checked it
		if len(found) == 0 && !strings.ContainsAny(p, "*?[") {
			err = errors.Join(err, fmt.Errorf("%s is not there", p))
		}
		for _, name := range found {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, err
}

// read reads one file, and keeps what it said where it says something else now.
func (f *files) read(name string) (fresh bool, err error) {
	text, err := readMost(name)
	if err != nil {
		return false, err
	}
	if was, ok := f.known[name]; ok && was.text == string(text) {
		return false, nil
	}
	if jsonOnly(name, text) {
		return false, fmt.Errorf("%s is not JSON; what it said before stays", name)
	}
	members, problems, err := parseMembers(text)
	if err != nil {
		return false, fmt.Errorf("%s: %w; what it said before stays", name, err)
	}
	f.known[name] = membersFile{text: string(text), members: members, problems: problems}
	return true, nil
}

// readMost reads a plain file that is not too long.
func readMost(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > mostFile {
		return nil, fmt.Errorf("%s is no plain file, or longer than %d bytes", name, mostFile)
	}
	in, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, mostFile))
}

// Translate implements Source: one text for each balancer.
func (f *files) Translate(prefix string, facts *Facts) (r Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := map[string][]memberLine{}
	who := map[string]string{} // balancer and URL → file
	for _, name := range slices.Sorted(maps.Keys(f.known)) {
		k := f.known[name]
		for _, p := range k.problems {
			r.Problems = append(r.Problems, Problem{Subject: name + ": " + p.Subject, Text: p.Text})
		}
		for _, b := range slices.Sorted(maps.Keys(k.members)) {
			if _, ok := lines[b]; !ok {
				lines[b] = nil // a balancer without members is one
			}
			for _, m := range k.members[b] {
				owner, taken := who[b+" "+m.url], false
				if owner != "" {
					taken = true
				} else if facts.Member != nil {
					owner, taken = facts.Member(b, m.url)
				}
				if taken {
					r.Conflicts = append(r.Conflicts, Conflict{What: "balancer://" + b + " has " + m.url + " from " + owner, Owner: owner, Loser: name})
					continue
				}
				who[b+" "+m.url] = name
				lines[b] = append(lines[b], m)
			}
		}
	}
	for _, b := range slices.Sorted(maps.Keys(lines)) {
		r.Pieces = append(r.Pieces, balancerPiece(prefix, b, lines[b]))
	}
	return r
}

// balancerPiece is the text of one balancer.
func balancerPiece(prefix, name string, members []memberLine) Piece {
	p := Piece{Name: prefix + name, Service: true, Config: "<Proxy balancer://" + name + ">\n"}
	for _, m := range members {
		p.Config += m.text()
		p.Members = append(p.Members, m.url)
	}
	p.Config += "</Proxy>\n"
	return p
}

// Refused implements Source: a text is one balancer, and there is nothing to tell apart.
func (f *files) Refused(map[string][]string) bool { return false }

// State implements Source.
func (f *files) State(r *Report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.health.fill(r)
	r.Seen = len(f.known)
}

// oneLine is an error on one line.
func oneLine(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
}
