package rewrite

import (
	"github.com/headgate/headgate/internal/record"
)

// recorded is apply for an exchange that has a recorder.
func (u *run) recorded() outcome {
	x := u.x
	where := u.set.dir
	if where == "" {
		where = "server"
	}
	x.Recorder.Record(record.Rewrite{Where: where, Input: string(x.Filename), Rules: len(u.set.rules)})
	u.tried = new(record.Rule)
	result := u.list()
	u.tried = nil
	words := [...]string{unchanged: "unchanged", rewritten: "rewritten", verbatim: "rewritten", answered: "answered"}
	x.Recorder.Record(record.Rewritten{Where: where, Outcome: words[result], Result: string(x.Filename)})
	if result != unchanged {
		u.recordLate()
	}
	return result
}

// record records a rule that was tried.
func (u *run) record(r *rule, did effect) {
	e := u.tried
	e.Line, e.Input = r.line, string(u.uri)
	if did == noMatch {
		for i := u.at; i < len(u.set.rules) && u.set.rules[i].flags&flagChain != 0; i++ {
			e.Skips++
		}
	} else {
		e.Applied = true
		if did == substituted {
			e.Result = string(u.x.Filename)
		}
		if u.x.HasArgs {
			e.Query = string(u.x.Args)
		}
		e.Skips, e.Ends = max(r.skip, 0), u.ends(r, did)
	}
	u.x.Recorder.Record(*e)
	*e = record.Rule{}
}

// endings are the flags that end the list of rules, in the order in which list
// checks them.
var endings = []struct {
	flag flag
	word string
}{
	{flagForceStatus, "status"}, {flagPassThrough, "passthrough"}, {flagEnd, "end"}, {flagProxy, "proxy"}, {flagLast, "last"},
	{flagNext, "next round"},
}

func (u *run) ends(r *rule, did effect) string {
	if did == refused {
		return "status"
	}
	for _, e := range endings {
		if r.flags&e.flag != 0 {
			return e.word
		}
	}
	return ""
}

// maxLate limits how many later rules are recorded.
const maxLate = 10

// recordLate records the rules after the one that ended the list which would have
// applied without it.
func (u *run) recordLate() {
	input, told := u.uri, 0
	for _, r := range u.set.rules[u.at+1:] {
		u.uri = input
		if told == maxLate || !u.matches(r) || !u.conditions(r) {
			continue
		}
		told++
		u.x.Recorder.Record(record.Late{Line: r.line, Path: string(input)})
	}
	u.uri = input
}

// recordStatus records a status or redirect that the rules made. Its rule is the
// one that ended the list; for a redirect, the last one that changed the result.
func (u *run) recordStatus(status int, location []byte) {
	if u.x.Recorder == nil {
		return
	}
	line := u.set.rules[min(u.at, len(u.set.rules)-1)].line
	if location != nil && u.changed != nil {
		line = u.changed.line
	}
	u.x.Recorder.Record(record.Mapping{Line: line, To: record.ToStatus, Status: status, Target: string(location)})
}

// recordFile records that the result of the rules is the name of a file.
func (u *run) recordFile() {
	if u.x.Recorder != nil {
		u.x.Recorder.Record(record.Mapping{Line: u.changed.line, To: record.ToFile, Target: string(u.x.Filename)})
	}
}
