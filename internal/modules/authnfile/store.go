package authnfile

import (
	"crypto/rand"

	"github.com/headgate/headgate/internal/freshfile"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/passwd"
)

// Store keeps what is known of users between requests. It outlives snapshots: a
// verdict stays true after a reload.
type Store struct {
	verdicts verdicts
}

// NewStore returns an empty store.
func NewStore() *Store {
	s := new(Store)
	_, _ = rand.Read(s.verdicts.secret[:]) // it never fails
	return s
}

// tables are the files of one snapshot, by name.
type tables struct {
	users  *freshfile.Set[passwd.Users]
	realms *freshfile.Set[passwd.Realms]
}

// tablesKey is where a Builder keeps the tables.
type tablesKey struct{}

// server makes the tables of a part of a snapshot, before any chain is compiled.
func (s *Store) server(b *module.Builder, _ *module.Server) error {
	if b.Aux.Own(tablesKey{}) == nil {
		b.Aux.Put(tablesKey{}, &tables{freshfile.NewSet(passwd.ParseUsers), freshfile.NewSet(passwd.ParseRealms)})
		s.verdicts.allow(max(1, b.Loops/2))
	}
	return nil
}

func tablesOf(b *module.Builder) *tables { return b.Aux.Get(tablesKey{}).(*tables) }
