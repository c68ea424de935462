package balance

import (
	"github.com/headgate/headgate/internal/exchange"
)

// Method is a way to elect (httpd: lbmethod).
type Method struct {
	Name    string
	Busy    bool // looks at Score.Busy, which has to be counted
	Traffic bool // looks at Score.Traffic
	Latency bool // looks at Score.Took
	keyed   bool // elects by a key of the request, see ring
	draws   bool // elects by chance
	repeats bool // members have their turns in an order that repeats
	// everybody: elects among all usable members, whatever their sets, spares or not.
	everybody bool

	// elect returns the index of an entry that is not among tried, -1 for none.
	elect func(v *view, x *exchange.Exchange, tried []*Member) int
}

// methods are the methods there are.
var methods = [...]Method{
	{Name: "byrequests", repeats: true, elect: byRequests},
	{Name: "bytraffic", Traffic: true, elect: byTraffic},
	{Name: "bybusyness", Busy: true, elect: byBusyness},
	{Name: "heartbeat", everybody: true, elect: byHeartbeat},

	// Ours.
	{Name: "random", draws: true, elect: byChance},
	{Name: "p2c", Busy: true, draws: true, elect: byTwoChoices},
	{Name: "leasttime", Busy: true, Latency: true, elect: byTime},
	{Name: "hash", Busy: true, keyed: true, repeats: true, elect: byHash},
}

// MethodOf returns the method of a name, which is matched by case as in httpd;
// nil: there is none.
func MethodOf(name string) *Method {
	for i := range methods {
		if methods[i].Name == name {
			return &methods[i]
		}
	}
	return nil
}

// MethodNames lists the methods.
func MethodNames() (names []string) {
	for i := range methods {
		names = append(names, methods[i].Name)
	}
	return names
}

// byRequests gives every member a share of the requests that is its factor's
// share of all factors (httpd: mod_lbmethod_byrequests).
func byRequests(v *view, _ *exchange.Exchange, tried []*Member) int {
	n := v.turns.Add(1)
	if o := v.order.Load(); o != nil && n > o.from {
		return v.inTurn(o, n, tried)
	}
	best, most := -1, int64(0)
	for i := range v.entries {
		e := &v.entries[i]
		if s := e.standing.Load() + n*e.factor; (best < 0 || s > most) && !hasMember(tried, e.m) {
			best, most = i, s
		}
	}
	v.charge(best, tried)
	return best
}

// charge takes from the chosen entry what the turn has added to all. Those that
// were tried did not compete, and are added nothing.
func (v *view) charge(best int, tried []*Member) {
	total := v.total
	if len(tried) > 0 || best < 0 {
		for i := range v.entries {
			if e := &v.entries[i]; best < 0 || hasMember(tried, e.m) {
				e.standing.Add(-e.factor)
				total -= e.factor
			}
		}
	}
	if best >= 0 {
		v.entries[best].standing.Add(-total)
	}
}

// byTraffic elects who has moved the fewest bytes for its factor (httpd:
// mod_lbmethod_bytraffic).
func byTraffic(v *view, _ *exchange.Exchange, tried []*Member) int {
	best, least := -1, int64(0)
	for i := range v.entries {
		e := &v.entries[i]
		moved := e.m.Score.traffic.Sent.Load()/e.factor + e.m.Score.traffic.Body.Load()/e.factor
		if (best < 0 || moved < least) && !hasMember(tried, e.m) {
			best, least = i, moved
		}
	}
	return best
}

// byBusyness elects who has the fewest requests, and among equals the one whose
// turn it is in byRequests (httpd: mod_lbmethod_bybusyness).
func byBusyness(v *view, _ *exchange.Exchange, tried []*Member) int {
	n := v.turns.Add(1)
	best, least, most := -1, int64(0), int64(0)
	for i := range v.entries {
		e := &v.entries[i]
		busy := e.m.Score.busy.Load()
		if best >= 0 && busy > least || hasMember(tried, e.m) {
			continue
		}
		if s := e.standing.Load() + n*e.factor; best < 0 || busy < least || s > most {
			best, least, most = i, busy, s
		}
	}
	v.charge(best, tried)
	return best
}
