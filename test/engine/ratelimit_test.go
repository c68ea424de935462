package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/modules/ratelimit"
)

// RATE_LIMIT limits a body to its rate, whatever the sizes of its pieces. A value
// that httpd cannot read as a rate limits nothing.
func TestRateLimit(t *testing.T) {
	for _, tt := range []struct {
		rate, burst string
		size        int
		want        time.Duration
	}{
		{"", "", 100 << 10, 0},
		{"10", "", 2 << 10, 0},                           // one interval's bytes
		{"10", "", 10 << 10, 800 * time.Millisecond},     // 5 intervals: the first needs no wait
		{"10", "6", 16 << 10, 800 * time.Millisecond},    // the burst is sent with the first
		{"100", "", 1000 << 10, 9800 * time.Millisecond}, // 50 intervals
		{"1000", "100000", 1000 << 10, 0},                // all of it is burst
		{"0", "", 100 << 10, 0},
		{"-5", "", 100 << 10, 0},
		{"many", "", 100 << 10, 0},
		{"99999999", "", 100 << 10, 0},
		{"10x", "", 4 << 10, 200 * time.Millisecond},
		{"10", "-1", 4 << 10, 200 * time.Millisecond},
	} {
		bubble(t, func(t *testing.T) {
			f, err := ratelimit.Filter().New(nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(1, func(r *rig) {
				r.net.Splice = true
				r.net.Backend = always(new(backend), answerOf(tt.size))
				r.chain.Filters = []exchange.Filter{f}
				r.chain.Fixups = []exchange.Step{stepFunc(func(x *exchange.Exchange) error {
					for name, v := range map[string]string{"rate-limit": tt.rate, "rate-initial-burst": tt.burst} {
						if v != "" {
							x.Env.Set(name, []byte(v))
						}
					}
					return nil
				})}
			})
			c := r.net.Connect(0, &layers{front: r.front})
			began := time.Now()
			if a := one(t, c, "GET", get("/", "")); a.status != 200 || !a.complete {
				t.Errorf("%d, complete: %v", a.status, a.complete)
			}
			if took := time.Since(began); took != tt.want {
				t.Errorf("rate %q, burst %q, %d bytes: took %v, want %v", tt.rate, tt.burst, tt.size, took, tt.want)
			}
			_ = c.Close()
			r.end(t)
		})
	}
}

func answerOf(size int) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
}
