package pipeline

import (
	"errors"
	"strconv"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
)

// follow processes internal redirects until one responds or fails.
func (p *Pipeline) follow(x *exchange.Exchange, err error) error {
	for {
		var r *exchange.InternalRedirect
		if !errors.As(err, &r) {
			return err
		}
		if x.Depth() >= exchange.MaxInternal {
			return &fault.Fault{
				Side: fault.Proxy, Module: "core", Phase: fault.Map, Kind: fault.Internal, Cause: fault.RedirectLoop, Status: 500, ID: "AH00124",
				Detail: "the request exceeded the limit of 10 internal redirects, probably because of the configuration",
			}
		}
		x.Replace(200)
		if r.Get {
			asGet(x)
		}
		if x.Recorder != nil {
			recordRestart(x, r, "")
		}
		err = p.again(x, r)
	}
}

// again runs the stages for a request that Replace has changed. httpd: the virtual
// host stays, and the post-read steps run again, which mod_setenvif needs.
func (p *Pipeline) again(x *exchange.Exchange, r *exchange.InternalRedirect) error {
	x.Env.Set("REDIRECT_STATUS", x.Arena.Int(int64(x.Redirected.Status)))
	x.Req.Form = message.OriginForm
	x.Req.Path, x.Req.Query, x.Req.HasQ = r.Path, r.Query, r.HasQuery
	asSent(x)
	x.Resp.Reset()
	whole := x.Req.Body.Kind == message.NoBody
	x.Out = exchange.Outbound{Extra: x.Out.Extra[:0], BodyComplete: whole, Prefix: x.Out.Prefix, BodyStreaming: x.Out.BodyStreaming}
	if whole {
		x.Out.Prefix, x.Out.BodyStreaming = nil, false
	}
	return p.run(x, stagePostRead)
}

// errorDocument gets the response of a status from another path: with GET,
// whatever the request was. False: that failed, and nothing was sent.
func (p *Pipeline) errorDocument(x *exchange.Exchange, status int, target []byte) bool {
	x.Replace(status)
	x.Env.Set("REDIRECT_REQUEST_METHOD", x.Redirected.Method)
	asGet(x)
	r := new(exchange.InternalRedirect)
	r.Path, r.Query, r.HasQuery = cutQuery(target)
	if x.Recorder != nil {
		recordRestart(x, r, "ErrorDocument "+strconv.Itoa(status))
	}
	err := p.follow(x, p.again(x, r))
	if errors.Is(err, errAnswered) || err == nil {
		return true
	}
	return p.failedDocument(x, status, target, err)
}

// asGet turns the request into one without body: httpd requests error documents
// with GET, or HEAD for a HEAD.
func asGet(x *exchange.Exchange) {
	if x.Req.Verb != message.HEAD {
		x.Req.Verb, x.Req.Method = message.GET, []byte("GET")
	}
	if x.Req.Body.Kind != message.NoBody {
		// The body was meant for another handler: it is not forwarded, and its
		// unread rest ends the connection.
		x.Req.Body = message.Framing{}
	}
}

func cutQuery(target []byte) (path, query []byte, has bool) {
	for i, c := range target {
		if c == '?' {
			return target[:i], target[i+1:], true
		}
	}
	return target, nil, false
}
