package manage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/internal/worker"
)

const apiFile = "../../../docs/api/balancer-manager.yaml"

// description is the OpenAPI file.
type description struct {
	t        *testing.T
	doc      map[string]any
	compiler *jsonschema.Compiler
}

func describe(t *testing.T) *description {
	text, err := os.ReadFile(apiFile)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("api.json", v); err != nil {
		t.Fatal(err)
	}
	return &description{t, doc, c}
}

// at follows names into the description, and references.
func (d *description) at(v any, names ...string) any {
	for _, n := range names {
		m, _ := v.(map[string]any)
		if ref, ok := m["$ref"].(string); ok {
			m, _ = d.at(d.doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...).(map[string]any)
		}
		v = m[n]
	}
	return v
}

// check checks a response against what the description says of it.
func (d *description) check(what string, r *Request, a Response) {
	d.t.Helper()
	method := map[string]string{"HEAD": "get"}[r.Method]
	if method == "" {
		method = strings.ToLower(r.Method)
	}
	schema := d.at(d.doc, "paths", "/", method, "responses", fmt.Sprint(a.Status), "content", "application/json", "schema")
	if schema == nil {
		d.t.Errorf("%s: %d is not described", what, a.Status)
		return
	}
	text, _ := json.Marshal(schema)
	text = bytes.ReplaceAll(text, []byte(`"#/`), []byte(`"api.json#/`))
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		d.t.Fatal(err)
	}
	name := fmt.Sprintf("%s-%d.json", what, a.Status)
	_ = d.compiler.AddResource(name, v)
	s, err := d.compiler.Compile(name)
	if err != nil {
		d.t.Fatal(err)
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.Body))
	if err != nil {
		d.t.Errorf("%s: %v in %s", what, err, a.Body)
		return
	}
	if err := s.Validate(body); err != nil {
		d.t.Errorf("%s: %v in %s", what, err, a.Body)
	}
}

