package deflate

import (
	"strconv"
	"testing"

	"github.com/headgate/headgate/internal/coding"
	"github.com/headgate/headgate/internal/testkit"
)

// TestHold: what is encoded on a loop does not hold it for long, at any level.
func TestHold(t *testing.T) {
	for level := 1; level <= 9; level++ {
		e, err := newEncoder(level)
		if err != nil {
			t.Fatal(err)
		}
		testkit.EncodingHolds(t, "level "+strconv.Itoa(level), coding.OnLoop(perByte[level]), e)
	}
}
