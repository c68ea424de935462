package zstd

import (
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/headgate/headgate/internal/coding"
	"github.com/headgate/headgate/internal/testkit"
)

// TestHold: what is encoded on a loop does not hold it for long, at any level.
func TestHold(t *testing.T) {
	for level := zstd.SpeedFastest; level <= zstd.SpeedBestCompression; level++ {
		e, err := newEncoder(settings{level, 19})
		if err != nil {
			t.Fatal(err)
		}
		testkit.EncodingHolds(t, level.String(), coding.OnLoop(perByte[level]), e)
	}
}
