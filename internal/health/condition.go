package health

import (
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/message"
)

// Condition is a ProxyHCExpr: it alone decides whether a response is a good one.
type Condition struct {
	Name, Text string
	cond       *expr.Bool
}

// The names that the language of these expressions has in addition.
const (
	bodyVar  = iota + 1 // %{HC_BODY}
	bodyFunc            // hc('body')
)

// NewCondition compiles an expression. The error is that of expr.ParseBool.
func NewCondition(name, text string) (*Condition, error) {
	cond, err := expr.ParseBool(text, expr.Options{DontVary: true, Extern: extern})
	if err != nil {
		return nil, err
	}
	return &Condition{Name: name, Text: text, cond: cond}, nil
}

func extern(k expr.ExternKind, name string) (id int, ok bool) {
	switch {
	case k == expr.ExternVar && ascii.EqualFold(name, "HC_BODY"):
		return bodyVar, true
	case k == expr.ExternFunc && ascii.EqualFold(name, "hc"):
		return bodyFunc, true
	}
	return 0, false
}

// reply is a response to a check. Its bytes are borrowed.
type reply struct {
	method, target string
	now            time.Time
	head           message.Response
	body           []byte
}

// holds evaluates the condition for a response.
func (c *Condition) holds(r *reply) (bool, error) {
	var st expr.State
	return c.cond.Eval(&environment{reply: r}, &st)
}

// environment is what an expression can see of a check. There is no client and
// no request of one: what belongs to them is empty.
type environment struct {
	expr.OSFiles
	*reply
}

var _ expr.Env = (*environment)(nil)

// AppendVar implements expr.Env.
func (e *environment) AppendVar(dst []byte, v expr.Var) []byte {
	switch v {
	case expr.RequestStatus:
		return strconv.AppendInt(dst, int64(e.head.Status), 10)
	case expr.ContentType:
		value, _ := e.head.Header.Get(message.ContentType)
		return append(dst, value...)
	case expr.RequestMethod:
		return append(dst, e.method...)
	}
	return expr.AppendTime(dst, v, e.now)
}

// AppendEntry implements expr.Env.
func (e *environment) AppendEntry(dst []byte, t expr.Table, name string) ([]byte, bool) {
	switch t {
	case expr.ResponseHeader:
		value, ok := e.head.Header.Lookup(name)
		return append(dst, value...), ok
	case expr.ProcessEnv:
		value, ok := os.LookupEnv(name)
		return append(dst, value...), ok
	}
	return dst, false
}

// AppendExtern implements expr.Env.
func (e *environment) AppendExtern(dst []byte, x *expr.Extern, arg []byte) []byte {
	if x.ID == bodyVar || x.ID == bodyFunc && ascii.EqualFoldBytes(arg, "body") {
		return append(dst, e.body...)
	}
	return dst
}

// RemoteAddr implements expr.Env.
func (e *environment) RemoteAddr() netip.Addr { return netip.Addr{} }

// Subrequest implements expr.Env.
func (e *environment) Subrequest(byte, string) bool { return false }

// Vary implements expr.Env.
func (e *environment) Vary(string) {}
