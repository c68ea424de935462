package exchange

import (
	"strings"

	"github.com/headgate/headgate/internal/message"
)

// Redirect keeps what an internal redirect replaced: the original request when
// it got its status.
type Redirect struct {
	Prev        *Redirect // the redirect before this one; nil: the client's own request
	Status      int       // the status that caused it (REDIRECT_STATUS)
	Path        []byte    // original Path (REDIRECT_URL)
	Args        []byte    // original query
	HasArgs     bool      // a "?" was there
	Filename    []byte    // original Filename
	HandlerName string    // original %R
	User        []byte    // original User, AuthType and Judged
	AuthType    string
	Judged      bool
	Method      []byte // original method, and its code
	Verb        message.Method
	Env         Vars // original environment
	Chain       *Chain
	Resp        message.Response // the original response so far, of which nothing was sent
}

// FaultPrefix begins the names of the variables and notes that say what went wrong.
const FaultPrefix = "HEADGATE_"

// Replace keeps the original request of x and makes x the request caused by
// status; the caller sets the target. Variables get the prefix REDIRECT_: those
// of the original request do not affect the new one (httpd:
// rename_original_env).
func (x *Exchange) Replace(status int) {
	x.Redirected = &Redirect{
		Prev: x.Redirected, Status: status, Path: x.Path, Args: x.Args, HasArgs: x.HasArgs, Filename: x.Filename, HandlerName: x.HandlerName,
		User: x.User, AuthType: x.AuthType, Judged: x.Judged, Method: x.Req.Method, Verb: x.Req.Verb, Env: x.Env, Chain: x.Chain,
	}
	x.Env = Vars{}
	for _, v := range x.Redirected.Env.list {
		if !strings.HasPrefix(v.Name, FaultPrefix) { // programs behind this server have no use for them
			x.Env.Set("REDIRECT_"+v.Name, v.Value)
		}
	}
	x.Path, x.Args, x.HasArgs, x.Filename, x.HandlerName = nil, nil, false, nil, ""
	x.Onward = false
	x.stored, x.file, x.ContextPrefix, x.ContextRoot = nil, nil, nil, nil
	x.User, x.AuthType, x.Judged = nil, "", false
	x.Media = Media{Variants: x.Media.Variants}
	x.Mapped, x.Mapping, x.Relay, x.Status = nil, nil, nil, 0
}

// SwapOriginal exchanges the final request of x with the original one, so that
// logs can show either. It does nothing without an internal redirect. A caller
// swaps back before it returns.
func (x *Exchange) SwapOriginal() {
	r := x.Redirected
	if r == nil {
		return
	}
	for r.Prev != nil {
		r = r.Prev
	}
	x.Status, r.Status = r.Status, x.Status
	x.Path, r.Path = r.Path, x.Path
	x.Args, r.Args = r.Args, x.Args
	x.HasArgs, r.HasArgs = r.HasArgs, x.HasArgs
	x.Filename, r.Filename = r.Filename, x.Filename
	x.HandlerName, r.HandlerName = r.HandlerName, x.HandlerName
	x.User, r.User = r.User, x.User
	x.AuthType, r.AuthType = r.AuthType, x.AuthType
	x.Req.Method, r.Method = r.Method, x.Req.Method
	x.Req.Verb, r.Verb = r.Verb, x.Req.Verb
	x.Env, r.Env = r.Env, x.Env
	x.Chain, r.Chain = r.Chain, x.Chain
	x.Resp, r.Resp = r.Resp, x.Resp
}
