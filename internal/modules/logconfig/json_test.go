package logconfig

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
)

func jsonLine(t *testing.T, format string, x *exchange.Exchange) (string, map[string]any) {
	t.Helper()
	f, err := Compile(format)
	if err != nil {
		t.Fatal(err)
	}
	line := string(f.Append(nil, x))
	out := map[string]any{}
	if err := json.Unmarshal([]byte(line), &out); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return line, out
}

// Every field is in each line, with a value of its type or null, whatever
// became of the request.
func TestJSONSchema(t *testing.T) {
	empty := &exchange.Exchange{}
	full := finished()
	full.Tries.Last().Queue = 3 * time.Microsecond
	full.Mapping = &exchange.Mapping{Rule: `ProxyPass "/a"`, Place: "a.conf:3"}
	full.Notes.Set("HEADGATE_CAUSE", []byte("backend-refused"))
	full.Fault = &fault.Fault{Side: fault.Backend, Kind: fault.Refused}
	for _, x := range []*exchange.Exchange{empty, full} {
		line, out := jsonLine(t, "json", x)
		if len(out) != len(jsonFields) || strings.Contains(line, "\n") {
			t.Errorf("%d fields: %s", len(out), line)
		}
		for name, v := range out {
			number := strings.HasSuffix(name, "_us") || strings.Contains(name, "status") || strings.Contains(name, "bytes") || name == "tries"
			switch v.(type) {
			case nil:
			case float64:
				if !number {
					t.Errorf("%s: %v is a number", name, v)
				}
			case bool:
				if name != "reused" {
					t.Errorf("%s: %v", name, v)
				}
			case string:
				if number {
					t.Errorf("%s: %q is no number", name, v)
				}
			}
		}
	}
	_, out := jsonLine(t, "json", full)
	if out["cause"] != "backend-refused" || out["mapping"] != `ProxyPass "/a" at a.conf:3` || out["queue_us"] != 3.0 || out["status"] != 200.0 {
		t.Errorf("%v", out)
	}
}

// The documented table is the schema.
func TestJSONDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/logging.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (?:string|number|boolean)").FindAllStringSubmatch(string(doc), -1) {
		names = append(names, m[1])
	}
	if got, want := strings.Join(names, " "), strings.Join(jsonNames(), " "); got != want {
		t.Errorf("docs/logging.md has\n%s\nthe fields are\n%s", got, want)
	}
}

func TestJSONLists(t *testing.T) {
	x := finished()
	x.Env.Set("T", []byte("a\xffb\"\x01\u00e9"))
	for format, want := range map[string]string{
		"json:status,method":                     `{"status":200,"method":"GET"}`,
		"JSON:s=status, q=%{nope}i, w=%U":        `{"s":200,"q":null,"w":"/a b"}`,
		"json:env.T,n=note.session-route":        "{\"env.T\":\"a\uFFFDb\\\"\\u0001\u00e9\",\"n\":\"r1\"}",
		"json:t=%{T}e":                           `{"t":"a\\xffb\\\"\\x01\\xc3\\xa9"}`,
		"json:r=req.none,c=cookie.none,x=env.no": `{"r":null,"c":null,"x":null}`,
		"json:l=%l,only=%404{Host}i":             `{"l":null,"only":null}`,
	} {
		x.Path = []byte("/a b")
		if got, _ := jsonLine(t, format, x); got != want {
			t.Errorf("%s:\n got %s\nwant %s", format, got, want)
		}
	}
	for format, want := range map[string]string{
		"json:statsu": `no field "statsu" of a JSON log, did you mean`, "json:": `no field ""`, "json:status,status": "twice", "json:*,status": "twice",
		"json:a=%y": "Unrecognized LogFormat directive %y", "json:a=%s%s": "more than one", "json:%s": "no field", "json:tab.x": "no field",
	} {
		if _, err := Compile(format); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestJSONDoesNotAllocate(t *testing.T) {
	f, err := Compile("json:*,ua=%{User-Agent}i")
	if err != nil {
		t.Fatal(err)
	}
	x, line := finished(), make([]byte, 0, 8<<10)
	if n := testing.AllocsPerRun(100, func() { f.Append(line, x); x.Arena.Reset(false) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzJSON: whatever a client sends, a line is one valid object.
func FuzzJSON(f *testing.F) {
	f.Add("/a\xff\n\"", "\x00\xed\xa0\x80", "agent\\")
	f.Add("\xe2\x80\xa8", "\xf4\x90\x80\x80", "\x7f\u00e9")
	format, err := Compile("json:*,t=%{T}e,req.T,env.T,l=%r")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, env, agent string) {
		x := finished()
		x.Path, x.Args, x.Req.Line, x.User = []byte(path), []byte(env), []byte(agent), []byte(agent)
		x.Env.Set("T", []byte(env))
		x.Req.Header.Add([]byte("T"), []byte(agent))
		x.Fault = &fault.Fault{Detail: path}
		line := format.Append(nil, x)
		if strings.ContainsAny(string(line), "\n\r") || !json.Valid(line) {
			t.Fatalf("%q", line)
		}
	})
}
