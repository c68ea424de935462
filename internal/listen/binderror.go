package listen

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// BindError says that an address cannot be listened on, and why.
type BindError struct {
	Addr   Addr
	Holder *Holder // of the port; nil if unknown or not relevant
	Hint   string  // advice, "" if there is none
	Err    error
}

// ID is httpd's message id of a failed bind.
func (e *BindError) ID() string { return "AH00072" }

// Error returns "could not bind to address 127.0.0.1:80: address already in use
// (held by nginx, pid 123)".
func (e *BindError) Error() string {
	return "could not bind to address " + e.Addr.String() + ": " + e.reason() + e.remark()
}

// Unwrap returns the system's error.
func (e *BindError) Unwrap() error { return e.Err }

// LogLine returns httpd's line, followed by our remark: "(98)Address already in
// use: AH00072: make_sock: could not bind to address [::]:80".
func (e *BindError) LogLine() string {
	line := e.ID() + ": make_sock: could not bind to address " + e.Addr.String() + e.remark()
	no, ok := errors.AsType[syscall.Errno](e.Err)
	if !ok {
		return line + ": " + e.Err.Error()
	}
	text := no.Error()
	return fmt.Sprintf("(%d)%s%s: %s", int(no), strings.ToUpper(text[:1]), text[1:], line)
}

func (e *BindError) reason() string {
	if no, ok := errors.AsType[syscall.Errno](e.Err); ok {
		return no.Error()
	}
	return e.Err.Error()
}

func (e *BindError) remark() string {
	switch {
	case e.Holder != nil:
		return " (" + e.Holder.String() + ")"
	case e.Hint != "":
		return " (" + e.Hint + ")"
	}
	return ""
}

func bindError(a Addr, err error, root string) error {
	e := &BindError{Addr: a, Err: err}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		e.Holder = findHolder(root, a)
	case errors.Is(err, syscall.EACCES):
		e.Hint = "low ports need root or CAP_NET_BIND_SERVICE"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		e.Hint = "no interface of this machine has the address"
	}
	return e
}
