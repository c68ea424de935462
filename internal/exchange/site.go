package exchange

import (
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/certcheck"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/record"
)

// Site is one compiled virtual host, or the main server. It is an immutable
// part of a snapshot.
//
// With many hosts most of them are not in a cache when a request for one
// arrives, and the cost is the number of cache lines it touches: the fields that
// every request reads come first, on one line (TestLayout). New fields go after
// them.
type Site struct {
	Only             *Chain        // the chain of every request, if no section can apply; nil: Sections finds it
	AccessLogs       []AccessLog   // nil: nothing is logged
	Timeout          time.Duration // per wait for the client
	KeepAliveTimeout time.Duration
	MaxKeepAlive     int32 // requests per connection; 0: no limit

	Early          bool // PostRead is not empty
	KeepAlive      bool
	PreTranslate   bool // some chain has PreTranslate
	MergeSlashes   bool
	RegisteredOnly bool // HttpProtocolOptions RegisteredMethods
	Virtual        bool // a <VirtualHost>, not the main server
	EncodedSlashes EncodedSlashes
	Trace          Trace

	Sections     Sections // finds the chain for a path or a target
	ServerHeader []byte   // Server field value, from ServerTokens; shared by all sites
	PostRead     []Step   // after the head was read, before mapping

	Name    string // ServerName, or what httpd derives without one
	Port    uint16 // port of ServerName; 0: none given
	Scheme  string // scheme of ServerName ("https://…"); "" means by connection
	Admin   string // ServerAdmin
	Defined string // "file:line" of the section, "" for the main server
	ID      uint64 // snapshot generation, to tell old from new

	LimitLine    int // bytes
	LimitField   int // bytes
	LimitFields  int // 0: no limit
	DocumentRoot string

	// Aliases are the further names of the site, patterns as written.
	Aliases []string

	Targets Targets      // nil without a proxy module
	Forward ForwardProxy // ProxyRequests On; nil: off

	// Pass maps connections that are passed on unread, by the name in their ClientHello
	// (HeadgatePassthrough); nil: they are not.
	Pass Translator
	// Passes says that a virtual host of the address has Pass. It is set on the first one only,
	// which is the Base of its connections.
	Passes bool

	// Reading is RequestReadTimeout; nil if neither heads nor bodies are
	// limited.
	Reading *ReadTimes

	// TLS says how connections to the site are encrypted; nil without mod_ssl.
	TLS *TLS

	// Proxied is RemoteIPProxyProtocol; nil where no connection begins with a
	// PROXY header.
	Proxied *ProxyProtocol

	// ReadingLimit is RequestReadTimeout, as it was written.
	ReadingLimit fault.Limit

	// TimeoutPlace is where Timeout was written, "file:line"; "": nowhere.
	TimeoutPlace string

	Log    *logsink.ErrorLog
	Levels *logsink.Levels

	Meter *metrics.Host // counts its requests; nil: there is no metrics page
}

// TimeoutLimit returns Timeout as a limit.
func (s *Site) TimeoutLimit() fault.Limit {
	return fault.Limit{Line: "Timeout " + strconv.FormatInt(int64(s.Timeout/time.Second), 10), Place: s.TimeoutPlace}
}

// Answers reports whether host and port name this site: its ServerName or one of
// its aliases, and its port (httpd: ap_matches_request_vhost).
func (s *Site) Answers(host string, port uint16) bool {
	return port == s.Port && s.Named(host)
}

// Named reports whether a host is the ServerName or one of the aliases.
func (s *Site) Named(host string) bool {
	if ascii.EqualFold(host, s.Name) {
		return true
	}
	for _, a := range s.Aliases {
		if glob.Match(ascii.ToLower(a), ascii.ToLower(host), glob.Simple) {
			return true
		}
	}
	return false
}

// EncodedSlashes is AllowEncodedSlashes.
type EncodedSlashes uint8

// The values of AllowEncodedSlashes.
const (
	SlashesOff EncodedSlashes = iota
	SlashesOn
	SlashesNoDecode
)

// Trace is TraceEnable.
type Trace uint8

// The values of TraceEnable.
const (
	TraceOn Trace = iota
	TraceOff
	TraceExtended
)

// Sections finds the merged configuration for an exchange. A combination is
// compiled once and kept, so finding it costs a match and a look-up.
type Sections interface {
	// ForPath returns the chain of the <Location> sections that match x.Path.
	ForPath(x *Exchange) *Chain
	// ForTarget returns the chain with <Proxy> (or, for a local file,
	// <Directory> and <Files>) merged in below the locations, once x.Filename
	// is known. An error is a fault.
	ForTarget(x *Exchange) (*Chain, error)
	// ForURL returns the chain of the <Proxy> sections that match a URL, for what is
	// sent there without a request: no other sections are merged in.
	ForURL(url string) *Chain
	// ForClients returns the chain of a forward proxy's requests for a URL, as far as
	// it does not depend on the request: <Proxy> and <Location> sections, no <If>.
	ForClients(url string) *Chain
}

