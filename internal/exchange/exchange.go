package exchange

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/scoreboard"
)

// Exchange is one request with its response in flight.
type Exchange struct {
	Req  message.Request  // as the client sent it; edited only by request header directives
	Resp message.Response // what the client gets

	Arena  message.Arena // bytes that live as long as the exchange
	Front  Front         // where the request came from and the response goes
	Client *Client       // the client connection
	Loop   reactor.Loop  // the loop everything of this exchange runs on

	Site  *Site  // the virtual host; set by bind, never nil after
	Chain *Chain // the merged sections; set by bind, replaced when the mapping is known

	Path     []byte // decoded and normalised path (httpd's r->uri); what sections match
	Args     []byte // raw query without "?"
	HasArgs  bool   // a "?" was there
	Filename []byte // httpd's r->filename: "proxy:http://…" for a mapped request

	Env   Vars // request environment (subprocess_env)
	Notes Vars // notes between modules, and %{X}n

	Mapped  Handler  // the handler that translation chose; nil: the content handlers
	Mapping *Mapping // the rule by which it did; nil: none

	Out   Outbound // what the backend gets; set by the proxying handler
	Tries Tries    // the attempts to get a response from workers
	Relay Relay    // edits the backend's response head; nil: no edits

	HandlerName string       // %R
	Media       Media        // type, encoding and languages, by the name of the file
	Status      int          // final status for the log; 0 until known
	Fault       *fault.Fault // what went wrong, nil for an exchange without fault
	Failed      *fault.Fault // what its error response is about: Fault, or a status that a directive responds with; nil: nothing
	Redirected  *Redirect    // the original request, when this is an internal redirect; nil otherwise
	User        []byte       // the user that the client says to be, true once access control is passed; nil: none
	AuthType    string       // the AuthType that User was found by; "": none
	Judged      bool         // access control has been asked
	LogID       []byte       // %L: made on the first error line
	Times       Times
	Count       Counts
	Committed   bool // the response head was sent
	Truncated   bool // the response ended before its end
	KeptAlive   bool // the connection may carry another request (%X)

	// Recorder receives the decisions about the exchange; nil: none is wanted.
	// The front sets it before Service.Serve.
	Recorder record.Recorder

	Main    *Exchange // of a subrequest, the request it belongs to; nil otherwise
	Part    bool      // its body is a part of that of Main, whose variables it shares
	Refusal error     // of a subrequest: the fault or Reply that ended it; nil: it would be served
	Lookups Lookups   // makes subrequests

	Tunnel *Upgrade // the tunnel that the response opened; nil: an ordinary response

	Onward bool // the request is for another server, and this one its forward proxy (httpd: PROXYREQ_PROXY)

	Keep []message.Field // fields of a replaced response that its replacement must carry

	Cookies message.Header // Set-Cookie fields of early edits: a backend's response has them too

	// Always are fields of every response, before those of Resp: a page that
	// replaces Resp has them too (httpd: err_headers_out).
	Always message.Header
	Made   Made // who made Resp

	Scored *scoreboard.Slot // where the status page shows it; nil: there is no such page

	// Attempt is memory of the backend protocol of the last attempt, for its
	// next use. It outlives the exchange.
	Attempt any

	// The Alias that has mapped x: its URL-path and what it stands for; nil: none
	// has (httpd: ap_context_prefix, ap_context_document_root).
	ContextPrefix, ContextRoot []byte

	faultID []byte // see FaultID

	stored []byte     // Filename as it was mapped
	file   *LocalFile // what is there; nil: not looked yet

	logged  bool // the error log has a line about it
	reply   Reply
	remote  Peer              // the client, if that is not the peer
	trailer *message.Header   // sent after the last body byte
	cutter  Cutter            // of the body that is about to be sent; nil: it is sent as it is
	filters []active          // those that take part in the response
	heads   int               // the filters of the chain whose Head was called
	empty   bool              // no body follows the head that is being sent
	holds   bool              // the head waits for the first bytes that the filters let through
	gathers bool              // a filter may keep all of the body until its end
	unsent  bool              // the head waits for the first bytes of a body that filters change or gather
	inputs  []active          // those that take part in the request body
	held    []*reactor.Buffer // buffers that hold borrowed bytes of x
}

