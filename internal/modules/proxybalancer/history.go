package proxybalancer

import (
	"cmp"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/proxy/manage"
)

// line shows an entry of the history.
func (s *shower) line(e *manage.Entry, nonce string) change {
	return change{
		ID: "c" + strconv.FormatInt(e.ID, 10), At: e.At.Local().Format(time.TimeOnly), Exact: e.At.Format(time.RFC3339), Text: words(e),
		By: e.By.String(), Undone: e.UndoneBy != 0, Undo: s.undo(e, nonce),
	}
}

// undo is the button that takes an entry back; nil: it cannot be.
func (s *shower) undo(e *manage.Entry, nonce string) *key {
	if e.ID == 0 || e.UndoneBy != 0 || nonce == "" {
		return nil
	}
	return &key{Path: s.path, Balancer: e.Balancer, Nonce: nonce, Entry: e.ID, What: words(e)}
}

// words says what a change has done.
func words(e *manage.Entry) string {
	text := "balancer://" + e.Balancer
	if e.Member != "" {
		text = e.Member + " of " + text
	}
	switch {
	case e.Undoes != 0:
		text += ", undo of change " + strconv.FormatInt(e.Undoes, 10)
	case e.Op == manage.Add:
		text += " added"
	case e.Op == manage.Remove:
		text += " removed"
	}
	for i, d := range e.Diffs {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		text += sep + diff(d)
	}
	return text
}

// diff words one setting that changed.
func diff(d manage.Diff) string {
	if d.Field == "status" {
		for _, f := range flags(0) {
			if len(d.New) == 2 && f.Name[len(f.Name)-1] == d.New[1] {
				return f.Text + map[bool]string{true: " on", false: " off"}[d.New[0] == '+']
			}
		}
		return d.New
	}
	return d.Field + " " + cmp.Or(d.Old, "none") + " → " + cmp.Or(d.New, "none")
}
