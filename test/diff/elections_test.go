package diff

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

var (
	electSeed = flag.Uint64("elect.seed", 0, "with -live: the first seed of random balancers beyond the recorded ones; 0: by the time")
	electFor  = flag.Duration("elect.for", 0, "with -live: for how long random balancers are compared beyond the recorded ones")
)

// electionSeeds are the configurations that are recorded.
const electionSeeds = 8

const electionRecord = "elections.txtar"

// TestElections plays random balancers with random requests to Headgate, and compares who was elected with what httpd did.
// With -live it plays httpd too, and with -elect.for further configurations that are not recorded.
func TestElections(t *testing.T) {
	testkit.Binary(t)
	if *live {
		testkit.NeedHttpd(t)
	}
	rec := &testkit.Archive{Comment: "Whom httpd elected. Written by: go test ./test/diff -run Elections -live -record\n"}
	if !*record {
		var err error
		if rec, err = testkit.ReadArchive(electionRecord); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range uint64(electionSeeds) {
		name := fmt.Sprintf("seed-%d", seed)
		t.Run(name, func(t *testing.T) {
			bs := randomBalancers(seed)
			want, _ := rec.File(name)
			if *live {
				got := bs.play(t, testkit.StartHttpd)
				if *record {
					rec.Files = append(rec.Files, testkit.File{Name: name, Data: got})
				} else if got != want {
					t.Errorf("httpd no longer does what is recorded (- recorded, + now)\n%s", bs.diff(want, got))
				}
				want = got
			}
			if got := bs.play(t, startOneLoop); got != want {
				t.Errorf("differs (- httpd, + headgate)\n%s", bs.diff(want, got))
			}
		})
	}
	if *record {
		if err := os.WriteFile(electionRecord, rec.Format(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if *live && *electFor > 0 {
		t.Run("more", moreElections)
	}
}

// moreElections compares further configurations until the time is over.
func moreElections(t *testing.T) {
	seed := *electSeed
	if seed == 0 {
		seed = uint64(time.Now().Unix())
	}
	requests, first := 0, seed
	for end := time.Now().Add(*electFor); time.Now().Before(end) && !t.Failed(); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bs := randomBalancers(seed)
			want := bs.play(t, testkit.StartHttpd)
			if got := bs.play(t, startOneLoop); got != want {
				t.Errorf("differs (- httpd, + headgate): -elect.seed=%d\n%s", seed, bs.diff(want, got))
			}
			requests += strings.Count(want, "\n")
		})
	}
	t.Logf("seeds %d to %d: %d lines compared", first, seed-1, requests)
}

// startOneLoop starts Headgate with one loop, as only then all requests have one order.
func startOneLoop(t testing.TB, site testkit.Site) *testkit.Server {
	site.Env = append(site.Env, "HEADGATE_LOOPS=1")
	return testkit.StartHeadgate(t, os.Getenv("DIFF_ENGINE"), site)
}

// balancers are random balancers of one configuration.
type balancers []*randomBalancer

// randomBalancer is a balancer with what happens to it.
type randomBalancer struct {
	name string
	conf string
	acts []electAct
}

// electAct is a request, or the end or return of a backend.
type electAct struct {
	fate     string // "down u1", "up u1"; "": a request
	head     string // of the request
	body     int    // bytes
	size     int    // of the response
	status   int    // of the response
	client   int    // on which connection
	held     bool   // the response waits until the connection is needed again
	describe string
}

// diff prints the balancers whose transcripts differ, with their configurations.
func (bs balancers) diff(want, got string) string {
	var out strings.Builder
	ws, gs := transcripts(want), transcripts(got)
	for _, b := range bs {
		if ws[b.name] != gs[b.name] {
			fmt.Fprintf(&out, "%s%s", b.conf, lineDiff(ws[b.name], gs[b.name]))
		}
	}
	return out.String()
}

// transcripts returns the parts of a transcript by balancer.
func transcripts(text string) map[string]string {
	parts := map[string]string{}
	for _, part := range strings.Split("\n"+text, "\n= ")[1:] {
		name, lines, _ := strings.Cut(part, "\n")
		parts[name] = lines
	}
	return parts
}

// randomBalancers makes the balancers of a seed.
func randomBalancers(seed uint64) (bs balancers) {
	r := &dice{rand.New(rand.NewPCG(seed, 1))}
	for i := range 25 {
		bs = append(bs, r.balancer(fmt.Sprintf("b%d", i)))
	}
	return bs
}
