package discover

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		words string
		want  Spec
		err   string
	}{
		{"docker", Spec{Kind: KindDocker, Address: DefaultDocker}, ""},
		{"Docker unix:/run/d.sock network=web default-host=WWW.example project=shop expose=all", Spec{Kind: KindDocker, Address: "unix:///run/d.sock", Network: "web", DefaultHost: "www.example", Project: "shop", ExposeAll: true}, ""},
		{"docker unix:///run/d.sock expose=explicit", Spec{Kind: KindDocker, Address: "unix:///run/d.sock"}, ""},
		{"docker tcp://10.0.0.1:2375", Spec{Kind: KindDocker, Address: "tcp://10.0.0.1:2375"}, ""},
		{"docker network=web tcp://[::1]:2375/", Spec{Kind: KindDocker, Address: "tcp://[::1]:2375", Network: "web"}, ""},
		{"docker http://x", Spec{}, "is not the address of a daemon"},
		{"docker unix:run", Spec{}, "is not the address of a daemon"},
		{"docker unix:/", Spec{}, "is not the address of a daemon"},
		{"docker tcp://x", Spec{}, "is not the address of a daemon"},
		{"docker tcp://u:p@x:1", Spec{}, "is not the address of a daemon"},
		{"docker unix:/a unix:/b", Spec{}, "there is an address already"},
		{"docker expose=some", Spec{}, "expose= is explicit or all"},
		{"docker entrypoint=le_https:443 entrypoint=intern:8080", Spec{Kind: KindDocker, Address: DefaultDocker, Entrypoints: "le_https:443 intern:8080"}, ""},
		{"docker entrypoint=x", Spec{}, "want name:port"},
		{"docker entrypoint=x:0", Spec{}, "want name:port"},
		{"docker network=", Spec{}, "has no value"},
		{"docker netwrk=x", Spec{}, "unknown setting"},
		{"docker default-host=a/b", Spec{}, "is not the name of a host"},
		{"file a.yaml /x/*.json", Spec{Kind: KindFile, Paths: "/root/a.yaml\n/x/*.json"}, ""},
		{"file", Spec{}, "which one"},
		{"file [", Spec{}, "syntax error in pattern"},
		{"consul x", Spec{}, "want docker or file"},
	} {
		got, err := Parse(strings.Fields(tt.words), func(p string) string {
			if !strings.HasPrefix(p, "/") {
				p = "/root/" + p
			}
			return p
		})
		switch {
		case tt.err == "" && (err != nil || got != tt.want):
			t.Errorf("%s: %+v %v", tt.words, got, err)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: %v", tt.words, err)
		}
	}
}
