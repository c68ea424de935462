package logconfig

import (
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // lines are the same wherever they are made
	testkit.Main(m)
}
