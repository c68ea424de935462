package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/headgate/headgate/internal/control"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Names of the requests about balancers on the control socket.
const (
	AskBalancers = "balancers" // manage.Selector; []manage.BalancerJSON, with the members that it names
	AskChange    = "change"    // ChangeArgs; []manage.EntryJSON
	AskUndo      = "undo"      // UndoArgs; manage.EntryJSON
	AskHistory   = "history"   // HistoryArgs; []manage.EntryJSON, newest first
	AskDrained   = "drained"   // DrainedArgs; Drained
	AskLines     = "lines"     // manage.Selector; []string
)

// ChangeArgs are the arguments of AskChange.
type ChangeArgs struct {
	User string `json:"user"` // who asks, for the log
	manage.Selector
	Op       manage.Op         `json:"op"`
	Add      string            `json:"add,omitempty"` // URL of the new member
	Settings map[string]string `json:"settings,omitempty"`
}

// UndoArgs are the arguments of AskUndo.
type UndoArgs struct {
	User string `json:"user"`
	ID   int64  `json:"id"` // 0: the latest change that is not taken back and is no undo
}

// HistoryArgs are the arguments of AskHistory.
type HistoryArgs struct {
	manage.Selector
	Most int `json:"most"` // 0: all there are
}

// DrainedArgs are the arguments of AskDrained.
type DrainedArgs struct {
	manage.Selector
	Wait time.Duration `json:"wait"` // at most maxDrainWait
}

// Drained is the response to AskDrained.
type Drained struct {
	Drained bool  `json:"drained"`
	Busy    int64 `json:"busy"` // requests and tunnels that are left
}

// maxDrainWait is how long one request on the control socket may wait.
const maxDrainWait = 20 * time.Second

// balancerHandlers are the handlers of the requests about balancers.
func (s *Server) balancerHandlers() map[string]control.Handler {
	return map[string]control.Handler{
		AskBalancers: asked(s.askBalancers), AskChange: asked(s.askChange), AskUndo: asked(s.askUndo),
		AskHistory: asked(s.askHistory), AskDrained: asked(s.askDrained), AskLines: asked(s.askLines),
	}
}

// asked makes a handler of a function with typed arguments.
func asked[A, R any](f func(context.Context, A) (R, error)) control.Handler {
	return func(ctx context.Context, args json.RawMessage) (any, error) {
		var a A
		if len(args) > 0 {
			if err := json.Unmarshal(args, &a); err != nil {
				return nil, fmt.Errorf("arguments of the request: %w", err)
			}
		}
		return f(ctx, a)
	}
}

// targets resolves a selector; without a balancer and a member it means all.
func (s *Server) targets(sel manage.Selector) ([]manage.Target, error) {
	if sel.Balancer == "" && sel.Member == "" {
		sel.Balancer = "*"
	}
	return s.rt.Manager.Resolve(sel)
}

func (s *Server) askBalancers(_ context.Context, sel manage.Selector) ([]manage.BalancerJSON, error) {
	list, err := s.targets(sel)
	if err != nil {
		return nil, err
	}
	out := []manage.BalancerJSON{}
	for _, b := range s.rt.Manager.All() {
		for _, t := range list {
			if t.Server != b.Server || t.Balancer != b.Name {
				continue
			}
			j := b.JSON()
			if t.Member != "" {
				j.Members = onlyMember(j.Members, t.Member)
			}
			out = append(out, j)
		}
	}
	return out, nil
}

func onlyMember(list []manage.MemberJSON, url string) []manage.MemberJSON {
	for i := range list {
		if list[i].URL == url {
			return list[i : i+1]
		}
	}
	return nil
}

// askChange makes a change in each balancer that the arguments name. An error says
// which were changed before it.
func (s *Server) askChange(_ context.Context, a ChangeArgs) ([]manage.EntryJSON, error) {
	list, err := s.rt.Manager.Resolve(a.Selector)
	if err != nil {
		return nil, err
	}
	out := []manage.EntryJSON{}
	for _, t := range list {
		c := manage.Change{Server: t.Server, Balancer: t.Balancer, Member: cmp.Or(a.Add, t.Member), Op: a.Op}
		for k, v := range a.Settings {
			c.Settings = append(c.Settings, param.Setting{Key: k, Value: v})
		}
		e, err := s.rt.Manager.Apply(manage.Actor{User: a.User, Via: "ctl"}, c)
		if err != nil {
			for _, done := range out {
				err = fmt.Errorf("%w (done before: change %d, %s)", err, done.ID, done.Balancer)
			}
			return nil, err
		}
		out = append(out, e.JSON())
	}
	return out, nil
}

func (s *Server) askUndo(_ context.Context, a UndoArgs) (manage.EntryJSON, error) {
	for _, e := range s.rt.Manager.History(manage.Filter{}) {
		if a.ID == 0 && e.Undoes == 0 && e.UndoneBy == 0 {
			a.ID = e.ID
		}
	}
	if a.ID == 0 {
		return manage.EntryJSON{}, errors.New("there is no change to take back")
	}
	e, err := s.rt.Manager.Undo(manage.Actor{User: a.User, Via: "ctl"}, a.ID)
	return e.JSON(), err
}

func (s *Server) askHistory(_ context.Context, a HistoryArgs) ([]manage.EntryJSON, error) {
	list, err := s.targets(a.Selector)
	if err != nil {
		return nil, err
	}
	out := []manage.EntryJSON{}
	for _, e := range s.rt.Manager.History(manage.Filter{}) {
		if concerns(&e, list) && (a.Most == 0 || len(out) < a.Most) {
			out = append(out, e.JSON())
		}
	}
	return out, nil
}

func concerns(e *manage.Entry, list []manage.Target) bool {
	for _, t := range list {
		if t.Server == e.Server && t.Balancer == e.Balancer && (t.Member == "" || t.Member == e.Member) {
			return true
		}
	}
	return false
}

// askDrained waits until all members that the arguments name are drained.
func (s *Server) askDrained(ctx context.Context, a DrainedArgs) (Drained, error) {
	list, err := s.rt.Manager.Resolve(a.Selector)
	if err != nil {
		return Drained{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, min(a.Wait, maxDrainWait))
	defer cancel()
	for _, t := range list {
		switch err := s.rt.Manager.Drained(ctx, t); {
		case errors.Is(err, context.DeadlineExceeded):
			return Drained{Busy: s.busy(list)}, nil
		case err != nil:
			return Drained{}, err
		}
	}
	return Drained{Drained: true}, nil
}

// busy returns how many requests members have.
func (s *Server) busy(list []manage.Target) (n int64) {
	for _, b := range s.rt.Manager.All() {
		for i := range b.Members {
			for _, t := range list {
				if t == (manage.Target{Server: b.Server, Balancer: b.Name, Member: b.Members[i].URL}) {
					n += b.Members[i].Busy
				}
			}
		}
	}
	return n
}

func (s *Server) askLines(_ context.Context, sel manage.Selector) ([]string, error) {
	list, err := s.targets(sel)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, t := range list {
		out = append(out, s.rt.Manager.Lines(t.Server, t.Balancer)...)
	}
	return out, nil
}
