package lint

import (
	"path"
	"strings"
	"testing"
)

// layers says which packages may import which: a package imports only from layers with a smaller number. A pattern
// stands for one folder, as in path.Match. A package that is missing here fails: decide where it belongs.
var layers = []struct {
	layer    int
	packages string
}{
	{0, "internal/ascii internal/fault internal/gunzip internal/lock internal/processors internal/record internal/rx internal/uring internal/wholefile"},
	{1, "internal/clock internal/strftime internal/glob internal/subnet internal/syntax internal/reactor internal/filewatch internal/metrics internal/prefix internal/textmap internal/resolve internal/uri internal/page internal/scoreboard internal/incident internal/cipherlist internal/certfile internal/certvar internal/clienthello internal/crl internal/responder"},
	{2, "internal/certcheck internal/tunnel internal/proxyproto internal/expr internal/source internal/message internal/logsink internal/tlsconn internal/waitqueue internal/passwd internal/passphrase internal/stapling internal/freshfile internal/negotiate internal/inode internal/directive internal/proxy/param"},
	{3, "internal/wire internal/exchange internal/state internal/backtls internal/labels"},
	{4, "internal/coding internal/conditional internal/worker internal/explain internal/front/* internal/listen internal/unixd internal/control internal/discover internal/heartbeat"},
	{5, "internal/files internal/balance internal/health internal/backend/attempt internal/backend/cgi internal/proxy/forward internal/privsep"},
	{6, "internal/backend/* internal/snapshot internal/proxy/mapping internal/proxy/balancer internal/proxy/manage internal/proxy/onward"},
	{7, "internal/backend internal/module internal/pipeline"},
	{8, "internal/modules/*"},
	{9, "internal/config internal/modules"},
	{10, "internal/server internal/demo internal/route"},
	{11, "cmd/headgate internal/docgen internal/directive/gen"},
}

// beside lists the packages outside of the layers: they may import anything, and only tests may
// import them.
var beside = "internal/lint internal/testkit internal/testkit/* internal/testkit/dockerd/app test/* bench bench/*"

// layerOf returns the layer of a folder: -1 outside of the layers, -2 unknown.
func layerOf(pkg string) int {
	for _, l := range layers {
		if among(l.packages, pkg) {
			return l.layer
		}
	}
	if among(beside, pkg) {
		return -1
	}
	return -2
}

func among(patterns, pkg string) bool {
	for _, p := range strings.Fields(patterns) {
		if ok, _ := path.Match(p, pkg); ok {
			return true
		}
	}
	return false
}

func TestLayers(t *testing.T) {
	unknown := map[string]bool{}
	for _, f := range source(t) {
		own := layerOf(f.pkg)
		if own == -2 && !unknown[f.pkg] {
			unknown[f.pkg] = true
			t.Errorf("%s is in no layer: give it a row in internal/lint/layers_test.go", f.pkg)
		}
		if f.test || own < 0 {
			continue // tests may look anywhere
		}
		for _, in := range f.imports() {
			switch l := layerOf(in); {
			case l == -1:
				t.Errorf("%s imports %s, which is for tests only", f.path, in)
			case l >= own:
				t.Errorf("%s (layer %d) imports %s (layer %d): it may import only from below; declare an interface "+
					"below both, or move what it needs", f.path, own, in, l)
			}
		}
	}
}
