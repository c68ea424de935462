package wire

// Limits bounds a request head.
type Limits struct {
	Line   int // bytes of the first line (LimitRequestLine)
	Field  int // bytes of one field line (LimitRequestFieldSize)
	Fields int // field lines (LimitRequestFields); 0 is no limit
	Total  int // bytes of all lines, 32 more for each field; 0 is no limit

	// RegisteredOnly refuses methods that httpd does not register itself
	// (HttpProtocolOptions RegisteredMethods), except those in Registered
	// (RegisterHttpMethod).
	RegisteredOnly bool
	Registered     []string
}

// DefaultLimits returns httpd's defaults, each with the one more byte that fits
// httpd's buffers, and a limit for the whole head.
func DefaultLimits() Limits {
	return Limits{Line: 8190 + 1, Field: 8190 + 1, Fields: 100, Total: 128 << 10}
}

// fieldCost is the cost of a field in addition to its bytes: its row takes
// memory too.
const fieldCost = 32

// ResponseLimits limits a response head and says how to treat a line that is
// not a field.
type ResponseLimits struct {
	Limits
	BadHeader BadHeader
}

// responseField is the default of responsefieldsize=, responseLines the number
// of lines of that length that fit a response head.
const (
	responseField = 8192
	responseLines = 128
)

// NewResponseLimits returns the limits of a response head, and of the trailer
// section of a response, whose lines may have up to field bytes
// (responsefieldsize=; 0: its default). The number of fields is limited only by
// the total: 128 times the longest line, by default 1 MiB.
func NewResponseLimits(field int) ResponseLimits {
	if field <= 0 {
		field = responseField
	}
	return ResponseLimits{Limits: Limits{Line: field, Field: field, Total: responseLines * max(field, responseField)}}
}

// BadHeader is the ProxyBadHeader policy: how to treat a field line without a
// colon.
type BadHeader uint8

// The three policies.
const (
	BadIsError   BadHeader = iota // the response is refused
	BadIgnore                     // the line is left out
	BadStartBody                  // the head ended before the line
)

// registered are the methods that httpd registers itself.
var registered = [...]string{
	"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
	"VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL",
	"REPORT", "MKWORKSPACE", "MKACTIVITY", "BASELINE-CONTROL", "MERGE",
}

// Registered reports whether httpd knows a method without configuration.
func Registered(method []byte) bool {
	for _, m := range registered {
		if string(method) == m {
			return true
		}
	}
	return false
}

// allows reports whether the method may be used.
func (l *Limits) allows(method []byte) bool {
	if !l.RegisteredOnly || Registered(method) {
		return true
	}
	for _, m := range l.Registered {
		if string(method) == m {
			return true
		}
	}
	return false
}
