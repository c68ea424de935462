package rx

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) {
	// The clock of the backtracker's time limit stops a second after the last
	// match.
	testkit.Main(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}
