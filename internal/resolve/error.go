package resolve

import (
	"context"
	"errors"
	"time"
)

// Kind says why a name has no address.
type Kind uint8

// The kinds of failure. Only NotFound and NoAddress come from a name server
// about the name; the others say nothing about it.
const (
	NotFound      Kind = iota + 1 // NXDOMAIN: no such name
	NoAddress                     // the name exists and has neither A nor AAAA
	ServerFailure                 // SERVFAIL, REFUSED, or an invalid reply
	Timeout                       // no reply in time
	Canceled                      // the caller gave up
	Invalid                       // not a name DNS could hold
)

var kindNames = [...]string{
	NotFound: "no such name (NXDOMAIN)", NoAddress: "name has no address", ServerFailure: "name server failure",
	Timeout: "name server timeout", Canceled: "lookup canceled", Invalid: "invalid name",
}

// String returns the words used in log lines.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "lookup failed"
}

// Definite reports whether a name server replied about the name itself.
func (k Kind) Definite() bool { return k == NotFound || k == NoAddress }

// Error is a failed lookup. It is immutable.
type Error struct {
	Host   string
	Kind   Kind
	Detail string        // which server was asked and what it replied; "" if none was
	TTL    time.Duration // how long the failure is valid, 0 = ask again when needed
	Err    error         // cause, may be nil
}

// Error returns "host: no such name (NXDOMAIN): from 10.0.0.2:53: cause".
func (e *Error) Error() string {
	s := e.Host + ": " + e.Kind.String()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether no reply came in time, as in net.Error.
func (e *Error) Timeout() bool { return e.Kind == Timeout }

// KindOf returns the kind of an error of this package, 0 for any other error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

// transportKind classifies an error of the exchange with one server.
func transportKind(ctx context.Context, err error) Kind {
	var t interface{ Timeout() bool }
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Canceled
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.As(err, &t) && t.Timeout():
		return Timeout
	}
	return ServerFailure
}
