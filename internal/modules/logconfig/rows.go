package logconfig

import (
	"os"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
)

// row is one format directive.
type row struct {
	name     string
	original bool                   // wants the original request when "<" and ">" are absent
	build    func(arg string) value // nil: always "-"
}

// late names the rows whose values are known only when all bytes have moved.
const late = "IOSDTtX"

// rows are all directives. Names of three characters come first, so that they
// are found before a letter.
var rows = [...]row{
	{"^FB", false, fixed(firstByte)},
	{"^ti", false, trailerIn},
	{"^to", false, trailerOut},
	{"a", false, clientAddr},
	{"A", false, fixed(localAddr)},
	{"b", false, fixed(bodyBytesCLF)},
	{"B", false, fixed(bodyBytes)},
	{"c", false, oldTLSVar},
	{"C", false, cookie},
	{"D", true, func(string) value { return durationUS }},
	{"e", false, envVar},
	{"f", false, fixed(filename)},
	{"h", false, clientAddr},
	{"H", false, fixed(protocol)},
	{"i", false, headerIn},
	{"I", false, fixed(bytesIn)},
	{"k", false, fixed(keptRequests)},
	{"l", false, nil}, // mod_ident does not exist here
	{"L", true, logID},
	{"m", false, fixed(method)},
	{"n", false, note},
	{"o", false, headerOut},
	{"O", false, fixed(bytesOut)},
	{"p", false, port},
	{"P", false, process},
	{"q", false, fixed(query)},
	{"r", true, fixed(requestLine)},
	{"R", true, fixed(handlerName)},
	{"s", true, fixed(status)},
	{"S", false, fixed(bytesBoth)},
	{"t", false, moment},
	{"T", true, duration},
	{"u", false, fixed(user)},
	{"U", true, fixed(path)},
	{"v", false, fixed(siteName)},
	{"V", false, fixed(serverName)},
	{"x", false, tlsVar},
	{"X", false, fixed(connStatus)},
}

// fixed builds a value that takes no argument.
func fixed(v value) func(string) value { return func(string) value { return v } }

func always(text string) value {
	return func(dst []byte, _ *exchange.Exchange) []byte { return append(dst, text...) }
}

func bodyBytesCLF(dst []byte, x *exchange.Exchange) []byte {
	if x.Count.Body == 0 {
		return append(dst, '-')
	}
	return bodyBytes(dst, x)
}

func bodyBytes(dst []byte, x *exchange.Exchange) []byte {
	return strconv.AppendInt(dst, x.Count.Body, 10)
}

func bytesIn(dst []byte, x *exchange.Exchange) []byte {
	return strconv.AppendInt(dst, x.Count.In, 10)
}

func bytesOut(dst []byte, x *exchange.Exchange) []byte {
	return strconv.AppendInt(dst, x.Count.Out, 10)
}

func bytesBoth(dst []byte, x *exchange.Exchange) []byte {
	return strconv.AppendInt(dst, x.Count.In+x.Count.Out, 10)
}

func status(dst []byte, x *exchange.Exchange) []byte {
	s := x.Status
	switch {
	case s <= 0:
		return append(dst, '-')
	case 100 <= s && s <= 999:
		return append(dst, '0'+byte(s/100), '0'+byte(s/10%10), '0'+byte(s%10))
	}
	return strconv.AppendInt(dst, int64(s), 10)
}

func handlerName(dst []byte, x *exchange.Exchange) []byte { return appendName(dst, x.HandlerName) }

// user: httpd tells an empty name from none.
func user(dst []byte, x *exchange.Exchange) []byte {
	if x.User != nil && len(x.User) == 0 {
		return append(dst, `""`...)
	}
	return appendOr(dst, x.User)
}

// logID exists once a line was written to the error log; connections have no
// separate id.
func logID(arg string) value {
	if arg == "c" {
		return always("-")
	}
	return func(dst []byte, x *exchange.Exchange) []byte { return appendOr(dst, x.LogID) }
}

// process returns ids of this process. httpd: an unknown argument is itself the
// value.
func process(arg string) value {
	switch {
	case arg == "", ascii.EqualFold(arg, "pid"):
		return always(strconv.Itoa(os.Getpid()))
	case ascii.EqualFold(arg, "tid"):
		return threadID(10)
	case ascii.EqualFold(arg, "hextid"):
		return threadID(16)
	}
	return always(arg)
}

func threadID(base int) value {
	return func(dst []byte, _ *exchange.Exchange) []byte {
		return strconv.AppendInt(dst, int64(logsink.ThreadID()), base)
	}
}