// Made says what made a response: edits of responses depend on it.
type Made uint8

// The makers of responses.
const (
	ByHandler Made = iota
	ByStatus       // it is the page of a status (httpd: ap_send_error_response)
	ByCore         // it is about the server or the request alone: OPTIONS *, TRACE
)

// Times are the moments of an exchange. Zero: it did not get that far.
type Times struct {
	Start     time.Time // the first byte of the head arrived
	Read      time.Time // the head was complete
	FirstByte time.Time // the response head was sent
	End       time.Time // the last byte was handed to the connection
}

// Counts are bytes of one exchange.
type Counts struct {
	In       int64  // from the client: head and body as received
	Out      int64  // to the client: head and body as sent
	Body     int64  // response body without framing (%B)
	Sent     int64  // to the backend
	Received int64  // from the backend
	Meter    *Meter // is added to as well, while bytes move; nil: nobody looks
}

// Meter counts the bytes of many exchanges, for others to look at.
type Meter struct {
	Sent atomic.Int64 // to backends
	Body atomic.Int64 // of response bodies, without framing
}

// AddSent counts bytes that went to the backend.
func (c *Counts) AddSent(n int64) {
	c.Sent += n
	if c.Meter != nil {
		c.Meter.Sent.Add(n)
	}
}

// AddBody counts bytes of the response's body.
func (c *Counts) AddBody(n int64) {
	c.Body += n
	if c.Meter != nil {
		c.Meter.Body.Add(n)
	}
}

// Outbound is the request to the backend, in addition to the client's header
// fields. The proxying handler fills it; a backend protocol prints it.
type Outbound struct {
	Target        []byte          // path and query, encoded; "*" for OPTIONS *
	Host          []byte          // Host field value
	PathInfo      []byte          // proxy-fcgi-pathinfo or proxy-scgi-pathinfo when the request was mapped; nil: not set
	Preserved     bool            // Host is that of the client (ProxyPreserveHost)
	Extra         []message.Field // replace fields of the same name in the client's header, or are added
	Force10       bool            // speak HTTP/1.0 (force-proxy-request-1.0)
	NoReuse       bool            // the connection must not be kept (proxy-nokeepalive)
	NewConn       bool            // do not take an idle connection (proxy-initial-not-pooled)
	Upgrade       []byte          // protocols that the client may change to, for the Upgrade field; nil: none
	Insist        bool            // ws:// workers accept requests to change protocols only (ProxyWebsocketFallbackToProxyHttp Off)
	Idle          time.Duration   // the tunnel after Upgrade ends when no byte moved for so long; 0: as timeouts say; negative: never
	Expect        bool            // forward Expect: 100-continue and relay the response
	SendCL        bool            // spool a chunked body and send its length (proxy-sendcl)
	NoVia         bool            // the protocol is not HTTP: its responses get no Via
	Interim       Interim         // what to do with 1xx
	URL           []byte          // the target as a URL, for logs
	Timeout       time.Duration   // ProxyTimeout of the site; 0: Site.Timeout
	Bad           BadHeader       // ProxyBadHeader
	Prefix        []byte          // body bytes read ahead, kept for another attempt
	BodyComplete  bool            // Prefix is the whole body
	BodyStreaming bool            // body bytes are read that Prefix may not keep: no further attempt can be made
	Attempts      int             // attempts made so far

	// The following are set by protocols that httpd treats apart: FastCGI, SCGI and
	// uwsgi, whose responses are those of programs and not of another server.

	Backend []byte // the URL that / was mapped to by a table; the response's URLs that begin with it are this site's; nil: none

	Program   bool // no field of the response is edited: no ProxyPassReverse, no Via
	NoReplace bool // ProxyErrorOverride does not replace it (SCGI)

	// Instead replaces the backend's response, a Reply or an InternalRedirect; nil:
	// nothing does. The protocol sets it when it has read the head, and the handler
	// returns it.
	Instead error
}