// Every response is as the description says, and does what it says.
func TestAPI(t *testing.T) {
	const asJSON = "application/json"
	d := describe(t)
	w := newWorld(t)
	w.load(twoMembers + "\nv.test/own\n  http://a hcmethod=TCP")
	w.live["v.test/own"].member("http://a").Health().Checked(&worker.Check{At: time.Now(), OK: true, Reason: "connected"})
	for i, tt := range []struct {
		req    Request
		status int
		says   string
	}{
		{Request{Method: "GET", Query: "json"}, 200, `"name": "b"`},
		{Request{Method: "GET", Query: "json&b=b"}, 200, `"url": "http://b"`},
		{Request{Method: "GET", Query: "json&b=own"}, 200, `"reason": "connected"`},
		{Request{Method: "GET", Query: "json&b=c"}, 404, "there is no balancer c"},
		{Request{Method: "GET", Query: "json&history"}, 200, `"history": []`},
		{Request{Method: "PATCH", Query: "json&b=b&w=http://a", ContentType: asJSON, Body: `{"loadfactor":2.5,"status":"+D","route":null}`}, 200, `"id": 1`},
		{Request{Method: "PATCH", Query: "json&b=b&w=http://a", ContentType: asJSON + "; charset=utf-8", Body: `{"loadfactor":"2.5"}`}, 200, `"id": 0`},
		{Request{Method: "PATCH", Query: "json&b=b", ContentType: asJSON, Body: `{"forcerecovery":false,"timeout":3}`, From: Origin{Origin: "https://h:443"}, Host: "H"}, 200, `"field": "forcerecovery"`},
		{Request{Method: "PATCH", Query: "json&b=b&w=http://a", ContentType: asJSON, Body: `{"loadfactor":0}`}, 422, `"field":"loadfactor"`},
		{Request{Method: "PATCH", Query: "json&b=b&w=http://a", ContentType: asJSON, Body: `{"lbset":[1]}`}, 422, `"field":"lbset"`},
		{Request{Method: "PATCH", Query: "json&b=b&w=http://a", ContentType: asJSON, Body: `[]`}, 422, "no JSON object"},
		{Request{Method: "PATCH", Query: "json&b=b&w=http://x", ContentType: asJSON, Body: `{"lbset":1}`}, 404, "has no member"},
		{Request{Method: "PATCH", Query: "json&b=b&w=http://a", ContentType: "text/plain", Body: `{"lbset":1}`}, 415, "application/json"},
		{Request{Method: "POST", Query: "json&b=b&w=http://c", ContentType: "application/x-www-form-urlencoded", Body: `{}`}, 415, "application/json"},
		{Request{Method: "POST", Query: "json&undo=1"}, 415, "application/json"},
		{Request{Method: "PATCH", Query: "json&b=b&w=http://a", ContentType: asJSON, Body: `{"lbset":1}`, From: Origin{Origin: "http://evil"}, Host: "h"}, 403, "another site"},
		{Request{Method: "PATCH", Query: "json&b=b&w=http://a", ContentType: asJSON, Body: `{"lbset":1}`, From: Origin{Origin: "null"}, Host: "h"}, 403, "another site"},
		{Request{Method: "DELETE", Query: "json&b=b&w=http://a", From: Origin{Site: "cross-site"}}, 403, "another site"},
		{Request{Method: "DELETE", Query: "json&b=b&w=http://a", From: Origin{Site: "same-site"}}, 403, "another site"},
		{Request{Method: "POST", Query: "json&b=b&w=http://c", ContentType: asJSON, Body: `{"route":"c"}`, From: Origin{Site: "same-origin"}}, 201, `"op": "add"`},
		{Request{Method: "POST", Query: "json&b=b&w=http://c", ContentType: asJSON, Body: `{}`}, 409, "has a member"},
		{Request{Method: "DELETE", Query: "json&b=b&w=http://b"}, 200, `"op": "remove"`},
		{Request{Method: "DELETE", Query: "json&b=b"}, 422, "no member is named"},
		{Request{Method: "POST", Query: "json&undo=4", ContentType: asJSON, Body: `{}`}, 200, `"undoes": 4`},
		{Request{Method: "POST", Query: "json&undo=4", ContentType: asJSON, Body: `{}`}, 409, "was taken back"},
		{Request{Method: "POST", Query: "json&undo=99", ContentType: asJSON, Body: `{}`}, 404, "no change 99"},
		{Request{Method: "POST", Query: "json&undo=x", ContentType: asJSON, Body: `{}`}, 422, "number of a change"},
		{Request{Method: "GET", Query: "json&history&b=b"}, 200, `"undone_by": 5`},
		{Request{Method: "GET", Query: "json"}, 200, `"added": true`},
	} {
		a := w.m.API("v.test", alice, &tt.req)
		what := fmt.Sprintf("%d-%s", i, tt.req.Method)
		if a.Status != tt.status || !strings.Contains(string(a.Body), tt.says) {
			t.Errorf("%s %s %s: %d %s, want %d %s", what, tt.req.Query, tt.req.Body, a.Status, a.Body, tt.status, tt.says)
			continue
		}
		d.check(what, &tt.req, a)
	}
	w.expect("b", "byrequests timeout=3s forcerecovery=Off; http://a 2.5 disabled; http://c 1 route=c ok; http://b 2 set=1 ok")
	if a := w.m.API("", alice, &Request{Method: "PUT", Query: "json"}); a.Status != 405 || a.Allow == "" {
		t.Errorf("%+v", a)
	}
	if a := w.m.API("", alice, &Request{Method: "GET", Query: "json&%zz"}); a.Status != 400 {
		t.Errorf("%+v", a)
	}
}

// A server's page takes back no change of a balancer that another server has.
func TestAPIOthers(t *testing.T) {
	w := newWorld(t)
	w.load(twoMembers + "\nv.test/own\n  http://a")
	w.mustSet("v.test/own http://a", "lbset=1")
	r := Request{Method: "POST", Query: "json&undo=1", ContentType: "application/json", Body: "{}"}
	if a := w.m.API("", alice, &r); a.Status != 404 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := w.m.API("", alice, &Request{Method: "GET", Query: "json&history"}); !strings.Contains(string(a.Body), `"history": []`) {
		t.Errorf("%s", a.Body)
	}
}
