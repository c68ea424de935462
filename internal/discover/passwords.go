package discover

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/headgate/headgate/internal/labels"
	"github.com/headgate/headgate/internal/lock"
)

// passwordFiles are the files of users that labels ask for, in a folder that only
// the server's user may read. There is none before one is needed.
type passwordFiles struct {
	mu   lock.Mutex // guards what follows
	dir  string     // "": none yet
	made bool
	have map[string]string
	last []labels.File // that were written without an error
}

// folder returns the folder; it need not exist yet.
func (p *passwordFiles) folder(f *Facts) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dir == "" && f.Private != nil {
		p.dir = f.Private()
	}
	return p.dir
}

// write makes the folder hold the files.
func (p *passwordFiles) write(files []labels.File, f *Facts) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(files) == 0 && !p.made || p.dir == "" {
		return nil
	}
	if p.made && slices.Equal(files, p.last) {
		return nil
	}
	p.last = nil
	err := os.MkdirAll(p.dir, 0o700)
	if err == nil && !p.made {
		err = f.own(p.dir)
	}
	p.made = true
	now := map[string]string{}
	for _, file := range files {
		now[file.Name] = file.Content
		if old, ok := p.have[file.Name]; !ok || old != file.Content {
			at := filepath.Join(p.dir, filepath.Base(file.Name))
			err = errors.Join(err, os.WriteFile(at+"~", []byte(file.Content), 0o600), f.own(at+"~"), os.Rename(at+"~", at))
		}
	}
	for name := range p.have {
		if _, still := now[name]; !still {
			err = errors.Join(err, os.Remove(filepath.Join(p.dir, filepath.Base(name))))
		}
	}
	p.have = now
	if err != nil {
		return oneLine(err)
	}
	p.last = slices.Clone(files)
	return nil
}

// own makes a file that of the server's user.
func (f *Facts) own(name string) error {
	if f.UID < 0 {
		return nil
	}
	return os.Chown(name, f.UID, f.GID)
}

// remove removes the folder with its files.
func (p *passwordFiles) remove() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made {
		_ = os.RemoveAll(p.dir)
	}
}