// BadHeader is ProxyBadHeader: what a backend's header line without colon means.
type BadHeader uint8

// The values of ProxyBadHeader.
const (
	BadIsError   BadHeader = iota // 502
	BadIgnore                     // the line is left out
	BadStartBody                  // the header ends before it
)

// Interim says what happens to a backend's 1xx responses.
type Interim uint8

// The ways to treat 1xx (env proxy-interim-response).
const (
	InterimDefault  Interim = iota // relay; a 100 that was not requested is dropped
	InterimRFC                     // relay all
	InterimSuppress                // drop all
)

// Client is one client connection as an exchange sees it. Like all of an
// exchange it is borrowed: between requests its front stores it in less memory.
type Client struct {
	Conn     reactor.Conn
	Local    netip.AddrPort // address the client connected to
	Remote   netip.AddrPort // address of the peer
	PeerIP   []byte         // printed address of the peer (%{c}a)
	Proxied  *Peer          // the client named in the connection's PROXY header; nil: none was required
	Requests int            // requests read on it, the current one included
	Serial   uint64         // unique within this process, for ids
	TLS      bool
	Secure   *Secure // what is known of an encrypted connection; nil for a plain one
	Logged   bool    // the error log has a line about the connection
	Plain    bool    // the client spoke plain HTTP where TLS was expected
	Passed   bool    // the connection is passed on unread (Site.Pass): the exchange stands for all of it
	Base     any     // owned by the Service: what it knows about this connection
}

// Hold keeps a buffer of x.Loop until the exchange ends, because fields of x
// borrow from it.
func (x *Exchange) Hold(b *reactor.Buffer) { x.held = append(x.held, b) }

// Reset makes x ready for the next request on the same connection. The owner of
// x calls it; poison trashes the arena so that tests see late readers.
func (x *Exchange) Reset(poison bool) {
	x.Req.Reset()
	x.Resp.Reset()
	x.Arena.Reset(poison)
	x.Env.Reset()
	x.Notes.Reset()
	for i, b := range x.held {
		if poison {
			trash(b.Bytes)
		}
		x.Loop.Return(b)
		x.held[i] = nil
	}
	x.held = x.held[:0]
	x.EndFilters() // has no effect unless a panic kept the pipeline from calling it
	x.Out.reset()
	x.Tries.reset()
	// Field by field: assigning a whole Exchange would cost more than clearing
	// these.
	x.Site, x.Chain, x.Mapped, x.Mapping, x.Relay = nil, nil, nil, nil, nil
	x.Path, x.Args, x.HasArgs, x.Filename = nil, nil, false, nil
	x.stored, x.file, x.ContextPrefix, x.ContextRoot = nil, nil, nil, nil
	x.HandlerName, x.Status, x.Fault, x.Redirected = "", 0, nil, nil
	x.Media = Media{}
	x.User, x.LogID, x.Keep, x.trailer = nil, nil, nil, nil
	x.Onward, x.logged = false, false
	x.Failed, x.faultID = nil, nil
	x.Main, x.Lookups, x.Tunnel, x.Recorder, x.Scored = nil, nil, nil, nil, nil
	x.Part = false
	x.Always.Reset()
	x.Cookies.Reset()
	x.Made = ByHandler
	x.heads, x.empty, x.holds, x.gathers, x.unsent = 0, false, false, false, false
	x.AuthType, x.Judged = "", false
	if x.reply.Status != 0 {
		x.reply = Reply{}
	}
	if x.remote.Text != nil {
		x.remote = Peer{}
	}
	x.Times, x.Count = Times{}, Counts{}
	x.Committed, x.Truncated, x.KeptAlive = false, false, false
}

// reset keeps the table of fields.
func (o *Outbound) reset() {
	extra := o.Extra[:0]
	*o = Outbound{}
	o.Extra = extra
}

// trash fills released memory, so that a late reader is seen.
func trash(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}
