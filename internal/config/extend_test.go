package config_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/metrics"
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

// vhost is a guest with a virtual host of these lines.
func vhost(name string, lines ...string) source.Text {
	return source.Text{Name: "discovered:docker/" + name, Text: "<VirtualHost *:18080>\n" + strings.Join(lines, "\n") + "\n</VirtualHost>\n"}
}

// extendable loads guests and some more of them, first in two steps, then in one.
func extendable(t *testing.T, files string, first, more []source.Text, see func(t *testing.T, l *config.Loaded, rt *config.Runtime)) {
	t.Helper()
	o := config.Options{
		File: filepath.Join(t.TempDir(), "httpd.conf"), Text: "ServerName main.test\nListen 127.0.0.1:18080\nHeadgateDiscover docker unix:/none\n" + files,
		ServerRoot: "/", Version: "Headgate/test", Guests: first,
	}
	for name, extended := range map[string]bool{"extended": true, "loaded": false} {
		t.Run(name, func(t *testing.T) {
			rt, o := runtimeOf(t), o
			rt.Manager = manage.New()
			if !extended {
				o.Guests = append(slices.Clip(first), more...)
			}
			l := config.Load(o, rt, modules.All())
			if !l.OK() {
				t.Fatal(l.Found)
			}
			if extended {
				next := l.Extend(append(slices.Clip(first), more...), 2)
				if next == nil {
					t.Fatal("it is not for itself")
				}
				l.Snapshot.Become()
				<-l.Snapshot.Retire().Done()
				l = next
			}
			l.Snapshot.Become()
			see(t, l, rt)
			<-l.Snapshot.Retire().Done()
		})
	}
}

// A pattern of names takes no names from guests before it, also where it is read with
// the files.
func TestExtendOrder(t *testing.T) {
	first := []source.Text{
		vhost("a", "ServerName a.test"), vhost("b", "ServerName b.test", "<Location /s>", "SetHandler server-status", "</Location>", "ServerAlias *"),
	}
	extendable(t, "", first, []source.Text{vhost("c", "ServerName c.test")}, func(t *testing.T, l *config.Loaded, _ *config.Runtime) {
		v := l.Snapshot.VHosts
		set := v.Base(netip.MustParseAddrPort("127.0.0.1:18080"))
		for host, want := range map[string]string{"a.test": "a.test", "b.test": "b.test", "c.test": "b.test", "x.test": "b.test"} {
			if got := v.Pick(set, []byte(host)).Name; got != want {
				t.Errorf("%s: %s, want %s", host, got, want)
			}
		}
	})
}

// Servers with the same name and port have different names where balancers are managed
// and requests are counted.
func TestExtendNames(t *testing.T) {
	same := func(name string) source.Text {
		return vhost(name, "ServerName same.test", "<Proxy balancer://"+name+">", "BalancerMember http://127.0.0.1:9000", "</Proxy>", "ProxyPass / balancer://"+name+"/")
	}
	extendable(t, "", []source.Text{same("a")}, []source.Text{same("b"), same("c")}, func(t *testing.T, _ *config.Loaded, rt *config.Runtime) {
		for _, b := range rt.Manager.All() {
			want := map[string]string{"a": "same.test:18080", "b": "same.test:18080#2", "c": "same.test:18080#3"}[strings.TrimPrefix(b.Name, "balancer://")]
			if list := rt.Manager.List(b.Server); b.Server != want || len(list) != 1 || list[0].Name != b.Name {
				t.Errorf("%s at %s: %d balancers", b.Name, b.Server, len(list))
			}
		}
	})
}

// A guest cannot open the forward proxy of the main server.
func TestExtendOpenProxy(t *testing.T) {
	open := vhost("a", "ServerName a.test", `<Proxy "*">`, "Require all granted", "</Proxy>")
	extendable(t, "ProxyRequests On\n<Proxy \"*\">\nRequire local\n</Proxy>\n", nil, []source.Text{open}, func(t *testing.T, l *config.Loaded, _ *config.Runtime) {
		if why := l.Left[open.Name]; len(why) != 1 || !strings.Contains(why[0], "everybody could use this server as a proxy") {
			t.Errorf("left out: %q", why)
		}
	})
}

