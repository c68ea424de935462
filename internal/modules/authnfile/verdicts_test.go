package authnfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// checker returns the provider of a section with a file of users, and the store.
func checker(t testing.TB, users string, loops int) (module.PasswordChecker, *Store) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(name, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour) // it is not looked at twice for being new
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	s := NewStore()
	b := &module.Builder{Loops: loops}
	if err := s.server(b, nil); err != nil {
		t.Fatal(err)
	}
	d := &module.Dir{Conf: new(directive.Confs)}
	slot.Of(d.Conf).file.To(name)
	check, err := s.Provider().Passwords(b, d)
	if err != nil {
		t.Fatal(err)
	}
	return check, s
}

func exchangeOn(l reactor.Loop) *exchange.Exchange {
	levels := logsink.DefaultLevels()
	return &exchange.Exchange{
		Loop: l, Client: &exchange.Client{},
		Site: &exchange.Site{Log: logsink.NewStartupLog(os.Stderr), Levels: &levels},
	}
}

// stepLoop runs what is awaited at once, at a time that the test sets.
type stepLoop struct {
	reactor.Loop
	now       time.Time
	computing int
}

func (l *stepLoop) Now() time.Time            { return l.now }
func (l *stepLoop) Index() int                { return 0 }
func (l *stepLoop) NewParker() reactor.Parker { return parker{} }

func (l *stepLoop) Offload(ctx context.Context, w reactor.Work, j reactor.Job) error {
	if w == reactor.Computing {
		l.computing++
	}
	j.Do(ctx)
	return nil
}

// parker is for waits that have ended when they begin.
type parker struct{}

func (parker) Park(time.Time) bool { return true }
func (parker) Unpark(reactor.Loop) {}

func hashed(t testing.TB, password string, cost int) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func TestVerdicts(t *testing.T) {
	check, store := checker(t, "joe:"+hashed(t, "secret", 4)+"\nsha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nnew:$y$j9T$x$y\n", 2)
	l := &stepLoop{now: time.Now()}
	x := exchangeOn(l)
	for i, tt := range []struct {
		after          time.Duration
		user, password string
		want           module.AuthnResult
		computed       int // in all
	}{
		{0, "joe", "secret", module.AuthnGranted, 1},
		{0, "joe", "secret", module.AuthnGranted, 1},
		{0, "joe", "wrong", module.AuthnDenied, 2},
		{0, "joe", "wrong", module.AuthnDenied, 2},
		{0, "joesecret", "", module.AuthnNotFound, 2},
		{0, "sha", "secret", module.AuthnGranted, 2},
		{0, "sha", "Secret", module.AuthnDenied, 2},
		{0, "new", "secret", module.AuthnDenied, 3},
		{wrongLife, "joe", "wrong", module.AuthnDenied, 4},
		{rightLife - wrongLife - 1, "joe", "secret", module.AuthnGranted, 4},
		{1, "joe", "secret", module.AuthnGranted, 5},
	} {
		l.now = l.now.Add(tt.after)
		if got := check.CheckPassword(x, []byte(tt.user), []byte(tt.password)); got != tt.want || l.computing != tt.computed {
			t.Errorf("%d: %d, %d computed; want %d, %d", i, got, l.computing, tt.want, tt.computed)
		}
	}
	for i := range 2 * mostWrong {
		check.CheckPassword(x, []byte("sha"), fmt.Appendf(nil, "%d", i))
	}
	if n := len(store.verdicts.lanes[0].wrong); n > mostWrong {
		t.Errorf("%d wrong ones are remembered", n)
	}
	user, password := []byte("joe"), []byte("secret")
	if n := testing.AllocsPerRun(100, func() { check.CheckPassword(x, user, password) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
