package authnfile

import (
	"testing"
	"time"

	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/reactor"
)

// guess is a coroutine that tries a password.
type guess struct {
	t     *testing.T
	check module.PasswordChecker
	loop  reactor.Loop
	word  string
	ended *int
}

func (g *guess) Run() {
	if r := g.check.CheckPassword(exchangeOn(g.loop), []byte("joe"), []byte(g.word)); r != module.AuthnDenied {
		g.t.Errorf("%s: %d", g.word, r)
	}
	*g.ended++
}

// TestBusy: while many passwords are compared, one at a time here, the loop goes
// on, and a request whose verdict is known does not wait.
func TestBusy(t *testing.T) {
	check, store := checker(t, "joe:"+hashed(t, "secret", 6)+"\n", 2)
	e := reactor.NewEpoll(1, reactor.Hooks{Panic: func(v any, stack []byte) { t.Errorf("panic %v\n%s", v, stack) }})
	done := make(chan struct{})
	e.Run(func(l reactor.Loop) {
		defer close(done)
		if r := check.CheckPassword(exchangeOn(l), []byte("joe"), []byte("secret")); r != module.AuthnGranted {
			t.Errorf("%d", r)
		}
		ended := 0
		var tasks []reactor.Task
		for i := range 40 {
			tasks = append(tasks, l.Go(&guess{t, check, l, "guess" + string(rune('a'+i)), &ended}))
		}
		turns := 0
		for ended < len(tasks) {
			if n := store.verdicts.busy.Load(); n > 1 {
				t.Errorf("%d are compared at once", n)
			}
			if r := check.CheckPassword(exchangeOn(l), []byte("joe"), []byte("secret")); r != module.AuthnGranted {
				t.Errorf("%d", r)
			}
			turns++
			l.Sleep(time.Millisecond)
		}
		if turns < 5 { // compared on the loop they would leave it none
			t.Errorf("the loop had %d turns while %d passwords were compared", turns, len(tasks))
		}
		for _, task := range tasks {
			task.Wait()
		}
		if n := store.verdicts.busy.Load(); n != 0 {
			t.Errorf("%d are busy at the end", n)
		}
	})
	<-done
	e.Drain(nil)
}
