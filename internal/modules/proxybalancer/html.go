package proxybalancer

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/page"
	"github.com/headgate/headgate/internal/proxy/manage"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	styleText string
	//go:embed page.js
	scriptText string
)

var body = template.Must(template.New("page").Parse(pageText))

// policy is page.Policy, and our script, which reads the same page again.
var policy = fmt.Sprintf("%s; script-src 'sha256-%s'; connect-src 'self'", page.Policy, digest(scriptText))

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// shown is how many changes the page lists.
const shown = 50

// html makes the page. done is the change that was made just now, err why one was
// not.
func (r *request) html(list []manage.Balancer, done manage.Entry, err error) (string, error) {
	r.trends.look(r.now, r.m)
	s := &shower{path: r.path, now: r.now, trends: r.trends, methods: r.methods, opened: r.form}
	if err != nil {
		s.said = r.form
	}
	v := view{Path: r.path}
	nonces := make(map[string]string)
	members, usable := 0, 0
	for i := range list {
		b := &list[i]
		c := s.card(b)
		c.Lines = strings.Join(r.m.Lines(r.server, b.Name), "\n")
		v.Balancers = append(v.Balancers, c)
		nonces[b.Server+"|"+b.Name] = b.Nonce
		members += len(b.Members)
		for j := range b.Members {
			if b.Members[j].State == manage.OK {
				usable++
			}
		}
	}
	v.Summary = fmt.Sprintf("%s, %s, %d in use", plural(len(list), "balancer", "balancers"), plural(members, "member", "members"), usable)
	for _, e := range r.m.History(manage.Filter{}) {
		if nonce, ok := nonces[e.Server+"|"+e.Balancer]; ok && len(v.History) < shown {
			v.History = append(v.History, s.line(&e, nonce))
			if strconv.FormatInt(e.ID, 10) == r.form["done"] && !r.post {
				done = e
			}
		}
	}
	v.Flash = s.flash(done, r.form, nonces[done.Server+"|"+done.Balancer], err)
	return r.whole(v)
}

// flash says what became of a change.
func (s *shower) flash(done manage.Entry, f form, nonce string, err error) *flash {
	switch {
	case err != nil:
		return &flash{Bad: true, Text: "Not changed: " + err.Error()}
	case done.ID != 0:
		return &flash{Text: "Changed: " + words(&done) + ".", Undo: s.undo(&done, nonce)}
	case f["done"] == "0":
		return &flash{Text: "Nothing to change: it is so already."}
	}
	return nil
}

// doneQuery names a change for the page that is shown next.
func doneQuery(e manage.Entry) string { return "?done=" + strconv.FormatInt(e.ID, 10) }

// whole puts the view into the frame of all pages.
func (r *request) whole(v view) (string, error) {
	var b, whole strings.Builder
	if err := body.Execute(&b, v); err != nil {
		return "", err
	}
	p := page.Page{
		Title: "Balancer Manager", Head: "Load balancers of " + r.name, Sub: "",
		Body: template.HTML(b.String()), Style: template.CSS(styleText), Script: template.JS(scriptText), //nolint:gosec // made by html/template, and ours
		Foot: r.version + ". For programs: ?json and ?xml=1.",
	}
	err := p.Write(&whole)
	return whole.String(), err
}
