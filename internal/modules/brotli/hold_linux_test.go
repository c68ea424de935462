package brotli

import (
	"strconv"
	"testing"

	"github.com/headgate/headgate/internal/coding"
	"github.com/headgate/headgate/internal/testkit"
)

// TestHold: what is encoded on a loop does not hold it for long, at any quality.
func TestHold(t *testing.T) {
	for quality, each := range perByte {
		testkit.EncodingHolds(t, "quality "+strconv.Itoa(quality), coding.OnLoop(each), newEncoder(settings{quality, 18}))
	}
}
