package authnanon_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/authnanon"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// check asks the provider of a <Location> with a configuration, and returns its
// result and what it logged.
func check(t *testing.T, conf, user, password string) (module.AuthnResult, string) {
	t.Helper()
	root, _ := syntax.Parse("x.conf", "<Location /a>\n"+conf+"\n</Location>")
	main, found := directive.Apply(root, directive.Known().With(core.New(nil, nil).Rows).With(authnanon.New().Rows), directive.Options{})
	if directive.Blocking(found) {
		t.Fatal(found)
	}
	p, err := authnanon.Provider().Passwords(nil, &module.Dir{Conf: main.Children[0].Dir})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	levels := logsink.Levels{Default: logsink.Info}
	x := &exchange.Exchange{Client: &exchange.Client{}, Site: &exchange.Site{Log: logsink.NewStartupLog(&log), Levels: &levels}}
	return p.CheckPassword(x, []byte(user), []byte(password)), log.String()
}

func TestLogEmail(t *testing.T) {
	for _, tt := range []struct {
		conf, password, logged string
	}{
		{"Anonymous guest", "a@b.example", "<a@b.example>"},
		{"Anonymous guest", "my secret", "<not an address>"},
		{"Anonymous guest\nAnonymous_MustGiveEmail off", "", "<'none'>"},
		{"Anonymous guest\nAnonymous_LogEmail off", "a@b.example", ""},
	} {
		r, log := check(t, tt.conf, "Guest", tt.password)
		if r != module.AuthnGranted || !strings.Contains(log, tt.logged) || (log == "") != (tt.logged == "") {
			t.Errorf("%s: %d, %s", tt.conf, r, log)
		}
	}
}
