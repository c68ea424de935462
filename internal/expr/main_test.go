package expr

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) {
	// The goroutine of the backtracker's time limit ends by itself, one second after
	// the last match.
	testkit.Main(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}
