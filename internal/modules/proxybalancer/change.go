package proxybalancer

import (
	"errors"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/proxy/param"
)

// errNonce says that a form has another nonce than its balancer.
var errNonce = errors.New("the nonce is not that of the balancer: this form is from an earlier start of the server, or from elsewhere. Try it again on this page")

// errFrozen says that a balancer cannot be changed.
var errFrozen = errors.New("the balancer has nonce=None: nothing can be changed")

// errMember says that there is no such member.
var errMember = &manage.Error{Kind: manage.NotFound, Reason: "the balancer has no such member"}

// changer makes the changes that a form asks for.
type changer struct {
	m      balancers
	by     manage.Actor
	server string
}

// balancers is what the page does with balancers. It is a *manage.Manager.
type balancers interface {
	List(server string) []manage.Balancer
	All() []manage.Balancer
	History(f manage.Filter) []manage.Entry
	Apply(by manage.Actor, c manage.Change) (manage.Entry, error)
	Undo(by manage.Actor, id int64) (manage.Entry, error)
	Lines(server, balancer string) []string
	API(server string, by manage.Actor, r *manage.Request) manage.Response
}

// fields are the fields of httpd's form for members and balancers, and the settings
// they mean.
var (
	memberFields = []struct{ field, setting string }{
		{"w_lf", "loadfactor"}, {"w_ls", "lbset"}, {"w_wr", "route"}, {"w_rr", "redirect"}, {"w_hm", "hcmethod"}, {"w_hu", "hcuri"},
		{"w_he", "hcexpr"}, {"w_hi", "hcinterval"}, {"w_hp", "hcpasses"}, {"w_hf", "hcfails"},
	}
	balancerFields = []struct{ field, setting string }{
		{"b_lbm", "lbmethod"}, {"b_tmo", "timeout"}, {"b_max", "maxattempts"}, {"b_ss", "stickysession"},
	}
)

// apply makes the changes of a form: those of the member that w names, then those
// of the balancer. It returns the last one that changed something; its ID is 0
// where nothing did.
func (c changer) apply(b *manage.Balancer, f form) (last manage.Entry, err error) {
	switch {
	case b.Nonce == "":
		return last, errFrozen
	case f["nonce"] != b.Nonce:
		return last, errNonce
	case f.has("undo"):
		n, err := strconv.ParseInt(f["undo"], 10, 64)
		if err != nil {
			return last, errors.New("undo takes the number of a change")
		}
		return c.m.Undo(c.by, n)
	}
	var todo []manage.Change
	if f.has("w") {
		m := memberOf(b, f["w"])
		if m == nil {
			return last, errMember
		}
		todo = append(todo, ofMember(m, f))
	}
	todo = append(todo, ofBalancer(f))
	if f["b_wyes"] == "1" && f["b_nwrkr"] != "" {
		todo = append(todo, addition(f))
	}
	for _, one := range todo {
		if one.Op == manage.Set && len(one.Settings) == 0 {
			continue
		}
		one.Server, one.Balancer = c.server, b.Name
		e, err := c.m.Apply(c.by, one)
		if err != nil {
			return last, err
		}
		if e.ID != 0 {
			last = e
		}
	}
	return last, nil
}

// memberOf returns a member by its URL; nil: there is none.
func memberOf(b *manage.Balancer, url string) *manage.Member {
	for i := range b.Members {
		if b.Members[i].URL == url {
			return &b.Members[i]
		}
	}
	return nil
}

// ofMember is what a form says of a member.
func ofMember(m *manage.Member, f form) manage.Change {
	c := manage.Change{Op: manage.Set, Member: m.URL}
	if f["remove"] == "1" {
		c.Op = manage.Remove
		return c
	}
	for _, row := range memberFields {
		if v, ok := f[row.field]; ok && !unchanged(m, row.setting, v) {
			if row.field == "w_hi" && strings.Trim(v, "0123456789") == "" {
				v += "ms"
			}
			c.Settings = append(c.Settings, param.Setting{Key: row.setting, Value: v})
		}
	}
	set, clear := "", ""
	if f["enable"] == "1" {
		clear = "NDSC"
	}
	for _, letter := range "INDHRSC" {
		switch v, ok := f["w_status_"+string(letter|0x20)]; {
		case !ok:
		case ascii.LeadingInt(v) != 0:
			set += string(letter)
		default:
			clear += string(letter)
		}
	}
	status := ""
	if set != "" {
		status = "+" + set
	}
	if clear != "" {
		status += "-" + clear
	}
	if status != "" {
		c.Settings = append(c.Settings, param.Setting{Key: "status", Value: status})
	}
	return c
}

// unchanged says that a form repeats a parameter of health checks: httpd's form
// sends all of them, whatever was changed.
func unchanged(m *manage.Member, setting, value string) bool {
	c := &m.Check
	switch setting {
	case "hcmethod":
		return ascii.EqualFold(value, c.Method)
	case "hcuri":
		return value == c.URI
	case "hcexpr":
		return value == c.Expr
	case "hcinterval":
		return value == strconv.FormatInt(c.Interval.Milliseconds(), 10)
	case "hcpasses":
		return value == strconv.Itoa(c.Passes)
	case "hcfails":
		return value == strconv.Itoa(c.Fails)
	}
	return false
}

// ofBalancer is what a form says of the balancer itself.
func ofBalancer(f form) manage.Change {
	c := manage.Change{Op: manage.Set}
	for _, row := range balancerFields {
		v, ok := f[row.field]
		if !ok || v == "" && row.field != "b_max" {
			continue
		}
		if row.field == "b_ss" {
			name, path, two := strings.Cut(v, "|")
			if v = strings.TrimSpace(name); two { // httpd shows "A | b"
				v += "|" + strings.TrimSpace(path)
			}
		}
		c.Settings = append(c.Settings, param.Setting{Key: row.setting, Value: v})
	}
	if v, ok := f["b_sforce"]; ok {
		c.Settings = append(c.Settings, param.Setting{Key: "nofailover", Value: onOff(ascii.LeadingInt(v) != 0)})
	}
	return c
}

// addition adds a member. As in httpd it is disabled at first.
//
// Ours: b_nstart=1 starts it at once.
func addition(f form) manage.Change {
	c := manage.Change{Op: manage.Add, Member: strings.TrimSpace(f["b_nwrkr"])}
	if f["b_nstart"] != "1" {
		c.Settings = []param.Setting{{Key: "status", Value: "+D"}}
	}
	return c
}
