package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// ErrNone says that nobody listens at the path.
var ErrNone = errors.New("no control socket")

// ErrDenied says that the socket exists and belongs to another user.
var ErrDenied = errors.New("the control socket belongs to another user; ask as root, or as who started the server")

// ErrCut says that the server ended before it responded.
var ErrCut = errors.New("the server ended before it answered")

// AnswerError is an error that the server returned.
type AnswerError struct{ Text string }

// Error returns the server's words.
func (e *AnswerError) Error() string { return e.Text }

// Ask sends one request to the socket at path and decodes the result into
// result, which may be nil. The error is ErrNone, ErrDenied, ErrCut, ctx's, an
// *AnswerError, or one of the system.
func Ask(ctx context.Context, path string, r Request, result any) error {
	c, err := dial(ctx, path)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return ErrNone
	case errors.Is(err, os.ErrPermission):
		return ErrDenied
	case err != nil:
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := c.Write(append(b, '\n')); err != nil {
		return cut(ctx, err)
	}
	line, err := bufio.NewReader(c).ReadBytes('\n')
	if err != nil {
		return cut(ctx, err)
	}
	var answer Response
	if err := json.Unmarshal(line, &answer); err != nil {
		return fmt.Errorf("the server's answer cannot be understood: %w", err)
	}
	if !answer.OK {
		return &AnswerError{Text: answer.Error}
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Result, result)
}

func dial(ctx context.Context, path string) (c net.Conn, err error) {
	err = short(path, func(at string) error {
		var d net.Dialer
		c, err = d.DialContext(ctx, "unix", at)
		return err
	})
	return c, err
}

// cut returns the error of a connection that broke.
func cut(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return err
	}
	return ErrCut
}
