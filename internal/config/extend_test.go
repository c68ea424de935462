package config_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/source"
	"github.com/headgate/headgate/internal/testkit"
)

// extendFiles is what the guests of TestExtend stand behind.
const extendFiles = `ServerName main.test
Listen 127.0.0.1:18080
Listen 127.0.0.1:18081
HeadgateDiscover docker unix:/none
<Proxy "balancer://common">
    BalancerMember "http://127.0.0.1:9100"
</Proxy>
<VirtualHost *:18080>
    ServerName file.test
    ProxyPass "/" "balancer://common/"
</VirtualHost>
`

// extendTexts are the kinds of guests: N and NNN are a number.
var extendTexts = []string{
	"<VirtualHost *:18080>\nServerName aN.test\nProxyPass \"/\" \"http://127.0.0.1:9NNN/\"\n</VirtualHost>\n",
	"<VirtualHost *:18080>\n<Proxy \"balancer://own\">\nBalancerMember \"http://127.0.0.1:9NNN\"\nBalancerMember \"http://127.0.0.2:9NNN\"\n</Proxy>\n" +
		"ServerName aN.test\nProxyPass \"/\" \"balancer://own/\"\n</VirtualHost>\n",
	"<VirtualHost *:18080 *:18081>\nServerName aN.test\nProxyPass \"/\" \"balancer://common/\"\nRedirect \"/x\" \"/y\"\n</VirtualHost>\n",
	"<VirtualHost *:18081>\nProxyPass \"/\" \"balancer://common/\"\n<Location \"/p\">\nRequire all denied\n</Location>\n</VirtualHost>\n",
	"<VirtualHost *:18080>\nServerName aN.test\n<Location \"/s\">\nSetHandler server-status\n</Location>\n</VirtualHost>\n", // for the whole server
	"<Proxy \"balancer://topN\">\nBalancerMember \"http://127.0.0.1:9NNN\"\n</Proxy>\n",                                     // likewise
	"<VirtualHost *:18080>\nServerName aN.test\nProxyPass \"/\" \"nosuch://127.0.0.1/\"\n</VirtualHost>\n",                  // cannot be built
	"<VirtualHost *:18080>\nServerName aN.test\nNonsense\n</VirtualHost>\n",                                                 // cannot be read
	"<VirtualHost *:18080>\nServerName aN.test\nServerAlias *.aN.test\nProxyPass \"/\" \"!\"\n</VirtualHost>\n",
}

// Whatever is discovered, in whatever order it comes and goes: what Extend returns is
// what a load from nothing returns, and holds as much of the surviving state.
func TestExtend(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	rt := runtimeOf(t)
	rt.Manager = manage.New()
	o := config.Options{File: filepath.Join(t.TempDir(), "httpd.conf"), Text: extendFiles, ServerRoot: "/", Version: "Headgate/test"}
	current := config.Load(o, rt, modules.All())
	texts, extended := map[int]source.Text{}, 0
	for step := range 150 {
		for range 1 + r.IntN(3) {
			change(r, texts)
		}
		o.Guests, o.Generation = inOrder(texts), uint64(step)
		next := current.Extend(o.Guests, o.Generation)
		if next != nil {
			extended++
		} else if next = config.Load(o, rt, modules.All()); !next.OK() {
			t.Fatal(next.Found)
		}
		next.Snapshot.Become()
		<-current.Snapshot.Retire().Done()
		current = next
		other := runtimeOf(t)
		other.Manager = manage.New()
		whole := config.Load(o, other, modules.All())
		whole.Snapshot.Become()
		if got, want := describe(next, rt), describe(whole, other); got != want {
			t.Fatalf("step %d: with %v\n%s\nfrom nothing:\n%s", step, o.Guests, got, want)
		}
		<-whole.Snapshot.Retire().Done()
	}
	if extended < 20 {
		t.Errorf("only %d of 150 changes were taken over beside the rest", extended)
	}
	<-current.Snapshot.Retire().Done()
	testkit.Eventually(t, "no state left", func() bool { return states(rt) == 0 })
}

// change adds, changes or removes a text.
func change(r *rand.Rand, texts map[int]source.Text) {
	i := r.IntN(12)
	if r.IntN(3) == 0 {
		delete(texts, i)
		return
	}
	kind := r.IntN(len(extendTexts))
	if (kind == 4 || kind == 5) && r.IntN(4) > 0 {
		kind = 0 // rarely, so that most changes need not load everything
	}
	text := strings.NewReplacer("NNN", fmt.Sprintf("%03d", i), "aN", fmt.Sprint("a", i), "topN", fmt.Sprint("top", i)).Replace(extendTexts[kind])
	texts[i] = source.Text{Name: fmt.Sprintf("discovered:docker/%02d", i), Text: text}
}

func inOrder(texts map[int]source.Text) (list []source.Text) {
	for i := range 12 {
		if t, ok := texts[i]; ok {
			list = append(list, t)
		}
	}
	return list
}

// describe is what can be seen of a configuration.
func describe(l *config.Loaded, rt *config.Runtime) string {
	var b strings.Builder
	guests, others := l.Blame()
	fmt.Fprintf(&b, "refused: %v %v\n", guests, others)
	var lines []string
	for s := range l.Snapshot.Sites() {
		lines = append(lines, "site "+s.Name+" "+s.Defined)
	}
	for w := range l.Snapshot.Workers() {
		lines = append(lines, "worker "+w.Name)
	}
	for _, m := range rt.Manager.All() {
		lines = append(lines, fmt.Sprintf("balancer %s %s %d", m.Server, m.Name, len(m.Members)))
	}
	for _, port := range []string{"18080", "18081"} {
		set := l.Snapshot.VHosts.Base(netip.MustParseAddrPort("127.0.0.1:" + port))
		for _, host := range []string{"main.test", "file.test", "nobody.test", "a0.test", "a1.test", "a2.test", "a3.test", "a7.test", "x.a5.test", "a11.test"} {
			lines = append(lines, port+" "+host+" → "+l.Snapshot.VHosts.Pick(set, []byte(host)).Defined)
		}
	}
	slices.Sort(lines)
	fmt.Fprintf(&b, "%s\nstates %d\n", strings.Join(lines, "\n"), states(rt))
	return b.String()
}
