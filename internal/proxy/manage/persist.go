package manage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/wholefile"
)

// fileVersion counts up when the file's form changes its meaning.
const fileVersion = 1

// kept is the file of BalancerPersist: what was changed at run time.
type kept struct {
	Version   int            `json:"version"`
	Balancers []keptBalancer `json:"balancers"`
}

type keptBalancer struct {
	Server  string                         `json:"server"`
	Name    string                         `json:"name"`
	Set     map[string]override            `json:"set,omitempty"`
	Members map[string]map[string]override `json:"members,omitempty"`
	Added   []added                        `json:"added,omitempty"`
	Removed []removed                      `json:"removed,omitempty"`
}

// save writes the file, if what it should have has changed. It is on disk when
// save returns. What cannot be written is logged: the change was made all the same.
func (m *Manager) save() {
	m.saving <- struct{}{}
	defer func() { <-m.saving }()
	m.mu.Lock()
	file, text, sub := m.catalog.File, m.text(), m.persistent()
	m.mu.Unlock()
	if sub == nil || file == "" || bytes.Equal(text, m.saved) {
		return
	}
	if err := wholefile.Replace(file, text); err != nil {
		sub.fail("what was changed cannot be kept for a restart (BalancerPersist): %v", err)
		return
	}
	m.saved = text
}

// persistent returns a balancer with Persist; nil: there is none.
func (m *Manager) persistent() *subject {
	for _, s := range m.catalog.all {
		if s.Persist {
			return s
		}
	}
	return nil
}

// text is what the file should have.
func (m *Manager) text() []byte {
	k := kept{Version: fileVersion, Balancers: []keptBalancer{}}
	for _, s := range m.catalog.all {
		o := m.overrides[s.key]
		if !s.Persist || o == nil {
			continue
		}
		b := keptBalancer{Server: s.server, Name: s.name(), Set: o.own, Added: o.added, Removed: o.removed, Members: maps.Clone(o.members)}
		maps.DeleteFunc(b.Members, func(_ string, set map[string]override) bool { return len(set) == 0 })
		if len(b.Set)+len(b.Members)+len(b.Added)+len(b.Removed) > 0 {
			k.Balancers = append(k.Balancers, b)
		}
	}
	out, _ := json.MarshalIndent(k, "", "\t") // nothing in it fails
	return append(out, '\n')
}

// restore reads the file when the first configuration becomes current. A file that
// cannot be read is logged and counts as none. Balancers that the configuration
// does not have, or that it does not keep, are left out.
func (m *Manager) restore(c *Catalog) {
	sub := m.persistent()
	if m.restored || sub == nil || c.File == "" {
		m.restored = true
		return
	}
	m.restored = true
	text, err := os.ReadFile(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var k kept
	if err == nil {
		k, err = parseKept(text)
	}
	if err != nil {
		sub.fail("%s (BalancerPersist) is ignored, so what was changed before the start is lost: %v", c.File, err)
		return
	}
	for _, b := range k.Balancers {
		for _, s := range c.all {
			if s.Persist && s.server == b.Server && s.name() == b.Name {
				m.overrides[s.key] = b.overrides()
			}
		}
	}
}

// parseKept reads the file.
func parseKept(text []byte) (k kept, err error) {
	if err := json.Unmarshal(text, &k); err != nil {
		return k, err
	}
	if k.Version != fileVersion {
		return k, fmt.Errorf("it is of version %d, not %d", k.Version, fileVersion)
	}
	return k, nil
}

// overrides returns what of b can be changed; a setting that is none is left out.
func (b *keptBalancer) overrides() *balancerOverrides {
	o := &balancerOverrides{own: make(map[string]override), members: make(map[string]map[string]override), added: b.Added, removed: b.Removed}
	for name, set := range b.Set {
		if find(balancerFields[:], name) != nil {
			o.own[name] = set
		}
	}
	for url, list := range b.Members {
		o.members[url] = make(map[string]override)
		for name, set := range list {
			letter, flag := flagOf(name)
			lasts := flag && strings.IndexByte(letters, letter) >= 0 && param.StatusOf(letter)&lasting != 0 &&
				slices.Contains([]string{flagText(letter, true), flagText(letter, false)}, set.Value)
			if lasts || !flag && find(memberFields[:], name) != nil {
				o.members[url][name] = set
			}
		}
	}
	return o
}
