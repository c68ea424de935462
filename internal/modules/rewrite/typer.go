package rewrite

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
)

// typer carries out what an H flag has remembered. It implements exchange.Step.
// httpd: hook_mimetype.
type typer struct{}

// Do implements exchange.Step.
func (typer) Do(x *exchange.Exchange) error {
	if x.Notes.Len() == 0 || x.Mapped != nil {
		return nil
	}
	name, ok := x.Notes.Get(handlerNote)
	if !ok {
		return nil
	}
	x.HandlerName = string(name)
	url, ok := bytes.CutPrefix(name, []byte(proxyPrefix))
	if !ok || x.Site.Targets == nil {
		return nil
	}
	h, err := x.Site.Targets.Target(x, x.Arena.Join(url, x.Filename), false)
	if err != nil {
		return err
	}
	x.Mapped = h
	return nil
}
