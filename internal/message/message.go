package message

// BodyKind says how a body is delimited.
type BodyKind uint8

// The ways a body can be delimited.
const (
	NoBody     BodyKind = iota
	Length              // Content-Length bytes
	Chunked             // chunked transfer coding, trailers may follow
	UntilClose          // the sender's close ends it; responses only
	Unknown             // of unknown length: a front delimits it in its protocol's way
)

// Framing is the verdict on a body: how it ends and how long it is.
type Framing struct {
	Kind   BodyKind
	Length int64 // bytes, for Length
}

// Version is an HTTP version: Major*10+Minor, so 10 and 11 for HTTP/1.
type Version uint8

// The versions fronts and backends speak.
const (
	HTTP10 Version = 10
	HTTP11 Version = 11
	HTTP20 Version = 20
	HTTP30 Version = 30
)

// Method is the small number of a method the proxy treats specially.
type Method uint8

// Methods that the proxy treats specially.
const (
	OtherMethod Method = iota
	GET
	HEAD
	POST
	PUT
	DELETE
	OPTIONS
	TRACE
	CONNECT
	PATCH
)

// MethodOf returns the number of a method. Methods are case-sensitive (RFC 9110
// section 9.1).
func MethodOf(m []byte) Method {
	switch string(m) {
	case "GET":
		return GET
	case "HEAD":
		return HEAD
	case "POST":
		return POST
	case "PUT":
		return PUT
	case "DELETE":
		return DELETE
	case "OPTIONS":
		return OPTIONS
	case "TRACE":
		return TRACE
	case "CONNECT":
		return CONNECT
	case "PATCH":
		return PATCH
	}
	return OtherMethod
}

// Idempotent says whether sending the request twice means the same as once
// (RFC 9110 section 9.2.2).
func (m Method) Idempotent() bool {
	switch m {
	case GET, HEAD, PUT, DELETE, OPTIONS, TRACE:
		return true
	}
	return false
}

// TargetForm is the form of a request target (RFC 9112 section 3.2).
type TargetForm uint8

// The four forms.
const (
	OriginForm TargetForm = iota
	AbsoluteForm
	AuthorityForm
	AsteriskForm
)

// Request is a request head as received, with its body's framing.
type Request struct {
	Line    []byte // the request line without its end, for %r
	Method  []byte
	Verb    Method
	Target  []byte // as sent
	Form    TargetForm
	Scheme  []byte // of an absolute target, as sent; else nil
	Auth    []byte // authority of an absolute or CONNECT target; else nil
	Path    []byte // raw path of the target, without query; "*" for asterisk form
	Query   []byte // raw query without "?"
	HasQ    bool   // a "?" was there
	Version Version
	Host    []byte // the authority that decides: the target's, else the Host field's
	Header  Header
	Trailer Header
	Body    Framing
	Expect  bool // Expect: 100-continue
	Close   bool // the connection ends with this exchange
}

// Reset empties the request and keeps its tables.
//
// Field by field: a literal would be built first and then copied.
func (r *Request) Reset() {
	r.Line, r.Method, r.Target, r.Scheme, r.Auth = nil, nil, nil, nil, nil
	r.Path, r.Query, r.Host = nil, nil, nil
	r.Verb, r.Form, r.HasQ, r.Version = OtherMethod, OriginForm, false, 0
	r.Body = Framing{}
	r.Expect, r.Close = false, false
	r.Header.Reset()
	r.Trailer.Reset()
}

// Response is a response head with its body's framing. Body says how the
// client's response is delimited: NoBody, Length or Unknown until the front has
// printed the head, and then what the front has made of it. How a backend
// delimits its body is known to its codec only.
type Response struct {
	Version Version
	Status  int
	Reason  []byte
	Header  Header
	Trailer Header
	Body    Framing
	Close   bool // the connection it came on ends with it
}

// Reset empties the response and keeps its tables.
func (r *Response) Reset() {
	r.Version, r.Status, r.Reason = 0, 0, nil
	r.Body, r.Close = Framing{}, false
	r.Header.Reset()
	r.Trailer.Reset()
}

// NoContent says whether a final response with this status never has a body
// (RFC 9110 section 6.4.1).
func NoContent(status int) bool {
	return status == 204 || status == 304 || (status >= 100 && status < 200)
}
