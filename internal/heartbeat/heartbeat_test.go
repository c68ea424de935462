package heartbeat

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// loop is one of which nothing is asked but the time.
type loop struct {
	reactor.Loop
	now time.Time
}

func (l *loop) Now() time.Time { return l.now }

var start = time.Unix(10000, 0)

func TestParseMessage(t *testing.T) {
	for text, want := range map[string]Beat{
		"v=1&ready=75&busy=2":              {Ready: 75, Busy: 2, Port: 80},
		"v=1&ready=75&busy=0&port=81":      {Ready: 75, Port: 81},
		"busy=1&&V=0&READY=%37%35x&busy=3": {Ready: 75, Busy: 3, Port: 80},
		"v&ready=-1&busy":                  {Busy: 1, Port: 80},
	} {
		if b, ok := ParseMessage(text); !ok || b != want {
			t.Errorf("%q: %+v, %v", text, b, ok)
		}
	}
	for _, text := range []string{"", "v=1&ready=5", "v=1&busy=5", "ready=1&busy=1", "v=1;ready=1;busy=1"} {
		if _, ok := ParseMessage(text); ok {
			t.Errorf("%q is a heartbeat", text)
		}
	}
}

// What the real httpd elects by, line by line.
func TestParseTable(t *testing.T) {
	for text, want := range map[string]string{
		"a &ready=10&busy=1&lastseen=0&port=80\nb &ready=30&busy=1&lastseen=5\nc &ready=80&busy=0&lastseen=9\n": "10 30 20",
		"a ready=10&busy=1&lastseen=10\n#b &ready=30&busy=1&lastseen=5\nc &ready=3&busy=0&lastseen=-9\n":        "0 0 0",
		"a ready=10&busy=1\nb &ready=30&lastseen=5&port=80\nnonsense\n\nc &ready=30&busy=0&lastseen=2":          "10 7 7",
		"a ready=10&busy=1\nb &ready=30&lastseen=5\nb Busy=7&%72eady=40\nc &ready=30&busy=0&lastseen=2\n":       "10 40 7",
		"": "0 0 0",
	} {
		table := ParseTable(text, start)
		var got []string
		for _, host := range []string{"a", "b", "c"} {
			got = append(got, strconv.Itoa(table.Slots(&loop{now: start}, host)))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %s, want %s", text, s, want)
		}
	}
}

// A server counts for ten seconds after its last heartbeat, and is forgotten after
// thirty.
func TestTable(t *testing.T) {
	table := &Table{limit: 2}
	beat := Beat{Ready: 8, Busy: 1, Port: 80}
	if !table.Heard("b", beat, start) || !table.Heard("a", Beat{Ready: 8, Port: 81}, start.Add(time.Second)) || table.Heard("c", beat, start) {
		t.Error("the limit of servers")
	}
	for after, want := range map[time.Duration]int{0: 8, 9999 * time.Millisecond: 8, 10 * time.Second: 0} {
		if got := table.Slots(&loop{now: start.Add(after)}, "b"); got != want {
			t.Errorf("after %v: %d slots", after, got)
		}
	}
	want := "a &ready=8&busy=0&lastseen=4&port=81\nb &ready=8&busy=1&lastseen=5&port=80\n"
	if got := string(table.Append(nil, start.Add(5500*time.Millisecond))); got != want {
		t.Errorf("%q", got)
	}
	table.Forget(start.Add(30500 * time.Millisecond))
	if got := string(table.Append(nil, start.Add(31*time.Second))); got != "a &ready=8&busy=0&lastseen=30&port=81\n" {
		t.Errorf("%q", got)
	}
	if n := testing.AllocsPerRun(100, func() { table.Heard("a", beat, start); table.Slots(&loop{now: start}, "a") }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

// A monitor hears what is sent to it, writes the file, and ends.
func TestMonitor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hb.dat")
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(testkit.FreePort(t)))
	m, err := Listen(at, path, 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Listen(at, "", 20) // of a reload
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
	c, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for _, text := range []string{"rubbish", strings.Repeat("x", 2000), "v=1&ready=7&busy=2"} {
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, "the heartbeat", func() bool { return m.Slots(&loop{now: time.Now()}, "127.0.0.1") == 7 })
	m.update(time.Now())
	data, err := os.ReadFile(path)
	if err != nil || string(data) != "127.0.0.1 &ready=7&busy=2&lastseen=0&port=80\n" {
		t.Errorf("%q, %v", data, err)
	}
	if rest, _ := filepath.Glob(path + ".tmp*"); len(rest) > 0 {
		t.Errorf("left: %v", rest)
	}
	m.Close()
}

// FuzzTable: whatever is in a file or a heartbeat, the table's own lines read as
// the same again.
func FuzzTable(f *testing.F) {
	f.Add("a &ready=10&busy=1&lastseen=0&port=80\n#b\n\nc x=%41&busy\n")
	f.Add("v=1&ready=75&busy=0")
	f.Fuzz(func(t *testing.T, text string) {
		ParseMessage(text)
		table := ParseTable(text, start)
		once := string(table.Append(nil, start))
		again := string(ParseTable(once, start).Append(nil, start))
		if once != again && !strings.Contains(once, "#") && !strings.HasPrefix(once, " ") {
			t.Fatalf("%q, then %q", once, again)
		}
	})
}