// The virtual host for names that nobody has is read with the files: others at its
// port take over its certificate.
func TestExtendNobody(t *testing.T) {
	o := config.Options{File: "/httpd.conf", Text: extendFiles, ServerRoot: "/", Version: "Headgate/test"}
	rt := runtimeOf(t)
	l := config.Load(o, rt, modules.All())
	if next := l.Extend([]source.Text{vhost("n", "ServerName default.invalid")}, 2); next != nil {
		t.Error("it is for itself")
	}
	<-l.Snapshot.Retire().Done()
}

// certFolder is a folder with the certificates for tests.
func certFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range testkit.CertFiles() {
		at := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// secure is a guest with a certificate of a folder.
func secure(dir, name string, lines ...string) source.Text {
	at := dir + "/certs/" + name
	return vhost(name, append(lines, "SSLCertificateFile "+at+".crt", "SSLCertificateKeyFile "+at+".key", "ServerName "+name+".test")...)
}

// Without SSLEngine virtual hosts with certificates have TLS at a port of https, those of
// files like guests.
func TestExtendListen(t *testing.T) {
	dir := certFolder(t)
	files := "Listen 18443 https\n" + strings.ReplaceAll(secure(dir, "a").Text, "18080", "18443")
	guest := secure(dir, "b")
	guest.Text = strings.ReplaceAll(guest.Text, "18080", "18443")
	extendable(t, files, nil, []source.Text{guest}, func(t *testing.T, l *config.Loaded, _ *config.Runtime) {
		for s := range l.Snapshot.Sites() {
			if s.Virtual && !s.TLS.On() {
				t.Errorf("%s is plain", s.Name)
			}
		}
	})
}

// The certificate of a guest goes with OCSP responses where the main server says so,
// and ends to when the guest does.
func TestExtendStapling(t *testing.T) {
	dir := certFolder(t)
	a, b := secure(dir, "a", "SSLEngine On"), secure(dir, "b", "SSLEngine On")
	files := "SSLUseStapling On\nSSLStaplingCache shmcb:x\n" + strings.Replace(b.Text, "b.test", "file.test", 1)
	extendable(t, files, nil, []source.Text{a, b}, func(t *testing.T, l *config.Loaded, _ *config.Runtime) {
		if len(l.Left) > 0 {
			t.Fatal(l.Left)
		}
		var tasks []int
		for _, p := range l.Snapshot.Parts {
			tasks = append(tasks, len(p.Tasks))
		}
		if !slices.Equal(tasks, []int{0, 1, 0}) {
			t.Errorf("parts have %v tasks: b has the certificate of the files", tasks)
		}
	})
}

// However many virtual hosts are counted together, a new one has separate metrics once
// there is room.
func TestExtendMetrics(t *testing.T) {
	rt := runtimeOf(t)
	rt.Meters = metrics.NewBook(1)
	o := config.Options{File: "/httpd.conf", Text: extendFiles + "<Location /m>\nSetHandler headgate-metrics\n</Location>\n", ServerRoot: "/", Version: "Headgate/test"}
	for i := range metrics.MaxHosts + 20 {
		o.Guests = append(o.Guests, vhost(fmt.Sprint("g", i), fmt.Sprintf("ServerName g%d.test", i)))
	}
	l := config.Load(o, rt, modules.All())
	if !l.OK() {
		t.Fatal(l.Found)
	}
	folded := func(l *config.Loaded) (n int) {
		for _, p := range l.Snapshot.Parts {
			n += p.Folded()
		}
		return n
	}
	if n := folded(l); n != 22 {
		t.Errorf("%d are counted together", n)
	}
	next := l.Extend(append(o.Guests[10:], vhost("new", "ServerName new.test")), 2)
	<-l.Snapshot.Retire().Done()
	if parts := next.Snapshot.Parts; folded(next) != 22 || parts[len(parts)-1].Folded() != 0 {
		t.Errorf("%d are counted together, %d of the new one", folded(next), parts[len(parts)-1].Folded())
	}
	<-next.Snapshot.Retire().Done()
}