// Chain is the compiled form of one combination of sections: the steps of a
// request, each holding its merged configuration. Immutable. As in a Site, the
// fields that every mapped request reads come first.
type Chain struct {
	Translate []Translator  // in module order; the first that does not decline decides
	first     [1]Translator // memory of Translate's first element
	Access    []Step        // access control
	Parse     []Step        // ahead of it, by the header of the request (httpd: header_parser)

	Forward   Forwarder // how mapped requests are forwarded; nil without a proxy module
	Fixups    []Step    // changes before the handler
	Response  []Step    // edits of every response head
	Filters   []Filter  // response filters, outermost last
	LimitBody int64     // LimitRequestBody in bytes; 0: no limit
	Edits     int       // how many of Response, the last, come after the filters (httpd: FIXUP_HEADERS_OUT)

	Canonical Canonical
	Signature Signature

	Login        []Step        // before Authn looks for a user
	Authn        Authenticator // authenticates users, if there is an AuthType; nil otherwise
	Site         *Site
	PreTranslate []Translator  // called with the path before it is decoded (mapping=encoded)
	Inputs       []InputFilter // request body filters, the first next to the handler
	Handlers     []Handler     // content handlers, tried in turn when nothing was mapped

	// Types find out x.Media, before the fixups. Where a request was mapped to a
	// backend they run when its response comes, if that has no type, or if Labels
	// is set: names of files may tell encodings or languages.
	Types  []Step
	Labels bool

	// Local are the last of the fixups for requests that were not mapped to a
	// backend. One may make the request another, of another chain (Become).
	Local []Step
	Late  []Step // changes after those, of the request that it is then

	CGI       *CGI       // what programs are told; nil: nothing was said
	Files     *FileRules // how files are sent; nil: DefaultFiles
	ErrorDocs *ErrorDocs // nil: stock pages
	Levels    *logsink.Levels
	Handler   string // SetHandler as written; "" none

	TrackFirstByte bool    // LogIOTrackTTFB: %^FB has a value
	Options        Options // of the folder

	Logged       []Step      // called when the request is logged
	ProxyTimeout fault.Limit // ProxyTimeout, as it was written
	ProxyStatus  ProxyStatus // who gets a Proxy-Status field

	LegacyDN bool // SSLOptions LegacyDNStringFormat

	Demand certcheck.Demand // of certificates of clients: the site's and the sections'

	BackendTLS BackendTLS // encrypts connections to backends; nil: SSLProxyEngine is off
}

// CGI says what the protocols for programs (FastCGI, SCGI, uwsgi) tell of a
// request, for one combination of sections.
type CGI struct {
	PassAuth   bool // CGIPassAuth: credentials too
	CurrentURI bool // CGIVar REQUEST_URI current-uri: the path after internal redirects

	Generic bool   // ProxyFCGIBackendType GENERIC: SCRIPT_FILENAME is a path only
	FCGI    []Step // ProxyFCGISetEnvIf: changes once all variables are set

	Sendfile  string // ProxySCGISendfile: the field of a response that names a file to be sent in place of its body; "": none does
	Elsewhere string // ProxySCGIInternalRedirect: the field of a response that names another path; "": none does
}

// Programs returns c.CGI, which it makes if there is none.
func (c *Chain) Programs() *CGI {
	if c.CGI == nil {
		c.CGI = &CGI{Elsewhere: "Location"}
	}
	return c.CGI
}

// NewChain makes a chain of a site without any steps.
func NewChain(s *Site) *Chain {
	c := &Chain{Site: s}
	c.Translate = c.first[:0]
	return c
}

// ProxyStatus is ProxyStatusHeader.
type ProxyStatus uint8

// The values of ProxyStatusHeader.
const (
	ProxyStatusOff   ProxyStatus = iota
	ProxyStatusOn                // every client gets the field; those outside get no addresses in it
	ProxyStatusLocal             // only clients from loopback and private addresses get it
)

// Canonical is UseCanonicalName.
type Canonical uint8

// The values of UseCanonicalName.
const (
	CanonicalOff Canonical = iota
	CanonicalOn
	CanonicalDNS
)

// Signature is ServerSignature.
type Signature uint8

// The values of ServerSignature.
const (
	SignatureOff Signature = iota
	SignatureOn
	SignatureEMail
)

// ErrorDocs is the merged ErrorDocument table.
type ErrorDocs struct {
	ByStatus map[int]ErrorDoc
}

// ErrorDoc is one ErrorDocument. Its value is an expression, evaluated for each
// response; nil means "default".
type ErrorDoc struct {
	Form  DocForm
	Value *expr.String
	Line  record.Line
}

// DocForm says what an ErrorDocument's value is.
type DocForm uint8

// The forms of ErrorDocument.
const (
	DocText DocForm = iota // the body
	DocPath                // a local URL-path that makes the body
	DocURL                 // where the client is sent
)
