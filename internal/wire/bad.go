package wire

// Bad says why bytes were refused. All of them are declared in this file and
// never written to, so that they may be compared and shared.
type Bad struct {
	// Status is the status for a client. A backend whose response or body is
	// refused always means 502, whatever this is.
	Status int
	// Reason is one stable clause; it never holds bytes of the peer.
	Reason string
	// Close is true when the connection cannot be used again: the next
	// message boundary is not known.
	Close bool
	// Readable is true when the head was read to its end, and only says
	// something that cannot be.
	Readable bool
}

// Error returns the reason.
func (b *Bad) Error() string { return b.Reason }

func bad(status int, reason string) *Bad { return &Bad{Status: status, Reason: reason, Close: true} }

// wrong is bad for a head that was read to its end.
func wrong(status int, reason string) *Bad {
	return &Bad{Status: status, Reason: reason, Close: true, Readable: true}
}

// Shared by both sides.
var (
	errBareLF       = bad(400, "line ends in LF without CR")
	errBareCR       = bad(400, "CR without LF")
	errControl      = bad(400, "control character in head")
	errEmptyLines   = bad(400, "more than one empty line before the message")
	errUnfinished   = bad(400, "head is not complete")
	errSurplus      = bad(400, "bytes after the head")
	errFieldName    = bad(400, "invalid character in field name")
	errEmptyName    = bad(400, "empty field name")
	errNameSpace    = bad(400, "space between field name and colon")
	errNoColon      = bad(400, "field line without colon")
	errFold         = bad(400, "field line begins with space")
	errFieldSize    = bad(431, "field line is longer than the limit")
	errFieldCount   = bad(431, "more fields than the limit")
	errHeadSize     = bad(431, "head is larger than the limit")
	errOptionCount  = bad(400, "too many connection options")
	errLength       = bad(400, "content-length is not a number")
	errLengths      = bad(400, "more than one content-length")
	errCodingList   = bad(400, "transfer-encoding is malformed")
	errCodingLast   = bad(400, "transfer-encoding does not end in chunked")
	errCodingTwice  = bad(400, "chunked more than once")
	errCodingHTTP10 = bad(400, "transfer-encoding needs HTTP/1.1")
)

// Requests.
var (
	errRequestLine   = bad(400, "malformed request line")
	errLineSize      = bad(414, "request line is longer than the limit")
	errMethod        = bad(400, "invalid character in method")
	errMethodSize    = bad(501, "method is too long")
	errMethodUnknown = bad(501, "method is not registered")
	errTarget        = bad(400, "invalid request target")
	errTargetChar    = bad(400, "invalid character in request target")
	errSimple        = bad(400, "request line does not end in a version")
	errVersion       = bad(400, "malformed version")
	errMajor         = bad(505, "major version is not spoken")
	errNoHost        = wrong(400, "no host")
	errHosts         = wrong(400, "more than one host")
	errHost          = wrong(400, "invalid host")
	errCoding        = bad(501, "transfer coding is not known")
	errBothFramings  = bad(400, "content-length beside transfer-encoding")
	errExpect        = wrong(417, "expectation is not known")
)

// Responses.
var (
	errStatusLine    = bad(502, "malformed status line")
	errStatusMajor   = bad(502, "response is not HTTP/1")
	errInterimBody   = bad(502, "interim response announces a body")
	errLengthsDiffer = bad(502, "content-lengths differ")
	errStatusSize    = bad(502, "status line is longer than the limit")
)

// Chunked bodies.
var (
	errChunkSize    = bad(400, "malformed chunk size")
	errChunkHuge    = bad(413, "chunk size is out of range")
	errChunkDigits  = bad(400, "chunk size has too many digits")
	errChunkLine    = bad(400, "chunk line does not end in CRLF")
	errChunkExt     = bad(400, "malformed chunk extension")
	errChunkExtSize = bad(413, "chunk extensions are larger than the limit")
	errChunkEnd     = bad(400, "chunk data is not followed by CRLF")
)
